"""What a project would write for what is there: others' parts left out, what it wrote in so many words kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ..cluster import Cluster
from ..errors import EsctlError
from ..kinds.base import Collecting, Kind, can
from ..kinds.differences import differences, projected, same
from ..kinds.normalise import get
from ..kinds.parts import Claims, less, owned
from ..model import Address, Body, Capabilities, Live, Remembered, Resource
from .survey import read

GROUPING = frozenset({"cluster-settings", "kibana-settings"})
"""Kinds whose ids are names within a project: no server tells them, so all there is comes as one."""


def regrouped(
    cluster: Cluster,
    live: Mapping[Address, Live],
    remembered: Mapping[Address, Remembered],
    names: Collection[str],
    kinds: Mapping[str, Kind],
) -> dict[Address, Live]:
    """`live`, and beside it the groups (of the kinds `names`) that this project applied, each with what it wrote."""
    groups = [address for address in remembered if address.kind in GROUPING.intersection(names) and address not in live]
    found = {}
    for address, one in read(cluster, groups, kinds).items():
        body = projected(one.body, remembered[address].body)
        if any(body.values()):
            found[address] = Live(address, body, one.version)
    return {**found, **live}


def specs_of(
    live: Mapping[Address, Live],
    remembered: Mapping[Address, Remembered],
    written: Collection[Resource],
    others: Claims,
    kinds: Mapping[str, Kind],
    capabilities: Capabilities,
) -> tuple[dict[Address, Body], dict[Address, str]]:
    """The `spec` of each, and why some have none.

    `written` is what the project's files hold already, `others` what belongs to other projects.
    """
    specs: dict[Address, Body] = {}
    failed: dict[Address, str] = {}
    ours = Claims(owned(kinds, ((r.address, r.spec, "") for r in written)))
    # Groups that were applied go first: the one that holds all there is takes the rest.
    for address in sorted(live, key=lambda one: (one not in remembered, one)):
        kind = kinds[address.kind]
        try:
            spec = _written(kind, live[address], remembered.get(address), capabilities)
        except EsctlError as error:
            failed[address] = error.problems[0].message
            continue
        left = less(kind, address, spec, others)
        if left is None:
            failed[address] = "all of it belongs to other projects"
            continue
        if address.kind in GROUPING:
            left = less(kind, address, left, ours)
            for owner in owned(kinds, [(address, left or {}, "")]):
                ours.add(*owner)
        if left is not None:
            specs[address] = left
    return specs, failed


def _written(kind: Kind, live: Live, remembered: Remembered | None, capabilities: Capabilities) -> Body:
    """What a person would write, with the defaults that this project once wrote and that are still there.

    On shared ground, a value that is no longer written is taken back: leaving out what is a default would plan that.
    """
    shared, normalise = kind.shared, kind.normalise
    assert can(kind, Collecting)
    spec = kind.written(live, capabilities)
    if remembered is None or not shared:
        return spec
    said = normalise(spec, capabilities)
    there = projected(normalise(live.body, capabilities), remembered.body)
    for difference in differences(said, there):
        if difference.before is None and same(get(remembered.body, difference.path), difference.after):
            *above, last = difference.path
            parent: Body = spec
            for key in above:
                parent = parent.setdefault(str(key), {})
            parent[str(last)] = difference.after
    return spec
