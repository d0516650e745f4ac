"""Read everything a plan needs: one list per kind, side by side; the ledger; what is referred to and made elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from ..cluster import Cluster, Ledger
from ..kinds.base import Kind
from ..model import Address, Live, Resource
from ..plan import Survey
from ..plan.references import outward

WORKERS = 8


def survey(cluster: Cluster, project: str, resources: Collection[Resource], kinds: Mapping[str, Kind]) -> Survey:
    """The state of everything that the project writes or once wrote."""
    before = cluster.sent
    ledger = Ledger(cluster, project)
    remembered = ledger.read()
    addresses = {resource.address for resource in resources}
    beyond: dict[Address, str] = {}
    for resource, reference in outward(resources, kinds):
        if not reference.soft and reference.target.kind in kinds:
            beyond.setdefault(reference.target, str(resource.at(*reference.path)))
    live = read(cluster, addresses | remembered.keys() | beyond.keys(), kinds)
    others = ledger.others(addresses - remembered.keys()) if addresses - remembered.keys() else {}
    missing = {target: place for target, place in beyond.items() if target not in live}
    return Survey(live, remembered, others, missing, cluster.sent - before)


def read(cluster: Cluster, addresses: Iterable[Address], kinds: Mapping[str, Kind]) -> dict[Address, Live]:
    """The live state of these addresses, one list per kind, the kinds side by side."""
    grouped: dict[str, list[Address]] = {}
    for address in addresses:
        if address.kind in kinds:
            grouped.setdefault(address.kind, []).append(address)
    capabilities = cluster.capabilities
    with ThreadPoolExecutor(min(WORKERS, max(1, len(grouped)))) as pool:
        jobs = [pool.submit(kinds[name].read, cluster, group, capabilities) for name, group in grouped.items()]
        found: dict[Address, Live] = {}
        for job in jobs:
            found.update(job.result())
    return found
