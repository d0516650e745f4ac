"""Drilldowns of a panel: a list of their own from Kibana 9.4 on, `enhancements` before; both ways."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .form import Form

Body = dict[str, Any]
Reference = dict[str, str]
Lookup = Callable[[str], str | None]
"""Gives the id that a reference of this name leads to."""

FACTORIES = {
    "dashboard_drilldown": "DASHBOARD_TO_DASHBOARD_DRILLDOWN",
    "discover_drilldown": "OPEN_IN_DISCOVER_DRILLDOWN",
    "url_drilldown": "URL_DRILLDOWN",
}
TRIGGERS = {
    "on_apply_filter": "FILTER_TRIGGER", "on_click_row": "ROW_CLICK_TRIGGER", "on_click_value": "VALUE_CLICK_TRIGGER",
    "on_select_range": "SELECT_RANGE_TRIGGER", "on_open_panel_menu": "CONTEXT_MENU_TRIGGER",
    "on_click_image": "IMAGE_CLICK_TRIGGER",
}  # fmt: skip
"""Names of triggers before 9.4."""
CONFIG = {
    "dashboard_drilldown": {
        "open_in_new_tab": ("openInNewTab", False),
        "use_time_range": ("useCurrentDateRange", True),
        "use_filters": ("useCurrentFilters", True),
    },
    "discover_drilldown": {"open_in_new_tab": ("openInNewTab", True)},
    "url_drilldown": {"encode_url": ("encodeUrl", True), "open_in_new_tab": ("openInNewTab", True)},
}
"""Options of each type: the name before 9.4, and the default that the API documents."""
MISSING_OLD = {"discover_drilldown": {"openInNewTab": False}}
"""What Kibana reads for an option that an old drilldown lacks, where that is not the API's default."""


def stored_drilldowns(drilldowns: list[Body], form: Form) -> tuple[Body, list[Reference]]:
    """The keys of `embeddableConfig` that hold the drilldowns, and their references to dashboards."""
    references: list[Reference] = []
    stored = []
    for position, drilldown in enumerate(drilldowns):
        kind = drilldown["type"]
        options = {key: drilldown.get(key, default) for key, (_, default) in CONFIG[kind].items()}
        name = f"drilldown:{FACTORIES[kind]}:drilldown-{position}:dashboardId"
        if kind == "dashboard_drilldown":
            references.append({"type": "dashboard", "id": drilldown["dashboard_id"], "name": name})
        if form.settled:
            one = {"type": kind, "label": drilldown["label"], "trigger": drilldown["trigger"], **options}
            one |= {"dashboardRefName": name} if kind == "dashboard_drilldown" else {}
            one |= {"url": drilldown["url"]} if kind == "url_drilldown" else {}
        else:
            config = {CONFIG[kind][key][0]: value for key, value in options.items()}
            if kind == "url_drilldown":
                config["url"] = {"template": drilldown["url"]}
            action = {"factoryId": FACTORIES[kind], "name": drilldown["label"], "config": config}
            one = {"eventId": f"drilldown-{position}", "triggers": [TRIGGERS[drilldown["trigger"]]], "action": action}
        stored.append(one)
    if form.settled:
        return {"drilldowns": stored}, references
    return {"enhancements": {"dynamicActions": {"events": stored}}}, references


def drilldowns_of(config: Body, ids: Lookup) -> list[Body] | None:
    """The drilldowns that the keys of an `embeddableConfig` hold, in either form; None where one has no form as code.

    `ids` is asked for the reference of each dashboard. Options are written out.
    """
    found: list[Body] = []
    enhancements = config.get("enhancements")
    if enhancements:
        events = (enhancements.get("dynamicActions") or {}).get("events") if isinstance(enhancements, dict) else None
        if set(enhancements) != {"dynamicActions"} or not isinstance(events, list):
            return None
        for event in events:
            one = _of_event(event, ids)
            if one is None:
                return None
            found.append(one)
    for stored in config.get("drilldowns") or ():
        one = _of_settled(stored, ids)
        if one is None:
            return None
        found.append(one)
    return found


def _of_event(event: Body, ids: Lookup) -> Body | None:
    action, triggers = event.get("action") or {}, event.get("triggers") or []
    kind = next((kind for kind, factory in FACTORIES.items() if factory == action.get("factoryId")), None)
    names = {old: new for new, old in TRIGGERS.items()}
    config = dict(action.get("config") or {})
    if kind is None or len(triggers) != 1 or set(action) - {"factoryId", "name", "config"}:
        return None
    trigger = names.get(triggers[0], triggers[0])
    if kind != "url_drilldown" and trigger in ("on_click_value", "on_select_range"):
        trigger = "on_apply_filter"
    one: Body = {"type": kind, "label": action.get("name", ""), "trigger": trigger}
    if kind == "dashboard_drilldown":
        name = f"drilldown:{FACTORIES[kind]}:{event.get('eventId')}:dashboardId"
        target = ids(name) or config.pop("dashboardId", None)
        config.pop("dashboardId", None)
        if not target:
            return None
        one["dashboard_id"] = target
    if kind == "url_drilldown":
        url = config.pop("url", {})
        one["url"] = url.get("template", "") if isinstance(url, dict) else str(url)
    for key, (old, default) in CONFIG[kind].items():
        value = config.pop(old, MISSING_OLD.get(kind, {}).get(old, default))
        one[key] = value
    return None if config or trigger not in TRIGGERS else one


def _of_settled(stored: Body, ids: Lookup) -> Body | None:
    kind = stored.get("type")
    if kind not in FACTORIES:
        return None
    one = {**{key: default for key, (_, default) in CONFIG[kind].items()}, **stored}
    if kind == "dashboard_drilldown":
        target = ids(one.pop("dashboardRefName", "")) or one.get("dashboard_id")
        if not target:
            return None
        one["dashboard_id"] = target
    if kind == "dashboard_drilldown" and one.get("trigger") in ("on_click_value", "on_select_range"):
        one["trigger"] = "on_apply_filter"
    known = {"type", "label", "trigger", "url", "dashboard_id", *CONFIG[kind]}
    return None if set(one) - known else one


def written_drilldowns(drilldowns: list[Body]) -> list[Body]:
    """The same without the options that say their default."""
    return [
        {
            key: value
            for key, value in one.items()
            if key not in CONFIG[one["type"]] or value is not CONFIG[one["type"]][key][1]
        }
        for one in drilldowns
    ]
