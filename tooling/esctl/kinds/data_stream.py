"""Data streams, and their lifecycles: made by name from a template that matches, with options of their own."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ..errors import Problem, did_you_mean
from ..model import Address, Body, Capabilities, Consequence, Live, Path, Request, Resource, Sender
from .base import Context, Cost, Needs, Part, Reference
from .normalise import copy, drop, drop_if, get
from .rest import RestKind, managed

ALL = {"expand_wildcards": "all"}  # hidden ones too
SHAPE: dict[str, Any] = {
    "template": str,
    "options": {"failure_store": {"enabled": bool, "lifecycle": {"enabled": bool, "data_retention": str}}},
}
"""The keys of a spec: `options` as `PUT /_data_stream/{name}/_options` takes them."""


@dataclass(frozen=True)
class DataStreamKind:
    """Shared ground: documents, rollovers and lifecycles go on by themselves; only the options written are compared.

    `spec` is `options`, the body of `PUT /_data_stream/{name}/_options`, and `template`, the index template that is to
    match: it is made first, and looked up where the project does not write it.
    """

    name: str = "data-stream"
    stage: int = 55
    spaced: bool = False
    shared: bool = True
    about: str = (
        "A stream of documents with a time: one name, hidden indices behind it that roll over. "
        "What they hold comes from the index template that matches the name and has `data_stream`."
    )
    api: str = "PUT /_data_stream/{name}, PUT /_data_stream/{name}/_options"
    needs: Needs = Needs()
    secrets: tuple[str, ...] = ()

    def check(self, resource: Resource) -> Iterator[Problem]:
        return _shape_problems(resource, resource.spec, SHAPE, ())

    def render(self, resource: Resource, context: Context) -> Body:
        return {key: copy(value) for key, value in resource.spec.items() if key != "template"}

    def references(self, resource: Resource) -> Iterator[Reference]:
        template = resource.spec.get("template")
        if isinstance(template, str):
            yield Reference(Address("index-template", template), ("spec", "template"))

    def read(self, sender: Sender, addresses: Collection[Address], capabilities: Capabilities) -> dict[Address, Live]:
        found = self.everything(sender, capabilities)
        return {address: found[address] for address in addresses if address in found}

    def everything(self, sender: Sender, capabilities: Capabilities) -> dict[Address, Live]:
        """Two lists: streams, and their options, which the first shows only as they take effect."""
        streams = _listed(sender, "/_data_stream")
        options = (
            {one["name"]: one.get("options") for one in _listed(sender, "/_data_stream/*/_options")} if streams else {}
        )
        found = {}
        for stream in streams:
            body: Body = {"template": stream.get("template"), "backing_indices": len(stream.get("indices") or ())}
            for key in ("hidden", "system", "_meta"):
                if stream.get(key):
                    body[key] = stream[key]
            if options.get(stream["name"]):
                body["options"] = options[stream["name"]]
            address = Address(self.name, stream["name"])
            found[address] = Live(address, body)
        return found

    def foreign(self, live: Live) -> str | None:
        return "a system data stream" if live.body.get("system") else managed(live.address.id, live.body)

    def written(self, live: Live, capabilities: Capabilities) -> Body:
        body = self.normalise(live.body, capabilities)
        template = live.body.get("template")
        return ({"template": template} if template else {}) | (
            {"options": body["options"]} if "options" in body else {}
        )

    def normalise(self, body: Body, capabilities: Capabilities) -> Body:
        """`enabled: true` is what an empty body means; the template decides nothing that could be compared here."""
        kept: Body = {key: copy(body[key]) for key in ("options", "backing_indices") if body.get(key) not in (None, {})}
        store = get(kept, ("options", "failure_store"))
        if isinstance(store, dict):
            store.setdefault("enabled", True)
            if isinstance(store.get("lifecycle"), dict):
                store["lifecycle"].setdefault("enabled", True)
        return kept

    def write(self, address: Address, body: Body, live: Live | None, context: Context) -> tuple[Request, ...]:
        path = f"/_data_stream/{quote(address.id, safe='')}"
        requests = [] if live else [Request("elasticsearch", "PUT", path)]
        wanted = self.normalise(body, context.capabilities).get("options")
        found = self.normalise(live.body, context.capabilities).get("options") if live else None
        if wanted and wanted != found:
            requests.append(Request("elasticsearch", "PUT", f"{path}/_options", body=wanted))
        return tuple(requests)

    def release(self, address: Address, last: Body, body: Body, live: Live, context: Context) -> tuple[Request, ...]:
        """Options that are no longer written go back to what the template and the cluster say."""
        if last.get("options") and not self.normalise(body, context.capabilities).get("options"):
            path = f"/_data_stream/{quote(address.id, safe='')}/_options"
            return (Request("elasticsearch", "DELETE", path),)
        return ()

    def parts(self, address: Address, body: Body) -> Iterator[tuple[Part, Path]]:
        yield ("name", address.id), ()

    def without(self, address: Address, body: Body, taken: Callable[[Part], bool]) -> Body | None:
        return body

    def delete(self, address: Address, context: Context) -> tuple[Request, ...]:
        return (Request("elasticsearch", "DELETE", f"/_data_stream/{quote(address.id, safe='')}"),)

    def cost(self, before: Body | None, after: Body | None, capabilities: Capabilities) -> Cost:
        if after is None:
            count = (before or {}).get("backing_indices", 1)
            indices = f"{count} backing indices" if count != 1 else "its backing index"
            return Cost(Consequence.IRREVERSIBLE, f"{indices} and all documents in it go")
        return Cost(Consequence.INSTANT)


def _shape_problems(resource: Resource, value: Any, shape: Any, path: tuple[str, ...]) -> Iterator[Problem]:
    """Unknown keys and wrong types."""
    place = resource.at("spec", *path)
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            yield Problem(f"{path[-1] if path else 'spec'} is a map", place)
            return
        for key, below in value.items():
            if key in shape:
                yield from _shape_problems(resource, below, shape[key], (*path, key))
            else:
                at = resource.at("spec", *path, key)
                yield Problem(f'unknown key "{key}"', at, did_you_mean(key, shape), rule="unknown-key")
    elif not isinstance(value, shape):
        yield Problem(f"{path[-1]} is {'true or false' if shape is bool else 'text'}", place)


def _listed(sender: Sender, path: str) -> list[Any]:
    # 404: what a pattern without a match is on some versions.
    answer = sender.send(Request("elasticsearch", "GET", path, ALL), accept=(404,))
    return list(answer.body.get("data_streams", ())) if answer.status == 200 else []


def _lifecycles(answer: Any) -> Iterator[tuple[str, Body]]:
    for stream in (answer or {}).get("data_streams", ()):
        if stream.get("lifecycle") is not None:
            yield stream["name"], stream["lifecycle"]


@dataclass(frozen=True)
class LifecycleKind(RestKind):
    """One PUT for the whole lifecycle of one stream."""

    def references(self, resource: Resource) -> Iterator[Reference]:
        yield Reference(Address("data-stream", resource.address.id), ("id",))

    def everything(self, sender: Sender, capabilities: Capabilities) -> dict[Address, Live]:
        answer = sender.send(Request("elasticsearch", "GET", self.listing, ALL), accept=(404,))
        found = _lifecycles(answer.body) if answer.status == 200 else ()
        return {(address := Address(self.name, name)): Live(address, body) for name, body in found}

    def cost(self, before: Body | None, after: Body | None, capabilities: Capabilities) -> Cost:
        """A shorter retention deletes what is older, within minutes."""
        old, new = (_days((side or {}).get("data_retention")) for side in (before, after))
        if after is not None and before is not None and after.get("enabled") is not False and new < old:
            kept = after["data_retention"]
            return Cost(
                Consequence.IRREVERSIBLE, f"documents older than {kept} are deleted at the lifecycle's next run"
            )
        return Cost(Consequence.INSTANT)


_UNITS = {"d": 1.0, "h": 1 / 24, "m": 1 / 1440, "s": 1 / 86400, "ms": 1 / 86_400_000}


def _days(retention: Any) -> float:
    """Days that documents are kept; without a retention, for ever."""
    found = re.fullmatch(r"(\d+)(d|h|m|s|ms)", str(retention))
    return int(found[1]) * _UNITS[found[2]] if found else float("inf")


DATA_STREAM = DataStreamKind()

DATA_STREAM_LIFECYCLE = LifecycleKind(
    name="data-stream-lifecycle",
    stage=57,
    path="/_data_stream/{id}/_lifecycle",
    listing="/_data_stream/*/_lifecycle",
    items=_lifecycles,
    about="How long a data stream keeps its documents, and how it thins them out; its id is the data stream's name.",
    api="PUT /_data_stream/{name}/_lifecycle",
    rules=(
        drop(("effective_retention",), ("retention_determined_by",), ("rollover",)),
        drop_if(("enabled",), True),
        drop_if(("data_retention",), None),
    ),
)
