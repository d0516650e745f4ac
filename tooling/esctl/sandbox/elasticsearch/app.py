"""The embedded Elasticsearch as an ASGI app: requests in, routed under one lock, answers in Elasticsearch's form."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

import orjson

from . import (
    api_aliases,
    api_by_query,
    api_ccr,
    api_cluster,
    api_cluster_settings,
    api_connectors,
    api_credentials,
    api_data_streams,
    api_documents,
    api_enrich,
    api_indices,
    api_inference,
    api_keys,
    api_legacy_templates,
    api_logstash,
    api_ml,
    api_ml_analytics,
    api_ml_jobs,
    api_pipelines,
    api_policies,
    api_reindex,
    api_relevance,
    api_resize,
    api_resolve,
    api_rollover,
    api_scripts,
    api_search,
    api_security,
    api_snapshots,
    api_tasks,
    api_templates,
    api_transforms,
    api_users,
    api_watcher,
)
from .errors import ElasticsearchError
from .filter_path import filter_path
from .http import Request, Response, Router, check_params
from .node import Node
from .versions import Version, version_named

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_LOG = logging.getLogger(__name__)
_MODULES = (
    api_aliases,
    api_by_query,
    api_ccr,
    api_cluster,
    api_cluster_settings,
    api_connectors,
    api_data_streams,
    api_credentials,
    api_documents,
    api_enrich,
    api_indices,
    api_inference,
    api_legacy_templates,
    api_keys,
    api_logstash,
    api_ml,
    api_ml_analytics,
    api_ml_jobs,
    api_pipelines,
    api_policies,
    api_reindex,
    api_relevance,
    api_resize,
    api_resolve,
    api_rollover,
    api_scripts,
    api_search,
    api_security,
    api_snapshots,
    api_tasks,
    api_templates,
    api_users,
    api_watcher,
    api_transforms,
)
_MEDIA = re.compile(r"application/(?:vnd\.elasticsearch\+)?(json|x-ndjson|yaml|smile|cbor)\b")
_COMPATIBLE = re.compile(r"compatible-with=(\d+)")


class _Plain(ElasticsearchError):
    """An error that is one line of text beside its status."""

    def body(self) -> dict[str, Any]:
        return {"error": self.reason, "status": self.status}


class ElasticsearchApp:
    """Mount it, or give it to a server whole. `close()` writes nothing: every answer was on disk before it was sent."""

    def __init__(self, data: Path, version: Version) -> None:
        self.node = Node(data, version)
        self._router = Router(route for module in _MODULES for route in module.ROUTES)

    def close(self) -> None:
        self.node.close()

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and answer of a request from within the process, as Kibana beside it asks; bytes stay as they are."""
        raw = b"" if body is None else body if isinstance(body, bytes) else orjson.dumps(body)
        headers = {"content-type": "application/json"} if raw else {}
        try:
            response = self._respond(method, path, {}, headers, raw)
        except ElasticsearchError as error:
            return error.status, error.body()
        return response.status, response.body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        if scope["type"] != "http":
            return
        chunks = []
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            chunks.append(message.get("body", b""))
            if not message.get("more_body"):
                break
        # In a thread: a long bulk or search must not hold up the rest of the process.
        status, headers, payload = await asyncio.to_thread(self._answer, scope, b"".join(chunks))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else payload})

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            else:
                self.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    def _answer(self, scope: Scope, body: bytes) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        raw = scope.get("raw_path") or scope["path"].encode()
        path = raw.decode("latin-1").split("?")[0]
        root = scope.get("root_path", "")
        if root and path.startswith(root):
            path = path[len(root) :] or "/"
        params = dict(parse_qsl(scope.get("query_string", b"").decode(), keep_blank_values=True))
        try:
            response = self._respond(scope["method"], path, params, headers, body)
        except ElasticsearchError as error:
            response = Response(error.body(), error.status)
        except Exception as error:  # a defect of the sandbox: told as such, and the process lives on
            _LOG.exception("%s %s", scope["method"], path)
            wrong = ElasticsearchError("sandbox_exception", f"the esctl sandbox failed: {error!r}", status=500)
            response = Response(wrong.body(), 500)
        return self._encode(response, params, headers)

    def _respond(
        self, method: str, path: str, params: dict[str, str], headers: dict[str, str], body: bytes
    ) -> Response:
        self._negotiate(headers, body)
        segments = [unquote(part) for part in path.strip("/").split("/")]
        route, values, allowed = self._router.find(method, path, segments)
        if route is None:
            return _no_route(method, path, allowed)
        if "source" in params and not body and method == "GET":
            body = params.pop("source").encode()
            params.pop("source_content_type", None)
        check_params(route, path, params)
        with self.node.lock:
            return route.handler(self.node, Request(method, path, values, params, headers, body))

    def _negotiate(self, headers: dict[str, str], body: bytes) -> None:
        both = "Content-Type, Accept" if self.node.version.major >= 9 else "Accept, Content-Type"
        accept, content = headers.get("accept", ""), headers.get("content-type", "")
        for name, value in (("Accept", accept), ("Content-Type", content)):
            asked = _COMPATIBLE.search(value)
            if asked and int(asked[1]) not in self.node.version.compatible:
                low, high = self.node.version.compatible
                raise ElasticsearchError(
                    "media_type_header_exception",
                    f"Invalid media-type value on headers [{both}]",
                    cause={
                        "type": "status_exception",
                        "reason": (
                            f"{name} version must be either version {high} or {low}, but found {asked[1]}."
                            f" {name}={value}"
                        ),
                    },
                )
        if body and content and not _MEDIA.search(content):
            raise _not_acceptable(f"Content-Type header [{content}] is not supported")
        if body and not content:
            raise _not_acceptable("Content-Type header is missing")
        for value in (content, accept):
            media = _MEDIA.search(value)
            if media and media[1] in ("yaml", "smile", "cbor") and "json" not in value:
                raise _not_acceptable(f"the esctl sandbox speaks JSON only, not [{value}]")

    def _encode(
        self, response: Response, params: dict[str, str], request_headers: dict[str, str]
    ) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        body, headers = response.body, {"X-elastic-product": "Elasticsearch", **response.headers}
        if isinstance(body, str):
            payload = body.encode()
            headers.setdefault("content-type", "text/plain; charset=UTF-8")
        elif body is None:
            payload = b""
        else:
            if "filter_path" in params:
                body = filter_path(body, params["filter_path"].split(","))
            pretty = params.get("pretty", "false") != "false"
            option = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS | (orjson.OPT_INDENT_2 if pretty else 0)
            payload = orjson.dumps(body, option=option) + (b"\n" if pretty else b"")
            asked = _COMPATIBLE.search(request_headers.get("accept", ""))
            headers["content-type"] = (
                f"application/vnd.elasticsearch+json;compatible-with={asked[1]}"
                if asked and int(asked[1]) in self.node.version.compatible
                else "application/json"
            )
        headers["content-length"] = str(len(payload))
        return response.status, [(k.encode("latin-1"), v.encode("latin-1")) for k, v in headers.items()], payload


def _not_acceptable(reason: str) -> ElasticsearchError:
    return _Plain("media_type_header_exception", reason, status=406)


def _no_route(method: str, path: str, allowed: list[str]) -> Response:
    if not allowed:
        return Response({"error": f"no handler found for uri [{path}] and method [{method}]"}, 400)
    listed = ", ".join(sorted(allowed))
    reason = f"Incorrect HTTP method for uri [{path}] and method [{method}], allowed: [{listed}]"
    return Response({"error": reason, "status": 405}, 405, {"Allow": ",".join(sorted(allowed))})


def elasticsearch_app(data: Path, *, version: str = "9.5") -> ElasticsearchApp:
    """The ASGI app over the folder `data` (made if missing), in the form of `version` ("9.5" or "8.19")."""
    return ElasticsearchApp(Path(data), version_named(version))
