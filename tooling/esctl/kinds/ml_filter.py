"""Filters: the lists of values that custom rules of anomaly jobs look up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..model import Address, Body, Capabilities, Live, Request, Sender
from .base import Context, Needs
from .normalise import drop, drop_if
from .rest import RestKind

PAGE = 1000
LICENCE = Needs(licence="platinum")


@dataclass(frozen=True)
class FilterKind(RestKind):
    """Its items are a set: servers sort them, and `_update` is told which come and which go."""

    def everything(self, sender: Sender, capabilities: Capabilities) -> dict[Address, Live]:
        found = ((Address(self.name, body["filter_id"]), body) for body in paged(sender, self.listing, "filters"))
        return {address: Live(address, body) for address, body in found}

    def normalise(self, body: Body, capabilities: Capabilities) -> Body:
        body = super().normalise(body, capabilities)
        if isinstance(body.get("items"), list):
            body["items"] = sorted({str(item) for item in body["items"]})
        return drop_if(("items",), [], None)(body, capabilities)

    def write(self, address: Address, body: Body, live: Live | None, context: Context) -> tuple[Request, ...]:
        if live is None:
            return super().write(address, body, live, context)
        before, after = (self.normalise(side, context.capabilities) for side in (live.body, body))
        old, new = set(before.get("items", ())), set(after.get("items", ()))
        update: Body = {}
        if before.get("description") != after.get("description"):
            update["description"] = after.get("description", "")
        if new - old:
            update["add_items"] = sorted(new - old)
        if old - new:
            update["remove_items"] = sorted(old - new)
        return (Request("elasticsearch", "POST", f"{self._path(address)}/_update", body=update),)


def paged(sender: Sender, path: str, key: str) -> Iterator[Body]:
    """Every item of a list that is told in pages, `{count, key: [...]}`."""
    start = 0
    while True:
        params = {"size": str(PAGE), **({"from": str(start)} if start else {})}
        page: Any = sender.send(Request("elasticsearch", "GET", path, params)).body
        yield from page[key]
        start += PAGE
        if start >= page["count"]:
            return


ML_FILTER = FilterKind(
    name="ml-filter",
    stage=56,
    path="/_ml/filters/{id}",
    listing="/_ml/filters",
    items=lambda answer: (),
    about="A list of values (safe domains, known hosts) that custom rules of anomaly jobs refer to by `filter_id`.",
    api="PUT /_ml/filters/{filter_id}",
    rules=(drop(("filter_id",), ("type",)), drop_if(("description",), "", None)),
    needs=LICENCE,
)
