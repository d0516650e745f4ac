"""A plan, a diff and an outcome in words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ..model import Action, Cause, Change, Consequence, Difference, Outcome, Plan
from ..plan.sealing import CHANGED, SHOWN
from ..plan.summary import counts
from .terminal import Style

SIGNS = {
    Action.CREATE: ("+", "green"),
    Action.UPDATE: ("~", "yellow"),
    Action.REPLACE: ("±", "red"),
    Action.DELETE: ("-", "red"),
    Action.ADOPT: ("=", "cyan"),
    Action.UNDECIDED: ("?", "red"),
}
SAID_SHORT = 100


def plan_lines(plan: Plan, style: Style, *, verbose: bool = False, raw: bool = False) -> Iterator[str]:
    """One line per resource that is not clean, the words below it, and a last line that counts."""
    for change in plan.changes:
        yield from change_lines(change, style, verbose=verbose, raw=raw)
    yield style(summary_line(plan), "bold")


def change_lines(change: Change, style: Style, *, verbose: bool = False, raw: bool = False) -> Iterator[str]:
    """The lines of one change; none where nothing is to be told. `raw`: field by field, in place of a kind's words."""
    if change.cause in (Cause.ORPHAN, Cause.ORPHAN_DRIFTED) and change.action is Action.NONE:
        sign, colour = "o", "dim"
    elif change.action in SIGNS:
        sign, colour = SIGNS[change.action]
    elif verbose:
        sign, colour = " ", "dim"
    else:
        return
    told = [str(change.action) if change.action not in (Action.NONE, Action.UNDECIDED) else str(change.cause)]
    if change.cause in (Cause.DRIFTED, Cause.DELETED) and change.action is not Action.UNDECIDED:
        told.append("drifted")
    if change.consequence is not Consequence.INSTANT:
        told.append(str(change.consequence))
    yield f"{style(sign, colour)} {style(str(change.address), 'bold')}  {style(', '.join(told), colour)}"
    for line in change.words.splitlines():
        if not (raw and _is_of_its_own(line)):
            yield f"    {line}"
    if change.differences and (raw or not _has_words_of_its_own(change)):
        yield from (f"    {line}" for line in difference_lines(change.differences, style))


def _has_words_of_its_own(change: Change) -> bool:
    return any(map(_is_of_its_own, change.words.splitlines()))


def _is_of_its_own(line: str) -> bool:
    return line[:2] in ("+ ", "- ", "~ ", "> ")


def difference_lines(differences: tuple[Difference, ...], style: Style) -> Iterator[str]:
    """`~ settings.index.refresh_interval: "1s" → "5s"`, a line a place."""
    for difference in differences:
        if difference.after == CHANGED:
            yield f"{style('~', 'yellow')} {difference.dotted}: secret changed"
        elif difference.before is None:
            yield f"{style('+', 'green')} {difference.dotted}: {value(difference.after)}"
        elif difference.after is None:
            yield f"{style('-', 'red')} {difference.dotted}: {value(difference.before)}"
        else:
            before, after = value(difference.before), value(difference.after)
            yield f"{style('~', 'yellow')} {difference.dotted}: {before} → {after}"


def value(data: Any) -> str:
    """JSON on one line, shortened where it is long."""
    if data in (SHOWN, CHANGED):
        return str(data)
    text = json.dumps(data, ensure_ascii=False)
    return text if len(text) <= SAID_SHORT else f"{text[: SAID_SHORT - 20]}… ({len(text)} characters)"


def summary_line(plan: Plan) -> str:
    """`Plan: 3 to create, 1 to update; 4 clean.`"""
    n = counts(plan)
    parts = [f"{n[word]} to {word}" for word in ("create", "update", "replace", "delete", "adopt") if n[word]]
    parts += [f"{n['drifted']} drifted"] if n["drifted"] else []
    parts += [f"{n['both']} changed on both sides"] if n["both"] else []
    parts += [f"{n['undecided']} undecided"] if n["undecided"] else []
    tail = f"{n['clean']} clean" + (f", {n['orphan']} orphaned" if n["orphan"] else "")
    if not parts:
        return f"Nothing to do: {tail}."
    return f"Plan: {', '.join(parts)}; {tail}."


def outcome_line(outcome: Outcome, style: Style) -> str:
    """One line when a change has ended."""
    sign, colour = {"done": ("✓", "green"), "failed": ("✗", "red"), "skipped": ("·", "dim")}[outcome.state]
    line = f"{style(sign, colour)} {outcome.change.address}  {outcome.change.action}"
    return f"{line}: {outcome.reason}" if outcome.reason else line


def diff_lines(plan: Plan, style: Style, *, raw: bool = False) -> Iterator[str]:
    """Every place where the server is not as written, resource by resource; `raw`: never in a kind's own words."""
    for change in plan.changes:
        if change.action is Action.UNDECIDED and not change.differences:
            yield f"{style('?', 'red')} {style(str(change.address), 'bold')}  {change.words.splitlines()[0]}"
        elif change.action is Action.CREATE:
            yield f"{style('+', 'green')} {style(str(change.address), 'bold')}  not on the server"
        elif change.action is Action.DELETE:
            yield f"{style('-', 'red')} {style(str(change.address), 'bold')}  no longer in the project"
        elif change.cause is Cause.ORPHAN_DRIFTED:
            words = "no longer in the project, and changed on the server since"
            yield f"{style('o', 'dim')} {style(str(change.address), 'bold')}  {words}"
        elif change.differences:
            yield style(str(change.address), "bold")
            if raw or not _has_words_of_its_own(change):
                yield from (f"  {line}" for line in difference_lines(change.differences, style))
            else:
                yield from (f"  {line}" for line in change.words.splitlines() if _is_of_its_own(line))
