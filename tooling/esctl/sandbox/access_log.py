"""The access log: what was asked of the sandbox, one line per request."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class AccessLog:
    """One line per request: ISO time, service, method, path with query, status, milliseconds, bytes of the answer."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a", encoding="utf-8", buffering=1)
        self._lock = threading.Lock()

    def close(self) -> None:
        with self._lock:
            self._file.close()

    def around(self, service: str, app: ASGIApp) -> ASGIApp:
        """`app`, with every request logged under the service's name."""

        async def logged(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            began, status, length, written = time.perf_counter(), 0, 0, False

            def write() -> None:
                nonlocal written
                written = True
                path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
                query = scope.get("query_string", b"").decode("latin-1")
                self._write(service, scope["method"], f"{path}?{query}" if query else path, status, began, length)

            async def counted(message: Message) -> None:
                nonlocal status, length
                if message["type"] == "http.response.start":
                    status = message["status"]
                elif message["type"] == "http.response.body":
                    length += len(message.get("body", b""))
                    if not message.get("more_body"):
                        write()  # before the client has its answer, so that it may count on the line
                await send(message)

            try:
                await app(scope, receive, counted)
            finally:
                if not written:
                    write()

        return logged

    def _write(self, service: str, method: str, path: str, status: int, began: float, length: int) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        spent = 1000 * (time.perf_counter() - began)
        with self._lock:
            if not self._file.closed:
                self._file.write(f"{now} {service} {method} {path} {status} {spent:.1f} {length}\n")
