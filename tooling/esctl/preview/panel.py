"""One panel → what is drawn of it: the searches it needs, and the chart made of their answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..model import Body
from .annotations import annotation_questions, annotation_tables
from .asking import Asking, Question
from .charts import Chart, lens_chart, undrawn
from .dashboard import Dashboard, Panel
from .esql import esql_question, esql_table
from .filters import Scope
from .lens import DataView, Lens, NotDrawn, read_lens
from .other_panels import OTHERS
from .rows import Table, lens_rows
from .search import bounds_requests, lens_requests, other_requests, read_bounds
from .vega import vega_filled, vega_ready


def panel_chart(panel: Panel, dashboard: Dashboard, scope: Scope) -> Asking[Chart]:
    """Raises EsctlError for what should be drawn and cannot be; what is not drawn at all comes back as `undrawn`."""
    if panel.time_range:
        scope = replace(scope, time_range=panel.time_range)
    match panel.kind:
        case "lens":
            return (yield from lens_panel(panel.definition, dashboard.data_views, scope))
        case "vega":
            return (yield from _vega(panel, scope))
        case "markdown":
            return Chart(
                "markdown", {"content": panel.definition["content"]}, summary=panel.definition["content"], scoped=False
            )
    other = OTHERS.get(panel.kind)
    if other:
        return (yield from other(panel, dashboard, scope))
    return replace(undrawn(f"cannot draw {panel.kind} panels yet", panel.definition), scoped=False)


def lens_panel(definition: Body, data_views: Mapping[str, DataView], scope: Scope) -> Asking[Chart]:
    """A chart from lens attributes, whose `references` name data views by id."""
    try:
        lens = read_lens(definition, data_views=data_views)
        tables = yield from lens_tables(lens, scope)
    except NotDrawn as error:
        return replace(undrawn(str(error), definition.get("state") or {}), scoped=False)
    chart = lens_chart(lens, tables)
    return replace(chart, scoped=any(not layer.ignore_global_filters for layer in lens.layers.values()))


def lens_tables(lens: Lens, scope: Scope) -> Asking[dict[str, Table]]:
    """The rows of every layer: bounds of histograms first, then the searches, then what "Other" stands for."""
    first = bounds_requests(lens, scope)
    found: tuple[Body, ...] = ()
    if first:
        found = yield tuple(Question("search", s.index, s.body) for s in first)
    bounds = {s.layer: read_bounds(s, answer) for s, answer in zip(first, found, strict=True)}
    searches = lens_requests(lens, scope, bounds=bounds)
    esql = [layer for layer in lens.layers.values() if layer.esql]
    questions = [Question("search", s.index, s.body) for s in searches]
    questions += [esql_question(lens, layer, scope) for layer in esql]
    events = annotation_questions(lens, scope)
    questions += [question for _, _, question in events]
    answers: tuple[Body, ...] = ()
    if questions:
        answers = yield tuple(questions)
    by_key = {s.key: a for s, a in zip(searches, answers, strict=False)}
    rests = other_requests(lens, searches, by_key)
    if rests:
        found = yield tuple(Question("search", r.search.index, r.body) for r in rests)
    others = {r.search.key: (r, a) for r, a in zip(rests, found, strict=False)} if rests else {}
    tables = lens_rows(lens, searches, by_key, others=others, time_range=scope.time_range)
    for layer, answer in zip(esql, answers[len(searches) :], strict=False):
        tables[layer.id] = esql_table(layer, answer)
    happened = answers[len(searches) + len(esql) :]
    found_events = {(layer_id, i): answer for (layer_id, i, _), answer in zip(events, happened, strict=True)}
    return {**tables, **annotation_tables(lens, found_events)}


def _vega(panel: Panel, scope: Scope) -> Asking[Chart]:
    try:
        ready = vega_ready(panel.definition["spec"], scope)
    except NotDrawn as error:
        return undrawn(str(error), panel.definition)
    answers: tuple[Body, ...] = ()
    if ready.searches:
        answers = yield tuple(search.question for search in ready.searches)
    spec = vega_filled(ready, {s.path: a for s, a in zip(ready.searches, answers, strict=True)})
    return Chart("vega", {"mode": ready.mode, "resize": ready.resize}, spec, summary=_described(spec))


def _described(spec: Body) -> str:
    text = spec.get("description")
    return text if isinstance(text, str) else ""
