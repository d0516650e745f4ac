"""`_reindex`: documents from some indices into another, at once or as a task, in slices, at a rate."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from .api_by_query import BATCH, CONFLICTS, PARAMETERS, Tally, answer, found, perform_all, unknown_conflicts
from .api_cluster import shards
from .api_search import unfiltered
from .documents import Operation
from .errors import illegal, unknown_field, unparsed, unsupported, validation
from .http import Request, Response, Route, route
from .mapping import Body
from .names import resolve
from .node import Index, Node
from .search import SEARCH_KEYS, misplaced
from .sources import from_body
from .store import Stored
from .tasks import Task, listed, node_failure

_ACTION = "indices:data/write/reindex"
_COUNTED = ("updated", "created", "deleted")
_UNLIMITED = -1.0
_SIDES = {"source": {"index", "query", "_source", "size"}, "dest": {"index", "op_type", "pipeline"}}
_BEYOND = {
    "source": {"remote", "sort", "slice", "runtime_mappings"},
    "dest": {"routing", "version_type"},
    "reindex": {"script"},
}


@dataclass(frozen=True)
class _Asked:
    """A request that can be carried out."""

    names: list[str]
    target: str
    source: Body
    dest: Body
    most: int | None
    proceed: bool
    rate: float
    slices: str

    @property
    def description(self) -> str:
        return f"reindex from [{', '.join(self.names)}] to [{self.target}]"


def _asked(request: Request) -> _Asked:
    body = request.json(required=True)
    for key in body:
        if key in _BEYOND["reindex"]:
            raise unsupported(f"[{key}] of _reindex")
        if key not in ("source", "dest", "max_docs", "size", "conflicts"):
            raise unknown_field("reindex", key)
    source, dest = body.get("source") or {}, body.get("dest") or {}
    for side, given in (("source", source), ("dest", dest)):
        for key in given:
            if key in _BEYOND[side] or (side == "source" and key in SEARCH_KEYS and key not in _SIDES[side]):
                raise unsupported(f"[{side}.{key}] of _reindex")
            if key not in _SIDES[side]:
                cause = misplaced(key, given[key]) if side == "source" else unknown_field(side, key)
                raise unparsed("reindex", side, cause)
    kind = dest.get("op_type", "index")
    if kind not in ("index", "create"):
        cause = illegal(f"opType must be 'create' or 'index', found: [{kind}]")
        raise unparsed("reindex", "dest", unparsed("dest", "op_type", cause))
    conflicts = body.get("conflicts", "abort")
    if conflicts not in CONFLICTS:
        raise unparsed("reindex", "conflicts", unknown_conflicts(conflicts))
    if body.get("max_docs", 1) == 0:
        raise unparsed("reindex", "max_docs", illegal("[max_docs] should be >= [slices]"))
    names = source.get("index") or []
    names = names.split(",") if isinstance(names, str) else names
    if not names:
        raise validation("use _all if you really want to copy from all existing indexes")
    if not dest.get("index"):
        raise validation("index must be specified")
    return _Asked(
        names,
        dest["index"],
        source,
        dest,
        body.get("max_docs", request.number("max_docs")),
        conflicts == "proceed",
        _rate(request.params.get("requests_per_second", "-1")),
        _slices(request.params.get("slices", "1")),
    )


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        reason = "[requests_per_second] must be a float greater than 0. Use -1 to disable throttling."
        cause = {"type": "number_format_exception", "reason": f'For input string: "{text}"'}
        raise illegal(reason, cause=cause) from None
    if rate != _UNLIMITED and rate <= 0:
        raise illegal("[requests_per_second] must be a float greater than 0. Use -1 to disable throttling.")
    return rate


def _slices(text: str) -> str:
    if text == "auto":
        return text
    reason = f'[slices] must be a positive integer or the string "auto", but was [{text}]'
    if not text.lstrip("-").isdigit():
        cause = {"type": "number_format_exception", "reason": f'For input string: "{text}"'}
        raise illegal(reason, cause=cause)
    if int(text) < 1:
        raise illegal(reason)
    return text


def reindex(node: Node, request: Request) -> Response:
    """The default pipeline of the target runs unless the request names another."""
    asked = _asked(request)
    if asked.target in {index.name for index in resolve(node, asked.names, ignore_unavailable=True)}:
        raise validation(f"reindex cannot write into an index its reading from [{asked.target}]")
    tasks = node.tasks
    task = tasks.new(_ACTION, asked.description, asked.rate)
    if not request.flag("wait_for_completion", True):
        tasks.start(task, lambda one: _as_kept(_copy(node, asked, one)))
        return Response({"task": task.id})
    try:
        tallies = _copy(node, asked, task)
    finally:
        tasks.end(task)
    body = _body(tallies)
    status = answer(_summed(tallies), *_COUNTED).status
    return Response(body, status)


def _copy(node: Node, asked: _Asked, task: Task) -> list[Tally]:
    """Batch by batch, letting others in between; one tally for each slice."""
    indices = unfiltered(node, asked.names, {})
    hits = found(node, indices, asked.source.get("query", {"match_all": {}}), asked.most)
    count = shards(indices[0]) if asked.slices == "auto" and len(indices) == 1 else 1
    count = int(asked.slices) if asked.slices != "auto" else count
    parts: list[list[tuple[Index, Stored]]] = [[] for _ in range(count)]
    for index, stored in hits:
        parts[zlib.crc32(stored.id.encode()) % count].append((index, stored))
    tallies = [Tally(total=len(part), rate=task.rate / count if task.rate > 0 else _UNLIMITED) for part in parts]
    task.status = lambda: _status(tallies)
    size = asked.source.get("size", BATCH)
    shown = from_body(asked.source.get("_source"), vectors=True)
    for part, tally in zip(parts, tallies, strict=True):
        for start in range(0, len(part), size):
            if task.cancelled or tally.failures:
                break
            operations = [
                Operation(
                    asked.dest.get("op_type", "index"),
                    asked.target,
                    stored.id,
                    shown.apply(stored),
                    pipeline=asked.dest.get("pipeline"),
                )
                for _, stored in part[start : start + size]
            ]
            perform_all(node, operations, tally, proceed=asked.proceed)
            if start + size < len(part):
                _rest(node, task, len(operations), tally)
    return tallies


def _rest(node: Node, task: Task, written: int, tally: Tally) -> None:
    """Let other requests in, and wait as long as the rate says."""
    changed = node.tasks.changed
    wait = written / task.rate if task.rate > 0 else 0.0
    tally.throttled += wait
    changed.wait(max(wait, 1e-4))


def _status(tallies: list[Tally]) -> Body:
    summed = _summed(tallies).status(*_COUNTED)
    if len(tallies) > 1:
        summed["slices"] = [{"slice_id": n, **tally.status(*_COUNTED)} for n, tally in enumerate(tallies)]
    return summed


def _summed(tallies: list[Tally]) -> Tally:
    if len(tallies) == 1:
        return tallies[0]
    whole = Tally(started=min(tally.started for tally in tallies))
    for tally in tallies:
        whole.total += tally.total
        whole.conflicts += tally.conflicts
        whole.batches += tally.batches
        whole.throttled += tally.throttled
        whole.rate = whole.rate + tally.rate if whole.rate > 0 and tally.rate > 0 else tally.rate
        whole.failures += tally.failures
        for name, count in tally.counts.items():
            whole.counts[name] = whole.counts.get(name, 0) + count
    return whole


def _body(tallies: list[Tally]) -> Body:
    body = _summed(tallies).body(*_COUNTED)
    if len(tallies) > 1:
        failures = body.pop("failures")
        body |= {"slices": _status(tallies)["slices"], "failures": failures}
    return body


def _as_kept(tallies: list[Tally]) -> Body:
    """The answer as a task's result shows it, with times in words too."""
    body = _body(tallies)
    millis = body["throttled_millis"]
    return {**body, "throttled": f"{millis / 1000:g}s" if millis >= 1000 else f"{millis}ms" if millis else "0s"} | {
        "throttled_until": "0s"
    }


def rethrottle(node: Node, request: Request) -> Response:
    id = request.values["task"]
    if "requests_per_second" not in request.params:
        raise illegal("requests_per_second is a required parameter")
    rate = _rate(request.params["requests_per_second"])
    tasks = node.tasks
    task = tasks.running.get(id)
    place = id.partition(":")[0]
    if place != node.node_id:
        return Response(node_failure(place, "no_such_node_exception", f"No such node [{place}]", node_id=place))
    if task is None:
        return Response(node_failure(place, "resource_not_found_exception", f"task [{id}] is missing"))
    task.rate = rate
    tasks.changed.notify_all()
    return Response(listed(node, [task], detailed=True))


ROUTES: list[Route] = [
    route("POST", "/_reindex", reindex, PARAMETERS),
    route("POST", "/_reindex/{task}/_rethrottle", rethrottle, "requests_per_second"),
]
