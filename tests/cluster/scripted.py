"""An HTTP server that answers by a script: for answers that real servers rarely give."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PRODUCT = {"X-Elastic-Product": "Elasticsearch", "content-type": "application/vnd.elasticsearch+json;compatible-with=9"}
KIBANA = {"kbn-name": "k", "content-type": "application/json; charset=utf-8"}


def root(number: str = "9.5.3", **more: Any) -> dict[str, Any]:
    return {"name": "n", "cluster_name": "c", "version": {"number": number, "build_flavor": "default"}, **more}


@dataclass
class Seen:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Fake:
    """Answers by "METHOD /path" (without the query) with what stands in `answers`; of a list, the last entry
    stays.

    An answer is (status, body, headers), or "drop" for a connection that breaks, or a number of seconds to be silent.
    """

    url: str
    answers: dict[str, Any] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)

    def answer(self, route: str, status: int = 200, body: Any = None, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[route] = (status, {} if body is None else body, PRODUCT | named)

    def requests(self, route: str) -> list[Seen]:
        return [one for one in self.seen if f"{one.method} {one.path.partition('?')[0]}" == route]


@contextmanager
def scripted(tls: ssl.SSLContext | None = None) -> Iterator[Fake]:
    """Start it on a free port."""
    made: list[Fake] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_any(self) -> None:
            fake = made[0]
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            fake.seen.append(Seen(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            route = f"{self.command} {self.path.partition('?')[0]}"
            answer = fake.answers.get(route, (404, {"error": "not scripted: " + route}, PRODUCT))
            if isinstance(answer, list):
                answer = answer.pop(0) if len(answer) > 1 else answer[0]
            if answer == "drop":
                self.close_connection = True
                self.connection.close()
                return
            if isinstance(answer, int | float):
                stopped.wait(answer)
                self.close_connection = True
                return
            status, content, headers = answer
            raw = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(raw)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_any  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            pass

    stopped = threading.Event()
    server = Quiet(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    made.append(Fake(f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"))
    made[0].answer("GET /", body=root())
    try:
        yield made[0]
    finally:
        stopped.set()
        server.shutdown()
        server.server_close()
