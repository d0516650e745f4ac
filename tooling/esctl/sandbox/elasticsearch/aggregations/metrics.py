"""Metric aggregations: one number (or a few) for each bucket of the level."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..dates import format_date
from ..errors import ElasticsearchError, illegal, unsupported
from ..mapping import Body
from ..painless import ScriptFailure, failed, find_script
from ..searcher import Column, quoted
from .level import Level

if TYPE_CHECKING:
    from .tree import Aggregator

Row = tuple[Any, ...]


def relation(aggregator: Aggregator, column: Column | None, body: Body, level: Level) -> str:
    """SELECT (bucket, doc, value) of the level's documents; `missing` stands in where a document has no value."""
    if column is None:
        base = "SELECT 0 AS bucket, 0::BIGINT AS doc, NULL::DOUBLE AS value WHERE FALSE"
        if "missing" in body:
            return f"SELECT bucket, doc, {quoted(body['missing'])} AS value FROM {level.table}"
        return base
    joined = f"SELECT l.bucket, l.doc, v.value FROM {level.table} l JOIN ({column.sql}) v ON v.doc = l.doc"
    if "missing" in body:
        value = missing_value(column, body["missing"])
        joined += (
            f" UNION ALL SELECT bucket, doc, {value} FROM {level.table} WHERE doc NOT IN (SELECT doc FROM"
            f" ({column.sql}))"
        )
    return joined


def missing_value(column: Column, value: Any) -> str:
    if column.type == "date":
        from ..dates import parse_date

        return str(parse_date(value, str(column.field.get("format"))))
    if column.type == "boolean":
        return "1" if value in (True, "true") else "0"
    if column.type == "ip":
        from ..field_values import ip_key

        return quoted(ip_key(str(value)))
    if column.numeric:
        try:
            return quoted(float(value) if column.floating else int(value))
        except (TypeError, ValueError):
            raise ElasticsearchError("number_format_exception", f'For input string: "{value}"') from None
    return quoted(value)


def by_bucket(rows: list[Row], count: int) -> list[Row | None]:
    found: list[Row | None] = [None] * count
    for bucket, *values in rows:
        found[bucket] = tuple(values)
    return found


def numeric(aggregator: Aggregator, body: Body, kind: str) -> Column | None:
    column = aggregator.column(body, kind)
    if column is not None and not column.numeric:
        raise illegal(f"Field [{column.field.path}] of type [{column.type}] is not supported for aggregation [{kind}]")
    return column


def _values(
    aggregator: Aggregator, body: Body, kind: str, level: Level, select: str
) -> tuple[Column | None, list[Row | None]]:
    column = numeric(aggregator, body, kind)
    sql = f"SELECT bucket, {select} FROM ({relation(aggregator, column, body, level)}) GROUP BY bucket"
    return column, by_bucket(aggregator.searcher.rows(sql), level.count)


def as_text(column: Column | None, value: Any, body: Body) -> str | None:
    """`value_as_string`, where a date or a boolean has one, or a format asks for it."""
    if value is None or column is None:
        return None
    if column.type == "date":
        return format_date(int(value), str(body.get("format") or column.field.get("format")))
    if column.type == "boolean":
        return "true" if value else "false"
    if body.get("format"):
        raise unsupported("number formats in aggregations")
    return None


def _single(kind: str, select: str, empty: Any) -> Callable[[Aggregator, Body, Body, Level], list[Body]]:
    def run(aggregator: Aggregator, body: Body, subs: Body, level: Level) -> list[Body]:
        column, rows = _values(aggregator, body, kind, level, select)
        results = []
        for row in rows:
            value = row[0] if row and row[0] is not None else empty
            result: Body = {"value": value}
            text = (
                as_text(column, value if row and row[0] is not None else None, body)
                if kind != "sum" or column and column.type == "boolean"
                else None
            )
            if text is not None:
                result["value_as_string"] = text
            results.append(result)
        return results

    return run


def value_count(aggregator: Aggregator, body: Body, subs: Body, level: Level) -> list[Body]:
    if body.get("field") in ("_id", "_index"):
        rows = aggregator.searcher.rows(f"SELECT bucket, count(*) FROM {level.table} GROUP BY bucket")
    else:
        column = aggregator.column(body, "value_count")
        rows = aggregator.searcher.rows(
            f"SELECT bucket, count(value) FROM ({relation(aggregator, column, body, level)}) GROUP BY bucket"
        )
    return [{"value": row[0] if row else 0} for row in by_bucket(rows, level.count)]


def cardinality(aggregator: Aggregator, body: Body, subs: Body, level: Level) -> list[Body]:
    """Exact, where Elasticsearch's HyperLogLog++ is near."""
    column = aggregator.column(body, "cardinality")
    sql = f"SELECT bucket, count(DISTINCT value) FROM ({relation(aggregator, column, body, level)}) GROUP BY bucket"
    return [{"value": row[0] if row else 0} for row in by_bucket(aggregator.searcher.rows(sql), level.count)]


_STATS = "count(value), min(value)::DOUBLE, max(value)::DOUBLE, fsum(value::DOUBLE)"


def stats(aggregator: Aggregator, body: Body, subs: Body, level: Level) -> list[Body]:
    column, rows = _values(aggregator, body, "stats", level, _STATS)
    results = []
    for row in rows:
        count, low, high, total = row or (0, None, None, 0.0)
        result: Body = {
            "count": count,
            "min": low,
            "max": high,
            "avg": total / count if count else None,
            "sum": total or 0.0,
        }
        _dated(result, column, body, ("min", "max", "avg", "sum"))
        results.append(result)
    return results


def _dated(result: Body, column: Column | None, body: Body, names: tuple[str, ...]) -> None:
    if column is not None and column.type == "date" and result["count"]:
        for name in names:
            result[f"{name}_as_string"] = as_text(column, result[name], body)


def extended_stats(aggregator: Aggregator, body: Body, subs: Body, level: Level) -> list[Body]:
    column, rows = _values(aggregator, body, "extended_stats", level, f"{_STATS}, fsum(value::DOUBLE * value::DOUBLE)")
    sigma = float(body.get("sigma", 2))
    results = []
    for row in rows:
        count, low, high, total, squares = row or (0, None, None, 0.0, None)
        result: Body = {
            "count": count,
            "min": low,
            "max": high,
            "avg": total / count if count else None,
            "sum": total or 0.0,
        }
        population = max(0.0, (squares - total * total / count) / count) if count else None
        sampling = (
            max(0.0, (squares - total * total / count) / (count - 1)) if count > 1 else ("NaN" if count else None)
        )
        deviation = math.sqrt(population) if population is not None else None
        sampled = math.sqrt(sampling) if isinstance(sampling, float) else sampling
        result |= {
            "sum_of_squares": squares,
            "variance": population,
            "variance_population": population,
            "variance_sampling": sampling,
            "std_deviation": deviation,
            "std_deviation_population": deviation,
            "std_deviation_sampling": sampled,
        }
        bounds: Body = {}
        for suffix, spread in (("", deviation), ("_population", deviation), ("_sampling", sampled)):
            for side, sign in (("upper", 1), ("lower", -1)):
                number = result["avg"] + sign * sigma * spread if isinstance(spread, float) else spread
                bounds[f"{side}{suffix}"] = number
        result["std_deviation_bounds"] = {
            k: bounds[k]
            for k in ("upper", "lower", "upper_population", "lower_population", "upper_sampling", "lower_sampling")
        }
        results.append(result)
    return results


def percentiles(aggregator: Aggregator, body: Body, subs: Body, level: Level) -> list[Body]:
    """Exact, interpolated between neighbours; Elasticsearch's TDigest is near for many values."""
    percents = [float(p) for p in body.get("percents", [1, 5, 25, 50, 75, 95, 99])]
    for percent in percents:
        if not 0 <= percent <= 100:
            raise illegal(f"percent must be in [0,100], got [{percent}]")
    listed = ", ".join(repr(p / 100) for p in percents)
    column, rows = _values(aggregator, body, "percentiles", level, f"quantile_cont(value::DOUBLE, [{listed}])")
    return [_keyed(percents, row[0] if row and row[0] else [None] * len(percents), body, column) for row in rows]


def percentile_ranks(aggregator: Aggregator, body: Body, subs: Body, level: Level) -> list[Body]:
    """The share of values up to each given one, interpolated between neighbours as `percentiles` does."""
    wanted = [float(v) for v in body.get("values", [])]
    if not wanted:
        raise illegal("[values] must not be an empty array: [percentile_ranks]")
    column, rows = _values(aggregator, body, "percentile_ranks", level, "list_sort(list(value::DOUBLE))")
    return [_keyed(wanted, [_rank(row[0] if row else [], v) for v in wanted], body, column) for row in rows]


def _rank(values: list[float], value: float) -> float | None:
    from bisect import bisect_left, bisect_right

    if not values:
        return None
    if value < values[0]:
        return 0.0
    if value >= values[-1]:
        return 100.0
    right = bisect_right(values, value)
    left = values[right - 1]
    position = (
        (bisect_left(values, value) + right - 1) / 2
        if left == value
        else right - 1 + (value - left) / (values[right] - left)
    )
    return 100.0 * position / (len(values) - 1)


def _keyed(keys: list[float], values: list[Any], body: Body, column: Column | None) -> Body:
    if body.get("keyed", True) is False:
        return {"values": [{"key": k, "value": v} for k, v in zip(keys, values, strict=True)]}
    shown: Body = {}
    for key, value in zip(keys, values, strict=True):
        shown[repr(key)] = value
        text = as_text(column, value, body)
        if text is not None:
            shown[f"{key!r}_as_string"] = text
    return {"values": shown}


def weighted_avg(aggregator: Aggregator, body: Body, subs: Body, level: Level) -> list[Body]:
    for name in ("value", "weight"):
        if name not in body:
            raise illegal(f"Required [{name}]")
    sides = []
    for name in ("value", "weight"):
        column = numeric(aggregator, body[name], "weighted_avg")
        sides.append(relation(aggregator, column, body[name], level))
    sql = (
        f"SELECT v.bucket, sum(v.value::DOUBLE * w.value) / nullif(sum(w.value::DOUBLE), 0) FROM ({sides[0]}) v"
        f" JOIN (SELECT bucket, doc, any_value(value) AS value FROM ({sides[1]}) GROUP BY bucket, doc) w"
        " ON w.bucket = v.bucket AND w.doc = v.doc GROUP BY v.bucket"
    )
    return [{"value": row[0] if row else None} for row in by_bucket(aggregator.searcher.rows(sql), level.count)]


def scripted_metric(aggregator: Aggregator, body: Body, subs: Body, level: Level) -> list[Body]:
    """Recognised scripts only: init, map over each document's values, combine, reduce."""
    scripts = {}
    for phase in ("init", "map", "combine", "reduce"):
        name = f"{phase}_script"
        if name in body:
            scripts[phase] = find_script(body[name])
        elif phase != "init":
            raise illegal(f"[{name}] must be provided for metric aggregations")
    given = body.get("params", {})
    fields = scripts["map"][0].reads
    docs: list[dict[int, dict[str, list[Any]]]] = [{} for _ in range(level.count)]
    for bucket, doc in aggregator.searcher.rows(f"SELECT bucket, doc FROM {level.table} ORDER BY doc"):
        docs[bucket][doc] = {name: [] for name in fields}
    for name in fields:
        column = aggregator.searcher.column(name)
        if column is None:
            raise illegal(f"No field found for [{name}] in mapping")
        sql = (
            f"SELECT l.bucket, l.doc, v.value FROM {level.table} l JOIN ({column.sql}) v ON v.doc = l.doc ORDER BY"
            " v.value"
        )
        for bucket, doc, value in aggregator.searcher.rows(sql):
            docs[bucket][doc][name].append(value)
    results: list[Body] = []
    try:
        for values in docs:
            state: Body = {}
            if "init" in scripts:
                script, own = scripts["init"]
                script.run(state, {**given, **own})
            script, own = scripts["map"]
            for value in values.values():
                script.run(state, value, {**given, **own})
            script, own = scripts["combine"]
            states = [script.run(state, {**given, **own})]
            script, own = scripts["reduce"]
            results.append({"value": script.run(states, {**given, **own})})
    except ScriptFailure as failure:
        raise failed(script.name, failure) from None
    return results


KINDS: dict[str, Callable[[Aggregator, Body, Body, Level], list[Body]]] = {
    "avg": _single("avg", "fsum(value::DOUBLE) / nullif(count(value), 0)", None),
    "sum": _single("sum", "fsum(value::DOUBLE)", 0.0),
    "min": _single("min", "min(value)::DOUBLE", None),
    "max": _single("max", "max(value)::DOUBLE", None),
    "value_count": value_count,
    "cardinality": cardinality,
    "stats": stats,
    "extended_stats": extended_stats,
    "percentiles": percentiles,
    "percentile_ranks": percentile_ranks,
    "weighted_avg": weighted_avg,
    "scripted_metric": scripted_metric,
}
