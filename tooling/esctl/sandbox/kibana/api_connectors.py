"""`/api/actions`: connectors. Their secrets are kept apart and never shown.

The types that the sandbox has are those of `TYPES`; another one is refused as Kibana refuses a type that no plugin
brings. Nothing is sent anywhere: a connector here is configuration.
"""

from __future__ import annotations

import re
import uuid
from typing import Any

from starlette.responses import Response

from .bodies import Body, Key, checked
from .call import Call, Handler
from .errors import KibanaError, bad_request, object_not_found
from .store import SavedObject, Store

TYPE = "action"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
NOT_A_UUID = "Predefined IDs are not allowed for saved objects with encrypted attributes unless the ID is a UUID."

_TEXT, _MAYBE = Key(required=True), Key(nullable=True)
_OBJECT = Key(dict, nullable=True)
_WEB = {
    "url": _TEXT,
    "method": Key(default="post"),
    "headers": _OBJECT,
    "hasAuth": Key(bool, default=True),
    "authType": _MAYBE,
    "certType": _MAYBE,
    "ca": _MAYBE,
    "verificationMode": _MAYBE,
}
_LOGIN = {"user": _MAYBE, "password": _MAYBE}
_SENT = {**_LOGIN, "crt": _MAYBE, "key": _MAYBE, "pfx": _MAYBE, "secretHeaders": _OBJECT}
_MAIL = {
    "from": _TEXT,
    "service": Key(default="other"),
    "host": _MAYBE,
    "port": Key(int, nullable=True),
    "secure": Key(bool, nullable=True),
    "hasAuth": Key(bool, default=True),
    "tenantId": _MAYBE,
    "clientId": _MAYBE,
    "oauthTokenUrl": _MAYBE,
}
TYPES: dict[str, tuple[dict[str, Key], dict[str, Key]]] = {
    ".server-log": ({}, {}),
    ".index": ({"index": _TEXT, "refresh": Key(bool, default=False), "executionTimeField": _MAYBE}, {}),
    ".webhook": (_WEB, _SENT),
    ".email": (_MAIL, {**_LOGIN, "clientSecret": _MAYBE}),
    ".slack": ({}, {"webhookUrl": _TEXT}),
    ".slack_api": ({"allowedChannels": Key(list)}, {"token": _TEXT}),
    ".teams": ({}, {"webhookUrl": _TEXT}),
    ".pagerduty": ({"apiUrl": _MAYBE}, {"routingKey": _TEXT}),
    ".opsgenie": ({"apiUrl": _TEXT}, {"apiKey": _TEXT}),
    ".jira": ({"apiUrl": _TEXT, "projectKey": _TEXT}, {"email": _TEXT, "apiToken": _TEXT}),
}
"""By type: the keys of `config` and of `secrets`."""
_MADE_NULL = {".index": ("executionTimeField",), ".webhook": ("headers",)}
"""Keys of `config` that Kibana writes as null where they are left out."""

_COMMON = {"name": _TEXT, "config": Key(dict, default={}), "secrets": Key(dict, default={})}


def create(store: Store, id_: str | None, body: Any, *, space: str) -> Body:
    """`POST /api/actions/connector/{id}`."""
    given = checked(body, {**_COMMON, "connector_type_id": _TEXT})
    if id_ and not UUID.fullmatch(id_):
        raise bad_request(NOT_A_UUID)
    id_ = id_ or str(uuid.uuid4())
    with store.writing():
        if store.get(TYPE, id_):
            raise KibanaError(409, f"Saved object [{TYPE}/{id_}] conflict")
        return _shown(_put(store, id_, given["connector_type_id"], given, space))


def update(store: Store, id_: str, body: Any, *, space: str) -> Body:
    """`PUT /api/actions/connector/{id}`: name, config and secrets as a whole; the type stays."""
    given = checked(body, _COMMON)
    with store.writing():
        there = existing(store, id_, space)
        return _shown(_put(store, id_, there.attributes["connector_type_id"], given, space, there))


def _put(store: Store, id_: str, type_: str, given: Body, space: str, there: SavedObject | None = None) -> SavedObject:
    if type_ not in TYPES:
        raise bad_request(f'Action type "{type_}" is not registered.')
    parts = {}
    for name, keys in zip(("config", "secrets"), TYPES[type_], strict=True):
        try:
            parts[name] = checked(given[name], keys, name)
        except KibanaError as error:
            words = error.body["message"].removeprefix(f"[{name}.").replace(f"[{name}]", "")
            raise bad_request(f"error validating connector type {name}: [{words.lstrip('[')}") from None
    config = {**dict.fromkeys(_MADE_NULL.get(type_, ())), **parts["config"]}
    attributes = {"name": given["name"], "connector_type_id": type_, "config": config, "secrets": parts["secrets"]}
    created = there.created_at if there else ""
    return store.put(SavedObject(type=TYPE, id=id_, attributes=attributes, space=space, created_at=created))


def existing(store: Store, id_: str, space: str) -> SavedObject:
    """Raises KibanaError (404) where the space has no such connector."""
    saved = store.get(TYPE, id_, space=space)
    if not saved:
        raise object_not_found(TYPE, id_)
    return saved


def _shown(saved: SavedObject) -> Body:
    return {
        "id": saved.id,
        "name": saved.attributes["name"],
        "connector_type_id": saved.attributes["connector_type_id"],
        "config": saved.attributes["config"],
        "is_preconfigured": False,
        "is_deprecated": False,
        "is_missing_secrets": False,
        "is_system_action": False,
    }


def _listed(call: Call) -> list[Body]:
    rules = call.store.of_types(["alert"], call.space)
    used = [action["id"] for rule in rules for action in rule.attributes.get("actions", ())]
    found = call.store.of_types([TYPE], call.space)
    return [{**_shown(one), "referenced_by_count": used.count(one.id)} for one in found]


def _delete(call: Call) -> Response:
    with call.store.writing():
        existing(call.store, call.id, call.space)
        call.store.delete(TYPE, call.id)
    return Response(status_code=204)


_PATH = "/api/actions/connector"

ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/api/actions/connectors", _listed),
    ("GET", "/api/actions/connector_types", lambda c: [{"id": one, "name": one[1:], "enabled": True} for one in TYPES]),
    ("POST", _PATH, lambda c: create(c.store, None, c.body, space=c.space)),
    ("GET", _PATH + "/{id}", lambda c: _shown(existing(c.store, c.id, c.space))),
    ("POST", _PATH + "/{id}", lambda c: create(c.store, c.id, c.body, space=c.space)),
    ("PUT", _PATH + "/{id}", lambda c: update(c.store, c.id, c.body, space=c.space)),
    ("DELETE", _PATH + "/{id}", _delete),
)
