"""Snapshot repositories and policies, as far as they are settings; snapshots themselves are refused by name."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Any

from .dates import iso, now_ms
from .errors import ElasticsearchError, illegal, unsupported, validation
from .http import Request, Response, Route, route
from .mapping import Body
from .node import Node
from .settings import flatten, nest

_REPOSITORY, _POLICY = "snapshot_repository", "slm_policy"
_TYPES = ("fs", "url", "source")
_MODULES = ("s3", "gcs", "azure", "hdfs")


def _refused(name: str, reason: str, *, created: bool = False) -> ElasticsearchError:
    """`created`: what the repository's own code finds, wrapped once more."""
    inner = ElasticsearchError("repository_exception", f"[{name}] {reason}", status=500)
    if not created:
        return inner
    head = f"[{name}] failed to create repository"
    return ElasticsearchError("repository_exception", head, status=500, cause=inner, root=[inner.head()])


_FORBIDDEN = ' "*,/<>?\\|'


def put_repository(node: Node, request: Request) -> Response:
    name, body = request.values["name"], request.json(required=True)
    type, settings = body.get("type"), body.get("settings", {})
    if not isinstance(settings, dict):
        raise illegal("Malformed settings section, should include an inner object")
    if type is None:
        raise validation("type is missing")
    if "#" in name:
        raise _refused(name, "must not contain '#'")
    if set(name) & set(_FORBIDDEN):
        raise _refused(name, "must not contain the following characters [' ','\"','*',',','/','<','>','?','\\','|']")
    if type in _MODULES:
        raise unsupported(f"snapshot repositories of type [{type}]")
    if type not in _TYPES:
        project = " for project [default]" if node.version.major >= 9 else ""
        raise _refused(name, f"repository type [{type}] does not exist{project}")
    flat = {key.removeprefix("index."): value for key, value in flatten(settings).items()}
    if type != "url":
        location = flat.get("location")
        if not location:
            raise _refused(name, "missing location", created=True)
        if PurePosixPath(location).is_absolute() or ".." in PurePosixPath(location).parts:
            # There is one place for snapshots (path.repo), the sandbox's own folder.
            reason = f"location [{location}] doesn't match any of the locations specified by path.repo"
            raise _refused(name, reason, created=True)
    elif not flat.get("url"):
        raise _refused(name, "missing url", created=True)
    node.put(_REPOSITORY, name, {"type": type, "settings": nest(dict(sorted(flat.items())))})
    return Response({"acknowledged": True})


def get_repositories(node: Node, request: Request) -> Response:
    kept, wanted = node.collection(_REPOSITORY), request.names("name") or ["*"]
    patterns = ["*" if name == "_all" else name for name in wanted]
    missing = [name for name in patterns if "*" not in name and name not in kept]
    if missing:
        raise ElasticsearchError("repository_missing_exception", f"[{', '.join(missing)}] missing", status=404)
    return Response({n: kept[n] for n in sorted(kept) if any(fnmatchcase(n, p) for p in patterns)})


def delete_repository(node: Node, request: Request) -> Response:
    name = request.values["name"]
    if name not in node.collection(_REPOSITORY):
        raise ElasticsearchError("repository_missing_exception", f"[{name}] missing", status=404)
    node.remove(_REPOSITORY, name)
    return Response({"acknowledged": True})


# policies

_KEYS = ("name", "schedule", "repository", "config", "retention")
_RETENTION = ("expire_after", "min_count", "max_count")
_CRON = re.compile(r"(\S+\s+){5,6}\S+")
_INTERVAL = re.compile(r"\d+(ms|s|m|h|d|nanos|micros)")


def put_policy(node: Node, request: Request) -> Response:
    id, body = request.values["id"], request.json(required=True)
    for key in ("name", "schedule", "repository"):
        if key not in body:
            raise illegal(f"Required [{key}]")
    retention = body.get("retention")
    for key in retention or {}:
        if key not in _RETENTION:
            raise ElasticsearchError("x_content_parse_exception", f"[1:1] [snapshot_retention] unknown field [{key}]")
    reasons = []
    if id.startswith("_"):
        reasons.append(f"invalid policy id [{id}]: must not start with '_'")
    schedule = str(body["schedule"])
    if not schedule.strip():
        reasons.append(f"invalid schedule [{schedule}]: schedule must not be empty")
    elif not (_CRON.fullmatch(schedule.strip()) or _INTERVAL.fullmatch(schedule)):
        reasons.append(f"invalid schedule [{schedule}]: must be a valid cron expression or time unit")
    metadata = (body.get("config") or {}).get("metadata", {})
    if not isinstance(metadata, dict):
        reasons.append(f"invalid configuration.metadata [{metadata}]: must be an object if present")
    elif "policy" in metadata:
        reasons.append(
            "invalid configuration.metadata: field name [policy] is reserved and will be added automatically"
        )
    if not str(body["repository"]).strip():
        reasons.append(f"invalid repository name [{body['repository']}]: cannot be empty")
    if reasons:
        raise validation(*reasons)
    if body["repository"] not in node.collection(_REPOSITORY):
        raise illegal(f"no such repository [{body['repository']}]")
    before = node.collection(_POLICY).get(id)
    policy = {key: body[key] for key in _KEYS if key in body}
    version = before["version"] + 1 if before else 1
    if before is None or before["policy"] != policy:
        node.put(_POLICY, id, {"version": version, "modified": now_ms(), "policy": policy})
    return Response({"acknowledged": True})


def _shown(id: str, kept: Body) -> Body:
    return {
        "version": kept["version"],
        "modified_date_millis": kept["modified"],
        "modified_date": iso(kept["modified"]),
        "policy": kept["policy"],
        "stats": {
            "policy": id,
            "snapshots_taken": 0,
            "snapshots_failed": 0,
            "snapshots_deleted": 0,
            "snapshot_deletion_failures": 0,
        },
    }


def get_policies(node: Node, request: Request) -> Response:
    kept, wanted = node.collection(_POLICY), request.names("id")
    hits = [id for id in sorted(kept) if not wanted or any(fnmatchcase(id, w) for w in wanted)]
    if wanted and not hits:
        none = "" if kept else ", no policies are configured"
        reason = f"snapshot lifecycle policy or policies [{', '.join(wanted)}] not found{none}"
        raise ElasticsearchError("resource_not_found_exception", reason, status=404)
    return Response({id: _shown(id, kept[id]) for id in hits})


def delete_policy(node: Node, request: Request) -> Response:
    id = request.values["id"]
    if id not in node.collection(_POLICY):
        reason = f"snapshot lifecycle policy not found: {id}"
        raise ElasticsearchError("resource_not_found_exception", reason, status=404)
    node.remove(_POLICY, id)
    return Response({"acknowledged": True})


def refused(what: str) -> Any:
    def handler(node: Node, request: Request) -> Response:
        raise unsupported(what)

    return handler


_WAIT = "master_timeout timeout local verify"

ROUTES: list[Route] = [
    route("GET", "/_snapshot", get_repositories, _WAIT),
    route("GET", "/_snapshot/{name}", get_repositories, _WAIT),
    route("PUT POST", "/_snapshot/{name}", put_repository, _WAIT),
    route("DELETE", "/_snapshot/{name}", delete_repository, _WAIT),
    route("GET PUT POST DELETE", "/_snapshot/{name}/{snapshot}", refused("snapshots"), f"{_WAIT} wait_for_completion"),
    route(
        "POST", "/_snapshot/{name}/{snapshot}/_restore", refused("restoring snapshots"), f"{_WAIT} wait_for_completion"
    ),
    route("GET", "/_slm/policy", get_policies, _WAIT),
    route("GET", "/_slm/policy/{id}", get_policies, _WAIT),
    route("PUT", "/_slm/policy/{id}", put_policy, _WAIT),
    route("DELETE", "/_slm/policy/{id}", delete_policy, _WAIT),
    route("PUT POST", "/_slm/policy/{id}/_execute", refused("taking snapshots"), _WAIT),
    route("GET", "/_slm/status", lambda node, request: Response({"operation_mode": "RUNNING"}), _WAIT),
]
