"""One panel of a dashboard → what the page draws: searches by `preview`, sent here, side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import EsctlError
from ..model import Body
from ..preview import (
    Chart,
    Dashboard,
    Panel,
    Question,
    Scope,
    TimeRange,
    answered,
    panel_chart,
    side_by_side,
)
from ..preview.markdown import markdown_html
from .controls import chosen

Answer = Callable[[Question], Body]
"""What Elasticsearch says to a question."""


def scope_of(wanted: Mapping[str, Any], dashboard: Dashboard, *, but: str = "") -> Scope:
    """The page's filters, query, time range and controls (less the one `but`); raises EsctlError for another form."""
    filters, query, time = wanted.get("filters") or [], wanted.get("query"), wanted.get("time_range")
    if not isinstance(filters, list) or not all(isinstance(f, dict) for f in filters):
        raise EsctlError("filters must be a list of stored filters")
    if query is not None and not isinstance(query, dict):
        raise EsctlError("query must be {query, language}")
    span = TimeRange(str(time["from"]), str(time["to"])) if isinstance(time, dict) and time.get("from") else None
    scope = Scope(tuple(filters), (query,) if query else (), span)
    return chosen(scope, wanted.get("controls"), dashboard, but=but)


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
        case "control":
            return {"kind": "control", "scoped": False}
        case "image" | "links":
            return {"kind": "markdown", "html": markdown_html(_as_markdown(chart)), "scoped": False}
    return {**chart.as_json(), "scoped": chart.scoped}


def _as_markdown(chart: Chart) -> str:
    """Panels that are pictures or links, as the page already shows such things."""
    model = chart.model
    if chart.kind == "image":
        return f"![{model['alt']}]({model['src']})"
    places = [
        f"dashboards#/view/{one['destination']}" if one["inside"] else one["destination"] for one in model["links"]
    ]
    links = [f"[{one['label']}]({place})" for one, place in zip(model["links"], places, strict=True)]
    return (" · " if model["layout"] == "horizontal" else "\n\n").join(links)
