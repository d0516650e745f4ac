"""`_search`: the body checked, the query run, hits sorted and fetched, aggregations beside them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from . import knn, sources
from .aggregations import aggregate
from .dates import duration_ms
from .errors import (
    ElasticsearchError,
    illegal,
    not_a_number,
    parsing,
    search_failure,
    token,
    unsupported,
    validation,
)
from .fetch import Fetch, hits
from .mapping import Body
from .node import Index, Node
from .query import ALL, Query
from .searcher import Searcher
from .sorting import Key, after, short_float, sort_keys
from .sources import SourceFilter

_KEYS = frozenset(
    "query from size sort search_after track_total_hits track_scores fields docvalue_fields stored_fields _source aggs"
    " aggregations knn pit timeout min_score version seq_no_primary_term explain profile terminate_after stats"
    " script_fields runtime_mappings post_filter indices_boost ext".split()
)
_ELSEWHERE = frozenset("collapse highlight suggest rescore rank retriever slice sub_searches".split())
SEARCH_KEYS = _KEYS | _ELSEWHERE


@dataclass(frozen=True)
class Options:
    """What stands in the URL of a search."""

    typed_keys: bool = False
    total_as_int: bool = False
    source: SourceFilter | None = None
    live: dict[str, str] | None = None
    pit: str | None = None


def search(node: Node, indices: list[Index], body: Body, options: Options = Options()) -> Body:
    """The answer of `_search`; raises ElasticsearchError."""
    started = time.monotonic()
    check_body(body)
    searcher = Searcher(node, indices, options.live)
    try:
        answer = _Search(searcher, body, options).run()
    except ElasticsearchError as error:
        raise _as_failure(error, indices) from None
    finally:
        searcher.close()
    head: Body = {"pit_id": options.pit} if options.pit else {}
    count = len(indices)
    return head | {
        "took": int((time.monotonic() - started) * 1000),
        "timed_out": False,
        "_shards": {"total": count, "successful": count, "skipped": 0, "failed": 0},
        **answer,
    }


# What a shard finds out while it runs; the rest is found while the body is read.
_ON_SHARD = ("query_shard_exception",)
_ON_SHARD_REASONS = (
    "Result window",
    "Fielddata",
    "Can't load fielddata",
    "No mapping found",
    "Field [",
    "Expected numeric",
    "failed to parse date field",
    "Invalid interval specified",
    "search_after has",
    "Sort must contain",
    "Failed to parse search_after",
    "No [ranges] specified",
    "interval must be positive",
    "Aggregation [",
)


def _as_failure(error: ElasticsearchError, indices: list[Index]) -> ElasticsearchError:
    late = error.type in _ON_SHARD or error.reason.startswith(_ON_SHARD_REASONS)
    return search_failure(error, indices[0].name) if late and indices else error


def misplaced(key: str, value: Any) -> ElasticsearchError:
    """A key that is not known, or not with a value of that type."""
    return parsing(f"Unknown key for a {token(value)} in [{key}].")


# What a key's value may be; of other types, Elasticsearch does not know it.
_TYPES: dict[str, tuple[type, ...]] = {
    "query": (dict,), "aggs": (dict,), "aggregations": (dict,), "post_filter": (dict,), "fields": (list,),
    "docvalue_fields": (list,),
}  # fmt: skip


def check_body(body: Body) -> None:
    for key, value in body.items():
        if key in _ELSEWHERE:
            raise unsupported(f"[{key}] of a search")
        if key not in _KEYS:
            raise misplaced(key, value)
        if value is not None and not isinstance(value, _TYPES.get(key, (object,))):
            raise misplaced(key, value)
    if body.get("runtime_mappings"):
        raise unsupported("[runtime_mappings] of a search")
    if body.get("explain") or body.get("profile"):
        raise unsupported("[explain] and [profile] of a search")
    if body.get("indices_boost"):
        raise unsupported("[indices_boost] of a search")
    start, size = body.get("from", 0), body.get("size", 10)
    for name, value in (("from", start), ("size", size)):
        if not isinstance(value, int) or isinstance(value, bool):
            raise not_a_number(value)
        if value < 0:
            raise illegal(
                f"[{name}] parameter cannot be negative, found [{value}]"
                if name == "size"
                else f"[from] parameter cannot be negative but was [{value}]"
            )
    if "timeout" in body:
        duration_ms(body["timeout"], "timeout")
    try:
        float(body.get("min_score") or 0)
    except (TypeError, ValueError):
        raise not_a_number(body["min_score"]) from None
    track = body.get("track_total_hits", True)
    if not isinstance(track, bool) and isinstance(track, int) and track < -1:
        raise illegal(f"[track_total_hits] parameter must be positive or equals to -1, got {track}")
    if body.get("search_after") == []:
        raise illegal("Values must contains at least one value.")
    if body.get("search_after") is not None and start > 0:
        raise validation("[from] parameter must be set to 0 when [search_after] is used")


class _Search:
    def __init__(self, searcher: Searcher, body: Body, options: Options) -> None:
        self.searcher, self.body, self.options = searcher, body, options
        self.query = Query(searcher, body.get("size", 10))

    def run(self) -> Body:
        body, searcher = self.body, self.searcher
        start, size = body.get("from", 0), body.get("size", 10)
        for part in searcher.parts:
            window = int(part.index.settings.get("index.max_result_window", 10_000))
            if start + size > window:
                raise illegal(
                    f"Result window is too large, from + size must be less than or equal to: [{window}] but was"
                    f" [{start + size}]. See the scroll api for a more efficient way to request large data sets. This"
                    " limit can be set by changing the [index.max_result_window] index level setting."
                )
        keys = sort_keys(searcher, body["sort"]) if body.get("sort") else []
        ranked = not keys or any(k.kind == "_score" for k in keys) or bool(body.get("track_scores"))
        matched = self.matched(ranked and (size > 0 or body.get("min_score") is not None))
        answer: Body = {"hits": self.hits(matched, keys, ranked, start, size)}
        aggregations = body.get("aggs", body.get("aggregations"))
        if aggregations:
            answer["aggregations"] = aggregate(
                searcher, aggregations, f"SELECT doc FROM {matched}", typed=self.options.typed_keys
            )
        return answer

    def matched(self, scored: bool) -> str:
        """The temporary table (doc, part, score) of what the query and `knn` match."""
        body, searcher = self.body, self.searcher
        query = body.get("query")
        sections = body.get("knn") or []
        sections = sections if isinstance(sections, list) else [sections]
        try:
            tables = [knn.nearest(searcher, {"k": body.get("size", 10), **one}, self.query.where) for one in sections]
        except ElasticsearchError as error:
            error.phase = "dfs"
            raise
        boosts = [float(one.get("boost", 1)) for one in sections]
        if query is None and not sections:
            return searcher.make(f"SELECT doc, part, 1::DOUBLE AS score FROM ({searcher.docs})")
        if not scored and not sections:
            where = self.query.where(query) if query is not None else ALL
            return searcher.make(f"SELECT doc, part, NULL::DOUBLE AS score FROM ({searcher.docs}) WHERE {where}")
        scores = [self.query.scores(query)] if query is not None else []
        scores += [
            f"SELECT doc, score * {boost!r} AS score FROM {table}" for table, boost in zip(tables, boosts, strict=True)
        ]
        union = " UNION ALL ".join(f"({s})" for s in scores)
        least = body.get("min_score")
        having = f" HAVING sum(score) >= {float(least)!r}" if least is not None else ""
        return searcher.make(
            f"SELECT d.doc, d.part, s.score FROM ({searcher.docs}) d"
            f" JOIN (SELECT doc, sum(score) AS score FROM ({union}) GROUP BY doc{having}) s ON s.doc = d.doc"
        )

    def hits(self, matched: str, keys: list[Key], ranked: bool, start: int, size: int) -> Body:
        body, searcher = self.body, self.searcher
        shown = matched
        if body.get("post_filter"):
            shown = searcher.make(f"SELECT * FROM {matched} WHERE {self.query.where(body['post_filter'])}")
        ((count, best),) = searcher.rows(f"SELECT count(*), max(score) FROM {shown}")
        track = body.get("track_total_hits", True if self.options.total_as_int else 10_000)
        track = False if track == -1 else track
        result: Body = {}
        if self.options.total_as_int:
            result["total"] = count if track is not False else -1
        elif track is True:
            result["total"] = {"value": count, "relation": "eq"}
        elif track is not False:
            result["total"] = {"value": min(count, track), "relation": "gte" if count > track else "eq"}
        rows = self.rows(shown, keys, ranked, start, size) if size else []
        scored = ranked and (not keys or keys[0].kind == "_score" or body.get("track_scores"))
        result["max_score"] = short_float(best) if size and count and scored else None
        result["hits"] = hits(searcher, rows, Fetch.of(body, source=self._source()))
        return result

    def _source(self) -> SourceFilter | None:
        given = self.options.source
        if given is None:
            return None
        inside = sources.from_body(self.body.get("_source"), given.vectors)
        return given if given.includes or given.excludes or not given.enabled else inside

    def rows(
        self, table: str, keys: list[Key], ranked: bool, start: int, size: int
    ) -> list[tuple[int, int, Any, list[Any] | None]]:
        order = ", ".join(k.order for k in keys) if keys else "q.score::FLOAT DESC"
        columns = "".join(f", {k.sql}" for k in keys)
        joins = " ".join(k.join for k in keys)
        where = ""
        if self.body.get("search_after") is not None:
            if not keys:
                raise illegal("Sort must contain at least one field.")
            where = f"WHERE {after(keys, self.body['search_after'])}"
        sql = (
            f"SELECT q.doc, q.part, q.score{columns} FROM {table} q {joins} {where} ORDER BY {order}, q.part, q.doc"
            f" LIMIT {size} OFFSET {start}"
        )
        found = []
        for doc, part, score, *values in self.searcher.rows(sql):
            sort = [k.shown(v) for k, v in zip(keys, values, strict=True)] if keys else None
            found.append((doc, part, short_float(score) if ranked else None, sort))
        return found
