"""`plan`, `diff`, `apply`, `destroy`: what compares with a server, and what changes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from .invocation import Invocation, command
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
    from collections.abc import Callable

    from ..apply import Done, Event
    from ..model import Plan


def register(app: typer.Typer) -> None:
    command(app, "plan")(plan)
    command(app, "diff")(diff)
    command(app, "apply")(apply)
    command(app, "destroy")(destroy)


def plan(
    invocation: Invocation,
    addresses: Addresses = None,
    adopt: Adopt = None,
    overwrite: Overwrite = None,
    prune: Prune = False,
    force: Force = False,
) -> int:
    """Show what apply would do. Exit code: 0 clean, 2 pending, 3 drifted, 4 both, 6 undecided."""
    from ..plan import exit_code
    from ..plan.summary import as_json
    from ..report.plan import plan_lines

    with invocation.cluster() as cluster:
        made = make_plan(invocation, cluster, addresses, adopt, overwrite, prune, force)
    if invocation.json:
        invocation.answer(as_json(made))
    else:
        invocation.say(*plan_lines(made, invocation.style, verbose=invocation.verbose))
    return exit_code(made)


def diff(invocation: Invocation, addresses: Addresses = None) -> int:
    """Show, field by field, where the server is not as written."""
    from ..plan import exit_code
    from ..plan.summary import as_json
    from ..report.plan import diff_lines, summary_line

    with invocation.cluster() as cluster:
        made = make_plan(invocation, cluster, addresses)
    if invocation.json:
        invocation.answer(as_json(made))
    else:
        invocation.say(*diff_lines(made, invocation.style), summary_line(made))
    return exit_code(made)


def apply(
    invocation: Invocation,
    addresses: Addresses = None,
    yes: Yes = False,
    allow: Allow = None,
    adopt: Adopt = None,
    overwrite: Overwrite = None,
    prune: Prune = False,
    force: Force = False,
) -> int:
    """Bring the servers to what is written. A second apply writes nothing."""
    from ..apply import allowed, run
    from ..cluster import WRITING
    from ..plan.summary import to_do
    from ..report.plan import plan_lines

    permitted = allowances(allow)
    with invocation.cluster(WRITING) as cluster:
        made = make_plan(invocation, cluster, addresses, adopt, overwrite, prune, force)
        invocation.say(*plan_lines(made, invocation.style, verbose=invocation.verbose))
        allowed(made, permitted)
        if to_do(made):
            confirm("Apply this plan?", yes)
        done = run(
            made, cluster, invocation.kinds, allow=permitted, commit=invocation.commit, on_event=progress(invocation)
        )
    return finish(invocation, made, done)


def destroy(invocation: Invocation, addresses: Addresses = None, yes: Yes = False, allow: Allow = None) -> int:
    """Delete what this project owns.

    Lists it, asks, and deletes dependants first; indices only with --allow irreversible.
    """
    from ..apply import run
    from ..cluster import WRITING
    from ..plan.destruction import destruction
    from ..plan.summary import to_do
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
        if to_do(made):
            confirm("Delete all of this?", yes)
        done = run(
            made, cluster, invocation.kinds, allow=permitted, commit=invocation.commit, on_event=progress(invocation)
        )
    return finish(invocation, made, done)


def progress(invocation: Invocation) -> Callable[[Event], None]:
    """Print a line as each change ends; a bar while documents move."""
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

    return told


def finish(invocation: Invocation, made: Plan, done: Done) -> int:
    """The last line and the exit code of what was carried out."""
    from ..plan.summary import as_json

    if invocation.json:
        outcomes = [
            {"address": str(o.change.address), "action": str(o.change.action), "state": o.state, "reason": o.reason}
            for o in done.outcomes
        ]
        invocation.answer({**as_json(made), "outcomes": outcomes, "requests": made.requests + done.requests})
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
