"""Transforms, with their running state: what `_update` takes changes in place, another pivot is another transform."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ..errors import Problem, ServerError
from ..model import Address, Body, Capabilities, Consequence, Live, Request, Resource, Sender
from .base import Context, Cost, Reference
from .chart_references import index_names
from .differences import same
from .normalise import as_list, copy, drop, drop_if, get
from .rest import RestKind
from .search_references import search_references

STARTED, STOPPED, FAILED = "started", "stopped", "failed"
OWN = ("state", "defer_validation")
"""Keys beside Elastic's body: whether it runs, and whether its source may be missing when it is made."""

FIXED = ("pivot", "latest")
"""What `_update` does not take (TransformConfigUpdate); neither does it add or take away `sync`."""

UPDATED = ("source", "dest", "frequency", "sync", "description", "settings", "_meta", "retention_policy")
CLEARED: Body = {"frequency": "1m", "description": "", "settings": {}, "_meta": {}, "retention_policy": None}
"""What `_update` is told for a part that is no longer written; a part left out of it stays as it was."""

SETTINGS = (
    "max_page_search_size docs_per_second dates_as_epoch_millis align_checkpoints use_point_in_time deduce_mappings"
    " num_failure_retries unattended"
).split()
SOURCES = ("index", "data-stream", "alias", "documents")
"""What the source may be under one name: all of it comes first, seed documents of that id included."""

PAGE = 1000  # the most that one GET _transform gives

RULES = (
    drop(("id",), ("version",), ("create_time",), ("create_time_string",), ("authorization",), ("headers",)),
    as_list(("source", "index")),
    drop_if(("source", "query"), {"match_all": {}}, None),
    drop_if(("source", "runtime_mappings"), {}, None),
    drop_if(("frequency",), "1m", "60s", None),
    drop_if(("sync", "time", "delay"), "1m", "60s", None),
    drop_if(("description",), "", None),
    drop_if(("retention_policy",), None),
    drop_if(("dest", "aliases"), [], None),
    drop_if(("dest", "pipeline"), None),
)


@dataclass(frozen=True)
class TransformKind(RestKind):
    """`state: started | stopped` (started where nothing is said) is compared with what the server says.

    A batch transform (no `sync`) runs once and stops by itself: one that has run counts as started.
    """

    def check(self, resource: Resource) -> Iterable[Problem]:
        yield from super().check(resource)
        if sum(key in resource.spec for key in FIXED) != 1:
            yield Problem("a transform has a pivot or a latest, one of the two", resource.at("spec", "latest"))

    def references(self, resource: Resource) -> Iterator[Reference]:
        index = get(resource.spec, ("source", "index"))
        for pattern in index if isinstance(index, list) else [index]:
            for name in index_names(pattern):
                for kind in SOURCES:
                    yield Reference(Address(kind, name), ("spec", "source", "index"), soft=True)
        for name in index_names(get(resource.spec, ("dest", "index"))):
            yield Reference(Address("index", name), ("spec", "dest", "index"), soft=True)
        pipeline = get(resource.spec, ("dest", "pipeline"))
        if isinstance(pipeline, str):
            yield Reference(Address("ingest-pipeline", pipeline), ("spec", "dest", "pipeline"))
        yield from search_references(get(resource.spec, ("source", "query")), ("spec", "source", "query"))

    def everything(self, sender: Sender, capabilities: Capabilities) -> dict[Address, Live]:
        bodies = list(_paged(sender, self.listing))
        stats = {entry["id"]: entry for entry in _paged(sender, f"{self.listing}/_stats")} if bodies else {}
        found = {}
        for body in bodies:
            address = Address(self.name, body["id"])
            found[address] = Live(address, {**body, "state": _state(body, stats.get(body["id"], {}))})
        return found

    def normalise(self, body: Body, capabilities: Capabilities) -> Body:
        body = super().normalise(body, capabilities)
        body.pop("defer_validation", None)
        body.setdefault("state", STARTED)
        if isinstance(body.get("settings"), dict):
            body["settings"] = {key: value for key, value in body["settings"].items() if value is not None}
        pivot = body.get("pivot")
        if isinstance(pivot, dict) and "aggs" in pivot:
            pivot["aggregations"] = pivot.pop("aggs")
        return drop_if(("settings",), {}, None)(body, capabilities)

    def written(self, live: Live, capabilities: Capabilities) -> Body:
        return drop_if(("state",), STARTED, FAILED)(self.normalise(live.body, capabilities), capabilities)

    def write(self, address: Address, body: Body, live: Live | None, context: Context) -> tuple[Request, ...]:
        return tuple(self._requests(address, body, live, context))

    def _requests(self, address: Address, body: Body, live: Live | None, context: Context) -> Iterator[Request]:
        path = self._path(address)
        deferred = {"defer_validation": "true"} if body.get("defer_validation") is True else {}
        start = Request("elasticsearch", "POST", f"{path}/_start")
        runs = body.get("state", STARTED) == STARTED
        if live is None:
            sent = {key: value for key, value in body.items() if key not in OWN}
            yield Request("elasticsearch", "PUT", path, deferred, sent)
            if runs:
                yield start
            return
        before, after = (self.normalise(side, context.capabilities) for side in (live.body, body))
        if update := _update(before, after, body):
            yield Request("elasticsearch", "POST", f"{path}/_update", deferred, update)
        if before["state"] == after["state"]:
            return
        if before["state"] == FAILED:
            yield _stop(path, force=True)
        elif not runs:
            yield _stop(path)
        if runs:
            yield start

    def ours(self, live: Body, wanted: Body, last: Body | None) -> bool:
        """A run that was cut off between the update and the start leaves what is wanted, only stopped."""
        return last is not None and live["state"] == STOPPED and same({**live, "state": STARTED}, wanted)

    def replace(self, address: Address, body: Body, live: Live, context: Context) -> tuple[Request, ...]:
        """Its destination stays, documents included."""
        return (*self.delete(address, context), *self.write(address, body, None, context))

    def delete(self, address: Address, context: Context) -> tuple[Request, ...]:
        return (Request("elasticsearch", "DELETE", self._path(address), {"force": "true"}),)

    def cost(self, before: Body | None, after: Body | None, capabilities: Capabilities) -> Cost:
        if before is None or after is None:
            return super().cost(before, after, capabilities)
        fixed = [key for key in FIXED if not same(before.get(key), after.get(key))]
        if ("sync" in before) != ("sync" in after):
            fixed.append("sync")
        if fixed:
            return Cost(
                Consequence.IRREVERSIBLE,
                f"{' and '.join(fixed)} cannot change in place: it is deleted, made anew and begins from the start;"
                f" its destination keeps what the old one wrote, beside what the new one writes",
            )
        if before["state"] == FAILED and after["state"] == STARTED:
            return Cost(Consequence.RESTART, "it has failed: it is stopped and started")
        return Cost(Consequence.INSTANT, "; ".join(_told(before, after)))

    def verify(self, address: Address, body: Body, sender: Sender, capabilities: Capabilities) -> Iterable[str]:
        """Its preview makes documents, and the server calls it healthy."""
        path = self._path(address)
        try:
            preview = sender.send(Request("elasticsearch", "GET", f"{path}/_preview")).body
            if not preview.get("preview"):
                yield "its preview makes no document"
            answer = sender.send(Request("elasticsearch", "GET", f"{path}/_stats")).body
        except ServerError as error:
            yield str(error)
            return
        for stats in answer.get("transforms", ()):
            health = stats.get("health") or {}
            if health.get("status") in ("yellow", "red") or stats.get("state") == FAILED:
                issues = [issue.get("details") or issue.get("issue") for issue in health.get("issues", ())]
                yield f"it is {stats.get('state')}: " + (
                    "; ".join(filter(None, issues)) or stats.get("reason", "no reason")
                )


def _stop(path: str, *, force: bool = False) -> Request:
    params = {"wait_for_completion": "true", **({"force": "true"} if force else {})}
    return Request("elasticsearch", "POST", f"{path}/_stop", params)


def _paged(sender: Sender, path: str) -> Iterator[Body]:
    """A thousand in each request: what is fewer comes in one."""
    start = 0
    while True:
        params = {"size": str(PAGE), **({"from": str(start)} if start else {})}
        page = sender.send(Request("elasticsearch", "GET", path, params)).body
        yield from page["transforms"]
        start += PAGE
        if start >= page["count"]:
            return


def _state(body: Body, stats: Body) -> str:
    """`started`, `stopped` or `failed`, of the six that a server tells apart."""
    state = stats.get("state", STOPPED)
    if state in (FAILED, STARTED):
        return str(state)
    ran = bool(get(stats, ("checkpointing", "last", "checkpoint")))
    return STARTED if state in ("indexing", "waiting") or ("sync" not in body and ran) else STOPPED


def _update(before: Body, after: Body, body: Body) -> Body:
    """The parts that differ, whole; what was taken out is told to go."""
    update: Body = {}
    for key in UPDATED:
        if same(before.get(key), after.get(key)):
            continue
        if key == "settings":
            old, new = before.get(key) or {}, after.get(key) or {}
            update[key] = {name: new.get(name) for name in SETTINGS if old.get(name) != new.get(name)}
        else:
            update[key] = copy(body[key]) if key in after else copy(CLEARED[key])
    if update and "_meta" in body:
        update["_meta"] = copy(body["_meta"])
    return update


def _told(before: Body, after: Body) -> Iterator[str]:
    if any(not same(before.get(key), after.get(key)) for key in UPDATED if key not in ("description", "_meta")):
        yield "from its next checkpoint on" if "sync" in after else "it counts when it runs the next time"
    if not same(before.get("source"), after.get("source")):
        yield "what it has already written stays as it is"
    if get(before, ("dest", "index")) != get(after, ("dest", "index")):
        yield "the new destination gets only what changes from now on"
    if before["state"] != after["state"]:
        yield "it is started" if after["state"] == STARTED else "it is stopped"


def _listed(answer: Any) -> Iterable[tuple[str, Body]]:
    return ((body["id"], body) for body in (answer or {}).get("transforms", ()))


TRANSFORM = TransformKind(
    name="transform",
    stage=61,
    path="/_transform/{id}",
    listing="/_transform",
    items=_listed,
    about="Turns the documents of indices into summaries (pivot) or the latest of each (latest), once or all the time."
    " `state: started | stopped` says whether it runs; `defer_validation: true` lets it be made before its source.",
    api="PUT /_transform/{transform_id}",
    rules=RULES,
    meta=("_meta",),
    deletion=Cost(Consequence.INSTANT, "its destination keeps what it wrote"),
)
