"""Answers of Elasticsearch → rows: one table per layer, as Lens itself hands it to a chart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..model import Body
from .buckets import MISSING, OTHER, bucket_rows, bucket_width, click_filters
from .lens import Column, Layer, Lens
from .operations import COMPUTED, metric_value
from .search import Search, wants_missing, wants_other

Row = dict[str, Any]
"""Values by column id; a bucket column's value is its key."""


@dataclass(frozen=True)
class Table:
    """A layer's rows. `total` counts matching documents; `notes` says what Lens would show and this does not."""

    layer: Layer
    rows: tuple[Row, ...]
    total: int = 0
    widths: Mapping[str, float | None] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def keys(self, column: Column) -> list[Any]:
        """The column's keys as Lens orders them: alphabetically where it says so, else as they came; the rest last."""
        found = list({repr(row[column.id]): row[column.id] for row in self.rows if column.id in row}.values())
        rest = [k for k in found if k in (OTHER, MISSING)]
        proper = [k for k in found if k not in (OTHER, MISSING)]
        order_by = (column.params.get("orderBy") or {}).get("type")
        if column.operation == "terms" and order_by == "alphabetical" and len({type(k) for k in proper}) == 1:
            proper.sort(reverse=column.params.get("orderDirection") == "desc")
        return proper + rest

    def filters(self, row: Row, *columns: str) -> list[Body]:
        """The filters that a click on this row means: for the columns named, or for all of its bucket columns."""
        made: list[Body] = []
        for column in self.layer.buckets:
            if column.id in row and (not columns or column.id in columns):
                found = click_filters(
                    column, row[column.id], index=self.layer.data_view, width=self.widths.get(column.id)
                )
                made += [f for f in found if f not in made]
        return made


def lens_rows(lens: Lens, searches: tuple[Search, ...], responses: Mapping[str, Body]) -> dict[str, Table]:
    """Rows by layer id; `responses` holds each search's answer by layer id. Static layers need none."""
    asked = {search.layer: search for search in searches}
    tables = {}
    for layer in lens.layers.values():
        search = asked.get(layer.id)
        if search is None:
            tables[layer.id] = Table(layer, (_with_computed(layer, {}),))
            continue
        answer = responses[layer.id]
        total = int(((answer.get("hits") or {}).get("total") or {}).get("value", 0))
        top = {**(answer.get("aggregations") or {}), "doc_count": total}
        notes: list[str] = []
        rows = tuple(_with_computed(layer, row) for row in _walk(layer, search, top, 0, notes))
        widths = _widths(layer, search.body.get("aggs") or {}, search.names)
        tables[layer.id] = Table(layer, rows, total, widths, tuple(dict.fromkeys(notes)))
    return tables


def _walk(layer: Layer, search: Search, bucket: Body, depth: int, notes: list[str]) -> Iterator[Row]:
    if depth == len(layer.buckets):
        yield {c.id: metric_value(c, bucket, search.names[c.id]) for c in layer.metrics if c.operation not in COMPUTED}
        return
    column = layer.buckets[depth]
    name = search.names[column.id]
    answer = bucket.get(name) or {}
    for key, inner in bucket_rows(column, answer):
        for row in _walk(layer, search, inner, depth + 1, notes):
            yield {column.id: key, **row}
    if wants_missing(column):
        missing = bucket.get(f"{name}-missing") or {}
        if missing.get("doc_count"):
            for row in _walk(layer, search, missing, depth + 1, notes):
                yield {column.id: MISSING, **row}
    rest = answer.get("sum_other_doc_count") or 0
    if rest and wants_other(column):
        yield from _other(layer, column, depth, rest, notes)


def _other(layer: Layer, column: Column, depth: int, rest: int, notes: list[str]) -> Iterator[Row]:
    """The rest of a `terms` aggregation: known without a second search only where plain counts are asked for."""
    asked = [c for c in layer.metrics if c.operation not in COMPUTED]
    if all(c.operation == "count" and not c.state.get("filter") for c in asked) and depth == len(layer.buckets) - 1:
        yield {column.id: OTHER, **{c.id: rest for c in asked}}
    else:
        notes.append(f'"Other" of {column.label} is not drawn: {rest} documents')


def _with_computed(layer: Layer, row: Row) -> Row:
    """Add static values and formulas, take their hidden parts away."""
    full = dict(row)
    for column in layer.metrics:
        if column.operation == "static_value":
            full[column.id] = float(column.params.get("value") or 0)
        elif column.formula:
            values = {name: row.get(f"{column.id}:{name}") for name in column.formula.parts}
            full[column.id] = column.formula.evaluate(values)
    return {column_id: value for column_id, value in full.items() if not layer.columns[column_id].hidden}


def _widths(layer: Layer, aggregations: Body, names: Mapping[str, str]) -> dict[str, float | None]:
    widths: dict[str, float | None] = {}
    for column in layer.buckets:
        body = aggregations.get(names[column.id]) or {}
        widths[column.id] = bucket_width(column, body)
        aggregations = body.get("aggs") or {}
    return widths
