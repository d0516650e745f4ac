"""`/api/kibana/settings`: advanced settings of a space, and the default data view, which is one of them."""

from __future__ import annotations

from typing import Any

from .bodies import Body, Key, checked
from .call import Call, Handler
from .errors import bad_request
from .registry import NUMBERS
from .store import SavedObject, Store

TYPE = "config"
DEFAULT_VIEW = "defaultIndex"


def settings(store: Store, space: str) -> Body:
    """What was set in the space."""
    saved = store.get(TYPE, space, space=space)
    return saved.attributes if saved else {}


def change(store: Store, space: str, changes: Body) -> Body:
    """Sets each key; null takes it back to its default. Returns what is set afterwards."""
    with store.writing():
        merged = {key: value for key, value in {**settings(store, space), **changes}.items() if value is not None}
        store.put(SavedObject(type=TYPE, id=space, attributes=merged, space=space))
    return merged


def _shown(call: Call) -> Body:
    found = {"buildNum": {"userValue": int(NUMBERS[call.version].replace(".", ""))}}
    return {
        "settings": {**found, **{key: {"userValue": value} for key, value in settings(call.store, call.space).items()}}
    }


def _change(call: Call) -> Body:
    given = checked(call.body, {"changes": Key(dict, required=True)})["changes"]
    if "buildNum" in given:
        raise bad_request('Unable to update "buildNum" because it is read-only')
    change(call.store, call.space, given)
    return _shown(call)


def _default_view(call: Call) -> Any:
    return {"data_view_id": settings(call.store, call.space).get(DEFAULT_VIEW)}


def _set_default_view(call: Call) -> Any:
    given = checked(call.body, {"data_view_id": Key(nullable=True, required=True), "force": Key(bool)})
    if given.get("force") or DEFAULT_VIEW not in settings(call.store, call.space):
        change(call.store, call.space, {DEFAULT_VIEW: given["data_view_id"]})
    return {"acknowledged": True}


ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/api/kibana/settings", _shown),
    ("POST", "/api/kibana/settings", _change),
    ("GET", "/api/data_views/default", _default_view),
    ("POST", "/api/data_views/default", _set_default_view),
)
