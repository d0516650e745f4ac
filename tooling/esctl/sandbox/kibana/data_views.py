"""`/api/data_views`: data views, stored as saved objects of type `index-pattern`.

Kibana also lists the fields of the matched indices under `fields`; that needs Elasticsearch, and here `fields` holds
the scripted fields only.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from typing import Any

from . import api_settings
from .errors import bad_request, object_not_found
from .registry import CORE_MIGRATION_VERSION, latest
from .store import SavedObject, Store

_TYPES = {str: "string", bool: "boolean", dict: "object", list: "array", int: "number", float: "number"}
_UPDATE: dict[str, type] = {
    "title": str,
    "type": str,
    "typeMeta": dict,
    "timeFieldName": str,
    "sourceFilters": list,
    "fieldFormats": dict,
    "fields": dict,
    "allowNoIndex": bool,
    "runtimeFieldMap": dict,
    "name": str,
}
_CREATE: dict[str, type] = _UPDATE | {
    "version": str,
    "id": str,
    "fieldAttrs": dict,
    "namespaces": list,
    "allowHidden": bool,
}
_JSON: dict[str, tuple[str, Any]] = {
    "fieldAttrs": ("fieldAttrs", {}),
    "sourceFilters": ("sourceFilters", []),
    "fieldFormats": ("fieldFormatMap", {}),
    "runtimeFieldMap": ("runtimeFieldMap", {}),
}
"""As the API names it: (attribute, which holds JSON text; its empty value)."""


def list_views(store: Store, *, space: str) -> dict[str, Any]:
    """`GET /api/data_views`."""
    return {"data_view": [_listed(one) for one in store.of_types(["index-pattern"], space)]}


def _listed(one: SavedObject) -> dict[str, Any]:
    attributes = one.attributes
    shown: dict[str, Any] = {"id": one.id, "namespaces": [one.space], "title": attributes["title"]}
    for key in ("type", "name", "timeFieldName"):
        if attributes.get(key):
            shown[key] = attributes[key]
    if attributes.get("typeMeta"):
        shown["typeMeta"] = json.loads(attributes["typeMeta"])
    return shown


def get_view(store: Store, id_: str, *, space: str) -> dict[str, Any]:
    """`GET /api/data_views/data_view/{id}`."""
    return {"data_view": _spec(_existing(store, id_, space))}


def create_view(store: Store, body: Any, *, space: str, version: str) -> dict[str, Any]:
    """`POST /api/data_views/data_view`: a name that is taken is a duplicate; `override` deletes the one that has it."""
    _check(body, "", {"data_view": dict, "override": bool, "refresh_fields": bool}, required=("data_view",))
    spec = body["data_view"]
    _check(spec, "data_view.", _CREATE, required=("title",))
    name, override = spec.get("name") or spec["title"], body.get("override", False)
    id_ = spec.get("id") or str(uuid.uuid4())
    with store.writing():
        same = [one for one in store.of_types(["index-pattern"], space) if one.title == name]
        if same and not override:
            raise bad_request(f"Duplicate data view: {name}")
        for one in same:
            store.delete(one.type, one.id)
        there = store.get("index-pattern", id_)
        if there and (there.space != space or not override):
            raise bad_request(f"Saved object [index-pattern/{id_}] conflict")
        saved = SavedObject(
            type="index-pattern",
            id=id_,
            attributes=_attributes(spec | {"name": name}),
            space=space,
            core_version=CORE_MIGRATION_VERSION,
            type_version=latest("index-pattern", version) or "",
        )
        if api_settings.DEFAULT_VIEW not in api_settings.settings(store, space):  # the first one made so is the default
            api_settings.change(store, space, {api_settings.DEFAULT_VIEW: id_})
        return {"data_view": _spec(store.put(saved))}


def update_view(store: Store, id_: str, body: Any, *, space: str) -> dict[str, Any]:
    """`POST /api/data_views/data_view/{id}`: what is given replaces, what is left out stays."""
    _check(body, "", {"data_view": dict, "refresh_fields": bool}, required=())
    spec = body.get("data_view", {})
    _check(spec, "data_view.", _UPDATE, required=())
    with store.writing():
        saved = _existing(store, id_, space)
        # As in Kibana, `allowNoIndex` is accepted and not applied.
        changes = {key: value for key, value in spec.items() if key != "allowNoIndex"}
        if not changes:
            return {"data_view": _spec(saved)}
        attributes = saved.attributes | _given(changes)
        return {"data_view": _spec(store.put(replace(saved, attributes=attributes)))}


def delete_view(store: Store, id_: str, *, space: str) -> None:
    """`DELETE /api/data_views/data_view/{id}`."""
    with store.writing():
        _existing(store, id_, space)
        store.delete("index-pattern", id_)


def _existing(store: Store, id_: str, space: str) -> SavedObject:
    saved = store.get("index-pattern", id_, space=space)
    if not saved:
        raise object_not_found("index-pattern", id_)
    return saved


def _attributes(spec: dict[str, Any]) -> dict[str, Any]:
    """A new view's attributes: the JSON texts are all there, empty where nothing was given."""
    attributes: dict[str, Any] = {attribute: json.dumps(empty) for attribute, empty in _JSON.values()}
    attributes |= {"fields": "[]", "allowHidden": False}
    return attributes | _given(spec)


def _given(spec: dict[str, Any]) -> dict[str, Any]:
    attributes: dict[str, Any] = {}
    for key, value in spec.items():
        if key in _JSON:
            attributes[_JSON[key][0]] = _compact(value)
        elif key == "typeMeta":
            attributes["typeMeta"] = _compact(value)
        elif key == "fields":
            attributes["fields"] = _compact([field for field in value.values() if field.get("scripted")])
        elif key == "allowNoIndex":
            attributes |= {"allowNoIndex": True} if value else {}
        elif key not in ("id", "version", "namespaces"):
            attributes[key] = value
    return attributes


def _spec(saved: SavedObject) -> dict[str, Any]:
    attributes = saved.attributes
    shown: dict[str, Any] = {"id": saved.id, "version": saved.version, "title": attributes["title"]}
    for key in ("timeFieldName", "type"):
        if attributes.get(key):
            shown[key] = attributes[key]
    for key, (attribute, empty) in _JSON.items():
        shown[key] = json.loads(attributes[attribute]) if attributes.get(attribute) else empty
    if attributes.get("typeMeta"):
        shown["typeMeta"] = json.loads(attributes["typeMeta"])
    shown["fields"] = {field["name"]: field for field in json.loads(attributes.get("fields") or "[]")}
    return shown | {
        "allowNoIndex": attributes.get("allowNoIndex", False),
        "name": attributes.get("name", ""),
        "allowHidden": attributes.get("allowHidden", False),
        "namespaces": [saved.space],
    }


def _check(value: Any, path: str, shape: dict[str, type], *, required: tuple[str, ...]) -> None:
    if not isinstance(value, dict):
        raise bad_request(f"[request body{path and '.' + path[:-1]}]: expected a plain object value")
    for key in required:
        if key not in value:
            wanted = _TYPES[shape[key]]
            raise bad_request(f"[request body.{path}{key}]: expected value of type [{wanted}] but got [undefined]")
    for key, given in value.items():
        if key not in shape:
            raise bad_request(f"[request body.{path}{key}]: definition for this key is missing")
        if not isinstance(given, shape[key]):
            got = "null" if given is None else _TYPES.get(type(given), type(given).__name__)
            wanted = _TYPES[shape[key]]
            raise bad_request(f"[request body.{path}{key}]: expected value of type [{wanted}] but got [{got}]")


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
