"""A panel's spec as plain Vega: rows in place of its search, as Elasticsearch would answer it."""

from __future__ import annotations

import copy
import json
import math
from typing import Any


def answer(source: dict[str, Any], hits: list[dict[str, Any]]) -> dict[str, Any]:
    """Elasticsearch's answer to the search of a data source: the first hits by its order, and how many there are."""
    body = source["url"]["body"]
    if "aggs" in body:
        return {"aggregations": {"groups": spread(body["aggs"]["groups"], hits)}}
    order = [next(iter(sort)) for sort in body.get("sort", [])]
    found = sorted(hits, key=lambda hit: [hit["_source"].get(field, "") for field in order])
    return {"hits": {"total": {"value": len(hits), "relation": "eq"}, "hits": found[: body["size"]]}}


def spread(aggregation: dict[str, Any], hits: list[dict[str, Any]]) -> dict[str, Any]:
    """A histogram within each of the values of a field."""
    terms, bins = aggregation["terms"], aggregation["aggs"]["bins"]["histogram"]
    groups: dict[Any, list[float]] = {}
    for hit in hits:
        groups.setdefault(hit["_source"].get(terms["field"], terms.get("missing")), []).append(
            hit["_source"][bins["field"]]
        )
    buckets = []
    largest = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    for key, values in largest[: terms["size"]]:
        steps = [math.floor(value / bins["interval"]) for value in values]
        counts = [
            {"key": step * bins["interval"], "doc_count": steps.count(step)}
            for step in range(min(steps), max(steps) + 1)
        ]
        buckets.append({"key": key, "doc_count": len(values), "bins": {"buckets": counts}})
    return {"buckets": buckets, "sum_other_doc_count": sum(len(values) for _, values in largest[terms["size"] :])}


def drawable(spec: dict[str, Any], hits: list[dict[str, Any]], width: int, height: int) -> dict[str, Any]:
    """The spec as plain Vega: rows in place of the search, and a function that Vega has in place of Kibana's."""
    plain = json.loads(json.dumps(copy.deepcopy(spec)).replace("kibanaAddFilter(", "info("))
    for source in plain["data"]:
        if "url" in source:
            source["values"] = answer(source, hits)
            # With its type named, Vega takes `property` from inline values too.
            source["format"] = {"type": "json", **source["format"]}
            del source["url"]
    return plain | {
        "width": width,
        "height": height,
        "background": "white",
        "autosize": {"type": "fit", "contains": "padding"},
    }
