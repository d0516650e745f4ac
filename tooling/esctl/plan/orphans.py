"""What this project once wrote and no longer writes: left, deleted when told, or moved to another address."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from ..errors import EsctlError
from ..kinds.base import Context, Cost, Kind, Moving, Withdrawing, can
from ..kinds.parts import goes_along
from ..model import Action, Address, Cause, Change, Consequence, Live, Remembered, Request, Resource
from .compare import found_of, own
from .losses import measured
from .needs import lacking
from .survey import Choices, Survey
from .truth import decide


def orphan(address: Address, survey: Survey, context: Context, kind: Kind, choices: Choices) -> Change:
    """Something this project once wrote and no longer writes."""
    remembered = survey.remembered[address]
    change = Change(address, Action.NONE, Cause.ORPHAN, live=survey.live.get(address), remembered=remembered)
    if why := lacking(kind, context.capabilities) or survey.unknown.get(address):
        return replace(change, words=f"no longer in the project; it is left alone: {why}")
    cause, found = _standing(address, survey, context, kind)
    change = replace(change, cause=cause)
    if cause is Cause.GONE or change.live is None:
        return replace(change, action=Action.FORGET, cause=Cause.GONE)
    cost = measured(kind.cost(found, None, context.capabilities), kind, change.live)
    change = replace(change, consequence=cost.consequence, protect=remembered.protect)
    if not choices.prune:
        return replace(change, words="no longer in the project; `--prune` deletes it")
    if remembered.protect:
        words = "no longer in the project; it was protected when it was last applied: write it without `protect` first"
        return replace(change, words=words)
    if others := goes_along(address, survey.parts):
        return replace(change, action=Action.UNDECIDED, words=f"no longer in the project; {others}")
    if cause is Cause.ORPHAN_DRIFTED and not choices.force:
        words = "no longer in the project, and changed on the server since: `--force` deletes it"
        return replace(change, action=Action.UNDECIDED, words=words)
    words = ", ".join(part for part in ("no longer in the project", cost.words) if part)
    requests = removal(remembered, change.live, survey, kind, context)
    return replace(change, action=Action.DELETE, words=words, requests=requests)


def removal(
    remembered: Remembered, live: Live | None, survey: Survey, kind: Kind, context: Context
) -> tuple[Request, ...]:
    """The requests that delete what this project wrote; none where all of it is another project's now."""
    ours, last = own(live, remembered, survey, kind)
    if live is not None and ours is None:
        return ()
    if ours is not None and last is not None and can(kind, Withdrawing):
        return kind.withdraw(remembered.address, last.body, ours, context)
    if live is not None and can(kind, Moving):
        return kind.remove(remembered.address, live, context)
    return kind.delete(remembered.address, context)


def moves(resources: Collection[Resource], survey: Survey, kinds: Mapping[str, Kind]) -> dict[Address, Resource]:
    """Old address → the resource that has come from there. Raises EsctlError where both are written."""
    written = {resource.address: resource for resource in resources}
    found: dict[Address, Resource] = {}
    for resource in resources:
        old = resource.moved_from
        if old is None:
            continue
        place = resource.at("moved_from")
        if old in written:
            message = f"moved_from names {old}, which is still written in {written[old].source}"
            raise EsctlError(message, source=place, hint="take one of the two out")
        if old in found:
            raise EsctlError(f"{old} moved to {found[old].address} already", source=place)
        found[old] = resource
    return found


def moved(change: Change, old: Address, survey: Survey, context: Context, kind: Kind, choices: Choices) -> Change:
    """The change of a resource that had the address `old`: the new one is made, then the old one is deleted."""
    remembered, live = survey.remembered.get(old), survey.live.get(old)
    if remembered is None or change.action is Action.UNDECIDED:
        return change
    change = replace(change, moved_from=remembered, moved_live=live)
    if live is None or (can(kind, Moving) and kind.kept(live)):
        if change.action is Action.NONE:
            return replace(change, action=Action.REFRESH)
        return _said(change, f"moved from {old}, which is gone already")
    undecided = replace(change, action=Action.UNDECIDED, requests=(), reindex=None)
    if change.protect or remembered.protect:
        return _said(undecided, f"moved from {old}, which is protected (`protect: true`): it would be deleted")
    if others := goes_along(old, survey.parts):
        return _said(undecided, f"moved from {old}, which would be deleted: {others}")
    if old in survey.unknown:
        return _said(undecided, f"moved from {old}: {survey.unknown[old]}")
    cause, found = _standing(old, survey, context, kind)
    begun = can(kind, Moving) and _begun(change, live, kind)
    if cause is Cause.ORPHAN_DRIFTED and not choices.force and not begun:
        words = (
            f"moved from {old}, which was changed on the server since the last apply: `--force` moves it all the same"
        )
        return _said(replace(undecided, cause=cause), words)
    if can(kind, Moving) and change.desired is not None and (change.action is Action.CREATE or begun):
        moving = kind.move(change.address, change.desired, live, context)
        if isinstance(moving, Cost):
            words = f"its documents cannot move from {old}: {moving.words}"
            return _said(replace(undecided, consequence=moving.consequence), words)
        words = f"moved from {old}: its documents move, too"
        return _said(replace(change, requests=(), reindex=moving, consequence=Consequence.REINDEX), words)
    cost = kind.cost(found, None, context.capabilities)
    worse = cost.consequence is Consequence.IRREVERSIBLE or change.consequence is Consequence.INSTANT
    words = f"moved from {old}, which is deleted at the end" + (f": {cost.words}" if cost.words else "")
    return _said(
        replace(
            change,
            action=Action.UPDATE if change.action in (Action.NONE, Action.REFRESH) else change.action,
            cause=Cause.PENDING if change.cause is Cause.CLEAN else change.cause,
            consequence=cost.consequence if worse else change.consequence,
            afterwards=removal(remembered, live, survey, kind, context),
        ),
        words,
    )


def _begun(change: Change, live: Live, kind: Moving) -> bool:
    """Whether an earlier run began to move what stands at the old address to this one."""
    begun = kind.unfinished(live)
    return begun is not None and begun.target == change.address.id


def _said(change: Change, words: str) -> Change:
    return replace(change, words="\n".join(part for part in (words, change.words) if part))


def _standing(address: Address, survey: Survey, context: Context, kind: Kind) -> tuple[Cause, dict[str, object] | None]:
    live, remembered = survey.live.get(address), survey.remembered[address]
    ours, last = own(live, remembered, survey, kind)
    found = found_of(ours, None, last, survey, kind, context)
    return decide(None, last, found, shared=kind.shared), found
