"""What was acknowledged is still there after the process was killed, and after a change of nothing but the process."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

PROGRAM = """
import sys, uvicorn
from pathlib import Path
from esctl.sandbox.elasticsearch.app import elasticsearch_app
uvicorn.run(elasticsearch_app(Path(sys.argv[1]), version="9.5"), host="127.0.0.1", port=int(sys.argv[2]), log_level="error")
"""


@contextmanager
def running(data: Path) -> Iterator[tuple[str, int]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(data), str(port)])
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            try:
                requests.get(url, timeout=1)
                break
            except requests.ConnectionError:
                time.sleep(0.05)
        yield url, process.pid
    finally:
        process.kill()
        process.wait()


def test_everything_survives_a_kill(tmp_path: Path) -> None:
    lines = "".join(f'{{"index": {{"_id": "{i}"}}}}\n{{"n": {i}, "v": [1.5, {i}]}}\n' for i in range(500))
    with running(tmp_path) as (url, pid):
        mapping = {"properties": {"v": {"type": "dense_vector", "dims": 2}}}
        assert requests.put(f"{url}/kept", json={"mappings": mapping, "aliases": {"also": {}}}, timeout=10).ok
        assert requests.put(f"{url}/_ingest/pipeline/p", json={"processors": []}, timeout=10).ok
        headers = {"Content-Type": "application/x-ndjson"}
        answer = requests.post(f"{url}/kept/_bulk", data=lines, headers=headers, timeout=30).json()
        assert not answer["errors"]
        assert requests.delete(f"{url}/kept/_doc/7", timeout=10).ok
        before = _state(url)
        os.kill(pid, signal.SIGKILL)
    with running(tmp_path) as (url, _):
        assert _state(url) == before
        counted = requests.post(f"{url}/also/_count", json={"query": {"range": {"n": {"lt": 10}}}}, timeout=10)
        assert counted.json()["count"] == 9
        written = requests.put(f"{url}/kept/_doc/7", json={"n": 7, "v": [1, 7]}, timeout=10).json()
        assert (written["_seq_no"], written["_version"], written["result"]) == (501, 3, "created")


def _state(url: str) -> dict[str, Any]:
    paths = ("/", "/kept", "/kept/_doc/5?_source_exclude_vectors=false", "/_ingest/pipeline/p", "/kept/_count")
    return {path: requests.get(url + path, timeout=10).json() for path in paths}


def test_importing_the_app_loads_nothing_heavy() -> None:
    told = "import sys, json, esctl.sandbox.elasticsearch.app; print(json.dumps(list(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True, timeout=60)
    heavy = {"duckdb", "numpy", "pyarrow", "starlette", "elasticsearch", "yaml"} & set(json.loads(done.stdout))
    assert not heavy
