"""Parts of objects: what a resource owns of something that another may own parts of, too; who owns a part already.

A part is a path of names, the first of which says what it is. Two overlap where they are the same or one stands above
the other: an alias's own document owns the whole alias, an index its own place behind it.

    ("name", "orders")                    an index, a data stream, or an alias as a whole
    ("name", "orders", "orders-1")        orders-1 behind the alias orders
    ("setting", "indices.…")              a cluster setting; of loggers each name by itself
    ("script", "ratio")                   a stored script or search template
    ("document", "countries", "de")       a document by its id
    ("documents", "countries", "seed")    the set seed of documents in the index countries
    ("kibana setting", "default", "…")    an advanced setting of a space; `defaultIndex` is its default data view
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from ..model import Address, Body
from .base import Kind, Part, Sharing, can

GROUNDS: tuple[Mapping[str, tuple[str, ...]], ...] = (
    {"index": ("aliases",), "alias": ("indices", "data_streams"), "data-stream": (), "ccr-follower": ()},
    {"cluster-settings": ("persistent",)},
    {"stored-script": (), "search-template": ()},
    {"documents": ("index", "documents")},
    {"kibana-settings": ("changes",), "data-view": ("default",)},
)
"""Kinds that may own parts of the same, with the keys of a body that tell which: so the others need not be imported."""

NAMED = ("cluster-settings", "documents", "kibana-settings")
"""Kinds whose id is a name that a person chose: the servers know nothing of it, the ledger holds it once."""

HOLDERS = ("index", "data-stream")
"""Kinds whose resources take with them what others own on them: aliases' places and documents."""


def beside(names: Collection[str]) -> dict[str, tuple[str, ...]]:
    """The kinds whose resources may own what resources of `names` own or hold, with the keys of bodies that tell."""
    found = {name: keys for ground in GROUNDS if not ground.keys().isdisjoint(names) for name, keys in ground.items()}
    # Which documents there are tells only another set of documents something.
    return found if set(HOLDERS).isdisjoint(names) else {"documents": ("index",), **found}


class Owner(NamedTuple):
    """Who has a part: the resource, and the project that writes it ("" for one's own)."""

    part: Part
    address: Address
    project: str = ""


class Claims:
    """Parts and their owners; the first of a part stays its owner."""

    def __init__(self, owners: Iterable[Owner] = ()) -> None:
        self._own: dict[Part, Owner] = {}
        self._below: dict[Part, Owner] = {}
        for owner in owners:
            self.add(*owner)

    def __bool__(self) -> bool:
        return bool(self._own)

    def __iter__(self) -> Iterator[Owner]:
        return iter(self._own.values())

    def add(self, part: Part, address: Address, project: str = "") -> None:
        """Give a part to a resource, unless another has it."""
        owner = self._own.setdefault(part, Owner(part, address, project))
        for length in range(1, len(part)):
            self._below.setdefault(part[:length], owner)

    def of(self, part: Part) -> Owner | None:
        """Who owns the part, something above it, or something below it."""
        for length in range(len(part), 0, -1):
            if found := self._own.get(part[:length]):
                return found
        return self._below.get(part)


def owned(kinds: Mapping[str, Kind], entries: Iterable[tuple[Address, Body, str]]) -> Iterator[Owner]:
    """The parts of each (address, body, project); of kinds that share nothing, none."""
    known = {name for ground in GROUNDS for name in ground}
    for address, body, project in entries:
        kind = kinds.get(address.kind) if address.kind in known else None
        if kind is not None and can(kind, Sharing):
            for part, _ in kind.parts(address, body):
                yield Owner(part, address, project)


def held(kind: Kind, address: Address, body: Body, claims: Claims) -> str | None:
    """What of a body another project has, in words: the first part of it that it does."""
    if claims and can(kind, Sharing):
        for part, _ in kind.parts(address, body):
            if by := claims.of(part):
                return f'{said(by.part)} belongs to the project "{by.project}" ({by.address})'
    return None


def goes_along(address: Address, claims: Claims) -> str | None:
    """What another project has on an index or a data stream, in words: the first part that would go with it."""
    for part, by, project in claims if address.kind in HOLDERS else ():
        match part:
            case ("name", _, name) | ("documents", name, _) if name == address.id and by != address:
                return f'{said(part)} would go with it and belongs to the project "{project}" ({by})'
    return None


def less(kind: Kind, address: Address, body: Body, claims: Claims, wanted: Body | None = None) -> Body | None:
    """`body` without the parts that another resource has, save for those of `wanted`; None where nothing is left."""
    if not claims or not can(kind, Sharing):
        return body
    kept = {part for part, _ in kind.parts(address, wanted)} if wanted is not None else set()

    def taken(part: Part) -> bool:
        owner = claims.of(part)
        return owner is not None and owner.address != address and part not in kept

    return kind.without(address, body, taken)


def said(part: Part) -> str:
    """A part in words."""
    match part:
        case ("name", name):
            return f'the name "{name}"'
        case ("name", alias, index):
            return f"{index} in the alias {alias}"
        case ("setting", *names):
            return f"the setting {'.'.join(names)}"
        case ("script", name):
            return f'the script id "{name}"'
        case ("document", index, name):
            return f'the document "{name}" of {index}'
        case ("documents", index, name):
            return f'the set of documents "{name}" in {index}'
        case ("kibana setting", space, "defaultIndex"):
            return f'the default data view of the space "{space}"'
        case ("kibana setting", space, name):
            return f'Kibana\'s setting {name} in the space "{space}"'
    return " ".join(part)
