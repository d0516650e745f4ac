"""Take a snapshot of a cluster: reads only."""

from __future__ import annotations

from collections.abc import Mapping

from ..cluster import Cluster, Ledger
from ..errors import ServerError
from ..kinds.base import Kind
from ..model import Address, Request
from ..plan.plan_file import Origin
from ..plan.snapshot import UNLISTED, Snapshot
from ..plan.survey import Survey
from .collect import collect
from .survey import claimed

INDEX = "index"


def take(cluster: Cluster, seen: Survey, origin: Origin, kinds: Mapping[str, Kind]) -> Snapshot:
    """What was read for the project (`seen`), and the names of everything else."""
    found = collect(cluster, kinds, [name for name in kinds if name != INDEX and name not in UNLISTED])
    names: dict[str, set[Address]] = {name: set() for name in kinds if name not in (INDEX, *UNLISTED, *found.unread)}
    for address in (*found.live, *found.foreign):
        names[address.kind].add(address)
    unread = dict(found.unread)
    try:
        names[INDEX] = _indices(cluster)
    except ServerError as error:
        unread[INDEX] = str(error)
    ledger = Ledger(cluster, origin.project)
    claims, parts = ledger.claims(), claimed(ledger, kinds, kinds)
    return Snapshot(origin, cluster.capabilities, seen.seal, seen.live, seen.remembered, claims, names, unread, parts)


def _indices(cluster: Cluster) -> set[Address]:
    """Names of indices and of what stands for them, in one request: bodies of all indices would be a lot."""
    request = Request("elasticsearch", "GET", "/_resolve/index/*", {"expand_wildcards": "all"})
    answer = cluster.send(request).body
    return {Address(INDEX, one["name"]) for part in ("indices", "aliases") for one in answer.get(part, ())}
