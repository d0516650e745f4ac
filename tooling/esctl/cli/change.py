"""`plan`, `diff`, `apply`, `destroy`: what compares with a server, and what changes it."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Collection
from typing import TYPE_CHECKING, Annotated

import typer

from .invocation import Invocation, command

if TYPE_CHECKING:
    from ..apply import Done
    from ..cluster import Cluster
    from ..model import Plan

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
    list[str] | None, typer.Option("--allow", metavar="WHAT", help="Let happen: irreversible (documents go).")
]
ALLOWABLE = ("irreversible",)


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
    from ..apply import run, survey
    from ..cluster import WRITING
    from ..plan.destruction import destruction
    from ..plan.summary import to_do
    from ..report.plan import plan_lines
    from .selection import selection

    permitted = allowances(allow)
    with invocation.cluster(WRITING) as cluster:
        resources = invocation.loaded.resources
        seen = survey(cluster, invocation.settings.name, resources, invocation.kinds)
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
    from ..apply import survey
    from ..errors import EsctlError
    from ..plan import Choices, build
    from .selection import selection

    loaded = invocation.loaded
    cluster.capabilities  # noqa: B018 - asks the servers once, before eight threads would
    seen = survey(cluster, invocation.settings.name, loaded.resources, invocation.kinds)
    selected = selection(addresses, invocation, seen.remembered)
    for target, place in seen.missing.items():
        raise EsctlError(f"{place}: {target} is neither written in this project nor on the server")
    made = build(
        loaded.resources,
        seen,
        invocation.context(cluster.capabilities),
        invocation.kinds,
        choices=Choices(tuple(adopt or ()), tuple(overwrite or ()), prune, force),
        out_of_scope=loaded.out_of_scope,
        selected=selected,
    )
    return dataclasses.replace(made, requests=cluster.sent)


def allowances(given: Collection[str] | None) -> tuple[str, ...]:
    """What `--allow` names; raises EsctlError for a word that is none."""
    from ..errors import EsctlError, did_you_mean

    for word in given or ():
        if word not in ALLOWABLE:
            raise EsctlError(
                f'--allow "{word}" is unknown', hint=did_you_mean(word, ALLOWABLE) or f"it takes {', '.join(ALLOWABLE)}"
            )
    return tuple(given or ())


def confirm(question: str, yes: bool) -> None:
    """Ask; where nobody can answer, refuse."""
    from ..errors import Refused

    if yes:
        return
    if not sys.stdin.isatty():
        raise Refused("nobody is there to confirm this", hint="`--yes` goes on without asking")
    if not typer.confirm(question, err=True):
        raise Refused("not confirmed; nothing was written")


def progress(invocation: Invocation):  # type: ignore[no-untyped-def]
    """Print a line as each change ends."""
    from ..apply import Event
    from ..model import Outcome
    from ..report.plan import outcome_line

    def told(event: Event) -> None:
        if event.state != "started":
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
