"""Filters as code → the filters that Kibana stores, and the references to the data views they name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .form import given

Stored = dict[str, Any]
GEO_QUERIES = ("geo_shape", "geo_bounding_box", "geo_distance", "geo_polygon")


def chart_filters(filters: Sequence[dict[str, Any]]) -> tuple[list[Stored], list[dict[str, str]]]:
    """Filters of a chart; `meta.index` becomes `filter-ref-<data view>`, one reference for each data view."""
    stored = [stored_filter(filter) for filter in filters]
    views = dict.fromkeys(filter["meta"]["index"] for filter in stored if "index" in filter["meta"])
    for filter in stored:
        if "index" in filter["meta"]:
            filter["meta"]["index"] = f"filter-ref-{filter['meta']['index']}"
    return stored, [{"type": "index-pattern", "name": f"filter-ref-{view}", "id": view} for view in views]


def dashboard_filters(filters: Sequence[dict[str, Any]]) -> tuple[list[Stored], list[dict[str, str]]]:
    """Filters of a dashboard; `meta.indexRefName` takes the place of `meta.index`, a reference for each filter."""
    stored = [stored_filter(filter) for filter in filters]
    references = []
    for position, filter in enumerate(stored):
        if "index" in filter["meta"]:
            name = f"kibanaSavedObjectMeta.searchSourceJSON.filter[{position}].meta.index"
            references.append({"type": "index-pattern", "name": name, "id": filter["meta"].pop("index")})
            filter["meta"]["indexRefName"] = name
    return stored, references


def stored_filter(filter: dict[str, Any]) -> Stored:
    """One filter: `condition`, `group`, `dsl` or `spatial`."""
    if filter["type"] == "condition":
        stored = _condition(filter["condition"])
    elif filter["type"] == "group":
        stored = _group(filter["group"])
    else:
        stored = {"query": filter["dsl"], "meta": {"type": _dsl_type(filter), **given(filter, params="params")}}
        if "field" in filter:
            stored["meta"] |= {"key": filter["field"], "field": filter["field"]}
    meta = stored["meta"]
    meta["alias"] = filter.get("label")
    meta["disabled"] = filter.get("disabled", False)
    meta["negate"] = filter.get("negate", meta.get("negate", False))
    meta |= given(filter, controlled_by="controlledBy", data_view_id="index", is_multi_index="isMultiIndex")
    return stored


def _condition(condition: dict[str, Any]) -> Stored:
    field, operator, value = condition["field"], condition["operator"], condition.get("value")
    meta: dict[str, Any] = {"key": field, "field": field}
    query: dict[str, Any]
    if operator == "exists":
        query = {"exists": {"field": field}}
        meta["type"] = "exists"
    elif operator == "is":
        query = {"match_phrase": {field: value}}
        meta |= {"type": "phrase", "params": {"query": value}}
    elif operator == "is_one_of":
        phrases = [{"match_phrase": {field: item}} for item in value or ()]
        query = {"bool": {"should": phrases, "minimum_should_match": 1}}
        meta |= {"type": "phrases", "params": value}
    else:
        query = {"range": {field: value}}
        meta |= {"type": "range", "params": value}
    return {"query": query, "meta": meta | given(condition, negate="negate")}


def _group(group: dict[str, Any]) -> Stored:
    parts = [_condition(part) if "field" in part else _group(part) for part in group["conditions"]]
    return {"meta": {"type": "combined", "relation": group["operator"].upper(), "params": parts}}


def _dsl_type(filter: dict[str, Any]) -> str:
    query = filter["dsl"]
    if filter["type"] == "spatial":
        return "spatial_filter"
    for key, kind in (
        ("match_phrase", "phrase"),
        ("term", "phrase"),
        ("exists", "exists"),
        ("match_all", "match_all"),
        ("query_string", "query_string"),
    ):
        if key in query:
            return kind
    if "range" in query:
        bounds: dict[str, Any] = next(iter(query["range"].values()), {}) if isinstance(query["range"], dict) else {}
        return "range" if len(set(bounds) & {"gt", "gte", "lt", "lte"}) != 1 else "range_from_value"
    clauses = query.get("bool", {}) if isinstance(query.get("bool"), dict) else {}
    parts = [part for clause in clauses.values() if isinstance(clause, list) for part in clause]
    return "spatial_filter" if any(key in part for part in parts for key in GEO_QUERIES) else "custom"
