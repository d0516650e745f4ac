"""`apply`, `destroy`: what changes the servers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import EsctlError
from .execution import execute, typed
from .handover import hand_over, refuse_nowhere
from .invocation import Invocation, command
from .plan_files import plan_file, read_plan
from .planning import (
    Addresses,
    Adopt,
    Allow,
    Force,
    Overwrite,
    Prune,
    Yes,
    allowances,
    confirm,
    make_plan,
    surveyed,
)

__all__ = ["allowances", "confirm", "finish", "make_plan", "progress", "register"]

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from ..apply import Done, Event
    from ..model import Address, Plan


Rate = Annotated[
    float | None,
    typer.Option("--requests-per-second", metavar="N", help="Copy at most so many documents a second when reindexing."),
]


ShowSecrets = Annotated[
    bool, typer.Option("--show-secrets", help="With --json: include what servers tell once, such as a new API key.")
]


def register(app: typer.Typer) -> None:
    command(app, "apply")(apply)
    command(app, "destroy")(destroy)


def apply(
    invocation: Invocation,
    addresses: Addresses = None,
    yes: Yes = False,
    allow: Allow = None,
    adopt: Adopt = None,
    overwrite: Overwrite = None,
    prune: Prune = False,
    force: Force = False,
    requests_per_second: Rate = None,
    show_secrets: ShowSecrets = False,
) -> int:
    """Bring the servers to what is written. A second apply writes nothing.

    With the file of `plan --out` instead of addresses: do exactly that plan, or refuse where anything moved since.
    """
    from ..apply.measure import throttled
    from ..cluster import WRITING
    from ..report.plan import plan_lines

    permitted = allowances(allow)
    frozen = plan_file(addresses)
    if frozen is not None and (adopt or overwrite or prune or force):
        raise EsctlError(f"{frozen} is a plan: what to adopt, overwrite or delete was decided when it was made")
    with invocation.cluster(WRITING) as cluster:
        if frozen is not None:
            made = read_plan(invocation, cluster, frozen)
        else:
            made = make_plan(invocation, cluster, addresses, adopt, overwrite, prune, force)
        made = throttled(made, requests_per_second)
        invocation.say(*plan_lines(made, invocation.style, verbose=invocation.verbose))
        anew = refuse_nowhere(invocation, cluster, made, show_secrets=show_secrets)
        words = typed(
            "apply", *addresses or (), adopt=adopt, overwrite=overwrite, prune=prune, force=force, allow=allow
        )
        done = execute(
            invocation, cluster, made, command=words, allow=permitted, yes=yes, show_secrets=show_secrets, anew=anew
        )
    return finish(invocation, made, done, show_secrets=show_secrets)


def destroy(invocation: Invocation, addresses: Addresses = None, yes: Yes = False, allow: Allow = None) -> int:
    """Delete what this project owns.

    Lists it, asks, and deletes dependants first; indices only with --allow irreversible.
    """
    from ..cluster import WRITING
    from ..plan.destruction import destruction
    from ..report.plan import plan_lines
    from .selection import selection

    permitted = allowances(allow)
    with invocation.cluster(WRITING) as cluster:
        resources = invocation.loaded.resources
        seen = surveyed(invocation, cluster)
        selected = selection(addresses, invocation, seen.remembered)
        made, kept = destruction(
            resources,
            seen,
            invocation.context(cluster.capabilities),
            invocation.kinds,
            selected=selected,
            allow=permitted,
        )
        invocation.say(*plan_lines(made, invocation.style, verbose=invocation.verbose))
        for address, why in kept.items():
            invocation.say(f"{invocation.style('!', 'yellow')} {address} stays: {why}")
        words = typed("destroy", *addresses or (), allow=allow)
        done = execute(
            invocation, cluster, made, command=words, allow=permitted, yes=yes, question="Delete all of this?"
        )
    return finish(invocation, made, done)


def progress(
    invocation: Invocation, *, show_secrets: bool = False, anew: Collection[Address] = ()
) -> Callable[[Event], None]:
    """Print a line as each change ends; a bar while documents move; what servers tell once, at once.

    With --json and `show_secrets` that stands in the document instead. `anew` are those whose file is overwritten.
    """
    from ..model import Outcome
    from ..report.plan import outcome_line
    from ..report.progress import Bar

    bars: dict[str, Bar] = {}

    def told(event: Event) -> None:
        address = str(event.change.address)
        if event.state == "running":
            bars.setdefault(address, Bar(event.reason or address)).show(event.done, event.total)
        elif event.state != "started":
            if bar := bars.pop(address, None):
                bar.close()
            invocation.say(outcome_line(Outcome(event.change, event.state, event.reason), invocation.style))
        if event.produced is not None and (event.produced.write_to or not (invocation.json and show_secrets)):
            hand_over(invocation, event.produced, anew=event.produced.address in anew)

    return told


def finish(invocation: Invocation, made: Plan, done: Done, *, show_secrets: bool = False) -> int:
    """The last line and the exit code of what was carried out."""
    from ..plan.summary import as_json

    if invocation.json:
        outcomes = [
            {"address": str(o.change.address), "action": str(o.change.action), "state": o.state, "reason": o.reason}
            for o in done.outcomes
        ]
        document = {**as_json(made), "outcomes": outcomes, "requests": made.requests + done.requests}
        if show_secrets:
            told = [{"address": str(p.address), "what": p.what, "secret": p.secret.reveal()} for p in done.produced]
            document["produced"] = told
        invocation.answer(document)
    if done.failed:
        applied = len(done.outcomes) - len(done.failed)
        failed = sum(outcome.state == "failed" for outcome in done.outcomes)
        skipped = len(done.failed) - failed
        invocation.say(
            f"{applied} done, {failed} failed, {skipped} skipped; what was done is remembered, run it again to go on."
        )
        return 1
    if done.outcomes:
        invocation.say(invocation.style(f"Done: {len(done.outcomes)} changed.", "bold"))
    return 0
