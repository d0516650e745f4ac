"""`esctl demo` with a folder of one's own: few images, files in the gallery, two at once, and from a wheel."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import requests
from PIL import Image
from test_demo import COMMAND, OUTSIDE, demo, typed

from esctl.cli.demo import pictures
from esctl.cli.invocation import Invocation
from esctl.project import example_root
from esctl.sandbox.folder import lock


def images(folder: Path, count: int) -> Path:
    """`count` different images in `folder`."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(7)
    for number in range(count):
        tiles = random.integers(0, 255, (4, 4, 3), dtype=np.uint8)
        Image.fromarray(tiles).resize((64, 64), Image.Resampling.NEAREST).save(folder / f"tiles {number}.png")
    return folder


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the demonstrations of this file run, with twelve images in `mine`."""
    place = tmp_path_factory.mktemp("own")
    images(place / "mine", 12)
    return place


def test_a_folder_spelled_otherwise_is_the_same(place: Path) -> None:
    (place / "link").symlink_to("mine")
    shown = demo(place, "--images", "mine")
    assert (shown["evaluation"]["images"], shown["image_url"]) == (12, None)
    again = typed(place, "--images", "link/../mine/")
    assert again.returncode == 0 and "(nothing changed)" in again.stdout
    assert len(list((place / ".esctl/demo/vectors").iterdir())) == 1


def test_fewer_images_than_clusters_are_told_plainly(place: Path) -> None:
    few = images(place / "few", 3)
    (few / "copy.png").write_bytes((few / "tiles 0.png").read_bytes())
    done = typed(place, "--images", "few")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        f"error: {few}: the demonstration makes 10 clusters (k of its pipeline) and needs at least as many different "
        "images; this folder has 3"
    )


def test_the_second_of_two_at_once_is_refused_before_it_embeds(tmp_path: Path) -> None:
    with lock(tmp_path / ".esctl/demo"):
        done = typed(tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"error: another demonstration (pid {os.getpid()}) runs here; end it, or start this one in another folder\n"
    )
    assert [path.name for path in (tmp_path / ".esctl/demo").iterdir()] == ["sandbox.lock"]


@pytest.mark.parametrize("option", ["--port", "--kibana-port"])
def test_a_port_that_cannot_be_is_refused(tmp_path: Path, option: str) -> None:
    done = typed(tmp_path, option, "65536")
    assert done.returncode == 1 and option in done.stderr and done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_the_gallery_shows_files_until_it_is_ended(place: Path) -> None:
    command = [*COMMAND, "--images", "mine", "--var", "gallery=http", "--no-color"]
    terminal, ours = pty.openpty()  # without one the demonstration ends by itself
    with subprocess.Popen(command, cwd=place, env=OUTSIDE, stdin=ours, stdout=ours, stderr=subprocess.PIPE) as process:
        os.close(ours)
        try:
            said = ""
            while "stays open until Ctrl-C" not in said:
                said += os.read(terminal, 4096).decode()
            url = re.search(r"image files +(\S+)", said)[1]  # type: ignore[index]
            kibana = re.search(r"(http://\S+)/app/dashboards", said)[1]  # type: ignore[index]
            served = requests.get(f"{url}tiles%203.png", timeout=10)
            assert served.content == (place / "mine/tiles 3.png").read_bytes()
            asked = {"type": ["dashboard"], "includeReferencesDeep": False}
            dashboard = requests.post(
                f"{kibana}/api/saved_objects/_export", json=asked, headers={"kbn-xsrf": "true"}, timeout=10
            )
            assert url in dashboard.text
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=20)
            os.close(terminal)
    assert process.returncode == 0
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=10)


@pytest.mark.parametrize("var", [["gallery=http", "image_url=http://pictures.example/"], ["gallery=pixels"], []])
def test_pictures_that_are_served_elsewhere_or_drawn_need_no_server(place: Path, var: list[str]) -> None:
    own = Invocation(project=example_root(), var=var, environ={})
    with pictures(own, place / "mine") as shown:
        assert shown is own


def test_it_works_from_a_wheel_without_a_clone(place: Path, tmp_path: Path) -> None:
    pytest.importorskip("hatchling", reason="NO WHEEL TEST: hatchling is not installed (pip install hatchling)")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "built")]
    built = subprocess.run(build, cwd=example_root(), capture_output=True, text=True, timeout=120, check=False)
    assert built.returncode == 0, built.stderr
    [wheel] = (tmp_path / "built").glob("esctl-*.whl")
    unpacked, empty = tmp_path / "unpacked", tmp_path / "empty"
    empty.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(unpacked)
    found = subprocess.run(
        [sys.executable, "-c", "import esctl; print(esctl.__file__)"],
        cwd=empty,
        env={**OUTSIDE, "PYTHONPATH": str(unpacked)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(found.stdout.strip()).is_relative_to(unpacked)
    shown = demo(empty, "--images", str(place / "mine"), PYTHONPATH=str(unpacked))
    assert (shown["evaluation"]["images"], shown["evaluation"]["k"]) == (12, 10)
    assert [path.name for path in empty.iterdir()] == [".esctl"]
