"""Searching over HTTP: `_search`, `_msearch`, `_count`, points in time, scrolls."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from . import sources
from .data_streams import stream_of, streams
from .dates import duration_ms
from .errors import ElasticsearchError, illegal, parsing, unsupported, validation
from .http import MULTI_INDEX, Request, Response, Route, load_json, route
from .mapping import Body
from .names import options, resolve
from .node import Index, Node
from .search import Options, search


def searched(node: Node, names: list[str], chosen: dict[str, bool]) -> list[Index]:
    """The indices of a search; a closed one is an error."""
    found = resolve(node, names, **chosen)
    for index in found:
        if index.closed:
            raise ElasticsearchError("index_closed_exception", "closed", index_uuid=index.uuid, index=index.name)
    return found


def _filter_of(node: Node, names: list[str], index: Index) -> Body | None:
    """The filter of the alias by which an index is searched; None where a name without one leads there, too."""
    stream = stream_of(node, index.name)
    known = index.aliases if stream is None else streams(node)[stream]["aliases"]
    used = [form for alias, form in known.items() if any(fnmatchcase(alias, name) for name in names)]
    own = index.name if stream is None else stream
    if not used or any(fnmatchcase(own, name) for name in names) or any("filter" not in form for form in used):
        return None
    filters = [form["filter"] for form in used]
    return filters[0] if len(filters) == 1 else {"bool": {"should": filters}}


def filtered(node: Node, names: list[str], indices: list[Index], body: Body) -> Body:
    """The body of a search, narrowed by the filters of the aliases that it names."""
    filters = [_filter_of(node, names, index) for index in indices]
    if not any(filters):
        return body
    if any(one != filters[0] for one in filters):
        raise unsupported("a search of indices of which only some are behind a filtered alias")
    if "knn" in body:
        raise unsupported("a [knn] search through a filtered alias")
    query = {"bool": {"must": [body.get("query", {"match_all": {}})], "filter": [filters[0]]}}
    return {**body, "query": query}


def unfiltered(node: Node, names: list[str], chosen: dict[str, bool]) -> list[Index]:
    """The indices, where what is done with them does not look at filters of aliases."""
    indices = searched(node, names, chosen)
    if any(_filter_of(node, names, index) is not None for index in indices):
        raise unsupported("filtered aliases outside of searches and counts")
    return indices


def _body(request: Request) -> Body:
    """The body, with what the URL says laid over it."""
    body = request.json()
    for name in ("from", "size", "terminate_after"):
        value = request.number(name)
        if value is not None:
            body[name] = value
    for name in ("version", "seq_no_primary_term", "track_scores", "explain"):
        if name in request.params:
            body[name] = request.flag(name)
    if "track_total_hits" in request.params:
        text = request.params["track_total_hits"]
        switch = text in ("", "true", "false")
        body["track_total_hits"] = request.flag("track_total_hits") if switch else request.number("track_total_hits")
    if "sort" in request.params:
        body["sort"] = request.listed("sort")
    if "docvalue_fields" in request.params:
        body["docvalue_fields"] = request.listed("docvalue_fields")
    if "timeout" in request.params:
        duration_ms(request.params["timeout"], "timeout")
    kind = request.params.get("search_type", "query_then_fetch")
    if kind not in ("query_then_fetch", "dfs_query_then_fetch"):
        raise illegal(f"No search type for [{kind}]")
    if "q" in request.params:
        raise unsupported("the [q] parameter (query strings)")
    return body


def _options(request: Request, live: dict[str, str] | None = None, pit: str | None = None) -> Options:
    return Options(
        request.flag("typed_keys"),
        request.flag("rest_total_hits_as_int"),
        sources.from_request(request),
        live,
        pit,
    )


def run_search(node: Node, request: Request) -> Response:
    body = _body(request)
    pit = body.pop("pit", None)
    if pit is not None:
        if request.values.get("index"):
            raise validation(
                "[indices] cannot be used with point in time. Do not specify any index with point in time."
            )
        context = node.contexts.find(node, pit["id"], pit.get("keep_alive"))
        if body.get("sort"):
            body["sort"] = _tie_broken(body["sort"])
        return Response(search(node, context.indices, body, _options(request, context.live, pit["id"])))
    chosen = dict(options(request))
    if "scroll" in request.params:
        return _open_scroll(node, request, body, chosen)
    indices = searched(node, request.names(), chosen)
    return Response(search(node, indices, filtered(node, request.names(), indices, body), _options(request)))


def _tie_broken(sort: Any) -> list[Any]:
    """A point in time adds `_shard_doc` as the last key, so that `search_after` loses nothing."""
    keys = sort if isinstance(sort, list) else [sort]
    named = {k if isinstance(k, str) else next(iter(k)) for k in keys}
    return keys if named & {"_doc", "_shard_doc"} else [*keys, "_shard_doc"]


def count(node: Node, request: Request) -> Response:
    body = request.json()
    unknown = sorted(set(body) - {"query"})
    if unknown:
        raise parsing(f"request does not support [{unknown[0]}]")
    if "q" in request.params:
        raise unsupported("the [q] parameter (query strings)")
    if not isinstance(body.get("query", {}), dict):
        raise parsing("[_na] query malformed, must start with start_object")
    indices = searched(node, request.names(), dict(options(request)))
    body = filtered(node, request.names(), indices, body)
    try:
        counted = search(node, indices, {"size": 0, "track_total_hits": True, **body})
    except ElasticsearchError as error:
        if error.type in ("illegal_argument_exception", "x_content_parse_exception") and not error.unsupported:
            raise parsing("Failed to parse", cause=error) from None
        raise
    return Response({"count": counted["hits"]["total"]["value"], "_shards": counted["_shards"]})


def multi_search(node: Node, request: Request) -> Response:
    if not request.body.endswith(b"\n"):
        raise illegal("The msearch request must be terminated by a newline [\\n]")
    lines = request.body.split(b"\n")[:-1]
    answers: list[Body] = []
    took = 0
    for number in range(0, len(lines) - 1, 2):
        head = load_json(lines[number]) if lines[number].strip() else {}
        body = load_json(lines[number + 1])
        names = head.get("index", request.names())
        names = names.split(",") if isinstance(names, str) else names
        try:
            chosen: dict[str, Any] = {**options(request)}
            for key in ("ignore_unavailable", "allow_no_indices"):
                if key in head:
                    chosen[key] = str(head[key]).lower() == "true"
            pit = body.pop("pit", None)
            if pit is not None:
                context = node.contexts.find(node, pit["id"], pit.get("keep_alive"))
                answer = search(node, context.indices, body, _options(request, context.live, pit["id"]))
            else:
                indices = searched(node, names, chosen)
                answer = search(node, indices, filtered(node, names, indices, body), _options(request))
            answers.append({**answer, "status": 200})
            took = max(took, answer["took"])
        except ElasticsearchError as error:
            answers.append(error.body())
    if not answers:
        raise validation("no requests added")
    return Response({"took": took, "responses": answers})


# points in time


def open_pit(node: Node, request: Request) -> Response:
    if "keep_alive" not in request.params:
        raise validation("[keep_alive] is not specified")
    body = request.json()
    if body.get("index_filter"):
        raise unsupported("[index_filter] of a point in time")
    indices = unfiltered(node, request.names(), dict(options(request)))
    id, _ = node.contexts.open(node, indices, request.params["keep_alive"])
    count_ = len(indices)
    return Response({"id": id, "_shards": {"total": count_, "successful": count_, "skipped": 0, "failed": 0}})


def close_pit(node: Node, request: Request) -> Response:
    if not request.body.strip():
        raise ElasticsearchError("parse_exception", "request body or source parameter is required")
    closed = node.contexts.close(node, request.json().get("id", ""))
    return Response({"succeeded": True, "num_freed": int(closed)}, 200 if closed else 404)


# scrolls


def _open_scroll(node: Node, request: Request, body: Body, chosen: dict[str, bool]) -> Response:
    size = body.get("size", 10)
    wrong = [name for name in ("search_after",) if body.get(name)] + [
        name for name in ("request_cache",) if request.flag(name)
    ]
    if body.get("from"):
        raise validation("using [from] is not allowed in a scroll context")
    if size == 0:
        raise validation("[size] cannot be [0] in a scroll context")
    if wrong:
        raise validation(*(f"[{name}] cannot be used in a scroll context" for name in wrong))
    duration_ms(request.params["scroll"], "scroll")
    indices = searched(node, request.names(), chosen)
    body = filtered(node, request.names(), indices, body)
    id, context = node.contexts.open(node, indices, request.params["scroll"])
    try:
        context.body = {**body, "sort": _tie_broken(body.get("sort") or ["_score"])}
        answer = _scrolled(node, request, id, context)
    except BaseException:
        node.contexts.close(node, id)
        raise
    return Response({"_scroll_id": id, **answer})


def _scrolled(node: Node, request: Request, id: str, context: Any) -> Body:
    """The next page: `search_after` over what was alive when the scroll was opened."""
    asked = context.body if not context.remaining else {**context.body, "search_after": context.remaining}
    asked = {**asked, "track_total_hits": True}
    if context.remaining:
        asked.pop("aggs", None)
        asked.pop("aggregations", None)
    answer = search(node, context.indices, asked, _options(request, context.live))
    found = answer["hits"]["hits"]
    if found:
        context.remaining = found[-1]["sort"]
    if not context.body.get("sort") or context.body["sort"] == ["_score", "_shard_doc"]:
        for hit in found:
            hit.pop("sort", None)
    elif context.body["sort"][-1] == "_shard_doc":
        # The tie-breaker is the sandbox's own: a page is found again by it, nobody is shown it.
        for hit in found:
            hit["sort"] = hit["sort"][:-1]
    return answer


def next_scroll(node: Node, request: Request) -> Response:
    body = request.json()
    id = body.get("scroll_id") or request.params.get("scroll_id")
    if id and not isinstance(id, str):
        token = "VALUE_NUMBER" if isinstance(id, int | float) else "START_OBJECT"
        raise illegal(f"Unknown parameter [scroll_id] in request body or parameter is of the wrong type[{token}] ")
    if not id:
        raise validation("scrollId is missing")
    context = node.contexts.find(node, id, body.get("scroll") or request.params.get("scroll"))
    return Response({"_scroll_id": id, **_scrolled(node, request, id, context)})


def clear_scroll(node: Node, request: Request) -> Response:
    ids = request.json().get("scroll_id", request.params.get("scroll_id", []))
    ids = [ids] if isinstance(ids, str) else ids
    if ids == ["_all"] or request.path.endswith("_all"):
        freed = node.contexts.close_all(node)
        return Response({"succeeded": True, "num_freed": freed})
    freed = sum(node.contexts.close(node, id) for id in ids)
    return Response({"succeeded": True, "num_freed": freed}, 200 if freed else 404)


COMMON = (
    f"{MULTI_INDEX} routing preference ignore_throttled allow_partial_search_results request_cache batched_reduce_size"
    " max_concurrent_shard_requests pre_filter_shard_size ccs_minimize_roundtrips search_type"
)
_SEARCH = (
    f"{COMMON} q df analyzer analyze_wildcard default_operator lenient from size sort _source _source_includes"
    " _source_excludes _source_exclude_vectors track_total_hits track_scores typed_keys rest_total_hits_as_int scroll"
    " version seq_no_primary_term terminate_after docvalue_fields stored_fields stats explain max_concurrent_searches"
)

ROUTES: list[Route] = [
    route("GET POST", "/_search", run_search, _SEARCH),
    route("GET POST", "/{index}/_search", run_search, _SEARCH),
    route("GET POST", "/_count", count, f"{COMMON} q min_score terminate_after"),
    route("GET POST", "/{index}/_count", count, f"{COMMON} q min_score terminate_after"),
    route("GET POST", "/_msearch", multi_search, _SEARCH),
    route("GET POST", "/{index}/_msearch", multi_search, _SEARCH),
    route("POST", "/{index}/_pit", open_pit, f"{MULTI_INDEX} keep_alive preference routing"),
    route("DELETE", "/_pit", close_pit),
    route("GET POST", "/_search/scroll", next_scroll, "scroll scroll_id rest_total_hits_as_int typed_keys"),
    route("DELETE", "/_search/scroll", clear_scroll, "scroll_id"),
    route("DELETE", "/_search/scroll/_all", clear_scroll),
]
