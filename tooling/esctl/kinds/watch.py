"""Watches: alerts that Elasticsearch runs by itself. `active` of the spec is the parameter of that name.

Passwords are secrets: Elasticsearch shows `::es_redacted::` in their place (row 16).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from ..errors import Problem, ServerError
from ..model import Address, Body, Capabilities, Consequence, Live, Path, Request, Resource, Sender
from ..secret import MARK, Secret
from . import schema
from .base import Context, Cost, Needs, Reference
from .normalise import copy, get
from .search_references import search_references
from .secured import WATCHER, SecuredKind, listed
from .watch_form import one_form, with_durations

QUERY = "/_watcher/_query/watches"
MOST = 10_000
"""Watches in one answer: `index.max_result_window` of their index."""
REDACTED = "::es_redacted::"
SECRETS = (
    "input.http.request.auth.basic.password",
    "input.chain.inputs.*.http.request.auth.basic.password",
    "actions.*.webhook.auth.basic.password",
    "actions.*.email.password",
    "actions.*.email.attachments.*.http.request.auth.basic.password",
    "actions.*.email.attachments.*.reporting.auth.basic.password",
)


def _form(body: Body, capabilities: Capabilities) -> Body:
    return one_form(body)


@dataclass(frozen=True)
class WatchKind(SecuredKind):
    """Written whole; one that only has to be switched on or off is not, so that acknowledged actions stay so."""

    def check(self, resource: Resource) -> Iterator[Problem]:
        name = resource.address.id
        if re.search(r"\s", name) or name[:1] in "_-" or "*" in name or "," in name:
            message = 'the id of a watch has no spaces, "," or "*" and does not begin with "_" or "-"'
            yield Problem(message, resource.at("id"), rule="bad-name")
        written_out = one_form(copy(resource.spec))
        for finding in schema.check(self.name, resource.spec):
            # The schema lacks shorthand that Watcher takes: text for an email's body or a script, one of a list, …
            if finding.rule == "wrong-type" and type(_at(written_out, finding.path)) is not type(
                _at(resource.spec, finding.path)
            ):
                continue
            # It also asks for keys that Watcher does without, such as the subject of an email.
            severity = "warning" if finding.rule == "missing-key" else finding.severity
            yield Problem(finding.message, resource.at("spec", *finding.path), finding.hint, severity, finding.rule)
        if "trigger" not in resource.spec:
            hint = "for example trigger: {schedule: {interval: 10m}}"
            yield Problem('a watch needs "trigger"', resource.at("spec"), hint, rule="missing-key")
        for path, value in _texts(resource.spec):
            if not any(fnmatchcase(".".join(map(str, path)), glob) for glob in SECRETS):
                continue
            place, hint = resource.at("spec", *path), f"write {path[-1]}: ${{secret.env.NAME}}"
            if value == REDACTED:
                yield Problem(f"{REDACTED} is what Elasticsearch shows in place of a password", place, hint)
            else:
                yield Problem("a password in plain text would end up wherever this file does", place, hint)

    def references(self, resource: Resource) -> Iterator[Reference]:
        indices = get(resource.spec, ("input", "search", "request", "indices"))
        for position, name in enumerate(indices if isinstance(indices, list) else ()):
            if isinstance(name, str) and not set(name) & set("*<{"):
                path: Path = ("spec", "input", "search", "request", "indices", position)
                yield Reference(Address("index", name), path, soft=True)
        yield from search_references(resource.spec.get("input"), ("spec", "input"))

    def found(
        self, sender: Sender, addresses: Collection[Address] | None, capabilities: Capabilities
    ) -> dict[Address, Live] | None:
        request = Request("elasticsearch", "POST", QUERY, body={"size": MOST})
        answer = listed(sender, request, self.feature)
        if answer is None:
            return None
        if answer.get("count", 0) > MOST:
            message = f"there are {answer['count']} watches, more than the {MOST} that one answer holds"
            raise ServerError(message, status=413)
        found = {}
        for item in answer.get("watches", ()):
            address = Address(self.name, item["_id"])
            active = get(item, ("status", "state", "active")) is not False
            version = {"seq_no": item.get("_seq_no"), "primary_term": item.get("_primary_term")}
            found[address] = Live(address, {**item["watch"], "active": active}, version)
        return found

    def write(self, address: Address, body: Body, live: Live | None, context: Context) -> tuple[Request, ...]:
        path, active = self._path(address), body.get("active", True)
        sent = {key: value for key, value in body.items() if key != "active"}
        if live is not None:
            now, then = (self.normalise(one, context.capabilities) for one in (body, live.body))
            if now.get("active", True) != then.get("active", True) and {**now, "active": 0} == {**then, "active": 0}:
                return (Request("elasticsearch", "PUT", f"{path}/{'_activate' if active else '_deactivate'}"),)
        return (Request("elasticsearch", "PUT", path, {} if active else {"active": "false"}, sent),)

    def written(self, live: Live, capabilities: Capabilities) -> Body:
        body: Body = with_durations(self.normalise(live.body, capabilities))
        name = re.sub(r"\W+", "_", live.address.id).strip("_").upper()
        for number, path in enumerate([path for path, text in _texts(body) if text == REDACTED]):
            more = f"_{number + 1}" if number else ""
            _put(body, path, {MARK: f"${{secret.env.WATCH_{name}_PASSWORD{more}}}"})
        return body


def _at(value: Any, path: Path) -> Any:
    for key in path:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _texts(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _texts(part, (*path, key))
    elif isinstance(value, list):
        for position, part in enumerate(value):
            yield from _texts(part, (*path, position))
    elif isinstance(value, str) and not isinstance(value, Secret):
        yield path, value


def _put(body: Any, path: Path, value: Any) -> None:
    for key in path[:-1]:
        body = body[key]
    body[path[-1]] = value


def _system(name: str, body: Body) -> str | None:
    if get(body, ("metadata", "xpack", "type")) == "monitoring" or get(body, ("metadata", "managed")) is True:
        return "made by Elastic's own monitoring"
    return "its name begins with a dot: the system's" if name.startswith(".") else None


WATCH = WatchKind(
    name="watch",
    stage=58,
    path="/_watcher/watch/{id}",
    listing=QUERY,
    items=lambda answer: ((item["_id"], item["watch"]) for item in (answer or {}).get("watches", ())),
    about="A watch: on a schedule it looks something up, and acts when a condition is met.",
    api="PUT /_watcher/watch/{id}, with its parameter `active`",
    rules=(_form,),
    meta=("metadata",),
    needs=Needs(licence="gold", serverless=False),
    secrets=SECRETS,
    system=_system,
    feature=WATCHER,
    deletion=Cost(Consequence.INSTANT, "it no longer runs; the history of its runs stays"),
)
