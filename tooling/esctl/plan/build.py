"""Build the plan: one change per resource, in the order in which `apply` would make them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from ..kinds.base import Context, Kind
from ..kinds.moving import concrete
from ..kinds.parts import Claims, owned
from ..model import Action, Address, Change, Plan, Resource
from .change import change_of
from .order import ordered, rank
from .orphans import moved, moves, orphan
from .references import outward
from .survey import Choices, Survey

NOTHING = Choices()
"""Nothing was allowed."""


def build(
    resources: Iterable[Resource],
    survey: Survey,
    context: Context,
    kinds: Mapping[str, Kind],
    *,
    choices: Choices = NOTHING,
    out_of_scope: Collection[Address] = (),
    selected: Collection[str] = (),
) -> Plan:
    """The plan for `resources` (all of the project's) as far as `selected` (globs; none means all) goes.

    Raises EsctlError where resources refer to each other in a circle, or `moved_from` names what is still written.
    """

    def chosen(address: Address) -> bool:
        return not selected or Choices.match(address, selected)

    desired = ordered(resources, kinds)
    survey = replace(survey, written=Claims(owned(kinds, ((r.address, r.spec, "") for r in desired))))
    last = Claims(owned(kinds, ((a, r.body, "") for a, r in survey.remembered.items())))
    places = {a.id: name for a, one in survey.live.items() if a.kind == "index" and (name := concrete(a, one)) != a.id}
    context = replace(context, places=places, had=lambda part: last.of(part) is not None)
    came_from = moves(desired, survey, kinds)
    changes = []
    for resource in desired:
        address, kind = resource.address, kinds[resource.address.kind]
        if chosen(address):
            change = change_of(resource, survey, context, kind, choices)
            if resource.moved_from is not None:
                change = moved(change, resource.moved_from, survey, context, kind, choices)
            changes.append(change)
    written = {resource.address for resource in desired} | set(out_of_scope) | came_from.keys()
    gone = [a for a in survey.remembered if a not in written and a.kind in kinds and chosen(a)]
    gone.sort(key=lambda address: rank(address, kinds), reverse=True)
    changes += [orphan(address, survey, context, kinds[address.kind], choices) for address in gone]
    changes = _without_what_is_needed(changes, desired, kinds)
    return Plan(context.project, tuple(changes), context.capabilities, survey.requests, survey.seal)


def _without_what_is_needed(
    changes: list[Change], desired: Iterable[Resource], kinds: Mapping[str, Kind]
) -> list[Change]:
    """The changes, undecided where they delete what a written resource refers to: not every server refuses that."""
    if not any(_goes(change) for change in changes):
        return changes
    needed = {
        reference.target: f"{resource.address} refers to it ({resource.at(*reference.path)})"
        for resource, reference in outward(desired, kinds)
        if not reference.soft
    }
    return [
        replace(
            change,
            action=Action.UNDECIDED,
            words=f"{going} cannot go: {needed[going]}",
            requests=(),
            afterwards=(),
        )
        if (going := _goes(change)) in needed
        else change
        for change in changes
    ]


def _goes(change: Change) -> Address | None:
    """What is no longer there after the change."""
    if change.action is Action.DELETE:
        return change.address
    return change.moved_from.address if change.moved_from is not None and change.afterwards else None
