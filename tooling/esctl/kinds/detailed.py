"""Kinds whose list tells names and counts only: each body is one request, side by side.

An exception to "one list per kind": `GET _synonyms` and `GET _query_rules` have no bodies, no bulk read exists, and
neither says what moved (no version, no date). So as many requests are sent as the project writes such resources, and
the list is asked for only where all there is is wanted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from ..model import Address, Body, Capabilities, Live, Request, Sender
from .rest import Listing, RestKind

WORKERS = 8
PAGE = 1000


@dataclass(frozen=True)
class DetailedKind(RestKind):
    """`items` gives the names of a page of the list, each with what the list says of it."""

    def read(self, sender: Sender, addresses: Collection[Address], capabilities: Capabilities) -> dict[Address, Live]:
        with ThreadPoolExecutor(max(1, min(WORKERS, len(addresses)))) as pool:
            bodies = list(pool.map(lambda address: self.body(sender, address), addresses))
        return {address: Live(address, body) for address, body in zip(addresses, bodies, strict=True) if body}

    def everything(self, sender: Sender, capabilities: Capabilities) -> dict[Address, Live]:
        return self.read(sender, [Address(self.name, name) for name in self._names(sender)], capabilities)

    def body(self, sender: Sender, address: Address) -> Body | None:
        """The body of one, None where it is not there."""
        answer = sender.send(Request("elasticsearch", "GET", self._path(address)), accept=(404,))
        return answer.body if answer.status == 200 else None

    def _names(self, sender: Sender) -> Iterator[str]:
        start, count = 0, 1
        while start < count:
            params = {"size": str(PAGE), **({"from": str(start)} if start else {})}
            answer = sender.send(Request("elasticsearch", "GET", self.listing, params)).body
            yield from (name for name, _ in self.items(answer))
            count = answer["count"]
            start += PAGE


def named(key: str) -> Listing:
    """A page `{"count": …, "results": [{key: name, …}]}`."""

    def listing(answer: Any) -> Iterable[tuple[str, Body]]:
        return ((item[key], item) for item in (answer or {}).get("results", ()))

    return listing
