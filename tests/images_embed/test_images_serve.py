"""Serving: the images that embedding finds and nothing else, as a browser and Vega ask for them."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import requests
from PIL import Image

from esctl.errors import EsctlError
from esctl.images.find import SUFFIXES, find_images
from esctl.images.serve import TYPES, ImageServer

NAMES = ["a.jpg", "b/C d.PNG", "b/ä#1%.webp", "b/was?.gif", "ünï/深/x.jpeg"]
HIDDEN = [".secret.jpg", ".git/in.jpg", "b/.thumbs/x.png"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("served") / "images"
    for number, name in enumerate([*NAMES, *HIDDEN]):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 4), (number, 0, 0)).save(path)
    (folder / "notes.txt").write_text("not an image")
    (folder / "folder.png").mkdir()
    (folder.parent / "outside.jpg").write_bytes(b"not to be seen")
    return folder


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[ImageServer]:
    with ImageServer(folder, port=0) as server:
        yield server


def raw(server: ImageServer, path: str, method: str = "GET") -> http.client.HTTPResponse:
    """The answer to a path that no client has tidied up."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request(method, path)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


def test_each_image_that_is_found_is_served_under_its_name(server: ImageServer, folder: Path) -> None:
    found = find_images(folder)
    assert sorted(image.file_name for image in found) == sorted(NAMES)
    for image in found:
        answer = requests.get(server.url + quote(image.file_name), headers={"Origin": "http://kibana"}, timeout=10)
        assert answer.status_code == 200
        assert answer.content == image.path.read_bytes()
        assert answer.headers["Content-Type"] == TYPES[image.path.suffix.lower()]
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_types_are_those_of_the_formats() -> None:
    assert set(TYPES) == SUFFIXES
    assert (TYPES[".jpg"], TYPES[".tif"], TYPES[".webp"]) == ("image/jpeg", "image/tiff", "image/webp")
    assert set(TYPES.values()) == {f"image/{name}" for name in ("jpeg", "png", "webp", "gif", "bmp", "tiff")}


@pytest.mark.parametrize(
    "path",
    [
        "/", "/b", "/b/", "/folder.png", "/notes.txt", "/nothing.jpg", *(f"/{name}" for name in HIDDEN),
        "/../outside.jpg", "/b/../../outside.jpg", "/..%2foutside.jpg", "/%2e%2e/outside.jpg", "/..%5coutside.jpg",
        "/%2e%2e%2f%2e%2e%2fetc/passwd.jpg", "//etc/passwd", "/a%00.jpg", f"/{'a' * 400}.jpg", "/%ff.jpg",
    ],
)  # fmt: skip
def test_anything_else_is_not_found(server: ImageServer, path: str) -> None:
    answer = raw(server, path)
    assert answer.status == 404
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_an_absolute_path_leads_nowhere(server: ImageServer, folder: Path) -> None:
    for path in (f"/{folder.parent}/outside.jpg", quote(f"/{folder.parent}/outside.jpg", safe="")):
        assert raw(server, f"/{path}").status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_it_only_reads(server: ImageServer, folder: Path, method: str) -> None:
    assert raw(server, "/a.jpg", method).status == 405
    assert (folder / "a.jpg").is_file()


def test_what_is_unchanged_is_not_sent_again(server: ImageServer) -> None:
    first = requests.get(f"{server.url}a.jpg", timeout=10)
    assert first.headers["Cache-Control"] == "public, max-age=60"
    again = requests.get(f"{server.url}a.jpg", headers={"If-None-Match": first.headers["ETag"]}, timeout=10)
    assert (again.status_code, again.content) == (304, b"")
    assert raw(server, "/a.jpg", "HEAD").headers["Content-Length"] == str(len(first.content))


def test_links_are_followed_as_embedding_follows_them(server: ImageServer, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "linked.jpg").write_bytes((folder / "a.jpg").read_bytes())
    (folder / "link").symlink_to(tmp_path / "more")
    (folder / "loop.jpg").symlink_to(folder / "loop.jpg")
    try:
        assert raw(server, "/link/linked.jpg").status == 200
        assert raw(server, "/loop.jpg").status == 404
    finally:
        (folder / "link").unlink()
        (folder / "loop.jpg").unlink()


def test_where_nothing_can_listen_is_one_line(folder: Path) -> None:
    with pytest.raises(EsctlError, match='"no.such.host.invalid" is no address of this machine'):
        ImageServer(folder, host="no.such.host.invalid").__enter__()
    with pytest.raises(EsctlError, match=r"cannot listen on 192\.0\.2\.1:8000: "):
        ImageServer(folder, host="192.0.2.1").__enter__()


def started(folder: Path, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "esctl", "images", "serve", str(folder), *options]
    environ = {**os.environ, "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_the_command_tells_one_document_and_ends_on_sigterm(folder: Path) -> None:
    with started(folder, "--port", "0", "--json") as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        assert told["images"] == len(NAMES) and told["pid"] == process.pid
        assert told["variables"] == {"gallery": "http", "image_url": told["url"]}
        assert requests.get(told["url"] + "a.jpg", timeout=10).status_code == 200
        process.send_signal(signal.SIGTERM)
        rest, problems = process.communicate(timeout=20)
        assert (process.returncode, rest, problems) == (0, "", "")


def test_a_port_that_is_taken_is_told(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with started(folder, "--port", str(port)) as process:
            assert process.stdout is not None
            first, second = process.stdout.readline(), process.stdout.readline()
            process.send_signal(signal.SIGINT)
            _, problems = process.communicate(timeout=20)
    url = first.split()[-3]
    assert process.returncode == 0
    assert problems == f"warning: port {port} is taken: serving on {url.rsplit(':', 1)[1].strip('/')}\n"
    assert first.startswith(f"serving {len(NAMES)} images of {folder}: http://127.0.0.1:")
    assert second.endswith(f"esctl apply --var gallery=http --var image_url={url}\n")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--port", "65536"], "--port"),
        (["--host", "no.such.host.invalid"], '"no.such.host.invalid" is no address of this machine'),
    ],
)
def test_a_mistake_is_one_line(folder: Path, options: list[str], message: str) -> None:
    with started(folder, *options) as process:
        out, problems = process.communicate(timeout=30)
    assert (process.returncode, out) == (1, "")
    assert message in problems and problems.count("\n") == 1
