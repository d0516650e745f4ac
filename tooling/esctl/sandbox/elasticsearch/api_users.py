"""Users of the native realm: kept with their passwords' hashes, which nothing shows."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from typing import Any

from .api_security import bad_name, body_of, deleted, named
from .errors import illegal, unsupported
from .http import Request, Response, Route, route
from .mapping import Body
from .node import Node
from .role_bodies import failed, names, parse_failure, token

USERS = "security_user"
_HASHERS = (
    "bcrypt, bcrypt4, bcrypt5, bcrypt6, bcrypt7, bcrypt8, bcrypt9, bcrypt10, bcrypt11, bcrypt12, bcrypt13, bcrypt14,"
    " pbkdf2, pbkdf2_1000, pbkdf2_10000, pbkdf2_50000, pbkdf2_100000, pbkdf2_500000, pbkdf2_1000000, pbkdf2_stretch,"
    " pbkdf2_stretch_1000, pbkdf2_stretch_10000, pbkdf2_stretch_50000, pbkdf2_stretch_100000, pbkdf2_stretch_500000,"
    " pbkdf2_stretch_1000000"
)


def _shown_user(name: str, body: Body) -> Body:
    return {
        "username": name,
        "roles": body["roles"],
        "full_name": body.get("full_name"),
        "email": body.get("email"),
        "metadata": body.get("metadata") or {},
        "enabled": body.get("enabled", True),
    }


def get_users(node: Node, request: Request) -> Response:
    if request.flag("with_profile_uid"):
        raise unsupported("user profiles")
    reserved = {name: _shown_user(name, body) for name, body in names()["reserved_users"].items()}
    return named(node, USERS, request, reserved, _shown_user)


def put_user(node: Node, request: Request) -> Response:
    name, body = request.values["name"], body_of(request)
    user = _parsed_user(name, body)
    mistakes = []
    if "roles" not in user:
        mistakes.append("roles are missing")
    if any(key.startswith("_") for key in user.get("metadata") or ()):
        mistakes.append("metadata keys may not start with [_]")
    if mistakes:
        raise failed(*mistakes)
    if name in names()["reserved_users"]:
        raise failed(f"user [{name}] is reserved and only the password can be changed")
    wrong = [bad_name("User", name), *(bad_name("Role", role) for role in user["roles"])]
    if any(wrong):
        raise failed(*(reason for reason in wrong if reason))
    before = node.collection(USERS).get(name)
    if "password_hash" not in user:
        if before is None:
            reason = "password must be specified unless you are updating an existing user"
            raise failed(reason, type="validation_exception")
        user["password_hash"] = before["password_hash"]
    node.put(USERS, name, user)
    return Response({"created": before is None})


def _parsed_user(name: str, body: Any) -> Body:
    if not isinstance(body, dict):
        raise parse_failure(f"expected an object, but found token [{token(body)}]")
    user: Body = {}
    types = {"password": str, "password_hash": str, "full_name": str, "email": str, "username": str}
    for key, value in body.items():
        if key == "roles":
            user[key] = value.split(",") if isinstance(value, str) else list(value)
        elif key in types or key in ("metadata", "enabled"):
            wanted = types.get(key) or (dict if key == "metadata" else bool)
            optional = key in ("full_name", "email") and value is None
            if not isinstance(value, wanted) and not optional:
                kind = {dict: "object", bool: "boolean"}.get(wanted, "string")
                raise parse_failure(f"expected field [{key}] to be of type {kind}, but found [{token(value)}] instead")
            if key == "username" and value != name:
                raise illegal(f"[username] in source does not match the username provided [{name}]")
            if key in ("password", "password_hash"):
                if key == "password" and len(value) < 6:
                    raise failed("passwords must be at least [6] characters long", type="validation_exception")
                if key == "password_hash" and not value.startswith(("$2a$", "{PBKDF2}", "{PBKDF2_STRETCH}")):
                    raise illegal(
                        "The provided password hash is not a hash or it could not be resolved to a supported hash"
                        f" algorithm. The supported password hash algorithms are [{_HASHERS}]"
                    )
                if "password_hash" in user:
                    raise failed("password_hash has already been set", type="validation_exception")
                user["password_hash"] = value if key == "password_hash" else _hashed(value)
            elif key != "username":
                user[key] = value
        else:
            raise parse_failure(f"failed to parse add user request. unexpected field [{key}]")
    return user


def _hashed(password: str) -> str:
    """In Elasticsearch's own form: `{PBKDF2}iterations$salt$hash`."""
    salt = os.urandom(32)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 10_000, 32)
    return f"{{PBKDF2}}10000${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def password_fits(password: str, kept: str) -> bool:
    """Whether a password is the one that was hashed; only for hashes that the sandbox itself made."""
    match = re.fullmatch(r"\{PBKDF2\}(\d+)\$([^$]+)\$([^$]+)", kept)
    if not match:
        return False
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), base64.b64decode(match[2]), int(match[1]), 32)
    return base64.b64encode(digest).decode() == match[3]


def delete_user(node: Node, request: Request) -> Response:
    name = request.values["name"]
    if name in names()["reserved_users"]:
        raise illegal(f"user [{name}] is reserved and cannot be deleted")
    return deleted(node, USERS, name)


ROUTES: list[Route] = [
    route("GET", "/_security/user", get_users, "with_profile_uid"),
    route("GET", "/_security/user/{name}", get_users, "with_profile_uid"),
    route("PUT POST", "/_security/user/{name}", put_user, "refresh"),
    route("DELETE", "/_security/user/{name}", delete_user, "refresh"),
]
