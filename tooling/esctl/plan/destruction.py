"""The plan that deletes everything a project owns, dependants first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from ..kinds.base import Context, Kind
from ..kinds.parts import goes_along
from ..model import Action, Address, Cause, Change, Consequence, Plan, Resource
from .compare import own
from .losses import measured
from .needs import lacking
from .order import ordered
from .orphans import removal
from .survey import Choices, Survey


def destruction(
    resources: Iterable[Resource],
    survey: Survey,
    context: Context,
    kinds: Mapping[str, Kind],
    *,
    selected: Collection[str] = (),
    allow: Collection[str] = (),
) -> tuple[Plan, dict[Address, str]]:
    """What this project owns (by its ledger) as deletions, and what stays, with the reason.

    What cannot be undone stays unless allowed, and so does whatever a resource that stays refers to.
    """
    resources = list(resources)
    position = {resource.address: n for n, resource in enumerate(ordered(resources, kinds))}
    owned = [a for a in survey.remembered if a.kind in kinds and (not selected or Choices.match(a, selected))]
    owned.sort(key=lambda address: (kinds[address.kind].stage, position.get(address, -1), address), reverse=True)
    changes = {address: _deletion(address, survey, context, kinds[address.kind]) for address in owned}

    protected = {resource.address for resource in resources if resource.protect}
    kept: dict[Address, str] = {}
    for address, change in changes.items():
        remembered = survey.remembered[address]
        if why := lacking(kinds[address.kind], context.capabilities) or survey.unknown.get(address):
            kept[address] = why
        elif address in protected or (remembered.protect and address not in position):
            kept[address] = "it is protected (`protect: true`)"
        elif change.action is Action.DELETE and (others := goes_along(address, survey.parts)):
            kept[address] = others
        elif change.consequence is Consequence.IRREVERSIBLE and "irreversible" not in allow:
            kept[address] = f"{change.words}; `--allow irreversible` deletes it"
    _keep_what_is_referred_to(kept, changes, resources, survey, kinds)
    left = tuple(change for address, change in changes.items() if address not in kept)
    kept = {address: why for address, why in kept.items() if address in changes}
    return Plan(context.project, left, context.capabilities, survey.requests, survey.seal), kept


def _deletion(address: Address, survey: Survey, context: Context, kind: Kind) -> Change:
    live, remembered = survey.live.get(address), survey.remembered[address]
    ours, _ = own(live, remembered, survey, kind)
    if live is None or ours is None:
        return Change(address, Action.FORGET, Cause.GONE, remembered=remembered)
    change = Change(address, Action.DELETE, Cause.ORPHAN, live=live, remembered=remembered)
    cost = measured(kind.cost(kind.normalise(ours.body, context.capabilities), None, context.capabilities), kind, live)
    requests = removal(remembered, live, survey, kind, context)
    return replace(change, consequence=cost.consequence, words=cost.words, requests=requests)


def _keep_what_is_referred_to(
    kept: dict[Address, str],
    going: Collection[Address],
    resources: list[Resource],
    survey: Survey,
    kinds: Mapping[str, Kind],
) -> None:
    by_address = {resource.address: resource for resource in resources}
    # What is not selected, but was applied, stays as well.
    waiting = [*kept, *(address for address in by_address if address in survey.live and address not in going)]
    while waiting:
        resource = by_address.get(waiting.pop())
        if resource is None:
            continue
        for reference in kinds[resource.address.kind].references(resource):
            target = reference.target
            if target in survey.remembered and target not in kept and not reference.soft:
                kept[target] = f"{resource.address} refers to it"
                waiting.append(target)
