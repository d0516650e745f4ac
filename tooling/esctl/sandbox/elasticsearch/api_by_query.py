"""Many documents at once, by a query: `_delete_by_query`, `_update_by_query`. Done when answered."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import Any

from .api_search import COMMON, unfiltered
from .documents import Operation, perform
from .errors import ElasticsearchError, illegal, unsupported, validation
from .http import Request, Response, Route, route
from .mapping import Body
from .names import options
from .node import Index, Node
from .query import Query
from .searcher import Searcher
from .sources import whole_source
from .store import Stored

BATCH = 1000


@dataclass
class Tally:
    """What became of the documents, as it is answered."""

    total: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    conflicts: int = 0
    batches: int = 0
    rate: float = -1.0
    throttled: float = 0.0
    failures: list[Body] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    def status(self, *names: str) -> Body:
        """What a task shows while it runs."""
        return {
            "total": self.total,
            **{name: self.counts.get(name, 0) for name in names},
            "batches": self.batches,
            "version_conflicts": self.conflicts,
            "noops": self.counts.get("noop", 0),
            "retries": {"bulk": 0, "search": 0},
            "throttled_millis": int(self.throttled * 1000),
            "requests_per_second": self.rate,
            "throttled_until_millis": 0,
        }

    def body(self, *names: str) -> Body:
        took = int((time.monotonic() - self.started) * 1000)
        return {"took": took, "timed_out": False, **self.status(*names), "failures": self.failures}


def seconds(text: str) -> float:
    """`30s`, `500ms`, `1m` in seconds."""
    match = re.fullmatch(r"(\d+)(nanos|micros|ms|s|m|h|d)", text)
    if not match:
        raise illegal(
            f"failed to parse setting [timeout] with value [{text}] as a time value: unit is missing or unrecognized"
        )
    return int(match[1]) * {"nanos": 1e-9, "micros": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600, "d": 86400}[match[2]]


def found(node: Node, indices: list[Index], query: Any, most: int | None) -> list[tuple[Index, Stored]]:
    searcher = Searcher(node, indices)
    try:
        where = Query(searcher).where(query)
        limit = f"LIMIT {most}" if most is not None else ""
        rows = searcher.rows(f"SELECT doc, part FROM ({searcher.docs}) WHERE {where} ORDER BY part, doc {limit}")
        stored = node.store.by_doc(doc for doc, _ in rows)
    finally:
        searcher.close()
    return [(indices[part], stored[doc]) for doc, part in rows]


def perform_all(node: Node, operations: list[Operation], tally: Tally, *, proceed: bool) -> None:
    """One batch, in one transaction: all of it is tried; a version conflict is a failure unless `proceed`."""
    tally.batches += 1
    node.store.begin()
    try:
        for operation in operations:
            try:
                result = perform(node, operation).body["result"]
                # A document that its pipeline dropped counts as updated.
                result = "updated" if result == "noop" and operation.action != "update" else result
                tally.counts[result] = tally.counts.get(result, 0) + 1
            except ElasticsearchError as error:
                if error.status == 409:
                    tally.conflicts += 1
                    if proceed:
                        continue
                place = {"index": operation.index, "id": operation.id}
                tally.failures.append({**place, "cause": error.item(), "status": error.status})
    finally:
        node.store.commit()


def _at_once(node: Node, operations: list[Operation]) -> Tally:
    tally = Tally(total=len(operations))
    for start in range(0, len(operations), BATCH):
        perform_all(node, operations[start : start + BATCH], tally, proceed=True)
        if tally.failures:
            break
    return tally


def answer(tally: Tally, *names: str) -> Response:
    status = max((f["status"] for f in tally.failures), default=200)
    return Response(tally.body(*names), status)


CONFLICTS = ("abort", "proceed")


def unknown_conflicts(word: object) -> ElasticsearchError:
    return illegal(f'conflicts may only be "proceed" or "abort" but was [{word}]')


def _body(request: Request, allowed: set[str], what: str) -> Body:
    body = request.json()
    for key in body:
        if key not in allowed:
            raise unsupported(f"[{key}] of {what}")
    if (word := request.params.get("conflicts", "abort")) not in CONFLICTS:
        raise unknown_conflicts(word)
    for name in ("slices", "scroll_size"):
        if name == "slices" and request.params.get(name, "1") not in ("1", "auto"):
            raise unsupported(f"[slices] of {what}")
    if not request.flag("wait_for_completion", True):
        raise unsupported(f"[wait_for_completion=false] of {what}")
    return body


def _most(request: Request, body: Body) -> int | None:
    given = request.number("max_docs")
    return body.get("max_docs", given)


def delete_by_query(node: Node, request: Request) -> Response:
    body = _body(request, {"query", "max_docs", "conflicts"}, "_delete_by_query")
    if "query" not in body:
        raise validation("query is missing")
    indices = unfiltered(node, request.names(), dict(options(request)))
    hits = found(node, indices, body["query"], _most(request, body))
    operations = [Operation("delete", index.name, stored.id) for index, stored in hits]
    return answer(_at_once(node, operations), "deleted")


def update_by_query(node: Node, request: Request) -> Response:
    """Indexes every document again as it is: through a pipeline, or to pick up a changed mapping."""
    if "script" in request.json():
        raise ElasticsearchError("script_exception", "the esctl sandbox does not compile Painless")
    body = _body(request, {"query", "max_docs", "conflicts"}, "_update_by_query")
    indices = unfiltered(node, request.names(), dict(options(request)))
    hits = found(node, indices, body.get("query", {"match_all": {}}), _most(request, body))
    pipeline = request.params.get("pipeline", "_none")
    operations = [
        Operation("index", index.name, stored.id, whole_source(stored), pipeline=pipeline) for index, stored in hits
    ]
    return answer(_at_once(node, operations), "updated", "deleted")


PARAMETERS = (
    f"{COMMON} refresh conflicts wait_for_completion slices scroll_size scroll requests_per_second timeout"
    " wait_for_active_shards max_docs pipeline search_timeout require_alias"
)

ROUTES: list[Route] = [
    route("POST", "/{index}/_delete_by_query", delete_by_query, PARAMETERS),
    route("POST", "/{index}/_update_by_query", update_by_query, PARAMETERS),
]
