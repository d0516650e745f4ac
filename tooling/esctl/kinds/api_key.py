"""API keys: the id is the key's name. The secret is told once, when the key is made: shown, or written to `write_to`.

Keys that are expired or invalidated count as gone, and are made again. Elasticsearch lets several keys have one name;
esctl does not: which of them is meant could not be told.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from posixpath import isabs, normpath
from typing import Any
from urllib.parse import quote

from ..errors import Problem, ServerError
from ..model import Address, Body, Capabilities, Consequence, Live, Produced, Request, Resource, Response, Sender
from ..secret import Secret
from . import schema
from .base import OWNER, Context, Cost, Needs
from .durations import milliseconds, shortest
from .normalise import copy, get, without_owner
from .role_descriptor import one_form, slips
from .secured import SecuredKind, listed

QUERY = "/_security/_query/api_key"
MOST = 10_000
"""Keys in one answer: `index.max_result_window` of the security index."""

OURS = ("write_to",)
"""Keys of the spec that are esctl's, not the API's."""

KEYS = ("role_descriptors", "metadata", "expiration")
GONE = {"range": {"expiration": {"lte": "now"}}}


@dataclass(frozen=True)
class ApiKeyKind(SecuredKind):
    """Read by one query over names; made by POST, changed in place by the id that the server gave."""

    def check(self, resource: Resource) -> Iterator[Problem]:
        spec, name = resource.spec, resource.address.id
        if len(name) > 256 or name != name.strip() or name.startswith("_"):
            message = (
                "the name of an API key has up to 256 characters, does not begin with _ and has no space around it"
            )
            yield Problem(message, resource.at("id"), rule="bad-name")
        body = {key: value for key, value in spec.items() if key not in OURS}
        roles = body.get("role_descriptors")
        own = [
            finding
            for role, descriptor in (roles.items() if isinstance(roles, dict) else ())
            for finding in slips(descriptor, ("role_descriptors", role))
        ]
        told = {finding.path for finding in own}
        by_schema = [finding for finding in schema.check(self.name, body) if finding.path not in told]
        for path, message, hint, severity, rule in (*own, *by_schema):
            yield Problem(message, resource.at("spec", *path), hint, severity, rule)
        if "name" in spec:
            yield Problem("the name of an API key is its id", resource.at("spec", "name"), "leave it out")
        if "expiration" in spec and not milliseconds(spec["expiration"]):
            message = f'expiration "{spec["expiration"]}" is not a duration'
            yield Problem(message, resource.at("spec", "expiration"), "for example expiration: 90d", rule="wrong-type")
        place = spec.get("write_to", "key")
        if not isinstance(place, str) or not place.strip():
            yield Problem("write_to must be the path of a file", resource.at("spec", "write_to"), rule="wrong-type")
        elif isabs(place) or place.startswith("~") or normpath(place).split("/")[0] == "..":
            message = f'write_to: "{place}" is outside of the project'
            hint = "write a path from the project's folder, such as secrets/name.key, and keep that out of Git"
            yield Problem(message, resource.at("spec", "write_to"), hint)

    def marked(self, body: Body, project: str) -> Body:
        """The mark also holds the lifetime: once it was renewed, it cannot be told from the server's dates."""
        body = super().marked(body, project)
        if "expiration" in body:
            body["metadata"][OWNER]["expiration"] = body["expiration"]
        return body

    def found(
        self, sender: Sender, addresses: Collection[Address] | None, capabilities: Capabilities
    ) -> dict[Address, Live] | None:
        """Raises ServerError where several active keys have the name of one of `addresses`."""
        filters: list[Body] = [{"term": {"invalidated": False}}]
        if addresses is not None:
            filters.append({"terms": {"name": sorted({address.id for address in addresses})}})
        body = {"size": MOST, "query": {"bool": {"filter": filters, "must_not": [GONE]}}}
        answer = listed(sender, Request("elasticsearch", "POST", QUERY, body=body), self.feature)
        if answer is None:
            return None
        if answer.get("total", 0) > MOST:
            message = f"there are {answer['total']} API keys, more than the {MOST} that one answer holds"
            raise ServerError(message, status=413)
        found: dict[Address, Live] = {}
        for item in answer.get("api_keys", ()):
            address = Address(self.name, item["name"])
            same_name = found[address].version["ids"] if address in found else ()
            found[address] = Live(address, item, {"id": item["id"], "ids": (*same_name, item["id"])})
        for address in addresses or ():
            if address in found and len(found[address].version["ids"]) > 1:
                ids = found[address].version["ids"]
                raise ServerError(
                    f"{address}: {len(ids)} active keys have this name ({', '.join(ids)})",
                    status=409,
                    hint="invalidate all but one, or give the project's another name",
                )
        return {address: _single(live) for address, live in found.items()}

    def foreign(self, live: Live) -> str | None:
        if live.body.get("ids"):
            return f"{len(live.body['ids'])} active keys have this name"
        if live.body.get("type") == "cross_cluster":
            return "a key for other clusters, which has an API of its own"
        if get(live.body, ("metadata", "managed")) is True:
            return f"managed by {get(live.body, ('metadata', 'managed_by')) or 'Kibana'}"
        if live.body.get("realm") == "_service_account":
            return "made by a service account"
        return None

    def normalise(self, body: Body, capabilities: Capabilities) -> Body:
        body = copy(body)
        lifetime = _lifetime(body)
        found = {key: body[key] for key in KEYS if key in body and key != "expiration"}
        roles = found.get("role_descriptors")
        if isinstance(roles, dict):
            found["role_descriptors"] = {
                name: one_form(role) if isinstance(role, dict) else role for name, role in roles.items()
            }
        for key in [key for key, value in found.items() if value in ({}, None)]:
            del found[key]
        if lifetime is not None:
            found["expiration"] = shortest(lifetime)
        return without_owner(("metadata",))(found, capabilities)

    def write(self, address: Address, body: Body, live: Live | None, context: Context) -> tuple[Request, ...]:
        sent = {key: value for key, value in body.items() if key not in OURS}
        if live is None:
            return (Request("elasticsearch", "POST", "/_security/api_key", body={"name": address.id, **sent}),)
        # What is left out of an update is kept: an empty mapping takes it back.
        change = {"role_descriptors": {}, **sent}
        now, then = (self.normalise(one, context.capabilities).get("expiration") for one in (body, live.body))
        if now == then:
            change.pop("expiration", None)
        path = f"/_security/api_key/{quote(str(live.version['id']), safe='')}"
        return (Request("elasticsearch", "PUT", path, body=change),)

    def replace(self, address: Address, body: Body, live: Live, context: Context) -> tuple[Request, ...]:
        """A new key, then the end of the old one."""
        return (*self.write(address, body, None, context), *self.withdraw(address, {}, live, context))

    def withdraw(self, address: Address, last: Body, live: Live, context: Context) -> tuple[Request, ...]:
        """By its id, so that no other key of that name is touched."""
        return (Request("elasticsearch", "DELETE", "/_security/api_key", body={"ids": [live.version["id"]]}),)

    def delete(self, address: Address, context: Context) -> tuple[Request, ...]:
        """By its name: `found` has made sure that one active key has it."""
        return (Request("elasticsearch", "DELETE", "/_security/api_key", body={"name": address.id}),)

    def refusal(self, response: Response) -> str | None:
        """An answer of 200 may say that a key was not invalidated."""
        body = response.body if isinstance(response.body, dict) else {}
        if body.get("error_count"):
            details = body.get("error_details") or [{}]
            return f"the key was not invalidated: {details[0].get('reason', 'Elasticsearch does not say why')}"
        return None

    def produced(self, address: Address, body: Body, response: Response) -> Produced | None:
        answer = response.body if isinstance(response.body, dict) else {}
        if "api_key" not in answer or "id" not in answer:
            return None
        what = f'API key "{address.id}" (id {answer["id"]}), as `Authorization: ApiKey …` takes it'
        return Produced(address, Secret(str(answer["encoded"])), what, body.get("write_to"))

    def spent(self, text: str, live: Live | None, sender: Sender) -> bool:
        try:
            id, colon, _ = b64decode(text.strip(), validate=True).decode().partition(":")
        except ValueError:
            return False
        if not colon:
            return False
        if live is not None and live.version.get("id") == id:
            return True
        valid: list[Body] = [{"ids": {"values": [id]}}, {"term": {"invalidated": False}}]
        body = {"size": 1, "query": {"bool": {"filter": valid, "must_not": [GONE]}}}
        answer = listed(sender, Request("elasticsearch", "POST", QUERY, body=body), self.feature)
        return answer is not None and not answer.get("api_keys")

    def cost(self, before: Body | None, after: Body | None, capabilities: Capabilities) -> Cost:
        if after is None:
            return self.deletion
        if before is not None and "expiration" in before and "expiration" not in after:
            words = "a key that expires cannot be made to last: a new key is made, and the old one is invalidated"
            return Cost(Consequence.IRREVERSIBLE, words)
        return Cost(Consequence.INSTANT)


def _single(live: Live) -> Live:
    """Several of one name stay visible to those who collect, as one that is nobody's."""
    if len(live.version["ids"]) == 1:
        return replace(live, version={"id": live.version["id"]})
    return replace(live, body={**live.body, "ids": list(live.version["ids"])})


def _lifetime(body: Body) -> int | None:
    """How long the key lasts from when that was last said, ms.

    A server tells dates. From the day it was made a key that was renewed lasts longer than what was written, so its
    mark is believed, unless somebody shortened its life below that.
    """
    expiration = body.get("expiration")
    if not isinstance(expiration, int):
        return milliseconds(expiration)
    lasts = expiration - int(body.get("creation", 0))
    marked = milliseconds(get(body, ("metadata", OWNER, "expiration")))
    return marked if marked is not None and lasts >= marked else lasts


def _items(answer: Any) -> Iterator[tuple[str, Body]]:
    return ((item["name"], item) for item in (answer or {}).get("api_keys", ()))


API_KEY = ApiKeyKind(
    name="api-key",
    stage=19,
    path="/_security/api_key/{id}",
    listing=QUERY,
    items=_items,
    about="An API key. Its secret is shown once, when the key is made, or written to the file of the project that"
    " `write_to` names. One that has expired or was invalidated is made again, and the file with it: to rotate a key,"
    " invalidate it (or `esctl destroy api-key/… --allow irreversible`), then apply.",
    api="POST /_security/api_key, and `write_to`",
    meta=("metadata",),
    needs=Needs(security=True),
    deletion=Cost(Consequence.IRREVERSIBLE, "the key is invalidated; one that is made again has another secret"),
)
