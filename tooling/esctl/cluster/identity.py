"""Who runs esctl, where, and from which commit: what the ledger and the lease write down."""

from __future__ import annotations

import getpass
import os
import re
import socket
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Holder:
    """One run of esctl, as the lease names it. `run` is unique."""

    project: str
    who: str
    host: str
    pid: int
    run: str

    def __str__(self) -> str:
        return f'{self.who} on {self.host} (project "{self.project}", pid {self.pid})'


def holder(project: str) -> Holder:
    """This run, as a holder of the lease."""
    return Holder(project, user(), host(), os.getpid(), uuid.uuid4().hex)


def user() -> str:
    """The name of the user, or `uid 1000` where the system knows none (as in containers)."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return f"uid {os.getuid()}" if hasattr(os, "getuid") else "unknown"


def host() -> str:
    return socket.gethostname() or "unknown"


def who() -> str:
    """`user@host`."""
    return f"{user()}@{host()}"


def commit(folder: Path) -> str:
    """The commit that is checked out in `folder` (40 hex digits), or "" where git cannot tell. Takes a few ms."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), "rev-parse", "--verify", "--quiet", "HEAD"],
            capture_output=True,
            text=True,
            timeout=5,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except (OSError, subprocess.SubprocessError, ValueError):
        return ""
    found = done.stdout.strip()
    return found if done.returncode == 0 and re.fullmatch(r"[0-9a-f]{40,64}", found) else ""
