"""Controls: what each offers, and what a reader's choice does to filters, time range and variables of ES|QL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from ..errors import EsctlError
from ..model import Body
from ..preview import Control, Dashboard, Question, Scope, TimeRange, control_filters, scope_query, variables_of
from ..preview.dashboard import snake
from ..preview.esql import esql_body
from ..preview.filters import instant

_OPTIONS = 100
KINDS = ("options_list_control", "range_slider_control", "time_slider_control", "esql_control")


def controls_of(dashboard: Dashboard) -> tuple[Control, ...]:
    """The pinned controls, and those that stand in the grid: their id is the panel's."""
    placed = []
    for panel in dashboard.panels:
        if panel.kind in KINDS:
            settings = {snake(key): value for key, value in panel.definition.items()}
            named: Mapping[str, str] = settings.get("references") or {}
            view = next((id_ for name, id_ in named.items() if name.endswith("DataView")), "")
            title = str(panel.title or settings.get("title") or settings.get("field_name") or panel.id)
            data_view = str(settings.get("data_view_id") or view)
            placed.append(Control(panel.id, panel.kind, title, data_view, settings))
    return (*dashboard.controls, *placed)


def control_json(control: Control, *, pinned: bool) -> Body:
    """What the page shows of a control before it is opened; `chosen` is its choice as stored."""
    settings = control.settings
    texts = settings.get("display_settings") or {}
    multi = settings.get("variable_type") == "multi_values"
    single = bool(settings.get("single_select", control.kind == "esql_control" and not multi))
    return {
        "id": control.id,
        "kind": control.kind,
        "title": control.title or str(settings.get("variable_name") or ""),
        "pinned": pinned,
        "width": settings.get("width"),
        "grow": bool(settings.get("grow")),
        "single": single,
        "exists": control.kind == "options_list_control" and not texts.get("hide_exists", settings.get("hide_exists")),
        "step": settings.get("step"),
        "placeholder": texts.get("placeholder") or settings.get("placeholder") or "Any",
        "chosen": _stored_choice(control),
    }


def _stored_choice(control: Control) -> Body | None:
    settings = control.settings
    match control.kind:
        case "options_list_control":
            values, exists = list(settings.get("selected_options") or ()), bool(settings.get("exists_selected"))
            if values or exists:
                return {"values": values, "exclude": bool(settings.get("exclude")), "exists": exists}
        case "esql_control":
            if settings.get("selected_options"):
                return {"values": list(settings["selected_options"])}
        case "range_slider_control":
            bounds = [*(settings.get("value") or ()), None, None][:2]
            if any(bound not in (None, "") for bound in bounds):
                return {"range": [_number(bound) for bound in bounds]}
        case "time_slider_control":
            start = settings.get("start_percentage_of_time_range")
            end = settings.get("end_percentage_of_time_range")
            if start is not None or end is not None:
                return {"share": [float(start or 0), float(1 if end is None else end)]}
    return None


def chosen(scope: Scope, choices: Any, dashboard: Dashboard, *, but: str = "") -> Scope:
    """The scope with what was chosen on every control (`{id: choice}`), less that of the control `but`."""
    given = choices if isinstance(choices, dict) else {}
    filters, variables, span = list(scope.filters), dict(scope.variables), scope.time_range
    for control in controls_of(dashboard):
        if control.id == but:
            continue
        # A page that says nothing of a variable gets the stored one: a query cannot be asked without.
        choice = given.get(control.id) or (_stored_choice(control) if control.kind == "esql_control" else None)
        if not isinstance(choice, dict):
            continue
        made = _with_choice(control, choice)
        filters += control_filters(made)
        variables |= dict(variables_of((made,)))
        if control.kind == "time_slider_control" and span:
            span = _slice(span, choice)
    return replace(scope, filters=tuple(filters), variables=variables, time_range=span)


def _with_choice(control: Control, choice: Body) -> Control:
    settings = dict(control.settings)
    for name in ("selected_options", "exclude", "exists_selected", "value"):
        settings.pop(name, None)
    if isinstance(choice.get("values"), list):
        settings["selected_options"] = choice["values"]
    if isinstance(choice.get("range"), list):
        settings["value"] = choice["range"]
    settings["exclude"], settings["exists_selected"] = bool(choice.get("exclude")), bool(choice.get("exists"))
    return replace(control, settings=settings)


def _slice(span: TimeRange, choice: Body) -> TimeRange:
    """The part of a time range between two shares of it, 0 to 1."""
    bounds = _bounds(span)
    try:
        low, high = (min(1.0, max(0.0, float(share))) for share in choice["share"])
    except (KeyError, TypeError, ValueError):
        raise EsctlError("a time slider's choice is two shares of the time range") from None
    if bounds is None:
        return span
    start, width = bounds[0], bounds[1] - bounds[0]
    return TimeRange(_iso(start + low * width), _iso(start + high * width))


def _bounds(span: TimeRange) -> tuple[float, float] | None:
    """Both ends in milliseconds since 1970; None for date math that only a server reads."""
    now = datetime.now(UTC)
    start, end = instant(span.start, now), instant(span.end, now)
    return (start.timestamp() * 1000, end.timestamp() * 1000) if start and end else None


def _iso(milliseconds: float) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def control_offer(control: Control, dashboard: Dashboard, scope: Scope, answer: Callable[[Question], Any]) -> Body:
    """What a control can be set to: `{options: [{value, text, count}], more, field}` or `{min, max}`.

    The control's own filter must not be in `scope`: else only the chosen values would be left. Raises EsctlError.
    """
    match control.kind:
        case "options_list_control":
            return _values(control, dashboard, scope, answer)
        case "range_slider_control":
            field, body, title = _asked(control, dashboard, scope)
            body["aggs"] = {"low": {"min": {"field": field}}, "high": {"max": {"field": field}}}
            found = answer(Question("search", title, body)).get("aggregations") or {}
            return {"min": found["low"]["value"], "max": found["high"]["value"], "field": field}
        case "time_slider_control":
            bounds = _bounds(scope.time_range) if scope.time_range else None
            if bounds is None:
                raise EsctlError("choose a time range first: the slider narrows it down")
            return {"min": bounds[0], "max": bounds[1]}
        case "esql_control":
            return _variables(control, scope, answer)
    raise EsctlError(f"cannot draw {control.kind.replace('_', ' ')} yet")


def _values(control: Control, dashboard: Dashboard, scope: Scope, answer: Callable[[Question], Any]) -> Body:
    field, body, title = _asked(control, dashboard, scope)
    sort = control.settings.get("sort") or {}
    order = {str(sort.get("by") or "_count"): str(sort.get("direction") or "desc")}
    body["aggs"] = {"options": {"terms": {"field": field, "size": _OPTIONS, "order": order}}}
    found = (answer(Question("search", title, body)).get("aggregations") or {})["options"]
    options = [{"value": _key(b), "text": str(_key(b)), "count": b["doc_count"]} for b in found["buckets"]]
    return {"options": options, "more": int(found.get("sum_other_doc_count") or 0), "field": field}


def _asked(control: Control, dashboard: Dashboard, scope: Scope) -> tuple[str, Body, str]:
    """Field, search body and index pattern of a control that reads a data view."""
    view = dashboard.data_views.get(control.data_view)
    if view is None:
        raise EsctlError(f'data view "{control.data_view}" does not exist')
    settings = control.settings
    if settings.get("use_global_filters") is False:
        scope = scope.without_globals()
    body = {"size": 0, "query": scope_query(scope, time_field=view.time_field)}
    return str(settings.get("field_name") or ""), body, view.title


def _variables(control: Control, scope: Scope, answer: Callable[[Question], Any]) -> Body:
    """The values that a variable may have: those listed, or the first column of a query."""
    settings = control.settings
    values = list(settings.get("available_options") or ())
    query = settings.get("esql_query")
    if query and str(settings.get("control_type", "")).upper() == "VALUES_FROM_QUERY":
        found = answer(esql_body(str(query), scope, None))
        values = [row[0] for row in found.get("values") or () if row]
    return {"options": [{"value": v, "text": str(v), "count": None} for v in values], "more": 0, "field": None}


def _key(bucket: Body) -> Any:
    text = bucket.get("key_as_string")
    return text == "true" if text in ("true", "false") else bucket["key"]


def _number(value: Any) -> Any:
    try:
        return None if value in (None, "") else float(value)
    except (TypeError, ValueError):
        return None
