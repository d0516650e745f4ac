"""Lens → `_search` bodies: one per layer, one more for each time shift, and one for what "Other" stands for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..errors import EsctlError
from ..model import Body
from .buckets import Bounds, Context, bucket_aggregation, bucket_rows, click_filters, needs_bounds
from .filters import Scope, TimeRange, filter_clause, scope_query
from .lens import RECORDS, Column, DataView, Layer, Lens
from .operations import COMPUTED, Reach, metric_aggregation, metric_order
from .shifts import shifted_range


@dataclass(frozen=True)
class Search:
    """One search: the layer's id, the index pattern, the body, and the name of each column's aggregation.

    `shift`: how far back its documents lie.
    """

    layer: str
    index: str
    body: Body
    names: Mapping[str, str]
    shift: str = ""
    asked: frozenset[str] = frozenset()
    """The metric columns among them."""

    @property
    def key(self) -> str:
        """What its answer is handed over by."""
        return f"{self.layer}@{self.shift}" if self.shift else self.layer


@dataclass(frozen=True)
class Rest:
    """What one "Other" stands for: keys of the buckets around it, and the column whose rest it is."""

    path: tuple[str, ...]
    column: str
    depth: int


@dataclass(frozen=True)
class OtherSearch:
    """The documents behind every "Other" of a search; `rests` by the name of their filter."""

    search: Search
    body: Body
    rests: Mapping[str, Rest]


def lens_requests(lens: Lens, scope: Scope, *, bounds: Mapping[str, Bounds] | None = None) -> tuple[Search, ...]:
    """The searches of a chart, for each layer that has columns to ask for.

    `bounds` by layer: the answers to `bounds_requests`. Raises EsctlError for what cannot be asked.
    """
    searches = []
    for layer in lens.layers.values():
        if layer.esql or all(c.operation == "static_value" for c in layer.columns.values()):
            continue
        shifts = dict.fromkeys(c.shift for c in layer.metrics if c.operation not in COMPUTED and c.shift)
        for shift in ("", *shifts):
            here = scope
            if shift:
                if not scope.time_range or not data_view(lens, layer).time_field:
                    continue  # without a time range nothing is shifted: as Kibana
                here = replace(scope, time_range=shifted_range(scope.time_range, shift))
            searches.append(_search(lens, layer, here, (bounds or {}).get(layer.id, {}), shift, scope.time_range))
    return tuple(searches)


def bounds_requests(lens: Lens, scope: Scope) -> tuple[Search, ...]:
    """The searches that have to come first: smallest and largest value for histograms with an automatic interval."""
    searches = []
    for layer in lens.layers.values():
        wanted = [c for c in layer.buckets if needs_bounds(c, scope.time_range)]
        if wanted:
            names = column_names(layer)
            aggs: Body = {}
            for c in wanted:
                if c.operation == "date_histogram":  # the sum of dates means nothing, and may be no date
                    aggs |= {f"{names[c.id]}-{end}": {end: {"field": c.field}} for end in ("min", "max")}
                else:
                    aggs[names[c.id]] = {"stats": {"field": c.field}}
            body = {**_head(lens, layer, scope), "aggs": aggs}
            body.pop("track_total_hits")
            searches.append(Search(layer.id, data_view(lens, layer).title, body, {c.id: names[c.id] for c in wanted}))
    return tuple(searches)


def read_bounds(search: Search, response: Body) -> Bounds:
    """What a search of `bounds_requests` found; a field without values is left out."""
    found = {}
    answer = response.get("aggregations") or {}
    for column, name in search.names.items():
        low, high = ((answer.get(f"{name}-{end}") or {}).get("value") for end in ("min", "max"))
        if low is not None and high is not None:
            found[column] = (float(low), float(high))
        stats = answer.get(name) or {}
        if stats.get("count"):
            found[column] = (float(stats["min"]), float(stats["max"]))
    return found


def other_requests(lens: Lens, searches: tuple[Search, ...], answers: Mapping[str, Body]) -> tuple[OtherSearch, ...]:
    """What has to be asked after the answers: metrics of the documents that no bucket took, where counts do not do."""
    made = []
    for search in searches:
        layer = lens.layers[search.layer]
        if not any(wants_other(c) for c in layer.buckets):
            continue
        rests: dict[str, Rest] = {}
        by_depth: dict[int, Body] = {}
        top = answers[search.key].get("aggregations") or {}
        for rest, clause in _rests(layer, search, top, 0, (), []):
            name = str(len(rests))
            rests[name] = rest
            by_depth.setdefault(rest.depth, {})[name] = clause
        if not rests:
            continue
        aggs: Body = {}
        for depth, filters in by_depth.items():
            inner = _below(search.body.get("aggs") or {}, layer, search.names, depth)
            aggs[f"rest-{depth}"] = {"filters": {"filters": filters}, **({"aggs": inner} if inner else {})}
        body = {"size": 0, "query": search.body["query"], "aggs": aggs}
        if "runtime_mappings" in search.body:
            body["runtime_mappings"] = search.body["runtime_mappings"]
        made.append(OtherSearch(search, body, rests))
    return tuple(made)


def data_view(lens: Lens, layer: Layer) -> DataView:
    """Raises EsctlError where the layer's data view is not among those given."""
    if layer.data_view not in lens.data_views:
        raise EsctlError(f'data view "{layer.data_view}" does not exist')
    return lens.data_views[layer.data_view]


def column_names(layer: Layer) -> dict[str, str]:
    """Aggregation names: plain numbers, since a column's id may hold characters that names must not."""
    return {column_id: str(i) for i, column_id in enumerate(layer.columns)}


def counts_only(layer: Layer, depth: int) -> bool:
    """Whether "Other" of a level is known from the answer itself: the innermost one, of plain counts."""
    asked = [c for c in layer.metrics if c.operation not in COMPUTED]
    plain = all(c.operation == "count" and c.field in ("", RECORDS) for c in asked)
    free = not any(c.state.get("filter") or c.state.get("reducedTimeRange") or c.shift for c in asked)
    return plain and free and depth == len(layer.buckets) - 1


def _head(lens: Lens, layer: Layer, scope: Scope) -> Body:
    view = data_view(lens, layer)
    head: Body = {"size": 0, "track_total_hits": True, "query": _query(lens, layer, scope)}
    used = {c.field for c in layer.columns.values()}
    runtime = {name: dict(field) for name, field in view.runtime.items() if name in used}
    if runtime:
        head["runtime_mappings"] = {
            n: {k: f[k] for k in ("type", "script", "format") if k in f} for n, f in runtime.items()
        }
    return head


def _search(lens: Lens, layer: Layer, scope: Scope, bounds: Bounds, shift: str, whole: TimeRange | None) -> Search:
    names = column_names(layer)
    body = _head(lens, layer, scope)
    reach = Reach(data_view(lens, layer).time_field, scope.time_range, whole)
    # Without a time range nothing is shifted: what would be is asked for as it is.
    shifting = reach.field is not None and reach.time_range is not None
    wanted = [c for c in layer.metrics if c.operation not in COMPUTED and (c.shift if shifting else "") == shift]
    aggregations = _aggregations(layer, wanted, names, bounds, reach)
    if aggregations:
        body["aggs"] = aggregations
    return Search(layer.id, data_view(lens, layer).title, body, names, shift, frozenset(c.id for c in wanted))


def _query(lens: Lens, layer: Layer, scope: Scope) -> Body:
    if layer.ignore_global_filters:
        scope = scope.without_globals()
    else:
        own = (lens.query,) if lens.query and "query" in lens.query else ()
        scope = replace(scope, filters=scope.filters + lens.filters, queries=scope.queries + own)
    return scope_query(scope, time_field=data_view(lens, layer).time_field)


def _aggregations(layer: Layer, wanted: list[Column], names: Mapping[str, str], bounds: Bounds, reach: Reach) -> Body:
    metrics: Body = {}
    for column in wanted:
        body = metric_aggregation(column, reach)
        if body:
            metrics[names[column.id]] = body
    nested: Body = dict(metrics)
    for position in range(len(layer.buckets) - 1, -1, -1):
        nested = _level(layer, position, nested, metrics, names, bounds, reach)
    return nested


def _level(
    layer: Layer, position: int, inner: Body, metrics: Body, names: Mapping[str, str], bounds: Bounds, reach: Reach
) -> Body:
    """One level of buckets: its aggregation, what orders it, what lies inside, and documents without a value."""
    column = layer.buckets[position]
    name = names[column.id]
    needed: Body = {}

    def order_by(column_id: str) -> str | None:
        if column_id == f"{column.id}:order":
            ordering = Column(column_id, column.params.get("orderAgg") or {})
            order_name = f"{name}-order"
        elif column_id in layer.columns and layer.columns[column_id].operation not in COMPUTED:
            ordering, order_name = layer.columns[column_id], names[column_id]
        else:
            return None
        body = metric_aggregation(ordering, reach)
        if body:
            needed[order_name] = body
        return metric_order(ordering, order_name, reach)

    body = bucket_aggregation(column, Context(order_by, metrics, bounds, reach.whole))
    inside = {**needed, **inner}
    level: Body = {name: {**body, **({"aggs": inside} if inside else {})}}
    if wants_missing(column):
        level[f"{name}-missing"] = {"missing": {"field": column.field}, **({"aggs": inner} if inner else {})}
    return level


def _below(aggs: Body, layer: Layer, names: Mapping[str, str], depth: int) -> Body:
    """The aggregations inside the buckets of a level."""
    for column in layer.buckets[: depth + 1]:
        aggs = (aggs.get(names[column.id]) or {}).get("aggs") or {}
    inner: Body = {name: body for name, body in aggs.items() if not name.endswith("-order")}
    return inner


def _rests(
    layer: Layer, search: Search, answer: Body, depth: int, path: tuple[str, ...], around: list[Body]
) -> Iterator[tuple[Rest, Body]]:
    """Every "Other" that the answer leaves open, with the clause that finds its documents."""
    if depth == len(layer.buckets):
        return
    column = layer.buckets[depth]
    found = answer.get(search.names[column.id]) or {}
    keys = []
    for key, inner in bucket_rows(column, found):
        own = [filter_clause(f) for f in click_filters(column, key, index="")]
        keys.append(own)
        yield from _rests(layer, search, inner, depth + 1, (*path, repr(key)), [*around, *own])
    if wants_other(column) and found.get("sum_other_doc_count") and not counts_only(layer, depth):
        taken = [parts[0] if len(parts) == 1 else {"bool": {"filter": parts}} for parts in keys if parts]
        fields = (column.field, *(column.params.get("secondaryFields") or ()))
        present = [{"exists": {"field": field}} for field in fields]
        yield Rest(path, column.id, depth), {"bool": {"filter": [*around, *present], "must_not": taken}}


def wants_missing(column: Column) -> bool:
    params: Mapping[str, Any] = column.params
    return column.operation == "terms" and bool(params.get("missingBucket")) and bool(params.get("otherBucket"))


def wants_other(column: Column) -> bool:
    return column.operation == "terms" and bool(column.params.get("otherBucket"))
