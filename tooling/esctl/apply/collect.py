"""Everything that the servers have of some kinds, side by side: what a person could take into files."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from ..cluster import Cluster
from ..errors import EsctlError
from ..kinds.base import Collecting, Kind, can
from ..kinds.wording import with_article
from ..model import Address, Live
from ..plan.needs import lacking

WORKERS = 8


@dataclass(frozen=True)
class Collected:
    """What was found: the live bodies; why some are no person's; why some kinds could not be asked."""

    live: Mapping[Address, Live]
    foreign: Mapping[Address, str] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)
    lacking: Mapping[str, str] = field(default_factory=dict)


def collect(cluster: Cluster, kinds: Mapping[str, Kind], names: Collection[str]) -> Collected:
    """All there is of the kinds `names`. A kind that these servers lack is passed over; one whose list cannot be read
    is told in `unread`, and the others go on."""
    capabilities = cluster.capabilities
    lack = {name: why for name in names if (why := lacking(kinds[name], capabilities))}
    asked = [name for name in names if name not in lack]

    def everything(name: str) -> dict[Address, Live] | EsctlError:
        kind = kinds[name]
        if not can(kind, Collecting):
            return EsctlError(f"{with_article(name)} cannot be listed yet")
        try:
            return kind.everything(cluster, capabilities)
        except EsctlError as error:
            return error

    with ThreadPoolExecutor(min(WORKERS, max(1, len(asked)))) as pool:
        answers = dict(zip(asked, pool.map(everything, asked), strict=True))
    live: dict[Address, Live] = {}
    foreign: dict[Address, str] = {}
    unread: dict[str, str] = {}
    for name, answer in answers.items():
        if isinstance(answer, EsctlError):
            unread[name] = str(answer)
            continue
        kind = kinds[name]
        for address, one in answer.items():
            why = kind.foreign(one) if can(kind, Collecting) else None
            if why:
                foreign[address] = why
            else:
                live[address] = one
    return Collected(live, foreign, unread, lack)
