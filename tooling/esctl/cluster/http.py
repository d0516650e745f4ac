"""The one HTTP layer of `send`: a session per server, behind the guard, with repetitions and errors for people."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import requests
import urllib3
from requests.auth import AuthBase

from .connection import Connection
from .guard import Guard
from .retries import NEVER, Retries, repeatable
from .unreachable import unreachable

_BROKEN = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)


@dataclass(frozen=True)
class Answer:
    """A status, the body as it came, and headers (whose names may be asked for in any case)."""

    status: int
    content: bytes
    headers: Mapping[str, str]


class HttpClient:
    """Sends one request after the other over kept connections; statuses are the caller's to judge."""

    def __init__(
        self,
        connection: Connection,
        service: Literal["elasticsearch", "kibana"],
        guard: Guard,
        retries: Retries,
        on_request: Callable[[str], None],
    ) -> None:
        self._connection = connection
        self._service = service
        self._guard = guard
        self._retries = retries
        self._on_request = on_request
        self._session = _session(connection, service)
        # A fingerprint is compared by the session's own pool, whoever signed the certificate.
        self._verify = False if connection.own(service, "ca_fingerprint") else connection.trusted(service)
        self._reached = False

    def close(self) -> None:
        self._session.close()

    def ask(
        self,
        method: str,
        path: str,
        params: Mapping[str, str],
        headers: Mapping[str, str],
        *,
        timeout: float | None = None,
        most: int | None = None,
        **content: Any,
    ) -> Answer:
        """Raises GuardError, and ServerError where no answer came. `most` repetitions at most.

        `timeout` is in seconds, for one try; with its repetitions a request takes at most `retries.LONGEST` times that.
        """
        self._guard.check(method, path, params, service=self._service)
        retries = self._retries if repeatable(self._service, method, path, params) else NEVER
        if most is not None:
            retries = replace(retries, most=min(retries.most, most))

        patience = timeout or self._connection.patience(self._service)
        tries = 0

        def attempt(seconds: float) -> Answer:
            nonlocal tries
            tries += 1
            query = "&".join(f"{key}={value}" for key, value in params.items())
            self._on_request(f"{self._service} {method} {path}" + (f"?{query}" if query else ""))
            response = self._session.request(
                method,
                self._connection.place(self._service) + path,
                params=dict(params),
                headers=dict(headers),
                timeout=seconds,
                # Given with every request: on the session, an environment variable would win over it.
                verify=self._verify,
                allow_redirects=False,
                **content,
            )
            return Answer(response.status_code, response.content, response.headers)

        try:
            # A connection that never worked is a wrong address rather than a hiccup: no repetition.
            answer = retries.run(attempt, timeout=patience, broken=_BROKEN if self._reached else ())
        except requests.RequestException as error:
            raise unreachable(
                self._connection, self._service, error, reached=self._reached, timeout=patience, tries=tries
            ) from error
        self._reached = True
        return answer


def compact(body: Any) -> bytes:
    """JSON without blanks."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def ndjson(lines: Iterable[Any]) -> bytes:
    """One JSON document per line."""
    return b"".join(compact(line) + b"\n" for line in lines)


class _Authorization(AuthBase):
    """Sets our header, or none: without this, `requests` would take credentials from a `.netrc` file."""

    def __init__(self, value: str | None) -> None:
        self._value = value

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._value:
            request.headers["authorization"] = self._value
        return request


def _session(connection: Connection, service: str) -> requests.Session:
    options = connection.node_options(service)
    if options.keys() & {"ssl_assert_fingerprint"}:
        # Elastic's own pool compares a fingerprint with the whole chain; urllib3's would with the last certificate.
        from elastic_transport import RequestsHttpNode
        from elastic_transport.client_utils import url_to_node_config

        node = url_to_node_config(connection.place(service), use_default_ports_for_scheme=True)
        session = RequestsHttpNode(replace(node, **options)).session
    else:
        session = requests.Session()
        if "client_cert" in options:
            session.cert = (options["client_cert"], options.get("client_key", options["client_cert"]))
    # A proxy from the environment must not be asked for what runs on this machine.
    session.trust_env = not connection.loopback(service)
    if proxy := connection.own(service, "proxy"):
        from .proxied import through

        through(session, proxy)
    if connection.trusted(service) is False or connection.own(service, "ca_fingerprint"):
        # Asked for by name: no need to be told with every request.
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    session.auth = _Authorization(connection.authorization(service))
    return session
