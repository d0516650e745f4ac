"""Show a plan, ask, carry it out: the same for every command that writes."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from .invocation import Invocation
from .planning import confirm

if TYPE_CHECKING:
    from ..apply import Done
    from ..apply.history import Occasion
    from ..cluster import Cluster
    from ..model import Address, Change, Plan

ARCHIVES = ".esctl/archive"
"""Folder below the project for what was deleted."""


def execute(
    invocation: Invocation,
    cluster: Cluster,
    plan: Plan,
    *,
    command: str,
    allow: Collection[str] = (),
    yes: bool = False,
    question: str = "Apply this plan?",
    show_secrets: bool = False,
    anew: Collection[Address] = (),
) -> Done:
    """Carry out what was shown. `command` is what the history calls it; `anew` whose file is overwritten (`handover`).

    Raises Refused where something may not be done or nobody confirms it.
    """
    from ..apply import allowed, archive, run
    from ..plan.summary import to_do
    from .change import progress

    allowed(plan, allow)
    changes = to_do(plan)
    if changes:
        announce_backup(invocation, changes)
        confirm(question, yes)
    done = run(
        plan,
        cluster,
        invocation.kinds,
        allow=allow,
        commit=invocation.commit,
        on_event=progress(invocation, show_secrets=show_secrets, anew=anew),
        backup=archive.into(invocation.settings.root / ARCHIVES, plan, cluster, invocation.kinds),
        occasion=occasion(invocation, command),
    )
    for warning in done.warnings:
        invocation.warn(warning)
    if done.archive:
        invocation.say(f"What was deleted is in {shown_path(invocation, done.archive)}: `esctl restore` reads it.")
    return done


def occasion(invocation: Invocation, command: str) -> Occasion:
    """What the history says of a run beside what it did."""
    from ..apply.history import Occasion

    settings = invocation.settings
    return Occasion(command, settings.environment or "", settings.kept_runs)


def announce_backup(invocation: Invocation, changes: Collection[Change]) -> None:
    """Say, before anything is deleted, what is kept of it and what is not."""
    from ..apply import archive

    going = {live.address for _, live, _ in archive.going(list(changes))}
    if not going:
        return
    n = len(going)
    sign = invocation.style("!", "yellow")
    what = "1 resource is" if n == 1 else f"{n} resources are"
    invocation.say(f"{sign} {what} kept in {ARCHIVES}/ before being deleted")
    for address, lost in archive.losses(list(changes)).items():
        invocation.say(f"{sign} {address}: the archive does not hold {lost}")


def typed(name: str, *words: str, **options: object) -> str:
    """The command as it was typed, connection and values left out: `apply index/* --prune --allow irreversible`."""
    parts = [name, *words]
    for option, value in options.items():
        if value is True:
            parts.append(f"--{option}")
        elif isinstance(value, str):
            parts.append(f"--{option} {value}")
        elif isinstance(value, list | tuple):
            parts += [f"--{option} {one}" for one in value]
    return " ".join(parts)


def shown_path(invocation: Invocation, path: str) -> str:
    """A path below the project as one would type it there."""
    from pathlib import Path

    root = invocation.settings.root
    found = Path(path)
    return str(found.relative_to(root)) if found.is_relative_to(root) and root == Path.cwd() else path
