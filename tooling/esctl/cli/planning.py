"""Read what is there and plan: what the commands that compare and change have in common."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Collection
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import EsctlError, Refused

if TYPE_CHECKING:
    from ..cluster import Cluster
    from ..model import Capabilities, Plan
    from ..plan import Survey
    from .invocation import Invocation

Addresses = Annotated[list[str] | None, typer.Argument(help="Addresses or globs; all by default.")]
Adopt = Annotated[list[str] | None, typer.Option("--adopt", metavar="ADDRESS", help="Take over what is there already.")]
Overwrite = Annotated[
    list[str] | None,
    typer.Option("--overwrite", metavar="ADDRESS", help="Let the project win where both sides changed."),
]
Prune = Annotated[bool, typer.Option("--prune", help="Delete what this project wrote once and no longer writes.")]
Force = Annotated[bool, typer.Option("--force", help="With --prune: also what was changed on the server since.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Allow = Annotated[
    list[str] | None,
    typer.Option(
        "--allow",
        metavar="WHAT",
        help="Let happen: replace (documents move to a new index), alias (whose alias an index becomes then), "
        "irreversible (they go).",
    ),
]
ALLOWABLE = ("replace", "alias", "irreversible")

SECRET_KEY = "ESCTL_SECRET_KEY"
"""Environment variable: the key that secrets are sealed with, instead of the ledger's salt."""


def secret_key(invocation: Invocation) -> bytes | None:
    """What ESCTL_SECRET_KEY says, or None."""
    import os

    environ = os.environ if invocation.environ is None else invocation.environ
    return environ.get(SECRET_KEY, "").encode() or None


def make_plan(
    invocation: Invocation,
    cluster: Cluster,
    addresses: Collection[str] | None = None,
    adopt: Collection[str] | None = None,
    overwrite: Collection[str] | None = None,
    prune: bool = False,
    force: bool = False,
) -> Plan:
    """Read what is there and plan; raises EsctlError where something referred to is nowhere."""
    seen = surveyed(invocation, cluster)
    made = planned(invocation, cluster.capabilities, seen, addresses, adopt, overwrite, prune, force)
    return finished(made, cluster)


def finished(made: Plan, cluster: Cluster) -> Plan:
    """The plan with what only the servers can tell of it, and how many requests it took."""
    from ..apply.measure import measured

    made = measured(made, cluster)
    return dataclasses.replace(made, requests=cluster.sent)


def surveyed(invocation: Invocation, cluster: Cluster) -> Survey:
    """What the servers and the ledger hold of the project's resources."""
    from ..apply import survey

    loaded = invocation.loaded
    cluster.capabilities  # noqa: B018 - asks the servers once, before eight threads would
    name = invocation.settings.name
    return survey(cluster, name, loaded.resources, invocation.kinds, key=secret_key(invocation))


def planned(
    invocation: Invocation,
    capabilities: Capabilities,
    seen: Survey,
    addresses: Collection[str] | None = None,
    adopt: Collection[str] | None = None,
    overwrite: Collection[str] | None = None,
    prune: bool = False,
    force: bool = False,
) -> Plan:
    """The plan of the project against what was read.

    Raises EsctlError where it would write what refers to something that is nowhere. What stands on the server with such
    a reference, and is not touched, is none of this plan's.
    """
    from ..model import Action
    from ..plan import Choices, build
    from .selection import selection

    loaded = invocation.loaded
    selected = selection(addresses, invocation, seen.remembered)
    made = build(
        loaded.resources,
        seen,
        invocation.context(capabilities),
        invocation.kinds,
        choices=Choices(tuple(adopt or ()), tuple(overwrite or ()), prune, force),
        out_of_scope=loaded.out_of_scope,
        selected=selected,
    )
    writing = (Action.CREATE, Action.UPDATE, Action.REPLACE)
    written = {change.address for change in made.changes if change.action in writing}
    for target, places in seen.missing.items():
        for address, place in places.items():
            if address in written:
                raise EsctlError(f"{place}: {target} is neither written in this project nor on the server")
    return made


def allowances(given: Collection[str] | None) -> tuple[str, ...]:
    """What `--allow` names; raises EsctlError for a word that is none."""
    from ..errors import did_you_mean

    for word in given or ():
        if word not in ALLOWABLE:
            raise EsctlError(
                f'--allow "{word}" is unknown', hint=did_you_mean(word, ALLOWABLE) or f"it takes {', '.join(ALLOWABLE)}"
            )
    return tuple(given or ())


def confirm(question: str, yes: bool) -> None:
    """Ask; where nobody can answer, refuse."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise Refused("nobody is there to confirm this", hint="`--yes` goes on without asking")
    if not typer.confirm(question, err=True):
        raise Refused("not confirmed; nothing was written")
