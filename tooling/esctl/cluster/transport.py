"""The official client's transport, behind the guard: speaks the server's version, repeats what may be repeated, counts.

The client writes `compatible-with=<its own major>` into both headers whatever its options say, and a server of an older
major refuses that. Here is the place below it where the headers can be set right, after one look at `GET /`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import elastic_transport
from elastic_transport import HttpHeaders, NodeConfig, TransportApiResponse

from . import refusals
from .connection import Connection
from .guard import Guard
from .retries import NEVER, Retries, repeatable
from .search import ElasticsearchClient, keep_warnings, media
from .unreachable import unreachable

_BROKEN = (elastic_transport.ConnectionError, elastic_transport.ConnectionTimeout)
_COMPATIBLE = re.compile(r"application/vnd\.elasticsearch\+([\w.-]+); *compatible-with=\d+")


class GuardedTransport(elastic_transport.Transport):
    """Raises GuardError, and ServerError where no answer came; statuses are the client's to judge."""

    def __init__(
        self,
        node_configs: list[NodeConfig],
        *,
        connection: Connection,
        beside: ElasticsearchClient,
        guard: Guard,
        retries: Retries,
        on_request: Callable[[str], None],
        **options: Any,
    ) -> None:
        """`beside` is the client of `send`: it has asked what the server is, and keeps its warnings."""
        super().__init__(node_configs, **options)
        self._connection = connection
        self._beside = beside
        self._guard = guard
        self._retries = retries
        self._on_request = on_request
        self._authorization = connection.authorization("elasticsearch")

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
        spoken = self._spoken(headers if isinstance(headers, Mapping) else {})
        retries = self._retries if repeatable("elasticsearch", method, path, params) else NEVER
        send = super().perform_request

        given = options.pop("request_timeout", None)
        patience = float(given) if isinstance(given, int | float) else self._connection.timeout
        tries = 0

        def attempt(seconds: float) -> _Answer:
            nonlocal tries
            tries += 1
            self._on_request(f"elasticsearch {method} {target}")
            return _Answer(
                send(method, target, body=body, headers=spoken, max_retries=0, request_timeout=seconds, **options)
            )

        try:
            answer = retries.run(attempt, timeout=patience, broken=_BROKEN).response
        except elastic_transport.SerializationError:
            raise refusals.not_the_product(self._connection, "elasticsearch", "its answer is not JSON") from None
        except elastic_transport.TransportError as error:
            raise unreachable(self._connection, "elasticsearch", error, timeout=patience, tries=tries) from error
        return self._without_warnings(answer)

    def _spoken(self, headers: Mapping[str, str]) -> HttpHeaders:
        spoken, root = HttpHeaders(headers), self._beside.root
        for name in ("accept", "content-type"):
            if name in spoken:
                spoken[name] = _COMPATIBLE.sub(lambda match: media(match[1], root), spoken[name])
        if self._authorization:
            spoken["authorization"] = self._authorization
        return spoken

    def _without_warnings(self, answer: TransportApiResponse) -> TransportApiResponse:
        # The client would make Python warnings of them, each with a line of source; here they wait to be shown.
        meta, body = answer
        if "warning" not in meta.headers:
            return answer
        keep_warnings(meta.headers["warning"], self._beside.warnings)
        kept = HttpHeaders({name: value for name, value in meta.headers.items() if name.lower() != "warning"})
        return TransportApiResponse(replace(meta, headers=kept), body)


class _Answer:
    """A response in the form that `Retries` reads."""

    def __init__(self, response: TransportApiResponse) -> None:
        self.response = response
        self.status: int = response.meta.status
        self.headers: Mapping[str, str] = response.meta.headers
