"""One panel or control of a dashboard → what the page draws: searches by `preview`, sent here, side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ..errors import EsctlError
from ..model import Body
from ..preview import (
    Control,
    Dashboard,
    Panel,
    Scope,
    TimeRange,
    bounds_requests,
    lens_chart,
    lens_requests,
    lens_rows,
    phrases_filter,
    read_bounds,
    read_lens,
    scope_query,
    undrawn,
    vega_filled,
    vega_ready,
)
from .markdown import markdown_html

Search = Callable[[str, Body], Body]
"""Index pattern and body → Elasticsearch's answer."""
_OPTIONS = 100


def scope_of(wanted: Mapping[str, Any]) -> Scope:
    """The page's filters, query and time range; raises EsctlError for another form."""
    filters, query, time = wanted.get("filters") or [], wanted.get("query"), wanted.get("time_range")
    if not isinstance(filters, list) or not all(isinstance(f, dict) for f in filters):
        raise EsctlError("filters must be a list of stored filters")
    if query is not None and not isinstance(query, dict):
        raise EsctlError("query must be {query, language}")
    span = TimeRange(str(time["from"]), str(time["to"])) if isinstance(time, dict) and time.get("from") else None
    return Scope(tuple(filters), (query,) if query else (), span)


def panel_chart(panel: Panel, dashboard: Dashboard, scope: Scope, search: Search) -> Body:
    """The panel as JSON for the page. Raises EsctlError (ServerError included): the panel's one line."""
    if panel.time_range:
        scope = Scope(scope.filters, scope.queries, panel.time_range)
    match panel.kind:
        case "lens":
            return _lens(panel, dashboard, scope, search)
        case "vega":
            return _vega(panel, scope, search)
        case "markdown":
            return {"kind": "markdown", "html": markdown_html(panel.definition["content"]), "scoped": False}
    return {**undrawn(f"cannot draw {panel.kind} panels yet", panel.definition).as_json(), "scoped": False}


def _lens(panel: Panel, dashboard: Dashboard, scope: Scope, search: Search) -> Body:
    try:
        lens = read_lens(panel.definition, data_views=dashboard.data_views)
        first = bounds_requests(lens, scope)
        bounds = {s.layer: read_bounds(s, search(s.index, s.body)) for s in first}
        searches = lens_requests(lens, scope, bounds=bounds)
    except EsctlError as error:
        if "drawn yet" not in str(error):
            raise
        return {**undrawn(str(error), panel.definition.get("state") or {}).as_json(), "scoped": False}
    answers = _side_by_side([(s.index, s.body) for s in searches], search)
    tables = lens_rows(lens, searches, {s.layer: a for s, a in zip(searches, answers, strict=True)})
    scoped = any(not layer.ignore_global_filters for layer in lens.layers.values())
    return {**lens_chart(lens, tables).as_json(), "scoped": scoped}


def _vega(panel: Panel, scope: Scope, search: Search) -> Body:
    ready = vega_ready(panel.definition["spec"], scope)
    answers = _side_by_side([(s.index, s.body) for s in ready.searches], search)
    spec = vega_filled(ready, {s.path: a for s, a in zip(ready.searches, answers, strict=True)})
    return {"kind": ready.mode, "spec": spec, "resize": ready.resize, "own": True, "scoped": True}


def _side_by_side(wanted: list[tuple[str, Body]], search: Search) -> list[Body]:
    if len(wanted) < 2:
        return [search(index, body) for index, body in wanted]
    with ThreadPoolExecutor(max_workers=len(wanted)) as pool:
        return list(pool.map(lambda pair: search(*pair), wanted))


def control_options(control: Control, dashboard: Dashboard, scope: Scope, search: Search) -> Body:
    """The values of an options list with their counts: `{options: [{value, text, count}], more, field}`.

    The control's own filter must not be in `scope` (else only the chosen values would be left).
    """
    if control.kind != "options_list_control":
        raise EsctlError(f"cannot draw {control.kind.replace('_', ' ')} yet")
    view = dashboard.data_views.get(control.data_view)
    if view is None:
        raise EsctlError(f'data view "{control.data_view}" does not exist')
    settings, field = control.settings, str(control.settings.get("field_name") or "")
    if settings.get("use_global_filters") is False:
        scope = scope.without_globals()
    sort = settings.get("sort") or {}
    order = {str(sort.get("by") or "_count"): str(sort.get("direction") or "desc")}
    body = {
        "size": 0,
        "query": scope_query(scope, time_field=view.time_field),
        "aggs": {"options": {"terms": {"field": field, "size": _OPTIONS, "order": order}}},
    }
    found = (search(view.title, body).get("aggregations") or {})["options"]
    options = [{"value": _key(b), "text": str(_key(b)), "count": b["doc_count"]} for b in found["buckets"]]
    return {"options": options, "more": int(found.get("sum_other_doc_count") or 0), "field": field}


def _key(bucket: Body) -> Any:
    text = bucket.get("key_as_string")
    return text == "true" if text in ("true", "false") else bucket["key"]


def control_filter(control: Control, values: list[Any], *, exclude: bool = False) -> Body:
    """The filter that a control with these values chosen adds to the dashboard."""
    field = str(control.settings.get("field_name") or "")
    made = phrases_filter(field, values, index=control.data_view)
    made["meta"] |= {"controlledBy": control.id, "negate": exclude}
    return made
