"""Write docs/gallery.md and its pictures with `esctl preview`: `python tooling/docs/gallery.py`."""

from __future__ import annotations

import json
import math
import random
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from esctl import cli

DOCS = Path(__file__).absolute().parents[2] / "docs"
PROJECT = DOCS / "charts"
PAGE = DOCS / "gallery.md"
SPAN = ("2026-03-02T00:00:00Z", "2026-03-05T00:00:00Z")
CHARTS = (
    ("metric", "A number", "its trend behind it, compared with the day before"),
    ("metric-breakdown", "Numbers by a field", "a formula, coloured by value"),
    ("xy-bar", "Bars", "stacked, over time, with what the top four leave"),
    ("xy-horizontal", "Bars that lie", "with their values, in the format of the data view"),
    ("xy-area", "Areas", "as shares, each status in its own colour"),
    ("xy-line", "Lines", "with a reference line, events found by a query, and a span of time"),
    ("xy-two-axes", "Two axes", "bars on the left one, a line on the right one"),
    ("pie", "Pie", "with what the top four leave"),
    ("donut", "Donut", "two rings"),
    ("treemap", "Treemap", "two levels"),
    ("mosaic", "Mosaic", "columns as wide as their part of the whole"),
    ("waffle", "Waffle", "a hundred squares"),
    ("data-table", "Table", "sorted, summed, coloured by value"),
    ("heatmap", "Heat map", "with its numbers"),
    ("gauge", "Gauge", "a bullet with its goal"),
    ("gauge-arc", "Gauge", "an arc, coloured by value"),
    ("tag-cloud", "Tag cloud", ""),
    ("region-map", "Region map", "as bars: the shapes of the map come from Elastic's server, and nothing is loaded"),
    ("legacy-metric", "Legacy metric", ""),
    ("vega", "Vega", "a search of its own, with the dashboard's time and filters"),
)
LARGEST = 60_000
"""Bytes of a picture."""


def rows() -> Iterator[dict[str, Any]]:
    """Three days of a web shop's requests, always the same."""
    chance = random.Random(7)
    start = datetime.fromisoformat(SPAN[0])
    services = ("checkout", "cart", "search", "payments", "accounts", "login", "images", "reviews", "mail")
    countries = ("DE", "US", "FR", "IN", "BR", "JP", "GB", "PL")
    for hour in range(72):
        wave = 1 + 0.7 * math.sin((hour - 8) / 24 * 2 * math.pi)
        outage = 26 <= hour < 30
        for _ in range(int(6 + 22 * wave)):
            moment = start + timedelta(hours=hour, seconds=chance.uniform(0, 3599))
            service = services[min(int(chance.expovariate(0.45)), len(services) - 1)]
            duration = chance.lognormvariate(math.log(110 if not outage else 260), 0.55) * (
                1.6 if service == "search" else 1
            )
            failing = 0.2 if outage else {"payments": 0.11, "login": 0.07}.get(service, 0.03)
            failed = chance.random() < failing
            yield {
                "@timestamp": moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "service": service,
                "status": "failed" if failed else "slow" if duration > 260 else "ok",
                "country": countries[min(int(chance.expovariate(0.5)), len(countries) - 1)],
                "bytes": int(chance.lognormvariate(math.log(24_000), 0.9)),
                "duration": round(duration, 1),
            }
        if hour % 24 == 14:
            moment = start + timedelta(hours=hour)
            yield {"@timestamp": moment.isoformat().replace("+00:00", "Z"), "event": "deployment"}


def page() -> str:
    """The whole page."""
    lines = [
        "# Gallery",
        "",
        "Every chart, drawn by `esctl preview` from the YAML in [charts/examples](charts/examples). The rows",
        "are made up; the searches are those that Kibana would send.",
        "",
        "```",
        "esctl preview --project docs/charts visualization/pie --data requests.ndjson --out pie.png",
        "```",
        "",
        "## A dashboard",
        "",
        "[charts/examples/dashboard.yaml](charts/examples/dashboard.yaml), light and dark:",
        "",
        "![The dashboard, light](charts/dashboard.png)",
        "",
        "![The dashboard, dark](charts/dashboard-dark.png)",
        "",
        "## Charts",
    ]
    for name, title, about in CHARTS:
        lines += ["", f"### {title}{f': {about}' if about else ''}", ""]
        lines += [f"![{title}](charts/{name}.png)", "", "```yaml"]
        lines += [(PROJECT / "examples" / f"{name}.yaml").read_text(encoding="utf-8").rstrip(), "```"]
    lines += ["", "Made by `python tooling/docs/gallery.py`."]
    return "\n".join(lines) + "\n"


def draw(folder: Path, data: Path) -> int:
    """Every picture into `folder`; the number of commands that failed."""
    common = ["--project", str(PROJECT), "--data", f"requests={data}", "--from", SPAN[0], "--to", SPAN[1], "--no-color"]
    failed = 0
    for name, _, _ in CHARTS:
        size = ["--width", "640", "--height", "320"]
        failed += bool(
            cli.run(["preview", f"visualization/{name}", "--out", str(folder / f"{name}.png"), *size, *common])
        )
    for theme, name in (("light", "dashboard"), ("dark", "dashboard-dark")):
        out = ["--out", str(folder / f"{name}.png"), "--theme", theme, "--width", "1200", "--scale", "0.75"]
        failed += bool(cli.run(["preview", "dashboard/shop", *out, *common]))
    return failed


def made_small(path: Path) -> None:
    """The same picture in few colours: for a page, that is enough."""
    from PIL import Image

    picture = Image.open(path).convert("RGB")
    picture.quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "requests.ndjson"
        data.write_text("".join(json.dumps(row) + "\n" for row in rows()), encoding="utf-8")
        failed = draw(PROJECT, data)
    for path in PROJECT.glob("*.png"):
        made_small(path)
    PAGE.write_text(page(), encoding="utf-8")
    large = [path.name for path in PROJECT.glob("*.png") if path.stat().st_size > LARGEST]
    for name in large:
        print(f"{name} is larger than {LARGEST} bytes", file=sys.stderr)
    return 1 if failed or large else 0


if __name__ == "__main__":
    sys.exit(main())
