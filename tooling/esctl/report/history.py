"""Runs of the past: a list of them, and one with what it did."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from ..model import Action, Body, Difference
from .plan import SIGNS, difference_lines
from .terminal import Style, table

if TYPE_CHECKING:
    from ..apply.history import Run, Step

_COLOURS = {"done": "green", "failed": "red", "started": "yellow"}


def run_lines(runs: Collection[Run], style: Style) -> Iterator[str]:
    """A line a run, newest first."""
    rows = [("run", "started (UTC)", "who", "result", "command")]
    rows += [(str(run.number), _time(run.started), run.who, result(run), _command(run)) for run in runs]
    head, *lines = table(rows)
    yield style(head, "dim")
    yield from lines


def step_lines(run: Run, steps: Collection[Step], style: Style) -> Iterator[str]:
    """One run, and below it each change: sign, address, action, its words and differences."""
    head = f"run {run.number}: {_command(run)}"
    yield style(head, "bold")
    yield f"  {_time(run.started)} UTC by {run.who}" + (f", commit {run.commit[:12]}" if run.commit else "")
    yield f"  {style(result(run), _COLOURS[run.state])}" + (f": {run.reason}" if run.reason else "")
    for step in steps:
        sign, colour = SIGNS.get(Action(step.action), (" ", "dim"))
        state = "" if step.state == "done" else f"  {'not reached' if step.state == 'planned' else step.state}"
        yield f"{style(sign, colour)} {style(str(step.address), 'bold')}  {style(step.action, colour)}{state}"
        yield from (f"    {line}" for line in step.words.splitlines())
        if step.reason:
            yield f"    {style(step.reason, 'red')}"
        if not any(line[:2] in ("+ ", "- ", "~ ", "> ") for line in step.words.splitlines()):
            found = tuple(Difference(tuple(d["path"].split(".")), d["before"], d["after"]) for d in step.differences)
            yield from (f"    {line}" for line in difference_lines(found, style))


def result(run: Run) -> str:
    """`done, 3 changes`; `failed, 2 of 5 changes`; `did not end`."""
    plural = "" if run.changes == 1 else "s"
    if run.state == "started":
        return f"did not end, {run.changes} change{plural} planned"
    if run.state == "done":
        return f"done, {run.changes} change{plural}"
    return f"failed, {run.done} of {run.changes} change{plural} done"


def run_json(run: Run) -> Body:
    """A run as `--json` gives it."""
    return {
        "run": run.number,
        "command": run.command,
        "state": run.state,
        "started": run.started,
        "ended": run.ended or None,
        "who": run.who,
        "commit": run.commit or None,
        "environment": run.environment or None,
        "changes": run.changes,
        "done": run.done,
        "reason": run.reason or None,
    }


def step_json(step: Step) -> Mapping[str, object]:
    """A change of a run as `--json` gives it."""
    return {
        "address": str(step.address),
        "action": step.action,
        "state": step.state,
        "cause": step.cause,
        "consequence": step.consequence,
        "words": step.words,
        "reason": step.reason or None,
        "diff": list(step.differences),
        "before": step.before,
        "after": step.after,
    }


def _command(run: Run) -> str:
    return run.command + (f" --env {run.environment}" if run.environment else "")


def _time(iso: str) -> str:
    return iso[:19].replace("T", " ")
