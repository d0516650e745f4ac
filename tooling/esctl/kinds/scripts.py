"""Stored scripts and search templates: one API, two kinds; listed by filtered cluster state, for there is no list."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from ..errors import EsctlError, Problem, ServerError
from ..model import Address, Body, Capabilities, Consequence, Live, Path, Request, Resource, Sender
from .base import Context, Cost, Part, Reference
from .normalise import copy, get
from .rest import RestKind
from .search_references import search_references

MUSTACHE = "mustache"
STATE = "/_cluster/state/metadata"
FILTER = {"filter_path": "metadata.stored_scripts"}
ELSEWHERE = (400, 403, 404, 405, 410)
"""What servers answer that do not show the cluster's state: Serverless has none, others ask for `monitor`."""


@dataclass(frozen=True)
class ScriptKind(RestKind):
    """`template`: whether it holds Mustache. `context`, beside `script`, has the server compile it for that context."""

    template: bool = False

    def check(self, resource: Resource) -> Iterable[Problem]:
        yield from super().check(resource)
        script = resource.spec.get("script")
        place = resource.at("spec", "script")
        if script is None or not isinstance(script, str | dict):
            yield Problem('"script" is missing', resource.at("spec"), "write script: {lang: …, source: …}")
        elif isinstance(script, dict):
            lang = script.get("lang")
            if not script.get("source"):
                yield Problem('a script needs "source"', place)
            if lang is None:
                yield Problem(
                    'a script needs "lang"', place, "write lang: " + (MUSTACHE if self.template else "painless")
                )
            elif (lang == MUSTACHE) != self.template:
                right = "search-template" if lang == MUSTACHE else "stored-script"
                yield Problem(f"lang {lang} is a {right}, not a {self.name}", resource.at("spec", "script", "lang"))

    def render(self, resource: Resource, context: Context) -> Body:
        return {**copy(resource.spec), "script": _whole(resource.spec.get("script"), self.template)}

    def read(self, sender: Sender, addresses: Collection[Address], capabilities: Capabilities) -> dict[Address, Live]:
        found = self._listed(sender, capabilities)
        if found is None:
            # One by one: only so does a server without that list show them, and only those written here are asked for.
            found = {}
            for address in addresses:
                answer = sender.send(Request("elasticsearch", "GET", self._path(address)), accept=(404,))
                if answer.status == 200:
                    found[address] = Live(address, {"script": answer.body["script"]})
        return {address: found[address] for address in addresses if address in found and self._ours(found[address])}

    def everything(self, sender: Sender, capabilities: Capabilities) -> dict[Address, Live]:
        found = self._listed(sender, capabilities)
        if found is None:
            hint = "Serverless has no list of them" if capabilities.serverless else "that takes the privilege monitor"
            raise EsctlError(f"{self.name}: the server does not list them", hint=hint)
        return {address: live for address, live in found.items() if self._ours(live)}

    def _listed(self, sender: Sender, capabilities: Capabilities) -> dict[Address, Live] | None:
        if capabilities.serverless:
            return None
        answer = sender.send(Request("elasticsearch", "GET", STATE, FILTER), accept=ELSEWHERE)
        if answer.status != 200:
            return None
        scripts = get(answer.body, ("metadata", "stored_scripts")) or {}
        return {(a := Address(self.name, name)): Live(a, {"script": script}) for name, script in scripts.items()}

    def _ours(self, live: Live) -> bool:
        return (get(live.body, ("script", "lang")) == MUSTACHE) is self.template

    def parts(self, address: Address, body: Body) -> Iterator[tuple[Part, Path]]:
        """The id, which stored scripts and search templates share."""
        yield ("script", address.id), ()

    def without(self, address: Address, body: Body, taken: Callable[[Part], bool]) -> Body | None:
        return None if taken(("script", address.id)) else body

    def normalise(self, body: Body, capabilities: Capabilities) -> Body:
        script = _whole(body.get("script"), self.template)
        if isinstance(script, dict):
            options = {k: v for k, v in (script.get("options") or {}).items() if k != "content_type"}
            script.pop("options", None)
            script.pop("params", None)  # taken and dropped, as 7.10.2 shows
            if options:
                script["options"] = options
            if self.template:
                script["source"] = _parsed(script.get("source"))
        return {"script": script}

    def write(self, address: Address, body: Body, live: Live | None, context: Context) -> tuple[Request, ...]:
        path = self._path(address)
        if body.get("context"):
            path += "/" + quote(str(body["context"]), safe="")
        return (Request("elasticsearch", "PUT", path, body={"script": body["script"]}),)


@dataclass(frozen=True)
class SearchTemplateKind(ScriptKind):
    """Mustache, which a server compiles when it is called for the first time."""

    def references(self, resource: Resource) -> Iterator[Reference]:
        """What the search names; of a template that is text, as far as it is JSON before it is filled in."""
        script: Any = resource.spec.get("script")
        place: Path = ("spec", "script")
        if isinstance(script, dict):
            script, place = script.get("source"), (*place, "source")
        for reference in search_references(_parsed(script), place):
            yield replace(reference, path=place) if isinstance(script, str) else reference

    def verify(self, address: Address, body: Body, sender: Sender, capabilities: Capabilities) -> Iterator[str]:
        """Whether the stored template is Mustache at all; what its callers put in is theirs."""
        path = f"/_render/template/{quote(address.id, safe='')}"
        try:
            sender.send(Request("elasticsearch", "POST", path, body={"params": {}}))
        except ServerError as error:
            if error.kind in ("script_exception", "resource_not_found_exception"):
                yield str(error)


def _whole(script: Any, template: bool) -> Any:
    """Text alone is the source, in the language that is usual for it (row 5)."""
    if isinstance(script, str):
        return {"lang": MUSTACHE if template else "painless", "source": script}
    return copy(script)


def _parsed(source: Any) -> Any:
    """Servers keep a template that was sent as an object as JSON text: both become the object; other text stays."""
    if not isinstance(source, str):
        return source
    try:
        parsed = json.loads(source)
    except ValueError:
        return source
    return parsed if isinstance(parsed, dict) else source


def _none(answer: Any) -> Iterable[tuple[str, Body]]:
    return ()


_BOTH: dict[str, Any] = {
    "path": "/_scripts/{id}",
    "listing": STATE,
    "items": _none,
    "api": "PUT /_scripts/{id}",
    "takes_effect": Cost(Consequence.INSTANT, "what refers to it uses the new one from the next call on"),
    "deletion": Cost(Consequence.INSTANT, "what still refers to it fails from then on"),
}

STORED_SCRIPT = ScriptKind(
    name="stored-script",
    stage=5,
    about="A Painless script under a name, for queries, aggregations and pipelines. `script` alone as text is its"
    " source; `context` beside it has the server compile the script for that context before it is stored.",
    **_BOTH,
)

SEARCH_TEMPLATE = SearchTemplateKind(
    name="search-template",
    stage=6,
    about="A search with holes in it (Mustache), filled in by its callers. `source` is the search, as an object or as"
    " text.",
    template=True,
    **_BOTH,
)
