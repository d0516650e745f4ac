"""Finds the images below a folder, and names them the same way on every machine."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import EsctlError

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"})
UNREADABLE = frozenset(f".{suffix}" for suffix in "heic heif avif jxl jp2 svg psd ico dng raw cr2 cr3 nef arw".split())


@dataclass(frozen=True, order=True)
class ImageFile:
    """`file_name` is the "/"-separated path below the folder."""

    file_name: str
    path: Path


def document_id(file_name: str) -> str:
    """The `_id` of an image's document: 32 hex digits of the sha256 of its file name."""
    # A name that is not UTF-8 never gets this far: embedding it is an error row.
    return hashlib.sha256(file_name.encode("utf-8", "surrogateescape")).hexdigest()[:32]


@dataclass(frozen=True)
class Found:
    """`others` counts what has another suffix, by suffix."""

    images: list[ImageFile]
    others: Counter[str]

    @property
    def unreadable(self) -> str:
        """Pictures of formats that are not read, as `3 × .heic`; empty where there are none."""
        return ", ".join(f"{n} × {suffix}" for suffix, n in self.others.most_common() if suffix in UNREADABLE)


def find_images(folder: Path) -> list[ImageFile]:
    """Every image below `folder`, sorted by file name; hidden files and folders are passed over.

    What is an image is decided by the suffix, in any case. Raises EsctlError where there is no folder or no image.
    """
    return look_for_images(folder).images


def look_for_images(folder: Path) -> Found:
    """`find_images`, and what else lies there."""
    if not folder.exists():
        raise EsctlError(f"{folder}: no such folder")
    if not folder.is_dir():
        raise EsctlError(f"{folder}: not a folder", hint="give the folder that holds the images")
    found = Found([], Counter())
    for path in _visible_files(folder):
        suffix = path.suffix.lower()
        if suffix in SUFFIXES:
            found.images.append(ImageFile(path.relative_to(folder).as_posix(), path))
        else:
            found.others[suffix or "no suffix"] += 1
    if not found.images:
        others = ", ".join(f"{n} × {suffix}" for suffix, n in found.others.most_common(5)) or "nothing"
        known = " ".join(sorted(suffix[1:] for suffix in SUFFIXES))
        raise EsctlError(f"{folder}: no images (found: {others})", hint=f"images end in {known}")
    found.images.sort()
    return found


def _visible_files(folder: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise EsctlError(f"{error.filename}: cannot be read: {error.strerror}") from None

    entered = {os.path.realpath(folder)}
    for where, folders, files in os.walk(folder, onerror=refuse, followlinks=True):
        below = []
        for name in sorted(folders):
            real = os.path.realpath(os.path.join(where, name))
            # A link may lead to where we have been: each folder is entered once.
            if not name.startswith(".") and real not in entered:
                entered.add(real)
                below.append(name)
        folders[:] = below
        yield from (Path(where, name) for name in files if not name.startswith("."))
