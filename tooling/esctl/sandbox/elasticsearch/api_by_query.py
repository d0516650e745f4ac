"""Many documents at once, by a query: `_delete_by_query`, `_update_by_query`, `_reindex`. Done when answered."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from .api_search import COMMON, searched
from .documents import Operation, perform
from .errors import ElasticsearchError, unsupported, validation
from .http import Request, Response, Route, route
from .mapping import Body
from .names import options
from .node import Index, Node
from .query import Query
from .searcher import Searcher
from .sources import from_body, whole_source
from .store import Stored


@dataclass
class _Tally:
    """What became of the documents, as it is answered."""

    total: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    conflicts: int = 0
    failures: list[Body] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    def body(self, *names: str) -> Body:
        counted = {name: self.counts.get(name, 0) for name in names}
        return {
            "took": int((time.monotonic() - self.started) * 1000),
            "timed_out": False,
            "total": self.total,
            **counted,
            "batches": -(-self.total // 1000),
            "version_conflicts": self.conflicts,
            "noops": self.counts.get("noop", 0),
            "retries": {"bulk": 0, "search": 0},
            "throttled_millis": 0,
            "requests_per_second": -1.0,
            "throttled_until_millis": 0,
            "failures": self.failures,
        }


def _found(node: Node, indices: list[Index], query: Any, most: int | None) -> list[tuple[Index, Stored]]:
    searcher = Searcher(node, indices)
    try:
        where = Query(searcher).where(query)
        limit = f"LIMIT {most}" if most is not None else ""
        rows = searcher.rows(f"SELECT doc, part FROM ({searcher.docs}) WHERE {where} ORDER BY part, doc {limit}")
        stored = node.store.by_doc(doc for doc, _ in rows)
    finally:
        searcher.close()
    return [(indices[part], stored[doc]) for doc, part in rows]


def _perform(node: Node, operations: list[Operation], *, proceed: bool) -> _Tally:
    """One write after the other, in one transaction; the first failure ends it, a conflict too unless `proceed`."""
    tally = _Tally(total=len(operations))
    node.store.begin()
    try:
        for operation in operations:
            try:
                result = perform(node, operation).body["result"]
                tally.counts[result] = tally.counts.get(result, 0) + 1
            except ElasticsearchError as error:
                if error.status == 409:
                    tally.conflicts += 1
                    if proceed:
                        continue
                place = {"index": operation.index, "id": operation.id}
                tally.failures.append({**place, "cause": error.item(), "status": error.status})
                break
    finally:
        node.store.commit()
    return tally


def _answer(tally: _Tally, *names: str) -> Response:
    status = max((f["status"] for f in tally.failures), default=200)
    return Response(tally.body(*names), status)


def _body(request: Request, allowed: set[str], what: str) -> Body:
    body = request.json()
    for key in body:
        if key not in allowed:
            raise unsupported(f"[{key}] of {what}")
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
    indices = searched(node, request.names(), dict(options(request)))
    found = _found(node, indices, body["query"], _most(request, body))
    operations = [Operation("delete", index.name, stored.id) for index, stored in found]
    return _answer(_perform(node, operations, proceed=True), "deleted")


def update_by_query(node: Node, request: Request) -> Response:
    """Indexes every document again as it is: through a pipeline, or to pick up a changed mapping."""
    if "script" in request.json():
        raise ElasticsearchError("script_exception", "the esctl sandbox does not compile Painless")
    body = _body(request, {"query", "max_docs", "conflicts"}, "_update_by_query")
    indices = searched(node, request.names(), dict(options(request)))
    found = _found(node, indices, body.get("query", {"match_all": {}}), _most(request, body))
    pipeline = request.params.get("pipeline", "_none")
    operations = [
        Operation("index", index.name, stored.id, whole_source(stored), pipeline=pipeline) for index, stored in found
    ]
    return _answer(_perform(node, operations, proceed=True), "updated", "deleted")


def reindex(node: Node, request: Request) -> Response:
    """Copies what `source` finds into `dest`, whose own default pipeline runs unless it names another."""
    body = _body(request, {"source", "dest", "max_docs", "conflicts"}, "_reindex")
    source, dest = body.get("source", {}), body.get("dest", {})
    missing = [
        f"{side} is missing" if side == "source" else "index is missing"
        for side, given in (("source", source), ("dest", dest))
        if "index" not in given
    ]
    if missing:
        raise validation(*missing)
    for side, given, allowed in (
        ("source", source, {"index", "query", "_source", "size"}),
        ("dest", dest, {"index", "op_type", "pipeline"}),
    ):
        for key in given:
            if key not in allowed:
                raise unsupported(f"[{side}.{key}] of _reindex")
    names = [source["index"]] if isinstance(source["index"], str) else source["index"]
    indices = searched(node, names, {})
    if dest["index"] in [i.name for i in indices]:
        raise validation(f"reindex cannot write into an index its reading from [{dest['index']}]")
    found = _found(node, indices, source.get("query", {"match_all": {}}), _most(request, body))
    shown = from_body(source.get("_source"), vectors=True)
    action = dest.get("op_type", "index")
    operations = [
        Operation(action, dest["index"], stored.id, shown.apply(stored), pipeline=dest.get("pipeline"))
        for _, stored in found
    ]
    return _answer(
        _perform(node, operations, proceed=body.get("conflicts") == "proceed"), "updated", "created", "deleted"
    )


_PARAMS = (
    f"{COMMON} refresh conflicts wait_for_completion slices scroll_size scroll requests_per_second timeout"
    " wait_for_active_shards max_docs pipeline search_timeout require_alias"
)

ROUTES: list[Route] = [
    route("POST", "/{index}/_delete_by_query", delete_by_query, _PARAMS),
    route("POST", "/{index}/_update_by_query", update_by_query, _PARAMS),
    route("POST", "/_reindex", reindex, _PARAMS),
]
