"""How long `esctl --help` takes beside `import typer`, and the sandbox from start to ready.

    python benchmarks/startup.py

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
    up = ("sandbox", "up", "--json", "--port", "0", "--kibana-port", "0", "--data", folder)
    began = time.perf_counter()
    with subprocess.Popen([sys.executable, "-m", "esctl", *up], stdout=subprocess.PIPE, text=True) as process:
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
    print(f"Python {platform.python_version()}, {platform.machine()}, medians of {PAIRS} interleaved runs", end=" ")
    print("(sandbox: 5, warm)")
    for what, taken, beside, others in (
        ("esctl --help", helps, "import typer", typers),
        ("sandbox ready", ready, "its libraries' import", imports),
    ):
        ratio = median(taken) / median(others)
        print(f"{what:17}{median(taken):.3f} s = {ratio:.2f} x {beside} ({median(others):.3f} s)")


if __name__ == "__main__":
    main()
