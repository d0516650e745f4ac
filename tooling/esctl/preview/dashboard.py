"""A dashboard as exported from Kibana → panels, controls, filters: both the 8.x and the 9.4+ form.

Input is the list of saved objects that `_export` with `includeReferencesDeep` gives. Nothing here knows how the
objects came to be. Source: the saved-object forms of Kibana 8.x–9.5.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import EsctlError
from ..model import Body
from .filters import TimeRange
from .lens import DataView

COLUMNS = 48
_KINDS = {
    "lens": "lens", "vis": "lens", "visualization": "visualization", "legacy_vis": "visualization", "vega": "vega",
    "DASHBOARD_MARKDOWN": "markdown", "markdown": "markdown",
    "optionsListControl": "options_list_control", "rangeSliderControl": "range_slider_control",
    "timeSlider": "time_slider_control", "esqlControl": "esql_control",
}  # fmt: skip


@dataclass(frozen=True)
class Grid:
    """Place on the grid of 48 columns; `y` and `h` in rows of 20 px."""

    x: int
    y: int
    w: int
    h: int


@dataclass(frozen=True)
class Panel:
    """`kind`: `lens`, `vega`, `markdown`, or another name (which then says what cannot be drawn).

    `definition`: lens attributes with resolved references; `{spec}`; `{content}`; the raw configuration.
    """

    id: str
    kind: str
    title: str
    grid: Grid
    definition: Body
    description: str = ""
    hide_title: bool = False
    section: str | None = None
    time_range: TimeRange | None = None
    problem: str = ""
    """Why its definition could not be read: a library object that is missing."""


@dataclass(frozen=True)
class Section:
    id: str
    title: str
    y: int
    collapsed: bool = False


@dataclass(frozen=True)
class Control:
    """A pinned control; `settings` in the 9.4+ spelling (`field_name`, `selected_options`, `single_select`, …)."""

    id: str
    kind: str
    title: str
    data_view: str
    settings: Body


@dataclass(frozen=True)
class Dashboard:
    id: str
    title: str
    description: str = ""
    panels: tuple[Panel, ...] = ()
    sections: tuple[Section, ...] = ()
    controls: tuple[Control, ...] = ()
    filters: tuple[Body, ...] = ()
    query: Body = field(default_factory=lambda: {"query": "", "language": "kuery"})
    time_range: TimeRange | None = None
    options: Body = field(default_factory=dict)
    data_views: Mapping[str, DataView] = field(default_factory=dict)
    revision: str = ""


Objects = Mapping[tuple[str, str], Body]


def read_dashboard(exported: Iterable[Body], dashboard_id: str) -> Dashboard:
    """Raises EsctlError where the dashboard is missing or a string that should hold JSON does not."""
    objects: Objects = {(o["type"], o["id"]): o for o in exported if "type" in o and "id" in o}
    stored = objects.get(("dashboard", dashboard_id))
    if stored is None:
        raise EsctlError(f'dashboard "{dashboard_id}" does not exist')
    attributes, references = stored.get("attributes") or {}, stored.get("references") or []
    named = {r["name"]: r["id"] for r in references}
    source = read_json((attributes.get("kibanaSavedObjectMeta") or {}).get("searchSourceJSON"), {}, "searchSourceJSON")
    time_range = None
    if attributes.get("timeRestore") and attributes.get("timeFrom") and attributes.get("timeTo"):
        time_range = TimeRange(attributes["timeFrom"], attributes["timeTo"])
    return Dashboard(
        dashboard_id,
        str(attributes.get("title") or dashboard_id),
        str(attributes.get("description") or ""),
        tuple(_panel(p, references, objects) for p in read_json(attributes.get("panelsJSON"), [], "panelsJSON")),
        tuple(_section(s) for s in attributes.get("sections") or ()),
        tuple(_controls(attributes, named)),
        tuple(_resolved_filter(f, named) for f in source.get("filter") or ()),
        source.get("query") or {"query": "", "language": "kuery"},
        time_range,
        read_json(attributes.get("optionsJSON"), {}, "optionsJSON"),
        {o["id"]: data_view_of(o) for (kind, _), o in objects.items() if kind == "index-pattern"},
        str(stored.get("version") or ""),
    )


def data_view_of(stored: Body) -> DataView:
    """From an `index-pattern` saved object."""
    attributes = stored.get("attributes") or {}
    title = str(attributes.get("title") or stored["id"])
    return DataView(
        stored["id"],
        title,
        str(attributes.get("name") or title),
        attributes.get("timeFieldName") or None,
        read_json(attributes.get("fieldFormatMap"), {}, "fieldFormatMap"),
        read_json(attributes.get("runtimeFieldMap"), {}, "runtimeFieldMap"),
    )


def read_json(stored: Any, default: Any, what: str) -> Any:
    """What Kibana keeps as text, opened; raises EsctlError where it is not JSON."""
    if stored is None or stored == "":
        return default
    if not isinstance(stored, str):
        return stored
    try:
        return json.loads(stored)
    except ValueError as error:
        raise EsctlError(f"{what} of the dashboard is not JSON: {error}") from None


def _panel(stored: Body, references: list[Body], objects: Objects) -> Panel:
    panel_id = str(stored.get("panelIndex") or (stored.get("gridData") or {}).get("i") or "")
    grid = stored.get("gridData") or {}
    config = stored.get("embeddableConfig") or stored.get("config") or {}
    own = [
        {**r, "name": r["name"].removeprefix(f"{panel_id}:")}
        for r in references
        if r["name"].startswith(f"{panel_id}:")
    ]
    target, problem = _by_reference(stored, own, references, objects)
    kind = str(stored.get("type") or (target or {}).get("type") or "")
    kind, definition = _definition(_KINDS.get(kind, kind), config, own, target)
    titles = (config.get("title"), stored.get("title"), ((target or config).get("attributes") or {}).get("title"))
    title = next((t for t in titles if t is not None), "") or (config.get("savedVis") or {}).get("title") or ""
    return Panel(
        panel_id,
        kind,
        str(title),
        Grid(int(grid.get("x", 0)), int(grid.get("y", 0)), int(grid.get("w", 24)), int(grid.get("h", 15))),
        definition,
        str(config.get("description") or ""),
        bool(config.get("hidePanelTitles", config.get("hide_title", False))),
        grid.get("sectionId"),
        _time_range(config.get("timeRange") or config.get("time_range")),
        problem,
    )


def _time_range(stored: Any) -> TimeRange | None:
    return TimeRange(stored["from"], stored["to"]) if isinstance(stored, dict) and "from" in stored else None


def _by_reference(stored: Body, own: list[Body], references: list[Body], objects: Objects) -> tuple[Body | None, str]:
    """The library object a panel points to (9.4+ `savedObjectRef`, earlier `panelRefName`), or why there is none."""
    wanted = stored.get("panelRefName")
    for reference in (*own, *references):
        if reference["name"] == wanted or (reference in own and reference["name"] == "savedObjectRef"):
            found = objects.get((reference["type"], reference["id"]))
            missing = f'{reference["type"]} "{reference["id"]}" does not exist'
            return found, "" if found else missing
    return None, ""


def _definition(kind: str, config: Body, own: list[Body], target: Body | None) -> tuple[str, Body]:
    attributes = (target or config).get("attributes") or {}
    if kind == "lens":
        references = list(attributes.get("references") or (target or {}).get("references") or ())
        known = {r["name"]: r["id"] for r in own}
        merged = [{**r, "id": known.get(r["name"], r["id"])} for r in references]
        merged += [r for r in own if r["name"] not in {m["name"] for m in merged}]
        return "lens", {**attributes, "references": merged}
    if kind == "markdown":
        return "markdown", {"content": str(config.get("content") or attributes.get("content") or "")}
    if kind == "vega":
        spec = config.get("spec") or {}
        return "vega", {"spec": spec.get("value", "") if isinstance(spec, dict) else str(spec)}
    if kind == "visualization":
        vis = read_json(attributes.get("visState"), {}, "visState") if target else config.get("savedVis") or {}
        params = vis.get("params") or {}
        match vis.get("type"):
            case "vega":
                return "vega", {"spec": str(params.get("spec") or "")}
            case "markdown":
                return "markdown", {"content": str(params.get("markdown") or ""), "font_size": params.get("fontSize")}
        return str(vis.get("type") or "visualization"), vis
    named = {r["name"]: r["id"] for r in (*((target or {}).get("references") or ()), *own)}
    if kind in ("search", "discover_session", "links") or kind.endswith("_control"):
        return kind, {**config, **attributes, "references": named}
    return kind or "panel", attributes or config


def _section(stored: Body) -> Section:
    grid = stored.get("gridData") or stored.get("grid") or {}
    return Section(
        str(grid.get("i") or stored.get("id") or ""),
        str(stored.get("title") or ""),
        int(grid.get("y", 0)),
        bool(stored.get("collapsed")),
    )


def _controls(attributes: Body, named: Mapping[str, str]) -> Iterable[Control]:
    """`pinned_panels` (9.4+) wins over `controlGroupInput`."""
    pinned = (attributes.get("pinned_panels") or {}).get("panels")
    group = attributes.get("controlGroupInput") or {}
    stored = pinned or read_json(group.get("panelsJSON"), {}, "controlGroupInput.panelsJSON")
    for control_id, control in sorted(stored.items(), key=lambda item: item[1].get("order", 0)):
        raw = control.get("config") or control.get("explicitInput") or {}
        settings = {snake(k): v for k, v in raw.items()}
        kind = _KINDS.get(str(control.get("type")), str(control.get("type")))
        ending = "optionsListDataView" if kind == "options_list_control" else "rangeSliderDataView"
        names = (str(raw.get("dataViewRefName") or ""), f"{control_id}:{ending}", f"controlGroup_{control_id}:{ending}")
        view = next((named[n] for n in names if n in named), None) or settings.get("data_view_id") or ""
        title = str(settings.get("title") or settings.get("field_name") or control_id)
        yield Control(
            control_id, kind, title, str(view), {**settings, "width": control.get("width"), "grow": control.get("grow")}
        )


def snake(name: str) -> str:
    """`fieldName` → `field_name`: the names that settings have since 9.4."""
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)


def _resolved_filter(stored: Body, named: Mapping[str, str]) -> Body:
    meta = dict(stored.get("meta") or {})
    reference = meta.pop("indexRefName", None)
    if reference in named:
        meta["index"] = named[reference]
    return {**stored, "meta": meta}
