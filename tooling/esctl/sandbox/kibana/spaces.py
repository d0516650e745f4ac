"""`/api/spaces/space`: the spaces that saved objects live in."""

from __future__ import annotations

import re
from typing import Any

from .errors import KibanaError, bad_request, not_found
from .store import Store

_KEYS = frozenset("id name description color initials imageUrl disabledFeatures solution _reserved".split())


def get_space(store: Store, id_: str) -> dict[str, Any]:
    found = store.space(id_)
    if not found:
        raise not_found()
    return found


def create_space(store: Store, body: Any) -> dict[str, Any]:
    """`POST /api/spaces/space`; raises 409 where the id is taken."""
    space = _checked(body)
    with store.writing():
        if store.space(space["id"]):
            raise KibanaError(409, f"A space with the identifier {space['id']} already exists.")
        store.put_space(space)
    return space


def update_space(store: Store, id_: str, body: Any) -> dict[str, Any]:
    """`PUT /api/spaces/space/{id}` replaces; the id cannot change."""
    space = _checked(body)
    with store.writing():
        there = get_space(store, id_)
        if space["id"] != id_:
            raise bad_request(f"The space identifier in the body [{space['id']}] is not that of the path [{id_}]")
        space |= {"_reserved": True} if there.get("_reserved") else {}
        store.put_space(space)
    return space


def delete_space(store: Store, id_: str) -> None:
    """`DELETE /api/spaces/space/{id}`: the space with everything in it."""
    with store.writing():
        if get_space(store, id_).get("_reserved"):
            raise bad_request(f"The {id_} space cannot be deleted because it is reserved.")
        store.delete_space(id_)


def _checked(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise bad_request("[request body]: expected a plain object value")
    for key in ("id", "name"):
        if not isinstance(body.get(key), str):
            raise bad_request(f"[request body.{key}]: expected value of type [string] but got [undefined]")
    for key in body:
        if key not in _KEYS:
            raise bad_request(f"[request body.{key}]: definition for this key is missing")
    if not re.fullmatch(r"[a-z0-9_-]+", body["id"]):
        raise bad_request("[request body.id]: must be lower case, a-z, 0-9, '_', and '-' are allowed")
    return {key: value for key, value in body.items() if key != "_reserved"} | {
        "disabledFeatures": body.get("disabledFeatures", [])
    }
