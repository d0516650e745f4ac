"""Roles: the body of Elasticsearch's role API, or of Kibana's where `kibana` says what they may do there.

Both are kept by Elasticsearch and read from its one list; Kibana's privileges are told apart by their application.
Kibana's API checks features and spaces, so a role that is written in its form goes through it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ..errors import Problem
from ..model import Address, Body, Capabilities, Consequence, Live, Path, Request, Resource, Sender
from . import kibana_privileges, privileges, schema
from .base import Context, Cost, Needs, Reference
from .normalise import copy, without_owner
from .rest import mapped
from .role_descriptor import one_form, slips
from .schema import Finding
from .secured import SecuredKind
from .wording import meant

KIBANA_KEYS = ("elasticsearch", "kibana", "metadata", "description")
WITHIN_ELASTICSEARCH = ("cluster", "indices", "run_as", "remote_indices", "remote_cluster")
"""What Kibana's API takes below `elasticsearch`."""
LONGEST_DESCRIPTION = 1000


def for_kibana(body: Body) -> bool:
    """Whether it is written as Kibana's API takes it."""
    return "kibana" in body or "elasticsearch" in body


@dataclass(frozen=True)
class RoleKind(SecuredKind):
    """Normalised, a role is flat: Elasticsearch's keys, and `kibana` with what Kibana's application privileges say."""

    def check(self, resource: Resource) -> Iterator[Problem]:
        if wrong := privileges.bad_name("role", resource.address.id):
            yield Problem(wrong, resource.at("id"), rule="bad-name")
        elif resource.address.id in privileges.names("reserved_roles"):
            message = f'"{resource.address.id}" is a role of Elasticsearch\'s own, which refuses to change it'
            yield Problem(message, resource.at("id"), "choose another id", rule="reserved-name")
        own = list(_mistakes(resource.spec))
        places = {finding.path for finding in own}
        for path, message, hint, severity, rule in (*own, *_by_schema(resource.spec, places)):
            yield Problem(message, resource.at("spec", *path), hint, severity, rule)

    def references(self, resource: Resource) -> Iterator[Reference]:
        applications = resource.spec.get("applications")
        for position, item in enumerate(applications if isinstance(applications, list) else ()):
            names = item.get("privileges") if isinstance(item, dict) else None
            for number, name in enumerate(names if isinstance(names, list) else ()):
                target = Address("application-privilege", f"{item.get('application')}/{name}")
                yield Reference(target, ("spec", "applications", position, "privileges", number), soft=True)

    def normalise(self, body: Body, capabilities: Capabilities) -> Body:
        body = copy(body)
        if for_kibana(body):
            within = body.pop("elasticsearch", None)
            entries = kibana_privileges.one_form(body.pop("kibana", None))
            body = one_form({**_plain(within), **_plain(body)})
        else:
            body = one_form(body)
            entries, rest = kibana_privileges.read(body.pop("applications", []))
            if rest:
                body["applications"] = rest
        if entries:
            body["kibana"] = entries
        return without_owner(("metadata",))(body, capabilities)

    def write(self, address: Address, body: Body, live: Live | None, context: Context) -> tuple[Request, ...]:
        name = quote(address.id, safe="")
        if not for_kibana(body):
            return (Request("elasticsearch", "PUT", f"/_security/role/{name}", body=body),)
        through = Request("kibana", "PUT", f"/api/security/role/{name}", body=_for_kibana(body))
        if live is not None and "applications" in self.normalise(live.body, context.capabilities):
            # Kibana leaves privileges of other applications alone: they have to go first.
            first = {**elasticsearch_form(self.normalise(body, context.capabilities)), "metadata": body["metadata"]}
            return Request("elasticsearch", "PUT", f"/_security/role/{name}", body=first), through
        return (through,)

    def delete(self, address: Address, context: Context) -> tuple[Request, ...]:
        return (Request("elasticsearch", "DELETE", f"/_security/role/{quote(address.id, safe='')}"),)

    def written(self, live: Live, capabilities: Capabilities) -> Body:
        body = self.normalise(live.body, capabilities)
        # `global` and other applications are beyond Kibana's API.
        if "kibana" not in body or "global" in body or "applications" in body:
            return elasticsearch_form(body)
        within = {key: body[key] for key in WITHIN_ELASTICSEARCH if key in body}
        about: Body = {key: body[key] for key in ("description", "metadata") if key in body}
        return {**about, "elasticsearch": within, "kibana": body["kibana"]}

    def verify(self, address: Address, body: Body, sender: Sender, capabilities: Capabilities) -> Iterator[str]:
        """Spaces that the role names and Kibana does not have: it does not refuse them."""
        named = kibana_privileges.spaces_of(self.normalise(body, capabilities).get("kibana", ()))
        if not named:
            return
        there = {space["id"] for space in sender.send(Request("kibana", "GET", "/api/spaces/space")).body}
        for space in sorted(named - there):
            yield f'it gives privileges in the space "{space}", which Kibana does not have'


def elasticsearch_form(body: Body) -> Body:
    """A normalised role as Elasticsearch's own API takes it."""
    rest = {key: value for key, value in body.items() if key not in ("kibana", "applications")}
    applications = [*kibana_privileges.stored(body.get("kibana", ())), *body.get("applications", ())]
    return {**rest, "applications": applications} if applications else rest


def reserved(name: str, body: Body) -> str | None:
    """Elasticsearch marks its own with `metadata._reserved`."""
    metadata = body.get("metadata")
    if isinstance(metadata, dict):
        if metadata.get("_reserved") is True:
            return "reserved by Elasticsearch"
        if metadata.get("managed") is True:
            return f"managed by {metadata.get('managed_by', 'Elastic')}"
        if metadata.get("_read_only") is True:
            return "managed by the cluster's operator"
    return None


def _for_kibana(body: Body) -> Body:
    """Kibana takes lists only, and queries as JSON text; Elasticsearch keeps them so, however they are written."""
    within = copy(body.get("elasticsearch")) or {}
    for group in (group for key in ("indices", "remote_indices") for group in within.get(key) or ()):
        group["names"] = as_list(group.get("names"))
        if isinstance(group.get("query"), dict):
            group["query"] = json.dumps(group["query"], separators=(",", ":"))
    return {**body, "elasticsearch": within}


def as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _plain(part: Any) -> Body:
    """A part of Kibana's form without its name, and without notes about what Kibana could not read."""
    if not isinstance(part, dict):
        return {}
    return {key: value for key, value in part.items() if key not in ("name", *KIBANA_KEYS[:2]) and key[:1] != "_"}


def _mistakes(spec: Body) -> Iterator[Finding]:
    within: Path = ("elasticsearch",) if for_kibana(spec) else ()
    yield from slips(spec.get("elasticsearch") if within else spec, within)
    if "kibana" in spec:
        yield from kibana_privileges.mistakes(spec["kibana"])
    if not within and "restriction" in spec:
        hint = "only API keys and their role_descriptors have one"
        yield Finding(("restriction",), "a role cannot have a restriction", hint, "error", "unknown-key")
    for key in spec.get("metadata") or () if isinstance(spec.get("metadata"), dict) else ():
        if str(key).startswith("_"):
            yield Finding(("metadata", key), "keys of metadata that begin with _ are Elasticsearch's own")
    description = spec.get("description")
    if isinstance(description, str) and len(description) > LONGEST_DESCRIPTION:
        message = f"the description has {len(description)} characters; Elasticsearch takes {LONGEST_DESCRIPTION}"
        yield Finding(("description",), message, None, "error", "out-of-range")
    if within:
        for key in spec:
            if key in (*WITHIN_ELASTICSEARCH, "applications", "global"):
                beyond = key in ("applications", "global")
                hint = "write the role without kibana" if beyond else f"indent it below elasticsearch: {key}"
                yield Finding((key,), f'"{key}" stands beside kibana', hint, "error", "misplaced-key")
    for key in spec:
        if key not in (*KIBANA_KEYS, *WITHIN_ELASTICSEARCH):
            slip, near = meant(str(key), KIBANA_KEYS)  # those the schema of Elasticsearch's API does not know
            if slip:
                yield Finding((key,), f'unknown key "{key}" in a role', near, "error", "unknown-key")


def _by_schema(spec: Body, told: set[Path]) -> Iterable[Finding]:
    """What the schema of Elasticsearch's role API finds, in the part that it describes."""
    if not for_kibana(spec):
        findings = schema.check("role", spec)
        return [finding for finding in findings if finding.path not in told]
    part = spec.get("elasticsearch")
    about: Body = {key: spec[key] for key in ("description", "metadata") if key in spec}
    unknown = {key: value for key, value in spec.items() if key not in KIBANA_KEYS and (key,) not in told}
    inner = schema.check("role", part) if isinstance(part, dict) else ()
    moved = [finding._replace(path=("elasticsearch", *finding.path)) for finding in inner]
    return [f for f in (*moved, *schema.check("role", {**about, **unknown})) if f.path not in told]


ROLE = RoleKind(
    name="role",
    stage=16,
    path="/_security/role/{id}",
    listing="/_security/role",
    items=mapped,
    about="What who has it may do: in the cluster, in indices and, with `kibana`, in Kibana's spaces and features."
    " To limit it to fields or documents needs a platinum licence.",
    api="PUT /_security/role/{name}; with `kibana`, PUT /api/security/role/{name}",
    meta=("metadata",),
    needs=Needs(security=True),
    system=reserved,
    deletion=Cost(Consequence.INSTANT, "who has it loses what it allows"),
)
