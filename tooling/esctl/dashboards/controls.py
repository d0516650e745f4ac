"""Controls, both ways: pinned above the panels (`pinned_panels` from 9.4 on, `controlGroupInput` before) or among the
panels (from 9.4 on)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from .form import Form
from .placement import derive_id

Body = dict[str, Any]
Reference = dict[str, str]
Lookup = Callable[[str], str | None]
"""Gives the id that a reference of this name leads to."""

OPTIONS_LIST, RANGE_SLIDER, TIME_SLIDER, ESQL = (
    "options_list_control", "range_slider_control", "time_slider_control", "esql_control",
)  # fmt: skip
OLD_TYPES = {
    OPTIONS_LIST: "optionsListControl", RANGE_SLIDER: "rangeSliderControl", TIME_SLIDER: "timeSlider",
    ESQL: "esqlControl",
}  # fmt: skip
DATA_VIEW = {OPTIONS_LIST: "optionsListDataView", RANGE_SLIDER: "rangeSliderDataView"}
"""Name of the reference to the data view, by the type of the control."""
DEFAULTS: dict[str, Body] = {
    OPTIONS_LIST: {
        "selected_options": [],
        "single_select": False,
        "exclude": False,
        "exists_selected": False,
        "search_technique": "wildcard",
        "sort": {"by": "_count", "direction": "desc"},
        "run_past_timeout": False,
        "use_global_filters": True,
        "ignore_validations": False,
    },
    RANGE_SLIDER: {"step": 1, "use_global_filters": True, "ignore_validations": False},
    TIME_SLIDER: {"start_percentage_of_time_range": 0, "end_percentage_of_time_range": 1, "is_anchored": False},
    ESQL: {"single_select": True},
}
OLD_NAMES = {
    "field_name": "fieldName", "title": "title", "selected_options": "selectedOptions",
    "single_select": "singleSelect", "exclude": "exclude", "exists_selected": "existsSelected",
    "search_technique": "searchTechnique", "sort": "sort", "run_past_timeout": "runPastTimeout",
    "use_global_filters": "useGlobalFilters", "ignore_validations": "ignoreValidations",
    "display_settings": "displaySettings", "value": "value", "step": "step",
    "start_percentage_of_time_range": "timesliceStartAsPercentageOfTimeRange",
    "end_percentage_of_time_range": "timesliceEndAsPercentageOfTimeRange", "is_anchored": "isAnchored",
    "variable_name": "variableName", "variable_type": "variableType", "control_type": "controlType",
    "esql_query": "esqlQuery", "available_options": "availableOptions",
}  # fmt: skip
OLD_DISPLAY = {
    "placeholder": "placeholder", "hide_action_bar": "hideActionBar", "hide_exclude": "hideExclude",
    "hide_exists": "hideExists", "hide_sort": "hideSort",
}  # fmt: skip
KNOWN = {*OLD_NAMES, "values_source"}
GROUP: Body = {
    "controlStyle": "oneLine",
    "chainingSystem": "HIERARCHICAL",
    "showApplySelections": False,
    "ignoreParentSettingsJSON": {
        "ignoreFilters": False,
        "ignoreQuery": False,
        "ignoreTimerange": False,
        "ignoreValidations": False,
    },
}
"""What a control group of before 9.4 says apart from its controls."""


def controls(spec: Body, form: Form) -> tuple[Body, list[Reference]]:
    """The decoded dashboard attributes that hold the pinned controls, and their references to data views."""
    pinned = spec.get("pinned_panels", [])
    if not pinned:
        return {}, []
    taken = {str(control["id"]) for control in pinned if "id" in control}
    named = [(control_id(control, taken), control) for control in pinned]
    panels, references = {}, []
    for order, (name, control) in enumerate(named):
        frame = {"order": order, "width": control.get("width", "medium"), "grow": control.get("grow", False)}
        if form.settled:
            config, found = stored_control(control["type"], control["config"], f"{name}:")
            panels[name] = frame | {"type": control["type"], "config": config}
        else:
            config, found = stored_control(control["type"], control["config"], f"controlGroup_{name}:")
            config.pop("dataViewRefName", None)
            panels[name] = frame | {"type": OLD_TYPES[control["type"]], "explicitInput": {"id": name} | _old(config)}
        references += found
    if form.settled:
        return {"pinned_panels": {"panels": panels}}, references
    group = GROUP | {
        "showApplySelections": not spec.get("options", {}).get("auto_apply_filters", True),
        "ignoreParentSettingsJSON": dict(GROUP["ignoreParentSettingsJSON"]),
        "panelsJSON": panels,
    }
    return {"controlGroupInput": group}, references


def control_id(control: Body, taken: set[str]) -> str:
    """The id given, or one made of what the control filters or sets."""
    return derive_id("control", subject(control), taken, control.get("id"))


def subject(control: Body) -> str:
    """The field or the variable that a control is about; nothing for a time slider."""
    config = control.get("config") or {}
    return str(config.get("field_name") or config.get("variable_name") or "")


def stored_control(kind: str, config: Body, prefix: str = "") -> tuple[Body, list[Reference]]:
    """A control's config as Kibana stores it from 9.4 on, and its reference to a data view."""
    stored = {**DEFAULTS[kind], **config}
    view = stored.pop("data_view_id", None)
    if stored.get("values_source") == "field":
        del stored["values_source"]  # it is what a control without the key is, and 9.4 refuses the key
    if view is None:
        return stored, []
    name = prefix + DATA_VIEW[kind]
    return stored | {"dataViewRefName": name}, [{"type": "index-pattern", "id": view, "name": name}]


def control_config(kind: str, stored: Body, view: str | None) -> Body | None:
    """A control's config as code from either stored form, defaults left out; None where it is no control's.

    `view` is the data view that its reference leads to.
    """
    names = {old: new for new, old in OLD_NAMES.items()}
    display = {old: new for new, old in OLD_DISPLAY.items()}
    config: Body = {}
    for key, value in stored.items():
        new = names.get(key, key)
        if key in ("dataViewRefName", "id") or value is None:
            continue
        if key in ("dataViewId", "data_view_id"):
            view = view or value
        elif new in KNOWN and new not in config:
            config[new] = value  # Kibana drops every other key when it reads them
    if isinstance(config.get("display_settings"), dict):
        config["display_settings"] = {display.get(key, key): value for key, value in config["display_settings"].items()}
    if config.get("values_source") == "field":
        del config["values_source"]
    defaults = DEFAULTS[kind]
    kept = {key: value for key, value in config.items() if key not in defaults or not _same(defaults[key], value)}
    if kind == RANGE_SLIDER and isinstance(kept.get("value"), list):
        kept["value"] = [str(bound) for bound in kept["value"]]
    return {"data_view_id": view, **kept} if view else kept


def pinned_of(attributes: Body, ids: Lookup) -> list[Body]:
    """The pinned controls of a dashboard's decoded attributes, in their order; `ids` looks its references up."""
    group = attributes.get("controlGroupInput") or {}
    panels = (attributes.get("pinned_panels") or {}).get("panels") or group.get("panelsJSON") or {}
    if isinstance(panels, str):
        panels = json.loads(panels)
    types = {old: new for new, old in OLD_TYPES.items()}
    found = []
    for id_, panel in sorted(panels.items(), key=lambda item: item[1].get("order", 0)):
        kind = types.get(panel.get("type", ""), panel.get("type", ""))
        if kind not in DEFAULTS:
            continue
        stored = panel.get("config") or panel.get("explicitInput") or {}
        name = stored.get("dataViewRefName", "")
        # Some old sliders were options lists once, and kept the name of the reference.
        names = [name, f"{id_}:{name}", *(f"controlGroup_{id_}:{role}" for role in DATA_VIEW.values())]
        view = next((found for found in map(ids, names) if found), None) if kind in DATA_VIEW else None
        config = control_config(kind, stored, view)
        control: Body = {"type": kind, "id": id_}
        if panel.get("width", "medium") != "medium":
            control["width"] = panel["width"]
        if panel.get("grow"):
            control["grow"] = True
        found.append(control | {"config": config or {}})
    return found


def _old(config: Body) -> Body:
    """The config under the names of before 9.4."""
    old = {OLD_NAMES[key]: value for key, value in config.items() if key in OLD_NAMES}
    if "display_settings" in config:
        old["displaySettings"] = {OLD_DISPLAY[key]: value for key, value in config["display_settings"].items()}
    return old


def _same(default: Any, value: Any) -> bool:
    return bool(default == value) and isinstance(default, bool) is isinstance(value, bool)
