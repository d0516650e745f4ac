"""Kibana: its headers, the multipart upload of `_import`, NDJSON answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ..model import Request, Response
from . import refusals
from .connection import Connection
from .guard import Guard
from .http import Answer, HttpClient, compact, ndjson
from .retries import BUSY, Retries

# Public versioned paths; others do not take the header.
_VERSIONED = ("/api/dashboards", "/api/visualizations")
_VERSION = "2023-10-31"


class KibanaClient:
    """Sends requests to Kibana; statuses are the caller's to judge."""

    def __init__(
        self, connection: Connection, guard: Guard, retries: Retries, on_request: Callable[[str], None]
    ) -> None:
        self._connection = connection
        self._http = HttpClient(connection, "kibana", guard, retries, on_request)

    def send(self, request: Request, *, timeout: float | None = None) -> Response:
        """Raises GuardError, and ServerError where no answer came or what answered is not Kibana."""
        headers = {"accept": "application/json"}
        if request.method not in ("GET", "HEAD"):
            headers["kbn-xsrf"] = "true"
        if any(part in request.path for part in _VERSIONED):
            headers["elastic-api-version"] = _VERSION
        content: dict[str, Any] = {}
        if request.form in ("file", "ndjson"):
            content["files"] = {"file": ("import.ndjson", ndjson(request.body), "application/ndjson")}
        elif request.body is not None:
            content["data"] = compact(request.body)
            headers["content-type"] = "application/json"
        answer = self._http.ask(request.method, request.path, request.params, headers, timeout=timeout, **content)
        self._check_product(answer)
        return Response(answer.status, _parse(answer), dict(answer.headers))

    def close(self) -> None:
        self._http.close()

    def _check_product(self, answer: Answer) -> None:
        if 300 <= answer.status < 400:
            to = answer.headers.get("location", "elsewhere")
            raise refusals.not_the_product(self._connection, "kibana", f"it redirects to {to}")
        if answer.headers.get("x-elastic-product"):
            raise refusals.not_the_product(self._connection, "kibana", "it is Elasticsearch")
        page = answer.headers.get("content-type", "").startswith("text/html")
        if (
            page and "kbn-name" not in answer.headers and answer.status not in BUSY
        ):  # a gateway's page is no wonder then
            raise refusals.not_the_product(self._connection, "kibana", "it answers with a web page")


def _parse(response: Answer) -> Any:
    form = response.headers.get("content-type", "")
    if not response.content:
        return None
    try:
        if "ndjson" in form:
            return [json.loads(line) for line in response.content.split(b"\n") if line.strip()]
        if "json" in form:
            return json.loads(response.content)
    except ValueError:
        pass
    return response.content.decode(errors="replace")
