"""What changes in a dashboard, in words: `~ donut "Images per cluster": top 10 → top 20; pie → donut`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from .charts import chart_of
from .describe import described, filter_in_words, kind_in_words, named, plain, quoted
from .facets import facets
from .filters_of import filter_of
from .mistake_words import Path
from .normal import normal_form, normal_panel
from .panels import RAW

LENS = {
    "lnsMetric": "metric", "lnsLegacyMetric": "legacy_metric", "lnsDatatable": "data_table", "lnsGauge": "gauge",
    "lnsHeatmap": "heatmap", "lnsTagcloud": "tag_cloud", "lnsChoropleth": "region_map", "lnsXY": "xy",
}  # fmt: skip
"""Charts by the name that Lens has for them, where no more than the name can be told."""
LONG = 60

Panel = dict[str, Any]


class _NoCode(Exception):
    """A chart has no form as code."""


def describe_panel(panel: Panel) -> str:
    """`pie "Images per cluster": count by cluster (top 10), right half`: a panel as code or as Kibana stores it."""
    if "embeddableConfig" not in panel and isinstance(panel.get("config"), dict):
        return described(panel, panel.get("grid"))
    code = panel_code(normal_panel(panel, {}), str(panel.get("panelIndex", "")))
    return described(code, panel.get("gridData"))


def differences_in_words(before: Panel, after: Panel) -> list[str]:
    """What changes from one decoded dashboard (or visualization) to another, one line each.

    `+` added, `-` removed, `~` changed, `>` moved. Panels, sections and controls are compared by their ids.
    """
    before, after = normal_form(before), normal_form(after)
    if after.get("type") != "dashboard":
        return list(_visualization(before, after))
    old, new = before.get("attributes", {}), after.get("attributes", {})
    sections = {id: str(one.get("title", "")) for id, one in held(new.get("sections")).items()}
    lines = list(_items(_panels(old), _panels(new), _named, partial(_panel_changes, sections)))
    lines += _items(held(old.get("sections")), held(new.get("sections")), _section, _section_changes)
    lines += _items(held(old.get("pinned_panels")), held(new.get("pinned_panels")), _control, _control_changes)
    lines += _attributes(before, after)
    old_tags, new_tags = _tags(before), _tags(after)
    lines += [f'+ tag "{tag}"' for tag in new_tags if tag not in old_tags]
    lines += [f'- tag "{tag}"' for tag in old_tags if tag not in new_tags]
    return lines


def _items(old: Panel, new: Panel, describe: Callable[[Panel], str], changes: Any) -> Iterator[str]:
    for key, item in new.items():
        if key not in old:
            yield f"+ {describe(item)}"
    for key, item in old.items():
        if key not in new:
            yield f"- {describe(item)}"
    for key, item in new.items():
        if key in old and item != old[key]:
            yield from changes(old[key], item)


def panel_code(panel: Panel, id: str) -> Panel:
    """A panel in normal form as code, as far as words need it; `attributes` beside it where a chart has none."""
    options = panel.get("options") or {}
    code: Panel = {"id": id, "type": panel.get("type")}
    if "attributes" in panel:
        attributes = panel["attributes"]
        config, left = chart_of(attributes, attributes.get("references") or [])
        if config["type"] == RAW:
            return code | {"config": options | _barely(attributes), "attributes": attributes}
        return code | {"config": config | options} | ({"attributes": left} if left else {})
    if panel.get("config") is None:
        stored = {"type": panel.get("type"), "embeddableConfig": options | (panel.get("left") or {})}
        return code | {"type": RAW, "config": {"panel": stored}}
    return code | {"config": options | panel["config"]}


def _barely(attributes: Panel) -> Panel:
    """The config of a chart of which only the kind is known."""
    visualization = (attributes.get("state") or {}).get("visualization") or {}
    if attributes.get("visualizationType") == "lnsPie":
        shape = visualization.get("shape", "pie")
        return {"type": "pie", "styling": {"donut_hole": "m"}} if shape == "donut" else {"type": shape}
    if attributes.get("visualizationType") == "lnsXY":
        return {"type": "xy", "layers": [{"type": visualization.get("preferredSeriesType", "xy")}]}
    return {"type": LENS.get(str(attributes.get("visualizationType")), "raw")}


def _panels(attributes: Panel) -> Panel:
    return {id: {**panel, "code": panel_code(panel, id)} for id, panel in held(attributes.get("panelsJSON")).items()}


def held(items: Any) -> Panel:
    """What a normal form holds by id; a list that could not be brought to that is told by position."""
    if isinstance(items, list):
        return {str(position): one for position, one in enumerate(items) if isinstance(one, dict)}
    return items if isinstance(items, dict) else {}


def _named(panel: Panel) -> str:
    return named(panel["code"])


def _panel_changes(sections: dict[str, str], old: Panel, new: Panel) -> Iterator[str]:
    before, after = old["code"], new["code"]
    name = named(after)
    changes = list(dict.fromkeys(_changes(before, after)))
    if old.get("left") != new.get("left") and new.get("config") is not None:
        changes += _plainly(old.get("left") or {}, new.get("left") or {})
    if changes:
        yield f"~ {name}: {'; '.join(changes)}"
    was, now = old.get("grid", {}), new.get("grid", {})
    moves = list(_moves(was, now))
    if old.get("section") != new.get("section"):
        target = sections.get(str(new.get("section")))
        moves = [f"into section {quoted(target)}" if target is not None else "out of its section"]
    if moves:
        yield f"> {name} moved {' and '.join(moves)}"
    if any(was.get(key) != now.get(key) for key in ("w", "h")):
        yield f"> {name} resized: {was.get('w')}×{was.get('h')} → {now.get('w')}×{now.get('h')}"


def _changes(before: Panel, after: Panel) -> Iterator[str]:
    """The phrases that differ between two panels as code, then every other place that does."""
    if before["type"] != after["type"]:
        yield f"{kind_in_words(before)} → {named(after)}"
        return
    old, new = before.get("config") or {}, after.get("config") or {}
    phrases_old, phrases_new = (facets(side) if after["type"] == "vis" else {} for side in (old, new))
    for path, was, now in _differences(old, new, ()):
        yield _told(path, was, now, phrases_old, phrases_new)
    for path, was, now in _differences(before.get("attributes"), after.get("attributes"), ()):
        if path[-1:] != ("shape",):  # the kind of the chart, which is told above
            yield f"{_dotted(path)}: {_values(was, now)}" if path else _values(was, now)


def _told(path: Path, was: Any, now: Any, old: dict[Path, str], new: dict[Path, str]) -> str:
    """One difference: by the nearest phrase that covers its place, else by the place itself."""
    for length in range(len(path), 0, -1):
        place = path[:length]
        if place in old and place in new and old[place] != new[place]:
            return f"{old[place]} → {new[place]}"
    for place in old:
        if place[: len(path)] == path and place in new and old[place] != new[place]:
            return f"{old[place]} → {new[place]}"
    if path in new and path not in old:
        return f"{new[path]} added"
    if path in old and path not in new:
        return f"{old[path]} removed"
    if path == ("title",):
        return f"title {_values(was, now)}"
    return f"{_dotted(path)}: {_values(was, now)}"


def _moves(was: Panel, now: Panel) -> Iterator[str]:
    for key, unit, more, less in (("y", "row", "down", "up"), ("x", "column", "right", "left")):
        a, b = was.get(key), now.get(key)
        if isinstance(a, int | float) and isinstance(b, int | float) and a != b:
            by = plain(abs(b - a))
            yield f"{more if b > a else less} {by} {unit}" + ("" if by == 1 else "s")


def _plainly(old: Panel, new: Panel) -> Iterator[str]:
    for path, was, now in _differences(old, new, ()):
        yield f"{_dotted(path)}: {_values(was, now)}" if path else _values(was, now)


def _section(section: Panel) -> str:
    return f"section {quoted(section.get('title', ''))}"


def _section_changes(old: Panel, new: Panel) -> Iterator[str]:
    name = _section(new)
    was, now = ((one.get("gridData") or {}).get("y") for one in (old, new))
    if old.get("title") != new.get("title"):
        yield f"~ {name}: title {_values(old.get('title'), new.get('title'))}"
    if old.get("collapsed") != new.get("collapsed"):
        yield f"~ {name}: {'collapsed' if new.get('collapsed') else 'opened'}"
    if was != now:
        yield f"> {name} moved {' and '.join(_moves({'y': was}, {'y': now}))}"


def _control(control: Panel) -> str:
    return named(control)


def _control_changes(old: Panel, new: Panel) -> Iterator[str]:
    name = named(new)
    before, after = ({key: one for key, one in side.items() if key != "order"} for side in (old, new))
    views = [(side.get("config") or {}).get("data_view_id") for side in (old, new)]
    if views[0] != views[1]:
        yield f"~ {name}: data view {_values(*views)}"
        before, after = ({**side, "config": {**side["config"], "data_view_id": None}} for side in (before, after))
    found = _differences(before, after, ())
    changes = [f"{_dotted(path[1:] or path)}: {_values(was, now)}" for path, was, now in found]
    if changes:
        yield f"~ {name}: {'; '.join(changes)}"
    if old.get("order") != new.get("order"):
        yield f"> {name} moved: {_place(old)} → {_place(new)}"


def _place(control: Panel) -> str:
    return f"place {int(control.get('order', 0)) + 1}"


def _attributes(before: Panel, after: Panel) -> Iterator[str]:
    old, new = before.get("attributes", {}), after.get("attributes", {})
    apart = {"panelsJSON", "sections", "pinned_panels", "timeRestore", "timeFrom", "timeTo", "optionsJSON",
             "kibanaSavedObjectMeta"}  # fmt: skip
    times = [f"{one['timeFrom']} to {one.get('timeTo')}" if "timeFrom" in one else None for one in (old, new)]
    kept = [{key: value for key, value in one.items() if key not in apart} for one in (old, new)]
    for path, was, now in _differences(kept[0], kept[1], ()):
        yield f"~ {_dotted(path)}: {_values(was, now)}"
    if times[0] != times[1]:
        yield f"~ time range: {times[0] or 'as the viewer has it'} → {times[1] or 'as the viewer has it'}"
    options = [one.get("optionsJSON") or {} for one in (old, new)]
    if all(isinstance(one, dict) for one in options):
        for path, was, now in _differences(options[0], options[1], ()):
            yield f"~ option {_dotted(path)}: {_option(path, was)} → {_option(path, now)}"
    searches = [_search(one) for one in (old, new)]
    queries = [(one.get("query") or {}).get("query") or None for one in searches]
    if queries[0] != queries[1]:
        yield f"~ query: {_values(*queries)}"
    elif searches[0].get("query") != searches[1].get("query"):
        yield f"~ query: {_values(searches[0].get('query'), searches[1].get('query'))}"
    filters = [[_filter(one, side) for one in search.get("filter") or ()] for search, side in
               zip(searches, (before, after), strict=True)]  # fmt: skip
    gone, come = ([one for one in filters[0] if one not in filters[1]],
                  [one for one in filters[1] if one not in filters[0]])  # fmt: skip
    yield from (f"+ filter {one}" for one in come)
    yield from (f"- filter {one}" for one in gone)
    if not gone and not come and searches[0].get("filter") != searches[1].get("filter"):
        for path, was, now in _differences(searches[0].get("filter"), searches[1].get("filter"), ()):
            yield f"~ filter {_dotted(path)}: {_values(was, now)}"
    views = [_views(side) for side in (before, after)]
    for name, view in views[1].items():
        if name in views[0] and views[0][name] != view and not gone and not come:
            yield f"~ {name}: data view {_values(views[0][name], view)}"
    if before.get("accessControl") != after.get("accessControl"):
        modes = [(one.get("accessControl") or {}).get("accessMode", "default") for one in (before, after)]
        yield f"~ access: {modes[0]} → {modes[1]}"


def _option(path: Path, value: Any) -> str:
    from .convert import OPTIONS

    default = dict(OPTIONS.values()).get(str(path[0]))
    value = default if value is None else value
    return {True: "on", False: "off"}.get(value, _shortened(value)) if isinstance(value, bool) else _shortened(value)


def _search(attributes: Panel) -> Panel:
    search = (attributes.get("kibanaSavedObjectMeta") or {}).get("searchSourceJSON")
    return search if isinstance(search, dict) else {}


def _filter(stored: Panel, saved: Panel) -> str:
    ids = {one.get("name"): one.get("id") for one in saved.get("references") or ()}
    try:
        return filter_in_words(filter_of(stored, ids.get, _NoCode))
    except (_NoCode, KeyError, TypeError, AttributeError):
        return _shortened(stored)


def _views(saved: Panel) -> dict[str, str]:
    return {
        str(one.get("name")): str(one.get("id"))
        for one in saved.get("references") or ()
        if one.get("type") == "index-pattern"
    }


def _tags(saved: Panel) -> list[str]:
    return [reference["id"] for reference in saved.get("references", []) if reference.get("type") == "tag"]


def _visualization(before: Panel, after: Panel) -> Iterator[str]:
    old, new = before.get("attributes", {}), after.get("attributes", {})
    if before.get("type") == after.get("type") == "lens":
        sides = [
            panel_code({"type": "vis", "attributes": one | {"references": side.get("references") or []}}, "")
            for one, side in ((old, before), (new, after))
        ]
        for side, one in zip(sides, (old, new), strict=True):
            for key in ("title", "description"):
                if one.get(key):
                    side["config"].setdefault(key, one[key])
        yield from (f"~ {line}" for line in dict.fromkeys(_changes(*sides)))
        return
    if before.get("type") != after.get("type"):
        yield f"~ {_of_library(before)} → {_of_library(after)}"
        return
    for path, was, now in _differences(old, new, ()):
        yield f"~ {_dotted(path)}: {_values(was, now)}"


def _of_library(saved: Panel) -> str:
    """`metric "Orders": count`: a library object in normal form."""
    attributes = saved.get("attributes", {})
    if saved.get("type") == "lens":
        code = panel_code({"type": "vis", "attributes": attributes | {"references": saved.get("references") or []}}, "")
        code["config"].setdefault("title", attributes.get("title", ""))
        return described(code)
    state = attributes.get("visState")
    kind = state.get("type", "visualization") if isinstance(state, dict) else "visualization"
    return f"{kind} {quoted(attributes.get('title', ''))}"


def _differences(old: Any, new: Any, path: Path) -> Iterator[tuple[Path, Any, Any]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in (*old, *(key for key in new if key not in old)):
            yield from _differences(old.get(key), new.get(key), (*path, str(key)))
    elif isinstance(old, list) and isinstance(new, list):
        for position in range(max(len(old), len(new))):
            was, now = (side[position] if position < len(side) else None for side in (old, new))
            yield from _differences(was, now, (*path, position))
    elif old != new or isinstance(old, bool) is not isinstance(new, bool):
        yield path, old, new


def _dotted(path: Path) -> str:
    return ".".join(str(part) for part in path)


def _values(was: Any, now: Any) -> str:
    if was is None:
        return f"{_shortened(now)} added"
    if now is None:
        return f"{_shortened(was)} removed"
    if isinstance(was, str) and isinstance(now, str) and max(len(was), len(now)) > LONG:
        return _changed_lines(was, now)
    return f"{_shortened(was)} → {_shortened(now)}"


def _changed_lines(was: str, now: str) -> str:
    """Long text (a Vega spec, Markdown): the first line that differs, and how many do."""
    import difflib

    old, new = was.splitlines(), now.splitlines()
    blocks = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    changed = [(old[a:b], new[c:d]) for tag, a, b, c, d in blocks if tag != "equal"]
    removed, added = sum(len(lines) for lines, _ in changed), sum(len(lines) for _, lines in changed)
    first_old, first_new = next(iter(changed), ([], []))
    sample = f"{_shortened(_line(first_old))} → {_shortened(_line(first_new))}"
    return f"{sample} (lines: {removed} removed, {added} added)"


def _line(lines: list[str]) -> str:
    return lines[0].strip() if lines else ""


def _shortened(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONG else f"{text[: LONG - 1]}…"
