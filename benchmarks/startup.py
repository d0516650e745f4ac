"""How long `esctl --help` takes beside `import typer`, and the sandbox from start to ready: `python benchmarks/startup.py`.

Ratios of medians over pairs that run one after the other: this machine's speed cancels out.
"""

import json
import platform
import signal
import subprocess
import sys
import tempfile
import time
from statistics import median

PAIRS = 15


def seconds(*arguments: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], capture_output=True, check=True)
    return time.perf_counter() - began


def until_ready(folder: str) -> float:
    """Seconds from the process' start to the line that says it is ready; then it is ended."""
    command = [sys.executable, "-m", "esctl", "sandbox", "up", "--json", "--port", "0", "--kibana-port", "0", "--data", folder]
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        json.loads(process.stdout.readline())
        taken = time.perf_counter() - began
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    return taken


def main() -> None:
    helps, typers, imports = [], [], []
    for _ in range(PAIRS):
        helps.append(seconds("-m", "esctl", "--help"))
        typers.append(seconds("-c", "import typer"))
        imports.append(seconds("-c", "import duckdb, starlette, uvicorn"))
    with tempfile.TemporaryDirectory() as folder:
        until_ready(folder)
        ready = [until_ready(folder) for _ in range(5)]
    print(f"Python {platform.python_version()}, {platform.machine()}, medians of {PAIRS} interleaved runs (sandbox: 5, warm)")
    print(f"esctl --help      {median(helps):.3f} s = {median(helps) / median(typers):.2f} x import typer ({median(typers):.3f} s)")
    print(f"sandbox ready     {median(ready):.3f} s = {median(ready) / median(imports):.2f} x its libraries' import ({median(imports):.3f} s)")


if __name__ == "__main__":
    main()
