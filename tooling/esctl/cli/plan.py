"""`plan`, `diff`, `snapshot`: what only looks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .invocation import Invocation, command
from .planning import Addresses, Adopt, Force, Overwrite, Prune, finished, planned, surveyed

if TYPE_CHECKING:
    from ..model import Capabilities, Plan
    from ..plan import Survey

Raw = Annotated[bool, typer.Option("--raw", help="Every difference, field by field, where words would tell it.")]
OnlyDrift = Annotated[bool, typer.Option("--only-drift", help="Only what changed on the server since the last apply.")]
Against = Annotated[
    Path | None,
    typer.Option("--against", metavar="FILE", help="A snapshot, instead of the servers: no connection is needed."),
]
Out = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Keep the plan for `esctl apply FILE`.")]
Explain = Annotated[
    str | None,
    typer.Option("--explain", metavar="ADDRESS", help="Every side of one resource, and what decided about it."),
]


def register(app: typer.Typer) -> None:
    command(app, "plan")(plan)
    command(app, "diff")(diff)
    command(app, "snapshot")(snapshot)


def plan(
    invocation: Invocation,
    addresses: Addresses = None,
    adopt: Adopt = None,
    overwrite: Overwrite = None,
    prune: Prune = False,
    force: Force = False,
    only_drift: OnlyDrift = False,
    against: Against = None,
    out: Out = None,
    explain: Explain = None,
    raw: Raw = False,
) -> int:
    """Show what apply would do. Exit code: 0 clean, 2 pending, 3 drifted, 4 both, 6 undecided."""
    from ..errors import EsctlError
    from ..plan import exit_code
    from ..plan import only_drift as drift_of
    from ..plan.summary import as_json
    from ..report.plan import plan_lines
    from .handover import not_here

    if out is not None and (against is not None or only_drift):
        other = "--against" if against is not None else "--only-drift"
        raise EsctlError(f"--out and {other} exclude each other", hint="a plan that can be applied is a whole one")
    asked = [explain] if explain is not None else addresses
    made, seen, capabilities = _made(invocation, against, asked, adopt, overwrite, prune, force, out=out)
    if explain is not None:
        _explain(invocation, explain, made, seen, capabilities)
        return exit_code(made)
    made = drift_of(made) if only_drift else made
    if invocation.json:
        invocation.answer(as_json(made))
    else:
        invocation.say(*plan_lines(made, invocation.style, verbose=invocation.verbose, raw=raw))
    for line in not_here(invocation, made):
        invocation.warn(line)
    if out is not None:
        invocation.say(f"The plan is in {out}: `esctl apply {out}` does exactly this.")
    return exit_code(made)


def diff(
    invocation: Invocation,
    addresses: Addresses = None,
    only_drift: OnlyDrift = False,
    against: Against = None,
    raw: Raw = False,
) -> int:
    """Show, field by field, where the server is not as written."""
    from ..plan import exit_code
    from ..plan import only_drift as drift_of
    from ..plan.summary import as_json
    from ..report.plan import diff_lines, summary_line

    made, _, _ = _made(invocation, against, addresses)
    made = drift_of(made) if only_drift else made
    if invocation.json:
        invocation.answer(as_json(made))
    else:
        invocation.say(*diff_lines(made, invocation.style, raw=raw), summary_line(made))
    return exit_code(made)


def snapshot(
    invocation: Invocation,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to write it.")],
) -> None:
    """Keep what a plan needs to know of the servers in a file, for `plan --against`."""
    from ..apply.snapshot import take
    from ..plan.snapshot import as_document
    from .plan_files import origin, write_document

    with invocation.cluster() as cluster:
        seen = surveyed(invocation, cluster)
        taken = take(cluster, seen, origin(invocation, cluster), invocation.kinds)
    document = as_document(taken, invocation.kinds)
    write_document(out, document)
    others = sum(len(names) for names in taken.names.values())
    held = {"live": len(taken.live), "remembered": len(taken.remembered), "names": others, "unread": taken.unread}
    if invocation.json:
        invocation.answer({"out": str(out), **held})
    invocation.say(f"{out}: {len(taken.live)} bodies for this project, {others} names in all, no secret.")
    for kind, why in taken.unread.items():
        invocation.warn(f"{kind}: not in the snapshot: {why}")


def _made(
    invocation: Invocation,
    against: Path | None,
    addresses: list[str] | None,
    adopt: list[str] | None = None,
    overwrite: list[str] | None = None,
    prune: bool = False,
    force: bool = False,
    out: Path | None = None,
) -> tuple[Plan, Survey, Capabilities]:
    """The plan, and what it was made of: the servers, or a snapshot of them."""
    from .plan_files import read_snapshot, survey_against, write_plan

    choices = (addresses, adopt, overwrite, prune, force)
    if against is not None:
        taken = read_snapshot(invocation, against)
        seen = survey_against(invocation, taken)
        return planned(invocation, taken.capabilities, seen, *choices), seen, taken.capabilities
    with invocation.cluster() as cluster:
        seen = surveyed(invocation, cluster)
        made = finished(planned(invocation, cluster.capabilities, seen, *choices), cluster)
        if out is not None:
            write_plan(invocation, cluster, made, out)
        return made, seen, cluster.capabilities


def _explain(invocation: Invocation, glob: str, made: Plan, seen: Survey, capabilities: Capabilities) -> None:
    from ..plan.explain import explain
    from ..report.explain import explain_lines

    resources = {resource.address: resource for resource in invocation.loaded.resources}
    context = invocation.context(capabilities)
    explained = [
        explain(change, resources.get(change.address), seen, invocation.kinds[change.address.kind], context)
        for change in made.changes
    ]
    if invocation.json:
        invocation.answer([one.as_json() for one in explained])
    for one in explained if not invocation.json else ():
        invocation.say(*explain_lines(one, invocation.style, verbose=invocation.verbose))
