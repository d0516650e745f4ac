"""`esctl --help` stays quick: nothing heavy is imported for it, and it takes little more than Typer itself."""

import subprocess
import sys
import time
from statistics import median

HEAVY = {
    "tensorflow", "keras", "numpy", "sklearn", "skimage", "PIL", "pyarrow", "duckdb", "elasticsearch", "elastic_transport",
    "requests", "urllib3", "yaml", "jinja2", "starlette", "uvicorn", "vl_convert", "jsonschema_rs", "orjson", "hjson",
    "rich", "platformdirs", "asyncio", "http",
}  # fmt: skip


def test_help_imports_nothing_heavy():
    script = "import sys; from esctl.cli import run; run(['--help']); print('\\n'.join(sys.modules), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "Usage: esctl" in done.stdout
    loaded = {name.partition(".")[0] for name in done.stderr.split()}
    assert loaded & HEAVY == set()
    rooms = {name for name in done.stderr.split() if name.startswith("esctl.")}
    assert {name for name in rooms if not name.startswith("esctl.cli")} <= {"esctl.errors"}


def test_help_takes_little_more_than_importing_typer():
    def seconds(arguments):
        began = time.perf_counter()
        subprocess.run([sys.executable, *arguments], capture_output=True, check=True)
        return time.perf_counter() - began

    ours, typers = ["-m", "esctl", "--help"], ["-c", "import typer"]
    seconds(ours), seconds(typers)
    ratios = [seconds(ours) / seconds(typers) for _ in range(15)]
    assert median(ratios) <= 1.6
