"""Mistakes in a dashboard or visualization as code, one line each, before any server is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

from .as_code import as_code_schema
from .chart_rules import rule_mistakes
from .mistake_words import Mistake, Path
from .mistakes import Checker
from .placement import COLUMNS, Placed, panel_title, place
from .vega import vega_mistakes

MOST = 1000
"""How many panels, sections and controls together a dashboard may have."""


def check_dashboard(spec: dict[str, Any]) -> Iterator[Mistake]:
    """`(path, message, hint)` for each mistake; `path` counts from the spec. None: `to_saved_objects` takes it."""
    found = [] if _fits(spec) else Checker(as_code_schema()).mistakes(spec, "dashboard")
    for mistake in found:
        hint = "sections do not nest" if mistake.path[2:3] == ("panels",) and len(mistake.path) == 4 else mistake.hint
        yield Mistake(mistake.path, _named(spec, mistake.path) + mistake.message, hint)
    wrong = {mistake.path for mistake in found}
    if not isinstance(spec, dict):
        return
    for path, panel in _panels(spec):
        if not any(place[: len(path)] == path for place in wrong):
            for mistake in _panel(panel):
                at = (*path, *mistake.path)
                yield Mistake(at, _named(spec, at) + mistake.message, mistake.hint)
    if not found:
        yield from _many(spec)
        yield from _identities(spec)
        yield from _grid(spec)


def _fits(spec: Any) -> bool:
    """Whether a dashboard fits the schema, decided by a compiled validator: what does not is told by the Checker."""
    try:
        return bool(_validator().is_valid(spec))
    except ValueError:  # no JSON: infinities, for one
        return False


@cache
def _validator() -> Any:
    import jsonschema_rs

    schema = as_code_schema()
    return jsonschema_rs.Draft202012Validator({"$ref": "#/$defs/dashboard", "$defs": schema["$defs"]})


def check_visualization(spec: dict[str, Any]) -> Iterator[Mistake]:
    """The same for one library visualization: a chart as in `vis`, or `{type: vega, title, description?, spec}`."""
    vega = spec.get("type") == "vega"
    checker = Checker(as_code_schema())
    chart = spec if vega else {key: value for key, value in spec.items() if key != "managed"}
    found = checker.mistakes(chart, "vega_visualization" if vega else "vis_by_value")
    if not isinstance(spec.get("managed", False), bool):
        found.append(Mistake(("managed",), '"managed" must be true or false'))
    if not vega and "title" not in spec:
        found.append(Mistake((), '"title" is missing: a visualization is found by it'))
    yield from found
    if found:
        return
    if vega:
        for path, message, hint in vega_mistakes(spec["spec"]):
            yield Mistake(("spec", *path), message, hint)
        return
    for key in ("hide_title", "hide_border", "time_range"):
        if key in spec:
            yield Mistake((key,), f'"{key}" belongs to a panel, not to a visualization', "write it where it is shown")
    yield from rule_mistakes(spec)


def _panels(spec: dict[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    entries = spec.get("panels")
    for n, entry in enumerate(entries if isinstance(entries, list) else ()):
        if not isinstance(entry, dict):
            continue
        if "type" in entry:
            yield ("panels", n), entry
            continue
        inner = entry.get("panels")
        for m, panel in enumerate(inner if isinstance(inner, list) else ()):
            if isinstance(panel, dict):
                yield ("panels", n, "panels", m), panel


def _panel(panel: dict[str, Any]) -> Iterator[Mistake]:
    config = panel.get("config", {})
    if panel["type"] == "vega" and "spec" in config:
        for path, message, hint in vega_mistakes(config["spec"]):
            yield Mistake(("config", "spec", *path), message, hint)
    if panel["type"] == "vis" and "ref_id" not in config:
        for mistake in rule_mistakes(config):
            yield Mistake(("config", *mistake.path), mistake.message, mistake.hint)


def _many(spec: dict[str, Any]) -> Iterator[Mistake]:
    entries = spec.get("panels", ())
    count = len(entries) + len(spec.get("pinned_panels", ())) + sum(len(one.get("panels", ())) for one in entries)
    if count > MOST:
        words = f"{count} panels, sections and controls; Kibana takes {MOST}"
        yield Mistake(("panels",), words, "make several dashboards of it")


def _identities(spec: dict[str, Any]) -> Iterator[Mistake]:
    places: list[tuple[Path, dict[str, Any]]] = []
    for n, entry in enumerate(spec.get("panels", ())):
        places.append((("panels", n), entry))
        places += [(("panels", n, "panels", m), panel) for m, panel in enumerate(entry.get("panels", ()))]
    places += [(("pinned_panels", n), control) for n, control in enumerate(spec.get("pinned_panels", ()))]
    seen: Counter[str] = Counter()
    for path, item in places:
        if "id" in item:
            seen[item["id"]] += 1
            if seen[item["id"]] == 2:
                yield Mistake((*path, "id"), f'the id "{item["id"]}" is used twice', "give each panel its own, or none")
            if ":" in item["id"]:
                yield Mistake(
                    (*path, "id"), f'the id "{item["id"]}" holds a ":", which ends an id in Kibana\'s references'
                )


def _grid(spec: dict[str, Any]) -> Iterator[Mistake]:
    placement = place(spec)
    for group in (placement.panels, *(section.panels for section in placement.sections)):
        for n, placed in enumerate(group):
            if "grid" not in placed.panel:
                continue
            grid, name = placed.grid, _panel_name(placed.panel, placed.path)
            where = (*placed.path, "grid")
            if grid["x"] < 0 or grid["y"] < 0:
                yield Mistake(where, f"{name}: x and y of a grid are not negative")
            elif grid["x"] + grid["w"] > COLUMNS:
                right = grid["x"] + grid["w"]
                yield Mistake(where, f"{name}: its grid ends at column {right} (x + w); a dashboard has {COLUMNS}")
            over = next((other for other in group[:n] if _overlap(placed, other)), None)
            if over:
                yield Mistake(where, f"{name}: overlaps {_panel_name(over.panel, over.path)}")


def _overlap(one: Placed, other: Placed) -> bool:
    a, b = one.grid, other.grid
    return bool(
        a["x"] < b["x"] + b["w"] and b["x"] < a["x"] + a["w"] and a["y"] < b["y"] + b["h"] and b["y"] < a["y"] + a["h"]
    )


def _named(spec: Any, path: Path) -> str:
    """`panel "Clusters": `, or nothing where the mistake is not in a panel."""
    found: tuple[Path, Any] | None = None
    value = spec
    for depth, key in enumerate(path):
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            break
        if depth and path[depth - 1] in ("panels", "pinned_panels") and isinstance(value, dict):
            found = (path[: depth + 1], value)
    return f"{_panel_name(found[1], found[0])}: " if found else ""


def _panel_name(panel: dict[str, Any], path: Path) -> str:
    number = int(path[-1]) + 1
    noun = "control" if path[-2] == "pinned_panels" else "panel"
    if noun == "panel" and "type" not in panel:
        return f'section "{panel["title"]}"' if isinstance(panel.get("title"), str) else f"section {number}"
    title = panel_title(panel) if isinstance(panel.get("config"), dict) else ""
    return f'{noun} "{title or panel["id"]}"' if title or isinstance(panel.get("id"), str) else f"{noun} {number}"
