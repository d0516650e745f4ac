"""Dashboards: written as code; kept by Kibana as saved objects, or written through its Dashboards API."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from urllib.parse import quote

from ..dashboards import check_dashboard, dashboard_object, lacking
from ..errors import Problem
from ..model import Address, Body, Capabilities, Live, Request, Resource, Sender, Waiting
from . import saved_objects
from .base import Context, Needs
from .charted import Charted, exported


@dataclass(frozen=True)
class DashboardKind(Charted):
    """Written whole; panels that were added by hand in Kibana are drift."""

    name: str = "dashboard"
    stage: int = 80
    spaced: bool = True
    shared: bool = False
    about: str = "A Kibana dashboard, in the official format as code, with `vega` panels beside it."
    api: str = "PUT /api/dashboards/{id}"
    needs: Needs = Needs()
    secrets: tuple[str, ...] = ()
    path: str = "/api/dashboards"

    def check(self, resource: Resource) -> Iterable[Problem]:
        for path, message, hint in check_dashboard(resource.spec):
            yield Problem(message, resource.at("spec", *path), hint)

    def render(self, resource: Resource, context: Context) -> Body | Waiting:
        """The decoded saved object, in the form of the Kibana that is written to."""
        version = context.capabilities.kibana_version
        for path, name, since in lacking(resource.spec, version):
            has = f"{name} exists from Kibana {since[0]}.{since[1]} on"
            return Waiting(f"{has}, this is {version[0]}.{version[1]} ({resource.at('spec', *path)})")
        return dashboard_object(resource.spec, id=resource.address.id, version=version)

    def read(self, sender: Sender, addresses: Collection[Address], capabilities: Capabilities) -> dict[Address, Live]:
        found, unexported = saved_objects.export_all(sender, addresses, ("dashboard",))
        return self._live(sender, found, unexported, capabilities)

    def everything(self, sender: Sender, capabilities: Capabilities) -> dict[Address, Live]:
        found, unexported = saved_objects.all_of_types(sender, self.name, ("dashboard",))
        return self._live(sender, found, unexported, capabilities)

    def _live(
        self,
        sender: Sender,
        found: dict[Address, list[Body]],
        unexported: dict[Address, str],
        capabilities: Capabilities,
    ) -> dict[Address, Live]:
        def compiled(spec: Body, address: Address) -> Body:
            return dashboard_object(spec, id=address.id, version=capabilities.kibana_version)

        live = exported((address, saved[0]) for address, saved in found.items())
        return live | self._shown(sender, unexported, compiled)

    def write(self, address: Address, body: Body, live: Live | None, context: Context) -> tuple[Request, ...]:
        return self._writing(address, body, live, context)

    def delete(self, address: Address, context: Context) -> tuple[Request, ...]:
        # Deprecated, but in every version from 8 on; the Dashboards API exists from 9.4 only.
        path = f"/api/saved_objects/dashboard/{quote(address.id, safe='')}"
        return (Request("kibana", "DELETE", saved_objects.in_space(address.space, path)),)


DASHBOARD = DashboardKind()
