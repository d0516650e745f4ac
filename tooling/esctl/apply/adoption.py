"""Adoption: what is there already becomes this project's, by entries of the ledger alone; nothing is written to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from ..cluster import Cluster
from ..kinds.base import Context, Kind, owner_of
from ..kinds.differences import projected
from ..model import Action, Address, Body, Cause, Change, Consequence, Live, Plan
from .collect import collect


@dataclass(frozen=True)
class Adoption:
    """`plan` only adopts; `left` are changes that it could not be, with their words and differences."""

    plan: Plan
    left: tuple[Change, ...] = ()


def adoption(plan: Plan, context: Context, kinds: Mapping[str, Kind], lost: Collection[Live] = ()) -> Adoption:
    """Of a plan, what can be adopted: what is equal to the files, and what bears this project's mark.

    Of the latter, what is there counts as what was last applied: the next plan shows the difference as pending.
    `lost` are resources with this project's mark that no file writes: they are remembered as orphans.
    """
    adopted, left = [], []
    for change in plan.changes:
        kind = kinds[change.address.kind]
        if change.action is Action.ADOPT:
            adopted.append(change)
        elif change.remembered is None and change.live is not None:
            if change.action is not Action.UNDECIDED and _ours(change.live, kind, context):
                adopted.append(_as_found(change, change.live, kind, context))
            else:
                left.append(change)
        elif change.action in (Action.UNDECIDED, Action.CREATE):
            left.append(change)
    adopted += [_lost(live, kinds[live.address.kind], context) for live in lost]
    return Adoption(replace(plan, changes=tuple(adopted)), tuple(left))


def marked(
    cluster: Cluster, project: str, kinds: Mapping[str, Kind], besides: Collection[Address]
) -> tuple[list[Live], Mapping[str, str]]:
    """Everything that bears this project's mark, `besides` left out; and the kinds that could not be listed, with the
    reason. One list for each kind that has a mark."""
    names = [name for name in kinds if getattr(kinds[name], "meta", None) is not None]
    found = collect(cluster, kinds, names)
    there = sorted(found.live.items(), key=lambda item: item[0])
    ours = [
        live
        for address, live in there
        if address not in besides and owner_of(live.body, kinds[address.kind].meta) == project  # type: ignore[attr-defined]
    ]
    return ours, found.unread


def _ours(live: Live, kind: Kind, context: Context) -> bool:
    meta = getattr(kind, "meta", None)
    return meta is not None and owner_of(live.body, meta) == context.project


def _as_found(change: Change, live: Live, kind: Kind, context: Context) -> Change:
    """Adopt the body that is there, although the file says otherwise."""
    body = kind.normalise(live.body, context.capabilities)
    if kind.shared and change.desired is not None:
        # On shared ground, only what the file writes is this project's.
        wanted = kind.normalise(change.desired, context.capabilities)
        body = dict(projected(body, wanted))
    words = "this project's mark is on it: it is remembered as it is, and the next plan shows what differs"
    found = replace(change, action=Action.ADOPT, cause=Cause.ADOPT, consequence=Consequence.INSTANT, words=words)
    return replace(found, desired=body, requests=(), reindex=None)


def _lost(live: Live, kind: Kind, context: Context) -> Change:
    body: Body = kind.normalise(live.body, context.capabilities)
    words = "this project's mark is on it, but no file writes it: it is remembered, and becomes an orphan"
    return Change(live.address, Action.ADOPT, Cause.ADOPT, words=words, desired=body, live=live)
