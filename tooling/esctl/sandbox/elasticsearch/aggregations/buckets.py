"""Bucket aggregations by term and by condition: terms, range, filter, filters, missing, global."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..dates import date_math, format_date, zone
from ..errors import ElasticsearchError, illegal, parsing, unparsed, unsupported
from ..fetch import doc_value
from ..field_values import ip_text
from ..mapping import Body
from ..searcher import Column
from . import pipelines
from .level import Bucket, Level
from .metrics import relation

if TYPE_CHECKING:
    from .tree import Aggregator


def key_body(column: Column | None, key: Any, format: str | None = None) -> Body:
    """A bucket's `key`, and `key_as_string` where the type has one."""
    if column is None:
        return {"key": key}
    if column.type == "boolean":
        return {"key": key, "key_as_string": "true" if key else "false"}
    if column.type == "date":
        return {"key": key, "key_as_string": format_date(key, format or str(column.field.get("format")))}
    if column.type == "ip":
        return {"key": ip_text(key)}
    return {"key": doc_value(column.field, key, None) if column.type != "float" else key}


# terms


def terms(aggregator: Aggregator, body: Body, subs: Body, level: Level) -> list[Body]:
    size = body.get("size", 10)
    least = body.get("min_doc_count", 1)
    column = _index_column(aggregator) if body.get("field") == "_index" else aggregator.column(body, "terms")
    values = relation(aggregator, column, body, level)
    rows = aggregator.searcher.rows(
        f"SELECT bucket, value, count(DISTINCT doc) FROM ({values}) WHERE value IS NOT NULL GROUP BY bucket, value"
    )
    if least == 0 and column is not None:
        seen = {(b, v) for b, v, _ in rows}
        every = aggregator.searcher.rows(
            f"SELECT DISTINCT value FROM ({column.sql}) WHERE doc IN (SELECT doc FROM ({aggregator.searcher.docs}))"
        )
        rows += [(b, v, 0) for b in range(level.count) for (v,) in every if (b, v) not in seen]
    wanted = _chosen(aggregator.name, body, column)
    found = [Bucket(b, v, n) for b, v, n in rows if n >= least and (wanted is None or wanted(v))]
    by_parent: list[list[Bucket]] = [[] for _ in range(level.count)]
    for bucket in found:
        by_parent[bucket.parent].append(bucket)
    orders = _orders(body.get("order"))
    by_metric = any(name not in ("_count", "_key") for name, _ in orders)
    others = [0] * level.count
    if not by_metric:
        for parent, group in enumerate(by_parent):
            _sort(group, orders)
            others[parent] = sum(b.docs for b in group[size:])
            del group[size:]
    _descend(aggregator, by_parent, subs, f"SELECT DISTINCT bucket, doc, value FROM ({values})", column)
    results = []
    for parent, group in enumerate(by_parent):
        if by_metric:
            _sort(group, orders)
            others[parent] = sum(b.docs for b in group[size:])
            del group[size:]
        error = {"doc_count_error_upper_bound": 0} if body.get("show_term_doc_count_error") else {}
        shown: list[Body] = [
            {**key_body(column, b.key, body.get("format")), "doc_count": b.docs, **error, **b.body} for b in group
        ]
        shown = pipelines.parent(subs, shown)
        results.append({"doc_count_error_upper_bound": 0, "sum_other_doc_count": others[parent], "buckets": shown})
    return results


def _index_column(aggregator: Aggregator) -> Column:
    from ..mapping import Field
    from ..searcher import quoted

    selects = [f"SELECT doc, {quoted(p.index.name)} AS value FROM {p.live}" for p in aggregator.searcher.parts]
    return Column(
        " UNION ALL ".join(selects) or "SELECT 0::BIGINT AS doc, '' AS value WHERE FALSE",
        Field("_index", "keyword", {"type": "keyword"}),
    )


def _descend(
    aggregator: Aggregator, by_parent: list[list[Bucket]], subs: Body, values: str, column: Column | None
) -> None:
    """Numbers the buckets and runs the sub-aggregations over (bucket, doc, value) rows that belong to them."""
    flat = [b for group in by_parent for b in group]
    for number, bucket in enumerate(flat):
        bucket.number = number
    if not subs or not flat:
        return
    kind = (
        "DOUBLE"
        if column is not None and column.floating
        else "BIGINT"
        if column is not None and column.numeric
        else "VARCHAR"
    )
    if column is None and flat and not isinstance(flat[0].key, str):
        kind = "DOUBLE"
    keys = aggregator.searcher.load(
        {
            "parent": ("INTEGER", [b.parent for b in flat]),
            "value": (kind, [b.key for b in flat]),
            "number": ("INTEGER", [b.number for b in flat]),
        }
    )
    table = aggregator.searcher.make(
        f"SELECT v.doc, k.number AS bucket FROM ({values}) v JOIN {keys} k ON k.parent = v.bucket AND k.value = v.value"
    )
    aggregator.below(flat, subs, table)


def _orders(order: Any) -> list[tuple[str, bool]]:
    """(name, descending) pairs; ties go by key."""
    items = order if isinstance(order, list) else [order if order is not None else {"_count": "desc"}]
    orders = []
    for item in items:
        if not isinstance(item, dict) or len(item) != 1:
            raise ElasticsearchError("parsing_exception", "Must specify at least one field for [order]", line=1, col=1)
        name, direction = next(iter(item.items()))
        if str(direction).lower() not in ("asc", "desc"):
            raise unparsed("terms", "order", parsing(f"Unknown order direction [{direction}]"))
        orders.append((name, str(direction).lower() == "desc"))
    if not any(name == "_key" for name, _ in orders):
        orders.append(("_key", False))
    return orders


def _sort(group: list[Bucket], orders: list[tuple[str, bool]]) -> None:
    for name, descending in reversed(orders):
        if name in ("_count", "_key"):
            group.sort(key=lambda b, n=name: b.docs if n == "_count" else b.key, reverse=descending)  # type: ignore[misc]
            continue
        values = {id(b): pipelines.metric_value(b.body, name, order=True) for b in group}
        # What has no value comes last either way.
        missing = float("-inf") if descending else float("inf")
        group.sort(key=lambda b: missing if values[id(b)] is None else values[id(b)], reverse=descending)


def _chosen(name: str, body: Body, column: Column | None) -> Callable[[Any], bool] | None:
    """`include` and `exclude`: patterns, lists, or a partition."""
    include, exclude = body.get("include"), body.get("exclude")
    if include is None and exclude is None:
        return None
    if isinstance(include, dict):
        raise unsupported("partitions in the aggregation [terms]")

    def test(rule: Any) -> Callable[[Any], bool]:
        if isinstance(rule, list):
            if column is not None and column.numeric:
                numbers = {float("true" == str(r)) if str(r) in ("true", "false") else float(r) for r in rule}
                return lambda v: float(v) in numbers
            texts = {str(r) for r in rule}
            return lambda v: (ip_text(v) if column is not None and column.type == "ip" else v) in texts
        if column is not None and column.numeric:
            raise illegal(
                f"Aggregation [{name}] cannot support regular expression style include/exclude settings as they can"
                " only be applied to string fields. Use an array of numeric values for include/exclude clauses used to"
                " filter numeric fields"
            )
        expression = re.compile(str(rule), re.DOTALL)
        return lambda v: expression.fullmatch(v) is not None

    yes = test(include) if include is not None else None
    no = test(exclude) if exclude is not None else None
    return lambda v: (yes is None or yes(v)) and (no is None or not no(v))


# by condition


def _split(aggregator: Aggregator, level: Level, conditions: list[str], subs: Body) -> list[list[Bucket]]:
    """One bucket for each parent and condition, in that order."""
    buckets = [
        Bucket(p, c, 0, number=p * len(conditions) + c) for p in range(level.count) for c in range(len(conditions))
    ]
    selects = [
        f"SELECT doc, bucket * {len(conditions)} + {n} AS bucket FROM {level.table} WHERE {condition}"
        for n, condition in enumerate(conditions)
    ]
    if selects:
        table = aggregator.searcher.make(" UNION ALL ".join(selects))
        for number, count in aggregator.searcher.rows(f"SELECT bucket, count(*) FROM {table} GROUP BY bucket"):
            buckets[number].docs = count
        aggregator.below(buckets, subs, table)
    width = len(conditions)
    return [buckets[p * width : (p + 1) * width] for p in range(level.count)]


def filter_(aggregator: Aggregator, body: Body, subs: Body, level: Level) -> list[Body]:
    groups = _split(aggregator, level, [aggregator.query.where(body)], subs)
    return [{"doc_count": g[0].docs, **g[0].body} for g in groups]


def filters(aggregator: Aggregator, body: Body, subs: Body, level: Level) -> list[Body]:
    given = body.get("filters")
    if not given:
        raise illegal("[filters] cannot be empty.")
    names = list(given) if isinstance(given, dict) else None
    conditions = [aggregator.query.where(q) for q in (given.values() if isinstance(given, dict) else given)]
    if body.get("other_bucket") or "other_bucket_key" in body:
        if names is not None:
            names.append(body.get("other_bucket_key", "_other_"))
        conditions.append("NOT (" + " OR ".join(f"({c})" for c in conditions) + ")")
    results = []
    for group in _split(aggregator, level, conditions, subs):
        shown = [{"doc_count": b.docs, **b.body} for b in group]
        results.append({"buckets": dict(zip(names, shown, strict=True)) if names is not None else shown})
    return results


def missing(aggregator: Aggregator, body: Body, subs: Body, level: Level) -> list[Body]:
    column = aggregator.column(body, "missing")
    condition = (
        f"doc NOT IN (SELECT doc FROM ({column.sql}))"
        if column is not None and "missing" not in body
        else "TRUE"
        if column is None
        else "FALSE"
    )
    return [{"doc_count": g[0].docs, **g[0].body} for g in _split(aggregator, level, [condition], subs)]


def global_(aggregator: Aggregator, body: Body, subs: Body, level: Level) -> list[Body]:
    if level.count != 1:
        raise ElasticsearchError(
            "aggregation_execution_exception",
            "Aggregation [global] cannot have a parent aggregation, the global aggregation can only be defined as a top"
            " level aggregation",
            status=500,
        )
    every = Level(aggregator.searcher.make(f"SELECT doc, 0 AS bucket FROM ({aggregator.searcher.docs})"), 1)
    return [{"doc_count": g[0].docs, **g[0].body} for g in _split(aggregator, every, ["TRUE"], subs)]


# ranges


def range_(aggregator: Aggregator, body: Body, subs: Body, level: Level) -> list[Body]:
    return _ranges(aggregator, body, subs, level, dated=False)


def date_range(aggregator: Aggregator, body: Body, subs: Body, level: Level) -> list[Body]:
    return _ranges(aggregator, body, subs, level, dated=True)


def _ranges(aggregator: Aggregator, body: Body, subs: Body, level: Level, *, dated: bool) -> list[Body]:
    given = body.get("ranges")
    if not given:
        raise illegal(f"No [ranges] specified for the [{aggregator.name}] aggregation")
    column = aggregator.column(body, "range")
    if column is not None and not column.numeric:
        raise illegal(f"Field [{column.field.path}] of type [{column.type}] is not supported for aggregation [range]")
    is_date = column is not None and column.type == "date"
    format = body.get("format") or (str(column.field.get("format")) if column is not None and is_date else None)
    ranges = []
    for given_range in given:
        unknown = set(given_range) - {"from", "to", "key"}
        if unknown:
            raise ElasticsearchError("x_content_parse_exception", f"[1:1] [range] unknown field [{sorted(unknown)[0]}]")
        ends = [
            _end(given_range.get(side), is_date or dated, format, aggregator.searcher.now, body.get("time_zone"))
            for side in ("from", "to")
        ]
        ranges.append((given_range.get("key"), ends[0], ends[1]))
    ranges.sort(key=lambda r: (r[1] if r[1] is not None else float("-inf"), r[2] if r[2] is not None else float("inf")))
    values = relation(aggregator, column, body, level)
    kept = aggregator.searcher.make(f"SELECT bucket, doc, value FROM ({values})")
    conditions = []
    for _, low, high in ranges:
        parts = ([f"value >= {low!r}"] if low is not None else []) + ([f"value < {high!r}"] if high is not None else [])
        conditions.append(f"doc IN (SELECT doc FROM {kept} WHERE {' AND '.join(parts) or 'value IS NOT NULL'})")
    results: list[Body] = []
    for group in _split(aggregator, level, conditions, subs):
        shown: list[Body] = []
        for (key, low, high), bucket in zip(ranges, group, strict=True):
            one: Body = {}
            texts = []
            for side, end in (("from", low), ("to", high)):
                text = "*"
                if end is not None:
                    one[side] = float(end)
                    text = repr(float(end))
                    if is_date or dated:
                        text = format_date(int(end), format or "strict_date_optional_time")
                        one[f"{side}_as_string"] = text
                texts.append(text)
            shown.append({"key": key or "-".join(texts), **one, "doc_count": bucket.docs, **bucket.body})
        if body.get("keyed"):
            results.append({"buckets": {b.pop("key"): b for b in shown}})
        else:
            results.append({"buckets": shown})
    return results


def _end(value: Any, dated: bool, format: str | None, now: int, tz: str | None) -> float | None:
    if value is None:
        return None
    if dated and isinstance(value, str):
        return float(date_math(value, format or "strict_date_optional_time||epoch_millis", now=now, tz=zone(tz)))
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ElasticsearchError("number_format_exception", f'For input string: "{value}"') from None


KINDS: dict[str, Callable[[Aggregator, Body, Body, Level], list[Body]]] = {
    "terms": terms,
    "filter": filter_,
    "filters": filters,
    "missing": missing,
    "global": global_,
    "range": range_,
    "date_range": date_range,
}
