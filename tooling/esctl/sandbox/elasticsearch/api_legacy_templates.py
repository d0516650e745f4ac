"""Legacy index templates (`_template`): merged by order into what no composable template matches."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from .errors import ElasticsearchError, illegal, validation
from .http import Request, Response, Route, route
from .mapping import Body, parse_mapping
from .mapping_merge import merge_mapping
from .node import Node
from .settings import Flat, check_new, flatten, nest
from .templates import alias_form

KIND = "legacy_template"
_KEYS = frozenset("index_patterns order settings mappings aliases version".split())


def _found(node: Node, request: Request) -> list[str]:
    patterns = request.names("name") or ["*"]
    return sorted(name for name in node.collection(KIND) if any(fnmatchcase(name, p) for p in patterns))


def put_template(node: Node, request: Request) -> Response:
    name, body = request.values["name"], request.json(required=True)
    for key in body:
        if key not in _KEYS:
            raise ElasticsearchError("parse_exception", f"unknown key [{key}] in the template ")
    patterns = body.get("index_patterns")
    patterns = [patterns] if isinstance(patterns, str) else patterns
    if not patterns:
        raise validation("index patterns are missing")
    if request.flag("create") and name in node.collection(KIND):
        raise illegal(f"index_template [{name}] already exists")
    settings = flatten(body.get("settings"))
    check_new(settings, node.version)
    kept: Body = {"order": int(body.get("order", 0))}
    if "version" in body:
        kept["version"] = body["version"]
    kept |= {
        "index_patterns": patterns,
        "settings": settings,
        "mappings": parse_mapping(body["mappings"], node.version) if body.get("mappings") else {},
        "aliases": {alias: alias_form(form or {}) for alias, form in (body.get("aliases") or {}).items()},
    }
    node.put(KIND, name, kept)
    return Response({"acknowledged": True})


def get_templates(node: Node, request: Request) -> Response:
    flat = request.flag("flat_settings")
    found: dict[str, Any] = {}
    for name in _found(node, request):
        body = node.collection(KIND)[name]
        found[name] = body if flat else {**body, "settings": nest(body["settings"])}
    return Response(found, 404 if "name" in request.values and not found else 200)


def delete_template(node: Node, request: Request) -> Response:
    names = _found(node, request)
    if not names and "*" not in request.values["name"]:
        reason = f"index_template [{request.values['name']}] missing"
        raise ElasticsearchError("index_template_missing_exception", reason, status=404)
    for name in names:
        node.remove(KIND, name)
    return Response({"acknowledged": True})


def compose_legacy(node: Node, index: str) -> tuple[Flat, Body, dict[str, Body]]:
    """(settings, mapping, aliases) of all that match, the highest order last."""
    settings: Flat = {}
    mapping: Body = {}
    aliases: dict[str, Body] = {}
    for body in sorted(node.collection(KIND).values(), key=lambda one: one["order"]):
        if any(fnmatchcase(index, pattern) for pattern in body["index_patterns"]):
            settings |= body["settings"]
            mapping = merge_mapping(mapping, body["mappings"], node.version, template=True)
            aliases |= body["aliases"]
    return settings, mapping, aliases


_PARAMS = "create order cause master_timeout timeout local flat_settings"

ROUTES: list[Route] = [
    route("GET", "/_template", get_templates, _PARAMS),
    route("GET", "/_template/{name}", get_templates, _PARAMS),
    route("PUT POST", "/_template/{name}", put_template, _PARAMS),
    route("DELETE", "/_template/{name}", delete_template, _PARAMS),
]
