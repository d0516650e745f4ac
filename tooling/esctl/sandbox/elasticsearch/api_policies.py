"""Index lifecycle policies: kept and read back as the server reads them; nothing here executes them."""

from __future__ import annotations

from typing import Any

from .dates import iso, now_ms
from .errors import ElasticsearchError, illegal
from .http import Request, Response, Route, route
from .mapping import Body
from .node import Node

_PHASES: dict[str, frozenset[str]] = {
    "hot": frozenset(
        "set_priority unfollow rollover readonly downsample shrink forcemerge searchable_snapshot".split()
    ),
    "warm": frozenset("set_priority unfollow readonly downsample allocate migrate shrink forcemerge".split()),
    "cold": frozenset("set_priority unfollow readonly searchable_snapshot allocate migrate freeze downsample".split()),
    "frozen": frozenset({"unfollow", "searchable_snapshot"}),
    "delete": frozenset({"wait_for_snapshot", "delete"}),
}
"""Phase → the actions it may hold (Elasticsearch's TimeseriesLifecycleType)."""


def _checked(name: str, policy: Any) -> Body:
    if not isinstance(policy, dict) or "phases" not in policy:
        raise illegal("Required [phases]")
    for key in policy:
        if key not in ("phases", "_meta", "deprecated"):
            raise ElasticsearchError("x_content_parse_exception", f"[1:1] [lifecycle_policy] unknown field [{key}]")
    phases: Body = {}
    for phase, body in policy["phases"].items():
        if phase not in _PHASES:
            raise illegal(f"Timeseries lifecycle does not support phase [{phase}]")
        for key in body:
            if key not in ("min_age", "actions"):
                raise ElasticsearchError("x_content_parse_exception", f"[1:1] [phase] unknown field [{key}]")
        actions: Body = {}
        for action, settings in body.get("actions", {}).items():
            if not any(action in known for known in _PHASES.values()):
                raise ElasticsearchError(
                    "x_content_parse_exception", f"[1:1] [lifecycle_action] unknown field [{action}]"
                )
            if action not in _PHASES[phase]:
                raise illegal(f"invalid action [{action}] defined in phase [{phase}]")
            if action == "delete":
                settings = {"delete_searchable_snapshot": True, **settings}
            actions[action] = settings
        phases[phase] = {"min_age": body.get("min_age", "0ms"), "actions": actions}
    return {**policy, "phases": phases}


def put_policy(node: Node, request: Request) -> Response:
    name = request.values["name"]
    body = request.json(required=True)
    if "policy" not in body:
        raise illegal("Required [policy]")
    policy = _checked(name, body["policy"])
    before = node.policies.get(name)
    if before is None or before["policy"] != policy:
        version = before["version"] + 1 if before else 1
        node.put("ilm_policy", name, {"version": version, "modified_date": iso(now_ms()), "policy": policy})
    return Response({"acknowledged": True})


def _in_use(node: Node, name: str) -> Body:
    key = "index.lifecycle.name"
    return {
        "indices": sorted(i.name for i in node.indices.values() if i.settings.get(key) == name),
        "data_streams": [],
        "composable_templates": sorted(
            t for t, b in node.templates.items() if b.get("template", {}).get("settings", {}).get(key) == name
        ),
    }


def get_policies(node: Node, request: Request) -> Response:
    wanted = request.names("name")
    found = {}
    for name in wanted or sorted(node.policies):
        if "*" in name:
            from fnmatch import fnmatchcase

            hits = [n for n in sorted(node.policies) if fnmatchcase(n, name)]
        elif name in node.policies:
            hits = [name]
        else:
            raise ElasticsearchError("resource_not_found_exception", f"Lifecycle policy not found: {name}", status=404)
        for hit in hits:
            found[hit] = {**node.policies[hit], "in_use_by": _in_use(node, hit)}
    return Response(found)


def delete_policy(node: Node, request: Request) -> Response:
    name = request.values["name"]
    if name not in node.policies:
        raise ElasticsearchError("resource_not_found_exception", f"Lifecycle policy not found: {name}", status=404)
    users = _in_use(node, name)["indices"]
    if users:
        raise illegal(f"Cannot delete policy [{name}]. It is in use by one or more indices: [{', '.join(users)}]")
    node.remove("ilm_policy", name)
    return Response({"acknowledged": True})


_PARAMS = "master_timeout timeout"

ROUTES: list[Route] = [
    route("GET", "/_ilm/policy", get_policies, _PARAMS),
    route("GET", "/_ilm/policy/{name}", get_policies, _PARAMS),
    route("PUT", "/_ilm/policy/{name}", put_policy, _PARAMS),
    route("DELETE", "/_ilm/policy/{name}", delete_policy, _PARAMS),
    route("GET", "/_ilm/status", lambda node, request: Response({"operation_mode": "RUNNING"}), _PARAMS),
]
