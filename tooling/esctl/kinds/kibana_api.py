"""What kinds share that have an API of their own in Kibana: one list for each space, a body checked by a schema.

The schemas are our own writing, from facts in Kibana's public sources; an unknown key is an error, since Kibana refuses
it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ..dashboards.mistakes import Checker
from ..errors import Problem
from ..model import Address, Body, Capabilities, Consequence, Live, Path, Request, Resource, Sender
from .base import Context, Cost, Needs, Reference
from .normalise import copy, get
from .saved_objects import in_space
from .wording import meant

Schema = dict[str, Any]
Found = Iterable[tuple[str, Body]]
"""Of a list: the id that a project knows each by, and its body."""

TEXT: Schema = {"type": "string"}
NAME: Schema = {"type": "string", "minLength": 1}
FLAG: Schema = {"type": "boolean"}
NUMBER: Schema = {"type": "number"}
ANYTHING: Schema = {"type": "object"}
TEXTS: Schema = {"type": "array", "items": TEXT}


def closed(required: Iterable[str] = (), **properties: Schema) -> Schema:
    """An object of these keys and no other."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def each_space(sender: Sender) -> list[str]:
    """The spaces that the credentials may see; `""` is the default one."""
    answer = sender.send(Request("kibana", "GET", "/api/spaces/space"), accept=(404,))
    names = [one["id"] for one in answer.body] if answer.status == 200 else ["default"]
    return sorted("" if name == "default" else name for name in names)


@dataclass(frozen=True)
class ApiKind(ABC):
    """Read by one list for each space, whatever the number of resources in it."""

    name: str
    stage: int
    about: str
    api: str
    path: str
    form: Mapping[str, Schema]
    needs: Needs = Needs()
    secrets: tuple[str, ...] = ()
    spaced: bool = True
    shared: bool = False

    def check(self, resource: Resource) -> Iterator[Problem]:
        for path, message, hint in _checker(self).mistakes(resource.spec, "body"):
            yield Problem(message, resource.at("spec", *path), hint)

    def render(self, resource: Resource, context: Context) -> Body:
        body: Body = copy(resource.spec)
        return body

    def references(self, resource: Resource) -> Iterable[Reference]:
        return ()

    @abstractmethod
    def listed(self, sender: Sender, space: str, wanted: Collection[str] | None, capabilities: Capabilities) -> Found:
        """What there is in a space; `wanted` are the ids that are asked for, None: all. A space may not exist yet."""

    def read(self, sender: Sender, addresses: Collection[Address], capabilities: Capabilities) -> dict[Address, Live]:
        found: dict[Address, Live] = {}
        for space in sorted({address.space for address in addresses}):
            ids = {address.id for address in addresses if address.space == space}
            for id_, body in self.listed(sender, space, ids, capabilities):
                if id_ in ids:
                    self._add(found, Address(self.name, id_, space), body, sure=True)
        return found

    def everything(self, sender: Sender, capabilities: Capabilities) -> dict[Address, Live]:
        found: dict[Address, Live] = {}
        for space in each_space(sender) if self.spaced else [""]:
            for id_, body in self.listed(sender, space, None, capabilities):
                self._add(found, Address(self.name, id_, space), body, sure=False)
        return found

    def _add(self, found: dict[Address, Live], address: Address, body: Body, *, sure: bool) -> None:
        """`sure`: the resource is the project's, and must not be taken for another."""
        found[address] = Live(address, body, self.version(body))

    def version(self, body: Body) -> dict[str, Any]:
        """What tells one state of it from the next."""
        return {key: body[key] for key in ("updated_at", "updatedAt") if key in body}

    def foreign(self, live: Live) -> str | None:
        return None

    @abstractmethod
    def normalise(self, body: Body, capabilities: Capabilities) -> Body: ...

    def written(self, live: Live, capabilities: Capabilities) -> Body:
        return self.normalise(live.body, capabilities)

    @abstractmethod
    def write(self, address: Address, body: Body, live: Live | None, context: Context) -> tuple[Request, ...]: ...

    def delete(self, address: Address, context: Context) -> tuple[Request, ...]:
        return (self.request("DELETE", address),)

    def cost(self, before: Body | None, after: Body | None, capabilities: Capabilities) -> Cost:
        return Cost(Consequence.INSTANT)

    def request(self, method: Any, address: Address, tail: str = "", body: Any = None) -> Request:
        """A request to the API of one resource, in its space."""
        path = f"{self.path}/{quote(address.id, safe='')}{tail}"
        return Request("kibana", method, in_space(address.space, path), body=body)

    def pages(self, sender: Sender, path: str, space: str, items: str, size: tuple[str, int]) -> Iterator[Body]:
        """Every item of a list that comes in pages; nothing where the space does not exist."""
        page, seen, total = 1, 0, 1
        while seen < total:
            params = {"page": str(page), size[0]: str(size[1])}
            answer = sender.send(Request("kibana", "GET", in_space(space, path), params), accept=(404,))
            if answer.status == 404:
                return
            yield from answer.body[items]
            seen, total, page = seen + len(answer.body[items]), answer.body["total"], page + 1
            if not answer.body[items]:
                return


_CHECKERS: dict[str, Checker] = {}


def _checker(kind: ApiKind) -> Checker:
    if kind.name not in _CHECKERS:
        _CHECKERS[kind.name] = Checker({"$defs": dict(kind.form)})
    return _CHECKERS[kind.name]


def lacking(resource: Resource, path: Path, needed: Iterable[str], by: str) -> Iterator[Problem]:
    """What the object at `path` of the spec lacks of what `by` (a rule type, an indicator) needs; a slip is named."""
    found = get(resource.spec, path)
    if not isinstance(found, dict):
        return
    needed = tuple(needed)
    for key in [key for key in needed if key not in found]:
        slip = next((one for one in found if one not in needed and meant(one, [key])[0]), None)
        if slip is None:
            message = f'"{key}" is missing in {path[-1]}: {by} needs it'
            yield Problem(message, resource.at("spec", *path), rule="missing-key")
        else:
            place = resource.at("spec", *path, slip)
            yield Problem(f'{by} has no "{slip}"', place, f'did you mean "{key}"?', rule="unknown-key")


def without_nothing(body: Body, keys: Collection[str]) -> Body:
    """The given keys of a body, those left out that say nothing: null, and empty text, list and mapping."""
    said = {key: body[key] for key in keys if body.get(key) is not None}
    return {key: copy(value) for key, value in said.items() if not (isinstance(value, str | list | dict) and not value)}
