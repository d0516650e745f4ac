"""composite: every combination of its sources' keys, page by page."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..dates import format_date
from ..errors import ElasticsearchError, illegal, unsupported
from ..field_values import ip_text
from ..mapping import Body
from ..searcher import Column, quoted
from . import pipelines
from .histograms import date_keys, key_sql
from .level import Bucket, Level
from .metrics import relation

if TYPE_CHECKING:
    from .tree import Aggregator


def composite(aggregator: Aggregator, body: Body, subs: Body, level: Level) -> list[Body]:
    if level.count != 1:
        raise unsupported("[composite] below another aggregation")
    sources = body.get("sources")
    if not sources:
        raise illegal("Composite [sources] cannot be null or empty")
    size = body.get("size", 10)
    parts = [_source(aggregator, next(iter(s.values())), level) for s in sources]
    names = [next(iter(s)) for s in sources]
    duplicate = next((n for n in names if names.count(n) > 1), None)
    if duplicate:
        raise illegal(f"Composite source names must be unique, found duplicates: [{duplicate}]")
    joined = parts[0].table
    select = ", ".join(f"p{i}.value AS k{i}" for i in range(len(parts)))
    joined = f"{parts[0].table} p0 " + " ".join(
        f"JOIN {p.table} p{i} ON p{i}.doc = p0.doc" for i, p in enumerate(parts) if i
    )
    rows = aggregator.searcher.make(f"SELECT DISTINCT p0.doc, {select} FROM {joined}")
    keys = ", ".join(f"k{i}" for i in range(len(parts)))
    order = ", ".join(
        f"k{i} {'DESC' if p.descending else 'ASC'} NULLS {'LAST' if p.descending else 'FIRST'}"
        for i, p in enumerate(parts)
    )
    where = _after(parts, names, body["after"]) if body.get("after") else "TRUE"
    found = aggregator.searcher.rows(
        f"SELECT {keys}, count(*) FROM {rows} WHERE {where} GROUP BY ALL ORDER BY {order} LIMIT {int(size)}"
    )
    buckets = [Bucket(0, tuple(row[:-1]), row[-1], number=n) for n, row in enumerate(found)]
    if subs and buckets:
        columns: dict[str, tuple[str, list[Any]]] = {
            f"k{i}": (p.kind, [b.key[i] for b in buckets]) for i, p in enumerate(parts)
        }
        numbered = aggregator.searcher.load({**columns, "number": ("INTEGER", [b.number for b in buckets])})
        on = " AND ".join(f"r.k{i} IS NOT DISTINCT FROM n.k{i}" for i in range(len(parts)))
        aggregator.below(
            buckets,
            subs,
            aggregator.searcher.make(f"SELECT r.doc, n.number AS bucket FROM {rows} r JOIN {numbered} n ON {on}"),
        )
    shown: list[Body] = [
        {"key": {n: p.shown(v) for n, p, v in zip(names, parts, b.key, strict=True)}, "doc_count": b.docs, **b.body}
        for b in buckets
    ]
    shown = pipelines.parent(subs, shown)
    result: Body = {"after_key": shown[-1]["key"]} if shown else {}
    return [{**result, "buckets": shown}]


class _Source:
    def __init__(self, column: Column | None, table: str, descending: bool, format: str | None, floating: bool) -> None:
        self.column, self.table, self.descending, self.format = column, table, descending, format
        self.kind = "DOUBLE" if floating else "BIGINT" if column is not None and column.numeric else "VARCHAR"

    def shown(self, value: Any) -> Any:
        if value is None or self.column is None:
            return value
        if self.column.type == "boolean":
            return bool(value)
        if self.column.type == "ip":
            return ip_text(value)
        if self.column.type == "date" and self.format:
            return format_date(value, self.format)
        return value

    def read(self, value: Any) -> Any:
        if self.column is not None and self.column.type == "ip":
            from ..field_values import ip_key

            return ip_key(str(value))
        if self.column is not None and self.column.type == "date" and isinstance(value, str):
            from ..dates import parse_date

            return parse_date(value, self.format or str(self.column.field.get("format")))
        return value


def _source(aggregator: Aggregator, definition: Body, level: Level) -> _Source:
    kind, body = next(iter(definition.items()))
    if kind not in ("terms", "histogram", "date_histogram"):
        if kind == "geotile_grid":
            raise unsupported("[geotile_grid] in a composite")
        raise ElasticsearchError("parsing_exception", f"invalid source type: {kind}", line=1, col=1)
    column = aggregator.column(body, kind)
    values = relation(aggregator, column, {}, level)
    key, floating = "value", column is not None and column.floating
    if kind == "histogram":
        key, floating = key_sql(body["interval"], 0.0), True
    elif kind == "date_histogram":
        values = f"SELECT * FROM {aggregator.searcher.make(values)}"
        key, _ = date_keys(aggregator, body, f"({values})")
    sql = f"SELECT DISTINCT doc, {key} AS value FROM ({values})"
    if body.get("missing_bucket"):
        sql += f" UNION ALL SELECT doc, NULL FROM {level.table} WHERE doc NOT IN (SELECT doc FROM ({values}))"
    order = str(body.get("order", "asc")).lower()
    if order not in ("asc", "desc"):
        raise illegal(f"Unknown SortOrder [{body['order']}]")
    return _Source(column, aggregator.searcher.make(sql), order == "desc", body.get("format"), floating)


def _after(parts: list[_Source], names: list[str], after: Body) -> str:
    if set(after) != set(names):
        raise illegal(f"[after] has {len(after)} value(s) but [sources] has {len(names)}")
    steps, equal = [], "TRUE"
    for i, (part, name) in enumerate(zip(parts, names, strict=True)):
        value = part.read(after[name])
        if value is None:
            beyond = "FALSE" if part.descending else f"k{i} IS NOT NULL"
            same = f"k{i} IS NULL"
        else:
            beyond = f"k{i} {'<' if part.descending else '>'} {quoted(value)}" + (
                f" OR k{i} IS NULL" if part.descending else ""
            )
            same = f"k{i} = {quoted(value)}"
        steps.append(f"({equal} AND ({beyond}))")
        equal += f" AND {same}"
    return " OR ".join(steps)


KINDS: dict[str, Callable[[Aggregator, Body, Body, Level], list[Body]]] = {"composite": composite}
