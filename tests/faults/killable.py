"""A command in a process that may be killed: forked from one that has imported everything, so that it starts at once."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from esctl import cli


def imported() -> list[str]:
    """What commands have imported so far in this process, without the sandbox."""
    return [name for name in sys.modules if name.startswith("esctl.") and ".sandbox" not in name] + ["pydantic"]


def run(words: Sequence[str], folder: Path, environment: Mapping[str, str], printed: Path) -> None:
    """As if `words` were typed in `folder`; what is printed goes to the file."""
    out = os.open(printed, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.chdir(folder)
    os.environ.update(environment)
    sys.exit(cli.run(list(words)))
