"""Finds the images below a folder, and names them the same way on every machine."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from ..errors import EsctlError

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"})


@dataclass(frozen=True, order=True)
class ImageFile:
    """`file_name` is the "/"-separated path below the folder."""

    file_name: str
    path: Path


def document_id(file_name: str) -> str:
    """The `_id` of an image's document: 32 hex digits of the sha256 of its file name."""
    # A name that is not UTF-8 never gets this far: embedding it is an error row.
    return hashlib.sha256(file_name.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def find_images(folder: Path) -> list[ImageFile]:
    """Every image below `folder`, sorted by file name; hidden files and folders are passed over.

    What is an image is decided by the suffix, in any case. Raises EsctlError where there is no folder or no image.
    """
    if not folder.exists():
        raise EsctlError(f"{folder}: no such folder")
    if not folder.is_dir():
        raise EsctlError(f"{folder}: not a folder", hint="give the folder that holds the images")
    images: list[ImageFile] = []
    others: Counter[str] = Counter()

    def refuse(error: OSError) -> None:
        raise EsctlError(f"{error.filename}: cannot be read: {error.strerror}") from None

    for where, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            path = Path(where, name)
            if name.startswith("."):
                continue
            if path.suffix.lower() in SUFFIXES:
                images.append(ImageFile(path.relative_to(folder).as_posix(), path))
            else:
                others[path.suffix.lower() or "no suffix"] += 1
    if not images:
        found = ", ".join(f"{n} × {suffix}" for suffix, n in others.most_common(5)) or "nothing"
        known = " ".join(sorted(suffix[1:] for suffix in SUFFIXES))
        raise EsctlError(f"{folder}: no images (found: {found})", hint=f"images end in {known}")
    return sorted(images)
