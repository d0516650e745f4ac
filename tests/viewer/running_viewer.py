"""The viewer on a port of its own, mounted at `/app` as the sandbox does it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from esctl.viewer import viewer_app


@contextmanager
def running_viewer(elasticsearch_url: str, kibana_url: str | None = None, **more: Any) -> Iterator[str]:
    """The address of `/app`."""
    app = Starlette(routes=[Mount("/app", viewer_app(elasticsearch_url, kibana_url or elasticsearch_url, **more))])
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/app"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listening.close()
