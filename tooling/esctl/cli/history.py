"""`history`, `rollback`, `restore`: what was done, and the way back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import EsctlError, ProjectError, did_you_mean
from .invocation import Invocation, command
from .planning import Adopt, Allow, Force, Overwrite, Yes, allowances, finished, secret_key

if TYPE_CHECKING:
    from ..apply.history import History, Run
    from ..apply.rollback import Past
    from ..cluster import Cluster
    from ..model import Address, Plan, Resource
    from ..project import Loaded
    from ..secret import Secret

Words = Annotated[
    list[str] | None, typer.Argument(metavar="[RUN] [ADDRESS]...", help="Number of a run; addresses or globs.")
]
OnlyPlan = Annotated[bool, typer.Option("--plan", help="Only show what would happen.")]
PruneSince = Annotated[bool, typer.Option("--prune", help="Delete what was made after that run.")]
LIMIT = 20


def register(app: typer.Typer) -> None:
    command(app, "history")(history)
    command(app, "rollback")(rollback)
    command(app, "restore")(restore)


def history(
    invocation: Invocation,
    words: Words = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="How many runs to list.")] = LIMIT,
) -> int:
    """Show the runs that wrote, or what one of them did."""
    from ..apply.history import History
    from ..report.history import run_json, run_lines, step_json, step_lines

    number, globs = _run_and_globs(words)
    with invocation.cluster() as cluster:
        kept = History(cluster, invocation.settings.name)
        if number is None:
            runs = kept.runs() if globs else kept.runs(limit)
            if globs:
                touching = {step.run for step in kept.touched() if _matches(step.address, globs)}
                runs = [run for run in runs if run.number in touching][:limit]
        else:
            run = _found(kept, number)
            steps = [step for step in kept.steps(number) if not globs or _matches(step.address, globs)]
    if number is not None:
        if invocation.json:
            invocation.answer({**run_json(run), "steps": [step_json(step) for step in steps]})
        else:
            invocation.say(*step_lines(run, steps, invocation.style))
    elif invocation.json:
        invocation.answer({"runs": [run_json(run) for run in runs]})
    elif runs:
        invocation.say(*run_lines(runs, invocation.style))
    else:
        invocation.say("No run of this project is in the history.")
    return 0


def rollback(
    invocation: Invocation,
    words: Words = None,
    yes: Yes = False,
    allow: Allow = None,
    overwrite: Overwrite = None,
    prune: PruneSince = False,
    force: Force = False,
    only_plan: OnlyPlan = False,
) -> int:
    """Go back to what a run left; without RUN, to the run before the last one.

    It is planned and applied like anything else; the files stay as they are.
    """
    from ..apply.history import History
    from ..cluster import READ_ONLY, WRITING
    from ..report.plan import plan_lines
    from .change import finish
    from .execution import execute, typed

    number, globs = _run_and_globs(words)
    permitted = allowances(allow)
    with invocation.cluster(READ_ONLY if only_plan else WRITING) as cluster:
        run = _target(History(cluster, invocation.settings.name), number)
        if run.state == "started":
            invocation.warn(f"run {run.number} did not end: what it left is what it had told the ledger")
        loaded = _loaded(invocation)
        made, then = _planned(invocation, cluster, run, loaded, globs, overwrite, prune, force)
        invocation.say(f"Back to run {run.number}: {run.command}")
        for address in then.unknown:
            invocation.say(f"{invocation.style('!', 'yellow')} {address} stays: the history does not reach back to it")
        invocation.say(*plan_lines(made, invocation.style, verbose=invocation.verbose))
        if only_plan:
            return _answered(invocation, made)
        said = typed("rollback", str(run.number), *globs, overwrite=overwrite, prune=prune, force=force, allow=allow)
        done = execute(
            invocation, cluster, made, command=said, allow=permitted, yes=yes, question=f"Go back to run {run.number}?"
        )
    code = finish(invocation, made, done)
    _tell_files(invocation, made, then, loaded)
    return code


def restore(
    invocation: Invocation,
    file: Annotated[Path, typer.Argument(help="An archive below .esctl/archive.")],
    addresses: Annotated[list[str] | None, typer.Argument(help="Addresses or globs; all by default.")] = None,
    yes: Yes = False,
    allow: Allow = None,
    adopt: Adopt = None,
    overwrite: Overwrite = None,
    only_plan: OnlyPlan = False,
) -> int:
    """Make again what an archive holds.

    What is there with another body is left alone until told.
    """
    from ..apply import archive, survey
    from ..cluster import READ_ONLY, WRITING
    from ..plan import Choices, build
    from ..report.plan import plan_lines
    from .change import finish
    from .execution import execute, typed

    held = archive.read(file)
    name = invocation.settings.name
    if held.project != name:
        raise EsctlError(f'{file} is of the project "{held.project}", not of "{name}"')
    globs = _checked(addresses, [one.address for one in held.kept], f"nothing in {file}")
    permitted = allowances(allow)
    with invocation.cluster(READ_ONLY if only_plan else WRITING) as cluster:
        context = invocation.context(cluster.capabilities)
        resources, left = archive.resources(held, file, context, invocation.kinds, look_up(invocation))
        resources = [resource for resource in resources if not globs or _matches(resource.address, globs)]
        seen = survey(cluster, name, resources, invocation.kinds, key=secret_key(invocation))
        # Only what the archive holds is looked at: whatever else the ledger remembers is no orphan here.
        choices = Choices(tuple(adopt or ()), tuple(overwrite or ()))
        made = build(resources, seen, context, invocation.kinds, choices=choices, out_of_scope=tuple(seen.remembered))
        made = finished(made, cluster)
        invocation.say(f"From {file} of {held.when}")
        invocation.say(*plan_lines(made, invocation.style, verbose=invocation.verbose))
        shown = {resource.address for resource in resources}
        for address, why in left.items():
            if not globs or _matches(address, globs):
                invocation.say(f"{invocation.style('!', 'yellow')} {address} cannot be restored: {why}")
        for address, lost in held.lost.items():
            if address in shown:
                invocation.say(f"{invocation.style('!', 'yellow')} {address}: the archive does not hold {lost}")
        if only_plan:
            return _answered(invocation, made)
        said = typed("restore", file.name, *globs, adopt=adopt, overwrite=overwrite, allow=allow)
        done = execute(
            invocation, cluster, made, command=said, allow=permitted, yes=yes, question="Restore all of this?"
        )
    return finish(invocation, made, done)


def look_up(invocation: Invocation) -> Callable[[str], Secret]:
    """The secret of a reference, from the project's environment and files."""
    from ..project import secret_for

    def secret(reference: str) -> Secret:
        return secret_for(reference, invocation.settings.environ, invocation.settings.root)

    return secret


def _run_and_globs(words: Collection[str] | None) -> tuple[int | None, tuple[str, ...]]:
    first, *rest = [*(words or ())] or [""]
    if first.isdecimal():
        return int(first), tuple(rest)
    return None, tuple(words or ())


def _matches(address: Address, globs: Collection[str]) -> bool:
    from ..plan import Choices

    return Choices.match(address, globs)


def _checked(given: Collection[str] | None, known: Collection[Address], nothing: str) -> tuple[str, ...]:
    """Globs of which each names something."""
    names = [str(address) for address in known]
    for glob in given or ():
        if not any(_matches(address, (glob,)) for address in known):
            raise EsctlError(f'"{glob}" names {nothing}', hint=did_you_mean(glob, names))
    return tuple(given or ())


def _found(kept: History, number: int) -> Run:
    run = kept.run(number)
    if run is None:
        known = kept.runs()
        hint = f"it holds {known[-1].number} to {known[0].number}" if known else "it is empty"
        raise EsctlError(f"there is no run {number} in the history of this project", hint=hint)
    return run


def _target(kept: History, number: int | None) -> Run:
    """The run to go back to."""
    if number is not None:
        return _found(kept, number)
    runs = kept.runs(2)
    if len(runs) < 2:
        said = f"run {runs[0].number} is the only one" if runs else "the history of this project is empty"
        raise EsctlError(f"{said}: there is nothing to go back to")
    return runs[1]


def _loaded(invocation: Invocation) -> Loaded | None:
    """The project's files, or None where they hold mistakes: going back must be possible then, too."""
    try:
        return invocation.loaded
    except ProjectError as error:
        n = len(error.problems)
        invocation.warn(f"the files hold {n} mistake{'s' if n > 1 else ''}, so `protect` and `when` are not known")
        return None


def _planned(
    invocation: Invocation,
    cluster: Cluster,
    run: Run,
    loaded: Loaded | None,
    globs: tuple[str, ...],
    overwrite: Collection[str] | None,
    prune: bool,
    force: bool,
) -> tuple[Plan, Past]:
    from ..apply import survey
    from ..apply.history import History
    from ..apply.rollback import past
    from ..cluster import Ledger
    from ..plan import Choices, build

    name, kinds = invocation.settings.name, invocation.kinds
    context = invocation.context(cluster.capabilities)
    remembered = Ledger(cluster, name).read()
    written: Mapping[Address, Resource] = {one.address: one for one in loaded.resources} if loaded else {}
    then = past(History(cluster, name), run, remembered, written, context, kinds, look_up(invocation))
    outside = set(loaded.out_of_scope) if loaded else set()
    resources = [resource for resource in then.resources if resource.address not in outside]
    known = [*written, *remembered, *(resource.address for resource in resources)]
    selected = _checked(globs, known, "nothing that this project writes or wrote")
    seen = survey(cluster, name, resources, kinds, key=secret_key(invocation))
    made = build(
        resources,
        seen,
        context,
        kinds,
        choices=Choices((), tuple(overwrite or ()), prune, force),
        out_of_scope=(*outside, *then.unknown),
        selected=selected,
    )
    return finished(made, cluster), then


def _answered(invocation: Invocation, made: Plan) -> int:
    from ..plan import exit_code
    from ..plan.summary import as_json

    if invocation.json:
        invocation.answer(as_json(made))
    return exit_code(made)


def _tell_files(invocation: Invocation, made: Plan, then: Past, loaded: Loaded | None) -> None:
    """Which files still say what was undone: the next plan wants to write it again."""
    from ..model import Action

    if loaded is None:
        return
    planned = {change.address: change.action for change in made.changes}
    sources = {resource.address: resource.source for resource in loaded.resources}
    lines = [f"{sources.get(address, 'in no file')}  {address}" for address in then.unlike if address in planned]
    deleted = (address for address, action in planned.items() if action is Action.DELETE and address in sources)
    lines += [f"{sources[address]}  {address}, made since" for address in deleted]
    if lines:
        invocation.say("The files still say otherwise, and the next plan will:", *(f"  {line}" for line in lines))
