"""Enrich policies: the server never changes one, so a change deletes it, makes it anew and executes it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ..model import Address, Body, Capabilities, Consequence, Live, Request, Resource, Response, Sender
from .base import Context, Cost, Reference
from .chart_references import index_names
from .normalise import as_list, copy, drop, drop_if, get
from .rest import RestKind

TYPES = ("match", "range", "geo_match")
SOURCES = ("index", "data-stream", "alias", "documents")
"""What the policy may read from under one name: all of it comes first, seed documents of that id included."""

INDEX = ".enrich-"
STATE = "/_cluster/state/metadata/.enrich-*"
FILTER = {"filter_path": "metadata.indices.*.aliases", "expand_wildcards": "all"}
HIDDEN = (400, 403, 404, 405, 410)
"""Servers that do not show the cluster's state: whether a policy was executed is not known there, and taken as so."""


@dataclass(frozen=True)
class EnrichPolicyKind(RestKind):
    """`executed` is ours: whether the policy has its index. It is compared, and never written by a person.

    `Live.version["pipelines"]` names the pipelines that use the policy: as long as there are any, Elasticsearch
    refuses to delete it (409), and so to change it.
    """

    def references(self, resource: Resource) -> Iterator[Reference]:
        for kind in TYPES:
            indices = get(resource.spec, (kind, "indices"))
            for pattern in indices if isinstance(indices, list) else [indices]:
                for name in index_names(pattern):
                    for source in SOURCES:
                        yield Reference(Address(source, name), ("spec", kind, "indices"), soft=True)

    def read(self, sender: Sender, addresses: Collection[Address], capabilities: Capabilities) -> dict[Address, Live]:
        found = super().read(sender, addresses, capabilities)
        users = _users(sender) if found else {}
        return {a: Live(a, live.body, {"pipelines": users.get(a.id, [])}) for a, live in found.items()}

    def everything(self, sender: Sender, capabilities: Capabilities) -> dict[Address, Live]:
        found = super().everything(sender, capabilities)
        executed = _executed(sender, capabilities) if found else None
        for address, live in found.items():
            live.body["executed"] = executed is None or address.id in executed
        return found

    def normalise(self, body: Body, capabilities: Capabilities) -> Body:
        body = {**super().normalise(body, capabilities)}
        body.setdefault("executed", True)
        return body

    def written(self, live: Live, capabilities: Capabilities) -> Body:
        return drop(("executed",))(self.normalise(live.body, capabilities), capabilities)

    def write(self, address: Address, body: Body, live: Live | None, context: Context) -> tuple[Request, ...]:
        path = self._path(address)
        put = Request("elasticsearch", "PUT", path, body=body)
        execute = Request("elasticsearch", "PUT", f"{path}/_execute", {"wait_for_completion": "false"})
        if live is None:
            return (put, execute)
        before, after = ({**self.normalise(side, context.capabilities), "executed": 0} for side in (live.body, body))
        return (execute,) if before == after else (*self.delete(address, context), put, execute)

    def follow(self, address: Address, response: Response, sender: Sender) -> Iterator[None]:
        """The execution, as a task. No server keeps its result: whether there is an index then tells."""
        task = response.body.get("task") if isinstance(response.body, dict) else None
        if not isinstance(task, str):
            return
        look = Request("elasticsearch", "GET", f"/_tasks/{quote(task, safe=':')}")
        while (answer := sender.send(look, accept=(404,))).status == 200 and not answer.body.get("completed"):
            yield
        executed = _executed(sender, Capabilities())
        if executed is not None and address.id not in executed:
            # Executed once more, and waited for: so the server says why.
            sender.send(Request("elasticsearch", "PUT", f"{self._path(address)}/_execute"))

    def ours(self, live: Body, wanted: Body, last: Body | None) -> bool:
        """Executing a policy that is as it should be takes nothing from anybody: a run may have ended before it."""
        return {**live, "executed": 0} == {**wanted, "executed": 0}

    def refuses(self, address: Address, body: Body, live: Live, context: Context) -> str | None:
        """Why the change cannot be made while pipelines use the policy, with the way out; None where it can."""
        users = live.version.get("pipelines")
        if not users or len(self.write(address, body, live, context)) == 1:
            return None
        return (
            f"Elasticsearch changes no enrich policy that a pipeline uses ({', '.join(users)}): "
            "write the new one under a new id and let the pipeline use that"
        )

    def cost(self, before: Body | None, after: Body | None, capabilities: Capabilities) -> Cost:
        if before is None or after is None:
            return super().cost(before, after, capabilities)
        if {**before, "executed": 0} == {**after, "executed": 0}:
            return Cost(Consequence.INSTANT, "it was never executed: its index is made")
        return Cost(
            Consequence.RESTART, "it is deleted, made anew and executed again; pipelines cannot use it meanwhile"
        )


def _listed(answer: Any) -> Iterator[tuple[str, Body]]:
    for policy in (answer or {}).get("policies", ()):
        config = copy(policy["config"])
        (options,) = config.values()
        yield options.pop("name"), config


def _executed(sender: Sender, capabilities: Capabilities) -> set[str] | None:
    """The policies that have an index, by the alias of each (`.enrich-<policy>`); None where servers hide that."""
    if capabilities.serverless:
        return None
    answer = sender.send(Request("elasticsearch", "GET", STATE, FILTER), accept=HIDDEN)
    if answer.status != 200:
        return None
    indices = get(answer.body, ("metadata", "indices")) or {}
    return {alias.removeprefix(INDEX) for index in indices.values() for alias in index.get("aliases", ())}


def _users(sender: Sender) -> dict[str, list[str]]:
    """Policy → the pipelines with an enrich processor that names it."""
    params = {"filter_path": "**.policy_name"}
    answer = sender.send(Request("elasticsearch", "GET", "/_ingest/pipeline", params), accept=(403, 404))
    pipelines = answer.body if answer.status == 200 else {}
    users: dict[str, list[str]] = {}
    for name, pipeline in sorted(pipelines.items()):
        for policy in sorted(set(_names(pipeline))):
            users.setdefault(policy, []).append(name)
    return users


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "policy_name" and isinstance(item, str):
                yield item
            else:
                yield from _names(item)
    elif isinstance(value, list):
        for item in value:
            yield from _names(item)


def _system(name: str, body: Body) -> str | None:
    return "its name begins with a dot: the system's" if name.startswith(".") else None


ENRICH_POLICY = EnrichPolicyKind(
    name="enrich-policy",
    stage=25,
    path="/_enrich/policy/{id}",
    listing="/_enrich/policy",
    items=_listed,
    about="Looks up fields in indices, for the enrich processor of pipelines. It is executed when it is made: what it"
    " looks up comes first (`depends_on`). One that a pipeline uses cannot change: write the new one under a new id.",
    api="PUT /_enrich/policy/{name}",
    rules=tuple(
        rule
        for kind in TYPES
        for rule in (
            drop((kind, "name"), (kind, "elasticsearch_version")),
            drop_if((kind, "query"), None),
            as_list((kind, "indices")),
            as_list((kind, "enrich_fields")),
        )
    ),
    deletion=Cost(Consequence.INSTANT, "its index goes with it"),
    system=_system,
)
