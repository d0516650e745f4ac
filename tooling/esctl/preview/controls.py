"""Pinned controls: the filter that each one's choice puts on the dashboard, and the variables of ES|QL controls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from ..model import Body
from .dashboard import Control, Dashboard
from .filters import Scope, exists_filter, phrases_filter, range_filter


def dashboard_scope(dashboard: Dashboard) -> Scope:
    """What applies to every panel as the dashboard is stored: filters, query, time range, what its controls choose."""
    chosen = tuple(f for control in dashboard.controls for f in control_filters(control))
    query = (dashboard.query,) if dashboard.query and dashboard.query.get("query") else ()
    variables = dict(variables_of(dashboard.controls))
    return Scope(tuple(dashboard.filters) + chosen, query, dashboard.time_range, variables)


def control_filters(control: Control) -> Iterator[Body]:
    """None where nothing is chosen."""
    settings, field = control.settings, str(control.settings.get("field_name") or "")
    negate = bool(settings.get("exclude"))
    if control.kind == "options_list_control" and settings.get("exists_selected"):
        yield _controlled(exists_filter(field, index=control.data_view, negate=negate), control)
    elif control.kind == "options_list_control" and settings.get("selected_options"):
        yield control_filter(control, list(settings["selected_options"]), exclude=negate)
    elif control.kind == "range_slider_control" and any(v not in (None, "") for v in settings.get("value") or ()):
        low, high = (_number(v) for v in (*settings["value"], None)[:2])
        yield _controlled(range_filter(field, {"gte": low, "lte": high}, index=control.data_view), control)


def control_filter(control: Control, values: list[Any], *, exclude: bool = False) -> Body:
    """The filter that a control with these values chosen adds to the dashboard."""
    made = phrases_filter(str(control.settings.get("field_name") or ""), values, index=control.data_view)
    made["meta"]["negate"] = exclude
    return _controlled(made, control)


def variables_of(controls: Iterable[Control]) -> Iterator[tuple[str, Any]]:
    """Names and values of ES|QL controls: what stands for `?name` in a query."""
    for control in controls:
        if control.kind == "esql_control" and control.settings.get("variable_name"):
            chosen = list(control.settings.get("selected_options") or ())
            if chosen:
                single = control.settings.get("variable_type") != "multi_values"
                yield str(control.settings["variable_name"]), chosen[0] if single else chosen


def without(scope: Scope, control: Control) -> Scope:
    """The scope less the control's own filter: else only the chosen values would be offered."""
    kept = tuple(f for f in scope.filters if (f.get("meta") or {}).get("controlledBy") != control.id)
    return replace(scope, filters=kept)


def _controlled(made: Body, control: Control) -> Body:
    made["meta"]["controlledBy"] = control.id
    return made


def _number(value: Any) -> Any:
    try:
        return None if value in (None, "") else float(value)
    except (TypeError, ValueError):
        return value
