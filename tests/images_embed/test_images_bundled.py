"""The bundled set: real pictures, labelled, the same every time, with their licences."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from esctl.errors import EsctlError
from esctl.images import bundled
from esctl.images.bundled import MARKER, PHOTOGRAPHS, bundled_images
from esctl.images.find import find_images


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundled_images(tmp_path_factory.mktemp("bundled") / "images")


def digest(folder: Path) -> str:
    sums = hashlib.sha256()
    for image in find_images(folder):
        sums.update(image.file_name.encode() + image.path.read_bytes())
    return sums.hexdigest()


def test_at_least_320_pictures_of_ten_photographs(folder: Path) -> None:
    images = find_images(folder)
    labels = Counter(image.file_name.split("/")[0] for image in images)
    assert len(images) >= 320 and len(labels) >= 10
    assert labels == {photograph.label: photograph.crops for photograph in PHOTOGRAPHS}
    assert len({image.path.read_bytes() for image in images}) == len(images)
    with Image.open(images[0].path) as image:
        assert image.size == (256, 256)


def test_each_photograph_is_attributed(folder: Path) -> None:
    text = (folder / "ATTRIBUTION.txt").read_text("utf-8")
    for photograph in PHOTOGRAPHS:
        assert f"\n{photograph.label}: {photograph.licence}\n" in text
        assert photograph.licence.startswith(("CC0", "CC BY 2.0", "public domain"))


def test_made_once_and_the_same_everywhere(folder: Path, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert bundled_images(folder) == folder
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    other = tmp_path / "other"
    code = f"from pathlib import Path; from esctl.images.bundled import *; bundled_images(Path({str(other)!r}))"
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONHASHSEED": "5"})
    assert digest(other) == digest(folder)


def test_an_older_recipe_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundled, "PHOTOGRAPHS", tuple(dataclasses.replace(p, crops=1) for p in bundled.PHOTOGRAPHS))
    folder = bundled_images(tmp_path / "images")
    (folder / MARKER).write_text("0")
    (folder / "old.jpg").touch()
    bundled_images(folder)
    assert not (folder / "old.jpg").exists() and len(find_images(folder)) == len(PHOTOGRAPHS)
    assert os.listdir(tmp_path) == ["images"]


def test_a_folder_of_someone_else_stays(tmp_path: Path) -> None:
    (tmp_path / "mine.jpg").touch()
    with pytest.raises(EsctlError, match="holds something else; the bundled images need a new or empty folder"):
        bundled_images(tmp_path)
    assert os.listdir(tmp_path) == ["mine.jpg"]


def test_an_empty_folder_is_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundled, "PHOTOGRAPHS", tuple(dataclasses.replace(p, crops=1) for p in bundled.PHOTOGRAPHS))
    assert len(find_images(bundled_images(tmp_path))) == len(PHOTOGRAPHS)
