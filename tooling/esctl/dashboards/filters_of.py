"""Filters and queries as Kibana stores them → as code: the way back of `filters`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Body = dict[str, Any]


def query_of(stored: Any) -> Body | None:
    """`{query, language}` → `{expression, language}`; None for what is no such query."""
    if not isinstance(stored, dict) or not isinstance(stored.get("query"), str):
        return None
    return {"expression": stored["query"]} | ({"language": "lucene"} if stored.get("language") == "lucene" else {})


def filter_of(stored: Body, view_of: Callable[[str], str | None], refuse: Callable[[str], Exception]) -> Body:
    """One filter; `view_of` gives the data view behind the name of a reference. Raises what `refuse` makes."""
    meta = dict(stored.get("meta") or {})
    if meta.get("type") == "combined":
        found: Body = {"type": "group", "group": _group(meta, refuse)}
    elif condition := condition_of(stored):
        condition.pop("negate", None)
        found = {"type": "condition", "condition": condition}
    elif isinstance(stored.get("query"), dict):
        kind = "spatial" if meta.get("type") == "spatial_filter" else "dsl"
        found = {"type": kind, "dsl": stored["query"]}
        if kind == "dsl" and meta.get("field"):
            found["field"] = meta["field"]
        if "params" in meta and kind == "dsl":
            found["params"] = meta["params"]
    else:
        raise refuse("one of its filters has no form as code")
    if meta.get("alias"):
        found["label"] = meta["alias"]
    for key, name in (("disabled", "disabled"), ("negate", "negate")):
        if meta.get(key):
            found[name] = True
    for key, name in (("controlledBy", "controlled_by"), ("isMultiIndex", "is_multi_index")):
        if key in meta:
            found[name] = meta[key]
    view = meta.get("index")
    if isinstance(view, str):
        view = view_of(view) or view.removeprefix("filter-ref-")
    elif "indexRefName" in meta:
        view = view_of(meta["indexRefName"])
    return found | ({"data_view_id": view} if view else {})


def condition_of(stored: Body) -> Body | None:
    """A filter by one field; None for what has no such form."""
    meta, query = stored.get("meta") or {}, stored.get("query") or {}
    field = meta.get("key")
    negate = {"negate": meta["negate"]} if "negate" in meta else {}
    match meta.get("type"):
        case "exists" if query == {"exists": {"field": field}}:
            return {"field": field, "operator": "exists", **negate}
        case "phrase" if list(query.get("match_phrase") or ()) == [field] and _plain(query["match_phrase"][field]):
            return {"field": field, "operator": "is", "value": query["match_phrase"][field], **negate}
        case "phrases":
            clauses = (query.get("bool") or {}).get("should") or ()
            if any(list(clause.get("match_phrase") or ()) != [field] for clause in clauses):
                return None
            values = [clause["match_phrase"][field] for clause in clauses]
            return {"field": field, "operator": "is_one_of", "value": values, **negate}
        case "range" if isinstance(query.get("range"), dict) and list(query["range"]) == [field]:
            return {"field": field, "operator": "range", "value": query["range"][field], **negate}
    return None


def _plain(value: Any) -> bool:
    return not isinstance(value, dict | list)


def _group(meta: Body, refuse: Callable[[str], Exception]) -> Body:
    parts = []
    for part in meta.get("params") or ():
        inner = part.get("meta") or {}
        found = _group(inner, refuse) if inner.get("type") == "combined" else condition_of(part)
        if found is None:
            raise refuse("a part of one of its filters has no form as code")
        parts.append(found)
    return {"operator": str(meta.get("relation", "AND")).lower(), "conditions": parts}
