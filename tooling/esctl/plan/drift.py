"""Drift alone: what changed on the servers since the last apply."""

from __future__ import annotations

from dataclasses import replace

from ..model import Cause, Change, Plan

DRIFT = (Cause.DRIFTED, Cause.DELETED, Cause.BOTH, Cause.ORPHAN_DRIFTED)


def drifted(change: Change) -> bool:
    """Whether the server is no longer as it was after the last apply."""
    return change.cause in DRIFT


def only_drift(plan: Plan) -> Plan:
    """The plan without what is only pending, or cannot be compared."""
    return replace(plan, changes=tuple(change for change in plan.changes if drifted(change)))
