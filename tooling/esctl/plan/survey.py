"""What planning knows of the servers, and what a person chose."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from ..kinds.base import Kind
from ..kinds.parts import Claims
from ..model import Address, Live, Remembered, Resource
from .references import outward
from .sealing import Seal


@dataclass(frozen=True)
class Survey:
    """What was read before planning: the live bodies, the ledger, and who else owns what.

    `missing` are the resources that others refer to and neither the project nor the servers have, with the place in
    each that refers to them. `unknown` are those whose state could not be read, with the reason. `begun` are there, and
    not in the ledger, because an earlier run was interrupted while it made them. `parts` are what other projects own of
    objects that several resources stand on; `written` what the project's files own of them (`build` fills it in).
    """

    live: Mapping[Address, Live] = field(default_factory=dict)
    remembered: Mapping[Address, Remembered] = field(default_factory=dict)
    others: Mapping[Address, str] = field(default_factory=dict)
    missing: Mapping[Address, Mapping[Address, str]] = field(default_factory=dict)
    requests: int = 0
    unknown: Mapping[Address, str] = field(default_factory=dict)
    seal: Seal = field(default_factory=Seal.fresh)
    begun: Collection[Address] = ()
    parts: Claims = field(default_factory=Claims)
    written: Claims = field(default_factory=Claims)


@dataclass(frozen=True)
class Choices:
    """What the person allowed: globs over addresses, and `prune`."""

    adopt: tuple[str, ...] = ()
    overwrite: tuple[str, ...] = ()
    prune: bool = False
    force: bool = False

    @staticmethod
    def match(address: Address, globs: Iterable[str]) -> bool:
        """Whether one of the globs names the address."""
        return any(fnmatchcase(str(address), glob) for glob in globs)


def referred_to(resources: Collection[Resource], kinds: Mapping[str, Kind]) -> dict[Address, dict[Address, str]]:
    """What the resources refer to and the project does not write: by whom, with the first place that does."""
    beyond: dict[Address, dict[Address, str]] = {}
    for resource, reference in outward(resources, kinds):
        if not reference.soft and reference.target.kind in kinds:
            places = beyond.setdefault(reference.target, {})
            places.setdefault(resource.address, str(resource.at(*reference.path)))
    return beyond
