"""API keys: made (their secret is told once), changed, listed, found by query, invalidated."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from .api_security import body_of
from .dates import duration_ms, now_ms
from .errors import ElasticsearchError, illegal, unsupported
from .http import Request, Response, Route, route
from .key_queries import matches
from .mapping import Body
from .node import Node, new_uuid
from .role_bodies import failed, parse_role, printed, role_mistakes

KEYS = "api_key"
_SHOWN = "id name type creation expiration invalidated invalidation username realm realm_type metadata".split()
_OWNER = {"username": "sandbox", "realm": "sandbox", "realm_type": "native"}


def _parsed(node: Node, body: Any, parser: str, known: tuple[str, ...]) -> Body:
    for key in body:
        if key not in known:
            raise ElasticsearchError("x_content_parse_exception", f"[1:1] [{parser}] unknown field [{key}]")
    found: Body = {}
    if "metadata" in body:
        found["metadata"] = body["metadata"] or {}
    if body.get("expiration") is not None:
        found["lasts"] = _lasts(body["expiration"], parser)
    if body.get("role_descriptors") is not None:
        found["roles"] = _roles(body["role_descriptors"], parser)
    return found


def _lasts(text: Any, parser: str) -> int:
    try:
        return duration_ms(text, "expiration")
    except ElasticsearchError:
        cause = illegal(
            f"failed to parse setting [expiration] with value [{text}] as a time value: unit is missing or unrecognized"
        )
        reason = f"Failed to build [{parser}] after last required field arrived"
        raise ElasticsearchError("x_content_parse_exception", reason, cause=cause) from None


def _roles(given: Any, parser: str) -> Body:
    wrong = f"[1:1] [{parser}] failed to parse field [role_descriptors]"
    if not isinstance(given, dict):
        cause = illegal("[role_descriptors] doesn't support arrays. Use a single object with multiple fields.")
        raise ElasticsearchError("x_content_parse_exception", wrong, cause=cause)
    roles = {}
    for name, role in given.items():
        try:
            roles[name] = parse_role(name, role, restriction=True)
        except ElasticsearchError as error:
            reason = f"[1:1] [role_descriptors] failed to parse field [{name}]"
            inner = ElasticsearchError("x_content_parse_exception", reason, cause=error)
            raise ElasticsearchError("x_content_parse_exception", wrong, cause=inner, root=[error.head()]) from None
    return roles


def _checked(node: Node, parsed: Body, *mistakes: str) -> None:
    found = list(mistakes)
    if any(key.startswith("_") for key in parsed.get("metadata", ())):
        found.append("API key metadata keys may not start with [_]")
    for role in parsed.get("roles", {}).values():
        found += role_mistakes(role, node.version)
    if found:
        raise failed(*found)


def create_key(node: Node, request: Request) -> Response:
    body = body_of(request)
    parsed = _parsed(node, body, "api_key_request", ("name", "expiration", "role_descriptors", "metadata"))
    if "name" not in body:
        raise illegal("Required [name]")
    name = body["name"]
    if not isinstance(name, str):
        reason = "[1:1] [api_key_request] name doesn't support values of type: VALUE_NUMBER"
        raise ElasticsearchError("x_content_parse_exception", reason)
    wrong = []
    if not name:
        wrong.append("api key name is required")
    if len(name) > 256:
        wrong.append("api key name may not be more than 256 characters long")
    if name != name.strip():
        wrong.append("api key name may not begin or end with whitespace")
    if name.startswith("_"):
        wrong.append("api key name may not begin with an underscore")
    _checked(node, parsed, *wrong)
    id, secret, now = new_uuid()[:20], new_uuid(), now_ms()
    key: Body = {"id": id, "name": name, "type": "rest", "creation": now, "invalidated": False, **_OWNER}
    if "lasts" in parsed:
        key["expiration"] = now + parsed["lasts"]
    kept = {**key, "metadata": parsed.get("metadata", {}), "roles": parsed.get("roles", {})}
    node.put(KEYS, id, {**kept, "hash": hashlib.sha256(secret.encode()).hexdigest()})
    answer = {"id": id, "name": name, "api_key": secret, "encoded": _encoded(id, secret)}
    return Response({**answer, **({"expiration": key["expiration"]} if "expiration" in key else {})})


def _encoded(id: str, secret: str) -> str:
    return base64.b64encode(f"{id}:{secret}".encode()).decode()


def update_key(node: Node, request: Request) -> Response:
    id = request.values["id"]
    body = request.json()
    known = ("expiration", "role_descriptors", "metadata")
    parsed = _parsed(node, body, "update_api_key_request_payload", known)
    _checked(node, parsed)
    key = node.collection(KEYS).get(id)
    if key is None:
        raise ElasticsearchError(
            "resource_not_found_exception", f"no API key owned by requesting user found for ID [{id}]", status=404
        )
    if key["invalidated"]:
        raise illegal(f"cannot update invalidated API key [{id}]")
    if expired(key):
        raise illegal(f"cannot update expired API key [{id}]")
    changed = {**key, **{name: parsed[name] for name in ("metadata", "roles") if name in parsed}}
    if "lasts" in parsed:
        changed["expiration"] = now_ms() + parsed["lasts"]
    if changed != key:
        node.put(KEYS, id, changed)
    return Response({"updated": changed != key})


def invalidate_keys(node: Node, request: Request) -> Response:
    body = body_of(request)
    for key in body:
        if key not in ("ids", "name", "owner", "realm_name", "username"):
            meant = " did you mean [ids]?" if key == "id" else ""
            reason = f"[1:1] [invalidate_api_key] unknown field [{key}]{meant}"
            raise ElasticsearchError("x_content_parse_exception", reason)
    if body.get("ids") == []:
        cause = failed("Field [ids] cannot be an empty array")
        reason = "Failed to build [invalidate_api_key] after last required field arrived"
        raise ElasticsearchError("x_content_parse_exception", reason, cause=cause)
    if body.get("ids") and body.get("name"):
        raise failed("only one of [api key id(s), api key name] can be specified")
    if not body.get("owner") and not any(body.get(key) for key in ("ids", "name", "username", "realm_name")):
        raise failed(
            "One of [api key id(s), api key name, username, realm name] must be specified if [owner] flag is false"
        )
    ended: list[str] = []
    before: list[str] = []
    for id, key in list(node.collection(KEYS).items()):
        if _named(id, key, body):
            (before if key["invalidated"] else ended).append(id)
            if not key["invalidated"]:
                node.put(KEYS, id, {**key, "invalidated": True, "invalidation": now_ms()})
    return Response({"invalidated_api_keys": ended, "previously_invalidated_api_keys": before, "error_count": 0})


def _named(id: str, key: Body, body: Body) -> bool:
    return (
        (not body.get("ids") or id in body["ids"])
        and (not body.get("name") or key["name"] == body["name"])
        and (not body.get("username") or key["username"] == body["username"])
        and (not body.get("realm_name") or key["realm"] == body["realm_name"])
    )


def expired(key: Body) -> bool:
    return "expiration" in key and key["expiration"] <= now_ms()


def _shown(key: Body) -> Body:
    shown = {name: key[name] for name in _SHOWN if name in key}
    return {**shown, "role_descriptors": {name: printed(role) for name, role in key["roles"].items()}}


def get_keys(node: Node, request: Request) -> Response:
    keys = [
        key
        for id, key in node.collection(KEYS).items()
        if request.params.get("id", id) == id
        and request.params.get("name", key["name"]) == key["name"]
        and request.params.get("username", key["username"]) == key["username"]
        and request.params.get("realm_name", key["realm"]) == key["realm"]
        and not (request.flag("active_only") and (key["invalidated"] or expired(key)))
    ]
    missing = "id" in request.params and not keys
    return Response({"api_keys": [_shown(key) for key in keys]}, 404 if missing else 200)


def query_keys(node: Node, request: Request) -> Response:
    body = request.json()
    for key in body:
        if key not in ("query", "from", "size", "sort", "search_after", "aggs", "aggregations"):
            reason = f"[1:1] [query_api_key_request_payload] unknown field [{key}]"
            raise ElasticsearchError("x_content_parse_exception", reason)
        if key in ("sort", "search_after", "aggs", "aggregations"):
            raise unsupported(f"[{key}] in a query of API keys")
    query = body.get("query", {"match_all": {}})
    matches({"metadata": {}}, query)  # what is not allowed is refused where there is no key, too
    found = [key for key in node.collection(KEYS).values() if matches(key, query)]
    start = body.get("from", 0)
    page = found[start : start + body.get("size", 10)]
    return Response({"total": len(found), "count": len(page), "api_keys": [_shown(key) for key in page]})


ROUTES: list[Route] = [
    route("PUT POST", "/_security/api_key", create_key, "refresh"),
    route("GET", "/_security/api_key", get_keys, "id name username realm_name owner with_limited_by active_only"),
    route("DELETE", "/_security/api_key", invalidate_keys),
    route("PUT", "/_security/api_key/{id}", update_key),
    route("GET POST", "/_security/_query/api_key", query_keys, "with_limited_by"),
]
