"""Finding: which files are images, what they are called, and one clear line where there are none."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from esctl.errors import EsctlError
from esctl.images.find import document_id, find_images


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_names_are_paths_below_the_folder_in_order(tmp_path: Path) -> None:
    touch(tmp_path, "b.JPG", "a/z.png", "a/b/c.Webp", "a-1.tif", "x.gif", "y.bmp", "z.tiff", "ä ö.jpeg")
    touch(tmp_path, ".hidden.jpg", ".git/in.jpg", "notes.txt", "jpg")
    (tmp_path / "folder.png").mkdir()
    found = find_images(tmp_path)
    assert [image.file_name for image in found] == [
        "a-1.tif", "a/b/c.Webp", "a/z.png", "b.JPG", "x.gif", "y.bmp", "z.tiff", "ä ö.jpeg",
    ]  # fmt: skip
    assert all(image.path == tmp_path / image.file_name for image in found)


def test_links_are_followed_and_circles_are_not(tmp_path: Path) -> None:
    touch(tmp_path / "elsewhere", "a.png")
    (tmp_path / "images" / "deep").mkdir(parents=True)
    (tmp_path / "images" / "linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "images" / "deep" / "up").symlink_to(tmp_path / "images")
    assert [image.file_name for image in find_images(tmp_path / "images")] == ["linked/a.png"]


def test_document_id_is_the_hash_of_the_name() -> None:
    assert document_id("a/ä.png") == hashlib.sha256("a/ä.png".encode()).hexdigest()[:32]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: None, "{}: no such folder"),
        (lambda folder: folder.touch(), "{}: not a folder; give the folder that holds the images"),
        (lambda folder: folder.mkdir(), "{}: no images (found: nothing); images end in bmp gif jpeg"),
        (
            lambda folder: touch(folder, "a.heic", "b.HEIC", "README"),
            "{}: no images (found: 2 × .heic, 1 × no suffix); images end in",
        ),
    ],
    ids=["missing", "file", "empty", "heic"],
)
def test_no_images_is_one_line(tmp_path: Path, make: object, message: str) -> None:
    folder = tmp_path / "pictures"
    make(folder)  # type: ignore[operator]
    with pytest.raises(EsctlError) as raised:
        find_images(folder)
    assert str(raised.value).startswith(message.format(folder)) and "\n" not in str(raised.value)
