"""Cross-cluster replication as far as it is state: no document is copied, and what would tell of that is refused."""

from __future__ import annotations

from typing import Any

from .api_indices import create_index
from .errors import ElasticsearchError, illegal, no_such_index, unknown_field, unsupported, validation
from .http import Request, Response, Route, route
from .mapping import Body
from .names import resolve
from .node import Node
from .settings import flatten, nest

_PATTERN, _FOLLOWER = "auto_follow_pattern", "ccr_follower"
_DEFAULTS: Body = {
    "max_read_request_operation_count": 5120,
    "max_read_request_size": "32mb",
    "max_outstanding_read_requests": 12,
    "max_write_request_operation_count": 5120,
    "max_write_request_size": "9223372036854775807b",
    "max_outstanding_write_requests": 9,
    "max_write_buffer_count": 2147483647,
    "max_write_buffer_size": "512mb",
    "max_retry_delay": "500ms",
    "read_poll_timeout": "1m",
}
_FOLLOWING = "index.xpack.ccr.following_index"


def _check_remote(node: Node, name: Any) -> None:
    """A remote is what the cluster's settings call one."""
    kept = node.collection("cluster_settings").values()
    if not any(key.startswith(f"cluster.remote.{name}.") for settings in kept for key in settings):
        raise ElasticsearchError("no_such_remote_cluster_exception", f"no such remote cluster: [{name}]", status=404)


def _check_parameters(body: Body) -> None:
    reasons = []
    for key in _DEFAULTS:
        value = body.get(key)
        if value is not None and isinstance(_DEFAULTS[key], int) and int(value) < 1:
            reasons.append(f"{key} must be larger than 0")
    if reasons:
        raise validation(*reasons)


# auto-follow patterns

_KEYS = "remote_cluster leader_index_patterns leader_index_exclusion_patterns follow_index_pattern settings".split()


def put_pattern(node: Node, request: Request) -> Response:
    name, body = request.values["name"], request.json(required=True)
    for key in body:
        if key not in _KEYS and key not in _DEFAULTS:
            raise unknown_field("put_auto_follow_pattern_request", key)
    reasons = []
    if name.startswith("_") or "," in name:
        reasons.append("name must not start with '_'" if name.startswith("_") else "name must not contain a ','")
    if not body.get("remote_cluster"):
        reasons.append("[remote_cluster] is missing")
    if not body.get("leader_index_patterns"):
        reasons.append("[leader_index_patterns] is missing")
    if reasons:
        raise validation(*reasons)
    _check_parameters(body)
    _check_remote(node, body["remote_cluster"])
    listed = {key: _listed(body.get(key, [])) for key in ("leader_index_patterns", "leader_index_exclusion_patterns")}
    kept = {"active": True, "remote_cluster": body["remote_cluster"], **listed}
    kept |= {key: body[key] for key in ("follow_index_pattern", *_DEFAULTS) if body.get(key) is not None}
    if body.get("settings"):
        kept["settings"] = nest({k.removeprefix("index."): v for k, v in flatten(body["settings"]).items()})
        kept["settings"] = {"index": kept["settings"]}
    node.put(_PATTERN, name, kept)
    return Response({"acknowledged": True})


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _pattern(node: Node, name: str) -> Body:
    found = node.collection(_PATTERN).get(name)
    if found is None:
        reason = f"auto-follow pattern [{name}] is missing"
        raise ElasticsearchError("resource_not_found_exception", reason, status=404)
    return dict(found)


def get_patterns(node: Node, request: Request) -> Response:
    name = request.values.get("name")
    kept = {name: _pattern(node, name)} if name else node.collection(_PATTERN)
    return Response({"patterns": [{"name": n, "pattern": kept[n]} for n in sorted(kept)]})


def delete_pattern(node: Node, request: Request) -> Response:
    _pattern(node, request.values["name"])
    node.remove(_PATTERN, request.values["name"])
    return Response({"acknowledged": True})


def _turned(active: bool) -> Any:
    def handler(node: Node, request: Request) -> Response:
        name = request.values["name"]
        node.put(_PATTERN, name, {**_pattern(node, name), "active": active})
        return Response({"acknowledged": True})

    return handler


# followers


def follow(node: Node, request: Request) -> Response:
    name, body = request.values["index"], request.json(required=True)
    for key in body:
        if key not in ("remote_cluster", "leader_index", "settings", "data_stream_name", *_DEFAULTS):
            raise unknown_field("put_follow_request", key)
    if "data_stream_name" in body:
        raise unsupported("[data_stream_name] of a follower")
    reasons = [f"{key} is missing" for key in ("remote_cluster", "leader_index") if not body.get(key)]
    if reasons:
        raise validation(*reasons)
    _check_parameters(body)
    _check_remote(node, body["remote_cluster"])
    index = create_index(node, name, {"settings": body.get("settings") or {}})
    index.settings[_FOLLOWING] = "true"
    node.save(index)
    kept = {"remote_cluster": body["remote_cluster"], "leader_index": body["leader_index"], "status": "active"}
    kept["parameters"] = {key: body.get(key, default) for key, default in _DEFAULTS.items()}
    node.put(_FOLLOWER, name, {**kept, "uuid": index.uuid})
    # As Elasticsearch answers before anything was copied; here it stays so.
    return Response(
        {"follow_index_created": True, "follow_index_shards_acked": False, "index_following_started": False}
    )


def _follower(node: Node, name: str) -> Body:
    if name not in node.indices:
        raise no_such_index(name)
    found = node.collection(_FOLLOWER).get(name)
    if found is None or found["uuid"] != node.indices[name].uuid:
        raise illegal(f"index [{name}] is not a follower index")
    return dict(found)


def info(node: Node, request: Request) -> Response:
    shown = []
    for index in resolve(node, request.names(), hidden=True, closed=True):
        found = node.collection(_FOLLOWER).get(index.name)
        if found is None or found["uuid"] != index.uuid:
            continue
        one = {"follower_index": index.name, **{k: found[k] for k in ("remote_cluster", "leader_index", "status")}}
        shown.append({**one, **({"parameters": found["parameters"]} if found["status"] == "active" else {})})
    return Response({"follower_indices": shown})


def pause(node: Node, request: Request) -> Response:
    name = request.values["index"]
    found = _follower(node, name)
    if found["status"] == "paused":
        raise illegal(f"no shard follow tasks for [{name}]")
    node.put(_FOLLOWER, name, {**found, "status": "paused"})
    return Response({"acknowledged": True})


def resume(node: Node, request: Request) -> Response:
    name, body = request.values["index"], request.json()
    for key in body:
        if key not in _DEFAULTS:
            raise unknown_field("resume_follow_request", key)
    _check_parameters(body)
    found = _follower(node, name)
    if found["status"] == "active":
        reason = f"task with id {{{name}}} already exist"
        raise ElasticsearchError("resource_already_exists_exception", reason)
    _check_remote(node, found["remote_cluster"])
    parameters = {key: body.get(key, default) for key, default in _DEFAULTS.items()}
    node.put(_FOLLOWER, name, {**found, "status": "active", "parameters": parameters})
    return Response({"acknowledged": True})


def unfollow(node: Node, request: Request) -> Response:
    name = request.values["index"]
    found, index = _follower(node, name), node.indices[name]
    head = f"cannot convert the follower index [{name}] to a non-follower, because it has not been"
    if not index.closed:
        raise illegal(f"{head} closed")
    if found["status"] == "active":
        raise illegal(f"{head} paused")
    index.settings.pop(_FOLLOWING, None)
    node.save(index)
    node.remove(_FOLLOWER, name)
    return Response({"acknowledged": True})


def stats(node: Node, request: Request) -> Response:
    raise unsupported("following: it keeps what is to be followed, and copies no document")


_WAIT = "master_timeout timeout wait_for_active_shards"

ROUTES: list[Route] = [
    route("GET", "/_ccr/auto_follow", get_patterns, _WAIT),
    route("GET", "/_ccr/auto_follow/{name}", get_patterns, _WAIT),
    route("PUT", "/_ccr/auto_follow/{name}", put_pattern, _WAIT),
    route("DELETE", "/_ccr/auto_follow/{name}", delete_pattern, _WAIT),
    route("POST", "/_ccr/auto_follow/{name}/pause", _turned(False), _WAIT),
    route("POST", "/_ccr/auto_follow/{name}/resume", _turned(True), _WAIT),
    route("GET", "/_ccr/stats", stats, _WAIT),
    route("GET", "/{index}/_ccr/info", info, _WAIT),
    route("GET", "/{index}/_ccr/stats", stats, _WAIT),
    route("PUT", "/{index}/_ccr/follow", follow, _WAIT),
    route("POST", "/{index}/_ccr/pause_follow", pause, _WAIT),
    route("POST", "/{index}/_ccr/resume_follow", resume, _WAIT),
    route("POST", "/{index}/_ccr/unfollow", unfollow, _WAIT),
]
