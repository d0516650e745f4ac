"""The order in which resources are made: what is referred to comes first; deletion goes the other way."""

from __future__ import annotations

import graphlib
from collections.abc import Iterable, Mapping

from ..errors import EsctlError
from ..kinds.base import Kind
from ..model import Address, Resource


def ordered(resources: Iterable[Resource], kinds: Mapping[str, Kind]) -> list[Resource]:
    """Resources such that each stands behind all it refers to and its space; otherwise by stage, then address.

    Raises EsctlError where resources refer to each other in a circle.
    """
    by_address = {resource.address: resource for resource in resources}
    sorter: graphlib.TopologicalSorter[Address] = graphlib.TopologicalSorter()
    for address, resource in by_address.items():
        references = () if resource.rendered else kinds[address.kind].references(resource)
        targets = {reference.target for reference in references if not reference.loose} | {*resource.depends_on}
        targets.add(Address("space", address.space))
        sorter.add(address, *sorted((targets & by_address.keys()) - {address}))
    try:
        sorter.prepare()
    except graphlib.CycleError as error:
        circle = " → ".join(str(address) for address in error.args[1])
        raise EsctlError(
            f"these resources refer to each other in a circle: {circle}", source=by_address[error.args[1][0]].source
        ) from None
    result: list[Resource] = []
    ready = list(sorter.get_ready())
    while ready:
        ready.sort(key=lambda address: rank(address, kinds))
        # Only the lowest stage goes on, so that whole kinds stay together where nothing forces them apart.
        stage = kinds[ready[0].kind].stage
        now = [address for address in ready if kinds[address.kind].stage == stage]
        ready = [address for address in ready if kinds[address.kind].stage != stage]
        result.extend(by_address[address] for address in now)
        sorter.done(*now)
        ready.extend(sorter.get_ready())
    return result


def rank(address: Address, kinds: Mapping[str, Kind]) -> tuple[int, Address]:
    """By stage, then by address."""
    return kinds[address.kind].stage, address
