"""A plan in numbers: the counts of `--json`, and the exit code that scripts rely on."""

from __future__ import annotations

from collections.abc import Sequence

from ..model import Action, Body, Cause, Change, Plan

WORDS = ("create", "update", "replace", "delete", "adopt", "drifted", "both", "orphan", "undecided", "clean")


def counted_as(change: Change) -> str:
    """The one word of `WORDS` under which a change is counted."""
    if change.action is Action.UNDECIDED:
        return "both" if change.cause is Cause.BOTH else "undecided"
    if change.cause in (Cause.DRIFTED, Cause.DELETED):
        return "drifted"
    if change.cause in (Cause.ORPHAN, Cause.ORPHAN_DRIFTED) and change.action is not Action.DELETE:
        return "orphan"
    if change.action in (Action.NONE, Action.REFRESH, Action.FORGET):
        return "clean"
    return str(change.action)


def counts(plan: Plan) -> dict[str, int]:
    """How many changes there are of each word."""
    found = dict.fromkeys(WORDS, 0)
    for change in plan.changes:
        found[counted_as(change)] += 1
    return found


def exit_code(plan: Plan) -> int:
    """0 clean, 2 pending, 3 drift only, 4 both (or pending and drift together), 6 something could not be decided."""
    n = counts(plan)
    pending = n["create"] + n["update"] + n["replace"] + n["delete"] + n["adopt"]
    if n["undecided"]:
        return 6
    if n["both"] or (pending and n["drifted"]):
        return 4
    return 3 if n["drifted"] else 2 if pending else 0


def to_do(plan: Plan) -> Sequence[Change]:
    """The changes that `apply` acts on; upkeep of the ledger goes along with them, never by itself."""
    acting = (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE, Action.ADOPT)
    return [change for change in plan.changes if change.action in acting]


def as_json(plan: Plan) -> Body:
    """The document of `plan --json`; its JSON Schema is `plan/plan.schema.json`."""
    return {
        "summary": counts(plan),
        "changes": [
            {
                "address": str(change.address),
                "action": str(change.action),
                "cause": str(change.cause),
                "consequence": str(change.consequence),
                "words": change.words,
                "diff": [{"path": d.dotted, "before": d.before, "after": d.after} for d in change.differences],
            }
            for change in plan.changes
        ],
        "requests": plan.requests,
    }
