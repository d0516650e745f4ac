"""Bucket columns: which aggregation each becomes, the keys of its answer, the filter that a click makes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ..model import Body
from .filters import TimeRange, custom_filter, exists_filter, phrase_filter, query_clause, range_filter, span_of
from .lens import Column, NotDrawn

OTHER = "__other__"
MISSING = "__missing__"
Bounds = Mapping[str, tuple[float, float]]
"""Smallest and largest value of a field, by column id: what automatic histograms need."""

_UNITS = {"m": "minute", "h": "hour", "d": "day", "w": "week", "M": "month", "q": "quarter", "y": "year"}
_CALENDAR = {f"{number}{unit}": name for unit, name in _UNITS.items() for number in ("", "1")}
_STEPS = ("1s", "5s", "10s", "30s", "1m", "5m", "10m", "30m", "1h", "3h", "12h", "1d", "7d", "30d", "365d")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_EVEN = {"minute": "1m", "hour": "1h", "day": "1d"}
"""Calendar intervals that are always as long (in UTC)."""
_BARS = 50


@dataclass(frozen=True)
class Context:
    """What a bucket's aggregation depends on besides its own column."""

    order_by: Callable[[str], str | None]
    metrics: Mapping[str, Body]
    bounds: Bounds
    time_range: TimeRange | None


def bucket_aggregation(column: Column, context: Context) -> Body:
    """Without its sub-aggregations. Raises NotDrawn for an operation that is not known."""
    match column.operation:
        case "terms":
            return _terms(column, context)
        case "date_histogram":
            return _date_histogram(column, context)
        case "range" if column.params.get("type") == "histogram":
            low, high = context.bounds.get(column.id, (0.0, 1.0))
            interval = histogram_interval(column, low, high)
            empty = 0 if column.params.get("includeEmptyRows", True) else 1
            return {"histogram": {"field": column.field, "interval": interval, "min_doc_count": empty}}
        case "range":
            ranges = [
                {k: r[k] for k in ("from", "to") if r.get(k) is not None} for r in column.params.get("ranges") or ()
            ]
            return {"range": {"field": column.field, "ranges": [r or {"from": "-Infinity"} for r in ranges]}}
        case "filters":
            clauses = [query_clause(f.get("input") or {}) for f in column.params.get("filters") or ()]
            return {"filters": {"filters": {str(i): clause for i, clause in enumerate(clauses)}}}
    raise NotDrawn(f'operation "{column.operation}" is not drawn yet')


def _terms(column: Column, context: Context) -> Body:
    params, size = column.params, int(column.params.get("size") or 5)
    order_by = params.get("orderBy") or {}
    kind = order_by.get("type", "alphabetical")
    more = params.get("secondaryFields") or ()
    if kind == "rare":
        return {"rare_terms": {"field": column.field, "max_doc_count": int(order_by.get("maxDocCount") or 1)}}
    if kind == "significant":
        return {"significant_terms": {"field": column.field, "size": size}}
    direction = params.get("orderDirection") or "desc"
    body: Body = {"size": size}
    path = context.order_by(str(order_by.get("columnId"))) if kind == "column" else None
    if kind == "custom":
        path = context.order_by(f"{column.id}:order")
    body["order"] = {path: direction} if path else {"_key": direction}
    if more:
        return {"multi_terms": {"terms": [{"field": f} for f in (column.field, *more)], **body}}
    for name in ("include", "exclude"):
        values = params.get(name)
        if values:
            body[name] = values[0] if params.get(f"{name}IsRegex") else values
    if params.get("accuracyMode"):
        body["shard_size"] = max(1000, size * 2)
    return {"terms": {"field": column.field, **body}}


def _date_histogram(column: Column, context: Context) -> Body:
    interval = str(column.params.get("interval") or "auto")
    empty = 0 if column.params.get("includeEmptyRows", True) else 1
    if interval == "auto":
        span = context.time_range and span_of(context.time_range)
        if not span:
            low, high = context.bounds.get(column.id, (0.0, 0.0))
            span = (high - low) / 1000  # without a time range: that of the documents
        if not span:
            return {"auto_date_histogram": {"field": column.field, "buckets": _BARS}}
        interval = next((s for s in _STEPS if _step_seconds(s) * 100 >= span), _STEPS[-1])
    size = {"calendar_interval": _CALENDAR[interval]} if interval in _CALENDAR else {"fixed_interval": interval}
    return {"date_histogram": {"field": column.field, **size, "min_doc_count": empty}}


def _step_seconds(step: str) -> int:
    return int(step[:-1]) * _SECONDS[step[-1]]


def histogram_interval(column: Column, low: float, high: float) -> float:
    """A round interval that makes about as many bars as the column asks for (`maxBars`; automatic: 50)."""
    wanted = column.params.get("maxBars")
    bars = wanted if isinstance(wanted, int | float) and wanted > 0 else _BARS
    raw = (high - low) / bars if high > low else 1.0
    power = 10.0 ** math.floor(math.log10(raw))
    return next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= raw * 0.999999)


def needs_bounds(column: Column, time_range: TimeRange | None) -> bool:
    """Whether the widths of its buckets depend on the smallest and largest value."""
    if column.operation == "date_histogram":
        return time_range is None and str(column.params.get("interval") or "auto") == "auto"
    return column.operation == "range" and column.params.get("type") == "histogram"


def bucket_rows(column: Column, answer: Body) -> Iterator[tuple[Any, Body]]:
    """Key and bucket, in the answer's order. A key is a term, a list of terms, `{from, to}` or epoch milliseconds."""
    buckets: Any = answer.get("buckets") or []
    if column.operation == "filters":
        for i, stored in enumerate(column.params.get("filters") or ()):
            label = stored.get("label") or (stored.get("input") or {}).get("query") or "*"
            yield label, buckets[str(i)]
        return
    if column.operation == "range" and column.params.get("type") != "histogram":
        for bucket in buckets:
            yield {"from": bucket.get("from"), "to": bucket.get("to")}, bucket
        return
    for bucket in buckets:
        key = bucket["key"]
        if (
            isinstance(key, int)
            and isinstance(bucket.get("key_as_string"), str)
            and bucket["key_as_string"] in ("true", "false")
        ):
            key = bucket["key_as_string"] == "true"
        yield key, bucket


def bucket_width(column: Column, body: Body) -> float | None:
    """The width of a histogram's buckets (milliseconds for dates with a fixed interval), by its aggregation."""
    if "histogram" in body:
        return float(body["histogram"]["interval"])
    dates = body.get("date_histogram") or {}
    interval = dates.get("fixed_interval") or _EVEN.get(str(dates.get("calendar_interval")))
    return _step_seconds(interval) * 1000.0 if interval and interval[-1] in _SECONDS else None


def click_filters(column: Column, key: Any, *, index: str, width: float | None = None) -> list[Body]:
    """The filters that "only this" means for one key of one column; none where a key stands for the rest."""
    field = column.field
    if key == OTHER or key is None or column.operation == "esql" or column.state.get("esql"):
        return []
    if key == MISSING:
        return [exists_filter(field, index=index, negate=True)]
    match column.operation:
        case "terms" if isinstance(key, list):
            fields = (field, *(column.params.get("secondaryFields") or ()))
            return [phrase_filter(f, v, index=index) for f, v in zip(fields, key, strict=False)]
        case "terms":
            return [phrase_filter(field, key, index=index)]
        case "range" if isinstance(key, dict):
            return [range_filter(field, {"gte": key.get("from"), "lt": key.get("to")}, index=index)]
        case "range" if width:
            return [range_filter(field, {"gte": key, "lt": key + width}, index=index)]
        case "date_histogram" if width:
            ends = {"gte": _iso(key), "lt": _iso(key + width)}
            return [range_filter(field, {**ends, "format": "strict_date_optional_time"}, index=index)]
        case "filters":
            for stored in column.params.get("filters") or ():
                text = (stored.get("input") or {}).get("query") or "*"
                if (stored.get("label") or text) == key:
                    return [custom_filter(query_clause(stored["input"]), index=index, label=str(key))]
    return []


def _iso(milliseconds: float) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat().replace("+00:00", "Z")
