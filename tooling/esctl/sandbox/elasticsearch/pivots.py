"""What a transform makes of its source: the documents of a pivot or of a latest, and the mapping they need."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import orjson

from .dates import iso, parse_date
from .dotted import at, put
from .errors import unsupported
from .mapping import Body
from .names import resolve
from .node import Index, Node
from .search import search

Made = list[tuple[str, Body]]
"""Documents with their ids: the same group always has the same id."""

GROUPS = ("terms", "histogram", "date_histogram")
METRICS = ("avg", "sum", "min", "max", "value_count", "cardinality", "stats", "extended_stats", "percentiles")
_PAGE = 1000


def check(config: Body) -> None:
    """Refuse what the sandbox cannot make, by name; raises ElasticsearchError."""
    if config["source"].get("runtime_mappings"):
        raise unsupported("[runtime_mappings] of a transform")
    pivot = config.get("pivot")
    if pivot is None:
        return
    for name, group in pivot["group_by"].items():
        ((kind, body),) = group.items()
        if kind not in GROUPS or "script" in body:
            raise unsupported(
                f"the group_by [{name}] of type [{kind}]" + (" with a script" if "script" in body else "")
            )
    for name, aggregation in pivot["aggregations"].items():
        kind = next((key for key in aggregation if key not in ("aggs", "aggregations", "meta")), "")
        if kind not in (*METRICS, "filter") or "script" in aggregation.get(kind, {}):
            raise unsupported(f"the aggregation [{name}] of type [{kind}] in a transform")


def sources(node: Node, config: Body) -> list[Index]:
    return resolve(node, config["source"]["index"])


def made(node: Node, config: Body, most: int | None = None) -> Made:
    """Every document, or the first `most`."""
    return (_pivot if "pivot" in config else _latest)(node, config, most)


def _pivot(node: Node, config: Body, most: int | None) -> Made:
    pivot, indices = config["pivot"], sources(node, config)
    groups = [{name: group} for name, group in pivot["group_by"].items()]
    after, found = None, []
    while indices:
        composite: Body = {"sources": groups, "size": _PAGE, **({"after": after} if after else {})}
        body = {
            "size": 0,
            "query": config["source"].get("query", {"match_all": {}}),
            "aggs": {"_transform": {"composite": composite, "aggs": pivot["aggregations"]}},
        }
        page = search(node, indices, body)["aggregations"]["_transform"]
        for bucket in page["buckets"]:
            found.append((_id(bucket["key"]), _document(bucket, config, indices)))
            if most is not None and len(found) >= most:
                return found
        after = page.get("after_key")
        if after is None:
            break
    return found


def _document(bucket: Body, config: Body, indices: list[Index]) -> Body:
    pivot, document = config["pivot"], Body()
    epoch = config.get("settings", {}).get("dates_as_epoch_millis")
    for name, group in pivot["group_by"].items():
        ((kind, body),) = group.items()
        value = bucket["key"][name]
        dated = kind == "date_histogram" or (kind == "terms" and _type(indices, body.get("field")) == "date")
        put(document, name, iso(value) if dated and not epoch and isinstance(value, int) else value)
    for name, aggregation in pivot["aggregations"].items():
        put(document, name, _value(aggregation, bucket[name]))
    return document


def _value(aggregation: Body, result: Body) -> Any:
    if "filter" in aggregation:
        below = aggregation.get("aggs", aggregation.get("aggregations"))
        if not below:
            return result["doc_count"]
        return {name: _value(inner, result[name]) for name, inner in below.items()}
    if "percentiles" in aggregation:
        values = result["values"]
        return {key.removesuffix(".0").replace(".", "_"): value for key, value in values.items()}
    if "value" in result:
        return result.get("value_as_string", result["value"]) if _dated(result) else result["value"]
    return {key: value for key, value in result.items() if isinstance(value, int | float) or value is None}


def _dated(result: Body) -> bool:
    return "T" in str(result.get("value_as_string", ""))


def _latest(node: Node, config: Body, most: int | None) -> Made:
    from .api_by_query import found
    from .sources import whole_source

    latest, indices = config["latest"], sources(node, config)
    newest: dict[str, tuple[float, Body]] = {}
    for index, stored in found(node, indices, config["source"].get("query", {"match_all": {}}), None):
        source = whole_source(stored)
        sort = at(source, latest["sort"])
        if sort is None:
            continue
        field = index.mapping.field(latest["sort"])
        rank = _rank(sort, field.type if field else "", str(field.get("format") or "") if field else "")
        key = _id({name: at(source, name) for name in latest["unique_key"]})
        if key not in newest or rank >= newest[key][0]:
            newest[key] = rank, source
    return [(key, source) for key, (_, source) in list(newest.items())[:most]]


def _rank(value: Any, type: str, format: str) -> float:
    value = value[0] if isinstance(value, list) and value else value
    if type == "date":
        return float(parse_date(value, format or "strict_date_optional_time||epoch_millis"))
    try:
        return float(value)
    except (TypeError, ValueError):
        raise unsupported("sorting a latest by a field that is neither a date nor a number") from None


def _id(key: Any) -> str:
    digest = hashlib.sha256(orjson.dumps(key, option=orjson.OPT_SORT_KEYS)).digest()
    return base64.urlsafe_b64encode(digest[:15]).decode() + "AAAAAAAA"


def _type(indices: list[Index], path: str | None) -> str:
    for index in indices:
        field = index.mapping.field(path) if path else None
        if field is not None:
            return str(field.type)
    return ""


def mapping(node: Node, config: Body) -> Body:
    """The destination's fields, deduced from the source's; nothing for a latest, whose documents map themselves."""
    properties: Body = {}
    if "pivot" not in config or config.get("settings", {}).get("deduce_mappings") is False:
        return properties
    indices = sources(node, config)
    for name, group in config["pivot"]["group_by"].items():
        ((kind, body),) = group.items()
        found = {"histogram": "double", "date_histogram": "date"}.get(kind) or _type(indices, body.get("field"))
        _field(properties, name, found)
    for name, aggregation in config["pivot"]["aggregations"].items():
        ((kind, body), *_) = [(k, v) for k, v in aggregation.items() if k not in ("aggs", "aggregations", "meta")]
        if kind in ("value_count", "cardinality"):
            _field(properties, name, "long")
        elif kind in ("min", "max"):
            _field(properties, name, _type(indices, body.get("field")))
        elif kind in ("avg", "sum"):
            _field(properties, name, "double")
    return properties


def _field(properties: Body, path: str, type: str) -> None:
    if not type or type == "text":
        return
    *parents, last = path.split(".")
    for part in parents:
        properties = properties.setdefault(part, {}).setdefault("properties", {})
    properties[last] = {"type": type}


def check_names(pivot: Body) -> list[str]:
    """What is wrong with the names of groups and aggregations, in Elasticsearch's words."""
    names = sorted([*pivot["group_by"], *pivot["aggregations"]])
    reasons = []
    for name, following in zip(names, names[1:], strict=False):
        if following.startswith(f"{name}."):
            reasons.append(f"field [{name}] cannot be both an object and a field")
        if following == name:
            reasons.append(f"duplicate field [{name}] detected")
    for name in names:
        if name.startswith("."):
            reasons.append(f"field [{name}] must not start with '.'")
        if name.endswith("."):
            reasons.append(f"field [{name}] must not end with '.'")
    return reasons
