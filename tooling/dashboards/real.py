"""Counts how many Lens charts of real dashboards come back as code, and how many need `raw` for a part or the whole.

    python tooling/dashboards/real.py FOLDER [--left]

FOLDER holds saved objects as `_export` gives them (`.json` one object, `.ndjson` many). `--left` lists the rest.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from esctl.dashboards.charts import chart_attributes, chart_of
from esctl.dashboards.form import Form
from esctl.dashboards.lens_normal import normal_attributes

Body = dict[str, Any]


def charts(folder: Path) -> Iterator[tuple[Body, list[dict[str, str]]]]:
    """Attributes and references of each chart: by value in a dashboard, or of the library."""
    for path in sorted(folder.rglob("*.*json")):
        text = path.read_text(encoding="utf-8")
        for line in text.splitlines() if path.suffix == ".ndjson" else [text]:
            saved: Body = json.loads(line)
            if saved.get("type") == "lens":
                yield saved["attributes"], saved.get("references") or []
            elif saved.get("type") == "dashboard":
                yield from _panels(saved)


def _panels(saved: Body) -> Iterator[tuple[Body, list[dict[str, str]]]]:
    panels = saved["attributes"].get("panelsJSON") or []
    for panel in json.loads(panels) if isinstance(panels, str) else panels:
        attributes = (panel.get("embeddableConfig") or {}).get("attributes")
        if isinstance(attributes, dict) and "visualizationType" in attributes:
            prefix = f"{panel.get('panelIndex')}:"
            found = [one for one in saved.get("references") or () if one["name"].startswith(prefix)]
            yield attributes, [{**one, "name": one["name"].removeprefix(prefix)} for one in found]


def count(folder: Path) -> tuple[dict[str, Counter[str]], Counter[str]]:
    """Per kind of chart how many there are, came back plainly, with a patch, as a whole; what was left over, how often.

    Raises AssertionError where writing what was read would change the chart.
    """
    kinds: dict[str, Counter[str]] = {}
    left_over: Counter[str] = Counter()
    for attributes, references in charts(folder):
        config, left = chart_of(attributes, references)
        kind = kinds.setdefault(str(attributes["visualizationType"]), Counter())
        kind["all"] += 1
        kind["whole" if config["type"] == "raw" else "patched" if left else "plain"] += 1
        if config["type"] != "raw":
            for pointer in (*left.get("set", ()), *left.get("remove", ())):
                place = re.sub(r"/(layers|columns|adHocDataViews)/[^/]+", r"/\1/*", pointer)
                left_over[f"{attributes['visualizationType']} {re.sub(r'/[0-9]+', '/n', place)}"] += 1
        form = Form((8, 19, 0)) if attributes.get("version") is None else Form((9, 5, 0))
        again = chart_attributes(config | ({"raw": left} if left else {}), form)
        assert normal_attributes(again) == normal_attributes(attributes, references)
    return kinds, left_over


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--left", action="store_true", help="list what is left over")
    arguments = parser.parse_args()
    kinds, left_over = count(arguments.folder)
    kinds["all"] = sum(kinds.values(), Counter())
    print(f"{'chart':<18}{'all':>6}{'plain':>7}{'patched':>9}{'whole':>7}")
    for kind, found in sorted(kinds.items(), key=lambda item: -item[1]["all"]):
        share = f"{100 * found['plain'] / found['all']:.0f} %" if found["all"] else "–"
        print(f"{kind:<18}{found['all']:>6}{found['plain']:>7}{found['patched']:>9}{found['whole']:>7}  {share}")
    for place, times in left_over.most_common() if arguments.left else ():
        print(f"{times:>5}  {place}")


if __name__ == "__main__":
    main()
