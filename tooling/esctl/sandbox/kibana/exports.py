"""`POST /api/saved_objects/_export`: saved objects as NDJSON, what is referenced before what refers.

What was written as code has no form as a saved object here: it is left out, and named as Kibana names what a type does
not let out (`excludedObjects`).
"""

from __future__ import annotations

import json
from typing import Any

from .errors import bad_request, object_not_found
from .registry import TYPES, latest
from .saved_objects import matches
from .store import SavedObject, Store

MAX_OBJECTS = 10_000


def export_objects(store: Store, body: dict[str, Any], *, space: str, version: str) -> bytes:
    """The NDJSON of an export request; raises KibanaError as Kibana does (unknown type, missing object, both forms)."""
    types = body.get("type") or []
    types = [types] if isinstance(types, str) else types
    objects = body.get("objects") or []
    if not types and not objects:
        raise bad_request("Either `type` or `objects` are required.")
    if types and objects:
        raise bad_request('Can\'t specify both "types" and "objects" properties when exporting')
    if objects:
        for key, word in (("search", "search"), ("hasReference", "references")):
            if body.get(key):
                raise bad_request(f'Can\'t specify both "{word}" and "objects" properties when exporting')
    unsupported = [one for one in types if latest(one, version) is None]
    if unsupported:
        raise bad_request(f"Trying to export non-exportable type(s): {', '.join(unsupported)}")
    unsupported = [f"{one['type']}:{one['id']}" for one in objects if latest(one["type"], version) is None]
    if unsupported:
        raise bad_request(f"Trying to export object(s) with non-exportable types: {', '.join(unsupported)}")

    found = _named(store, objects, space) if objects else _of_types(store, types, body, space)
    excluded = [one for one in found if one.as_code is not None]
    found = [one for one in found if one.as_code is None]
    if len(found) > MAX_OBJECTS:
        raise bad_request(f"Can't export more than {MAX_OBJECTS} objects.")
    missing: list[dict[str, str]] = []
    if body.get("includeReferencesDeep"):
        found, missing = _with_references(store, found, space)
    lines = [_line(one.body(namespaces=False)) for one in _referenced_first(found)]
    if not body.get("excludeExportDetails"):
        details = {
            "exportedCount": len(found),
            "missingRefCount": len(missing),
            "missingReferences": missing,
            "excludedObjectsCount": len(excluded),
            "excludedObjects": [{"id": one.id, "type": one.type, "reason": "excluded"} for one in excluded],
        }
        lines.append(_line(details))
    return "\n".join(lines).encode()


def _named(store: Store, objects: list[dict[str, str]], space: str) -> list[SavedObject]:
    found, errors = [], []
    for one in {(one["type"], one["id"]): one for one in objects}.values():
        saved = store.get(one["type"], one["id"], space=space)
        if saved:
            found.append(saved)
        else:
            refusal = object_not_found(one["type"], one["id"])
            errors.append({"id": one["id"], "type": one["type"], "error": refusal.body})
    if errors:
        raise bad_request("Error fetching objects to export", {"objects": errors})
    return found


def _of_types(store: Store, types: list[str], body: dict[str, Any], space: str) -> list[SavedObject]:
    wanted = body.get("hasReference") or []
    wanted = [wanted] if isinstance(wanted, dict) else wanted
    return [
        one
        for one in store.of_types(types, space)
        if matches(one, body.get("search")) and (not wanted or any(_refers(one, reference) for reference in wanted))
    ]


def _refers(one: SavedObject, wanted: dict[str, str]) -> bool:
    return any(r["type"] == wanted["type"] and r["id"] == wanted["id"] for r in one.references)


def _with_references(
    store: Store, found: list[SavedObject], space: str
) -> tuple[list[SavedObject], list[dict[str, str]]]:
    """All that is reachable by references, and the references that lead nowhere."""
    reached = {(one.type, one.id): one for one in found}
    missing: dict[tuple[str, str], dict[str, str]] = {}
    waiting = list(found)
    while waiting:
        for reference in waiting.pop().references:
            key = (reference["type"], reference["id"])
            if key in reached or key in missing:
                continue
            saved = store.get(*key, space=space) if key[0] in TYPES else None
            if saved:
                reached[key] = saved
                waiting.append(saved)
            else:
                missing[key] = {"type": key[0], "id": key[1]}
    return list(reached.values()), list(missing.values())


def _referenced_first(found: list[SavedObject]) -> list[SavedObject]:
    by_key = {(one.type, one.id): one for one in found}
    ordered: dict[tuple[str, str], SavedObject] = {}
    entered: set[tuple[str, str]] = set()

    def visit(one: SavedObject) -> None:
        key = (one.type, one.id)
        if key in entered:
            return
        entered.add(key)
        for reference in one.references:
            other = by_key.get((reference["type"], reference["id"]))
            if other:
                visit(other)
        ordered[key] = one

    for one in found:
        visit(one)
    return list(ordered.values())


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
