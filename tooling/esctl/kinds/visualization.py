"""Library visualizations: a Vega specification, or a chart as code. Kibana keeps them under two types of object."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from ..dashboards import check_visualization, decode, visualization_object
from ..errors import Problem
from ..model import Address, Body, Capabilities, Live, Request, Resource, Sender
from . import saved_objects
from .base import Context, Needs
from .charted import Charted

TYPES = ("visualization", "lens")
"""Vega is a `visualization`, every other chart a `lens`; in a project both are one kind, told apart by `type`."""


@dataclass(frozen=True)
class VisualizationKind(Charted):
    """Written whole by `_import`. Reading asks for both types of every id: two requests, whatever the number."""

    name: str = "visualization"
    stage: int = 70
    spaced: bool = True
    shared: bool = False
    about: str = "A chart in Kibana's library, Lens as code or Vega, that dashboards refer to."
    api: str = "PUT /api/visualizations/{id}"
    needs: Needs = Needs()
    secrets: tuple[str, ...] = ()

    def check(self, resource: Resource) -> Iterable[Problem]:
        for path, message, hint in check_visualization(resource.spec):
            yield Problem(message, resource.at("spec", *path), hint)

    def render(self, resource: Resource, context: Context) -> Body:
        return decode(visualization_object(resource.spec, id=resource.address.id))

    def read(self, sender: Sender, addresses: Collection[Address], capabilities: Capabilities) -> dict[Address, Live]:
        return _live(saved_objects.export(sender, addresses, TYPES))

    def everything(self, sender: Sender, capabilities: Capabilities) -> dict[Address, Live]:
        return _live(saved_objects.of_types(sender, self.name, TYPES))

    def write(self, address: Address, body: Body, live: Live | None, context: Context) -> tuple[Request, ...]:
        request = saved_objects.importing(address.space, [body])
        if live is None or live.body["type"] == body["type"]:
            return (request,)
        return (self._deletion(address, (live.body["type"],)), request)

    def delete(self, address: Address, context: Context) -> tuple[Request, ...]:
        return (self._deletion(address, TYPES),)

    def _deletion(self, address: Address, types: tuple[str, ...]) -> Request:
        """`_bulk_delete` answers for each object by itself: that the other type is absent is no error."""
        body = [{"type": type_, "id": address.id} for type_ in types]
        path = saved_objects.in_space(address.space, "/api/saved_objects/_bulk_delete")
        return Request("kibana", "POST", path, body=body)


def _live(found: Mapping[Address, list[Body]]) -> dict[Address, Live]:
    live = {}
    for address, objects in found.items():
        # Where an id is used under both types, a write leaves only the one that is wanted.
        saved = min(objects, key=lambda one: TYPES.index(one["type"]))
        live[address] = Live(address, decode(saved), saved_objects.version_of(saved))
    return live


VISUALIZATION = VisualizationKind()
