"""The sandbox's data folder: for one process at a time, and for versions that only go forward."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TextIO


class SandboxError(Exception):
    """The sandbox cannot start; `str(error)` is one line for a person."""


def lock(data: Path) -> TextIO:
    """Take the folder for this process; raises SandboxError that names the process which has it."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        file = (data / "sandbox.lock").open("a+", encoding="utf-8")
    except OSError as error:
        raise SandboxError(f"cannot use {data} as data folder: {error.strerror}") from None
    file.seek(0)
    holder = file.read().strip()
    try:
        _lock_file(file)
    except OSError:
        file.close()
        who = f" (pid {holder})" if holder else ""
        raise SandboxError(f"another sandbox{who} is running on {data}; end it, or give another --data") from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def _lock_file(file: TextIO) -> None:
    """An exclusive lock that the system takes back when the process dies; raises OSError where it is held."""
    try:
        import fcntl
    except ImportError:
        import msvcrt  # Windows

        file.seek(1024)  # beyond the pid, which others must be able to read
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        file.seek(0)
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def check_version(data: Path, version: str) -> None:
    """Servers only go forward: what a newer one wrote is not opened by an older one."""
    path = data / "sandbox.json"
    try:
        written = str(json.loads(path.read_text())["version"]) if path.exists() else version
    except (ValueError, KeyError, TypeError):
        raise SandboxError(f"{path} cannot be read; give another --data") from None
    if _numbers(written) > _numbers(version):
        raise SandboxError(f"{data} was written by version {written}, and {version} is older; give another --data")


def note_version(data: Path, version: str) -> None:
    """Remember which version wrote here last."""
    (data / "sandbox.json").write_text(json.dumps({"version": version}) + "\n")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
