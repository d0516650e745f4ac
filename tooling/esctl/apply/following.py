"""Wait for what a server goes on with after its answer, the lease held meanwhile."""

from __future__ import annotations

import time
from collections.abc import Iterable

from ..cluster import Lease

PAUSES = (0.05, 0.1, 0.2, 0.5, 1.0)  # s between two looks; the last one goes on


def follow(looks: Iterable[None], lease: Lease) -> None:
    """Take one look after the other until there are no more. Raises EsctlError where it failed or the lease is lost."""
    for number, _ in enumerate(looks):
        lease.check()
        time.sleep(PAUSES[min(number, len(PAUSES) - 1)])
