"""Aliases over HTTP, of indices and of data streams: read, set one by one, swapped all at once."""

from __future__ import annotations

from fnmatch import fnmatchcase

from .data_streams import stream_of, streams
from .errors import ElasticsearchError, illegal, no_such_index, unknown_field, unparsed
from .http import MULTI_INDEX, Request, Response, Route, route
from .mapping import Body
from .names import check_alias_name, options, resolve
from .node import Index, Node
from .templates import alias_form


def get_alias(node: Node, request: Request) -> Response:
    wanted = request.names("name")
    indices = resolve(node, request.names(), **{**options(request), "closed": True, "hidden": True})
    found = {}
    behind = {index.name for index in indices if stream_of(node, index.name)}
    by_stream = {name: body["aliases"] for name, body in streams(node).items() if behind & {*body["indices"]}}
    indices = [index for index in indices if index.name not in behind]
    for name, known in [*((index.name, index.aliases) for index in indices), *by_stream.items()]:
        aliases = {
            a: b for a, b in known.items() if not wanted or any(fnmatchcase(a, w) or w == "_all" for w in wanted)
        }
        if aliases or (not wanted and "index" in request.values and name in node.indices):
            found[name] = {"aliases": aliases}
    held = {a for i in found.values() for a in i["aliases"]}
    missing = [w for w in wanted if "*" not in w and w != "_all" and w not in held]
    if missing:
        plural = "es" if len(missing) > 1 else ""
        error = {"error": f"alias{plural} [{','.join(missing)}] missing", "status": 404}
        return Response({**error, **found}, 404)
    if not wanted and "index" not in request.values:
        found = {i.name: {"aliases": i.aliases} for i in indices}
        found |= {name: {"aliases": known} for name, known in by_stream.items() if known}
    return Response(found)


_ALIAS_CLASHES = ("index or data stream", "index, data stream, ESQL view, or ESQL dataset")


def clash(node: Node, alias: str) -> ElasticsearchError:
    """An index or data stream has the alias's name."""
    kinds = _ALIAS_CLASHES[node.version.major >= 9]
    reason = f"Invalid alias name [{alias}]: an {kinds} exists with the same name as the alias"
    return ElasticsearchError("invalid_alias_name_exception", reason, index_uuid="_na_")


def put_alias(node: Node, request: Request) -> Response:
    body = request.json()
    for key in body if node.version.major >= 9 else ():
        if key not in _FORM | {"index", "alias"}:
            raise illegal(f"Unsupported field [{key}]")
    action = {"index": request.values["index"], "alias": request.values["name"], **body}
    return Response(_change_aliases(node, [("add", action)]))


def delete_alias(node: Node, request: Request) -> Response:
    action = {"indices": request.names(), "aliases": request.names("name")}
    return Response(_change_aliases(node, [("remove", action)]))


_FORM = frozenset("filter routing index_routing search_routing is_write_index is_hidden".split())
_NAMES = frozenset("index indices alias aliases must_exist".split())
_ACTIONS = {"add": _FORM | _NAMES, "remove": _NAMES, "remove_index": frozenset({"index", "indices", "must_exist"})}


def check_filter(node: Node, alias: str, form: Body) -> None:
    """Raises for a filter that is no query; what a query needs of a mapping shows when it is searched."""
    from .query import Query
    from .searcher import Searcher

    if "filter" not in form:
        return
    searcher = Searcher(node, [])
    try:
        Query(searcher).where(form["filter"])
    except ElasticsearchError as error:
        if not error.unsupported:
            raise illegal(f"failed to parse filter for alias [{alias}]", cause=error) from None
    finally:
        searcher.close()


def check_aliases(aliases: Body) -> None:
    """Of an index that is made."""
    for alias, form in aliases.items():
        for key in form or {}:
            if key not in _FORM:
                raise illegal(f"Unknown field [{key}] in alias [{alias}]")


def post_aliases(node: Node, request: Request) -> Response:
    actions = []
    body = request.json(required=True)
    for key in body:
        if key != "actions":
            raise unknown_field("aliases", key)
    for one in body.get("actions", []):
        kind, body = next(iter(one.items()))
        if kind not in _ACTIONS:
            raise unparsed("aliases", "actions", unknown_field("alias_action", kind))
        for key in body:
            if key not in _ACTIONS[kind]:
                raise unparsed("aliases", "actions", unparsed("alias_action", kind, unknown_field(kind, key)))
        for one_, many in (("index", "indices"), ("alias", "aliases")) if kind != "remove_index" else ():
            if not body.get(one_) and not body.get(many):
                cause = illegal(f"One of [{one_}] or [{many}] is required")
                reason = "[1:1] [aliases] failed to parse field [actions]"
                raise ElasticsearchError("x_content_parse_exception", reason, cause=cause)
        actions.append((kind, body))
    if not actions:
        raise illegal("No action specified")
    return Response(_change_aliases(node, actions))


def _change_aliases(node: Node, actions: list[tuple[str, Body]]) -> Body:
    """All at once; what became of each where some remove found nothing. Raises before anything is changed."""
    changed = {i.name: dict(i.aliases) for i in node.indices.values()}
    changed |= {name: dict(body["aliases"]) for name, body in streams(node).items()}
    dropped: list[Index] = []
    results: list[Body] = []
    missed = False
    for kind, action in actions:
        named = action.get("indices", action.get("index")) or []
        names: list[str] = named.split(",") if isinstance(named, str) else list(named)
        if kind == "remove_index":
            for name in names:
                if name not in node.indices:
                    raise no_such_index(name)
                dropped.append(node.indices[name])
            results.append({"action": {"type": kind, "indices": names, "aliases": []}, "status": 200})
            continue
        called = action.get("aliases", action.get("alias")) or []
        aliases: list[str] = [called] if isinstance(called, str) else list(called)
        indices = resolve(node, names, aliases=False, closed=True, hidden=True, allow_no_indices=False)
        stream_names = [s for s in streams(node) if any(fnmatchcase(s, name) for name in names)]
        holders = [*_without_backing(node, indices, stream_names), *stream_names]
        result: Body = {"action": {"type": kind, "indices": names, "aliases": aliases}, "status": 200}
        results.append(result)
        for alias in aliases:
            if kind == "add":
                check_alias_name(alias)
                if alias in streams(node) or (alias in node.indices and node.indices[alias] not in dropped):
                    raise clash(node, alias)
                form = alias_form(action)
                check_filter(node, alias, form)
                if stream_names and any("routing" in key for key in form):
                    raise illegal("aliases that point to data streams don't support routing")
                for holder in holders:
                    changed[holder][alias] = form
            else:
                hits = [
                    (holder, a)
                    for holder in holders
                    for a in list(changed[holder])
                    if fnmatchcase(a, alias) or alias == "_all"
                ]
                if not hits:
                    missing = ElasticsearchError(
                        "aliases_not_found_exception", f"aliases [{alias}] missing", status=404,
                        resource__type="aliases", resource__id=alias,
                    )  # fmt: skip
                    if action.get("must_exist") or len(actions) == 1:
                        raise missing
                    missed = True
                    result |= {"status": 404, "error": missing.head()}
                for holder, name in hits:
                    del changed[holder][name]
    for index in dropped:
        changed.pop(index.name, None)
    _check_write_indices(changed)
    _check_not_both(node, changed)
    for index in dropped:
        node.remove_index(index)
    for name, kept in changed.items():
        if name in streams(node) and streams(node)[name]["aliases"] != kept:
            node.put("data_stream", name, {**streams(node)[name], "aliases": kept})
        index_ = node.indices.get(name)
        if index_ and index_.aliases != kept:
            index_.aliases = kept
            node.save(index_)
    return {"acknowledged": True, "errors": missed} | ({"action_results": results} if missed else {})


def _without_backing(node: Node, indices: list[Index], stream_names: list[str]) -> list[str]:
    """Without what stands behind the streams that are named; raises for a backing index that is named itself."""
    plain = []
    for index in indices:
        stream = stream_of(node, index.name)
        if stream is None:
            plain.append(index.name)
        elif stream not in stream_names:
            raise illegal(
                f"The provided expressions [{index.name}] match a backing index belonging to data stream [{stream}]."
                " Data stream backing indices don't support aliases."
            )
    return plain


_UNIQUE = ("index, alias, and data stream", "index, alias, data stream, view, and dataset")


def _check_not_both(node: Node, changed: dict[str, dict[str, Body]]) -> None:
    on_streams = {alias for name in streams(node) for alias in changed[name]}
    for name, aliases in changed.items():
        both = sorted(on_streams & aliases.keys()) if name not in streams(node) else []
        if both:
            raise ElasticsearchError(
                "illegal_state_exception",
                f"{_UNIQUE[node.version.major >= 9]} names need to be unique, but the following duplicates were found"
                f" [data stream alias and indices alias have the same name ({both[0]})]",
                status=500,
            )


def _check_write_indices(changed: dict[str, dict[str, Body]]) -> None:
    writers: dict[str, list[str]] = {}
    for index, aliases in changed.items():
        for alias, body in aliases.items():
            if body.get("is_write_index"):
                writers.setdefault(alias, []).append(index)
    for alias, indices in writers.items():
        if len(indices) > 1:
            raise ElasticsearchError(
                "illegal_state_exception",
                f"alias [{alias}] has more than one write index [{','.join(sorted(indices))}]",
                status=500,
            )


ROUTES: list[Route] = [
    route("GET", "/_alias", get_alias, MULTI_INDEX),
    route("GET", "/_alias/{name}", get_alias, MULTI_INDEX),
    route("GET", "/{index}/_alias", get_alias, MULTI_INDEX),
    route("GET", "/{index}/_alias/{name}", get_alias, MULTI_INDEX),
    route("PUT POST", "/{index}/_alias/{name}", put_alias, MULTI_INDEX),
    route("DELETE", "/{index}/_alias/{name}", delete_alias, MULTI_INDEX),
    route("POST", "/_aliases", post_aliases, MULTI_INDEX),
]
