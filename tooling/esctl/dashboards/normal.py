"""One form for a dashboard or visualization as esctl writes it and as Kibana gives it back, in the words of the format
as code as far as those are exact: what only one side says by default is taken out, panels stand under their ids."""

from __future__ import annotations

import copy
import json
from typing import Any

from .controls import DEFAULTS as CONTROLS
from .controls import GROUP, pinned_of
from .convert import OPTIONS
from .filters_tidy import tidy_filters
from .lens_normal import normal_attributes
from .panels_of import content_of, inheriting, kind_of, lookup, options_of, references_of, typed

EMPTY_SEARCH: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("query", ({"query": "", "language": "kuery"}, {"query": "", "language": "lucene"}, {})),
    ("filter", ([],)),
)
WITHOUT_MEANING = ("version", "hits")
"""Attributes that Kibana wrote once and does not read."""
CONTROL_REFERENCES = (":optionsListDataView", ":rangeSliderDataView")

Body = dict[str, Any]


def normal_form(decoded: Body) -> Body:
    """The comparable form of a decoded saved object; idempotent; panels and sections become objects by their ids.

    A panel is `{type, grid, section?, options, config}`, a chart has `attributes` in place of `config`; what Kibana
    stores beyond that stands under `left`.
    """
    body = copy.deepcopy(decoded)
    attributes = body.get("attributes", {})
    for key in WITHOUT_MEANING:
        attributes.pop(key, None)
    if attributes.get("description") == "":
        del attributes["description"]
    _search(attributes, body)
    if body.get("type") == "visualization":
        _visualization(attributes)
    if body.get("type") == "lens":
        body["attributes"] = _library_chart(attributes, body)
    if body.get("type") == "dashboard":
        _dashboard(body, attributes)
    return body


def _dashboard(body: Body, attributes: Body) -> None:
    if attributes.get("timeRestore") is False:
        for key in ("timeRestore", "timeFrom", "timeTo"):
            attributes.pop(key, None)
    refresh = attributes.get("refreshInterval")
    if isinstance(refresh, dict):
        attributes["refreshInterval"] = {key: refresh[key] for key in ("pause", "value") if key in refresh}
    _controls(body, attributes)
    options = attributes.get("optionsJSON")
    if isinstance(options, dict):
        defaults = dict(OPTIONS.values())
        kept = {key: value for key, value in options.items() if key not in defaults or value != defaults[key]}
        attributes["optionsJSON"] = kept
        if not kept:
            del attributes["optionsJSON"]
    panels = attributes.get("panelsJSON", [])
    references = body.get("references") or []
    if isinstance(panels, list):
        attributes["panelsJSON"] = _by_id(
            [normal_panel(one, body) if isinstance(one, dict) else one for one in panels],
            [str(one.get("panelIndex")) if isinstance(one, dict) else None for one in panels],
        )
    # All but tags are resolved where they mean something.
    tags = sorted({str(one.get("id")) for one in references if one.get("type") == "tag"})
    body["references"] = [{"type": "tag", "id": tag, "name": f"tag-ref-{tag}"} for tag in tags]
    if isinstance(attributes.get("sections"), list):
        sections = attributes["sections"]
        for section in sections:
            section.setdefault("collapsed", False)
        attributes["sections"] = _by_id(sections, [one.get("gridData", {}).get("i") for one in sections])
    if not attributes.get("sections", True):
        del attributes["sections"]


def normal_panel(panel: Body, saved: Body) -> Body:
    """One stored panel, its references resolved where they mean something."""
    panel = typed(panel, saved)
    grid = dict(panel.get("gridData") or {})
    section = grid.pop("sectionId", None)
    grid.pop("i", None)
    references = references_of(panel, saved)
    options, rest = options_of(panel, references)
    found: Body = {"type": kind_of(panel), "grid": grid} | ({} if section is None else {"section": section})
    if found["type"] == "vis" and isinstance(rest.get("attributes"), dict):
        attributes = rest.pop("attributes")
        rest.pop("references", None)
        own = attributes.get("references") or []
        ids = lookup(references)
        at_hand = [{**one, "id": ids(str(one.get("name"))) or one.get("id")} for one in own] or references
        own_options, _ = inheriting(options, attributes)
        found |= {"options": own_options, "attributes": _chart(attributes, at_hand)}
    else:
        content = content_of(panel, rest, references)
        if content is None:
            kept = {key: panel[key] for key in ("panelRefName",) if key in panel}
            found |= {"options": options, "config": None, **kept, "references": sorted(references, key=_by_name)}
        else:
            kind, config, rest = content
            if kind in ("vega", "markdown"):
                rest = {key: value for key, value in rest.items() if value not in ({}, [])}
            if kind not in CONTROLS:
                options, config = inheriting(options, config)
            found |= {"type": kind, "options": options, "config": config}
    return found | ({"left": rest} if rest else {})


def _chart(attributes: Body, references: list[Body]) -> Body:
    """A chart's attributes in one form, without the title and description that its panel shows."""
    chart = {key: value for key, value in attributes.items() if key not in ("type", "title", "description")}
    return _without_defaults(normal_attributes({**chart, "references": sorted(references, key=_by_name)}))


def _without_defaults(chart: Body) -> Body:
    """Without what Kibana's API writes out for a chart that says nothing of it."""
    state = chart.get("state")
    seen = state.get("visualization") if isinstance(state, dict) else None
    if not isinstance(seen, dict):
        return chart
    seen = dict(seen)
    for key in ("layers", "columns"):
        if isinstance(seen.get(key), list):
            seen[key] = [_plain(one) if isinstance(one, dict) else one for one in seen[key]]
    if seen.get("xExtent") == {"mode": "dataBounds", "niceValues": False}:
        del seen["xExtent"]
    return {**chart, "state": {**(state or {}), "visualization": _plain(seen)}}


def _plain(part: Body) -> Body:
    mapping = part.get("colorMapping")
    aligned = "right" if part.get("isMetric") else "left"
    return {
        key: value
        for key, value in part.items()
        if not (key == "colorMapping" and isinstance(mapping, dict) and _says_nothing(mapping))
        and not (key == "oneClickFilter" and value is False)
        and not (key == "alignment" and "columnId" in part and value == aligned)
    }


def _says_nothing(mapping: Body) -> bool:
    """A colour mapping that assigns nothing, over the default palette."""
    special = [one.get("color") for one in mapping.get("specialAssignments") or ()]
    plain = mapping.get("paletteId", "default") == "default" and not mapping.get("assignments")
    categorical = (mapping.get("colorMode") or {}).get("type", "categorical") == "categorical"
    return plain and categorical and all(color == {"type": "loop"} for color in special)


def _library_chart(attributes: Body, body: Body) -> Body:
    chart = _without_defaults(normal_attributes(attributes, body.get("references")))
    body["references"] = sorted(chart.pop("references", []), key=_by_name)
    return chart


def _controls(body: Body, attributes: Body) -> None:
    """Controls of either generation as a list as code, by their ids; their references say the data view."""
    group = attributes.pop("controlGroupInput", None)
    stored = attributes.pop("pinned_panels", None)
    if isinstance(stored, dict) and "panels" not in stored and stored:
        attributes["pinned_panels"] = stored  # normal already
        return
    references = body.get("references") or []
    pinned = pinned_of({"controlGroupInput": group, "pinned_panels": stored}, lookup(references))
    if pinned:
        attributes["pinned_panels"] = {
            control["id"]: {**{key: control[key] for key in control if key != "id"}, "order": order}
            for order, control in enumerate(pinned)
        }
    if not isinstance(group, dict):
        group = {}
    if group.get("showApplySelections") is True and isinstance(attributes.get("optionsJSON", {}), dict):
        attributes["optionsJSON"] = {**attributes.get("optionsJSON", {}), "autoApplyFilters": False}
    left = {
        key: value
        for key, value in group.items()
        if key not in ("panelsJSON", "controlStyle", "showApplySelections") and _opened(value) != GROUP.get(key)
    }
    if left and pinned:
        attributes["controlGroupInput"] = left
    body["references"] = [one for one in references if not str(one.get("name")).endswith(CONTROL_REFERENCES)]


def _opened(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _search(attributes: Body, body: Body) -> None:
    meta = attributes.get("kibanaSavedObjectMeta")
    if not isinstance(meta, dict):
        return
    search = meta.get("searchSourceJSON")
    if isinstance(search, dict):
        if isinstance(search.get("filter"), list):
            search["filter"], used = plain_filters(search["filter"], body.get("references") or [])
            body["references"] = [one for one in body.get("references") or () if one.get("name") not in used]
        for key, empty in EMPTY_SEARCH:
            if search.get(key) in empty:
                del search[key]
    if not search or search == "{}":
        del attributes["kibanaSavedObjectMeta"]


def plain_filters(filters: list[Body], references: list[Body]) -> tuple[list[Body], set[str]]:
    """Stored filters in one form, each with the id of its data view; and the names of the references that say it."""
    ids = {str(one.get("name")): str(one.get("id")) for one in references}
    tidy, used = tidy_filters([one for one in filters if isinstance(one, dict)], ids)
    for one in tidy:
        if "index" in one["meta"]:
            one["meta"]["index"] = one["meta"]["index"].removeprefix("filter-ref-")
    return tidy, used


def _visualization(attributes: Body) -> None:
    if attributes.get("uiStateJSON") in ({}, "{}", ""):
        del attributes["uiStateJSON"]


def _by_name(reference: Body) -> list[str]:
    return [str(reference.get(key, "")) for key in ("name", "type", "id")]


def _by_id(items: list[Any], ids: list[Any]) -> Any:
    """A list as an object by id, so that a moved or missing entry is not a change of all that follow it."""
    if None in ids or len(set(ids)) != len(ids):
        return items
    return dict(sorted(zip(map(str, ids), items, strict=True)))
