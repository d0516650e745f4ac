"""A cluster as a file: enough of it to plan without a connection; the JSON Schema is `snapshot.schema.json`.

It holds the live bodies of what the project writes, owns or refers to (normalised, secrets sealed), the ledger of them,
what other projects claim, and of everything else only that it exists.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ..errors import Refused
from ..kinds.base import Kind
from ..kinds.parts import Claims, Owner
from ..model import Address, Body, Capabilities, Live, Remembered, Resource
from .plan_file import (
    Origin,
    capabilities_as_json,
    capabilities_of,
    checked,
    digest,
    remembered_as_json,
    remembered_of,
)
from .sealing import Seal, aligned
from .survey import Survey, referred_to

FORMAT = 1
WHAT = "an esctl snapshot"
UNLISTED = {"documents": "nobody lists all documents"}
"""Kinds of which a snapshot knows only what the project had when it was taken."""


@dataclass(frozen=True)
class Snapshot:
    """`names` are all that exist, by kind; `unread` are kinds whose names are not known, with the reason."""

    origin: Origin
    capabilities: Capabilities
    seal: Seal
    live: Mapping[Address, Live] = field(default_factory=dict)
    remembered: Mapping[Address, Remembered] = field(default_factory=dict)
    claims: Mapping[Address, str] = field(default_factory=dict)
    names: Mapping[str, Collection[Address]] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)
    parts: Claims = field(default_factory=Claims)


def as_document(snapshot: Snapshot, kinds: Mapping[str, Kind]) -> Body:
    """The document of `esctl snapshot --out`."""
    origin, seal = snapshot.origin, snapshot.seal
    document: Body = {
        "what": WHAT,
        "format": FORMAT,
        "origin": origin.as_json(),
        "capabilities": capabilities_as_json(snapshot.capabilities),
        "salt": {"text": seal.key.hex(), "new": seal.new} if origin.salted else None,
        "live": [_live(live, kinds[address.kind], snapshot) for address, live in sorted(snapshot.live.items())],
        "remembered": [remembered_as_json(one) for _, one in sorted(snapshot.remembered.items())],
        "claims": {str(address): owner for address, owner in sorted(snapshot.claims.items())},
        "parts": [
            {"part": list(one.part), "address": str(one.address), "project": one.project}
            for one in sorted(snapshot.parts)
        ],
        "names": {kind: sorted(map(str, names)) for kind, names in sorted(snapshot.names.items())},
        "unread": dict(snapshot.unread),
    }
    return document | {"digest": digest(document)}


def _live(live: Live, kind: Kind, snapshot: Snapshot) -> Body:
    body = kind.normalise(live.body, snapshot.capabilities)
    if kind.secrets:
        last = snapshot.remembered.get(live.address)
        # What the project wrote as plain text is none; all else that stands where a secret may be is sealed.
        body = aligned(body, None, last.body if last else None, snapshot.seal, kind.secrets)
    return {"address": str(live.address), "body": body, "version": dict(live.version)}


def of_document(document: Any, key: bytes | None, name: str) -> Snapshot:
    """The snapshot in a file that is called `name`. Raises EsctlError where it is none, Refused where it was edited."""
    checked(document, name, WHAT, FORMAT)
    salt = document["salt"]
    if salt is None and not key:
        raise Refused(f"{name}: its secrets are sealed with a key", hint="set ESCTL_SECRET_KEY to the same key")
    live = (Live(Address.parse(one["address"]), one["body"], one["version"]) for one in document["live"])
    remembered = (remembered_of(one) for one in document["remembered"])
    return Snapshot(
        Origin(**document["origin"], salted=salt is not None),
        capabilities_of(document["capabilities"]),
        Seal(bytes.fromhex(salt["text"]), salt["new"]) if salt else Seal(key or b""),
        {one.address: one for one in live},
        {one.address: one for one in remembered if one is not None},
        {Address.parse(address): owner for address, owner in document["claims"].items()},
        {kind: frozenset(map(Address.parse, names)) for kind, names in document["names"].items()},
        document["unread"],
        Claims(
            Owner(tuple(one["part"]), Address.parse(one["address"]), one["project"])
            for one in document.get("parts", ())  # an older esctl took no note of them
        ),
    )


def survey_of(snapshot: Snapshot, resources: Collection[Resource], kinds: Mapping[str, Kind]) -> Survey:
    """What can be known of these resources (which may be others than when the snapshot was taken)."""
    addresses = {resource.address for resource in resources}
    beyond = referred_to(resources, kinds)
    wanted = addresses | beyond.keys() | snapshot.remembered.keys()
    unknown = dict(_unknown(snapshot, wanted))
    there = {address for names in snapshot.names.values() for address in names} | snapshot.live.keys()
    return Survey(
        {address: live for address, live in snapshot.live.items() if address in wanted},
        snapshot.remembered,
        {a: owner for a, owner in snapshot.claims.items() if a in addresses and a not in snapshot.remembered},
        {target: places for target, places in beyond.items() if target not in there and target not in unknown},
        unknown=unknown,
        seal=snapshot.seal,
        parts=snapshot.parts,
    )


def _unknown(snapshot: Snapshot, wanted: Iterable[Address]) -> Iterable[tuple[Address, str]]:
    for address in wanted:
        if address in snapshot.live:
            continue
        if address in snapshot.names.get(address.kind, ()):
            yield address, "it is on the server, but the snapshot does not hold its body: take a new snapshot"
        elif address.kind not in snapshot.names and address not in snapshot.remembered:
            why = snapshot.unread.get(address.kind) or UNLISTED.get(address.kind) or "it was taken by an older esctl"
            yield address, f"the snapshot does not know whether it is there ({why}): take a new snapshot"


def age(made: str, now: datetime | None = None) -> str:
    """How long ago that was, in words: `3 hours ago`."""
    seconds = max(0.0, ((now or datetime.now(UTC)) - datetime.fromisoformat(made)).total_seconds())
    for name, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {name}{'s' if count != 1 else ''} ago"
    return "just now"
