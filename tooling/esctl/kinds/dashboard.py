"""Dashboards: written as code, kept by Kibana as saved objects."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from urllib.parse import quote

from ..dashboards import check_dashboard, decode, to_saved_objects
from ..errors import Problem
from ..model import Address, Body, Capabilities, Live, Request, Resource, Sender
from . import saved_objects
from .base import Context, Needs
from .charted import Charted


@dataclass(frozen=True)
class DashboardKind(Charted):
    """Written whole by `_import`; panels that were added by hand in Kibana are drift."""

    name: str = "dashboard"
    stage: int = 80
    spaced: bool = True
    shared: bool = False
    about: str = "A Kibana dashboard, in the official format as code, with `vega` panels beside it."
    api: str = "PUT /api/dashboards/{id}"
    needs: Needs = Needs()
    secrets: tuple[str, ...] = ()

    def check(self, resource: Resource) -> Iterable[Problem]:
        for path, message, hint in check_dashboard(resource.spec):
            yield Problem(message, resource.at("spec", *path), hint)

    def render(self, resource: Resource, context: Context) -> Body:
        """The decoded saved object, in the form of the Kibana that is written to."""
        objects = to_saved_objects(resource.spec, id=resource.address.id, version=context.capabilities.kibana_version)
        return decode(objects[0])

    def read(self, sender: Sender, addresses: Collection[Address], capabilities: Capabilities) -> dict[Address, Live]:
        found = saved_objects.export(sender, addresses, ("dashboard",))
        return {
            address: Live(address, decode(saved[0]), saved_objects.version_of(saved[0]))
            for address, saved in found.items()
        }

    def everything(self, sender: Sender, capabilities: Capabilities) -> dict[Address, Live]:
        found = saved_objects.of_types(sender, self.name, ("dashboard",))
        return {
            address: Live(address, decode(saved[0]), saved_objects.version_of(saved[0]))
            for address, saved in found.items()
        }

    def write(self, address: Address, body: Body, live: Live | None, context: Context) -> tuple[Request, ...]:
        return (saved_objects.importing(address.space, [body]),)

    def delete(self, address: Address, context: Context) -> tuple[Request, ...]:
        # Deprecated, but in every version from 8 on; the Dashboards API exists from 9.4 only.
        path = f"/api/saved_objects/dashboard/{quote(address.id, safe='')}"
        return (Request("kibana", "DELETE", saved_objects.in_space(address.space, path)),)


DASHBOARD = DashboardKind()
