"""A plan as a file: frozen when it was shown, carried out as it stands; the JSON Schema is `plan-file.schema.json`.

Secrets stand in it as `{"$secret": reference}` with a seal beside: their texts come from the environment of the one who
applies it. What the servers had is kept normalised and sealed, to see whether they moved. The digest shows edits, not
forgeries: a file is as trustworthy as the place it comes from.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from ..errors import EsctlError, Refused, Source
from ..kinds.base import Kind
from ..model import (
    Action,
    Address,
    Body,
    Capabilities,
    Cause,
    Change,
    Consequence,
    Difference,
    Live,
    Plan,
    Reindex,
    Remembered,
    Request,
)
from ..secret import Secret, referred, restored, secrets_in
from .sealing import Seal, hidden

FORMAT = 1
WHAT = "an esctl plan"


@dataclass(frozen=True)
class Origin:
    """Where and for what a plan was made: `cluster` is the cluster's UUID, `made` the time (ISO 8601, UTC)."""

    project: str
    environment: str = ""
    cluster: str = ""
    esctl: str = ""
    made: str = ""
    commit: str = ""
    salted: bool = field(default=True)
    """Secrets are sealed with a salt, which the file holds, not with a key that it must not hold."""

    def as_json(self) -> Body:
        """As it stands in a file; the salt has a place of its own there."""
        return {key: value for key, value in vars(self).items() if key != "salted"}


def frozen(plan: Plan, origin: Origin, kinds: Mapping[str, Kind]) -> Body:
    """The document of `plan --out`."""
    seal = plan.seal if isinstance(plan.seal, Seal) else Seal.fresh()
    document: Body = {
        "what": WHAT,
        "format": FORMAT,
        "origin": origin.as_json(),
        "capabilities": capabilities_as_json(plan.capabilities),
        "salt": {"text": seal.key.hex(), "new": seal.new} if origin.salted else None,
        "secrets": {secret.reference: seal(secret) for change in plan.changes for secret in _secrets(change)},
        "changes": [_change(change, kinds[change.address.kind], plan, seal) for change in plan.changes],
        "requests": plan.requests,
    }
    return document | {"digest": digest(document)}


def thawed(document: Any, look_up: Callable[[str], Secret], key: bytes | None, name: str) -> tuple[Plan, Origin]:
    """The plan of a file that is called `name`; `look_up` gives the secret of a reference, `key` seals them.

    Raises EsctlError where the file is none, Refused where it was edited or a secret is not what it was.
    """
    checked(document, name, WHAT, FORMAT)
    salt = document["salt"]
    if salt is None and not key:
        raise Refused(f"{name}: its secrets are sealed with a key", hint="set ESCTL_SECRET_KEY to the same key")
    seal = Seal(bytes.fromhex(salt["text"]), salt["new"]) if salt else Seal(key or b"")
    for reference, was in document["secrets"].items():
        if seal(look_up(reference)) != was:
            raise Refused(f"{name}: the secret {reference} is another one since the plan was made", hint="plan again")
    origin = document["origin"]
    plan = Plan(
        origin["project"],
        tuple(_thawed(change, look_up) for change in document["changes"]),
        capabilities_of(document["capabilities"]),
        document["requests"],
        seal,
    )
    return plan, Origin(**origin, salted=salt is not None)


def refuse_elsewhere(origin: Origin, name: str, hint: str, *, project: str, environment: str, cluster: str) -> None:
    """Raise Refused, with `hint`, where a file was made for another project, environment or cluster."""
    for what, was, now in (
        ("project", origin.project, project),
        ("environment", origin.environment, environment),
        ("cluster", origin.cluster, cluster),
    ):
        if was != now:
            raise Refused(f"{name} was made for {_called(what, was)}, and this is {_called(what, now)}", hint=hint)


def _called(what: str, name: str) -> str:
    return f'the {what} "{name}"' if name else f"no {what}"


def checked(document: Any, name: str, what: str, format_: int) -> None:
    """Raise EsctlError where a file is not `what` in a format this esctl reads, Refused where it was edited."""
    if not isinstance(document, dict) or document.get("what") != what:
        raise EsctlError(f"{name} is not {what}", hint="esctl writes such a file with --out")
    if document.get("format") != format_:
        found = document.get("format")
        raise EsctlError(f"{name} has the format {found}, and this esctl reads {format_}", hint="make it again")
    if document.get("digest") != digest({key: value for key, value in document.items() if key != "digest"}):
        raise Refused(f"{name} was edited after it was made", hint="make it again")


def digest(document: Body) -> str:
    """SHA-256 (hex) of a document, whatever the order of its keys."""
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def capabilities_as_json(capabilities: Capabilities) -> Body:
    """Versions as text."""
    dotted = {name: ".".join(map(str, getattr(capabilities, name))) for name in ("version", "kibana_version")}
    return {**vars(capabilities), **dotted}


def capabilities_of(document: Body) -> Capabilities:
    """The other way."""
    versions = {name: _version(document[name]) for name in ("version", "kibana_version")}
    return Capabilities(**{**document, **versions})


def _version(text: str) -> tuple[int, int, int]:
    first, second, third = (int(part) for part in text.split("."))
    return first, second, third


def _secrets(change: Change) -> Iterator[Secret]:
    yield from secrets_in(change.desired)
    for request in (*change.requests, *change.afterwards):
        yield from secrets_in(request.body)


def _change(change: Change, kind: Kind, plan: Plan, seal: Seal) -> Body:
    def kept(live: Live | None) -> Body | None:
        if live is None:
            return None
        body = kind.normalise(live.body, plan.capabilities)
        body = hidden(body, seal, kind.secrets) if kind.secrets else body
        return {"address": str(live.address), "body": body, "version": dict(live.version)}

    return {
        "address": str(change.address),
        "action": str(change.action),
        "cause": str(change.cause),
        "consequence": str(change.consequence),
        "words": change.words,
        "differences": [{"path": list(d.path), "before": d.before, "after": d.after} for d in change.differences],
        "requests": [_request(request) for request in change.requests],
        "afterwards": [_request(request) for request in change.afterwards],
        "reindex": vars(change.reindex) if change.reindex else None,
        "source": {"path": change.source.path, "line": change.source.line} if change.source else None,
        "desired": referred(change.desired),
        "live": kept(change.live),
        "remembered": remembered_as_json(change.remembered),
        "protect": change.protect,
        "moved_from": remembered_as_json(change.moved_from),
        "moved_live": kept(change.moved_live),
    }


def _thawed(change: Body, look_up: Callable[[str], Secret]) -> Change:
    live, moved_live = (
        Live(Address.parse(one["address"]), one["body"], one["version"]) if one else None
        for one in (change["live"], change["moved_live"])
    )
    differences = (Difference(tuple(d["path"]), d["before"], d["after"]) for d in change["differences"])
    return Change(
        Address.parse(change["address"]),
        Action(change["action"]),
        Cause(change["cause"]),
        Consequence(change["consequence"]),
        change["words"],
        tuple(differences),
        tuple(_request_of(request, look_up) for request in change["requests"]),
        Reindex(**change["reindex"]) if change["reindex"] else None,
        Source(**change["source"]) if change["source"] else None,
        restored(change["desired"], look_up),
        live,
        remembered_of(change["remembered"]),
        change["protect"],
        remembered_of(change["moved_from"]),
        moved_live,
        tuple(_request_of(request, look_up) for request in change["afterwards"]),
    )


def _request(request: Request) -> Body:
    return {**vars(request), "params": dict(request.params), "body": referred(request.body)}


def _request_of(document: Body, look_up: Callable[[str], Secret]) -> Request:
    return replace(Request(**document), body=restored(document["body"], look_up))


def remembered_as_json(remembered: Remembered | None) -> Body | None:
    """What the ledger holds, as data."""
    if remembered is None:
        return None
    return {**vars(remembered), "address": str(remembered.address), "version": dict(remembered.version)}


def remembered_of(document: Body | None) -> Remembered | None:
    """The other way."""
    return Remembered(**{**document, "address": Address.parse(document["address"])}) if document else None
