"""What moves of documents left behind: old indices that are kept until told, and targets that were given up."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from urllib.parse import quote

from ..errors import Refused
from ..kinds.moving import mark
from ..model import Address, Body, Request, Sender
from .measure import sizes
from .reindex import Holding

_BATCH = 100  # names or patterns in one request


@dataclass(frozen=True)
class Kept:
    """One index that nobody looks at any more, with the documents and bytes it holds, and why it is there."""

    name: str
    address: Address
    why: str
    documents: int | None = None
    size: int | None = None


def kept(sender: Sender, project: str, addresses: Collection[Address]) -> list[Kept]:
    """Those of the indices `addresses`, as far as this project moved them; no alias names them. Reads only."""
    ids = sorted({address.id for address in addresses if address.kind == "index"})
    bodies = _indices(sender, [*ids, *_numbered(sender, ids)])
    waiting = _origins(bodies) - bodies.keys()
    while waiting:
        found = _indices(sender, waiting)
        bodies |= found
        waiting = _origins(found) - bodies.keys()
    told = {name: why for name, body in bodies.items() if (why := _why(name, body, bodies, project))}
    if not told:
        return []
    measured = sizes(sender, told)
    return [
        Kept(name, Address("index", alias), why, *measured.get(name, (None, None)))
        for name, (alias, why) in sorted(told.items())
        if alias in ids
    ]


def delete(sender: Sender, lease: Holding, project: str, old: Iterable[Kept]) -> list[Kept]:
    """Delete those that are there; returns them. Raises Refused for one that is in use again."""
    done = []
    for one in old:
        bodies = _indices(sender, [one.name, *_origins(_indices(sender, [one.name])), one.address.id])
        if one.name not in bodies:
            continue
        if _why(one.name, bodies[one.name], bodies, project) is None:
            raise Refused(f"{one.name} is in use again: it stays", hint="look at its aliases")
        lease.check()
        sender.send(Request("elasticsearch", "DELETE", "/" + quote(one.name, safe="")), accept=(404,))
        done.append(one)
    return done


def _why(name: str, body: Body, bodies: dict[str, Body], project: str) -> tuple[str, str] | None:
    """(resource, reason) of an index that may go; None for one that is used, is another's, or moves right now."""
    marks = mark(body)
    if body.get("aliases") or marks.get("project") != project:
        return None
    if last := marks.get("kept"):
        return last["alias"], f"kept since {last['alias']} moved into {last['by']}"
    moving = marks.get("moving")
    if moving and (target := bodies.get(moving["to"])) and moving["to"] != name:
        moved = mark(target).get("moved") or {}
        if moved.get("from") == name and moved.get("alias") in (target.get("aliases") or {}):
            return moved["alias"], f"kept since {moved['alias']} moved into {moving['to']}"
    moved = marks.get("moved") or {}
    if moved.get("abandoned"):
        return moved["alias"], "left by a move that was taken back"
    return None


def _origins(bodies: dict[str, Body]) -> set[str]:
    found = (mark(body).get(what) or {} for body in bodies.values() for what in ("moved", "kept", "moving"))
    return {str(one[key]) for one in found for key in ("from", "by", "to") if key in one}


def _numbered(sender: Sender, ids: list[str]) -> list[str]:
    names: list[str] = []
    for start in range(0, len(ids), _BATCH):
        patterns = ",".join(f"{quote(id, safe='')}-v*" for id in ids[start : start + _BATCH])
        params = {"expand_wildcards": "all", "ignore_unavailable": "true"}
        answer = sender.send(Request("elasticsearch", "GET", f"/_resolve/index/{patterns}", params)).body
        names += [one["name"] for one in answer.get("indices", ())]
    return names


def _indices(sender: Sender, names: Iterable[str]) -> dict[str, Body]:
    """Aliases and marks by name; an alias shows what stands behind it."""
    wanted = sorted(set(names))
    found: dict[str, Body] = {}
    params = {"ignore_unavailable": "true", "expand_wildcards": "none", "filter_path": "*.aliases,*.mappings._meta"}
    for start in range(0, len(wanted), _BATCH):
        path = "/" + ",".join(quote(name, safe="") for name in wanted[start : start + _BATCH])
        found |= sender.send(Request("elasticsearch", "GET", path, params)).body
    return found
