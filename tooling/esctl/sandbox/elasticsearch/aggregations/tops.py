"""top_hits and top_metrics: the first documents of each bucket in some order."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors import illegal, unsupported
from ..fetch import Fetch, doc_value, hits
from ..mapping import Body
from ..sorting import Key, short_float, sort_keys
from .level import Level

if TYPE_CHECKING:
    from .tree import Aggregator


def _ranked(
    aggregator: Aggregator, level: Level, keys: list[Key], start: int, size: int
) -> dict[int, list[tuple[Any, ...]]]:
    """bucket → rows (doc, part, values…) in order."""
    order = ", ".join(k.order for k in keys) or "q.score DESC"
    columns = "".join(f", {k.sql}" for k in keys)
    joins = " ".join(k.join for k in keys)
    base = (
        f"SELECT l.doc, l.bucket, d.part, 1.0::DOUBLE AS score FROM {level.table} l JOIN ({aggregator.searcher.docs}) d"
        " ON d.doc = l.doc"
    )
    sql = (
        f"SELECT * FROM (SELECT q.bucket, q.doc, q.part{columns}, row_number() OVER (PARTITION BY q.bucket ORDER BY"
        f" {order}, q.part, q.doc) AS place FROM ({base}) q {joins}) WHERE place > {start} AND place <= {start + size}"
        " ORDER BY 1, place"
    )
    found: dict[int, list[tuple[Any, ...]]] = {}
    for bucket, *row, _place in aggregator.searcher.rows(sql):
        found.setdefault(bucket, []).append(tuple(row))
    return found


def top_hits(aggregator: Aggregator, body: Body, subs: Body, level: Level) -> list[Body]:
    if subs:
        raise illegal("Aggregator [top_hits] of type [top_hits] cannot accept sub-aggregations")
    for key in body:
        if key in ("highlight", "explain", "script_fields"):
            raise unsupported(f"[{key}] of top_hits")
        if key not in (
            "from",
            "size",
            "sort",
            "_source",
            "fields",
            "docvalue_fields",
            "stored_fields",
            "version",
            "seq_no_primary_term",
            "track_scores",
        ):
            raise illegal(f"Unknown key for a VALUE_STRING in [top_hits]: [{key}].")
    keys = sort_keys(aggregator.searcher, body["sort"]) if body.get("sort") else []
    if any(k.kind == "_score" for k in keys):
        raise unsupported("top_hits by [_score]")
    found = _ranked(aggregator, level, keys, body.get("from", 0), body.get("size", 3))
    counts = dict(aggregator.searcher.rows(f"SELECT bucket, count(*) FROM {level.table} GROUP BY bucket"))
    fetch = Fetch.of(body)
    results = []
    for bucket in range(level.count):
        rows = [
            (
                doc,
                part,
                None if keys else 1.0,
                [k.shown(v) for k, v in zip(keys, values, strict=True)] if keys else None,
            )
            for doc, part, *values in found.get(bucket, [])
        ]
        total = {"value": counts.get(bucket, 0), "relation": "eq"}
        best = None if keys or not rows else 1.0
        results.append({"hits": {"total": total, "max_score": best, "hits": hits(aggregator.searcher, rows, fetch)}})
    return results


def top_metrics(aggregator: Aggregator, body: Body, subs: Body, level: Level) -> list[Body]:
    if "sort" not in body:
        raise illegal("Required [sort]")
    metrics = body.get("metrics")
    if not metrics:
        raise illegal("Required [metrics]")
    names = [m["field"] for m in (metrics if isinstance(metrics, list) else [metrics])]
    keys = sort_keys(aggregator.searcher, body["sort"])[:1]
    if keys[0].kind == "_score":
        raise unsupported("top_metrics by [_score]")
    found = _ranked(aggregator, level, keys, 0, body.get("size", 1))
    results = []
    for bucket in range(level.count):
        top = []
        for doc, _, value in found.get(bucket, []):
            shown: Body = {}
            for name in names:
                column = aggregator.searcher.column(name)
                rows = (
                    aggregator.searcher.rows(f"SELECT value FROM ({column.sql}) WHERE doc = {doc} ORDER BY value")
                    if column
                    else []
                )
                shown[name] = doc_value(column.field, rows[0][0], None) if column and rows else None
            sort = keys[0].shown(value)
            if keys[0].column is not None and keys[0].column.type == "date" and value is not None:
                sort = doc_value(keys[0].column.field, value, None)
            top.append(
                {
                    "sort": [
                        (
                            short_float(sort)
                            if isinstance(sort, float) and keys[0].column and keys[0].column.type == "float"
                            else sort
                        )
                    ],
                    "metrics": shown,
                }
            )
        results.append({"top": top})
    return results


KINDS: dict[str, Callable[[Aggregator, Body, Body, Level], list[Body]]] = {
    "top_hits": top_hits,
    "top_metrics": top_metrics,
}
