"""Controls in the bar above the panels: `pinned_panels` from Kibana 9.4 on, `controlGroupInput` before."""

from __future__ import annotations

import json
from typing import Any

from .form import Form
from .placement import derive_id

OPTIONS_LIST = "options_list_control"
OLD_TYPES = {OPTIONS_LIST: "optionsListControl"}
DEFAULTS: dict[str, Any] = {
    "selected_options": [],
    "single_select": False,
    "exclude": False,
    "exists_selected": False,
    "search_technique": "wildcard",
    "sort": {"by": "_count", "direction": "desc"},
    "run_past_timeout": False,
    "use_global_filters": True,
    "ignore_validations": False,
}
OLD_NAMES = {
    "field_name": "fieldName", "title": "title", "selected_options": "selectedOptions",
    "single_select": "singleSelect", "exclude": "exclude", "exists_selected": "existsSelected",
    "search_technique": "searchTechnique", "sort": "sort", "run_past_timeout": "runPastTimeout",
    "use_global_filters": "useGlobalFilters", "ignore_validations": "ignoreValidations",
    "display_settings": "displaySettings",
}  # fmt: skip
OLD_DISPLAY = {
    "placeholder": "placeholder", "hide_action_bar": "hideActionBar", "hide_exclude": "hideExclude",
    "hide_exists": "hideExists", "hide_sort": "hideSort",
}  # fmt: skip

Reference = dict[str, str]


def controls(spec: dict[str, Any], form: Form) -> tuple[dict[str, Any], list[Reference]]:
    """The dashboard attributes that hold the controls, and their references to data views."""
    pinned = spec.get("pinned_panels", [])
    if not pinned:
        return {}, []
    taken = {str(control["id"]) for control in pinned if "id" in control}
    named = [(control_id(control, taken), control) for control in pinned]
    if form.settled:
        panels, references = {}, []
        for order, (name, control) in enumerate(named):
            reference = f"{name}:optionsListDataView"
            config = {**DEFAULTS, **_without_view(control["config"]), "dataViewRefName": reference}
            panels[name] = _frame(control, order) | {"type": control["type"], "config": config}
            references.append(_view(control, reference))
        return {"pinned_panels": {"panels": panels}}, references
    return _control_group(named, spec)


def _control_group(
    named: list[tuple[str, dict[str, Any]]], spec: dict[str, Any]
) -> tuple[dict[str, Any], list[Reference]]:
    panels, references = {}, []
    for order, (name, control) in enumerate(named):
        config = {**DEFAULTS, **_without_view(control["config"])}
        explicit = {"id": name} | {OLD_NAMES[key]: value for key, value in config.items() if key in OLD_NAMES}
        if "display_settings" in config:
            explicit["displaySettings"] = {OLD_DISPLAY[key]: value for key, value in config["display_settings"].items()}
        panels[name] = _frame(control, order) | {"type": OLD_TYPES[control["type"]], "explicitInput": explicit}
        references.append(_view(control, f"controlGroup_{name}:optionsListDataView"))
    ignore = {"ignoreFilters": False, "ignoreQuery": False, "ignoreTimerange": False, "ignoreValidations": False}
    group = {
        "controlStyle": "oneLine",
        "chainingSystem": "HIERARCHICAL",
        "showApplySelections": not spec.get("options", {}).get("auto_apply_filters", True),
        "ignoreParentSettingsJSON": json.dumps(ignore, separators=(",", ":")),
        "panelsJSON": json.dumps(panels, separators=(",", ":"), ensure_ascii=False),
    }
    return {"controlGroupInput": group}, references


def control_id(control: dict[str, Any], taken: set[str]) -> str:
    """The id given, or one made of the field that the control filters."""
    return derive_id("control", str(control["config"].get("field_name", "")), taken, control.get("id"))


def _frame(control: dict[str, Any], order: int) -> dict[str, Any]:
    return {"order": order, "width": control.get("width", "medium"), "grow": control.get("grow", False)}


def _without_view(config: dict[str, Any]) -> dict[str, Any]:
    # "field" is what a control without the key is, and 9.4 refuses the key.
    return {key: value for key, value in config.items() if key not in ("data_view_id", "values_source")}


def _view(control: dict[str, Any], name: str) -> Reference:
    return {"type": "index-pattern", "id": control["config"]["data_view_id"], "name": name}
