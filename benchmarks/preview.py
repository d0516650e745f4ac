"""Seconds that `esctl preview` takes for a dashboard of ten panels, from the command to the file.

    python benchmarks/preview.py

The panels are those of docs/gallery.md, the rows a sandbox's (another process) or a file's. CPU seconds are those of
the command alone: this machine may have other work.
"""

import importlib.util
import json
import os
import platform
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
PANELS = ("metric", "xy-bar", "xy-line", "pie", "treemap", "data-table", "heatmap", "gauge", "tag-cloud", "vega")
ROUNDS = 5


def project(folder: Path) -> Path:
    """The gallery's project with a dashboard of ten panels, and its rows as a file beside it."""
    place = folder / "project"
    shutil.copytree(ROOT / "docs" / "charts", place)
    listed = [
        {"type": "vis", "grid": {"x": (i % 3) * 16, "y": (i // 3) * 12, "w": 16, "h": 12}, "config": {"ref_id": name}}
        for i, name in enumerate(PANELS)
        if name != "vega"
    ]
    vega = (place / "examples" / "vega.yaml").read_text(encoding="utf-8").split("  spec:\n", 1)[1]
    text = "kind: dashboard\nid: ten\nspec:\n  title: Ten panels\n"
    text += '  time_range: {from: "2026-03-02T00:00:00Z", to: "2026-03-05T00:00:00Z"}\n  panels:\n'
    text += "".join(f"    - {json.dumps(panel)}\n" for panel in listed)
    text += "    - type: vega\n      grid: {x: 0, y: 36, w: 48, h: 12}\n      config:\n        title: Dots\n"
    text += "        spec:\n          format: json\n          value:\n"
    text += "".join(f"        {line}\n" for line in vega.splitlines())
    (place / "examples" / "ten.yaml").write_text(text, encoding="utf-8")
    return place


def rows(folder: Path) -> Path:
    spec = importlib.util.spec_from_file_location("gallery", ROOT / "tooling" / "docs" / "gallery.py")
    assert spec and spec.loader
    gallery = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(gallery)
    path = folder / "requests.ndjson"
    path.write_text("".join(json.dumps(row) + "\n" for row in gallery.rows()), encoding="utf-8")
    return path


def send(url: str, method: str, body: bytes, kind: str = "application/json") -> None:
    request = urllib.request.Request(url, body, {"Content-Type": kind}, method=method)
    with urllib.request.urlopen(request) as answer:
        answer.read()


def measured(place: Path, *more: str, environ: dict[str, str]) -> tuple[float, float]:
    """Wall and CPU seconds of one command."""
    out = place / "ten.png"
    command = [sys.executable, "-m", "esctl", "preview", "--project", str(place), "dashboard/ten", "--out", str(out)]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run([*command, *more], env=environ, capture_output=True, text=True)
    taken, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0 and "10 panels" in done.stdout, done.stdout + done.stderr
    return taken, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        place, data = project(folder), rows(folder)
        up = ("sandbox", "up", "--json", "--port", "0", "--kibana-port", "0", "--data", str(folder / "sandbox"))
        with subprocess.Popen([sys.executable, "-m", "esctl", *up], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            urls = json.loads(process.stdout.readline())
            environ = {
                **os.environ,
                "ESCTL_ELASTICSEARCH_URL": urls["elasticsearch"],
                "ESCTL_KIBANA_URL": urls["kibana"],
            }
            arguments = ["apply", "--yes", "--project", str(place), "index/requests"]
            subprocess.run([sys.executable, "-m", "esctl", *arguments], env=environ, check=True, capture_output=True)
            lines = "".join('{"create":{}}\n' + line + "\n" for line in data.read_text().splitlines())
            send(f"{urls['elasticsearch']}/requests/_bulk?refresh=true", "POST", lines.encode(), "application/x-ndjson")
            live = [measured(place, environ=environ) for _ in range(ROUNDS)]
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        file = [measured(place, "--data", f"requests={data}", environ=dict(os.environ)) for _ in range(ROUNDS)]
    print(f"Python {platform.python_version()}, {platform.machine()}, ten panels into a PNG, medians of {ROUNDS}")
    for what, found in (("live data", live), ("--data FILE", file)):
        print(f"{what:13}{median(t for t, _ in found):.2f} s, of CPU {median(c for _, c in found):.2f} s")


if __name__ == "__main__":
    main()
