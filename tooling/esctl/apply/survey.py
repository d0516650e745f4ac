"""Read everything a plan needs: one list per kind, side by side; the ledger; what is referred to and made elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

from ..cluster import Cluster, Ledger
from ..cluster.history import History
from ..errors import ServerError
from ..kinds.base import Context, Kind, Seeking, can
from ..kinds.parts import Claims, beside, owned
from ..model import Address, Body, Live, Remembered, Resource, Waiting
from ..plan import Survey
from ..plan.compare import body_of
from ..plan.needs import lacking
from ..plan.sealing import Seal
from ..plan.survey import referred_to

WORKERS = 8
_NO_ANSWER_FOR_ANYTHING = (0, 401, 429, 502, 503, 504)


def survey(
    cluster: Cluster,
    project: str,
    resources: Collection[Resource],
    kinds: Mapping[str, Kind],
    *,
    key: bytes | None = None,
) -> Survey:
    """The state of everything that the project writes or once wrote; `key` seals secrets, else the ledger's salt.

    A kind that these servers lack is not asked for, unless the ledger remembers one; one that they refuse to show is
    told in `unknown`. Raises ServerError where the servers answer nothing at all.
    """
    before = cluster.sent
    capabilities = cluster.capabilities
    ledger = Ledger(cluster, project)
    remembered = ledger.read()
    addresses = {resource.address for resource in resources}
    beyond = referred_to(resources, kinds)
    asked = {a for a in addresses | beyond.keys() if a.kind in kinds and not lacking(kinds[a.kind], capabilities)}
    live, unknown = read_all(cluster, asked | remembered.keys(), kinds)
    others = ledger.others(addresses - remembered.keys()) if addresses - remembered.keys() else {}
    parts = claimed(ledger, kinds, {address.kind for address in addresses | remembered.keys()})
    new = [r for r in resources if r.address in asked - live.keys() - remembered.keys() and r.address not in others]
    context = Context(project, capabilities)
    bodies = {r.address: body_of(r, kinds[r.address.kind], context) for r in new if can(kinds[r.address.kind], Seeking)}
    ready = {address: body for address, body in bodies.items() if not isinstance(body, Waiting)}
    try:
        live |= sought(cluster, ready, remembered, kinds)
    except ServerError as error:
        if error.status in _NO_ANSWER_FOR_ANYTHING or error.kind == "guard":
            raise
        unknown |= dict.fromkeys(ready, f"it cannot be read: {error}")
    missing = {target: places for target, places in beyond.items() if target not in live and target not in unknown}
    secret = any(kinds[address.kind].secrets for address in addresses | remembered.keys() if address.kind in kinds)
    seal = seal_with(key, ledger if secret else None)
    strange = [address for address in addresses if address in live and address not in remembered]
    begun = History(cluster, project).begun(strange) if strange else ()
    return Survey(live, remembered, others, missing, cluster.sent - before, unknown, seal, begun, parts)


def sought(
    cluster: Cluster,
    bodies: Mapping[Address, Body],
    remembered: Mapping[Address, Remembered],
    kinds: Mapping[str, Kind],
) -> dict[Address, Live]:
    """What is there of resources that were never applied, by their rendered bodies; nobody's, or somebody else's."""
    ours = (
        Claims(owned(kinds, ((address, one.body, "") for address, one in remembered.items()))) if bodies else Claims()
    )
    found: dict[Address, Live] = {}
    for name in {address.kind for address in bodies}:
        kind = kinds[name]
        if can(kind, Seeking):
            asked = {address: body for address, body in bodies.items() if address.kind == name}
            found |= kind.sought(cluster, asked, lambda part: ours.of(part) is not None, cluster.capabilities)
    return found


def claimed(ledger: Ledger, kinds: Mapping[str, Kind], names: Collection[str]) -> Claims:
    """What other projects own of the objects that these kinds own parts of: one search, none where they share none."""
    asked = beside(names)
    entries = ledger.bodies_of_others(asked, {key for keys in asked.values() for key in keys}) if asked else ()
    return Claims(owned(kinds, entries))


def seal_with(key: bytes | None, ledger: Ledger | None) -> Seal:
    """The seal of this run: by the key, else by the salt that the ledger keeps, else by a fresh one."""
    if key:
        return Seal(key)
    salt = ledger.salt() if ledger is not None else None
    return Seal(salt) if salt else Seal.fresh()


def read(cluster: Cluster, addresses: Iterable[Address], kinds: Mapping[str, Kind]) -> dict[Address, Live]:
    """The live state of these addresses, one list per kind, the kinds side by side. Raises ServerError."""
    found: dict[Address, Live] = {}
    for _, job in _reading(cluster, addresses, kinds):
        found.update(job.result())
    return found


def read_all(
    cluster: Cluster, addresses: Iterable[Address], kinds: Mapping[str, Kind]
) -> tuple[dict[Address, Live], dict[Address, str]]:
    """The same, and why what could not be read could not; raises ServerError where nothing can be."""
    found: dict[Address, Live] = {}
    unknown: dict[Address, str] = {}
    for group, job in _reading(cluster, addresses, kinds):
        try:
            found.update(job.result())
        except ServerError as error:
            if error.status in _NO_ANSWER_FOR_ANYTHING or error.kind == "guard":
                raise
            unknown.update(dict.fromkeys(group, f"it cannot be read: {error}"))
    return found, unknown


def _reading(
    cluster: Cluster, addresses: Iterable[Address], kinds: Mapping[str, Kind]
) -> list[tuple[list[Address], Future[dict[Address, Live]]]]:
    grouped: dict[str, list[Address]] = {}
    for address in addresses:
        if address.kind in kinds:
            grouped.setdefault(address.kind, []).append(address)
    capabilities = cluster.capabilities
    with ThreadPoolExecutor(min(WORKERS, max(1, len(grouped)))) as pool:
        return [(group, pool.submit(kinds[name].read, cluster, group, capabilities)) for name, group in grouped.items()]
