"""Maintenance windows: times in which alerting rules send nothing. The id is the window's title.

Kibana chooses the ids of windows itself, so that a project knows one by its title: two of one title are refused where
one of them is meant. Windows that were archived count as gone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from ..errors import Problem, ServerError
from ..model import Address, Body, Capabilities, Live, Request, Resource, Sender
from .base import Context, Needs
from .kibana_api import FLAG, NAME, TEXT, TEXTS, ApiKind, Found, closed
from .normalise import copy
from .saved_objects import in_space

PATH = "/api/maintenance_window"
PAGE = 100
LISTS_SINCE = (9, 2)
BEFORE = "/internal/alerting/rules/maintenance_window/_find"
"""The list of 8.x, where internal paths are open; its form is another, but for id and title."""
UTC = "UTC"

_WHOLE = {"type": "array", "items": {"type": "number"}}
_FORM = {
    "body": closed(
        ("schedule",),
        title=NAME,
        enabled=FLAG,
        schedule=closed(
            ("custom",),
            custom=closed(
                ("start", "duration"),
                start={"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$"},
                duration={"type": "string", "pattern": "^(-1|[1-9][0-9]*[smhd])$"},
                timezone=NAME,
                recurring=closed(
                    every={"type": "string", "pattern": "^[1-9][0-9]*[dwMy]$"},
                    end=TEXT,
                    occurrences={"type": "number", "minimum": 1},
                    onWeekDay=TEXTS,
                    onMonthDay=_WHOLE,
                    onMonth=_WHOLE,
                ),
            ),
        ),
        scope=closed(("alerting",), alerting=closed(("query",), query=closed(("kql",), kql=TEXT))),
    )
}


@dataclass(frozen=True)
class MaintenanceWindowKind(ApiKind):
    """Found by its title; made by POST, changed by PATCH."""

    def check(self, resource: Resource) -> Iterator[Problem]:
        yield from super().check(resource)
        title = resource.spec.get("title", resource.address.id)
        if title != resource.address.id:
            message = f'title "{title}" is not the id "{resource.address.id}"'
            yield Problem(message, resource.at("spec", "title"), "leave it out: the id is the title")

    def render(self, resource: Resource, context: Context) -> Body:
        return {"title": resource.address.id, **copy(resource.spec)}

    def listed(self, sender: Sender, space: str, wanted: Collection[str] | None, capabilities: Capabilities) -> Found:
        version = capabilities.kibana_version[:2]
        if version >= LISTS_SINCE:
            for one in self.pages(sender, f"{PATH}/_find", space, "maintenanceWindows", ("per_page", PAGE)):
                if one.get("status") != "archived":
                    yield one["title"], one
            return
        if version >= (9, 0):
            message = f"Kibana {'.'.join(map(str, version))} lists no maintenance windows: 9.2 and 8.19 do"
            raise ServerError(message, status=404)
        params = {"page": "1", "per_page": "1000"}
        answer = sender.send(Request("kibana", "GET", in_space(space, BEFORE), params), accept=(404,))
        for item in answer.body["data"] if answer.status == 200 else ():
            if wanted is None or item["title"] in wanted:
                one = sender.send(Request("kibana", "GET", in_space(space, f"{PATH}/{item['id']}"))).body
                if one.get("status") != "archived":
                    yield one["title"], one

    def _add(self, found: dict[Address, Live], address: Address, body: Body, *, sure: bool) -> None:
        """Raises ServerError where several windows have the title of one that the project writes."""
        ids = [*found[address].version["ids"], body["id"]] if address in found else [body["id"]]
        if sure and len(ids) > 1:
            hint = "rename or archive all but one"
            raise ServerError(
                f"{address}: {len(ids)} windows have this title ({', '.join(ids)})", status=409, hint=hint
            )
        version = {"id": body["id"], "ids": ids, "updated_at": body.get("updated_at")}
        found[address] = Live(address, body, version)

    def foreign(self, live: Live) -> str | None:
        ids = live.version.get("ids", ())
        return f"{len(ids)} windows have this title" if len(ids) > 1 else None

    def normalise(self, body: Body, capabilities: Capabilities) -> Body:
        found: Body = {key: copy(body[key]) for key in ("title", "schedule", "scope") if body.get(key) is not None}
        found["enabled"] = body.get("enabled", True) is not False
        custom = found.get("schedule", {}).get("custom")
        if isinstance(custom, dict):
            if custom.get("timezone") == UTC:
                del custom["timezone"]
            if isinstance(custom.get("start"), str):
                custom["start"] = _moment(custom["start"])
            recurring = custom.get("recurring")
            if isinstance(recurring, dict):
                if isinstance(recurring.get("end"), str):
                    recurring["end"] = _moment(recurring["end"])
                for key in [key for key, value in recurring.items() if value in (None, [])]:
                    del recurring[key]
        return found

    def written(self, live: Live, capabilities: Capabilities) -> Body:
        body = self.normalise(live.body, capabilities)
        del body["title"]
        if body["enabled"]:
            del body["enabled"]
        return body

    def write(self, address: Address, body: Body, live: Live | None, context: Context) -> tuple[Request, ...]:
        if live is None:
            return (Request("kibana", "POST", in_space(address.space, PATH), body=body),)
        # What an update leaves out stays as it was; a scope cannot be taken back, but can be one of everything.
        whole: Body = {"enabled": True, **body}
        if "scope" not in whole and live.body.get("scope"):
            whole["scope"] = {"alerting": {"query": {"kql": ""}}}
        return (self._of(live, "PATCH", whole),)

    def withdraw(self, address: Address, last: Body, live: Live, context: Context) -> tuple[Request, ...]:
        return (self._of(live, "DELETE"),)

    def delete(self, address: Address, context: Context) -> tuple[Request, ...]:
        """By its title alone nothing can be deleted: `withdraw` knows the id."""
        return ()

    def _of(self, live: Live, method: Any, body: Any = None) -> Request:
        path = in_space(live.address.space, f"{PATH}/{live.version['id']}")
        return Request("kibana", method, path, body=body)


def _moment(text: str) -> str:
    """With milliseconds, as Kibana shows it: `2030-01-05T00:00:00Z` → `2030-01-05T00:00:00.000Z`."""
    whole, _, rest = text.removesuffix("Z").partition(".")
    return f"{whole}.{(rest + '000')[:3]}Z" if text.endswith("Z") else text


MAINTENANCE_WINDOW = MaintenanceWindowKind(
    name="maintenance-window",
    stage=68,
    about="A time, once or again and again, in which the alerting rules of a space send nothing. Its id is its title.",
    api="POST /api/maintenance_window",
    path=PATH,
    form=_FORM,
    needs=Needs(since=(8, 19), licence="platinum"),
)
