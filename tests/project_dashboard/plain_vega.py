"""A panel's spec as plain Vega: rows in place of its search, as Elasticsearch would answer it."""

from __future__ import annotations

import copy
import json
from typing import Any


def answer(source: dict[str, Any], hits: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a data source of a spec takes from the answer to its search: the hits, or buckets with the top hits."""
    if "aggs" not in source["url"]["body"]:
        return hits
    aggregation = source["url"]["body"]["aggs"]["clusters"]
    order = [next(iter(sort)) for sort in aggregation["aggs"]["nearest"]["top_hits"]["sort"]]
    nearest = sorted(hits, key=lambda hit: [hit["_source"][field] for field in order])
    by_cluster: dict[int, list[dict[str, Any]]] = {}
    for hit in nearest:
        by_cluster.setdefault(hit["_source"].get("cluster", aggregation["terms"]["missing"]), []).append(hit)
    size = aggregation["aggs"]["nearest"]["top_hits"]["size"]
    return [{"key": key, "nearest": {"hits": {"hits": top[:size]}}} for key, top in sorted(by_cluster.items())]


def drawable(spec: dict[str, Any], hits: list[dict[str, Any]], width: int, height: int) -> dict[str, Any]:
    """The spec as plain Vega: rows in place of the search, and a function that Vega has in place of Kibana's."""
    plain = json.loads(json.dumps(copy.deepcopy(spec)).replace("kibanaAddFilter(", "info("))
    for source in plain["data"]:
        if "url" in source:
            source["values"] = answer(source, hits)
            del source["url"], source["format"]
    return plain | {
        "width": width,
        "height": height,
        "background": "white",
        "autosize": {"type": "fit", "contains": "padding"},
    }
