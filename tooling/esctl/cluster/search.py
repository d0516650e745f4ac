"""Elasticsearch: one look at `GET /`, then requests in the version that the server speaks."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from threading import Lock
from typing import Any

from ..model import Request, Response
from . import refusals
from .connection import Connection
from .guard import Guard
from .http import Answer, HttpClient, compact, ndjson
from .retries import Retries
from .server import Root, read_root

_SERVERLESS_API = "2023-10-31"


class ElasticsearchClient:
    """Sends requests to Elasticsearch; statuses are the caller's to judge."""

    def __init__(
        self, connection: Connection, guard: Guard, retries: Retries, on_request: Callable[[str], None]
    ) -> None:
        self._connection = connection
        self._http = HttpClient(connection, "elasticsearch", guard, retries, on_request)
        self._root: Root | None = None
        self._probing = Lock()
        self.warnings: list[str] = []

    @property
    def root(self) -> Root:
        """What `GET /` says; asked once. Raises ServerError."""
        with self._probing:
            if self._root is None:
                self._root = self._probe()
            return self._root

    def send(self, request: Request) -> Response:
        """Raises GuardError, and ServerError where no answer came or what answered is not Elasticsearch."""
        headers = {"accept": media("json", self.root)}
        if self.root.flavor == "serverless":
            headers["elastic-api-version"] = _SERVERLESS_API
        content: dict[str, Any] = {}
        if request.body is not None:
            lines = request.form == "ndjson"
            content["data"] = ndjson(request.body) if lines else compact(request.body)
            headers["content-type"] = media("x-ndjson" if lines else "json", self.root)
        answer = self._http.ask(request.method, request.path, request.params, headers, **content)
        if answer.status < 300 and answer.headers.get("x-elastic-product") != "Elasticsearch":
            seen = "the X-Elastic-Product header is missing"
            raise refusals.not_the_product(self._connection, "elasticsearch", seen)
        keep_warnings(answer.headers.get("warning"), self.warnings)
        body = None if request.method == "HEAD" else self._parsed(answer)
        return Response(answer.status, body, dict(answer.headers))

    def close(self) -> None:
        self._http.close()

    def _probe(self) -> Root:
        answer = self._http.ask("GET", "/", {}, {"accept": "application/json"}, most=1)
        body = self._parsed(answer)
        if answer.status >= 400 and not (answer.status == 404 and isinstance(body, str)):
            raise refusals.refused(self._connection, "elasticsearch", "GET", "/", answer.status, body)
        return read_root(self._connection, body, answer.headers.get("x-elastic-product"))

    def _parsed(self, answer: Answer) -> Any:
        form = answer.headers.get("content-type", "")
        if not answer.content:
            return None
        if "json" not in form:
            return answer.content.decode(errors="replace")
        try:
            return json.loads(answer.content)
        except ValueError:
            raise refusals.not_the_product(self._connection, "elasticsearch", "its answer is not JSON") from None


def media(form: str, root: Root) -> str:
    """The media type of `form` (json, x-ndjson) in the version that a server speaks; plain on Serverless."""
    if root.flavor == "serverless":
        return f"application/{form}"
    return f"application/vnd.elasticsearch+{form}; compatible-with={root.major}"


def keep_warnings(text: str | None, kept: list[str]) -> None:
    """Add what a Warning header says (RFC 9111: `299 agent "text"`) to those kept, each once."""
    for warning in re.findall(r'"((?:[^"\\]|\\.)*)"', text or "") or ([text] if text else []):
        if warning not in kept:
            kept.append(warning)
