"""`drift`: what was changed on the servers since the last apply; `--accept` writes it into the files."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Annotated

import typer

from .invocation import Invocation, command
from .planning import Addresses, planned, surveyed

if TYPE_CHECKING:
    from ..model import Change, Plan
    from ..plan import Survey
    from .acceptance import Accepted, ByHand

Accept = Annotated[
    list[str] | None,
    typer.Option("--accept", metavar="ADDRESS", help="Write what the server has into the file that owns it."),
]


def register(app: typer.Typer) -> None:
    command(app, "drift")(drift)


def drift(invocation: Invocation, addresses: Addresses = None, accept: Accept = None) -> int:
    """Show what was changed on the servers since the last apply.

    Exit code: 0 nothing, 3 drifted, 4 both sides changed, 6 undecided.

    With --accept, the file says afterwards what the server has; comments, order and everything else in it stay. Where a
    value comes from a variable, a template or a file, the place to change is told, and the exit code is 1.
    """
    from ..plan import exit_code, only_drift
    from ..plan.summary import as_json
    from ..report.plan import diff_lines, summary_line

    with invocation.cluster() as cluster:
        seen = surveyed(invocation, cluster)
        made = only_drift(planned(invocation, cluster.capabilities, seen, [*(addresses or ()), *(accept or ())]))
        if accept:
            return _accept(invocation, made, seen, cluster.capabilities)
    made = dataclasses.replace(made, requests=cluster.sent)
    if invocation.json:
        invocation.answer(as_json(made))
    else:
        invocation.say(*diff_lines(made, invocation.style), summary_line(made))
    return exit_code(made)


def _accept(invocation: Invocation, plan: Plan, seen: Survey, capabilities: object) -> int:
    from ..errors import EsctlError
    from ..model import Action, Capabilities
    from ..plan.drift import undecided
    from .acceptance import ByHand, accepted

    assert isinstance(capabilities, Capabilities)
    context = invocation.context(capabilities)
    told: list[dict[str, object]] = []
    left: list[tuple[Change, ByHand]] = []
    for change in plan.changes:
        # Read anew for each: the change before may have moved the lines of the same file.
        again = Invocation(**{field.name: getattr(invocation, field.name) for field in dataclasses.fields(invocation)})
        resource = next((r for r in again.loaded.resources if r.address == change.address), None)
        if undecided(change):
            place = str(resource.source) if resource else "-"
            left.append((change, ByHand(place, "", f"whether it drifted cannot be decided: {_why(change)}")))
            continue
        if resource is None or change.live is None:
            what = "was deleted on the server" if resource else "is no longer in the project"
            place = str(resource.source) if resource else "-"
            left.append((change, ByHand(place, "", f"it {what}" + (": take the document out" if resource else ""))))
            continue
        kind = invocation.kinds[change.address.kind]
        try:
            result = accepted(resource, change.live, seen, context, kind, invocation.settings.root)
        except EsctlError as error:
            also = f"; {_why(change)}" if change.action is Action.UNDECIDED else ""
            left.append((change, ByHand(str(resource.source), "", error.problems[0].message + also)))
            continue
        if result.edits:
            path = invocation.settings.root / resource.source.path
            path.write_text(result.text, encoding="utf-8", newline="")
            _tell(invocation, change, resource.source.path, result)
            paths = [".".join(map(str, edit.path[1:])) for edit in result.edits]
            told.append({"address": str(change.address), "file": resource.source.path, "changed": paths})
        left += [(change, one) for one in result.by_hand]
    if invocation.json:
        invocation.answer({"accepted": told, "by_hand": [_as_json(change, one) for change, one in left]})
    for change, one in left:
        invocation.say(f"{invocation.style('!', 'yellow')} {change.address}  {one.place}: {_words(one)}")
    if not plan.changes:
        invocation.say("Nothing was changed on the servers.")
    return 1 if left else 0


def _why(change: Change) -> str:
    return (change.words.splitlines() or [""])[0]


def _tell(invocation: Invocation, change: Change, file: str, result: Accepted) -> None:
    from ..project.edits import Set
    from ..report.plan import value

    invocation.say(f"{invocation.style('~', 'green')} {change.address}  {invocation.style(file, 'dim')}")
    for edit in result.edits:
        what = f": {value(edit.value)}" if isinstance(edit, Set) else " taken out"
        invocation.say(f"    {'.'.join(map(str, edit.path[1:]))}{what}")


def _words(one: ByHand) -> str:
    from .acceptance import MISSING

    if not one.path:
        return one.why
    now = "no longer there" if one.value is MISSING else json.dumps(one.value, ensure_ascii=False)
    return f"{one.path} is {now} on the server; {one.why}: change it by hand"


def _as_json(change: Change, one: ByHand) -> dict[str, object]:
    from .acceptance import MISSING

    value = None if one.value is MISSING else one.value
    return {"address": str(change.address), "place": one.place, "path": one.path, "value": value, "why": one.why}
