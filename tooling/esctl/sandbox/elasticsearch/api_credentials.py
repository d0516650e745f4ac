"""Whose credentials a request has. The sandbox itself asks for none and lets everybody do everything."""

from __future__ import annotations

import base64
import hashlib
import secrets

from .api_keys import KEYS, expired
from .api_users import USERS, password_fits
from .errors import ElasticsearchError
from .http import Request, Response, Route, route
from .node import Node


def authenticate(node: Node, request: Request) -> Response:
    """Whose credentials these are: an API key's, or a user's. The sandbox itself asks for none."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if not given:
        raise _refused("missing authentication credentials for REST request", request)
    try:
        name, _, secret = base64.b64decode(given).decode().partition(":")
    except ValueError:
        raise _refused("failed to authenticate: malformed credentials for REST request", request) from None
    if scheme.lower() == "apikey":
        key = node.collection(KEYS).get(name)
        digest = hashlib.sha256(secret.encode()).hexdigest()
        if key is None or key["invalidated"] or expired(key) or not secrets.compare_digest(key["hash"], digest):
            raise _refused("unable to authenticate with provided credentials and anonymous access is not allowed for"
                           " this request; REST request", request)  # fmt: skip
        realm = {"name": "_es_api_key", "type": "_es_api_key"}
        return Response(
            {
                "username": key["username"],
                "roles": [],
                "full_name": None,
                "email": None,
                "metadata": {},
                "enabled": True,
                "authentication_realm": realm,
                "lookup_realm": realm,
                "authentication_type": "api_key",
                "api_key": {"id": key["id"], "name": key["name"], "managed_by": "elasticsearch"},
            }
        )
    user = node.collection(USERS).get(name)
    if user is None or not user.get("enabled", True) or not password_fits(secret, user["password_hash"]):
        raise _refused(f"unable to authenticate user [{name}] for REST request", request)
    realm = {"name": "default_native", "type": "native"}
    about = {key: user.get(key) for key in ("full_name", "email")}
    return Response(
        {
            "username": name,
            "roles": user["roles"],
            **about,
            "metadata": user.get("metadata") or {},
            "enabled": True,
            "authentication_realm": realm,
            "lookup_realm": realm,
            "authentication_type": "realm",
        }
    )


def _refused(reason: str, request: Request) -> ElasticsearchError:
    header = {"WWW-Authenticate": ['Basic realm="security", charset="UTF-8"', "ApiKey"]}
    return ElasticsearchError("security_exception", f"{reason} [{request.path}]", status=401, header=header)


def not_enforced(node: Node, request: Request) -> Response:
    """What asks for privileges finds no security, as where Elasticsearch has it switched off."""
    return Response({"error": f"no handler found for uri [{request.path}] and method [{request.method}]"}, 400)


ROUTES: list[Route] = [
    route("GET", "/_security/_authenticate", authenticate),
    route("GET POST", "/_security/user/_has_privileges", not_enforced),
    route("GET", "/_security/user/_privileges", not_enforced),
    route("PUT POST", "/_security/user/_password", not_enforced),
]
