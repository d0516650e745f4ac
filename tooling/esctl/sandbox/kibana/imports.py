"""`POST /api/saved_objects/_import`: what is refused for the whole file, what per object, and what is then written.

The order and the rules are those of Kibana's importer: an error that a person could resolve (a conflict, a missing
reference) keeps the whole file from being written, although `successResults` names what would have been.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import Any

from .errors import KibanaError, bad_request
from .registry import CORE_MIGRATION_VERSION, NUMBERS, TYPES, VALIDATED_REFERENCES, latest, newer
from .shapes import attributes_problem
from .store import SavedObject, Store

MAX_OBJECTS = 10_000
RESOLVABLE = frozenset({"conflict", "ambiguous_conflict", "missing_references"})


@dataclass
class _Import:
    """The state of one import: errors by object, new ids, and what would overwrite."""

    errors: list[dict[str, Any]] = field(default_factory=list)
    destinations: dict[tuple[str, str], str] = field(default_factory=dict)
    without_origin: set[tuple[str, str]] = field(default_factory=set)
    overwrites: set[tuple[str, str]] = field(default_factory=set)

    def refuse(self, item: dict[str, Any], error: dict[str, Any]) -> None:
        title = item["attributes"].get("title")
        named = {"id": item["id"], "type": item["type"]}
        known = TYPES.get(item["type"])
        meta = {"title": title, "icon": known.icon if known else None}
        self.errors.append(named | {"title": title, "meta": _without_none(meta), "error": error})


def import_objects(
    store: Store, file: bytes, *, space: str, version: str, overwrite: bool = False, copies: bool = False
) -> dict[str, Any]:
    """Import an NDJSON file into a space; returns Kibana's answer (HTTP 200, also where `success` is false).

    Raises KibanaError where Kibana refuses the file as a whole: not NDJSON, an object given twice, too many objects,
    or an object written by a newer Kibana (422).
    """
    items = _parse(file)
    state = _Import()
    supported = []
    for item in items:
        if latest(item["type"], version) is None:
            state.refuse(item, {"type": "unsupported_type"})
        else:
            supported.append(item)
    with store.writing():
        _check_references(store, supported, space, state)
        if copies:
            for item in supported:
                state.destinations[_key(item)] = str(uuid.uuid4())
                state.without_origin.add(_key(item))
        else:
            _check_conflicts(store, supported, space, overwrite, state)
        created = _create(store, supported, space, version, state)
    results = [_success(item, state, copies) for item in created]
    errors = [_failure(error, state) for error in state.errors]
    answer: dict[str, Any] = {"successCount": len(results), "success": not errors, "warnings": []}
    if results:
        answer["successResults"] = results
    if errors:
        answer["errors"] = errors
    return answer


def _parse(file: bytes) -> list[dict[str, Any]]:
    items = []
    for line in file.decode(errors="replace").splitlines():
        if not line.strip():
            continue
        try:
            item = json.loads(line)
        except json.JSONDecodeError as error:
            # Kibana shows the message of its own JSON parser, which names a position in the same way.
            raise bad_request(f"Unexpected token in JSON at position {error.pos}") from None
        if isinstance(item, dict) and "exportedCount" in item:
            continue
        items.append(_formed(item))
    if len(items) > MAX_OBJECTS:
        raise bad_request(f"Can't import more than {MAX_OBJECTS} objects. ")
    keys = [_key(item) for item in items]
    twice = sorted({f"{type_}:{id_}" for type_, id_ in keys if keys.count((type_, id_)) > 1}) if _repeats(keys) else []
    if twice:
        raise bad_request(f"Non-unique import objects detected: [{','.join(twice)}]")
    return items


def _formed(item: Any) -> dict[str, Any]:
    """The item, which has what the rest relies on: type, id, attributes, references. Raises KibanaError."""
    if not isinstance(item, dict) or not all(isinstance(item.get(key), str) for key in ("type", "id")):
        raise bad_request("Malformed saved object: expected an object with a type and an id")
    named = f"{item['type']}:{item['id']}"
    if not isinstance(item.setdefault("attributes", {}), dict):
        raise bad_request(f"Malformed saved object [{named}]: attributes is not an object")
    for reference in item.get("references") or []:
        if not isinstance(reference, dict) or not all(
            isinstance(reference.get(k), str) for k in ("type", "id", "name")
        ):
            raise bad_request(f"Malformed saved object [{named}]: a reference has no type, id and name")
    return item


def _check_references(store: Store, items: list[dict[str, Any]], space: str, state: _Import) -> None:
    given = {_key(item) for item in items}
    for item in items:
        missing = []
        for reference in item.get("references") or []:
            key = (reference["type"], reference["id"])
            if key[0] not in VALIDATED_REFERENCES or key in given or store.get(*key, space=space):
                continue
            found = store.by_origin(*key, space)
            if len(found) == 1:  # the object came here under another id: point at that
                state.destinations[key] = found[0].id
            else:
                missing.append({"type": key[0], "id": key[1]})
        if missing:
            state.refuse(item, {"type": "missing_references", "references": missing})


def _check_conflicts(store: Store, items: list[dict[str, Any]], space: str, overwrite: bool, state: _Import) -> None:
    for item in items:
        key = _key(item)
        there = store.get(*key)
        if there and there.space == space:
            if overwrite:
                state.overwrites.add(key)
            else:
                state.refuse(item, {"type": "conflict"})
            continue
        origin = item.get("originId") or item["id"]
        copies = store.by_origin(item["type"], origin, space)
        if len(copies) == 1:
            if overwrite:
                state.overwrites.add(key)
                state.destinations[key] = copies[0].id
            else:
                state.refuse(item, {"type": "conflict", "destinationId": copies[0].id})
        elif len(copies) > 1:
            shown = [{"id": one.id, "title": one.title, "updatedAt": one.updated_at} for one in copies]
            state.refuse(item, {"type": "ambiguous_conflict", "destinations": shown})
        elif there:  # the id is taken in another space
            state.destinations[key] = str(uuid.uuid4())


def _create(
    store: Store, items: list[dict[str, Any]], space: str, version: str, state: _Import
) -> list[dict[str, Any]]:
    """Write what has no error, unless one could be resolved; returns the items that count as created."""
    refused = {(error["type"], error["id"]) for error in state.errors}
    wanted = [item for item in items if _key(item) not in refused]
    if any(error["error"]["type"] in RESOLVABLE for error in state.errors):
        return wanted
    for item in wanted:
        _check_versions(item, version)
    created = []
    for item in wanted:
        problem = attributes_problem(item["type"], item["attributes"], version)
        if problem:
            error = {"type": "unknown", "statusCode": 400, "error": "Bad Request", "message": problem}
            state.refuse(item, error)
            continue
        store.put(_saved(item, space, version, state))
        created.append(item)
    return created


def _saved(item: dict[str, Any], space: str, version: str, state: _Import) -> SavedObject:
    key = _key(item)
    moved = state.destinations.get(key)
    origin = item.get("originId") or (item["id"] if moved else None)
    references = [
        reference | {"id": state.destinations.get((reference["type"], reference["id"]), reference["id"])}
        for reference in item.get("references") or []
    ]
    return SavedObject(
        type=item["type"],
        id=moved or item["id"],
        attributes=item["attributes"],
        references=references,
        space=space,
        core_version=CORE_MIGRATION_VERSION,
        type_version=latest(item["type"], version) or "",
        managed=bool(item.get("managed", False)),
        origin=None if key in state.without_origin else origin,
    )


def _check_versions(item: dict[str, Any], version: str) -> None:
    """Migrations only go forward: what a newer Kibana wrote is refused, and with it the whole file."""
    known = latest(item["type"], version) or "0.0.0"
    written = item.get("typeMigrationVersion") or (item.get("migrationVersion") or {}).get(item["type"]) or "0.0.0"
    if newer(written, known):
        raise KibanaError(
            422,
            f'Document "{item["id"]}" belongs to a more recent version of Kibana [{written}]'
            f" when the last known version is [{known}].",
        )
    core = item.get("coreMigrationVersion") or "0.0.0"
    if newer(core, NUMBERS[version]):
        raise KibanaError(
            422,
            f'Document "{item["id"]}" has a "coreMigrationVersion" which belongs to a more recent version'
            f" of Kibana [{core}]. The current version is [{NUMBERS[version]}].",
        )


def _success(item: dict[str, Any], state: _Import, copies: bool) -> dict[str, Any]:
    key = _key(item)
    shown: dict[str, Any] = {
        "type": item["type"],
        "id": item["id"],
        "meta": _without_none({"title": item["attributes"].get("title"), "icon": TYPES[item["type"]].icon}),
        "managed": bool(item.get("managed", False)),
    }
    if key in state.overwrites:
        shown["overwrite"] = True
    if key in state.destinations:
        shown["destinationId"] = state.destinations[key]
    return shown


def _failure(error: dict[str, Any], state: _Import) -> dict[str, Any]:
    overwrites = (error["type"], error["id"]) in state.overwrites
    return _without_none(error) | ({"overwrite": True} if overwrites else {})


def _key(item: dict[str, Any]) -> tuple[str, str]:
    return item["type"], item["id"]


def _repeats(keys: list[tuple[str, str]]) -> bool:
    return len(set(keys)) < len(keys)


def _without_none(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
