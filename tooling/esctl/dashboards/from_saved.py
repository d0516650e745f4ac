"""A saved object → the dashboard or visualization as code that it stands for: the way back of `convert`.

Nothing is lost: what the format cannot say stays beside it under `raw`, and a panel that it cannot say at all becomes a
panel of type `raw`. What comes back is compiled again and compared, so that this holds whatever people made in Kibana.
"""

from __future__ import annotations

from typing import Any

from ..errors import EsctlError
from .charts import chart_of
from .controls import DEFAULTS as CONTROLS
from .controls import pinned_of
from .convert import OPTIONS, dashboard_object
from .drilldowns import written_drilldowns
from .filters_of import filter_of, query_of
from .form import Form, Version
from .left_over import difference
from .normal import normal_form, normal_panel, plain_filters
from .panels import RAW, stored_panel
from .panels_of import content_of, inheriting, kind_of, lookup, options_of, references_of, typed, vega_spec
from .placement import Placed

Body = dict[str, Any]
NEWEST: Version = (9, 5, 0)


class NotAsCode(EsctlError):
    """There is no form as code for it (yet)."""


def as_code_of(saved: Body, version: Version = NEWEST) -> Body:
    """The spec of a decoded saved object of type dashboard, visualization (Vega) or lens. Raises NotAsCode.

    `version` is the Kibana that it will be written to: there it becomes the same again.
    """
    managed: Body = {"managed": True} if saved.get("managed") is True else {}
    match saved.get("type"):
        case "dashboard":
            return _dashboard(saved, version) | managed
        case "visualization":
            return _vega(saved) | managed
        case "lens":
            return _lens(saved) | managed
    raise NotAsCode(f"a saved object of type {saved.get('type')} has no form as code")


def _vega(saved: Body) -> Body:
    attributes = saved["attributes"]
    state = attributes.get("visState") or {}
    if not isinstance(state, dict) or state.get("type") != "vega":
        kind = state.get("type") if isinstance(state, dict) else None
        raise NotAsCode(f"a classic visualization of type {kind} has no form as code")
    spec: Body = {"type": "vega", "title": attributes.get("title", "")}
    if attributes.get("description"):
        spec["description"] = attributes["description"]
    return spec | {"spec": vega_spec((state.get("params") or {}).get("spec", ""))}


def _lens(saved: Body) -> Body:
    attributes = {key: value for key, value in saved["attributes"].items() if key != "description" or value}
    return _chart(attributes, saved.get("references") or [], (8, 19, 0))


def _chart(attributes: Body, references: list[Body], version: Version) -> Body:
    config, left = chart_of(attributes, references)
    return config | ({RAW: left} if left else {})


def _dashboard(saved: Body, version: Version) -> Body:
    spec = _attributes(saved)
    spec["panels"] = _panels(saved, version)
    made = dashboard_object(spec, id=str(saved.get("id", "")), version=version)
    left = difference(_beside_panels(made), _beside_panels(saved))
    group = "/attributes/controlGroupInput"
    if group in left.get("set", {}):  # key by key: the controls stand there as well, before 9.4
        left["set"] |= {f"{group}/{key}": value for key, value in left["set"].pop(group).items()}
    if left:
        spec[RAW] = left
    return spec


def _beside_panels(saved: Body) -> Body:
    """What a dashboard says apart from its panels, controls and sections, in normal form."""
    normal = normal_form({key: saved[key] for key in ("type", "attributes", "references") if key in saved})
    apart = ("panelsJSON", "pinned_panels")
    attributes = {key: value for key, value in normal["attributes"].items() if key not in apart}
    return {"attributes": attributes}


def _attributes(saved: Body) -> Body:
    attributes, ids = saved["attributes"], lookup(saved.get("references") or [])
    spec: Body = {"title": attributes.get("title", "")}
    if attributes.get("description"):
        spec["description"] = attributes["description"]
    tags = [one["id"] for one in saved.get("references") or () if one["type"] == "tag"]
    if tags:
        spec["tags"] = list(dict.fromkeys(tags))
    if attributes.get("timeRestore") and "timeFrom" in attributes and "timeTo" in attributes:
        spec["time_range"] = {"from": attributes["timeFrom"], "to": attributes["timeTo"]}
    refresh = attributes.get("refreshInterval")
    if isinstance(refresh, dict) and {"pause", "value"} <= refresh.keys():
        spec["refresh_interval"] = {key: refresh[key] for key in ("pause", "value")}
    options = _options(attributes.get("optionsJSON") or {}, attributes.get("controlGroupInput") or {})
    if options:
        spec["options"] = options
    search = (attributes.get("kibanaSavedObjectMeta") or {}).get("searchSourceJSON") or {}
    if isinstance(search, dict):
        query = query_of(search.get("query"))
        if query and query["expression"]:
            spec["query"] = {"language": "kql", **query}
        try:
            found, _ = plain_filters(search.get("filter") or [], saved.get("references") or [])
            filters = [filter_of(one, ids, NotAsCode) for one in found]
        except (NotAsCode, KeyError, TypeError, AttributeError):
            filters = []  # they stand under `raw`
        if filters:
            spec["filters"] = filters
    for stored, key in (("projectRouting", "project_routing"), ("isApproximate", "esql_approximation")):
        if stored in attributes:
            spec[key] = attributes[stored]
    mode = (saved.get("accessControl") or {}).get("accessMode")
    if mode and mode != "default":
        spec["access_control"] = {"access_mode": mode}
    pinned = pinned_of(attributes, ids)
    if pinned:
        spec["pinned_panels"] = pinned
    return spec


def _options(stored: Body, group: Body) -> Body:
    options = {
        key: stored[name] for key, (name, default) in OPTIONS.items() if name in stored and stored[name] != default
    }
    if group.get("showApplySelections") is True:
        options["auto_apply_filters"] = False
    return options


def _panels(saved: Body, version: Version) -> list[Body]:
    attributes = saved["attributes"]
    panels = attributes.get("panelsJSON") or []
    if not isinstance(panels, list):
        raise NotAsCode("its panels cannot be read")
    sections = {str((section.get("gridData") or {}).get("i")): section for section in attributes.get("sections") or ()}
    panels = sorted(panels, key=lambda one: (one["gridData"].get("y", 0), one["gridData"].get("x", 0)))
    top: list[Body] = []
    inside: dict[str, list[Body]] = {name: [] for name in sections}
    for panel in panels:
        section = panel["gridData"].get("sectionId")
        if section is not None and section not in inside:
            raise NotAsCode("a panel stands in a section that is not there")
        (top if section is None else inside[section]).append(panel_as_code(panel, saved, version))
    for name, section in sections.items():
        entry: Body = {"id": name, "title": section.get("title", ""), "grid": {"y": section["gridData"].get("y", 0)}}
        if section.get("collapsed"):
            entry["collapsed"] = True
        top.append(entry | {"panels": inside[name]})
    return top


def panel_as_code(panel: Body, saved: Body, version: Version) -> Body:
    """One stored panel as code: exactly, or with what is left over under `raw`, or wholly as it is stored."""
    panel = typed(panel, saved)
    id_ = str(panel.get("panelIndex"))
    grid = {key: panel["gridData"][key] for key in ("x", "y", "w", "h") if key in panel["gridData"]}
    head: Body = {"id": id_, "grid": grid}
    given = normal_panel(panel, saved)
    for found in (_exactly(panel, saved, version), _patched(panel, saved, version)):
        if found is None:
            continue
        code = {"type": found["type"], **head, **{key: value for key, value in found.items() if key != "type"}}
        if _again(code, panel, version) == given:
            return code
    kept = {key: value for key, value in panel.items() if key not in ("gridData", "panelIndex", "version")}
    references = references_of(panel, saved)
    config: Body = {"panel": kept} | ({"references": references} if references else {})
    return {"type": RAW, **head, "config": config}


def _exactly(panel: Body, saved: Body, version: Version) -> Body | None:
    references = references_of(panel, saved)
    options, rest = options_of(panel, references)
    if "drilldowns" in options:
        options["drilldowns"] = written_drilldowns(options["drilldowns"])
    if kind_of(panel) == "vis" and isinstance(rest.get("attributes"), dict):
        attributes = rest["attributes"]
        own = attributes.get("references") or []
        ids = lookup(references)
        at_hand = [{**one, "id": ids(str(one.get("name"))) or one.get("id")} for one in own] or references
        try:
            config = _chart(attributes, at_hand, version)
        except NotAsCode:
            return None
        own, config = inheriting(options, config)
        return {"type": "vis", "config": {"type": config.pop("type"), **own, **config}}
    content = content_of(panel, rest, references)
    if content is None:
        return None
    kind, config, _ = content
    if kind not in CONTROLS:
        options, config = inheriting(options, config)
    return {"type": kind, "config": options | config}


def _patched(panel: Body, saved: Body, version: Version) -> Body | None:
    """The same with the keys of `embeddableConfig` that have no place in it, under `raw`."""
    code = _exactly(panel, saved, version)
    left = normal_panel(panel, saved).get("left")
    if code is None or not left:
        return None
    return code | {RAW: {"set": {f"/panel/embeddableConfig/{key}": value for key, value in left.items()}}}


def _again(code: Body, panel: Body, version: Version) -> Body:
    """What a panel as code becomes, in normal form."""
    section = panel["gridData"].get("sectionId")
    grid = {key: value for key, value in panel["gridData"].items() if key not in ("i", "sectionId")}
    stored, references = stored_panel(Placed(code, code["id"], grid, (), section), Form(version))
    return normal_panel(stored, {"references": references})
