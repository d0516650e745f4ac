"""Documents over HTTP: one by one, `_mget`, `_bulk`."""

from __future__ import annotations

from . import sources
from .bulk import bulk
from .dates import duration_ms
from .documents import Operation, perform, read
from .errors import ElasticsearchError, illegal, no_such_index, parsing, validation
from .http import Request, Response, Route, load_json, route
from .names import resolve
from .node import Index, Node


def _refuse(request: Request) -> None:
    if "routing" in request.params:
        raise illegal("the esctl sandbox does not implement routing of documents")
    if "version" in request.params or "version_type" in request.params:
        raise illegal("the esctl sandbox does not implement external versions")


def _document(request: Request) -> object:
    if not request.body.strip():
        raise ElasticsearchError("parse_exception", "request body is required")
    try:
        return load_json(request.body)
    except ElasticsearchError as error:
        raise ElasticsearchError(
            "document_parsing_exception", f"[1:2] failed to parse: {error.reason}", cause=error
        ) from None


def _check_parameters(request: Request) -> None:
    refresh = request.params.get("refresh", "")
    if refresh not in ("", "true", "false", "wait_for"):
        raise illegal(f"Unknown value for refresh: [{refresh}].")
    if "timeout" in request.params:
        duration_ms(request.params["timeout"], "timeout")


def _write(node: Node, request: Request, action: str, source: object = None) -> Response:
    _refuse(request)
    _check_parameters(request)
    operation = Operation(
        action,
        request.values["index"],
        request.values.get("id"),
        source,
        request.body,
        request.number("if_seq_no"),
        request.number("if_primary_term"),
        request.params.get("pipeline"),
        request.flag("require_alias"),
        request.flag("require_data_stream"),
    )
    node.store.begin()
    try:
        written = perform(node, operation)
    finally:
        # Whatever raised wrote no document; a mapping or an index that came before it stays, as in Elasticsearch.
        node.store.commit()
    headers = {}
    if written.status == 201:
        headers["Location"] = f"/{written.body['_index']}/_doc/{written.body['_id']}"
    forced = {"forced_refresh": True} if request.params.get("refresh") in ("", "true") else {}
    body = {**written.body}
    if forced and written.body["_shards"]["total"]:
        body = {**{k: body[k] for k in ("_index", "_id", "_version", "result")}, **forced, **body}
    return Response(body, written.status, headers)


def index_document(node: Node, request: Request) -> Response:
    # Without an id every document is new: real servers make it a `create`.
    kind = request.params.get("op_type", "index" if "id" in request.values else "create")
    if kind not in ("index", "create"):
        raise illegal(f"opType must be 'create' or 'index', found: [{kind}]")
    return _write(node, request, kind, _document(request))


def create_document(node: Node, request: Request) -> Response:
    return _write(node, request, "create", _document(request))


def update_document(node: Node, request: Request) -> Response:
    body = request.json(required=True)
    if "_source" in request.params and "_source" not in body:
        body["_source"] = request.params["_source"] not in ("false",)
    return _write(node, request, "update", body)


def delete_document(node: Node, request: Request) -> Response:
    return _write(node, request, "delete")


def _one_index(node: Node, name: str) -> Index:
    if "*" in name:
        if node.version.major < 9:
            raise illegal(
                "the action indices:data/read/get does not support wildcards; the provided index expression(s)"
                f" [{name}] are not allowed"
            )
        raise no_such_index(name)
    indices = resolve(node, [name], closed=True, hidden=True, streams=False)
    if not indices:
        raise no_such_index(name)
    if len(indices) > 1:
        listed = ", ".join(i.name for i in indices)
        raise illegal(
            f"alias [{name}] has more than one index associated with it [{listed}], can't execute a single index op"
        )
    return indices[0]


def get_document(node: Node, request: Request) -> Response:
    _refuse(request)
    index = _one_index(node, request.values["index"])
    body = read(node, index, request.values["id"], sources.from_request(request))
    return Response(body, 200 if body["found"] else 404)


def get_source(node: Node, request: Request) -> Response:
    _refuse(request)
    index = _one_index(node, request.values["index"])
    id = request.values["id"]
    body = read(node, index, id, sources.from_request(request))
    if not body["found"] or "_source" not in body:
        raise ElasticsearchError(
            "resource_not_found_exception", f"Document not found [{index.name}]/[{id}]", status=404
        )
    return Response(body["_source"])


_MGET_KEYS = frozenset("_index _id routing stored_fields _source version version_type".split())


def get_many(node: Node, request: Request) -> Response:
    if not request.body.strip():
        raise ElasticsearchError("parse_exception", "request body or source parameter is required")
    body = request.json()
    default = sources.from_request(request)
    for key, value in body.items():
        if key not in ("docs", "ids"):
            what = "START_ARRAY" if isinstance(value, list) else "START_OBJECT"
            raise parsing(f"unknown key [{key}] for a {what}, expected [docs] or [ids]")
    for one in body.get("docs") or ():
        for key in one:
            if key not in _MGET_KEYS:
                reason = f"failed to parse multi get request. unknown field [{key}]"
                raise ElasticsearchError("parse_exception", reason)
    wanted = body.get("docs")
    if wanted is None:
        wanted = [{"_id": i} for i in body.get("ids", [])]
    if not wanted:
        raise ElasticsearchError("action_request_validation_exception", "Validation Failed: 1: no documents to get;")
    found = []
    for one in wanted:
        name = one.get("_index", request.values.get("index"))
        if name is None:
            raise ElasticsearchError(
                "action_request_validation_exception", "Validation Failed: 1: index is missing for doc 0;"
            )
        if "_id" not in one:
            raise validation("id is missing for doc 0")
        shown = sources.from_body(one["_source"], default.vectors) if "_source" in one else default
        try:
            found.append(read(node, _one_index(node, name), str(one["_id"]), shown))
        except ElasticsearchError as error:
            found.append({"_index": name, "_id": one["_id"], "error": error.body()["error"]})
    return Response({"docs": found})


def bulk_documents(node: Node, request: Request) -> Response:
    _check_parameters(request)
    return Response(
        bulk(
            node,
            request.body,
            index=request.values.get("index"),
            pipeline=request.params.get("pipeline"),
            require_alias=request.flag("require_alias"),
            refresh=request.params.get("refresh") in ("", "true"),
        )
    )


_SOURCE = "_source _source_includes _source_excludes _source_exclude_vectors stored_fields"
_GET = f"{_SOURCE} preference realtime refresh routing version version_type"
_PUT = (
    "refresh timeout wait_for_active_shards routing version version_type if_seq_no if_primary_term pipeline op_type"
    " require_alias require_data_stream include_source_on_error"
)

ROUTES: list[Route] = [
    route("PUT POST", "/{index}/_doc/{id}", index_document, _PUT),
    route("POST", "/{index}/_doc", index_document, _PUT),
    route("PUT POST", "/{index}/_create/{id}", create_document, _PUT),
    route("POST", "/{index}/_update/{id}", update_document, f"{_PUT} {_SOURCE} retry_on_conflict lang"),
    route("DELETE", "/{index}/_doc/{id}", delete_document, _PUT),
    route("GET", "/{index}/_doc/{id}", get_document, _GET),
    route("GET", "/{index}/_source/{id}", get_source, _GET),
    route("GET POST", "/_mget", get_many, _GET),
    route("GET POST", "/{index}/_mget", get_many, _GET),
    route("PUT POST", "/_bulk", bulk_documents, f"{_PUT} {_SOURCE}"),
    route("PUT POST", "/{index}/_bulk", bulk_documents, f"{_PUT} {_SOURCE}"),
]
