"""One panel or control of a dashboard → what the page draws: searches by `preview`, sent here, side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import EsctlError
from ..model import Body
from ..preview import (
    Chart,
    Control,
    Dashboard,
    Panel,
    Question,
    Scope,
    TimeRange,
    answered,
    panel_chart,
    scope_query,
    side_by_side,
)
from ..preview.markdown import markdown_html

Answer = Callable[[Question], Body]
"""What Elasticsearch says to a question."""
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


def panel_json(panel: Panel, dashboard: Dashboard, scope: Scope, answer: Answer) -> Body:
    """The panel as JSON for the page. Raises EsctlError: the panel's one line."""
    if panel.problem:
        raise EsctlError(panel.problem)
    chart = answered(panel_chart(panel, dashboard, scope), side_by_side(answer))
    match chart.kind:
        case "vega":
            more = {"kind": chart.model["mode"], "resize": chart.model["resize"], "own": True}
            return {"spec": chart.spec, "scoped": chart.scoped, **more}
        case "markdown":
            return {"kind": "markdown", "html": markdown_html(chart.model["content"]), "scoped": False}
        case "image" | "links" | "control":
            return {"kind": "markdown", "html": markdown_html(_as_markdown(chart)), "scoped": False}
    return {**chart.as_json(), "scoped": chart.scoped}


def _as_markdown(chart: Chart) -> str:
    """Panels that are pictures or links, as the page already shows such things."""
    model = chart.model
    if chart.kind == "image":
        return f"![{model['alt']}]({model['src']})"
    if chart.kind == "control":
        return f"**{chart.summary}**"
    places = [
        f"dashboards#/view/{one['destination']}" if one["inside"] else one["destination"] for one in model["links"]
    ]
    links = [f"[{one['label']}]({place})" for one, place in zip(model["links"], places, strict=True)]
    return (" · " if model["layout"] == "horizontal" else "\n\n").join(links)


def control_options(control: Control, dashboard: Dashboard, scope: Scope, answer: Answer) -> Body:
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
    found = (answer(Question("search", view.title, body)).get("aggregations") or {})["options"]
    options = [{"value": _key(b), "text": str(_key(b)), "count": b["doc_count"]} for b in found["buckets"]]
    return {"options": options, "more": int(found.get("sum_other_doc_count") or 0), "field": field}


def _key(bucket: Body) -> Any:
    text = bucket.get("key_as_string")
    return text == "true" if text in ("true", "false") else bucket["key"]
