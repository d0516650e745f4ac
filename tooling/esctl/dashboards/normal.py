"""One form for a dashboard or visualization as esctl writes it and as Kibana gives it back: what only one of the two
says by default is taken out, old names become new ones, panels stand under their ids."""

from __future__ import annotations

import copy
from typing import Any

from .convert import OPTIONS

TYPES = {
    "vis": "lens", "legacy_vis": "visualization", "DASHBOARD_MARKDOWN": "markdown",
    "optionsListControl": "options_list_control", "rangeSliderControl": "range_slider_control",
    "timeSlider": "time_slider_control", "esqlControl": "esql_control",
}  # fmt: skip
"""Names of panel types that later or earlier Kibanas use for the same panel."""
PANEL_OPTIONS = {"hidePanelTitles": "hide_title", "hideBorder": "hide_border", "timeRange": "time_range"}
EMPTY_SEARCH = {"query": {"query": "", "language": "kuery"}, "filter": []}
WITHOUT_MEANING = ("version", "hits")
"""Attributes that Kibana wrote once and does not read."""


def normal_form(decoded: dict[str, Any]) -> dict[str, Any]:
    """The comparable form of a decoded saved object; idempotent; panels and sections become objects by their ids."""
    body = copy.deepcopy(decoded)
    attributes = body.get("attributes", {})
    for key in WITHOUT_MEANING:
        attributes.pop(key, None)
    if attributes.get("description") == "":
        del attributes["description"]
    _search(attributes)
    if body.get("type") == "visualization":
        _visualization(attributes)
    if body.get("type") != "dashboard":
        return body
    if attributes.get("timeRestore") is False:
        del attributes["timeRestore"]
    options = attributes.get("optionsJSON")
    if isinstance(options, dict):
        defaults = dict(OPTIONS.values())
        kept = {key: value for key, value in options.items() if key not in defaults or value != defaults[key]}
        attributes["optionsJSON"] = kept
        if not kept:
            del attributes["optionsJSON"]
    attributes["panelsJSON"] = _by_id(attributes.get("panelsJSON", []), lambda panel: panel.get("panelIndex"))
    for panel in _values(attributes["panelsJSON"]):
        _panel(panel)
    if "sections" in attributes:
        attributes["sections"] = _by_id(attributes["sections"], lambda section: section.get("gridData", {}).get("i"))
        for section in _values(attributes["sections"]):
            section.setdefault("collapsed", False)
    if not attributes.get("sections", True):
        del attributes["sections"]
    for key in ("pinned_panels", "controlGroupInput"):
        if key in attributes and _no_controls(attributes[key]):
            del attributes[key]
    return body


def _search(attributes: dict[str, Any]) -> None:
    meta = attributes.get("kibanaSavedObjectMeta")
    if not isinstance(meta, dict):
        return
    search = meta.get("searchSourceJSON")
    if isinstance(search, dict):
        for key, empty in EMPTY_SEARCH.items():
            if search.get(key) == empty:
                del search[key]
    if not search or search == "{}":
        del attributes["kibanaSavedObjectMeta"]


def _visualization(attributes: dict[str, Any]) -> None:
    if attributes.get("uiStateJSON") in ({}, "{}", ""):
        del attributes["uiStateJSON"]


def _panel(panel: dict[str, Any]) -> None:
    panel.pop("version", None)
    panel["type"] = TYPES.get(panel.get("type", ""), panel.get("type"))
    config = panel.setdefault("embeddableConfig", {})
    for old, new in PANEL_OPTIONS.items():
        if old in config:
            config[new] = config.pop(old)
    for key in ("hide_title", "hide_border"):
        if config.get(key) is False:
            del config[key]
    if config.get("enhancements") in ({}, {"dynamicActions": {"events": []}}):
        del config["enhancements"]
    if isinstance(config.get("attributes"), dict):
        config["attributes"].pop("type", None)


def _no_controls(group: Any) -> bool:
    panels = group.get("panels", group.get("panelsJSON")) if isinstance(group, dict) else None
    return not panels or panels == "{}"


def _by_id(items: Any, identity: Any) -> Any:
    """A list as an object by id, so that a moved or missing entry is not a change of all that follow it."""
    if not isinstance(items, list):
        return items
    ids = [identity(item) if isinstance(item, dict) else None for item in items]
    if None in ids or len(set(ids)) != len(ids):
        return items
    return dict(sorted(zip(map(str, ids), items, strict=True)))


def _values(items: Any) -> list[Any]:
    return list(items.values()) if isinstance(items, dict) else [item for item in items if isinstance(item, dict)]
