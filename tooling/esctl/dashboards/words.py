"""A dashboard, and what changes in it, in words: `~ pie "Images per cluster": …layers.0.shape: "pie" → "donut"`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

LENS_NAMES = {
    "lnsMetric": "metric", "lnsLegacyMetric": "metric", "lnsDatatable": "table", "lnsGauge": "gauge",
    "lnsHeatmap": "heatmap", "lnsTagcloud": "tag cloud", "lnsChoropleth": "region map",
}  # fmt: skip
PANEL_NAMES = {
    "DASHBOARD_MARKDOWN": "markdown", "search": "Discover session", "discover_session": "Discover session",
    "legacy_vis": "visualization", "vis": "chart", "lens": "chart",
}  # fmt: skip
LONG = 60

Panel = dict[str, Any]


def describe_panel(panel: Panel) -> str:
    """`pie "Images per cluster"`: what a decoded panel shows and how it is called."""
    title = _title(panel)
    return f"{_kind(panel)} {_quoted(title)}" if title else f"{_kind(panel)} {panel.get('panelIndex', '')}".rstrip()


def differences_in_words(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What changes from one decoded dashboard (or visualization) to another, one line each.

    `+` added, `-` removed, `~` changed, `>` moved. Panels, sections and controls are compared by their ids, attributes
    by name. Of references only tags and data views are named: the rest repeats what panels and filters say.
    """
    old, new = before.get("attributes", {}), after.get("attributes", {})
    lines = list(_items(_panels(old), _panels(new), describe_panel, _panel_changes))
    lines += _items(_sections(old), _sections(new), _describe_section, _plain_changes)
    lines += _items(_controls(old), _controls(new), _describe_control, _plain_changes)
    held_by_items = ("panelsJSON", "sections", "pinned_panels", "controlGroupInput")
    for path, was, now in _differences(_without(old, held_by_items), _without(new, held_by_items), ()):
        lines.append(f"~ {_dotted(path)}: {_values(was, now)}")
    old_group, new_group = old.get("controlGroupInput", {}), new.get("controlGroupInput", {})
    for path, was, now in _differences(_without(old_group, ("panelsJSON",)), _without(new_group, ("panelsJSON",)), ()):
        lines.append(f"~ controls: {_dotted(path)}: {_values(was, now)}")
    lines += _retargeted(before, after)
    old_tags, new_tags = _tags(before), _tags(after)
    lines += [f'+ tag "{tag}"' for tag in new_tags if tag not in old_tags]
    lines += [f'- tag "{tag}"' for tag in old_tags if tag not in new_tags]
    return lines


def _items(old: dict[str, Any], new: dict[str, Any], describe: Any, changes: Any) -> Iterator[str]:
    for key, item in new.items():
        if key not in old:
            yield f"+ {describe(item)}"
    for key, item in old.items():
        if key not in new:
            yield f"- {describe(item)}"
    for key, item in new.items():
        if key in old:
            yield from changes(describe(item), old[key], item)


def _panel_changes(name: str, old: Panel, new: Panel) -> Iterator[str]:
    for path, was, now in _differences(_shown(old), _shown(new), ()):
        yield f"~ {name}: {_dotted(path)}: {_values(was, now)}" if path else f"~ {name}: {_values(was, now)}"
    was, now = old.get("gridData", {}), new.get("gridData", {})
    if any(was.get(key) != now.get(key) for key in ("x", "y", "sectionId")):
        yield f"> {name} moved"
    if any(was.get(key) != now.get(key) for key in ("w", "h")):
        yield f"> {name} resized: {was.get('w')}×{was.get('h')} → {now.get('w')}×{now.get('h')}"


def _plain_changes(name: str, old: Panel, new: Panel) -> Iterator[str]:
    for path, was, now in _differences(old, new, ()):
        yield f"~ {name}: {_dotted(path)}: {_values(was, now)}"


def _shown(panel: Panel) -> dict[str, Any]:
    """What a panel is apart from its place, with the keys that only wrap taken off."""
    shown = {key: value for key, value in panel.items() if key not in ("gridData", "panelIndex", "embeddableConfig")}
    config = panel.get("embeddableConfig", {})
    for wrapper in ("attributes", "savedVis"):
        if isinstance(config.get(wrapper), dict):
            shown |= config[wrapper]
    return shown | {key: value for key, value in config.items() if key not in ("attributes", "savedVis")}


def _differences(old: Any, new: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in (*old, *(key for key in new if key not in old)):
            yield from _differences(old.get(key), new.get(key), (*path, str(key)))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for position, (was, now) in enumerate(zip(old, new, strict=True)):
            yield from _differences(was, now, (*path, str(position)))
    elif old != new or isinstance(old, bool) is not isinstance(new, bool):
        yield path, old, new


def _panels(attributes: dict[str, Any]) -> dict[str, Panel]:
    panels = attributes.get("panelsJSON", [])
    if isinstance(panels, dict):
        return panels
    return {str(panel.get("panelIndex")): panel for panel in panels} if isinstance(panels, list) else {}


def _sections(attributes: dict[str, Any]) -> dict[str, Any]:
    sections = attributes.get("sections", [])
    if isinstance(sections, dict):
        return sections
    return {str(section.get("gridData", {}).get("i")): section for section in sections}


def _controls(attributes: dict[str, Any]) -> dict[str, Any]:
    pinned = attributes.get("pinned_panels", {}).get("panels")
    panels = pinned if pinned is not None else attributes.get("controlGroupInput", {}).get("panelsJSON", {})
    return panels if isinstance(panels, dict) else {}


def _describe_section(section: dict[str, Any]) -> str:
    return f"section {_quoted(section.get('title', ''))}"


def _describe_control(control: dict[str, Any]) -> str:
    config = control.get("config") or control.get("explicitInput") or {}
    return f"control {_quoted(config.get('title') or config.get('field_name') or config.get('fieldName') or '')}"


def _tags(saved: dict[str, Any]) -> list[str]:
    return [reference["id"] for reference in saved.get("references", []) if reference.get("type") == "tag"]


def _retargeted(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    """References that stay but point elsewhere, where nothing else says so (charts repeat theirs inside)."""
    panels = _panels(after.get("attributes", {}))
    owners = {name: describe_panel(panel) for name, panel in panels.items()}
    owners |= {name: _describe_control(control) for name, control in _controls(after.get("attributes", {})).items()}
    old = {reference["name"]: reference for reference in before.get("references", [])}
    for reference in after.get("references", []):
        was, name = old.get(reference["name"]), reference["name"].removeprefix("controlGroup_")
        if was is None or (was["type"], was["id"]) == (reference["type"], reference["id"]):
            continue
        owner, _, rest = name.partition(":")
        inside = panels.get(owner, {}).get("embeddableConfig", {}).get("attributes", {}).get("references", [])
        if rest not in [part["name"] for part in inside]:
            subject = owners.get(owner, reference["name"])
            yield f"~ {subject}: {reference['type']} {_quoted(was['id'])} → {_quoted(reference['id'])}"


def _kind(panel: Panel) -> str:
    config = panel.get("embeddableConfig", {})
    attributes, saved = config.get("attributes", {}), config.get("savedVis", {})
    lens = attributes.get("visualizationType")
    visualization = attributes.get("state", {}).get("visualization", {})
    if lens == "lnsXY":
        series = str(visualization.get("preferredSeriesType", "xy"))
        return next((name for name in ("bar", "line", "area") if series.startswith(name)), "xy")
    if lens == "lnsPie":
        return str(visualization.get("shape", "pie"))
    if lens:
        return LENS_NAMES.get(lens, str(lens))
    kind = str(panel.get("type", "panel"))
    return str(saved.get("type") or PANEL_NAMES.get(kind, kind))


def _title(panel: Panel) -> str:
    config = panel.get("embeddableConfig", {})
    for holder in (config, panel, config.get("attributes", {}), config.get("savedVis", {})):
        if holder.get("title"):
            return str(holder["title"])
    return _shown_name(config)


def _shown_name(config: dict[str, Any]) -> str:
    """What a panel without a title shows as one: the label of a metric, the first line of Markdown."""
    visualization = config.get("attributes", {}).get("state", {}).get("visualization", {})
    layers = config.get("attributes", {}).get("state", {}).get("datasourceStates", {}).get("formBased", {})
    for layer in layers.get("layers", {}).values():
        column = layer.get("columns", {}).get(visualization.get("metricAccessor"))
        if column:
            return str(column.get("label") or "")
    text = config.get("content") or config.get("savedVis", {}).get("params", {}).get("markdown") or ""
    return next((line.strip("# ") for line in str(text).splitlines() if line.strip("# ")), "")


def _without(attributes: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: value for key, value in attributes.items() if key not in keys}


def _dotted(path: tuple[str, ...]) -> str:
    return ".".join(path)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


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
