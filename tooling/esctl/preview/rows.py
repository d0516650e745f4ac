"""Answers of Elasticsearch → rows: one table per layer, as Lens itself hands it to a chart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..model import Body
from .buckets import MISSING, OTHER, bucket_rows, bucket_width, click_filters
from .computed import with_computed
from .filters import TimeRange
from .lens import Column, Layer, Lens
from .operations import COMPUTED, metric_value
from .search import OtherSearch, Search, counts_only, wants_missing, wants_other
from .shifts import brought_forward

Row = dict[str, Any]
"""Values by column id; a bucket column's value is its key."""
Rests = Mapping[tuple[tuple[str, ...], str], Body]
"""The bucket of each "Other", by the keys around it and its column."""


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


def lens_rows(
    lens: Lens,
    searches: Sequence[Search],
    responses: Mapping[str, Body],
    *,
    others: Mapping[str, tuple[OtherSearch, Body]] | None = None,
    time_range: TimeRange | None = None,
) -> dict[str, Table]:
    """Rows by layer id; `responses` and `others` hold each search's answer by its key. Static layers need none.

    Layers of ES|QL are left out: `esql.esql_table` reads them.
    """
    tables = {}
    for layer in lens.layers.values():
        if layer.esql:
            continue
        own = [search for search in searches if search.layer == layer.id]
        if not own:
            tables[layer.id] = Table(layer, with_computed(layer, [{}], {}, time_range))
            continue
        answer = responses[own[0].key]
        total = int(((answer.get("hits") or {}).get("total") or {}).get("value", 0))
        widths = _widths(layer, own[0].body.get("aggs") or {}, own[0].names)
        notes: list[str] = []
        rows = _rows(layer, own[0], answer, total, (others or {}).get(own[0].key), notes)
        for search in own[1:]:
            found = responses[search.key]
            count = int(((found.get("hits") or {}).get("total") or {}).get("value", 0))
            earlier = _rows(layer, search, found, count, (others or {}).get(search.key), notes)
            _join(layer, rows, earlier, search.shift, widths, time_range)
        full = with_computed(layer, rows, widths, time_range)
        tables[layer.id] = Table(layer, full, total, widths, tuple(dict.fromkeys(notes)))
    return tables


def _rows(
    layer: Layer,
    search: Search,
    answer: Body,
    total: int,
    other: tuple[OtherSearch, Body] | None,
    notes: list[str],
) -> list[Row]:
    top = {**(answer.get("aggregations") or {}), "doc_count": total}
    return list(_walk(layer, search, top, 0, (), _rests(other), notes))


def _rests(other: tuple[OtherSearch, Body] | None) -> Rests:
    if not other:
        return {}
    asked, answer = other
    found = answer.get("aggregations") or {}
    buckets: dict[tuple[tuple[str, ...], str], Body] = {}
    for name, rest in asked.rests.items():
        buckets[rest.path, rest.column] = found[f"rest-{rest.depth}"]["buckets"][name]
    return buckets


def _walk(
    layer: Layer, search: Search, bucket: Body, depth: int, path: tuple[str, ...], rests: Rests, notes: list[str]
) -> Iterator[Row]:
    if depth == len(layer.buckets):
        yield {c.id: metric_value(c, bucket, search.names[c.id]) for c in _asked(layer, search)}
        return
    column = layer.buckets[depth]
    name = search.names[column.id]
    answer = bucket.get(name) or {}
    for key, inner in bucket_rows(column, answer):
        for row in _walk(layer, search, inner, depth + 1, (*path, repr(key)), rests, notes):
            yield {column.id: key, **row}
    if wants_missing(column):
        missing = bucket.get(f"{name}-missing") or {}
        if missing.get("doc_count"):
            for row in _walk(layer, search, missing, depth + 1, (*path, MISSING), rests, notes):
                yield {column.id: MISSING, **row}
    rest = answer.get("sum_other_doc_count") or 0
    if rest and wants_other(column):
        if (path, column.id) in rests:
            for row in _walk(layer, search, rests[path, column.id], depth + 1, (*path, OTHER), rests, notes):
                yield {column.id: OTHER, **row}
        elif counts_only(layer, depth):
            yield {column.id: OTHER, **{c.id: rest for c in _asked(layer, search)}}
        else:
            notes.append(f'"Other" of {column.label} is not drawn: {rest} documents')


def _asked(layer: Layer, search: Search) -> list[Column]:
    """The metrics that this search asks for."""
    return [c for c in layer.metrics if c.operation not in COMPUTED and c.id in search.asked]


def _join(
    layer: Layer,
    rows: list[Row],
    earlier: list[Row],
    shift: str,
    widths: Mapping[str, float | None],
    time_range: TimeRange | None,
) -> None:
    """Put the metrics of earlier documents beside the rows of the same keys, their dates brought forward."""
    assert time_range  # nothing is shifted without one
    dates = {c.id for c in layer.buckets if c.operation == "date_histogram"}
    names = [c.id for c in layer.buckets]

    def key(row: Row, moved: bool) -> str:
        parts = []
        for name in names:
            value = row[name]
            if moved and name in dates and isinstance(value, int | float):
                value = brought_forward(value, time_range, shift)
            if name in dates and isinstance(value, int | float):
                width = widths.get(name)
                value = round(value / width) if width else round(value / 3_600_000)
            parts.append(repr(value))
        return "\x1f".join(parts)

    mine = [c.id for c in layer.metrics if c.shift == shift and c.operation not in COMPUTED]
    found = {key(row, True): row for row in earlier}
    for row in rows:
        match = found.get(key(row, False), {})
        row.update({name: match.get(name) for name in mine})


def _widths(layer: Layer, aggregations: Body, names: Mapping[str, str]) -> dict[str, float | None]:
    widths: dict[str, float | None] = {}
    for column in layer.buckets:
        body = aggregations.get(names[column.id]) or {}
        widths[column.id] = bucket_width(column, body)
        aggregations = body.get("aggs") or {}
    return widths
