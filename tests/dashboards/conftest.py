"""The embedded Kibana alone, on a port of its own: it shares no code with the converter."""

import asyncio
import socket
import threading
import time

import pytest


@pytest.fixture
def kibana_url(tmp_path, sandbox_version):
    import uvicorn

    from esctl.sandbox.kibana.app import kibana_app

    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    app = kibana_app(tmp_path, version=sandbox_version)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, log_level="error"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listening])), daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.005)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join()
