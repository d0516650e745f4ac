"""The sandbox as a process: both servers on their ports, one data folder, one access log.

`serve` is the command's form (it ends on SIGTERM or SIGINT), `Sandbox` the form for tests and the demonstration.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

from .access_log import AccessLog
from .folder import SandboxError, check_version, lock, note_version

if TYPE_CHECKING:
    import uvicorn
    from starlette.types import ASGIApp

__all__ = ["Sandbox", "SandboxError", "serve"]

HOST = "127.0.0.1"
START_SECONDS = 30.0

Mount = Callable[[str, str], "ASGIApp"]
"""Makes the viewer: (Elasticsearch's URL, Kibana's URL) → the app that is mounted at `/app` on the Kibana port."""


class Sandbox:
    """Both servers in threads of this process.

        with Sandbox(folder, version="9.5") as sandbox:
            requests.get(sandbox.elasticsearch_url)

    A port that is taken is passed over for the next free one; 0 takes any. Raises SandboxError when another sandbox has
    the folder, or a newer version wrote it.
    """

    def __init__(
        self,
        data: Path | str,
        *,
        version: str = "9.5",
        port: int = 0,
        kibana_port: int = 0,
        access_log: Path | None = None,
        mount: Mount | None = None,
    ) -> None:
        self.data = Path(data)
        self.version = version
        self.elasticsearch_url = ""
        self.kibana_url = ""
        self._ports = (port, kibana_port)
        self._access_log = access_log
        self._mount = mount
        self._lock: TextIO | None = None
        self._log: AccessLog | None = None
        self._running: list[tuple[uvicorn.Server, threading.Thread, socket.socket]] = []
        self._failures: list[BaseException] = []

    def start(self) -> Sandbox:
        """Returns once both servers answer."""
        self._lock = lock(self.data)
        try:
            check_version(self.data, self.version)
            self._start()
            note_version(self.data, self.version)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Ends both servers and lets go of the folder; does nothing the second time."""
        for server, _, _ in self._running:
            server.should_exit = True
        for _, thread, listening in self._running:
            thread.join()
            listening.close()
        self._running.clear()
        if self._log:
            self._log.close()
            self._log = None
        if self._lock:
            self._lock.close()
            self._lock = None

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _start(self) -> None:
        from .elasticsearch.app import elasticsearch_app
        from .kibana.app import kibana_app

        listening = [_listen(self._ports[0])]
        try:
            listening.append(_listen(self._ports[1]))
            self.elasticsearch_url, self.kibana_url = (f"http://{HOST}:{s.getsockname()[1]}" for s in listening)
            viewer = self._mount(self.elasticsearch_url, self.kibana_url) if self._mount else None
            elasticsearch = elasticsearch_app(self.data, version=self.version)
            kibana = kibana_app(self.data, version=self.version, elasticsearch=elasticsearch.call)
            apps: list[tuple[str, ASGIApp]] = [
                ("elasticsearch", elasticsearch),
                ("kibana", _with_viewer(kibana, viewer)),
            ]
        except ValueError as error:  # a version that is not spoken
            _close(listening)
            raise SandboxError(str(error)) from None
        except BaseException:
            _close(listening)
            raise
        if self._access_log:
            self._log = AccessLog(self._access_log)
        for (name, app), sock in zip(apps, listening, strict=True):
            self._running.append(self._run(self._log.around(name, app) if self._log else app, name, sock))
        self._wait()

    def _run(
        self, app: ASGIApp, name: str, listening: socket.socket
    ) -> tuple[uvicorn.Server, threading.Thread, socket.socket]:
        import uvicorn

        server = uvicorn.Server(
            uvicorn.Config(
                app,
                log_config=None,
                log_level="error",
                access_log=False,
                lifespan="on",
                ws="none",
                # A big bulk must not be cut, and a browser's open connection must not keep the process alive.
                timeout_graceful_shutdown=5,
                date_header=False,
                server_header=False,
            )
        )

        # A loop each: a long search in one server must not keep the other waiting.
        def run() -> None:
            try:
                asyncio.run(server.serve(sockets=[listening]))
            except BaseException as error:  # SystemExit too: uvicorn exits where the app's start-up fails
                self._failures.append(error)

        thread = threading.Thread(target=run, name=f"sandbox-{name}", daemon=True)
        thread.start()
        return server, thread, listening

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not all(server.started for server, _, _ in self._running):
            ended = [thread.name for _, thread, _ in self._running if not thread.is_alive()]
            if ended or self._failures:
                raise SandboxError(f"{', '.join(ended)} did not start: {', '.join(map(repr, self._failures))}")
            if time.monotonic() > deadline:
                raise SandboxError(f"the sandbox did not start within {START_SECONDS:.0f} s")
            time.sleep(0.005)


def serve(
    data: Path | str,
    *,
    port: int = 9200,
    kibana_port: int = 5601,
    version: str = "9.5",
    access_log: Path | None = None,
    mount: Mount | None = None,
    on_ready: Callable[[dict[str, str], int], None] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, in the main thread of the process; prints nothing.

    `on_ready` is called with `{"elasticsearch": URL, "kibana": URL}` and the pid. Raises SandboxError.
    """
    # A SimpleQueue may be put to in a signal handler; an Event that is waited for may not be set there.
    ending: SimpleQueue[int] = SimpleQueue()
    before = {n: signal.signal(n, lambda number, _: ending.put(number)) for n in (signal.SIGTERM, signal.SIGINT)}
    try:
        with Sandbox(
            data, version=version, port=port, kibana_port=kibana_port, access_log=access_log, mount=mount
        ) as sandbox:
            if on_ready:
                on_ready({"elasticsearch": sandbox.elasticsearch_url, "kibana": sandbox.kibana_url}, os.getpid())
            ended = 0
            while not ended:
                with suppress(Empty):  # the timeout lets Windows deliver Ctrl-C
                    ended = ending.get(timeout=0.5)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _with_viewer(kibana: ASGIApp, viewer: ASGIApp | None) -> ASGIApp:
    """Kibana's API, and below `/app` the viewer."""
    if viewer is None:
        return kibana
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import RedirectResponse
    from starlette.routing import Mount as MountRoute
    from starlette.routing import Route

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with _lifespan(viewer), _lifespan(kibana):
            yield

    async def home(_: Request) -> RedirectResponse:
        return RedirectResponse("/app/dashboards", status_code=302)

    routes = [Route("/", home), MountRoute("/app", viewer), MountRoute("/", kibana)]
    return Starlette(routes=routes, lifespan=lifespan)


@asynccontextmanager
async def _lifespan(app: ASGIApp) -> AsyncIterator[None]:
    from starlette.applications import Starlette

    if isinstance(app, Starlette):
        async with app.router.lifespan_context(app):
            yield
    else:
        yield


def _listen(port: int, tries: int = 100) -> socket.socket:
    """A listening socket on `port`, or on the next one that is free; 0 is any."""
    last = port + 1 if port == 0 else min(port + tries, 65536)
    for candidate in range(port, last):
        # With the protocol named, asyncio turns Nagle's algorithm off; it would cost 40 ms an answer.
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        if os.name == "posix":  # on Windows the option would let two processes share a port
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((HOST, candidate))
            sock.listen(128)
        except OSError:
            sock.close()
            continue
        return sock
    raise SandboxError(f"no free port from {port} to {last - 1}")


def _close(sockets: list[socket.socket]) -> None:
    for sock in sockets:
        sock.close()
