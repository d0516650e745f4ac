"""Kinds that are "put, list, delete under one path", as data."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

from ..errors import Problem
from ..model import Address, Body, Capabilities, Consequence, Live, Path, Request, Resource, Sender, Waiting
from . import schema
from .base import Context, Cost, Needs, Reference, owner_mark
from .index_references import Refers, from_mappings, from_settings
from .normalise import Rule, aliases, as_list, copy, drop, drop_if, get, mappings, settings, without_owner

Listing = Callable[[Any], Iterable[tuple[str, Body]]]


def managed(name: str, body: Body) -> str | None:
    """A leading dot, or `_meta.managed`: the mark of what Elastic's own products install."""
    if name.startswith("."):
        return "its name begins with a dot: the system's"
    for path in (("_meta",), ("policy", "_meta"), ("metadata",)):
        meta = get(body, path)
        if isinstance(meta, dict) and (meta.get("managed") is True or meta.get("_reserved") is True):
            by = meta.get("managed_by") or (get(meta, ("package", "name")) and "Fleet")
            return f"managed by {by}" if by else "managed by Elastic"
    return None


@dataclass(frozen=True)
class RestKind:
    """A kind written whole by one request, listed by one GET.

    `meta` is the path to its `_meta` or `metadata`, None where it has none. `system` says why something on the server
    is not a person's.
    """

    name: str
    stage: int
    path: str
    listing: str
    items: Listing
    about: str
    api: str
    rules: tuple[Rule, ...] = ()
    meta: Path | None = None
    method: Literal["PUT", "POST"] = "PUT"
    takes_effect: Cost = Cost(Consequence.INSTANT)
    deletion: Cost = Cost(Consequence.INSTANT)
    refers_to: tuple[Refers, ...] = ()
    needs: Needs = Needs()
    secrets: tuple[str, ...] = ()
    system: Callable[[str, Body], str | None] = managed
    spaced: bool = False
    shared: bool = False

    def check(self, resource: Resource) -> Iterable[Problem]:
        """Unknown keys and wrong types, by the schema of Elasticsearch's own API."""
        return body_problems(resource, "template", "aliases")

    def render(self, resource: Resource, context: Context) -> Body | Waiting:
        return self.marked(copy(resource.spec), context.project)

    def marked(self, body: Body, project: str) -> Body:
        """The body with the owner's mark in its `_meta`."""
        return _marked(body, self.meta, project) if self.meta is not None else body

    def references(self, resource: Resource) -> Iterator[Reference]:
        for refers in self.refers_to:
            for kind, name, path in refers(resource.spec):
                yield Reference(Address(kind, name), ("spec", *path))

    def read(self, sender: Sender, addresses: Collection[Address], capabilities: Capabilities) -> dict[Address, Live]:
        found = self.everything(sender, capabilities)
        return {address: found[address] for address in addresses if address in found}

    def everything(self, sender: Sender, capabilities: Capabilities) -> dict[Address, Live]:
        answer = sender.send(Request("elasticsearch", "GET", self.listing), accept=(404,))
        items = self.items(answer.body) if answer.status == 200 else ()
        return {(address := Address(self.name, name)): Live(address, body, _version(body)) for name, body in items}

    def foreign(self, live: Live) -> str | None:
        return self.system(live.address.id, live.body)

    def written(self, live: Live, capabilities: Capabilities) -> Body:
        body = self.normalise(live.body, capabilities)
        if "template" not in body:
            return body
        from .tidy import tidy

        return tidy(body, ("template", "settings"), ("template", "mappings"))

    def normalise(self, body: Body, capabilities: Capabilities) -> Body:
        body = copy(body)
        for rule in self.rules:
            body = rule(body, capabilities)
        return without_owner(self.meta)(body, capabilities) if self.meta is not None else body

    def write(self, address: Address, body: Body, live: Live | None, context: Context) -> tuple[Request, ...]:
        return (Request("elasticsearch", self.method, self._path(address), body=body),)

    def delete(self, address: Address, context: Context) -> tuple[Request, ...]:
        return (Request("elasticsearch", "DELETE", self._path(address)),)

    def cost(self, before: Body | None, after: Body | None, capabilities: Capabilities) -> Cost:
        if after is None:
            return self.deletion
        return self.takes_effect if before is not None else Cost(Consequence.INSTANT)

    def _path(self, address: Address) -> str:
        return self.path.format(id=quote(address.id, safe=""))


def body_problems(resource: Resource, *aliases: str) -> Iterator[Problem]:
    """What the schema says of a body, and numbers as routing of the aliases at that path.

    9.5.3 and 8.19.21 answer 200 to such a number and drop it.
    """
    for path, message, hint, severity, rule in schema.check(resource.address.kind, resource.spec):
        yield Problem(message, resource.at("spec", *path), hint, severity, rule)
    written = get(resource.spec, aliases)
    for alias, options in written.items() if isinstance(written, dict) else ():
        for key in ("routing", "index_routing", "search_routing"):
            value = options.get(key) if isinstance(options, dict) else None
            if isinstance(value, int | float):
                place = resource.at("spec", *aliases, alias, key)
                message = f"{key} {value} is a number, which Elasticsearch drops"
                yield Problem(message, place, f'write {key}: "{value}"', rule="number-as-routing")


def _marked(body: Body, meta: Path, project: str) -> Body:
    target = body
    for key in meta:
        if not isinstance(target.get(str(key)), dict):  # a null, too: what else it may be was told before
            target[str(key)] = {}
        target = target[str(key)]
    target.update(owner_mark(project))
    return body


def _version(body: Body) -> dict[str, Any]:
    return {"version": body["version"]} if isinstance(body.get("version"), int) else {}


def _listed(items: str, body: str) -> Listing:
    """`{items: [{"name": …, body: {…}}]}`"""

    def listing(answer: Any) -> Iterable[tuple[str, Body]]:
        return ((item["name"], item[body]) for item in (answer or {}).get(items, ()))

    return listing


def mapped(answer: Any) -> Iterable[tuple[str, Body]]:
    """`{name: {…}}`"""
    return ((name, body) for name, body in (answer or {}).items() if isinstance(body, dict))


def each(kind: str, *path: str | int) -> Refers:
    """Every name in the list at `path`."""

    def refers(spec: Body) -> Iterator[tuple[str, str, Path]]:
        names = get(spec, path)
        for position, name in enumerate(names if isinstance(names, list) else ()):
            if isinstance(name, str) and name not in (spec.get("ignore_missing_component_templates") or ()):
                yield kind, name, (*path, position)

    return refers


def _zero_ages(body: Body, capabilities: Capabilities) -> Body:
    """`min_age` of nothing is added to every phase; `delete_searchable_snapshot: true` to delete (row 27)."""
    for phase in (get(body, ("policy", "phases")) or {}).values():
        if re.fullmatch(r"0(ms|s|m|h|d|nanos|micros)?", str(phase.get("min_age", ""))):
            del phase["min_age"]
        action = get(phase, ("actions", "delete"))
        if isinstance(action, dict) and action.get("delete_searchable_snapshot") is True:
            del action["delete_searchable_snapshot"]
    return body


def _snapshots(spec: Body) -> Iterator[tuple[str, str, Path]]:
    """What phases wait for, and where they put searchable snapshots."""
    phases = get(spec, ("policy", "phases"))
    for phase, body in phases.items() if isinstance(phases, dict) else ():
        for kind, path in (
            ("slm-policy", ("actions", "wait_for_snapshot", "policy")),
            ("snapshot-repository", ("actions", "searchable_snapshot", "snapshot_repository")),
        ):
            name = get(body, path)
            if isinstance(name, str):
                yield kind, name, ("policy", "phases", phase, *path)


ILM_POLICY = RestKind(
    name="ilm-policy",
    stage=10,
    path="/_ilm/policy/{id}",
    listing="/_ilm/policy",
    items=mapped,
    about="An index lifecycle: what happens to indices as they age, phase by phase.",
    api="PUT /_ilm/policy/{policy}",
    rules=(drop(("version",), ("modified_date",), ("modified_date_millis",), ("in_use_by",)), _zero_ages),
    meta=("policy", "_meta"),
    refers_to=(_snapshots,),
    needs=Needs(serverless=False),
)

DATES = drop(("created_date_millis",), ("modified_date_millis",), ("created_date",), ("modified_date",))
"""When it was made and changed: servers from 9.x add it on read (row 29)."""

_OF_A_TEMPLATE = (
    DATES,
    settings(("template", "settings")),
    mappings(("template", "mappings")),
    aliases(("template", "aliases")),
    drop_if(("template", "settings"), {}),
    drop_if(("template", "mappings"), {}),
    drop_if(("template", "aliases"), {}),
    drop_if(("deprecated",), False),
)
_REFERS = (from_settings("template", "settings"), from_mappings("template", "mappings"))
_FROM_NOW_ON = Cost(Consequence.NEXT_ROLLOVER, "indices made from now on; existing ones stay as they are")

COMPONENT_TEMPLATE = RestKind(
    name="component-template",
    stage=20,
    path="/_component_template/{id}",
    listing="/_component_template",
    items=_listed("component_templates", "component_template"),
    about="A building block of index templates: settings, mappings and aliases under one name.",
    api="PUT /_component_template/{name}",
    rules=_OF_A_TEMPLATE,
    meta=("_meta",),
    takes_effect=_FROM_NOW_ON,
    refers_to=_REFERS,
)


@dataclass(frozen=True)
class IndexTemplateKind(RestKind):
    """It can be tried out: the server says what an index of a matching name would get."""

    def verify(self, address: Address, body: Body, sender: Sender, capabilities: Capabilities) -> Iterator[str]:
        """Whether it is this template that an index of a matching name gets its settings and fields from."""
        patterns = body.get("index_patterns") or ()
        for pattern in [patterns] if isinstance(patterns, str) else patterns:
            name = pattern.replace("*", "verify").removeprefix("-")
            path = f"/_index_template/_simulate_index/{quote(name, safe='')}"
            answer = sender.send(Request("elasticsearch", "POST", path), accept=(400, 404, 500)).body
            if "template" not in answer:
                reason = (answer.get("error") or {}).get("reason") if isinstance(answer, dict) else None
                yield f'an index "{name}" could not be made: {reason or "no template applies to it"}'
                continue
            wanted, got = (
                self.normalise({"template": side}, capabilities).get("template", {})
                for side in (body.get("template") or {}, answer["template"])
            )
            if not _within(wanted, got):
                yield f'an index "{name}" gets its settings or fields from another template, of higher priority'


def _within(wanted: Any, got: Any) -> bool:
    """Whether all that is wanted is there, with the same value."""
    if isinstance(wanted, dict):
        return isinstance(got, dict) and all(
            key in got and _within(value, got[key])
            for key, value in wanted.items()
            if key not in ("_meta", "lifecycle")
        )
    return bool(wanted == got)


INDEX_TEMPLATE = IndexTemplateKind(
    name="index-template",
    stage=40,
    path="/_index_template/{id}",
    listing="/_index_template",
    items=_listed("index_templates", "index_template"),
    about="What new indices and data streams get whose names match its patterns.",
    api="PUT /_index_template/{name}",
    rules=(
        *_OF_A_TEMPLATE,
        as_list(("index_patterns",)),
        drop_if(("template", "lifecycle", "enabled"), True),
        drop_if(("template",), {}),
        drop_if(("composed_of",), []),
        drop_if(("ignore_missing_component_templates",), []),
        drop_if(("data_stream", "hidden"), False),
        drop_if(("data_stream", "allow_custom_routing"), False),
    ),
    meta=("_meta",),
    takes_effect=_FROM_NOW_ON,
    refers_to=(each("component-template", "composed_of"), *_REFERS),
)
