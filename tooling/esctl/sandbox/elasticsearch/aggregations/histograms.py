"""histogram and date_histogram: buckets of equal (or calendar) width, empty ones between them filled in."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..dates import add, duration_ms, format_date, parse_date, round_date, zone
from ..errors import ElasticsearchError, illegal
from ..mapping import Body
from ..searcher import Column
from . import pipelines
from .buckets import _descend, _orders, _sort
from .level import Bucket, Level
from .metrics import numeric, relation

if TYPE_CHECKING:
    from .tree import Aggregator

_MOST = 65_536
CALENDAR = {
    "minute": "m", "1m": "m", "hour": "h", "1h": "h", "day": "d", "1d": "d", "week": "w", "1w": "w",
    "month": "M", "1M": "M",
    "quarter": "q", "1q": "q", "year": "y", "1y": "y", "second": "s", "1s": "s",
}  # fmt: skip


def histogram(aggregator: Aggregator, body: Body, subs: Body, level: Level) -> list[Body]:
    interval = body.get("interval")
    if interval is None:
        raise illegal("interval must be positive, got: 0.0")
    offset = float(body.get("offset", 0))
    column = numeric(aggregator, body, "histogram")

    def number(key: float) -> float:
        return round((key - offset) / interval)

    sql = key_sql(interval, offset)
    return _build(aggregator, body, subs, level, column, sql, number, lambda n: n * interval + offset, None)


def key_sql(interval: float, offset: float) -> str:
    """The lower end of the bucket that `value` falls into."""
    return f"floor((value::DOUBLE - {offset!r}) / {float(interval)!r}) * {float(interval)!r} + {offset!r}"


def date_histogram(aggregator: Aggregator, body: Body, subs: Body, level: Level) -> list[Body]:
    column = aggregator.column(body, "date_histogram")
    if column is not None and column.type not in ("date", "long", "boolean"):
        raise illegal(
            f"Field [{column.field.path}] of type [{column.type}] is not supported for aggregation [date_histogram]"
        )
    values = aggregator.searcher.make(relation(aggregator, column, body, level))
    sql, step = date_keys(aggregator, body, values)
    format = body.get("format") or (
        str(column.field.get("format")) if column is not None else "strict_date_optional_time"
    )
    tz = zone(body.get("time_zone"))
    return _build(
        aggregator,
        body,
        subs,
        level,
        column,
        sql,
        None,
        step,
        lambda key: format_date(int(key), format, tz),
        values=values,
    )


def date_keys(aggregator: Aggregator, body: Body, values: str) -> tuple[str, Callable[[Any], Any]]:
    """(SQL of a value's key, the key after a key) over the table `values` (…, value)."""
    calendar, fixed = body.get("calendar_interval"), body.get("fixed_interval")
    if (calendar is None) == (fixed is None):
        if calendar is None:
            raise illegal("Invalid interval specified, must be non-null and non-empty")
        raise illegal("Cannot use [fixed_interval] with [calendar_interval] configuration option.")
    tz = zone(body.get("time_zone"))
    shift = _offset(body.get("offset", 0))
    if fixed is not None:
        width = duration_ms(fixed, "date_histogram.fixedInterval")
        if width <= 0:
            raise illegal("Zero or negative time interval not supported")
        if not hasattr(tz, "key"):
            import datetime

            zoned = int((tz.utcoffset(datetime.datetime(2000, 1, 1)) or datetime.timedelta()).total_seconds() * 1000)
            return (
                f"(floor((value + {zoned} - {shift}) / {width}.0) * {width} - {zoned} + {shift})::BIGINT",
                lambda key: key + width,
            )

        def local(ms: int) -> int:
            moved = round_date(ms, "s", tz)
            utc = _utc_offset(moved, tz)
            return (ms + utc) // width * width - utc

        return _table_keys(aggregator, values, shift, local, min(width, 900_000)), lambda key: key + width
    unit = CALENDAR[str(calendar)]
    if unit in "sm":
        width = 1000 if unit == "s" else 60_000
        return f"(floor((value - {shift}) / {width}.0) * {width} + {shift})::BIGINT", lambda key: key + width
    grain = 900_000
    return (
        _table_keys(aggregator, values, shift, lambda ms: round_date(ms, unit, tz), grain),
        lambda key: add(key - shift, 1, unit, tz) + shift,
    )


def _utc_offset(ms: int, tz: Any) -> int:
    from datetime import UTC, datetime, timedelta

    moment = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)).astimezone(tz)
    return int((moment.utcoffset() or timedelta()).total_seconds() * 1000)


def _table_keys(aggregator: Aggregator, values: str, shift: int, key: Callable[[int], int], grain: int) -> str:
    """Calendars and zones are Python's: a table from each quarter of an hour that occurs to its key."""
    found = [
        g
        for (g,) in aggregator.searcher.rows(
            f"SELECT DISTINCT floor((value - {shift}) / {grain}.0)::BIGINT FROM {values} WHERE value IS NOT NULL"
        )
    ]
    table = aggregator.searcher.load(
        {"grain": ("BIGINT", found), "key": ("BIGINT", [key(g * grain) + shift for g in found])}
    )
    return f"(SELECT g.key FROM {table} g WHERE g.grain = floor((value - {shift}) / {grain}.0)::BIGINT)"


def _offset(value: Any) -> int:
    if isinstance(value, int):
        return value
    text = str(value)
    sign = -1 if text.startswith("-") else 1
    return sign * duration_ms(text.lstrip("+-"), "date_histogram.offset")


def _build(
    aggregator: Aggregator,
    body: Body,
    subs: Body,
    level: Level,
    column: Column | None,
    key: str,
    number: Callable[[float], float] | None,
    step: Callable[[Any], Any],
    text: Callable[[Any], str] | None,
    *,
    values: str | None = None,
) -> list[Body]:
    """`number` and `step` go from a key to its place and back (histogram); else `step` gives the key after a key."""
    source = values or f"({relation(aggregator, column, body, level)})"
    keyed = aggregator.searcher.make(
        f"SELECT DISTINCT bucket, doc, {key} AS value FROM {source} WHERE value IS NOT NULL"
    )
    hard = body.get("hard_bounds")
    if hard:
        ends = [_bound(hard.get(side), column) for side in ("min", "max")]
        conditions = [
            f"value >= {ends[0]}" if ends[0] is not None else "TRUE",
            f"value <= {ends[1]}" if ends[1] is not None else "TRUE",
        ]
        keyed = aggregator.searcher.make(f"SELECT * FROM {keyed} WHERE {' AND '.join(conditions)}")
    rows = aggregator.searcher.rows(
        f"SELECT bucket, value, count(*) FROM {keyed} GROUP BY bucket, value ORDER BY value"
    )
    least = body.get("min_doc_count", 0)
    by_parent: list[list[Bucket]] = [[] for _ in range(level.count)]
    for parent, value, count in rows:
        by_parent[parent].append(Bucket(parent, value, count))
    bounds = body.get("extended_bounds")
    for parent, group in enumerate(by_parent):
        if least == 0:
            by_parent[parent] = _filled(parent, group, bounds, column, number, step, key, aggregator)
        else:
            by_parent[parent] = [b for b in group if b.docs >= least]
    dated = text is not None
    _descend(
        aggregator,
        by_parent,
        subs,
        f"SELECT bucket, doc, value::{'BIGINT' if dated else 'DOUBLE'} AS value FROM {keyed}",
        column if dated else None,
    )
    results: list[Body] = []
    for group in by_parent:
        if body.get("order"):
            _sort(group, _orders(body["order"]))
        shown: list[Body] = []
        for bucket in group:
            head: Body = {"key_as_string": text(bucket.key)} if text else {}
            shown.append({**head, "key": bucket.key, "doc_count": bucket.docs, **bucket.body})
        shown = pipelines.parent(subs, shown)
        if body.get("keyed"):
            results.append({"buckets": {str(b.get("key_as_string", b["key"])): b for b in shown}})
        else:
            results.append({"buckets": shown})
    return results


def _bound(value: Any, column: Column | None) -> Any:
    if value is None:
        return None
    if isinstance(value, str) and column is not None and column.type == "date":
        return parse_date(value, str(column.field.get("format")))
    return value


def _filled(
    parent: int,
    group: list[Bucket],
    bounds: Any,
    column: Column | None,
    number: Callable[[float], float] | None,
    step: Callable[[Any], Any],
    key: str,
    aggregator: Aggregator,
) -> list[Bucket]:
    """The buckets with the empty ones between them, out to `extended_bounds`."""
    low, high = (_bound((bounds or {}).get(side), column) for side in ("min", "max"))
    if not group and (low is None or high is None):
        return group
    known = {b.key: b for b in group}
    edges = [b.key for b in group]
    edges += [_key_of(aggregator, key, v) for v in (low, high) if v is not None]
    first, last = min(edges), max(edges)
    filled: list[Bucket] = []
    if number is not None:
        by_place = {number(k): b for k, b in known.items()}
        start, end = int(number(first)), int(number(last))
        if end - start > _MOST:
            raise too_many(end - start)
        return [by_place.get(n) or Bucket(parent, float(step(n)), 0) for n in range(start, end + 1)]
    at = first
    while at <= last:
        filled.append(known.get(at) or Bucket(parent, at, 0))
        at = step(at)
        if len(filled) > _MOST:
            raise too_many(len(filled))
    return filled


def _key_of(aggregator: Aggregator, key: str, value: Any) -> Any:
    ((found,),) = aggregator.searcher.rows(f"SELECT {key} FROM (SELECT {value!r} AS value)")
    return found if found is not None else math.floor(value)


def too_many(count: int) -> ElasticsearchError:
    return ElasticsearchError(
        "too_many_buckets_exception",
        f"Trying to create too many buckets. Must be less than or equal to: [{_MOST}] but was [{count}]. This limit can"
        " be set by changing the [search.max_buckets] cluster level setting.",
        max_buckets=_MOST,
    )


KINDS: dict[str, Callable[[Aggregator, Body, Body, Level], list[Body]]] = {
    "histogram": histogram,
    "date_histogram": date_histogram,
}
