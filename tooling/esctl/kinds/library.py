"""Saved objects that are written by `_import`: tags, links, maps, Discover sessions, and any other type as exported.

Each may be written as Kibana exports it (`attributes`, `references`), JSON texts opened or not; tags, links and
Discover sessions in a plain form, too, which `pull` uses wherever it says everything.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from ..dashboards import decode
from ..dashboards.as_code import as_code_schema
from ..dashboards.convert import CORE_VERSION
from ..dashboards.mistakes import Checker
from ..errors import Problem
from ..model import Address, Body, Capabilities, Consequence, Live, Request, Resource, Response, Sender
from . import saved_objects
from .base import Context, Cost, Needs, Reference
from .chart_references import chart_references
from .kibana_api import ANYTHING, NAME, TEXT, TEXTS, Schema, closed, each_space
from .normalise import copy

TAG_REFERENCE = "tag-ref-"
KIND_OF = {
    "index-pattern": "data-view",
    "dashboard": "dashboard",
    "lens": "visualization",
    "visualization": "visualization",
    "search": "discover-session",
    "links": "links",
    "map": "map",
    "tag": "tag",
    "action": "action-connector",
    "alert": "alerting-rule",
}
"""Types of saved objects that have a kind of their own."""
OTHERS = (
    "query",
    "event-annotation-group",
    "canvas-workpad",
    "canvas-element",
    "graph-workspace",
    "markdown",
    "osquery-saved-query",
    "osquery-pack",
    "infrastructure-ui-source",
)
"""Types that have none, and that a Kibana may have: `pull` asks for them."""

_REFERENCE = closed(("type", "id", "name"), type=NAME, id=NAME, name=TEXT)
EXPORTED: Schema = closed(
    ("attributes",),
    attributes=ANYTHING,
    references={"type": "array", "items": _REFERENCE},
    typeMigrationVersion=NAME,
)


@dataclass(frozen=True)
class LibraryKind:
    """`form` is the plain form's schema, None where there is none; `stamp` the version that what is written has."""

    name: str
    stage: int
    type: str
    about: str
    stamp: str
    form: Schema | None = None
    api: str = "POST /api/saved_objects/_import"
    needs: Needs = Needs()
    secrets: tuple[str, ...] = ()
    spaced: bool = True
    shared: bool = False
    definitions: Mapping[str, Schema] = field(default_factory=dict)

    # what is written

    def check(self, resource: Resource) -> Iterator[Problem]:
        plain = self.form is not None and "attributes" not in resource.spec
        checker = Checker({"$defs": {**self.own_definitions(), "body": self.form if plain else EXPORTED}})
        for path, message, hint in checker.mistakes(resource.spec, "body"):
            yield Problem(message, resource.at("spec", *path), hint)

    def own_definitions(self) -> Mapping[str, Schema]:
        """What the plain form's schema refers to."""
        return self.definitions

    def render(self, resource: Resource, context: Context) -> Body:
        """The decoded saved object."""
        spec, (type_, id_) = resource.spec, self.named(resource.address)
        if "attributes" in spec:
            made = _object(type_, id_, spec["attributes"], spec.get("references", []))
            stamp = spec.get("typeMigrationVersion", self.stamp)
            return opened(made | ({"typeMigrationVersion": stamp} if stamp else {}))
        attributes, references = self.stored(spec)
        tags = [{"type": "tag", "id": tag, "name": TAG_REFERENCE + tag} for tag in spec.get("tags", ())]
        return opened(_object(type_, id_, attributes, [*references, *tags]) | {"typeMigrationVersion": self.stamp})

    def named(self, address: Address) -> tuple[str, str]:
        """Type and id of the saved object of an address."""
        return self.type, address.id

    def stored(self, spec: Body) -> tuple[Body, list[dict[str, str]]]:
        """Attributes and references of the plain form."""
        return {key: copy(value) for key, value in spec.items() if key != "tags"}, []

    def plain(self, saved: Body) -> Body | None:
        """The plain form of a decoded saved object, None where it does not say everything."""
        return None

    def references(self, resource: Resource) -> Iterator[Reference]:
        space = resource.address.space
        tags = resource.spec.get("tags")
        for position, tag in enumerate(tags if isinstance(tags, list) else ()):
            if isinstance(tag, str):
                yield Reference(Address("tag", tag, space), ("spec", "tags", position))
        given = resource.spec.get("references")
        for position, one in enumerate(given if isinstance(given, list) else ()):
            if isinstance(one, dict) and one.get("type") in KIND_OF and isinstance(one.get("id"), str):
                yield Reference(Address(KIND_OF[one["type"]], one["id"], space), ("spec", "references", position))

    # what is there

    def read(self, sender: Sender, addresses: Collection[Address], capabilities: Capabilities) -> dict[Address, Live]:
        found = saved_objects.export(sender, addresses, (self.type,))
        return {address: _live(address, saved[0]) for address, saved in found.items()}

    def everything(self, sender: Sender, capabilities: Capabilities) -> dict[Address, Live]:
        found = saved_objects.of_types(sender, self.name, (self.type,))
        return {address: _live(address, saved[0]) for address, saved in found.items()}

    def foreign(self, live: Live) -> str | None:
        if self.type == "tag" and live.address.id.startswith("fleet-"):
            return "managed by Fleet"
        return live.version.get("foreign")

    def normalise(self, body: Body, capabilities: Capabilities) -> Body:
        """The plain form where there is one; else attributes and references."""
        if "type" not in body:
            return body  # it is in one form already
        body = opened(body)
        plain = self.plain(body)
        if plain is not None:
            given = [one for one in body.get("references") or () if "id" in one]
            tags = sorted({one["id"] for one in given if one.get("type") == "tag"})
            return plain | ({"tags": tags} if tags else {})
        kept = saved_objects.envelope(body)
        kept.pop("type", None)
        return kept

    def written(self, live: Live, capabilities: Capabilities) -> Body:
        return {key: value for key, value in self.normalise(live.body, capabilities).items() if value != []}

    # requests

    def write(self, address: Address, body: Body, live: Live | None, context: Context) -> tuple[Request, ...]:
        return (saved_objects.importing(address.space, [closed_again(body)]),)

    def delete(self, address: Address, context: Context) -> tuple[Request, ...]:
        type_, id_ = self.named(address)
        path = f"/api/saved_objects/{type_}/{quote(id_, safe='')}"
        return (Request("kibana", "DELETE", saved_objects.in_space(address.space, path)),)

    def cost(self, before: Body | None, after: Body | None, capabilities: Capabilities) -> Cost:
        return Cost(Consequence.INSTANT)

    def refusal(self, response: Response) -> str | None:
        return saved_objects.refusal(response)


def _live(address: Address, saved: Body) -> Live:
    return Live(address, opened(saved), saved_objects.version_of(saved))


def _object(type_: str, id_: str, attributes: Body, references: Iterable[Mapping[str, str]]) -> Body:
    return {
        "type": type_,
        "id": id_,
        "attributes": copy(attributes),
        "references": [dict(one) for one in references],
        "coreMigrationVersion": CORE_VERSION,
    }


def opened(saved: Body) -> Body:
    """A saved object with its JSON texts parsed: those that Kibana is known to keep so, and those called `…JSON`."""
    found = decode(saved)
    attributes = {key: _parsed(value) if key.endswith("JSON") else value for key, value in found["attributes"].items()}
    return {**found, "attributes": attributes}


def closed_again(saved: Body) -> Body:
    """The inverse: `importing` closes what `decode` opens, here the rest."""
    attributes = {
        key: json.dumps(value, separators=(",", ":"), ensure_ascii=False)
        if key.endswith("JSON") and isinstance(value, dict | list)
        else value
        for key, value in saved["attributes"].items()
    }
    return {**saved, "attributes": attributes}


def _parsed(value: Any) -> Any:
    try:
        parsed = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value
    return parsed if isinstance(parsed, dict | list) else value


def _without_empty(attributes: Body, *keys: str) -> Body:
    return {key: attributes[key] for key in keys if attributes.get(key) not in (None, "")}


class TagKind(LibraryKind):
    """Its attributes are its plain form."""

    def plain(self, saved: Body) -> Body | None:
        attributes = saved["attributes"]
        if set(attributes) - {"name", "description", "color"}:
            return None
        found = _without_empty(attributes, "name", "description", "color")
        if isinstance(found.get("color"), str):
            found["color"] = found["color"].lower()
        return found

    def stored(self, spec: Body) -> tuple[Body, list[dict[str, str]]]:
        return {"description": "", **copy(spec)}, []


class LinksKind(LibraryKind):
    """Links as a panel of a dashboard takes them by value, in the library."""

    def own_definitions(self) -> Mapping[str, Schema]:
        return as_code_schema()["$defs"]

    def stored(self, spec: Body) -> tuple[Body, list[dict[str, str]]]:
        from ..dashboards.form import Form
        from ..dashboards.links import stored_links

        made, references = stored_links(spec, Form((8, 19, 0)))
        return {"description": "", **_without_empty(spec, "title", "description"), **made["attributes"]}, references

    def plain(self, saved: Body) -> Body | None:
        from ..dashboards.links import links_of

        attributes = saved["attributes"]
        if set(attributes) - {"title", "description", "layout", "links"}:
            return None
        id_of = saved_objects.by_name(saved.get("references"))
        found = links_of(attributes, id_of)
        return None if found is None else _without_empty(attributes, "title", "description") | found

    def references(self, resource: Resource) -> Iterator[Reference]:
        yield from super().references(resource)
        links = resource.spec.get("links")
        for position, link in enumerate(links if isinstance(links, list) else ()):
            if (
                isinstance(link, dict)
                and link.get("type") == "dashboardLink"
                and isinstance(link.get("destination"), str)
            ):
                target = Address("dashboard", link["destination"], resource.address.space)
                yield Reference(target, ("spec", "links", position, "destination"), loose=True)


class DiscoverSessionKind(LibraryKind):
    """A session of one tab, as a panel of a dashboard takes it by value; others as exported."""

    # What says nothing where it has this value, or is said by the tab.
    _PLAIN: Mapping[str, tuple[Any, ...]] = {
        "hideChart": (False, None),
        "timeRestore": (False, None),
        "usesAdHocDataView": (False, True, None),
        "isTextBasedQuery": (False, True, None),
        "hideAggregatedPreview": (False, None),
        "version": (1,),
        "hits": (0,),
    }
    _OF_A_TAB = frozenset(
        "title description columns sort grid kibanaSavedObjectMeta tabs rowHeight headerRowHeight rowsPerPage"
        " sampleSize viewMode density".split()
    )

    def own_definitions(self) -> Mapping[str, Schema]:
        return as_code_schema()["$defs"]

    def stored(self, spec: Body) -> tuple[Body, list[dict[str, str]]]:
        from ..dashboards.discover import stored_tab
        from ..dashboards.form import Form

        made, references = stored_tab(spec, Form((8, 19, 0)))
        attributes = made["attributes"]
        attributes.pop("references", None)
        return attributes, references

    def plain(self, saved: Body) -> Body | None:
        from ..dashboards.discover import tab_of

        attributes = saved["attributes"]
        tabs = attributes.get("tabs") or []
        inner = tabs[0].get("attributes", {}) if len(tabs) == 1 else {}
        for key, value in [*attributes.items(), *inner.items()]:
            if key not in self._OF_A_TAB and value not in self._PLAIN.get(key, (None,)):
                return None
        if len(tabs) > 1 or (tabs and tabs[0].get("label") not in (None, "", "Untitled")):
            return None
        id_of = saved_objects.by_name(saved.get("references"))
        found = tab_of({"attributes": attributes}, id_of)
        return None if found is None else _without_empty(attributes, "title", "description") | found

    def references(self, resource: Resource) -> Iterator[Reference]:
        yield from super().references(resource)
        yield from chart_references(resource.spec.get("tabs") or [], resource.address.space, ("spec", "tabs"))


class SavedObjectKind(LibraryKind):
    """Any type. The id of the document is `type/id`."""

    def check(self, resource: Resource) -> Iterator[Problem]:
        type_, _, id_ = resource.address.id.partition("/")
        if not id_:
            hint = "for example id: canvas-workpad/welcome"
            yield Problem("the id of a saved object is its type and its id", resource.at("id"), hint, rule="bad-name")
        elif type_ in KIND_OF:
            hint = f"write kind: {KIND_OF[type_]}, id: {id_}"
            yield Problem(f"saved objects of type {type_} have a kind of their own", resource.at("id"), hint, "warning")
        yield from super().check(resource)

    def named(self, address: Address) -> tuple[str, str]:
        type_, _, id_ = address.id.partition("/")
        return type_, id_

    def read(self, sender: Sender, addresses: Collection[Address], capabilities: Capabilities) -> dict[Address, Live]:
        """One request for each type in each space."""
        found: dict[Address, Live] = {}
        for type_ in sorted({self.named(address)[0] for address in addresses}):
            within = {
                Address(type_, self.named(one)[1], one.space): one for one in addresses if self.named(one)[0] == type_
            }
            for inner, saved in saved_objects.export(sender, list(within), (type_,)).items():
                found[within[inner]] = _live(within[inner], saved[0])
        return found

    def everything(self, sender: Sender, capabilities: Capabilities) -> dict[Address, Live]:
        """Of the types that this Kibana has and exports: it names those of a request that it does not."""
        found: dict[Address, Live] = {}
        types = list(OTHERS)
        for space in each_space(sender):
            answer = _of(sender, space, types)
            if answer.status == 400:
                unknown = str(answer.body.get("message")) if isinstance(answer.body, dict) else ""
                types = [type_ for type_ in types if type_ not in unknown.replace(",", " ").split()]
                answer = _of(sender, space, types)
            listed = answer.body if isinstance(answer.body, list) else [answer.body] if answer.body else []
            for saved in listed:
                if saved.get("type") in types:
                    address = Address(self.name, f"{saved['type']}/{saved['id']}", space)
                    found[address] = _live(address, saved)
        return found

    def written(self, live: Live, capabilities: Capabilities) -> Body:
        body = super().written(live, capabilities)
        stamp = live.body.get("typeMigrationVersion")
        return body | ({"typeMigrationVersion": stamp} if stamp else {})


def _of(sender: Sender, space: str, types: list[str]) -> Response:
    body = {"type": types, "excludeExportDetails": True, "includeReferencesDeep": False}
    path = saved_objects.in_space(space, saved_objects.EXPORT)
    return sender.send(Request("kibana", "POST", path, body=body), accept=(400,) if len(types) == len(OTHERS) else ())


TAG = TagKind(
    name="tag",
    stage=58,
    type="tag",
    about="A tag of Kibana, by which dashboards and other objects are found together.",
    stamp="8.0.0",
    form=closed(
        ("name", "color"),
        name={"type": "string", "minLength": 2, "maxLength": 50},
        description={"type": "string", "maxLength": 100},
        color={"type": "string", "pattern": "^#[a-fA-F0-9]{6}$"},
    ),
)

DISCOVER_SESSION = DiscoverSessionKind(
    name="discover-session",
    stage=70,
    type="search",
    about="A saved session of Discover: a query, its columns and their order.",
    stamp="8.0.0",
    form=closed(
        ("title", "tabs"),
        title=NAME,
        description=TEXT,
        tags=TEXTS,
        tabs={
            "type": "array",
            "items": {"oneOf": [{"$ref": "#/$defs/discover_tab_dsl"}, {"$ref": "#/$defs/discover_tab_esql"}]},
            "minItems": 1,
            "maxItems": 1,
        },
    ),
)

MAP = LibraryKind(
    name="map",
    stage=70,
    type="map",
    about="A map of Kibana's library, as exported; its JSON texts may be written as data.",
    stamp="8.4.0",
)

LINKS = LinksKind(
    name="links",
    stage=82,
    type="links",
    about="A list of links in Kibana's library, to dashboards and elsewhere, that dashboards show.",
    stamp="8.9.0",
    form=closed(
        ("title", "links"),
        title=NAME,
        description=TEXT,
        tags=TEXTS,
        layout={"enum": ["horizontal", "vertical"]},
        links={
            "type": "array",
            "items": {"oneOf": [{"$ref": "#/$defs/link_dashboard"}, {"$ref": "#/$defs/link_external"}]},
        },
    ),
)

SAVED_OBJECT = SavedObjectKind(
    name="saved-object",
    stage=75,
    type="",
    about="Any saved object of Kibana, as exported: what has no kind of its own is not out of reach.",
    stamp="",
)
