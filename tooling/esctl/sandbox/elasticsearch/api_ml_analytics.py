"""Data frame analytics over HTTP: put, update, explain, preview, start, stop, statistics, delete."""

from __future__ import annotations

from .api_ml import page
from .dates import now_ms
from .errors import ElasticsearchError
from .http import Request, Response, Route, route
from .mapping import Body
from .ml import analytics, notices
from .ml.analytics import CONFIG, STATE
from .ml.analytics_config import parsed, updated, validate
from .ml.naming import chosen, no_analytics
from .node import Node


def _known(node: Node, request: Request) -> str:
    id = request.values["id"]
    if id not in node.collection(CONFIG):
        raise no_analytics(id)
    return id


def put_analytics(node: Node, request: Request) -> Response:
    id = request.values["id"]
    config = parsed(id, request.json(required=True))
    if id in node.collection(CONFIG):
        reason = f"A data frame analytics with id [{id}] already exists"
        raise ElasticsearchError("resource_already_exists_exception", reason)
    validate(node, config)
    node.put(CONFIG, id, {"create_time": now_ms(), "version": node.version.number, **config})
    node.put(STATE, id, analytics.NEVER)
    notices.tell(node, id, "Created analytics", kind="data_frame_analytics")
    return Response(_shown(node, id))


def _shown(node: Node, id: str, *, generated: bool = True) -> Body:
    config = dict(node.collection(CONFIG)[id])
    if generated:
        return {"id": id, "authorization": {"roles": ["superuser"]}, **config}
    return {"id": id, **{key: value for key, value in config.items() if key not in ("create_time", "version")}}


def update_analytics(node: Node, request: Request) -> Response:
    id = _known(node, request)
    running = node.collection(STATE)[id]["state"] not in ("stopped", "failed")
    after = updated(node.collection(CONFIG)[id], request.json(required=True), running=running, id=id)
    node.put(CONFIG, id, after)
    return Response(_shown(node, id))


def get_analytics(node: Node, request: Request) -> Response:
    ids, generated = chosen(node.collection(CONFIG), request, "id", no_analytics), not request.flag("exclude_generated")
    shown = [_shown(node, id, generated=generated) for id in page(request, ids)]
    return Response({"count": len(ids), "data_frame_analytics": shown})


def get_stats(node: Node, request: Request) -> Response:
    ids = chosen(node.collection(CONFIG), request, "id", no_analytics)
    told = [analytics.stats(node, id) for id in page(request, ids)]
    return Response({"count": len(ids), "data_frame_analytics": told})


def start(node: Node, request: Request) -> Response:
    analytics.start(node, _known(node, request))
    return Response({"acknowledged": True, "node": "sandbox"})


def stop(node: Node, request: Request) -> Response:
    for id in chosen(node.collection(CONFIG), request, "id", no_analytics):
        state = node.collection(STATE)[id]
        if state["state"] == "failed":
            if not request.flag("force"):
                reason = f"cannot close data frame analytics [{id}] because it failed, use force stop instead"
                raise ElasticsearchError("status_exception", reason, status=409)
            node.put(STATE, id, {**state, "state": "stopped", "reason": None})
    return Response({"stopped": True})


def delete(node: Node, request: Request) -> Response:
    id = _known(node, request)
    node.remove(CONFIG, id)
    node.remove(STATE, id)
    return Response({"acknowledged": True})


def _asked(node: Node, request: Request) -> Body:
    """The stored configuration, or that of the body (which needs no destination)."""
    if "id" in request.values:
        config: Body = node.collection(CONFIG)[_known(node, request)]
        return config
    body = request.json(required=True)
    body = body.get("config", body)
    return parsed("explained", {"dest": {"index": "unused-explain-index"}, **body, "id": "explained"})


def explain(node: Node, request: Request) -> Response:
    config = _asked(node, request)
    told = analytics.selection(node, config)
    taken = sum(one["is_included"] for one in told)
    size = max(1, len(analytics.rows(node, config)) * taken * 8 * 10 >> 20)
    memory = {"expected_memory_without_disk": f"{size}mb", "expected_memory_with_disk": f"{size}mb"}
    return Response({"field_selection": told, "memory_estimation": memory})


def preview(node: Node, request: Request) -> Response:
    config = _asked(node, request)
    names = [one["name"] for one in analytics.selection(node, config) if one["is_included"]]
    rows = analytics.rows(node, config)[:100]
    return Response({"feature_values": [{n: str(analytics.value(row[2], n)) for n in names} for row in rows]})


_AT = "/_ml/data_frame/analytics"
_READ = "allow_no_match from size exclude_generated verbose"

ROUTES: list[Route] = [
    route("GET", _AT, get_analytics, _READ),
    route("GET", f"{_AT}/_stats", get_stats, _READ),
    route("GET POST", f"{_AT}/_explain", explain),
    route("GET POST", f"{_AT}/_preview", preview),
    route("GET", f"{_AT}/{{id}}", get_analytics, _READ),
    route("PUT", f"{_AT}/{{id}}", put_analytics),
    route("DELETE", f"{_AT}/{{id}}", delete, "force timeout"),
    route("GET", f"{_AT}/{{id}}/_stats", get_stats, _READ),
    route("GET POST", f"{_AT}/{{id}}/_explain", explain),
    route("GET POST", f"{_AT}/{{id}}/_preview", preview),
    route("POST", f"{_AT}/{{id}}/_update", update_analytics),
    route("POST", f"{_AT}/{{id}}/_start", start, "timeout"),
    route("POST", f"{_AT}/{{id}}/_stop", stop, "allow_no_match force timeout"),
]
