"""`adopt`: take over what a cluster has already, without a write to any of it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import EsctlError
from .invocation import Invocation, command
from .planning import Addresses, Yes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..apply.adoption import Adoption
    from ..model import Change, Live

All = Annotated[
    bool, typer.Option("--all", help="All of the project; and what bears its mark, where the ledger was lost.")
]


def register(app: typer.Typer) -> None:
    command(app, "adopt")(adopt)


def adopt(invocation: Invocation, addresses: Addresses = None, everything: All = False, yes: Yes = False) -> int:
    """Remember what is there and equal to the files as this project's.

    Only the ledger is written. What differs is listed and left: `apply --adopt` changes it. Exit code 6: some was left.
    """
    from ..apply.adoption import adoption, marked
    from ..cluster import WRITING
    from ..report.plan import plan_lines
    from .change import finish
    from .execution import execute, typed
    from .planning import planned, surveyed

    if bool(addresses) is everything:
        raise EsctlError("adopt takes addresses, or --all", hint="for example: esctl adopt 'index-template/*'")
    with invocation.cluster(WRITING) as cluster:
        seen = surveyed(invocation, cluster)
        seen = dataclasses.replace(seen, missing={})  # what they refer to need not be there to be remembered
        made = planned(invocation, cluster.capabilities, seen, addresses)
        context = invocation.context(cluster.capabilities)
        lost: list[Live] = []
        unread: Mapping[str, str] = {}
        if everything:
            besides = {resource.address for resource in invocation.loaded.resources}
            besides |= {*seen.remembered, *invocation.loaded.out_of_scope}
            lost, unread = marked(cluster, invocation.settings.name, invocation.kinds, besides)
        found = adoption(made, context, invocation.kinds, lost)
        plan = dataclasses.replace(found.plan, requests=cluster.sent)
        invocation.say(*plan_lines(plan, invocation.style, verbose=invocation.verbose))
        _tell_left(invocation, found)
        for name, why in unread.items():
            invocation.warn(f"whether some {name} bears this project's mark is not known: {why}")
        words = typed("adopt", *addresses or (), all=everything)
        done = execute(invocation, cluster, plan, command=words, yes=yes, question="Remember these as this project's?")
    code = finish(invocation, plan, done)
    return code or (6 if any(not _absent(change) for change in found.left) else 0)


def _absent(change: Change) -> bool:
    from ..model import Action

    return change.action is Action.CREATE


def _tell_left(invocation: Invocation, found: Adoption) -> None:
    """What is not adopted, and why."""
    from ..report.plan import difference_lines

    for change in found.left:
        if _absent(change):
            invocation.say(f"{invocation.style('·', 'dim')} {change.address} is not there: `apply` makes it")
            continue
        first = change.words.splitlines()[0] if change.words else "it is not as the file says"
        invocation.say(
            f"{invocation.style('?', 'red')} {invocation.style(str(change.address), 'bold')} is left: {first}"
        )
        for line in difference_lines(change.differences, invocation.style):
            invocation.say(f"    {line}")
