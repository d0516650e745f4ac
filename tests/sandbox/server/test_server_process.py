"""The sandbox as a process and as a context manager: ports, lock, log, viewer, ends."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time

import pytest
import requests

from esctl.sandbox.server import Sandbox, SandboxError

START = """
import sys, json
from pathlib import Path
from esctl.sandbox.server import serve, SandboxError
try:
    serve(Path(sys.argv[1]), port=int(sys.argv[2]), kibana_port=int(sys.argv[3]),
          access_log=Path(sys.argv[4]) if len(sys.argv) > 4 else None,
          on_ready=lambda urls, pid: print(json.dumps(urls | {"pid": pid}), flush=True))
except SandboxError as error:
    sys.exit(str(error))
"""


def start(data, *more, port=0, kibana_port=0):
    command = [sys.executable, "-c", START, str(data), str(port), str(kibana_port), *map(str, more)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(tmp_path, number):
    process = start(tmp_path)
    ready = json.loads(process.stdout.readline())
    assert ready["pid"] == process.pid
    assert requests.get(ready["kibana"] + "/api/status", timeout=5).json()["sandbox"] is True
    assert requests.get(ready["elasticsearch"], timeout=5).json()["sandbox"] is True
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "", "")
    with pytest.raises(requests.ConnectionError):
        requests.get(ready["kibana"], timeout=5)


def test_one_folder_is_for_one_sandbox(tmp_path):
    process = start(tmp_path)
    try:
        assert process.stdout.readline()
        second = start(tmp_path)
        _, err = second.communicate(timeout=20)
        assert second.returncode == 1
        assert (
            err.strip()
            == f"another sandbox (pid {process.pid}) is running on {tmp_path}; end it, or give another --data"
        )
    finally:
        process.kill()
        process.communicate()
    with Sandbox(tmp_path) as sandbox:  # the lock of a process that was killed is free
        assert requests.get(sandbox.kibana_url + "/api/status", timeout=5).ok


def test_in_one_process_too(tmp_path):
    with Sandbox(tmp_path), pytest.raises(SandboxError, match=f"pid {os.getpid()}"):
        Sandbox(tmp_path).start()
    Sandbox(tmp_path).start().stop()


def test_a_taken_port_is_passed_over(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with Sandbox(tmp_path, port=port) as sandbox:
            assert port < int(sandbox.elasticsearch_url.rsplit(":", 1)[1]) <= port + 100


def test_versions_go_forward_only(tmp_path):
    with pytest.raises(SandboxError, match=r"7\.17"):
        Sandbox(tmp_path, version="7.17").start()
    Sandbox(tmp_path, version="8.19").start().stop()
    Sandbox(tmp_path, version="9.5").start().stop()
    with pytest.raises(SandboxError, match=r"was written by version 9\.5"):
        Sandbox(tmp_path, version="8.19").start()
    (tmp_path / "sandbox.json").write_text("{")
    with pytest.raises(SandboxError, match="sandbox.json cannot be read"):
        Sandbox(tmp_path).start()


def test_the_access_log_has_one_line_per_request(fresh_sandbox):
    requests.get(fresh_sandbox.elasticsearch_url + "/?pretty=true", timeout=5)
    answer = requests.get(fresh_sandbox.kibana_url + "/api/data_views/data_view/a%20b", timeout=5)
    first, second = (fresh_sandbox.data / "access.log").read_text().splitlines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00 elasticsearch GET /\?pretty=true 200 [\d.]+ \d+", first)
    assert second.split()[1:5] == ["kibana", "GET", "/api/data_views/data_view/a%20b", "404"]
    assert second.split()[-1] == str(len(answer.content))


def test_the_viewer_is_mounted(tmp_path):
    seen = []

    def mount(elasticsearch_url, kibana_url):
        from starlette.applications import Starlette
        from starlette.responses import PlainTextResponse
        from starlette.routing import Route

        seen.append((elasticsearch_url, kibana_url))
        return Starlette(routes=[Route("/dashboards", lambda _: PlainTextResponse("here"))])

    with Sandbox(tmp_path, mount=mount) as sandbox:
        assert seen == [(sandbox.elasticsearch_url, sandbox.kibana_url)]
        answer = requests.get(sandbox.kibana_url + "/", timeout=5)
        assert answer.url == sandbox.kibana_url + "/app/dashboards" and answer.text == "here"
        assert requests.get(sandbox.kibana_url + "/api/status", timeout=5).json()["sandbox"] is True
        assert requests.get(sandbox.kibana_url + "/s/nowhere/api/status", timeout=5).status_code == 404


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SandboxError, match="cannot use .* as data folder"):
        Sandbox(tmp_path / "file" / "below").start()


def test_it_is_ready_in_a_second_and_a_half(tmp_path):
    """Warm: the folder exists, and Python has compiled the modules. The best of five, from the start of
    Python: what else the machine does meanwhile is not ours."""
    seconds = []
    for _ in range(6):
        began = time.perf_counter()
        process = start(tmp_path)
        assert process.stdout.readline()
        seconds.append(time.perf_counter() - began)
        process.terminate()
        process.communicate(timeout=20)
    assert min(seconds[1:]) < 1.5, seconds
