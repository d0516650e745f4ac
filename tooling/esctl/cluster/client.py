"""`Cluster`: Elasticsearch and Kibana behind one guard and one `send`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cached_property, partial
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, cast

from ..errors import ServerError
from ..model import Capabilities, Request, Response
from ..secret import holds_secrets, masked, revealed
from . import refusals
from .connection import SERVICES, Connection
from .guard import Guard
from .retries import LONGEST, Retries
from .routes import READ_ONLY
from .server import Root, Version, parse_version

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

    from .kibana import KibanaClient
    from .search import ElasticsearchClient

# Answers that a full server does not give to GET /_license, but that reduced, older or closed ones do: take the least.
_NO_LICENCE_API = (400, 403, 404, 405, 410)
_STATUS_PATIENCE = 5.0  # s


class Cluster:
    """Sends requests to both servers: the `Sender` of the other rooms, and a context manager.

    Nothing is sent before the first `send`; then one `GET /` finds out what the server is. Safe to use from several
    threads. `on_request` is told each request before it is sent: `elasticsearch GET /_license`.

    >>> with Cluster(Connection("http://127.0.0.1:9200")) as cluster:
    ...     cluster.get("/_index_template")["index_templates"]
    """

    def __init__(
        self,
        connection: Connection,
        *,
        guard: Guard = READ_ONLY,
        retries: Retries | None = None,
        on_request: Callable[[str], None] | None = None,
    ) -> None:
        self.connection = connection
        self.guard = guard
        self.sent = 0
        self._retries = retries or Retries()
        self._on_request = on_request
        self._counting = Lock()
        self._making = Lock()
        self._official: Elasticsearch | None = None
        self._elasticsearch: ElasticsearchClient | None = None
        self._kibana: KibanaClient | None = None

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the kept connections; a later `send` opens new ones."""
        with self._making:
            for client in (self._official, self._elasticsearch, self._kibana):
                if client is not None:
                    client.close()
            self._official = self._elasticsearch = self._kibana = None

    def send(self, request: Request, *, accept: Iterable[int] = ()) -> Response:
        """Send one request.

        Raises GuardError; ServerError where no answer came, or the status is 400 and above and not in `accept`.
        """
        secret = holds_secrets(request.body)
        sent = replace(request, body=revealed(request.body)) if secret else request
        response = self._to_kibana(sent) if request.service == "kibana" else self._search.send(sent)
        if secret:
            response = replace(response, body=masked(response.body, request.body))
        if response.status >= 400 and response.status not in tuple(accept):
            raise refusals.refused(
                self.connection, request.service, request.method, request.path, response.status, response.body
            )
        return response

    def get(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        service: Literal["elasticsearch", "kibana"] = "elasticsearch",
        accept: Iterable[int] = (),
    ) -> Any:
        """The body of a GET."""
        return self.send(Request(service, "GET", path, params or {}), accept=accept).body

    @property
    def elasticsearch(self) -> Elasticsearch:
        """The official client, for its bulk helpers; behind the same guard, but with its own errors for statuses."""
        beside = self._search
        with self._making:
            if self._official is None:
                self._official = self._official_client(beside)
            return self._official

    @property
    def warnings(self) -> tuple[str, ...]:
        """What Elasticsearch warned of so far (deprecations), each once."""
        return tuple(self._elasticsearch.warnings) if self._elasticsearch is not None else ()

    @property
    def longest(self) -> float:
        """Seconds that a request takes at most, with its repetitions and the pauses between them."""
        return LONGEST * max(self.connection.patience(service) for service in SERVICES)

    @property
    def root(self) -> Root:
        """What `GET /` says. Raises ServerError for an unreachable, foreign or too old server."""
        return self._search.root

    @cached_property
    def capabilities(self) -> Capabilities:
        """What the servers are, asked once: `GET /`, `GET /_license` and, where there is one, Kibana's `/api/status`.

        A Kibana that cannot be asked is taken to have Elasticsearch's version: the first request that needs it says
        what is wrong.
        """
        root = self.root
        licence = self.get("/_license", accept=_NO_LICENCE_API)
        given = licence.get("license") if isinstance(licence, dict) else None
        return Capabilities(
            version=root.version,
            flavor=root.flavor,
            licence=str(given.get("type") or "basic") if isinstance(given, dict) else "basic",
            kibana_version=self._kibana_version() or root.version,
            sandbox=root.sandbox,
        )

    def kibana_status(self) -> Response:
        """`GET /api/status`, whatever its status; asked with little patience. Raises ServerError without an answer."""
        return self._to_kibana(
            Request("kibana", "GET", "/api/status"), min(_STATUS_PATIENCE, self.connection.patience("kibana"))
        )

    @property
    def _search(self) -> ElasticsearchClient:
        with self._making:
            if self._elasticsearch is None:
                from .search import ElasticsearchClient

                self._elasticsearch = ElasticsearchClient(self.connection, self.guard, self._retries, self._count)
            return self._elasticsearch

    def _official_client(self, beside: ElasticsearchClient) -> Elasticsearch:
        from elasticsearch import Elasticsearch

        from .transport import GuardedTransport

        guarded = partial(
            GuardedTransport,
            connection=self.connection,
            beside=beside,
            guard=self.guard,
            retries=self._retries,
            on_request=self._count,
        )
        options: dict[str, Any] = self.connection.node_options("elasticsearch")
        if proxy := self.connection.own("elasticsearch", "proxy"):
            from .proxied import node_class

            options["node_class"] = node_class(proxy)
        return Elasticsearch(
            self.connection.place("elasticsearch"),
            transport_class=cast(Any, guarded),
            request_timeout=self.connection.timeout,
            **options,
        )

    def _to_kibana(self, request: Request, timeout: float | None = None) -> Response:
        if self.connection.kibana_url is None:
            raise ServerError(
                f"{request.method} {request.path} needs Kibana, and no address is known",
                hint="set kibana.url in esctl.yaml, or ESCTL_KIBANA_URL",
            )
        with self._making:
            if self._kibana is None:
                from .kibana import KibanaClient

                self._kibana = KibanaClient(self.connection, self.guard, self._retries, self._count)
            kibana = self._kibana
        return kibana.send(request, timeout=timeout)

    def _kibana_version(self) -> Version | None:
        if self.connection.kibana_url is None:
            return None
        try:
            body = self.kibana_status().body
        except ServerError:
            return None
        version = body.get("version") if isinstance(body, dict) else None
        found = parse_version(str(version.get("number") or "")) if isinstance(version, dict) else (0, 0, 0)
        return found if found > (0, 0, 0) else None

    def _count(self, request: str) -> None:
        with self._counting:
            self.sent += 1
        if self._on_request:
            self._on_request(request)
