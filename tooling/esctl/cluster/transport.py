"""The official client's transport, behind the guard: speaks the server's version, repeats what may be repeated, counts.

The client writes `compatible-with=<its own major>` into both headers whatever its options say, and a server of an older
major refuses that. Here is the place below it where the headers can be set right, after one look at `GET /`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl

import elastic_transport
from elastic_transport import HttpHeaders, NodeConfig, TransportApiResponse

from . import refusals
from .connection import Connection
from .guard import Guard
from .retries import NEVER, Retries, repeatable
from .server import Root, read_root
from .unreachable import unreachable

_COMPATIBLE = re.compile(
    r"application/vnd\.elasticsearch\+(json|x-ndjson|vnd\.mapbox-vector-tile); *compatible-with=\d+"
)
_SERVERLESS_API = "2023-10-31"


class GuardedTransport(elastic_transport.Transport):
    """Raises GuardError, and ServerError where no answer came; statuses are the client's to judge."""

    def __init__(
        self,
        node_configs: list[NodeConfig],
        *,
        connection: Connection,
        guard: Guard,
        retries: Retries,
        on_request: Callable[[str], None],
        **options: Any,
    ) -> None:
        super().__init__(node_configs, **options)
        self._connection = connection
        self._guard = guard
        self._retries = retries
        self._on_request = on_request
        self._authorization = connection.authorization("elasticsearch")
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

    def perform_request(  # type: ignore[override]
        self,
        method: str,
        target: str,
        *,
        body: Any = None,
        headers: Mapping[str, Any] | None = None,
        max_retries: Any = None,
        retry_on_status: Collection[int] | None = None,
        **options: Any,
    ) -> TransportApiResponse:
        """Retry options of the client are ignored: `retries.repeatable` decides."""
        path, _, query = target.partition("?")
        params = dict(parse_qsl(query, keep_blank_values=True))
        self._guard.check(method, path, params)
        spoken = self._spoken(headers if isinstance(headers, Mapping) else {}, self.root)
        retries = self._retries if repeatable("elasticsearch", method, path, params) else NEVER
        answer = self._send(method, target, body, spoken, retries, options)
        return self._without_warnings(answer)

    def _probe(self) -> Root:
        self._guard.check("GET", "/")
        headers = {"accept": "application/json"} | (
            {"authorization": self._authorization} if self._authorization else {}
        )
        options = {"request_timeout": self._connection.timeout}
        retries = replace(self._retries, most=min(self._retries.most, 1))
        meta, body = self._send("GET", "/", None, headers, retries, options, first=True)
        if meta.status >= 400 and not (meta.status == 404 and isinstance(body, str)):
            raise refusals.refused(self._connection, "elasticsearch", "GET", "/", meta.status, body)
        return read_root(self._connection, body, meta.headers.get("x-elastic-product"))

    def _send(
        self,
        method: str,
        target: str,
        body: Any,
        headers: Mapping[str, str],
        retries: Retries,
        options: Mapping[str, Any],
        *,
        first: bool = False,
    ) -> TransportApiResponse:
        send = super().perform_request

        def attempt() -> _Answer:
            self._on_request(f"elasticsearch {method} {target}")
            return _Answer(send(method, target, body=body, headers=headers, max_retries=0, **options))

        # A connection that never worked is a wrong address rather than a hiccup: no repetition.
        broken = () if first else (elastic_transport.ConnectionError,)
        try:
            return retries.run(attempt, broken=broken).response
        except elastic_transport.SerializationError:
            raise refusals.not_the_product(self._connection, "elasticsearch", "its answer is not JSON") from None
        except elastic_transport.TransportError as error:
            raise unreachable(self._connection, "elasticsearch", error) from error

    def _spoken(self, headers: Mapping[str, str], root: Root) -> HttpHeaders:
        spoken = HttpHeaders(headers)
        form = (
            r"application/\1"
            if root.flavor == "serverless"
            else rf"application/vnd.elasticsearch+\1; compatible-with={root.major}"
        )
        for name in ("accept", "content-type"):
            if name in spoken:
                spoken[name] = _COMPATIBLE.sub(form, spoken[name])
        if root.flavor == "serverless":
            spoken["elastic-api-version"] = _SERVERLESS_API
        if self._authorization:
            spoken["authorization"] = self._authorization
        return spoken

    def _without_warnings(self, answer: TransportApiResponse) -> TransportApiResponse:
        # The client would make Python warnings of them, each with a line of source; here they wait to be shown.
        meta, body = answer
        text = meta.headers.get("warning")
        if not text:
            return answer
        for warning in re.findall(r'"((?:[^"\\]|\\.)*)"', text) or [text]:
            if warning not in self.warnings:
                self.warnings.append(warning)
        kept = HttpHeaders({name: value for name, value in meta.headers.items() if name.lower() != "warning"})
        return TransportApiResponse(replace(meta, headers=kept), body)


class _Answer:
    """A response in the form that `Retries` reads."""

    def __init__(self, response: TransportApiResponse) -> None:
        self.response = response
        self.status: int = response.meta.status
        self.headers: Mapping[str, str] = response.meta.headers
