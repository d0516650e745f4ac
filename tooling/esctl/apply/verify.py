"""After an apply: does what was made work? Each resource that can be tried out, by requests that only read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

from ..cluster import Cluster
from ..errors import EsctlError
from ..kinds.base import Context, Kind, Verifiable, can
from ..model import Address, Resource, Waiting
from ..plan.needs import lacking
from .pictures import KINDS as PICTURES
from .pictures import without_rows
from .survey import read_all

WORKERS = 8


@dataclass(frozen=True)
class Verdict:
    """`untried`: there is no way to try such a thing out (or, with words, not now)."""

    address: Address
    state: Literal["well", "wrong", "untried"]
    words: tuple[str, ...] = ()


def verify(
    cluster: Cluster, resources: Sequence[Resource], kinds: Mapping[str, Kind], context: Context
) -> list[Verdict]:
    """A verdict for each resource, in their order."""
    lack = {name: lacking(kinds[name], context.capabilities) for name in {r.address.kind for r in resources}}
    wanted = [resource.address for resource in resources if not lack[resource.address.kind]]
    live, unread = read_all(cluster, wanted, kinds)

    def verdict(resource: Resource) -> Verdict:
        address, kind = resource.address, kinds[resource.address.kind]
        if why := lack[address.kind] or unread.get(address):
            return Verdict(address, "wrong", (why,))
        if address not in live:
            return Verdict(address, "wrong", ("it is not on the server",))
        if not can(kind, Verifiable) and address.kind not in PICTURES:
            return Verdict(address, "untried")
        try:
            body = kind.render(resource, context)
            if isinstance(body, Waiting):
                return Verdict(address, "untried", (body.reason,))
            if can(kind, Verifiable):
                words = tuple(kind.verify(address, body, cluster, context.capabilities))
            else:
                words = tuple(without_rows(cluster, address))
        except EsctlError as error:
            words = tuple(problem.message for problem in error.problems)
        return Verdict(address, "wrong" if words else "well", words)

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(verdict, resources))
