"""Metric columns: which aggregation each becomes, and where its value stands in the answer. One row per operation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..errors import did_you_mean
from ..model import Body
from .filters import TimeRange, query_clause
from .lens import RECORDS, Column, NotDrawn
from .shifts import earlier


@dataclass(frozen=True)
class Operation:
    """`aggregation(column)` is the body (None: the bucket's own document count); `value(answer, column)` reads it.

    `order` is what follows the aggregation's name where `terms` order by it.
    """

    aggregation: Callable[[Column], Body | None]
    value: Callable[[Any, Column], Any]
    order: Callable[[Column], str] = lambda column: ""


@dataclass(frozen=True)
class Reach:
    """The time that a layer's documents have: its field, what is looked at of it, and (where that is shifted) the
    time range of the dashboard, which the widths of date buckets go by."""

    field: str | None = None
    time_range: TimeRange | None = None
    whole: TimeRange | None = None


def _of_field(name: str, **more: Any) -> Callable[[Column], Body | None]:
    return lambda column: {name: {"field": column.field, **more}}


def _value(answer: Any, column: Column) -> Any:
    return answer.get("value")


def _percentile(answer: Any, column: Column) -> Any:
    return next(iter((answer.get("values") or {}).values()), None)


def _last(answer: Any, column: Column) -> Any:
    if "hits" in answer:
        hits = answer["hits"]["hits"]
        values = (hits[0].get("fields") or {}).get(column.field) if hits else None
        return None if not values else values if len(values) > 1 else values[0]
    top = answer.get("top") or ()
    return top[0]["metrics"].get(column.field) if top else None


def _last_aggregation(column: Column) -> Body:
    sort = {str(column.params.get("sortField") or "@timestamp"): {"order": "desc"}}
    if column.params.get("showArrayValues"):
        return {"top_hits": {"fields": [{"field": column.field}], "_source": False, "size": 1, "sort": [sort]}}
    return {"top_metrics": {"metrics": {"field": column.field}, "size": 1, "sort": sort}}


def _count_aggregation(column: Column) -> Body | None:
    return None if column.field in ("", RECORDS) else {"value_count": {"field": column.field}}


def _percent(column: Column) -> float:
    return float(column.params.get("percentile", 95))


def _tail(number: float) -> str:
    return f"[{number:g}]" if number == int(number) else f".{number}"


OPERATIONS: dict[str, Operation] = {
    "count": Operation(_count_aggregation, _value),
    "unique_count": Operation(_of_field("cardinality"), _value),
    "sum": Operation(_of_field("sum"), _value),
    "min": Operation(_of_field("min"), _value),
    "max": Operation(_of_field("max"), _value),
    "average": Operation(_of_field("avg"), _value),
    "median": Operation(_of_field("percentiles", percents=[50]), _percentile, lambda c: "[50]"),
    "standard_deviation": Operation(
        _of_field("extended_stats"), lambda a, c: a.get("std_deviation"), lambda c: "[std_deviation]"
    ),
    "percentile": Operation(
        lambda c: {"percentiles": {"field": c.field, "percents": [_percent(c)]}},
        _percentile,
        lambda c: _tail(_percent(c)),
    ),
    "percentile_rank": Operation(
        lambda c: {"percentile_ranks": {"field": c.field, "values": [float(c.params.get("value", 0))]}},
        _percentile,
        lambda c: _tail(float(c.params.get("value", 0))),
    ),
    "last_value": Operation(_last_aggregation, _last, lambda c: f"[{c.field}]"),
}
SERIES = ("differences", "moving_average", "cumulative_sum", "counter_rate")
"""Columns that are worked out along the rows of a series."""
COMPUTED = ("formula", "static_value", *SERIES)
"""Columns that need no aggregation of their own."""


def operation(column: Column) -> Operation:
    """Raises NotDrawn for an operation that is not known."""
    if column.operation not in OPERATIONS:
        raise NotDrawn(
            f'operation "{column.operation}" is not drawn yet', hint=did_you_mean(column.operation, OPERATIONS)
        )
    return OPERATIONS[column.operation]


def _wraps(column: Column, reach: Reach) -> Body | None:
    """The filter around a metric: its own, and the end of the time range that a reduced one leaves."""
    clauses = []
    own = column.state.get("filter")
    if own and own.get("query"):
        clauses.append(query_clause(own))
    reduced = column.state.get("reducedTimeRange")
    if reduced and reach.field and reach.time_range:
        end = reach.time_range.end
        bounds = {"gte": earlier(end, str(reduced)), "lte": end, "format": "strict_date_optional_time"}
        clauses.append({"range": {reach.field: bounds}})
    return None if not clauses else clauses[0] if len(clauses) == 1 else {"bool": {"filter": clauses}}


def _filtered(column: Column) -> bool:
    """Whether `_wraps` may have put a filter around it; the answer says whether it did."""
    return bool((column.state.get("filter") or {}).get("query") or column.state.get("reducedTimeRange"))


def metric_aggregation(column: Column, reach: Reach = Reach()) -> Body | None:  # noqa: B008
    """The aggregation of a metric column; a filter wraps it, and the metric then stands inside as `value`."""
    inner = operation(column).aggregation(column)
    wrapping = _wraps(column, reach)
    if wrapping is None:
        return inner
    wrapped: Body = {"filter": wrapping}
    if inner:
        wrapped["aggs"] = {"value": inner}
    return wrapped


def metric_order(column: Column, name: str, reach: Reach = Reach()) -> str:  # noqa: B008
    """The path by which a `terms` aggregation orders by this column, whose aggregation is called `name`."""
    kind = operation(column)
    filtered = _wraps(column, reach) is not None
    if kind.aggregation(column) is None:
        return f"{name}>_count" if filtered else "_count"
    return (f"{name}>value" if filtered else name) + kind.order(column)


def metric_value(column: Column, bucket: Body, name: str) -> Any:
    """The column's value in one bucket (or at the top of the answer)."""
    kind = operation(column)
    counts = kind.aggregation(column) is None
    if _filtered(column) and name in bucket and "doc_count" in bucket[name]:
        bucket = bucket[name]
        name = "value"
    if counts:
        value = bucket.get("doc_count", 0)
    else:
        value = kind.value(bucket.get(name) or {}, column)
    if value == 0 and column.params.get("emptyAsNull"):
        return None
    return value
