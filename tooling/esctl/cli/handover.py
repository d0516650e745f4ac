"""What servers tell once, such as a new API key: shown once, or written where a person wants it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EsctlError, Refused

if TYPE_CHECKING:
    from ..cluster import Cluster
    from ..kinds.base import Producing
    from ..model import Address, Live, Plan, Produced
    from .invocation import Invocation


def refuse_nowhere(invocation: Invocation, cluster: Cluster, plan: Plan, *, show_secrets: bool) -> frozenset[Address]:
    """Raise Refused, before anything is written, where a secret that is told once would have no place to go.

    Returns those whose file may be written anew: it holds what no server takes any more.
    """
    anew = set()
    from ..kinds.base import Producing, can
    from ..model import Action

    for change in plan.changes:
        made = change.action in (Action.CREATE, Action.REPLACE) and change.desired is not None
        kind = invocation.kinds[change.address.kind]
        if not made or not can(kind, Producing):
            continue
        place = (change.desired or {}).get("write_to")
        if isinstance(place, str):
            path = _path(invocation, place)
            if _spent(path, kind, change.live, cluster):
                anew.add(change.address)
            elif path.exists():
                what = "holds something else than a key that has ended, and is not overwritten"
                raise Refused(f"{change.address}: {place} {what}", hint="move it away, or name another file")
        elif invocation.json and not show_secrets:
            hint = "name a file in `write_to`, or say --show-secrets"
            raise Refused(f"{change.address}: its secret is told once, and has no place to go", hint=hint)
    return frozenset(anew)


def not_here(invocation: Invocation, plan: Plan) -> list[str]:
    """A line for each secret that was told once and whose file is not on this machine; it may well be on another."""
    from ..kinds.base import Producing, can
    from ..model import Action

    lines = []
    for change in plan.changes:
        stays = change.action in (Action.NONE, Action.REFRESH, Action.UPDATE) and change.remembered is not None
        place = (
            (change.desired or {}).get("write_to") if can(invocation.kinds[change.address.kind], Producing) else None
        )
        if stays and isinstance(place, str) and not _path(invocation, place).exists():
            way = f"esctl destroy {change.address} --allow irreversible, then apply, makes a new one"
            lines.append(f"{change.address}: {place} is not on this machine, and no server tells a key twice; {way}")
    return lines


def _spent(path: Path, kind: Producing, live: Live | None, cluster: Cluster) -> bool:
    try:
        return path.is_file() and kind.spent(path.read_text(encoding="utf-8"), live, cluster)
    except (OSError, UnicodeDecodeError):
        return False


def hand_over(invocation: Invocation, produced: Produced, *, anew: bool = False) -> None:
    """Write it to its file (mode 0600; one that is there only `anew`), else show it: the value alone on stdout, what it
    is on stderr."""
    why = ""
    if produced.write_to:
        try:
            _write(_path(invocation, produced.write_to), produced.secret.reveal(), anew=anew)
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


def _write(path: Path, text: str, *, anew: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beginning = path.with_name(f"{path.name}.new") if anew else path
    with os.fdopen(os.open(beginning, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text + "\n")
    if anew:
        os.replace(beginning, path)
