"""Application privileges: what one's own applications ask Elasticsearch about. The id is `application/privilege`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ..errors import Problem
from ..model import Address, Body, Capabilities, Consequence, Live, Request, Resource, Sender
from .base import Context, Cost, Needs
from .normalise import drop, drop_if
from .role import reserved
from .role_descriptor import as_set
from .secured import SecuredKind, listed

_PREFIX = re.compile(r"[a-z][A-Za-z0-9]{2,}")
_NAME = re.compile(r"[a-z][a-zA-Z0-9_.-]*")
_ACTION = re.compile(r"[!-~]+")


def parted(id: str) -> tuple[str, str]:
    """Application and privilege of an id."""
    application, _, name = id.partition("/")
    return application, name


def _listed(answer: Any) -> Iterable[tuple[str, Body]]:
    for application, found in (answer or {}).items():
        for name, body in found.items():
            yield f"{application}/{name}", body


def _actions(body: Body, capabilities: Capabilities) -> Body:
    if "actions" in body:
        body["actions"] = as_set(body["actions"])
    return body


@dataclass(frozen=True)
class ApplicationPrivilegeKind(SecuredKind):
    """One API for all of them: its bodies are nested, by application and privilege."""

    def check(self, resource: Resource) -> Iterator[Problem]:
        yield from super().check(resource)
        application, name = parted(resource.address.id)
        place = resource.at("id")
        if not name:
            yield Problem('the id is "application/privilege"', place, "for example id: shop/read", rule="bad-name")
        elif not _PREFIX.fullmatch(re.split("[_-]", application)[0]):
            message = (
                f'the application "{application}" must begin with a lower-case letter and two more letters or digits'
            )
            yield Problem(message, place, rule="bad-name")
        elif not _NAME.fullmatch(name):
            message = f'the privilege "{name}" must begin with a lower-case letter; letters, digits, _ . - may follow'
            yield Problem(message, place, rule="bad-name")
        actions = resource.spec.get("actions")
        if not actions:
            message, hint = 'an application privilege needs "actions"', 'for example actions: ["data:read/*"]'
            yield Problem(message, resource.at("spec"), hint, rule="missing-key")
        for position, action in enumerate(actions if isinstance(actions, list) else ()):
            if not isinstance(action, str) or not _ACTION.fullmatch(action) or not re.search("[/*:]", action):
                hint = 'for example "data:read/*"'
                message = f'an action has one of / * : in it and no spaces; "{action}" does not'
                yield Problem(message, resource.at("spec", "actions", position), hint)

    def found(
        self, sender: Sender, addresses: Collection[Address] | None, capabilities: Capabilities
    ) -> dict[Address, Live] | None:
        # Kibana registers megabytes of privileges of its own: one application is asked for alone.
        applications = {parted(address.id)[0] for address in addresses or ()}
        path = self.listing + (f"/{quote(applications.pop(), safe='')}" if len(applications) == 1 else "")
        body = listed(sender, Request("elasticsearch", "GET", path), self.feature)
        if body is None:
            return None
        return {(address := Address(self.name, id)): Live(address, item) for id, item in self.items(body)}

    def write(self, address: Address, body: Body, live: Live | None, context: Context) -> tuple[Request, ...]:
        application, name = parted(address.id)
        return (Request("elasticsearch", "PUT", self.listing, body={application: {name: body}}),)

    def delete(self, address: Address, context: Context) -> tuple[Request, ...]:
        application, name = (quote(part, safe="") for part in parted(address.id))
        return (Request("elasticsearch", "DELETE", f"{self.listing}/{application}/{name}"),)


def _system(id: str, body: Body) -> str | None:
    return "Kibana's own" if id.startswith("kibana-") else reserved(id, body)


APPLICATION_PRIVILEGE = ApplicationPrivilegeKind(
    name="application-privilege",
    stage=15,
    path="/_security/privilege/{id}",
    listing="/_security/privilege",
    items=_listed,
    about="A privilege of an application of one's own, which roles then give: Elasticsearch keeps and compares it.",
    api="PUT /_security/privilege (one privilege of one application)",
    rules=(drop(("application",), ("name",)), _actions, drop_if(("metadata",), {}, None)),
    meta=("metadata",),
    needs=Needs(serverless=False, security=True),
    system=_system,
    deletion=Cost(Consequence.INSTANT, "roles that give it give nothing by it any more"),
)
