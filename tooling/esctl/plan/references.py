"""References between resources: near misses told at once, the rest looked up when a plan is made."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from ..errors import Problem
from ..kinds.base import Kind, Reference
from ..kinds.wording import NearNames
from ..model import Address, Resource


def check(
    resources: Iterable[Resource], kinds: Mapping[str, Kind], out_of_scope: Collection[Address] = ()
) -> Iterator[Problem]:
    """A slip of the name of something that the project writes is an error; what it does not write a warning.

    What is `out_of_scope` here is written elsewhere: nothing is said of it.
    """
    resources, elsewhere = list(resources), set(out_of_scope)
    names = Names(resources)
    for resource, reference in outward(resources, kinds):
        target = reference.target
        if target in elsewhere:
            continue
        place = resource.at(*reference.path)
        if near := names.slip_of(target):
            yield Problem(f'no {target.kind} "{target.id}" here', place, f'did you mean "{near}"?', rule="near-miss")
        elif not reference.soft:
            message = f'{target.kind} "{target.id}" is not written in this project'
            yield Problem(message, place, severity="warning", rule="missing-reference")


class Names:
    """The ids that a project writes, by kind and space, for slips of them."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self._ids: dict[tuple[str, str], list[str]] = {}
        self._near: dict[tuple[str, str], NearNames] = {}
        for resource in resources:
            self._ids.setdefault((resource.address.kind, resource.address.space), []).append(resource.address.id)

    def slip_of(self, target: Address) -> str | None:
        """The id that the target's is probably a slip of."""
        place = (target.kind, target.space)
        if place not in self._near:
            self._near[place] = NearNames(self._ids.get(place, ()))
        return self._near[place].slip_of(target.id)


def outward(resources: Iterable[Resource], kinds: Mapping[str, Kind]) -> Iterator[tuple[Resource, Reference]]:
    """Every reference to something that these resources do not write."""
    resources = list(resources)
    known: set[Address] = {resource.address for resource in resources}
    for resource in resources:
        if resource.rendered:
            continue  # a state of an earlier run: what it refers to was there then
        for reference in kinds[resource.address.kind].references(resource):
            if reference.target not in known:
                yield resource, reference
