"""`_tasks`: what runs, what became of it, and how it is ended."""

from __future__ import annotations

import re
import time

from .api_by_query import seconds
from .errors import ElasticsearchError, illegal, no_such_index, unsupported
from .http import Request, Response, Route, route
from .node import Node
from .tasks import RESULTS, listed, node_failure


def _id(request: Request) -> str:
    id = request.values["task"]
    if not re.fullmatch(r"[^:]+:\d+", id):
        raise illegal(f"malformed task id {id}")
    return id


def get_task(node: Node, request: Request) -> Response:
    id, tasks = _id(request), node.tasks
    if request.flag("wait_for_completion"):
        until = time.monotonic() + seconds(request.params.get("timeout", "30s"))
        while id in tasks.running:
            left = until - time.monotonic()
            if left <= 0:
                reason = f"Timed out waiting for completion of [{tasks.running[id].description}]"
                raise ElasticsearchError("receive_timeout_transport_exception", reason, status=500)
            tasks.changed.wait(left)
    if id in tasks.running:
        return Response({"completed": False, "task": tasks.running[id].body()})
    kept = node.collection(RESULTS).get(id)
    if kept is None:
        raise _unknown(node, id)
    return Response(kept)


def _unknown(node: Node, id: str) -> ElasticsearchError:
    """Before any result was kept, the index that holds them is what is missing."""
    gone = f"task [{id}] isn't running and hasn't stored its results"
    place = id.partition(":")[0]
    reason = (
        f"task [{id}] belongs to the node [{place}] which isn't part of the cluster and there is no record of the task"
    )
    index = no_such_index(".tasks")
    missing: ElasticsearchError = index
    if node.collection(RESULTS):
        missing = ElasticsearchError("resource_not_found_exception", gone)
        if place == node.node_id:
            return ElasticsearchError("resource_not_found_exception", gone, status=404)
        return ElasticsearchError(
            "resource_not_found_exception", reason, status=404, cause=missing, root=[missing.head()]
        )
    missing = ElasticsearchError("resource_not_found_exception", gone, cause=index)
    if place == node.node_id:
        return ElasticsearchError("resource_not_found_exception", gone, status=404, cause=index, root=[index.head()])
    return ElasticsearchError("resource_not_found_exception", reason, status=404, cause=missing, root=[index.head()])


def list_tasks(node: Node, request: Request) -> Response:
    for name in ("nodes", "parent_task_id", "wait_for_completion"):
        if request.params.get(name, "false") != "false":
            raise unsupported(f"[{name}] of _tasks")
    if request.params.get("group_by", "nodes") != "nodes":
        raise unsupported("[group_by] of _tasks other than by nodes")
    found = node.tasks.named(request.listed("actions"))
    return Response(listed(node, found, detailed=request.flag("detailed")))


def cancel(node: Node, request: Request) -> Response:
    id, tasks = _id(request), node.tasks
    task = tasks.running.get(id)
    if task is None:
        place = id.partition(":")[0]
        if place != node.node_id and node.version.major < 9:
            return Response(node_failure(place, "no_such_node_exception", f"No such node [{place}]", node_id=place))
        return Response(node_failure(place, "resource_not_found_exception", f"task [{id}] is not found"))
    task.cancelled = True
    tasks.changed.notify_all()
    return Response(listed(node, [task], detailed=True))


ROUTES: list[Route] = [
    route("GET", "/_tasks", list_tasks, "actions detailed nodes parent_task_id wait_for_completion timeout group_by"),
    route("GET", "/_tasks/{task}", get_task, "wait_for_completion timeout"),
    route("POST", "/_tasks/{task}/_cancel", cancel, "wait_for_completion"),
]
