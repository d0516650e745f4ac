"""A proxy with faults, between esctl and two servers: at one request (or from it on) something goes wrong.

Requests of both servers are counted together, from 1, as they arrive. What is forwarded is not changed, but for the
server's clock, which can be set forward (`clock`, ms): so a lease runs out without waiting for it.
"""

from __future__ import annotations

import http.client
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

LATE = 1.0
"""s by which a delayed answer comes after the client's patience has ended; clients of the tests wait half of it."""

STATUSES = {"429": 429, "502": 502, "503": 503, "504": 504, "504 after": 504}
BEFORE = frozenset({"dropped before", "killed before", "429", "502", "503", "504"})
"""Faults in which the server never saw the request."""

KILLS = ("killed before", "killed after")
"""The process that asks is killed (`FaultyProxy.kill`) before or after the server has seen the request."""

FAULTS = ("delayed", "dropped before", "dropped after", "truncated", *STATUSES)


@dataclass(frozen=True)
class Fault:
    """`what` goes wrong at request number `at`, at that one alone or (`lasting`) at it and all that follow."""

    what: str
    at: int
    lasting: bool = False

    def hits(self, number: int) -> bool:
        return number >= self.at if self.lasting else number == self.at


class FaultyProxy:
    """Listens in front of each of `upstreams` (URLs); `urls` are its own addresses, in the same order."""

    def __init__(self, upstreams: Sequence[str]) -> None:
        self.fault: Fault | None = None
        self.clock = 0.0
        self.lines: list[str] = []
        """Method and path of every request, as it arrived."""
        self.kill: Callable[[], None] = lambda: None
        self.broken: list[str] = []
        """Those of them that a fault hit."""
        self._lock = threading.Lock()
        self._servers = [self._listen(upstream) for upstream in upstreams]
        self.urls = [f"http://127.0.0.1:{server.server_address[1]}" for server in self._servers]

    def reset(self, fault: Fault | None) -> None:
        """Count from 1 again."""
        with self._lock:
            self.fault, self.lines, self.broken = fault, [], []

    def close(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def __enter__(self) -> FaultyProxy:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def arrived(self, line: str) -> str | None:
        """Note a request; what is to go wrong with it, if anything."""
        with self._lock:
            self.lines.append(line)
            if self.fault is None or not self.fault.hits(len(self.lines)):
                return None
            self.broken.append(line)
            return self.fault.what

    def _listen(self, upstream: str) -> ThreadingHTTPServer:
        place = urlsplit(upstream)
        handler = type("Handler", (_Handler,), {"proxy": self, "host": place.hostname, "port": place.port})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        server.block_on_close = False
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return server


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    proxy: FaultyProxy
    host: str
    port: int
    _upstream: http.client.HTTPConnection | None = None

    def handle_any(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        sent = self.rfile.read(length)
        if len(sent) < length:  # the client was killed in the middle of it
            self.close_connection = True
            return
        what = self.proxy.arrived(f"{self.command} {self.path}")
        if what == "killed before":
            self.proxy.kill()
        if what in BEFORE:
            if what in STATUSES:
                self.refuse(what)
            else:
                self.hang_up()
            return
        status, headers, content = self.forwarded(sent)
        if what == "killed after":
            self.proxy.kill()
        if what in ("dropped after", "killed after"):
            self.hang_up()
        elif what in STATUSES:
            self.refuse(what)
        else:
            if what == "delayed":
                time.sleep(LATE)
            self.answer(status, headers, content, truncated=what == "truncated")

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = handle_any

    def forwarded(self, sent: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        if self._upstream is None:
            self._upstream = http.client.HTTPConnection(self.host, self.port, timeout=60)
        passed = {k: v for k, v in self.headers.items() if k.lower() not in ("connection", "accept-encoding")}
        self._upstream.request(self.command, self.path, sent or None, passed)
        answer = self._upstream.getresponse()
        content = answer.read()
        if self.proxy.clock and "/stats/os" in self.path:
            content = _later(content, self.proxy.clock)
        kept = [(k, v) for k, v in answer.getheaders() if k.lower() not in ("content-length", "transfer-encoding")]
        return answer.status, kept, content

    def answer(self, status: int, headers: list[tuple[str, str]], content: bytes, *, truncated: bool = False) -> None:
        self.send_response_only(status)
        for key, value in headers:
            self.send_header(key, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        if truncated and self.command != "HEAD":
            self.wfile.write(content[: len(content) // 2])
            self.hang_up()
        elif self.command != "HEAD":
            self.wfile.write(content)

    def refuse(self, what: str) -> None:
        """As a load balancer would: a page, not JSON."""
        content = b"<html><body><h1>The server is not available</h1></body></html>"
        headers = [("content-type", "text/html")] + ([("retry-after", "1")] if what == "429" else [])
        self.answer(STATUSES[what], headers, content)

    def hang_up(self) -> None:
        """End the connection: in the middle of an answer with a reset, so that nobody waits for the rest."""
        self.wfile.flush()
        self.close_connection = True
        if not self.connection._closed:  # type: ignore[attr-defined]
            self.connection.shutdown(socket.SHUT_RDWR)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 0, 0))

    def finish(self) -> None:
        if self._upstream is not None:
            self._upstream.close()
        try:
            super().finish()
        except OSError:
            pass

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:  # the client had no patience
            pass

    def log_message(self, format: str, *args: Any) -> None:
        pass


def _later(content: bytes, by: float) -> bytes:
    body = json.loads(content)
    for node in body.get("nodes", {}).values():
        node["timestamp"] += by
    return json.dumps(body).encode()
