"""ImageNet weights: the decision comes in time whatever the network does, and a download is whole or nothing."""

from __future__ import annotations

import hashlib
import http.server
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from esctl.images.imagenet_weights import RESNET50, Unavailable, WeightsFile, cache_path, cached, fetch

CONTENT = bytes(range(256)) * 8000
MD5 = hashlib.md5(CONTENT).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/gone":
            return self.send_error(404)
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        if self.path == "/silent-body":
            time.sleep(2)
        self.wfile.write(CONTENT[:1000] if self.path == "/cut" else CONTENT)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    thread.join()


@pytest.fixture(autouse=True)
def keras_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("NO_PROXY", "*")
    return tmp_path


def test_a_download_is_kept_where_keras_looks(server: str, keras_home: Path) -> None:
    told: list[str] = []
    file = WeightsFile("w.h5", f"{server}/w.h5", MD5)
    assert cached(file) is None
    path = fetch(told.append, file)
    assert path == keras_home / "models/w.h5" == cache_path(file) == cached(file)
    assert path.read_bytes() == CONTENT and [p.name for p in path.parent.iterdir()] == ["w.h5"]
    assert told[0].startswith("downloading w.h5: 0 of 2 MB") and told[-1].endswith(" 2 of 2 MB")
    told.clear()
    assert fetch(told.append, file) == path and told == []


def test_our_path_is_the_one_that_keras_uses(keras_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keras' own loader, asked for ImageNet weights, must look at this file, name, address and checksum."""
    from esctl.images.quiet_keras import import_keras

    keras = import_keras()
    from keras.src.applications import resnet  # type: ignore[import-not-found]

    asked: list[tuple[object, ...]] = []

    def get_file(name: str, url: str, cache_subdir: str, file_hash: str) -> str:
        asked.append((name, url, cache_subdir, file_hash))
        raise OSError("stop here")

    monkeypatch.setattr(resnet.file_utils, "get_file", get_file)
    with pytest.raises(OSError, match="stop here"):
        keras.applications.ResNet50(include_top=False, pooling="avg", weights="imagenet")
    assert asked == [(RESNET50.name, RESNET50.url, "models", RESNET50.md5)]
    assert cache_path().parent.name == "models"


@pytest.mark.parametrize(
    ("path", "md5", "reason"),
    [
        ("/gone", MD5, "127.0.0.1:{port} answers 404"),
        ("/cut", MD5, "127.0.0.1:{port} broke off"),
        ("/other", "0" * 32, "what {server}/other gave has another checksum"),
    ],
)
def test_half_a_file_is_no_file(server: str, keras_home: Path, path: str, md5: str, reason: str) -> None:
    file = WeightsFile("w.h5", server + path, md5)
    with pytest.raises(Unavailable) as raised:
        fetch(lambda _: None, file)
    assert str(raised.value) == reason.format(server=server, port=server.split(":")[2])
    assert [p for p in keras_home.rglob("*") if p.is_file()] == []


def test_a_silent_network_is_given_up_in_time(server: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        for url in (f"http://{host}/w.h5", f"{server}/silent-body"):
            started = time.monotonic()
            with pytest.raises(Unavailable, match="no answer from .* within 0.5 s"):
                fetch(lambda _: None, WeightsFile("w.h5", url, MD5), patience=0.5)
            assert time.monotonic() - started < 1.5


def test_names_and_ports_that_lead_nowhere() -> None:
    with pytest.raises(
        Unavailable, match="the name nowhere.invalid does not resolve|nowhere.invalid cannot be reached"
    ):
        fetch(lambda _: None, WeightsFile("w.h5", "http://nowhere.invalid/w.h5", MD5))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        host = f"127.0.0.1:{taken.getsockname()[1]}"
    with pytest.raises(Unavailable, match=f"{host} cannot be reached .ConnectionError."):
        fetch(lambda _: None, WeightsFile("w.h5", f"http://{host}/w.h5", MD5))


def test_a_damaged_cache_is_not_used(server: str, keras_home: Path) -> None:
    file = WeightsFile("w.h5", f"{server}/w.h5", MD5)
    cache_path(file).parent.mkdir()
    cache_path(file).write_bytes(CONTENT[:-1])
    assert cached(file) is None
    assert fetch(lambda _: None, file).read_bytes() == CONTENT
