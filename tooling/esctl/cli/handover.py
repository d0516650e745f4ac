"""What servers tell once, such as a new API key: shown once, or written where a person wants it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EsctlError, Refused

if TYPE_CHECKING:
    from ..model import Plan, Produced
    from .invocation import Invocation


def refuse_nowhere(invocation: Invocation, plan: Plan, *, show_secrets: bool) -> None:
    """Raise Refused, before anything is written, where a secret that is told once would have no place to go."""
    from ..kinds.base import Producing
    from ..model import Action

    for change in plan.changes:
        made = change.action in (Action.CREATE, Action.REPLACE) and change.desired is not None
        if not made or not isinstance(invocation.kinds[change.address.kind], Producing):
            continue
        place = (change.desired or {}).get("write_to")
        if isinstance(place, str):
            path = _path(invocation, place)
            if path.exists():
                hint = "move it away, or take `write_to` out"
                raise Refused(f"{change.address}: {place} is there already, and is not overwritten", hint=hint)
        elif invocation.json and not show_secrets:
            hint = "name a file in `write_to`, or say --show-secrets"
            raise Refused(f"{change.address}: its secret is told once, and has no place to go", hint=hint)


def hand_over(invocation: Invocation, produced: Produced) -> None:
    """Write it to its file (mode 0600), else show it: the value alone on stdout, what it is on stderr."""
    why = ""
    if produced.write_to:
        try:
            _write(_path(invocation, produced.write_to), produced.secret.reveal())
        except (OSError, EsctlError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            why = f"; {produced.write_to} could not be written ({reason})"
        else:
            invocation.say(f"    {produced.what}: in {produced.write_to}")
            return
    print(f"{produced.what}{why}: told once, keep it now:", file=sys.stderr, flush=True)
    # With --json, stdout is the document's.
    print(produced.secret.reveal(), file=sys.stderr if invocation.json else sys.stdout, flush=True)


def _path(invocation: Invocation, place: str) -> Path:
    root = invocation.settings.root.resolve()
    path = (root / place).resolve()
    if not path.is_relative_to(root):
        raise EsctlError(f"write_to: {place} is outside of the project")
    return path


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text + "\n")
