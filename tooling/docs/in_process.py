"""The sandbox's two servers, called within this process: the requests in docs/kinds were seen, not made up."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson

from esctl.errors import ServerError
from esctl.model import Request, Response
from esctl.sandbox.elasticsearch.app import elasticsearch_app
from esctl.sandbox.kibana.app import kibana_app
from esctl.secret import revealed

BOUNDARY = "a-part-of-an-upload"


class InProcess:
    """A sender whose requests are answered by a fresh sandbox; `sent` holds them."""

    def __init__(self, data: Path) -> None:
        elasticsearch = elasticsearch_app(data / "elasticsearch", version="9.5")
        self._apps: dict[str, Any] = {
            "elasticsearch": elasticsearch,
            "kibana": kibana_app(data / "kibana", version="9.5", elasticsearch=elasticsearch.call),
        }
        self.sent: list[Request] = []

    def close(self) -> None:
        self._apps["elasticsearch"].close()

    def send(self, request: Request, *, accept: Iterable[int] = ()) -> Response:
        """As `esctl.cluster` sends it, without a wire."""
        self.sent.append(request)
        body, kind = _encoded(request)
        headers = [(b"kbn-xsrf", b"true"), (b"host", b"sandbox")]
        if body:
            headers += [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
        status, raw = asyncio.run(_call(self._apps[request.service], request, headers, body))
        answer = _decoded(raw)
        if status >= 400 and status not in accept:
            raise ServerError(f"{request}: {answer}", status=status)
        return Response(status, answer)


def _encoded(request: Request) -> tuple[bytes, str]:
    if request.body is None:
        return b"", ""
    body = revealed(request.body)
    if request.form == "json":
        return orjson.dumps(body), "application/json"
    lines = b"".join(orjson.dumps(line) + b"\n" for line in body)
    if request.form == "ndjson":
        return lines, "application/x-ndjson"
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="import.ndjson"\r\n\r\n'
    return head.encode() + lines + f"\r\n--{BOUNDARY}--\r\n".encode(), f"multipart/form-data; boundary={BOUNDARY}"


def _decoded(raw: bytes) -> Any:
    if not raw.strip():
        return None
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        lines = raw.splitlines()
        return [orjson.loads(line) for line in lines] if raw.startswith(b"{") else raw.decode()


async def _call(app: Any, request: Request, headers: list[tuple[bytes, bytes]], body: bytes) -> tuple[int, bytes]:
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http",
        "method": request.method,
        "path": request.path,
        "raw_path": request.path.encode(),
        "query_string": urlencode(request.params).encode(),
        "root_path": "",
        "headers": headers,
        "server": ("sandbox", 80),
        "client": ("docs", 1),
    }
    status, parts = 0, []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        else:
            parts.append(message.get("body", b""))

    await app(scope, receive, send)
    return status, b"".join(parts)
