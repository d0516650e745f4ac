"""Filters of a Lens chart in one form: what they filter by, and the data view that they name."""

from __future__ import annotations

from typing import Any

from .filters_of import condition_of

Body = dict[str, Any]
_META_DEFAULTS = {"alias": (None, ""), "disabled": (False,), "negate": (False,), "isMultiIndex": (False,)}


def tidy_filters(filters: list[Body], ids: dict[str, str]) -> tuple[list[Body], set[str]]:
    """The filters with their data views under `filter-ref-<id>`; the names of the references that they used."""
    used: set[str] = set()
    return [_filter(one, ids, used, top=True) for one in filters], used


def _filter(stored: Body, ids: dict[str, str], used: set[str], *, top: bool) -> Body:
    given = stored.get("meta") or {}
    meta = {key: value for key, value in given.items() if key not in ("indexRefName", "value", "field", "index")}
    meta = {key: value for key, value in meta.items() if value is not None and value not in _META_DEFAULTS.get(key, ())}
    name = given.get("indexRefName") or given.get("index")
    if name in ids:
        used.add(name)
        meta["index"] = f"filter-ref-{ids[name]}"
    elif isinstance(name, str) and top:
        meta["index"] = name if name.startswith("filter-ref-") else f"filter-ref-{name}"
    if meta.get("type") == "combined":
        meta["params"] = [_filter(part, ids, used, top=False) for part in meta.get("params") or ()]
        for part in meta["params"]:
            part["meta"].pop("index", None)
        meta.pop("key", None)
        return {"meta": meta}
    query = stored.get("query")
    if query is None:
        # Before 8.0 the clauses stood beside `meta`.
        query = {key: value for key, value in stored.items() if key not in ("meta", "$state")}
    query = _without_old_phrase(query)
    if condition_of({"query": query, "meta": meta}) is not None:
        meta.pop("params", None)  # repeats the query
    else:
        if meta.get("type") != "spatial_filter":
            meta.pop("type", None)  # follows from the query
        meta.pop("key", None)
        meta |= {"field": given["field"]} if "field" in given else {}
    return {"query": query, "meta": meta}


def _without_old_phrase(query: Body) -> Body:
    """`match` of type phrase has been `match_phrase` since 6.0."""
    match = query.get("match")
    if isinstance(match, dict) and len(match) == 1:
        field, body = next(iter(match.items()))
        if isinstance(body, dict) and body.get("type") == "phrase" and body.keys() <= {"query", "type"}:
            return {"match_phrase": {field: body["query"]}}
    return query
