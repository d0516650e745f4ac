"""Pipeline aggregations: over the buckets of a parent, or over those of a sibling."""

from __future__ import annotations

from typing import Any

from ..errors import ElasticsearchError, illegal, unsupported
from ..mapping import Body

PARENTS = frozenset({"bucket_sort", "cumulative_sum", "derivative"})
SIBLINGS = frozenset({"avg_bucket", "max_bucket", "min_bucket", "sum_bucket", "stats_bucket"})


def metric_value(body: Body, path: str, *, order: bool = False) -> Any:
    """The number that `path` leads to in a bucket (`price`, `stats.avg`, `filter>price`, `_count`), or None."""
    node: Any = body
    steps = path.split(">")
    for step in steps[:-1]:
        node = _named(node, step, path)
    last = steps[-1]
    if last in ("_count", "doc_count"):
        return node.get("doc_count")
    name, _, key = last.partition(".")
    if last in node or _typed(node, last):
        name, key = last, ""
    if name.endswith("]") and "[" in name:
        name, _, key = name[:-1].partition("[")
    result = _named(node, name, path)
    if not key:
        if "value" in result:
            return result["value"]
        if "doc_count" in result and order:
            return result["doc_count"]
        raise illegal(
            f"Invalid aggregation order path [{path}]. The provided aggregation [{name}] is a multi-value metric: name"
            " the value"
        )
    if key == "value":
        return result.get("value")
    if "values" in result:
        number = float(key)
        return result["values"].get(repr(number))
    if key not in result:
        raise illegal(f"Unknown value key [{key}] for aggregation [{name}]")
    return result[key]


def _typed(node: Body, name: str) -> str | None:
    return next((k for k in node if k.partition("#")[2] == name), None)


def _gapped(bucket: Body, path: str, policy: str) -> Any:
    """A bucket without documents has no value, or 0, except for its count."""
    if bucket.get("doc_count") == 0 and path not in ("_count", "doc_count"):
        return 0.0 if policy == "insert_zeros" else None
    return metric_value(bucket, path)


def _named(node: Any, name: str, path: str) -> Any:
    if name in node:
        return node[name]
    typed = _typed(node, name)
    if typed is None:
        raise ElasticsearchError(
            "aggregation_execution_exception",
            f"Invalid aggregator order path [{path}]. Unknown aggregation [{name}]",
            status=500,
        )
    return node[typed]


def _paths(body: Body) -> str:
    path = body.get("buckets_path")
    if isinstance(path, list):
        path = path[0]
    if not isinstance(path, str):
        raise illegal("Required [buckets_path]")
    return path


def parent(subs: Body, buckets: list[Body]) -> list[Body]:
    """Runs the parent pipelines among the sub-aggregations over the finished buckets, bucket_sort last."""
    found = []
    for name, definition in subs.items():
        kind = next((k for k in definition if k in PARENTS), None)
        if kind:
            found.append((name, kind, definition[kind]))
    for name, kind, body in sorted(found, key=lambda f: f[1] == "bucket_sort"):
        if body.get("gap_policy", "skip") not in ("skip", "insert_zeros"):
            raise unsupported(f"[gap_policy: {body['gap_policy']}]")
        if kind == "bucket_sort":
            buckets = _bucket_sort(body, buckets)
        elif kind == "cumulative_sum":
            total = 0.0
            for bucket in buckets:
                total += metric_value(bucket, _paths(body)) or 0
                bucket[name] = {"value": float(total)}
        else:
            _derivative(name, body, buckets)
    return buckets


def _derivative(name: str, body: Body, buckets: list[Body]) -> None:
    if "unit" in body:
        raise unsupported("[unit] of a derivative")
    before = None
    for number, bucket in enumerate(buckets):
        value = _gapped(bucket, _paths(body), body.get("gap_policy", "skip"))
        if number:
            bucket[name] = {"value": None if value is None or before is None else float(value - before)}
        before = value


def _bucket_sort(body: Body, buckets: list[Body]) -> list[Body]:
    unknown = set(body) - {"sort", "from", "size", "gap_policy"}
    if unknown:
        raise ElasticsearchError(
            "x_content_parse_exception", f"[1:1] [bucket_sort] unknown field [{sorted(unknown)[0]}]"
        )
    sort = body.get("sort", [])
    keys = []
    for item in sort if isinstance(sort, list) else [sort]:
        name, options = (item, "asc") if isinstance(item, str) else next(iter(item.items()))
        order = options if isinstance(options, str) else options.get("order", "asc")
        keys.append((name, str(order).lower() == "desc"))
    if keys:
        values = {
            id(b): [b.get("key") if n == "_key" else _gapped(b, n, body.get("gap_policy", "skip")) for n, _ in keys]
            for b in buckets
        }
        buckets = [b for b in buckets if any(v is not None for v in values[id(b)])]
        for place, (_, descending) in reversed(list(enumerate(keys))):
            missing = float("-inf") if descending else float("inf")
            by = {i: missing if row[place] is None else row[place] for i, row in values.items()}
            buckets.sort(key=lambda b: by[id(b)], reverse=descending)  # noqa: B023
    start = body.get("from", 0)
    return buckets[start : start + body["size"]] if "size" in body else buckets[start:]


def sibling(kind: str, body: Body, results: Body) -> Body:
    """`histogram>metric` of the results beside it."""
    first, _, rest = _paths(body).partition(">")
    typed = first if first in results else _typed(results, first)
    if typed is None:
        raise ElasticsearchError(
            "action_request_validation_exception",
            f"Validation Failed: 1: No aggregation found for path [{_paths(body)}];",
        )
    buckets = results[typed].get("buckets")
    if buckets is None:
        raise illegal(f"The first aggregation in buckets_path must be a multi-bucket aggregation, found [{first}]")
    policy = body.get("gap_policy", "skip")
    shown = [dict(b, key=k) for k, b in buckets.items()] if isinstance(buckets, dict) else buckets
    pairs = [(b.get("key_as_string", str(b.get("key"))), _gapped(b, rest or "_count", policy)) for b in shown]
    pairs = [(k, v) for k, v in pairs if v is not None]
    values = [float(v) for _, v in pairs]
    if kind == "avg_bucket":
        return {"value": sum(values) / len(values) if values else None}
    if kind == "sum_bucket":
        return {"value": sum(values)}
    if kind == "stats_bucket":
        count, total = len(values), sum(values)
        low, high = (min(values), max(values)) if values else (None, None)
        return {"count": count, "min": low, "max": high, "avg": total / count if count else None, "sum": total}
    best = (max(values) if kind == "max_bucket" else min(values)) if values else None
    return {"value": best, "keys": [k for k, v in pairs if float(v) == best] if values else []}
