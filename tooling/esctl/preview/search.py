"""Lens → `_search` bodies: one per layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..errors import EsctlError
from ..model import Body
from .buckets import Bounds, Context, bucket_aggregation, needs_bounds
from .filters import Scope, scope_query
from .lens import Column, DataView, Layer, Lens
from .operations import COMPUTED, metric_aggregation, metric_order


@dataclass(frozen=True)
class Search:
    """One search: the layer's id, the index pattern, the body, and the name of each column's aggregation."""

    layer: str
    index: str
    body: Body
    names: Mapping[str, str]


def lens_requests(lens: Lens, scope: Scope, *, bounds: Mapping[str, Bounds] | None = None) -> tuple[Search, ...]:
    """The searches of a chart, one per layer that has columns to ask for.

    `bounds` by layer: the answers to `bounds_requests`. Raises EsctlError for what is not drawn yet.
    """
    searches = []
    for layer in lens.layers.values():
        if all(c.operation == "static_value" for c in layer.columns.values()):
            continue
        names = column_names(layer)
        body = {"size": 0, "track_total_hits": True, "query": _query(lens, layer, scope)}
        aggregations = _aggregations(layer, names, (bounds or {}).get(layer.id, {}), scope)
        if aggregations:
            body["aggs"] = aggregations
        searches.append(Search(layer.id, data_view(lens, layer).title, body, names))
    return tuple(searches)


def bounds_requests(lens: Lens, scope: Scope) -> tuple[Search, ...]:
    """The searches that have to come first: smallest and largest value for histograms with an automatic interval."""
    searches = []
    for layer in lens.layers.values():
        wanted = [c for c in layer.buckets if needs_bounds(c)]
        if wanted:
            names = column_names(layer)
            aggs = {names[c.id]: {"stats": {"field": c.field}} for c in wanted}
            body = {"size": 0, "query": _query(lens, layer, scope), "aggs": aggs}
            searches.append(Search(layer.id, data_view(lens, layer).title, body, {c.id: names[c.id] for c in wanted}))
    return tuple(searches)


def read_bounds(search: Search, response: Body) -> Bounds:
    """What a search of `bounds_requests` found; a field without values is left out."""
    found = {}
    for column, name in search.names.items():
        stats = (response.get("aggregations") or {}).get(name) or {}
        if stats.get("count"):
            found[column] = (float(stats["min"]), float(stats["max"]))
    return found


def data_view(lens: Lens, layer: Layer) -> DataView:
    """Raises EsctlError where the layer's data view is not among those given."""
    if layer.data_view not in lens.data_views:
        raise EsctlError(f'data view "{layer.data_view}" does not exist')
    return lens.data_views[layer.data_view]


def column_names(layer: Layer) -> dict[str, str]:
    """Aggregation names: plain numbers, since a column's id may hold characters that names must not."""
    return {column_id: str(i) for i, column_id in enumerate(layer.columns)}


def _query(lens: Lens, layer: Layer, scope: Scope) -> Body:
    if layer.ignore_global_filters:
        scope = scope.without_globals()
    else:
        own = (lens.query,) if lens.query and "query" in lens.query else ()
        scope = replace(scope, filters=scope.filters + lens.filters, queries=scope.queries + own)
    return scope_query(scope, time_field=data_view(lens, layer).time_field)


def _aggregations(layer: Layer, names: Mapping[str, str], bounds: Bounds, scope: Scope) -> Body:
    metrics: Body = {}
    for column in layer.metrics:
        if column.operation not in COMPUTED:
            body = metric_aggregation(column)
            if body:
                metrics[names[column.id]] = body
    nested: Body = dict(metrics)
    for position in range(len(layer.buckets) - 1, -1, -1):
        nested = _level(layer, position, nested, metrics, names, bounds, scope)
    return nested


def _level(
    layer: Layer, position: int, inner: Body, metrics: Body, names: Mapping[str, str], bounds: Bounds, scope: Scope
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
        body = metric_aggregation(ordering)
        if body:
            needed[order_name] = body
        return metric_order(ordering, order_name)

    body = bucket_aggregation(column, Context(order_by, metrics, bounds, scope.time_range))
    inside = {**needed, **inner}
    level: Body = {name: {**body, **({"aggs": inside} if inside else {})}}
    if wants_missing(column):
        level[f"{name}-missing"] = {"missing": {"field": column.field}, **({"aggs": inner} if inner else {})}
    return level


def wants_missing(column: Column) -> bool:
    params: Mapping[str, Any] = column.params
    return column.operation == "terms" and bool(params.get("missingBucket")) and bool(params.get("otherBucket"))


def wants_other(column: Column) -> bool:
    return column.operation == "terms" and bool(column.params.get("otherBucket"))
