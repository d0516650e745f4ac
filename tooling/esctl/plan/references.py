"""References between resources: near misses told at once, the rest looked up when a plan is made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..errors import Problem, nearest
from ..kinds.base import Kind, Reference
from ..model import Address, Resource


def check(resources: Iterable[Resource], kinds: Mapping[str, Kind]) -> Iterator[Problem]:
    """A near miss of something that the project writes is an error; anything else that it does not write a warning."""
    resources = list(resources)
    ids: dict[tuple[str, str], list[str]] = {}
    for resource in resources:
        ids.setdefault((resource.address.kind, resource.address.space), []).append(resource.address.id)
    for resource, reference in outward(resources, kinds):
        target, place = reference.target, resource.at(*reference.path)
        near = nearest(target.id, ids.get((target.kind, target.space), ()))
        if near:
            yield Problem(f'no {target.kind} "{target.id}" here', place, f'did you mean "{near}"?')
        elif not reference.soft:
            yield Problem(f'{target.kind} "{target.id}" is not written in this project', place, severity="warning")
    known = {resource.address for resource in resources}
    for resource in resources:
        for target in resource.depends_on:
            if target not in known:
                near = nearest(str(target), map(str, known))
                hint = f'did you mean "{near}"?' if near else None
                yield Problem(f"depends_on names {target}, which is not here", resource.at("depends_on"), hint)


def outward(resources: Iterable[Resource], kinds: Mapping[str, Kind]) -> Iterator[tuple[Resource, Reference]]:
    """Every reference to something that these resources do not write."""
    resources = list(resources)
    known: set[Address] = {resource.address for resource in resources}
    for resource in resources:
        for reference in kinds[resource.address.kind].references(resource):
            if reference.target not in known:
                yield resource, reference
