"""Transforms over HTTP: put, update, start, stop, preview, statistics, delete."""

from __future__ import annotations

from fnmatch import fnmatchcase

from . import transforms
from .errors import ElasticsearchError, unsupported
from .http import Request, Response, Route, route
from .node import Node
from .transform_config import parsed
from .transforms import CONFIG, STATE


def _known(node: Node, request: Request) -> str:
    id = request.values["id"]
    if id not in node.collection(CONFIG):
        reason = f"Transform with id [{id}] could not be found"
        raise ElasticsearchError("resource_not_found_exception", reason, status=404)
    return id


def _chosen(node: Node, request: Request) -> tuple[int, list[str]]:
    """(how many match, the page of ids that is asked for)."""
    wanted, kept = request.names("id") or ["*"], sorted(node.collection(CONFIG))
    patterns = ["*" if name == "_all" else name for name in wanted]
    missing = [name for name in patterns if "*" not in name and name not in kept]
    if missing:
        reason = f"Transform with id [{missing[0]}] could not be found"
        raise ElasticsearchError("resource_not_found_exception", reason, status=404)
    hits = [id for id in kept if any(fnmatchcase(id, pattern) for pattern in patterns)]
    first, size = request.number("from") or 0, request.number("size")
    return len(hits), hits[first : first + (100 if size is None else size)]


def put_transform(node: Node, request: Request) -> Response:
    body = request.json(required=True)
    transforms.put(node, request.values["id"], body, deferred=request.flag("defer_validation"))
    return Response({"acknowledged": True})


def get_transforms(node: Node, request: Request) -> Response:
    count, page = _chosen(node, request)
    generated = not request.flag("exclude_generated")
    return Response({"count": count, "transforms": [transforms.shown(node, id, generated=generated) for id in page]})


def get_stats(node: Node, request: Request) -> Response:
    count, page = _chosen(node, request)
    return Response({"count": count, "transforms": [transforms.stats(node, id) for id in page]})


def update_transform(node: Node, request: Request) -> Response:
    id, body = _known(node, request), request.json(required=True)
    kept = transforms.update(node, id, body, deferred=request.flag("defer_validation"))
    return Response({"id": id, **kept})


def start(node: Node, request: Request) -> Response:
    if "from" in request.params:
        raise unsupported("[from] of _transform/_start")
    transforms.start(node, _known(node, request))
    return Response({"acknowledged": True})


def stop(node: Node, request: Request) -> Response:
    ids = [_known(node, request)] if "*" not in request.values["id"] else _chosen(node, request)[1]
    for id in ids:
        transforms.stop(node, id, force=request.flag("force"))
    return Response({"acknowledged": True})


def schedule_now(node: Node, request: Request) -> Response:
    id = _known(node, request)
    if node.collection(STATE)[id]["state"] == "started":
        transforms.checkpoint(node, id)
    return Response({"acknowledged": True})


def preview(node: Node, request: Request) -> Response:
    if "id" in request.values:
        config = node.collection(CONFIG)[_known(node, request)]
    else:
        body = {"dest": {"index": "unused-transform-preview-index"}, **request.json(required=True)}
        config = parsed(body.get("id", "transform-preview"), body)
    return Response(transforms.preview(node, config))


def delete(node: Node, request: Request) -> Response:
    id = _known(node, request)
    if node.collection(STATE)[id]["state"] != "stopped" and not request.flag("force"):
        reason = f"Cannot delete transform [{id}] as the task is running. Stop the task first"
        raise ElasticsearchError("status_exception", reason, status=409)
    if request.flag("delete_dest_index"):
        raise unsupported("[delete_dest_index] of a transform")
    node.remove(CONFIG, id)
    node.remove(STATE, id)
    return Response({"acknowledged": True})


_READ = "from size allow_no_match exclude_generated timeout basic"
_RUN = "from timeout force wait_for_completion wait_for_checkpoint allow_no_match defer_validation delete_dest_index"

ROUTES: list[Route] = [
    route("GET", "/_transform", get_transforms, _READ),
    route("GET", "/_transform/_stats", get_stats, _READ),
    route("GET POST", "/_transform/_preview", preview, _RUN),
    route("GET", "/_transform/{id}", get_transforms, _READ),
    route("PUT", "/_transform/{id}", put_transform, _RUN),
    route("DELETE", "/_transform/{id}", delete, _RUN),
    route("GET", "/_transform/{id}/_stats", get_stats, _READ),
    route("GET POST", "/_transform/{id}/_preview", preview, _RUN),
    route("POST", "/_transform/{id}/_update", update_transform, _RUN),
    route("POST", "/_transform/{id}/_start", start, _RUN),
    route("POST", "/_transform/{id}/_stop", stop, _RUN),
    route("POST", "/_transform/{id}/_schedule_now", schedule_now, _RUN),
]
