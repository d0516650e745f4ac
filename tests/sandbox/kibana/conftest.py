"""The embedded Kibana alone on a port of its own, in the form of the release that a test asks for."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import uvicorn

from esctl.sandbox.kibana.app import kibana_app


class Kibana:
    """A client that sends what Kibana asks for."""

    def __init__(self, url: str) -> None:
        self.url = url

    def __call__(self, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
        headers = {"kbn-xsrf": "true"} | options.pop("headers", {})
        return requests.request(method, self.url + path, json=body, headers=headers, timeout=10, **options)

    def load(self, *objects: dict[str, Any], path: str = "", name: str = "x.ndjson", **query: str) -> requests.Response:
        """Import objects; `path` is a space's prefix."""
        text = "\n".join(json.dumps(one) for one in objects)
        return requests.post(
            f"{self.url}{path}/api/saved_objects/_import",
            params=query,
            files={"file": (name, text, "application/ndjson")},
            headers={"kbn-xsrf": "true"},
            timeout=10,
        )


@pytest.fixture
def kibana_data(tmp_path: Path) -> Path:
    return tmp_path / "kibana"


@pytest.fixture
def start_kibana(kibana_data: Path) -> Iterator[Callable[[str], Kibana]]:
    started: list[tuple[uvicorn.Server, threading.Thread]] = []

    def stop() -> None:
        for server, thread in started:
            server.should_exit = True
            thread.join()
        started.clear()

    def start(version: str) -> Kibana:
        stop()
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        app = kibana_app(kibana_data, version=version)
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, log_level="error"))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listening])), daemon=True)
        thread.start()
        started.append((server, thread))
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.005)
        return Kibana(f"http://127.0.0.1:{listening.getsockname()[1]}")

    yield start
    stop()


@pytest.fixture
def kibana(start_kibana: Callable[[str], Kibana], sandbox_version: str) -> Kibana:
    return start_kibana(sandbox_version)
