"""Roles, role mappings, application privileges: kept, checked and read back as Elasticsearch does it.

The sandbox itself asks for no credentials and enforces nothing. Reserved roles are listed by name only.
"""

from __future__ import annotations

import re
from typing import Any

from .errors import ElasticsearchError, illegal
from .http import Request, Response, Route, load_json, route
from .mapping import Body
from .node import Node
from .role_bodies import (
    application_mistakes,
    failed,
    names,
    parse_failure,
    parse_role,
    printed,
    role_mistakes,
)
from .role_rules import parse_mapping

ROLES, MAPPINGS, PRIVILEGES = "security_role", "role_mapping", "application_privilege"
_PRINTABLE = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")


def body_of(request: Request) -> Any:
    """The body as it was sent; it must be there."""
    if not request.body.strip():
        raise parse_failure("request body is required")
    return load_json(request.body)


def bad_name(what: str, name: str, longest: int = 507) -> str | None:
    if len(name) <= longest and _PRINTABLE.fullmatch(name):
        return None
    return (
        f"{what} names must be at least 1 and no more than {longest} characters. They can contain alphanumeric"
        " characters (a-z, A-Z, 0-9), spaces, punctuation, and printable symbols in the Basic Latin (ASCII) block."
        " Leading or trailing whitespace is not allowed."
    )


def named(node: Node, kind: str, request: Request, reserved: dict[str, Body], show: Any) -> Response:
    stored = {**reserved, **{name: show(name, body) for name, body in node.collection(kind).items()}}
    wanted = request.names("name")
    found = {name: stored[name] for name in wanted if name in stored} if wanted else stored
    return Response(found, 404 if wanted and not found else 200)


# roles


def _reserved_roles() -> dict[str, Body]:
    empty = {"cluster": [], "indices": [], "applications": [], "run_as": [], "metadata": {"_reserved": True}}
    return {name: printed(empty) for name in names()["reserved_roles"]}


def get_roles(node: Node, request: Request) -> Response:
    return named(node, ROLES, request, _reserved_roles(), lambda name, body: printed(body))


def store_role(node: Node, name: str, body: Any) -> bool:
    """Whether it is new. Raises ElasticsearchError where Elasticsearch refuses it."""
    if wrong := bad_name("Role", name, 1024):
        raise failed(wrong, type="validation_exception")
    role = parse_role(name, body)
    wrong = bad_name("Role", name)
    if name in names()["reserved_roles"]:
        wrong = f"Role [{name}] is reserved and may not be used."
    mistakes = [*([wrong] if wrong else []), *role_mistakes(role, node.version)]
    if mistakes:
        raise failed(*mistakes)
    created = name not in node.collection(ROLES)
    node.put(ROLES, name, role)
    return created


def put_role(node: Node, request: Request) -> Response:
    return Response({"role": {"created": store_role(node, request.values["name"], body_of(request))}})


def delete_role(node: Node, request: Request) -> Response:
    name = request.values["name"]
    if name in names()["reserved_roles"]:
        raise illegal(f"role [{name}] is reserved and cannot be deleted")
    return deleted(node, ROLES, name)


def deleted(node: Node, kind: str, name: str) -> Response:
    there = name in node.collection(kind)
    if there:
        node.remove(kind, name)
    return Response({"found": there}, 200 if there else 404)


# role mappings


def get_mappings(node: Node, request: Request) -> Response:
    return named(node, MAPPINGS, request, {}, lambda name, body: body)


def put_mapping(node: Node, request: Request) -> Response:
    name = request.values["name"]
    mapping = parse_mapping(name, body_of(request))
    mistakes = []
    if not mapping.get("roles") and not mapping.get("role_templates"):
        mistakes.append("role-mapping roles or role-templates are missing")
    if mapping.get("roles") and mapping.get("role_templates"):
        mistakes.append("role-mapping cannot have both roles and role-templates")
    if any(key.startswith("_") for key in mapping["metadata"]):
        mistakes.append("metadata keys may not start with [_]")
    if mistakes:
        raise failed(*mistakes)
    created = name not in node.collection(MAPPINGS)
    node.put(MAPPINGS, name, mapping)
    return Response({"role_mapping": {"created": created}})


def delete_mapping(node: Node, request: Request) -> Response:
    return deleted(node, MAPPINGS, request.values["name"])


# application privileges


def get_privileges(node: Node, request: Request) -> Response:
    application, wanted = request.values.get("application"), request.names("name")
    found: Body = {}
    for body in node.collection(PRIVILEGES).values():
        if application in (None, body["application"]) and (not wanted or body["name"] in wanted):
            found.setdefault(body["application"], {})[body["name"]] = body
    return Response(found, 404 if wanted and not found else 200)


def put_privileges(node: Node, request: Request) -> Response:
    given = body_of(request)
    parsed = [_privilege(app, name, body) for app, group in given.items() for name, body in group.items()]
    mistakes = [] if parsed else ["At least one application privilege must be provided"]
    for one in parsed:
        mistakes += application_mistakes(one["application"])
        if not re.fullmatch(r"[a-z][a-zA-Z0-9_.-]*", one["name"]):
            mistakes.append(
                f"Application privilege names must match the pattern ^[a-z][a-zA-Z0-9_.-]*$ (found '{one['name']}')"
            )
        if not one["actions"]:
            mistakes.append("Application privileges must have at least one action")
        mistakes += [
            f"action [{action}] must contain one of [ '/' , '*' , ':' ]"
            for action in one["actions"]
            if not re.search("[/*:]", action)
        ]
        if any(key.startswith("_") for key in one["metadata"]):
            mistakes.append(f"metadata keys may not start with [_] (in privilege {one['application']} {one['name']})")
    if mistakes:
        raise failed(*mistakes)
    answer: Body = {}
    for one in parsed:
        id = f"{one['application']}/{one['name']}"
        answer.setdefault(one["application"], {})[one["name"]] = {"created": id not in node.collection(PRIVILEGES)}
        node.put(PRIVILEGES, id, one)
    return Response(answer)


def _privilege(application: str, name: str, body: Body) -> Body:
    for key in body:
        if key not in ("application", "name", "actions", "metadata"):
            raise ElasticsearchError(
                "x_content_parse_exception", f"[1:1] [application-privilege] unknown field [{key}]"
            )
    for key, value in (("application", application), ("name", name)):
        if body.get(key, value) != value:
            raise illegal(f"privilege {key} [{body[key]}] in source does not match the provided {key} [{value}]")
    actions = list(dict.fromkeys(body.get("actions") or ()))
    return {"application": application, "name": name, "actions": actions, "metadata": body.get("metadata") or {}}


def delete_privilege(node: Node, request: Request) -> Response:
    application = request.values["application"]
    answer = {}
    for name in request.names("name"):
        there = f"{application}/{name}" in node.collection(PRIVILEGES)
        if there:
            node.remove(PRIVILEGES, f"{application}/{name}")
        answer[name] = {"found": there}
    return Response({application: answer}, 200 if any(one["found"] for one in answer.values()) else 404)


def builtin_privileges(node: Node, request: Request) -> Response:
    from .role_bodies import privilege_names

    return Response(
        {what: sorted(privilege_names(what, node.version)) for what in ("cluster", "index", "remote_cluster")}
    )


ROUTES: list[Route] = [
    route("GET", "/_security/role", get_roles, "include_implicit"),
    route("GET", "/_security/role/{name}", get_roles, "include_implicit"),
    route("PUT POST", "/_security/role/{name}", put_role, "refresh"),
    route("DELETE", "/_security/role/{name}", delete_role, "refresh"),
    route("GET", "/_security/role_mapping", get_mappings),
    route("GET", "/_security/role_mapping/{name}", get_mappings),
    route("PUT POST", "/_security/role_mapping/{name}", put_mapping, "refresh"),
    route("DELETE", "/_security/role_mapping/{name}", delete_mapping, "refresh"),
    route("GET", "/_security/privilege", get_privileges),
    route("GET", "/_security/privilege/_builtin", builtin_privileges),
    route("GET", "/_security/privilege/{application}", get_privileges),
    route("GET", "/_security/privilege/{application}/{name}", get_privileges),
    route("PUT POST", "/_security/privilege", put_privileges, "refresh"),
    route("DELETE", "/_security/privilege/{application}/{name}", delete_privilege, "refresh"),
]
