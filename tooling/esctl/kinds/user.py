"""Users of the native realm. Their passwords are written and never read.

A password is sent when the user is new or the password written in the project has changed. Any other update leaves it
out, and Elasticsearch keeps what is there: a password that somebody changed for themselves stays changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import Problem
from ..model import Address, Body, Capabilities, Consequence, Live, Request, Resource, Sender
from ..secret import MARK, Secret
from . import privileges
from .base import Context, Cost, Needs, Reference
from .normalise import drop, drop_if
from .rest import mapped
from .role import reserved
from .role_descriptor import as_set
from .role_mapping import missing_roles, roles_of
from .secured import SecuredKind

PASSWORDS = ("password", "password_hash")


def _roles(body: Body, capabilities: Capabilities) -> Body:
    if "roles" in body:
        body["roles"] = as_set(body["roles"])
    return body


@dataclass(frozen=True)
class UserKind(SecuredKind):
    """Written whole but for the password, which an update need not send."""

    def check(self, resource: Resource) -> Iterator[Problem]:
        spec, name = resource.spec, resource.address.id
        if wrong := privileges.bad_name("user", name):
            yield Problem(wrong, resource.at("id"), rule="bad-name")
        elif name in privileges.names("reserved_users"):
            message = f'"{name}" is a user of Elasticsearch\'s own, which refuses to change it'
            yield Problem(message, resource.at("id"), "choose another id", rule="reserved-name")
        yield from super().check(resource)
        if "roles" not in spec:
            yield Problem('a user needs "roles"', resource.at("spec"), "write roles: [] for none", rule="missing-key")
        if spec.get("username", name) != name:
            message = f'username "{spec["username"]}" is not the id "{name}"'
            yield Problem(message, resource.at("spec", "username"), "leave it out: the id is the name")
        given = [key for key in PASSWORDS if key in spec]
        for key in given:
            if not isinstance(spec[key], Secret):
                where, hint = resource.at("spec", key), f"write {key}: ${{secret.env.NAME}}"
                yield Problem(f"a {key} in plain text would end up wherever this file does", where, hint)
        if len(given) == 2:
            yield Problem("a user has a password or a password_hash, not both", resource.at("spec", "password_hash"))
        elif not given:
            hint = "write password: ${secret.env.NAME}"
            message = "a user without a password can be changed but not made"
            yield Problem(message, resource.at("spec"), hint, "warning", "missing-key")

    def references(self, resource: Resource) -> Iterator[Reference]:
        return roles_of(resource)

    def written(self, live: Live, capabilities: Capabilities) -> Body:
        """With a reference for the password, which no read shows."""
        name = re.sub(r"\W+", "_", live.address.id).strip("_").upper()
        return {**super().written(live, capabilities), "password": {MARK: f"${{secret.env.USER_{name}_PASSWORD}}"}}

    def write(self, address: Address, body: Body, live: Live | None, context: Context) -> tuple[Request, ...]:
        known = live.body if live is not None else {}
        sent = {key: value for key, value in body.items() if not (key in PASSWORDS and known.get(key) == value)}
        return (Request("elasticsearch", "PUT", self._path(address), body=sent),)

    def verify(self, address: Address, body: Body, sender: Sender, capabilities: Capabilities) -> Iterator[str]:
        return missing_roles(body, sender)


USER = UserKind(
    name="user",
    stage=18,
    path="/_security/user/{id}",
    listing="/_security/user",
    items=mapped,
    about="A user of Elasticsearch's native realm, with roles and a password that is only ever written.",
    api="PUT /_security/user/{username}",
    rules=(
        drop(("username",), ("profile_uid",)),
        _roles,
        drop_if(("full_name",), None),
        drop_if(("email",), None),
        drop_if(("enabled",), True),
        drop_if(("metadata",), {}, None),
    ),
    meta=("metadata",),
    needs=Needs(serverless=False, security=True),
    secrets=PASSWORDS,
    system=reserved,
    deletion=Cost(Consequence.IRREVERSIBLE, "the user goes, with a password that nobody can read back"),
)
