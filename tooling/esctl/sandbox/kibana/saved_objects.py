"""`/api/saved_objects/_find`, `_bulk_get`, `_bulk_delete` and the routes of one object."""

from __future__ import annotations

import json
import re
from typing import Any

from .errors import KibanaError, bad_request, object_not_found
from .registry import TYPES, latest
from .store import SavedObject, Store

_FIND = frozenset(
    "per_page page type search default_search_operator search_fields sort_field has_reference"
    " has_reference_operator has_no_reference has_no_reference_operator fields filter aggs namespaces".split()
)
_REFUSED = frozenset("has_no_reference has_no_reference_operator has_reference_operator filter aggs".split())
_SORTABLE = frozenset({"type", "title", "updated_at", "created_at"})


def matches(one: SavedObject, search: str | None, fields: list[str] | None = None, operator: str = "OR") -> bool:
    """A simple_query_string of words, `*` at their ends allowed, over `title` (or `fields`; boosts are ignored)."""
    if not search:
        return True
    names = [field.split("^")[0] for field in fields or ["title"]]
    words = re.findall(r"\w+", " ".join(str(one.attributes.get(name, "")) for name in names).lower())
    terms = [term.strip('"').lower() for term in search.split()]
    if any(set(term) & set('+|-()~"') for term in terms):
        raise bad_request("the sandbox searches saved objects by words and by prefixes (word*) only")
    hits = [any(_hit(part, words) for part in re.findall(r"\w+\*?|\*", term)) for term in terms]
    return all(hits) if operator.upper() == "AND" else any(hits)


def _hit(term: str, words: list[str]) -> bool:
    return any(word.startswith(term[:-1]) for word in words) if term.endswith("*") else term in words


def find(store: Store, query: dict[str, list[str]], *, space: str, version: str) -> dict[str, Any]:
    """`GET /api/saved_objects/_find`; raises KibanaError for what it does not take."""
    for key in query:
        if key not in _FIND:
            raise bad_request(f"[request query.{key}]: definition for this key is missing")
        if key in _REFUSED:
            raise bad_request(f"the sandbox does not search saved objects by [{key}]")
    types = query.get("type", [])
    if not types:
        raise bad_request("[request query.type]: expected at least one defined value but got [undefined]")
    per_page, page = _number(query, "per_page", 20), _number(query, "page", 1)
    found = store.of_types([one for one in types if latest(one, version)], _space_of(query, space))
    operator = query.get("default_search_operator", ["OR"])[0]
    search, fields = query.get("search", [None])[0], query.get("search_fields")
    found = [one for one in found if matches(one, search, fields, operator)]
    for wanted in query.get("has_reference", []):
        found = [one for one in found if _refers(one, wanted)]
    if "sort_field" in query:
        found.sort(key=_sort_key(query["sort_field"][0]))
    shown = [one.body() | {"score": 0} for one in found[max(page - 1, 0) * per_page :][:per_page]]
    if "fields" in query:
        for body in shown:
            body["attributes"] = {k: v for k, v in body["attributes"].items() if k in query["fields"]}
    return {"page": page, "per_page": per_page, "total": len(found), "saved_objects": shown}


def _refers(one: SavedObject, wanted: str) -> bool:
    try:
        parsed = json.loads(wanted)
    except json.JSONDecodeError:
        raise bad_request("[request query.has_reference]: could not parse object value from json input") from None
    references = parsed if isinstance(parsed, list) else [parsed]
    return any(r["type"] == w.get("type") and r["id"] == w.get("id") for r in one.references for w in references)


def _sort_key(field: str) -> Any:
    if field not in _SORTABLE:
        raise bad_request(f"the sandbox sorts saved objects by {', '.join(sorted(_SORTABLE))}, not by [{field}]")
    return lambda one: getattr(one, field)


def _space_of(query: dict[str, list[str]], space: str) -> str:
    spaces = query.get("namespaces", [space])
    if len(spaces) > 1 or spaces[0] == "*":
        raise bad_request("the sandbox finds saved objects in one space at a time")
    return spaces[0]


def _number(query: dict[str, list[str]], key: str, default: int) -> int:
    text = query.get(key, [str(default)])[0]
    if not text.isdigit():
        raise bad_request(f"[request query.{key}]: expected value of type [number] but got [string]")
    return int(text)


def bulk_get(store: Store, wanted: list[dict[str, Any]], *, space: str) -> dict[str, Any]:
    """`POST /api/saved_objects/_bulk_get`: in the order asked; what is missing carries an `error`."""
    shown: list[dict[str, Any]] = []
    for one in wanted:
        saved = store.get(one["type"], one["id"], space=space)
        if saved and saved.as_code is not None:
            shown.append({"id": one["id"], "type": one["type"], "error": _only_as_code(saved).body})
        elif saved:
            shown.append(saved.body())
        elif one["type"] not in TYPES:
            refusal = bad_request(f"Unsupported saved object type: '{one['type']}': Bad Request")
            shown.append({"id": one["id"], "type": one["type"], "error": refusal.body})
        else:
            refusal = object_not_found(one["type"], one["id"])
            shown.append({"id": one["id"], "type": one["type"], "error": refusal.body})
    return {"saved_objects": shown}


def get(store: Store, type_: str, id_: str, *, space: str) -> dict[str, Any]:
    saved = _existing(store, type_, id_, space)
    if saved.as_code is not None:
        raise _only_as_code(saved)
    return saved.body()


def _existing(store: Store, type_: str, id_: str, space: str) -> SavedObject:
    saved = store.get(type_, id_, space=space)
    if not saved:
        raise object_not_found(type_, id_)
    return saved


def _only_as_code(saved: SavedObject) -> KibanaError:
    """Attributes of what was written as code are not made up; title and description, which `_find` shows, are true."""
    path = "dashboards" if saved.type == "dashboard" else "visualizations"
    return KibanaError(501, f"the sandbox has [{saved.type}/{saved.id}] as code only: GET /api/{path}/{saved.id}")


def delete(store: Store, type_: str, id_: str, *, space: str) -> dict[str, Any]:
    with store.writing():
        _existing(store, type_, id_, space)
        store.delete(type_, id_)
    return {}


def bulk_delete(store: Store, wanted: list[dict[str, Any]], *, space: str) -> dict[str, Any]:
    """`POST /api/saved_objects/_bulk_delete`: each object by itself; one that is absent is no refusal of the rest."""
    statuses: list[dict[str, Any]] = []
    with store.writing():
        for one in wanted:
            status: dict[str, Any] = {"id": one["id"], "type": one["type"], "success": True}
            try:
                if one["type"] not in TYPES:
                    raise bad_request(f"Unsupported saved object type: '{one['type']}': Bad Request")
                _existing(store, one["type"], one["id"], space)
                store.delete(one["type"], one["id"])
            except KibanaError as refusal:
                status |= {"success": False, "error": refusal.body}
            statuses.append(status)
    return {"statuses": statuses}
