"""Connectors: where alerting rules send what they found. Kibana never shows their secrets.

Every update sends the secrets again: Kibana would otherwise forget them. The id is a UUID, since Kibana takes no other
for what it encrypts.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from ..errors import Problem
from ..model import Address, Body, Capabilities, Consequence, Live, Request, Resource, Sender
from ..secret import MARK
from .base import Context, Cost
from .kibana_api import ANYTHING, NAME, ApiKind, Found, closed
from .normalise import copy
from .saved_objects import in_space
from .wording import meant

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)

_LOGIN = ("user", "password")
TYPES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    ".index": (("index", "refresh", "executionTimeField"), ()),
    ".server-log": ((), ()),
    ".email": (
        ("from", "service", "host", "port", "secure", "hasAuth", "tenantId", "clientId", "oauthTokenUrl"),
        (*_LOGIN, "clientSecret"),
    ),
    ".slack": ((), ("webhookUrl",)),
    ".slack_api": (("allowedChannels",), ("token",)),
    ".teams": ((), ("webhookUrl",)),
    ".torq": (("webhookIntegrationUrl",), ("token",)),
    ".tines": (("url",), ("email", "token")),
    ".pagerduty": (("apiUrl",), ("routingKey",)),
    ".opsgenie": (("apiUrl",), ("apiKey",)),
    ".jira": (("apiUrl", "projectKey"), ("email", "apiToken")),
    ".xmatters": (("configUrl", "usesBasic"), (*_LOGIN, "secretsUrl")),
    ".webhook": (
        (
            "url", "method", "headers", "hasAuth", "authType", "ca", "certType", "verificationMode", "accessTokenUrl",
            "clientId", "scope", "additionalFields",
        ),
        (*_LOGIN, "crt", "key", "pfx", "clientSecret", "secretHeaders"),
    ),
}  # fmt: skip
"""By type of connector: the keys of `config` and of `secrets`, for slips. Others are passed on as they are."""
NAMES = ("user", "email")
"""Kept among the secrets, and none by themselves: they may be written as text."""
WITHOUT_LOGIN = {".email", ".webhook"}
"""Types of which `hasAuth: false` says that there are no secrets."""


@dataclass(frozen=True)
class ActionConnectorKind(ApiKind):
    """Made by POST under its id, changed by PUT; another type means another connector under the same id."""

    def check(self, resource: Resource) -> Iterator[Problem]:
        yield from super().check(resource)
        spec, id_ = resource.spec, resource.address.id
        if not UUID.fullmatch(id_):
            derived = uuid.uuid5(uuid.NAMESPACE_URL, f"connector:{resource.address.space}:{id_}")
            message = f'"{id_}" cannot be the id of a connector: Kibana takes UUIDs only, since it encrypts them'
            yield Problem(message, resource.at("id"), f"for example id: {derived}", rule="bad-name")
        known = TYPES.get(str(spec.get("connector_type_id")))
        for part, keys in zip(("config", "secrets"), known or (), strict=False):
            written = spec.get(part)
            for key in written if isinstance(written, dict) else ():
                if key not in keys:
                    slip, near = meant(key, keys)
                    message = f'unknown key "{key}" in the {part} of {spec["connector_type_id"]}'
                    hint = near or "it is passed on; the server may know it"
                    place = resource.at("spec", part, key)
                    yield Problem(message, place, hint, "error" if slip else "warning", "unknown-key")
        secrets = spec.get("secrets")
        for key, value in secrets.items() if isinstance(secrets, dict) else ():
            if isinstance(value, str) and value and key not in NAMES:
                hint = f"write {key}: ${{secret.env.NAME}}"
                message = f"{key} in plain text would end up wherever this file does"
                yield Problem(message, resource.at("spec", "secrets", key), hint)

    def listed(self, sender: Sender, space: str, wanted: Collection[str] | None, capabilities: Capabilities) -> Found:
        answer = sender.send(Request("kibana", "GET", in_space(space, "/api/actions/connectors")), accept=(404,))
        return ((one["id"], one) for one in (answer.body if answer.status == 200 else ()))

    def foreign(self, live: Live) -> str | None:
        if live.body.get("is_preconfigured"):
            return "set in kibana.yml"
        return "Kibana's own" if live.body.get("is_system_action") else None

    def normalise(self, body: Body, capabilities: Capabilities) -> Body:
        found: Body = {key: body[key] for key in ("name", "connector_type_id") if key in body}
        for part in ("config", "secrets"):
            said = {key: copy(value) for key, value in (body.get(part) or {}).items() if value is not None}
            found |= {part: said} if said else {}
        if body.get("is_missing_secrets"):  # imported without them: it does not work
            found["is_missing_secrets"] = True
        return found

    def written(self, live: Live, capabilities: Capabilities) -> Body:
        body = self.normalise(live.body, capabilities)
        body.pop("is_missing_secrets", None)
        type_, config = str(body.get("connector_type_id")), body.get("config") or {}
        _, keys = TYPES.get(type_, ((), ()))
        if type_ in WITHOUT_LOGIN:
            keys = _LOGIN if config.get("hasAuth", True) else ()
        prefix = re.sub(r"\W+", "_", str(body.get("name"))).strip("_").upper()
        secrets = {key: {MARK: f"${{secret.env.{prefix}_{_shouted(key)}}}"} for key in keys}
        return body | ({"secrets": secrets} if secrets else {})

    def write(self, address: Address, body: Body, live: Live | None, context: Context) -> tuple[Request, ...]:
        whole = {"name": body["name"], "config": body.get("config") or {}, "secrets": body.get("secrets") or {}}
        if live is None:
            made = {**whole, "connector_type_id": body["connector_type_id"]}
            return (self.request("POST", address, body=made),)
        return (self.request("PUT", address, body=whole),)

    def replace(self, address: Address, body: Body, live: Live, context: Context) -> tuple[Request, ...]:
        """Under the same id, so that rules go on finding it."""
        return (*self.delete(address, context), *self.write(address, body, None, context))

    def cost(self, before: Body | None, after: Body | None, capabilities: Capabilities) -> Cost:
        types = [side.get("connector_type_id") if side else None for side in (before, after)]
        if None not in types and types[0] != types[1]:
            words = f"a connector of type {types[0]} cannot become one of type {types[1]}: it is deleted and made anew"
            return Cost(Consequence.IRREVERSIBLE, words)
        return Cost(Consequence.INSTANT)


def _shouted(key: str) -> str:
    """`webhookUrl` → `WEBHOOK_URL`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key).upper()


ACTION_CONNECTOR = ActionConnectorKind(
    name="action-connector",
    stage=62,
    about="A connector of Kibana: where alerting rules send what they found (e-mail, Slack, a webhook, an index).",
    api="POST /api/actions/connector/{id}",
    path="/api/actions/connector",
    form={
        "body": closed(
            ("name", "connector_type_id"), name=NAME, connector_type_id=NAME, config=ANYTHING, secrets=ANYTHING
        )
    },
    secrets=(*(f"secrets.{name}" for name in NAMES), "secrets.*"),
)
