"""Real Elasticsearch servers for tests: each is started once per session on a free port, and ended by its process id.

    pytest_plugins = ["servers.fixtures"]      # in tests/conftest.py; then: elasticsearch_95, _819, _710

Without a JDK or Maven such tests are skipped with one loud line; with CI or ESCTL_REQUIRE_REAL=1 they fail.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PATIENCE = 300  # s: the first start also downloads up to 110 MB


@dataclass(frozen=True)
class Server:
    """A running server; `username` and `password` are empty where security is off."""

    url: str
    version: tuple[int, int, int]
    pid: int
    username: str = ""
    password: str = ""


@dataclass(frozen=True)
class Edition:
    """What can be started: a folder beside this file, and the JDKs it runs on."""

    folder: str
    version: tuple[int, int, int]
    java: tuple[str, ...]


EDITIONS = {
    "9.5": Edition("elasticsearch-9.5", (9, 5, 3), ("21",)),
    "8.19": Edition("elasticsearch-8.19", (8, 19, 21), ("17",)),
    "7.10": Edition("elasticsearch-7.10", (7, 10, 2), ("11", "17")),
}


@contextmanager
def running(
    name: str, folder: Path, *settings: str, username: str = "", password: str = "", environment: Mapping[str, str] = {}
) -> Iterator[Server]:
    """Start an edition with its data and logs in `folder`, wait until it answers, and end it."""
    edition = EDITIONS[name]
    port, transport = free_ports(2)
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "out.log"
    command = [str(HERE / edition.folder / "run.sh"), str(port), str(transport), str(folder / "node"), *settings]
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env={**os.environ, **environment}
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url, process, log)
        yield Server(url, edition.version, process.pid, username, password)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_ports(count: int) -> list[int]:
    """Ports that nothing listens on; held all at once, so that they differ."""
    held = [socket.socket() for _ in range(count)]
    try:
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in held]
    finally:
        for one in held:
            one.close()


def missing(name: str) -> str | None:
    """What this machine lacks to start an edition, or None."""
    for tool in ("mvn", "unzip", "flock"):
        if shutil.which(tool) is None:
            return f"{tool} is not installed"
    found = subprocess.run([str(HERE / "find-java"), *EDITIONS[name].java], capture_output=True, text=True, check=False)
    return None if found.returncode == 0 else found.stderr.strip()


def require(name: str) -> None:
    """Skip the test, loudly, where an edition cannot be started; an error where it must be."""
    lack = missing(name)
    if lack is None:
        return
    message = f"REAL SERVER NOT TESTED: Elasticsearch {name}: {lack}"
    if os.environ.get("CI") or os.environ.get("ESCTL_REQUIRE_REAL") == "1":
        pytest.fail(message, pytrace=False)
    warnings.warn(message, stacklevel=2)
    pytest.skip(message)


@pytest.fixture(scope="session")
def elasticsearch_95(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Elasticsearch 9.5.3, security off."""
    require("9.5")
    with running("9.5", tmp_path_factory.mktemp("elasticsearch-9.5")) as server:
        yield server


@pytest.fixture(scope="session")
def elasticsearch_819() -> Iterator[Server]:
    """Elasticsearch 8.19.21, security on: superuser `adm`, and `reader` (same password), who may hardly do anything."""
    require("8.19")
    # Not below pytest's own folder: for root, the server runs as another user, who may not enter there.
    password = "testpass123"
    with tempfile.TemporaryDirectory(prefix="esctl-8.19-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        environment = {"ES_SECURITY": "true", "ES_TEST_PASSWORD": password}
        with running("8.19", Path(folder), username="adm", password=password, environment=environment) as server:
            yield server


@pytest.fixture(scope="session")
def elasticsearch_710(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Elasticsearch OSS 7.10.2, for Painless and ingest processors: plain HTTP only, esctl refuses it as too old."""
    require("7.10")
    with running("7.10", tmp_path_factory.mktemp("elasticsearch-7.10")) as server:
        yield server


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(
                f"the server ended with {process.returncode}:\n{log.read_text(errors='replace')[-3000:]}"
            )
        try:
            with urllib.request.urlopen(f"{url}/_cluster/health?wait_for_status=yellow&timeout=1s", timeout=5):
                return
        except urllib.error.HTTPError as error:
            if error.code == 401:  # security is on, and answers
                return
        except OSError:
            pass
        time.sleep(0.25)
    raise RuntimeError(f"the server did not answer within {PATIENCE} s:\n{log.read_text(errors='replace')[-3000:]}")
