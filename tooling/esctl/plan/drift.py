"""Drift alone: what changed on the servers since the last apply."""

from __future__ import annotations

from dataclasses import replace

from ..model import Action, Cause, Change, Plan

DRIFT = (Cause.DRIFTED, Cause.DELETED, Cause.BOTH, Cause.ORPHAN_DRIFTED)


def drifted(change: Change) -> bool:
    """Whether the server is no longer as it was after the last apply."""
    return change.cause in DRIFT


def undecided(change: Change) -> bool:
    """Whether nobody can tell: it was applied once, and what the server has cannot be read or compared."""
    unknown = change.action is Action.UNDECIDED and change.cause in (Cause.WAITING, Cause.FOREIGN)
    return unknown and change.remembered is not None


def only_drift(plan: Plan) -> Plan:
    """The plan with what drifted and what cannot be decided; without what is only pending or was never applied."""
    return replace(plan, changes=tuple(change for change in plan.changes if drifted(change) or undecided(change)))
