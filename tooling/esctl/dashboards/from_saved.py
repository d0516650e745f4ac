"""A saved object → the dashboard or visualization as code that it stands for: the way back of `convert`.

What `convert` writes comes back whole. What people made in Kibana comes back as far as there is an exact form for it;
the caller compares what the result converts to with the saved object, and keeps only what is equal.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ..errors import EsctlError
from . import vega
from .charts.from_lens import chart_of
from .controls import DEFAULTS, OLD_DISPLAY, OLD_NAMES, OLD_TYPES, OPTIONS_LIST
from .convert import OPTIONS
from .filters_of import filter_of, query_of
from .normal import PANEL_OPTIONS, TYPES

Body = dict[str, Any]
Views = Callable[[str], str | None]
"""Gives the id that a reference of this name leads to."""


class NotAsCode(EsctlError):
    """There is no form as code for it (yet)."""


def as_code_of(saved: Body) -> Body:
    """The spec of a decoded saved object of type dashboard, visualization (Vega) or lens. Raises NotAsCode."""
    match saved.get("type"):
        case "dashboard":
            return _dashboard(saved)
        case "visualization":
            return _vega(saved)
        case "lens":
            return _lens(saved)
    raise NotAsCode(f"a saved object of type {saved.get('type')} has no form as code")


def _references(saved: Body) -> Views:
    ids = {one["name"]: one["id"] for one in saved.get("references") or ()}
    return ids.get


def _vega(saved: Body) -> Body:
    attributes = saved["attributes"]
    state = attributes.get("visState") or {}
    if not isinstance(state, dict) or state.get("type") != "vega":
        kind = state.get("type") if isinstance(state, dict) else None
        raise NotAsCode(f"a classic visualization of type {kind} has no form as code")
    spec: Body = {"type": "vega", "title": attributes.get("title", "")}
    if attributes.get("description"):
        spec["description"] = attributes["description"]
    return spec | {"spec": _vega_spec((state.get("params") or {}).get("spec", ""))}


def _vega_spec(text: str) -> Any:
    """Data where the text is what data would become; else the text, with its comments and its layout."""
    try:
        data = json.loads(text)
    except ValueError:
        return text
    return data if isinstance(data, dict) and vega.spec_text(data) == text else text


def _lens(saved: Body) -> Body:
    attributes = saved["attributes"]
    attributes = {key: value for key, value in attributes.items() if key != "description" or value}
    return chart_of(attributes, saved.get("references") or [], NotAsCode)


def _dashboard(saved: Body) -> Body:
    attributes, ids = saved["attributes"], _references(saved)
    spec: Body = {"title": attributes.get("title", "")}
    if attributes.get("description"):
        spec["description"] = attributes["description"]
    tags = [one["id"] for one in saved.get("references") or () if one["type"] == "tag"]
    if tags:
        spec["tags"] = tags
    if attributes.get("timeRestore") and "timeFrom" in attributes:
        spec["time_range"] = {"from": attributes["timeFrom"], "to": attributes["timeTo"]}
    if isinstance(attributes.get("refreshInterval"), dict):
        spec["refresh_interval"] = {key: attributes["refreshInterval"][key] for key in ("pause", "value")}
    group = attributes.get("controlGroupInput") or {}
    options = _options(attributes.get("optionsJSON") or {}, group)
    if options:
        spec["options"] = options
    search = (attributes.get("kibanaSavedObjectMeta") or {}).get("searchSourceJSON") or {}
    if isinstance(search, dict):
        query = query_of(search.get("query"))
        if query and query["expression"]:
            spec["query"] = {"language": "kql", **query}
        if search.get("filter"):
            spec["filters"] = [filter_of(one, ids, NotAsCode) for one in search["filter"]]
    pinned = _controls(attributes.get("pinned_panels") or {}, group, ids)
    if pinned:
        spec["pinned_panels"] = pinned
    spec["panels"] = _panels(saved)
    return spec


def _options(stored: Body, group: Body) -> Body:
    options = {
        key: stored[name] for key, (name, default) in OPTIONS.items() if name in stored and stored[name] != default
    }
    if group.get("showApplySelections") is True:
        options["auto_apply_filters"] = False
    return options


def _controls(pinned: Body, group: Body, ids: Views) -> list[Body]:
    panels = pinned.get("panels") or group.get("panelsJSON") or {}
    if isinstance(panels, str):
        panels = json.loads(panels)
    found = []
    names = {old: new for new, old in OLD_NAMES.items()}
    display = {old: new for new, old in OLD_DISPLAY.items()}
    for id_, panel in sorted(panels.items(), key=lambda item: item[1].get("order", 0)):
        if panel.get("type") not in (OPTIONS_LIST, OLD_TYPES[OPTIONS_LIST]):
            raise NotAsCode(f'a control of type "{panel.get("type")}" has no form as code yet')
        if "config" in panel:
            config, view = dict(panel["config"]), panel["config"].get("dataViewRefName", "")
        else:
            explicit = panel.get("explicitInput") or {}
            config = {names[key]: value for key, value in explicit.items() if key in names}
            if isinstance(config.get("display_settings"), dict):
                config["display_settings"] = {display.get(k, k): v for k, v in config["display_settings"].items()}
            view = f"controlGroup_{id_}:optionsListDataView"
        config.pop("dataViewRefName", None)
        kept = {key: value for key, value in config.items() if key not in DEFAULTS or DEFAULTS[key] != value}
        control: Body = {"type": OPTIONS_LIST, "id": id_}
        if panel.get("width", "medium") != "medium":
            control["width"] = panel["width"]
        if panel.get("grow"):
            control["grow"] = True
        found.append(control | {"config": {"data_view_id": ids(view) or kept.pop("data_view_id", ""), **kept}})
    return found


def _panels(saved: Body) -> list[Body]:
    attributes = saved["attributes"]
    panels = attributes.get("panelsJSON") or []
    if not isinstance(panels, list):
        raise NotAsCode("its panels cannot be read")
    panels = sorted(panels, key=lambda one: (one["gridData"].get("y", 0), one["gridData"].get("x", 0)))
    top: list[Body] = []
    inside: dict[str, list[Body]] = {}
    for panel in panels:
        place = inside.setdefault(panel["gridData"]["sectionId"], []) if "sectionId" in panel["gridData"] else top
        place.append(_panel(panel, saved))
    for section in attributes.get("sections") or ():
        grid = section.get("gridData") or {}
        entry: Body = {"id": grid.get("i"), "title": section.get("title", ""), "grid": {"y": grid.get("y", 0)}}
        if section.get("collapsed"):
            entry["collapsed"] = True
        top.append(entry | {"panels": inside.pop(str(grid.get("i")), [])})
    if inside:
        raise NotAsCode("a panel stands in a section that is not there")
    return top


def _panel(panel: Body, saved: Body) -> Body:
    id_ = str(panel.get("panelIndex"))
    ids = _references(saved)
    grid = {key: panel["gridData"][key] for key in ("x", "y", "w", "h")}
    stored = dict(panel.get("embeddableConfig") or {})
    config = {PANEL_OPTIONS.get(key, key): value for key, value in stored.items()}
    config.pop("enhancements", None)
    kind = TYPES.get(panel.get("type", ""), panel.get("type"))
    own = {k: config.pop(k) for k in ("title", "description", "hide_title", "hide_border", "time_range") if k in config}
    if "title" in panel:
        own.setdefault("title", panel["title"])
    head: Body = {"id": id_, "grid": grid}
    target = ids(f"{id_}:{panel['panelRefName']}") if "panelRefName" in panel else ids(f"{id_}:savedObjectRef")
    if kind in ("lens", "visualization") and target:
        return {"type": "vega" if kind == "visualization" else "vis", **head, "config": {"ref_id": target, **own}}
    if kind == "markdown":
        if "content" not in config:
            raise NotAsCode(f'the markdown panel "{id_}" has no text of its own')
        return {"type": "markdown", **head, "config": own | _markdown(config["content"], config.get("settings") or {})}
    if kind == "visualization" and isinstance(config.get("savedVis"), dict):
        vis = config["savedVis"]
        params = vis.get("params") or {}
        if vis.get("type") == "vega":
            return {"type": "vega", **head, "config": own | {"spec": _vega_spec(params.get("spec", ""))}}
        if vis.get("type") == "markdown":
            links = {"open_links_in_new_tab": params.get("openLinksInNewTab", True)}
            return {"type": "markdown", **head, "config": own | _markdown(params.get("markdown", ""), links)}
        raise NotAsCode(f'the panel "{id_}" is a classic visualization of type {vis.get("type")}')
    if kind == "lens" and isinstance(config.get("attributes"), dict):
        prefix = f"{id_}:"
        references = config["attributes"].get("references") or [
            {**one, "name": one["name"].removeprefix(prefix)}
            for one in saved.get("references") or ()
            if one["name"].startswith(prefix)
        ]
        chart = chart_of(config["attributes"], references, NotAsCode)
        return {"type": "vis", **head, "config": chart | own}
    raise NotAsCode(f'the panel "{id_}" is of type {panel.get("type")}, which has no form as code yet')


def _markdown(text: str, settings: Body) -> Body:
    config: Body = {"content": text}
    if settings.get("open_links_in_new_tab") is False:
        config["settings"] = {"open_links_in_new_tab": False}
    return config
