"""Library visualizations: a Vega specification, or a chart as code. Kibana keeps them under two types of object."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from ..dashboards import check_visualization, decode, visualization_object
from ..errors import Problem
from ..model import Address, Body, Capabilities, Live, Request, Resource, Sender
from . import saved_objects
from .base import Context, Needs
from .charted import Charted, exported

TYPES = ("visualization", "lens")
"""Vega is a `visualization`, every other chart a `lens`; in a project both are one kind, told apart by `type`."""


@dataclass(frozen=True)
class VisualizationKind(Charted):
    """Written whole. Reading asks for both types of every id: two requests, whatever the number."""

    name: str = "visualization"
    stage: int = 70
    spaced: bool = True
    shared: bool = False
    about: str = "A chart in Kibana's library, Lens as code or Vega, that dashboards refer to."
    api: str = "PUT /api/visualizations/{id}"
    needs: Needs = Needs()
    secrets: tuple[str, ...] = ()
    path: str = "/api/visualizations"

    def check(self, resource: Resource) -> Iterable[Problem]:
        for path, message, hint in check_visualization(resource.spec):
            yield Problem(message, resource.at("spec", *path), hint)

    def render(self, resource: Resource, context: Context) -> Body:
        return decode(visualization_object(resource.spec, id=resource.address.id))

    def read(self, sender: Sender, addresses: Collection[Address], capabilities: Capabilities) -> dict[Address, Live]:
        return self._live(sender, *saved_objects.export_all(sender, addresses, TYPES))

    def everything(self, sender: Sender, capabilities: Capabilities) -> dict[Address, Live]:
        return self._live(sender, *saved_objects.all_of_types(sender, self.name, TYPES))

    def _live(
        self, sender: Sender, found: dict[Address, list[Body]], unexported: dict[Address, str]
    ) -> dict[Address, Live]:
        def compiled(spec: Body, address: Address) -> Body:
            return decode(visualization_object(spec, id=address.id))

        # Where an id is used under both types, a write leaves only the one that is wanted.
        chosen = {address: min(objects, key=lambda one: TYPES.index(one["type"])) for address, objects in found.items()}
        beside = {address: type_ for address, type_ in unexported.items() if address not in chosen}
        return exported(chosen.items()) | self._shown(sender, beside, compiled)

    def write(self, address: Address, body: Body, live: Live | None, context: Context) -> tuple[Request, ...]:
        requests = self._writing(address, body, live, context)
        if live is None or live.body["type"] == body["type"]:
            return requests
        return (self._deletion(address, (live.body["type"],)), *requests)

    def delete(self, address: Address, context: Context) -> tuple[Request, ...]:
        return (self._deletion(address, TYPES),)

    def _deletion(self, address: Address, types: tuple[str, ...]) -> Request:
        """`_bulk_delete` answers for each object by itself: that the other type is absent is no error."""
        body = [{"type": type_, "id": address.id} for type_ in types]
        path = saved_objects.in_space(address.space, "/api/saved_objects/_bulk_delete")
        return Request("kibana", "POST", path, body=body)


VISUALIZATION = VisualizationKind()
