"""Kibana over `requests`: its headers, the multipart upload of `_import`, NDJSON answers, readiness."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import requests
import urllib3
from requests.auth import AuthBase

from ..model import Request
from . import refusals
from .connection import Connection
from .guard import Guard
from .retries import NEVER, Retries, repeatable
from .unreachable import unreachable

# Public versioned paths; others do not take the header.
_VERSIONED = ("/api/dashboards", "/api/visualizations")
_VERSION = "2023-10-31"


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    headers: Mapping[str, str]


class KibanaClient:
    """Sends one request after the other over kept connections; statuses are the caller's to judge."""

    def __init__(
        self, connection: Connection, guard: Guard, retries: Retries, on_request: Callable[[str], None]
    ) -> None:
        self._connection = connection
        self._guard = guard
        self._retries = retries
        self._on_request = on_request
        self._session = _session(connection)
        self._session.auth = _Authorization(connection.authorization("kibana"))
        # A fingerprint is compared by the session's own pool, whoever signed the certificate.
        self._verify = False if connection.own("kibana", "ca_fingerprint") else connection.trusted("kibana")
        self._reached = False

    def send(self, request: Request, *, timeout: float | None = None) -> Answer:
        """Raises GuardError, and ServerError where no answer came or what answered is not Kibana."""
        self._guard.check(request.method, request.path, request.params, service="kibana")
        can_repeat = repeatable("kibana", request.method, request.path, request.params)
        broken = (requests.ConnectionError,) if self._reached else ()
        try:
            answer = (self._retries if can_repeat else NEVER).run(
                lambda: self._attempt(request, timeout), broken=broken
            )
        except requests.RequestException as error:
            raise unreachable(self._connection, "kibana", error) from error
        self._reached = True
        self._check_product(answer)
        return answer

    def close(self) -> None:
        self._session.close()

    def _attempt(self, request: Request, timeout: float | None) -> Answer:
        self._on_request(f"kibana {request}")
        headers = {"accept": "application/json"}
        if request.method not in ("GET", "HEAD"):
            headers["kbn-xsrf"] = "true"
        if any(part in request.path for part in _VERSIONED):
            headers["elastic-api-version"] = _VERSION
        content: dict[str, Any] = {}
        if request.form in ("file", "ndjson"):
            content["files"] = {"file": ("import.ndjson", _ndjson(request.body), "application/ndjson")}
        elif request.body is not None:
            content["data"] = json.dumps(request.body, ensure_ascii=False, separators=(",", ":")).encode()
            headers["content-type"] = "application/json"
        response = self._session.request(
            request.method,
            self._connection.place("kibana") + request.path,
            params=dict(request.params),
            headers=headers,
            timeout=timeout or self._connection.patience("kibana"),
            # Given with every request: on the session, an environment variable would win over it.
            verify=self._verify,
            allow_redirects=False,
            **content,
        )
        return Answer(response.status_code, _parse(response), response.headers)

    def _check_product(self, answer: Answer) -> None:
        if 300 <= answer.status < 400:
            to = answer.headers.get("location", "elsewhere")
            raise refusals.not_the_product(self._connection, "kibana", f"it redirects to {to}")
        if answer.headers.get("x-elastic-product"):
            raise refusals.not_the_product(self._connection, "kibana", "it is Elasticsearch")
        page = answer.headers.get("content-type", "").startswith("text/html")
        if page and "kbn-name" not in answer.headers:
            raise refusals.not_the_product(self._connection, "kibana", "it answers with a web page")


def _session(connection: Connection) -> requests.Session:
    """A session with the TLS of the Elasticsearch client's node, so that both servers are trusted alike."""
    options = connection.node_options("kibana")
    if options:
        from elastic_transport import RequestsHttpNode
        from elastic_transport.client_utils import url_to_node_config

        node = url_to_node_config(connection.place("kibana"), use_default_ports_for_scheme=True)
        session = RequestsHttpNode(replace(node, **options)).session
    else:
        session = requests.Session()
    # A proxy from the environment must not be asked for what runs on this machine.
    session.trust_env = not connection.loopback("kibana")
    if proxy := connection.own("kibana", "proxy"):
        from .proxied import through

        through(session, proxy)
    if connection.trusted("kibana") is False or connection.own("kibana", "ca_fingerprint"):
        # Asked for by name: no need to be told with every request.
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    return session


class _Authorization(AuthBase):
    """Sets our header, or none: without this, `requests` would take credentials from a `.netrc` file."""

    def __init__(self, value: str | None) -> None:
        self._value = value

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._value:
            request.headers["authorization"] = self._value
        return request


def _ndjson(objects: Any) -> bytes:
    return b"".join(json.dumps(one, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" for one in objects)


def _parse(response: requests.Response) -> Any:
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
