"""Serves a folder's images over HTTP: those that embedding finds, and nothing else."""

from __future__ import annotations

import errno
import os
import signal
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response
from starlette.staticfiles import StaticFiles

from ..errors import EsctlError
from .find import SUFFIXES

if TYPE_CHECKING:
    import uvicorn
    from starlette.types import ASGIApp, Scope

START_SECONDS = 30.0
TRIES = 100
"""How many ports are tried where the first is taken."""

_SUBTYPES = {"jpg": "jpeg", "tif": "tiff"}
TYPES = {suffix: f"image/{_SUBTYPES.get(suffix[1:], suffix[1:])}" for suffix in SUFFIXES}
"""Media type by suffix; what the system's own table says differs from machine to machine."""

HEADERS = {
    # Vega asks for images with CORS, so that it may draw them on its canvas.
    "Access-Control-Allow-Origin": "*",
    # A dashboard draws the same images with every filter; after a minute it asks whether they changed.
    "Cache-Control": "public, max-age=60",
    "X-Content-Type-Options": "nosniff",
}


def image_app(folder: Path) -> ASGIApp:
    """An app that answers GET and HEAD of `/<file_name>`, as `find_images` names the images below `folder`.

    Anything else is 404: folders, hidden files, other suffixes, what lies outside. Links are followed, as embedding
    follows them.
    """
    return _Images(directory=folder, follow_symlink=True)


class _Images(StaticFiles):
    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        parts = PurePath(path).parts
        # Hidden, and "..": StaticFiles has resolved what could be resolved below the folder.
        if PurePath(path).suffix.lower() in SUFFIXES and not any(part.startswith(".") for part in parts):
            with suppress(OSError, ValueError):
                found, status = super().lookup_path(path)
                if status and stat.S_ISREG(status.st_mode) and os.access(found, os.R_OK):
                    return found, status
        return "", None

    async def get_response(self, path: str, scope: Scope) -> Response:
        response: Response
        try:
            response = await super().get_response(path, scope)
        except HTTPException as error:
            response = PlainTextResponse(f"{error.detail}\n", error.status_code, dict(error.headers or {}))
        else:
            if response.status_code == 200:
                response.headers["Content-Type"] = TYPES[PurePath(path).suffix.lower()]
        response.headers.update(HEADERS)
        return response


class ImageServer:
    """`image_app` on a port, in a thread of this process.

        with ImageServer(folder) as server:
            requests.get(server.url + "a/b.jpg")

    A port that is taken is passed over for the next free one (`port` says which it became); 0 takes any. Raises
    EsctlError where nothing can listen there.
    """

    def __init__(self, folder: Path, *, host: str = "127.0.0.1", port: int = 8000) -> None:
        self.folder = folder
        self.host = host
        self.port = port
        self._running: tuple[uvicorn.Server, threading.Thread, socket.socket] | None = None

    @property
    def url(self) -> str:
        """With a slash at its end; a server on all addresses goes by the machine's name."""
        host = socket.gethostname() if self.host in ("", "0.0.0.0", "::") else self.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}/"

    def __enter__(self) -> ImageServer:
        import uvicorn

        listening = listen(self.host, self.port)
        self.port = listening.getsockname()[1]
        config = uvicorn.Config(
            image_app(self.folder),
            log_config=None,
            log_level="error",
            access_log=False,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=2,
            server_header=False,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="images", daemon=True)
        self._running = (server, thread, listening)
        thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not server.started:
            if not thread.is_alive() or time.monotonic() > deadline:
                self.__exit__(None, None, None)
                raise EsctlError(f"the image server did not start on {self.url}")
            time.sleep(0.005)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._running:
            server, thread, listening = self._running
            server.should_exit = True
            thread.join()
            listening.close()
            self._running = None


def listen(host: str, port: int) -> socket.socket:
    """A listening socket on `port` of `host`, or on the next one that is free; 0 is any. Raises EsctlError."""
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise EsctlError(f'"{host}" is no address of this machine', hint="for example 127.0.0.1 or 0.0.0.0") from None
    family, *_, address = found[0]
    last = port + 1 if port == 0 else min(port + TRIES, 65536)
    for candidate in range(port, last):
        sock = socket.socket(family, socket.SOCK_STREAM)
        if os.name == "posix":  # on Windows the option would let two processes share a port
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((address[0], candidate))
            sock.listen(128)
            return sock
        except OSError as error:
            sock.close()
            if error.errno != errno.EADDRINUSE:
                raise EsctlError(f"cannot listen on {host}:{candidate}: {error.strerror or error}") from None
    raise EsctlError(f"no free port from {port} to {last - 1}", hint="name one with --port")


@contextmanager
def stoppable() -> Iterator[Callable[[], None]]:
    """Gives a function that waits for SIGTERM or Ctrl-C, which do nothing else while the block lasts.

    For the main thread of a process.
    """
    # A SimpleQueue may be put to in a signal handler; an Event that is waited for may not be set there.
    stops: SimpleQueue[int] = SimpleQueue()
    before = {n: signal.signal(n, lambda number, _: stops.put(number)) for n in (signal.SIGTERM, signal.SIGINT)}

    def wait() -> None:
        stopped = 0
        while not stopped:
            with suppress(Empty):  # the timeout lets Windows deliver Ctrl-C
                stopped = stops.get(timeout=0.5)

    try:
        yield wait
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
