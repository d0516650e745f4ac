"""Spaces of Kibana: each holds saved objects of its own."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from ..errors import Problem
from ..model import Address, Body, Capabilities, Consequence, Live, Request, Resource, Sender
from .base import Context, Cost
from .kibana_api import FLAG, NAME, TEXT, TEXTS, ApiKind, Found, closed, without_nothing

PATH = "/api/spaces/space"
KEYS = ("name", "description", "color", "initials", "imageUrl", "disabledFeatures", "solution", "projectRouting")
SOLUTIONS = ("classic", "es", "oblt", "security")

_FORM = {
    "body": closed(
        ("name",),
        id=NAME,
        name=NAME,
        description=TEXT,
        color={"type": "string", "pattern": "^#[a-fA-F0-9]{6}$"},
        initials={"type": "string", "maxLength": 2},
        imageUrl=TEXT,
        disabledFeatures=TEXTS,
        solution={"enum": list(SOLUTIONS)},
        projectRouting=TEXT,
        _reserved=FLAG,
    )
}


@dataclass(frozen=True)
class SpaceKind(ApiKind):
    """Made by POST, changed by PUT. Deleting one deletes everything in it; the default space cannot be deleted."""

    def check(self, resource: Resource) -> Iterator[Problem]:
        yield from super().check(resource)
        spec, id_ = resource.spec, resource.address.id
        if not id_.replace("-", "").replace("_", "").isalnum() or id_ != id_.lower():
            yield Problem(f'"{id_}" cannot be the id of a space', resource.at("id"), "a-z, 0-9, _ and - are allowed")
        if spec.get("id", id_) != id_:
            yield Problem(f'id "{spec["id"]}" is not the id "{id_}"', resource.at("spec", "id"), "leave it out")
        if "_reserved" in spec:
            yield Problem("which spaces are reserved is Kibana's choice", resource.at("spec", "_reserved"))
        if spec.get("disabledFeatures") and spec.get("solution", "classic") != "classic":
            place, hint = resource.at("spec", "disabledFeatures"), "leave it out, or write solution: classic"
            yield Problem(f"the solution {spec['solution']} decides which features a space has", place, hint)

    def listed(self, sender: Sender, space: str, wanted: Collection[str] | None, capabilities: Capabilities) -> Found:
        answer = sender.send(Request("kibana", "GET", PATH), accept=(404,))
        return ((one["id"], one) for one in (answer.body if answer.status == 200 else ()))

    def foreign(self, live: Live) -> str | None:
        return "Kibana's own default space" if live.body.get("_reserved") else None

    def normalise(self, body: Body, capabilities: Capabilities) -> Body:
        found = without_nothing(body, KEYS)
        if isinstance(found.get("disabledFeatures"), list):
            found["disabledFeatures"] = sorted(found["disabledFeatures"])
        if found.get("solution", "classic") != "classic":  # shown are those that the solution does without
            found.pop("disabledFeatures", None)
        if isinstance(found.get("color"), str):
            found["color"] = found["color"].lower()
        return found

    def write(self, address: Address, body: Body, live: Live | None, context: Context) -> tuple[Request, ...]:
        whole = {"id": address.id, **body}
        if live is None:
            return (Request("kibana", "POST", PATH, body=whole),)
        return (self.request("PUT", address, body=whole),)

    def cost(self, before: Body | None, after: Body | None, capabilities: Capabilities) -> Cost:
        if after is None:
            return Cost(Consequence.IRREVERSIBLE, "everything that stands in the space goes with it")
        return Cost(Consequence.INSTANT)


SPACE = SpaceKind(
    name="space",
    stage=4,
    about="A space of Kibana, in which dashboards, data views and rules stand apart from those of other spaces.",
    api="POST /api/spaces/space",
    path=PATH,
    form=_FORM,
    spaced=False,
)
