"""Data views: the body of Kibana's data views API, kept by Kibana as a saved object of type `index-pattern`.

Written by `_import`, not by that API: the API finds duplicates by name instead of id, changes single keys only, and
cannot take a time field away again. An import replaces the whole object under its id, and does so twice alike.

`default: true` makes it the default one of its space. Where nothing is said of it, whatever is the default stays so.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ..dashboards import decode
from ..dashboards.convert import CORE_VERSION, TYPE_VERSIONS
from ..dashboards.mistakes import Checker
from ..errors import Problem
from ..model import Address, Body, Capabilities, Consequence, Live, Path, Request, Resource, Response, Sender
from . import saved_objects
from .base import Context, Cost, Needs, Part, Reference
from .chart_references import index_names

TYPE = "index-pattern"
STORED = {"fieldFormats": "fieldFormatMap"}
"""Keys of the API that the saved object calls otherwise."""
JSON_KEYS = ("fieldFormats", "fieldAttrs", "runtimeFieldMap", "sourceFilters")
PLAIN_KEYS = ("title", "name", "timeFieldName", "allowNoIndex", "allowHidden")

RUNTIME_TYPES = ("keyword", "long", "double", "date", "ip", "boolean", "geo_point", "composite", "lookup")
FORMATS = (
    "boolean", "bytes", "color", "currency", "date", "date_nanos", "duration", "geo_point", "histogram", "ip", "number",
    "percent", "relative_date", "static_lookup", "string", "truncate", "url",
)  # fmt: skip
"""The field formatters of Kibana (`field_formats/common/converters`)."""
DEFAULT = "/api/data_views/default"

SCHEMA: dict[str, Any] = {
    "$defs": {
        "data_view": {
            "type": "object",
            "properties": {
                "title": {"type": "string", "minLength": 1},
                "name": {"type": "string"},
                "timeFieldName": {"type": "string", "minLength": 1},
                "sourceFilters": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"value": {"type": "string"}, "clientId": {"type": ["string", "number"]}},
                        "required": ["value"],
                        "additionalProperties": False,
                    },
                },
                "fieldFormats": {
                    "type": "object",
                    "additionalProperties": {
                        "type": "object",
                        "properties": {"id": {"enum": list(FORMATS)}, "params": {"type": "object"}},
                        "additionalProperties": False,
                    },
                },
                "fieldAttrs": {
                    "type": "object",
                    "additionalProperties": {
                        "type": "object",
                        "properties": {
                            "customLabel": {"type": "string"},
                            "customDescription": {"type": "string", "maxLength": 300},
                            "count": {"type": "number"},
                        },
                        "additionalProperties": False,
                    },
                },
                "runtimeFieldMap": {"type": "object", "additionalProperties": {"$ref": "#/$defs/runtime"}},
                "allowNoIndex": {"type": "boolean"},
                "allowHidden": {"type": "boolean"},
                "default": {"type": "boolean"},
            },
            "required": ["title"],
            "additionalProperties": False,
        },
        "runtime": {
            "type": "object",
            "properties": {
                "type": {"enum": list(RUNTIME_TYPES)},
                "script": {
                    "type": "object",
                    "properties": {"source": {"type": "string"}},
                    "required": ["source"],
                    "additionalProperties": False,
                },
                "fields": {
                    "type": "object",
                    "additionalProperties": {
                        "type": "object",
                        "properties": {"type": {"enum": list(RUNTIME_TYPES)}},
                        "required": ["type"],
                    },
                },
                "format": {"type": "string"},
                "input_field": {"type": "string"},
                "target_field": {"type": "string"},
                "target_index": {"type": "string"},
                "fetch_fields": {"type": "array"},
                "customLabel": {"type": "string"},
                "customDescription": {"type": "string"},
                "popularity": {"type": "number"},
            },
            "required": ["type"],
            "additionalProperties": False,
        },
    }
}
"""Source: the request schema of `POST /api/data_views/data_view`, less what another key or the address says (`id`,
`version`, `namespaces`) and what no version from 8 on makes new (`fields`, `type`, `typeMeta`)."""


@dataclass(frozen=True)
class DataViewKind:
    """Written whole; how often a field was used (`fieldAttrs.*.count`) is the users' and is carried over."""

    name: str = "data-view"
    stage: int = 60
    spaced: bool = True
    shared: bool = False
    about: str = "What Kibana looks at: a pattern of indices, its time field, formats and runtime fields."
    api: str = "POST /api/data_views/data_view (its `data_view`)"
    needs: Needs = Needs()
    secrets: tuple[str, ...] = ()

    def check(self, resource: Resource) -> Iterable[Problem]:
        for path, message, hint in Checker(SCHEMA).mistakes(resource.spec, "data_view"):
            yield Problem(message, resource.at("spec", *path), hint)

    def render(self, resource: Resource, context: Context) -> Body:
        return copy.deepcopy(resource.spec)

    def insisted(self, body: Body, rendered: Body, live: Body) -> Body:
        """Where nothing is said of being the default, it is as it is."""
        if "default" in rendered:
            return body
        said = {key: value for key, value in body.items() if key != "default"}
        return said | ({"default": True} if live.get("default") else {})

    def references(self, resource: Resource) -> Iterator[Reference]:
        for name in index_names(resource.spec.get("title")):
            yield Reference(Address("index", name), ("spec", "title"), soft=True)

    def read(self, sender: Sender, addresses: Collection[Address], capabilities: Capabilities) -> dict[Address, Live]:
        return self._live(sender, saved_objects.export(sender, addresses, (TYPE,)))

    def everything(self, sender: Sender, capabilities: Capabilities) -> dict[Address, Live]:
        return self._live(sender, saved_objects.of_types(sender, self.name, (TYPE,)))

    @staticmethod
    def _live(sender: Sender, found: Mapping[Address, list[Body]]) -> dict[Address, Live]:
        """With one more request for each space, which asks for its default."""
        defaults = {space: _default(sender, space) for space in sorted({address.space for address in found})}
        live = {}
        for address, saved in found.items():
            default = {"default": True} if defaults[address.space] == address.id else {}
            version = saved_objects.version_of(saved[0])
            live[address] = Live(address, data_view(saved[0]) | default, version | default)
        return live

    def foreign(self, live: Live) -> str | None:
        return live.version.get("foreign")

    def written(self, live: Live, capabilities: Capabilities) -> Body:
        return self.normalise(live.body, capabilities)

    def normalise(self, body: Body, capabilities: Capabilities) -> Body:
        body = copy.deepcopy(body)
        for key, attributes in list((body.get("fieldAttrs") or {}).items()):
            attributes.pop("count", None)
            if not attributes:
                del body["fieldAttrs"][key]
        for one in body.get("sourceFilters") or ():
            one.pop("clientId", None)
        empty: tuple[Any, ...] = ({}, [], "", None, False)
        return {key: value for key, value in body.items() if not any(value == nothing for nothing in empty)}

    def write(self, address: Address, body: Body, live: Live | None, context: Context) -> tuple[Request, ...]:
        before = self.normalise(live.body, context.capabilities) if live else None
        after = self.normalise(body, context.capabilities)
        requests = []
        if before is None or any(before.get(key) != after.get(key) for key in {*before, *after} - {"default"}):
            saved = saved_object(address.id, body, live.body if live else {})
            requests.append(saved_objects.importing(address.space, [saved]))
        default, is_default = body.get("default"), bool(live and live.body.get("default"))
        if default is not None and default != is_default:
            named = {"data_view_id": address.id if default else None, "force": True}
            requests.append(Request("kibana", "POST", saved_objects.in_space(address.space, DEFAULT), body=named))
        return tuple(requests)

    def parts(self, address: Address, body: Body) -> Iterator[tuple[Part, Path]]:
        """Being the default one of its space, where that is written."""
        if body.get("default") is True:
            yield _default_part(address), ("default",)

    def without(self, address: Address, body: Body, taken: Callable[[Part], bool]) -> Body | None:
        if "default" not in body or not taken(_default_part(address)):
            return body
        return {key: value for key, value in body.items() if key != "default"}

    def delete(self, address: Address, context: Context) -> tuple[Request, ...]:
        path = f"/api/data_views/data_view/{quote(address.id, safe='')}"
        return (Request("kibana", "DELETE", saved_objects.in_space(address.space, path)),)

    def cost(self, before: Body | None, after: Body | None, capabilities: Capabilities) -> Cost:
        return Cost(Consequence.INSTANT)

    def refusal(self, response: Response) -> str | None:
        return saved_objects.refusal(response)


def _default_part(address: Address) -> Part:
    return ("kibana setting", address.space or "default", "defaultIndex")


def _default(sender: Sender, space: str) -> str | None:
    answer = sender.send(Request("kibana", "GET", saved_objects.in_space(space, DEFAULT)), accept=(404,))
    return answer.body.get("data_view_id") if answer.status == 200 else None


def data_view(saved: Body) -> Body:
    """A saved object of type `index-pattern` in the words of the data views API.

    What that API (and so a project) cannot say stays under its stored name, so that its loss shows in a plan.
    """
    attributes = decode(saved)["attributes"]
    names = {stored: key for key, stored in STORED.items()}
    body = {names.get(key, key): value for key, value in attributes.items()}
    if "fields" in body:
        # Kibana 7 cached every field here; only scripted ones are written by people.
        scripted = [field for field in body.pop("fields") or () if isinstance(field, dict) and field.get("scripted")]
        if scripted:
            body["fields"] = scripted
    return {key: value for key, value in body.items() if value not in ("{}", "[]", "")}


def saved_object(id: str, body: Body, live: Body) -> Body:
    """The decoded saved object of a data view; `live` gives the counts of use that are kept."""
    attributes: Body = {key: body[key] for key in PLAIN_KEYS if key in body}
    for key in JSON_KEYS:
        attributes[STORED.get(key, key)] = copy.deepcopy(body.get(key, [] if key == "sourceFilters" else {}))
    for field, known in (live.get("fieldAttrs") or {}).items():
        if "count" in known:
            attributes["fieldAttrs"].setdefault(field, {}).setdefault("count", known["count"])
    attributes["fields"] = []
    return {
        "type": TYPE,
        "id": id,
        "attributes": attributes,
        "references": [],
        "coreMigrationVersion": CORE_VERSION,
        "typeMigrationVersion": TYPE_VERSIONS[TYPE],
    }


DATA_VIEW = DataViewKind()
