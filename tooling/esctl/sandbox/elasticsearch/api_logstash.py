"""Logstash pipelines: kept for Logstash's central management, which is not here."""

from __future__ import annotations

from datetime import datetime
from fnmatch import fnmatchcase

from .errors import ElasticsearchError
from .http import Request, Response, Route, route
from .node import Node

_KIND = "logstash_pipeline"
_KEYS = {
    "last_modified": str,
    "pipeline_metadata": dict,
    "username": str,
    "pipeline": str,
    "pipeline_settings": dict,
}


def put_pipeline(node: Node, request: Request) -> Response:
    id, body = request.values["id"], request.json(required=True)
    missing = [key for key in _KEYS if key not in body]
    if missing:
        raise ElasticsearchError("illegal_argument_exception", f"Required [{', '.join(missing)}]")
    for key, type in _KEYS.items():
        if not isinstance(body[key], type):
            wrong = ElasticsearchError("illegal_argument_exception", f"[pipeline] {key} doesn't support this value")
            raise ElasticsearchError(
                "x_content_parse_exception", f"[1:1] [pipeline] failed to parse field [{key}]", cause=wrong
            )
    try:
        datetime.fromisoformat(body["last_modified"].replace("Z", "+00:00"))
    except ValueError:
        text = body["last_modified"]
        reason = f"Text '{text}' could not be parsed at index 0"
        raise ElasticsearchError(
            "x_content_parse_exception",
            "[1:1] [pipeline] failed to parse field [last_modified]",
            cause={"type": "date_time_parse_exception", "reason": reason},
        ) from None
    created = id not in node.collection(_KIND)
    node.put(_KIND, id, body)
    return Response(None, 201 if created else 200)


def get_pipelines(node: Node, request: Request) -> Response:
    kept = node.collection(_KIND)
    wanted = request.names("id")
    found = {id: kept[id] for id in sorted(kept) if not wanted or any(fnmatchcase(id, w) for w in wanted)}
    return Response(found, 404 if wanted and not found else 200)


def delete_pipeline(node: Node, request: Request) -> Response:
    id = request.values["id"]
    if id not in node.collection(_KIND):
        return Response(None, 404)
    node.remove(_KIND, id)
    return Response(None, 200)


ROUTES: list[Route] = [
    route("GET", "/_logstash/pipeline", get_pipelines),
    route("GET", "/_logstash/pipeline/{id}", get_pipelines),
    route("PUT", "/_logstash/pipeline/{id}", put_pipeline),
    route("DELETE", "/_logstash/pipeline/{id}", delete_pipeline),
]
