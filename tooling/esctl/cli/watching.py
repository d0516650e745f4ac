"""Which files of a project have changed: by looking, since every system and every editor bears that."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

EVERY = 0.1
"""Seconds between two looks, unless looking takes long: then nine tenths of the time are left to others."""
_SETTLE = 0.02
_PASSED_OVER = ("__pycache__", "node_modules")

State = dict[str, tuple[int, int, int]]


def state_of(places: Iterable[Path]) -> State:
    """Time, size and number of each file in or below `places`; what starts with `.` is passed over."""
    found: State = {}
    for place in places:
        for path, seen in _files(str(place)):
            found[path] = (seen.st_mtime_ns, seen.st_size, seen.st_ino)
    return found


def settled(places: list[Path], before: State) -> State:
    """The state after a change, once nobody writes any more: an editor may write a file in steps."""
    while True:
        time.sleep(_SETTLE)
        now = state_of(places)
        if now == before:
            return now
        before = now


def changed(before: State, after: State) -> list[str]:
    """Paths that are new, gone or written again."""
    return sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))


def _files(place: str) -> Iterator[tuple[str, os.stat_result]]:
    try:
        with os.scandir(place) as entries:
            listed = list(entries)
    except NotADirectoryError:
        try:
            yield place, os.stat(place)
        except OSError:
            pass
        return
    except OSError:  # gone, or not to be read: the project's own reading says so
        return
    for entry in listed:
        if entry.name.startswith(".") or entry.name in _PASSED_OVER:
            continue
        try:
            if entry.is_dir():
                # A link to a folder may lead in a circle; the project reads such files once, and so are they watched.
                if not entry.is_symlink():
                    yield from _files(entry.path)
            else:
                yield entry.path, entry.stat()
        except OSError:
            continue
