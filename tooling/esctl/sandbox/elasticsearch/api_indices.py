"""Indices over HTTP: create, read, delete, mappings, settings, open and close, stats."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from .analysis_settings import check_analysis, check_analyzers
from .api_aliases import check_aliases, check_filter
from .api_cluster import replicas, shards
from .api_legacy_templates import compose_legacy
from .data_streams import stream_of, streams, streams_of_alias
from .dates import duration_ms
from .errors import ElasticsearchError, illegal, not_a_number, validation
from .http import MULTI_INDEX, Request, Response, Route, route
from .mapping import Body, Mapping, check_field_aliases, parse_mapping
from .mapping_merge import merge_mapping
from .names import check_alias_name, check_index_name, options, resolve
from .node import Index, Node
from .settings import Flat, check_new, flatten, nest, updated
from .templates import alias_form, compose, matching


def create_index(node: Node, name: str, body: Body | None = None) -> Index:
    """Makes the index, its template applied below what `body` says; raises ElasticsearchError and makes nothing."""
    body = body or {}
    check_index_name(name)
    for key, value in body.items():
        if key not in ("settings", "mappings", "aliases"):
            raise ElasticsearchError("parse_exception", f"unknown key [{key}] for create index")
        if value is not None and not isinstance(value, dict):
            raise ElasticsearchError("parse_exception", f"key [{key}] must be an object")
    check_aliases(body.get("aliases") or {})
    if name in node.indices:
        known = node.indices[name]
        raise ElasticsearchError(
            "resource_already_exists_exception",
            f"index [{name}/{known.uuid}] already exists",
            index_uuid=known.uuid,
            index=name,
        )
    if any(name in i.aliases for i in node.indices.values()) or streams_of_alias(node, name):
        raise ElasticsearchError(
            "invalid_index_name_exception",
            f"Invalid index name [{name}], already exists as alias",
            index_uuid="_na_",
            index=name,
        )
    settings: Flat = {}
    mapping: Body = {}
    aliases: dict[str, Body] = {}
    template = matching(node, name)
    if template:
        if "data_stream" in template[1]:
            raise illegal(
                f"cannot create index with name [{name}], because it matches with template [{template[0]}] that creates"
                " data streams only, use create data stream api instead"
            )
        settings, mapping, aliases = compose(node, template[1])
    else:
        settings, mapping, aliases = compose_legacy(node, name)
    own = flatten(body.get("settings"))
    check_new(own, node.version)
    settings |= own
    settings = {k: v for k, v in settings.items() if v is not None}
    if "mappings" in body and body["mappings"]:
        mapping = merge_mapping(mapping, parse_mapping(body["mappings"], node.version), node.version, template=True)
    check_analysis(settings)
    check_analyzers(mapping, settings)
    check_field_aliases(Mapping(mapping))
    aliases |= {a: alias_form(b or {}) for a, b in (body.get("aliases") or {}).items()}
    aliases = {a.replace("{index}", name): b for a, b in aliases.items()}
    for alias in aliases:
        check_alias_name(alias)
        check_filter(node, alias, aliases[alias])
        if alias == name:
            raise illegal(f"alias name [{alias}] self-conflicts with index name")
        if alias in node.indices or alias in streams(node):
            from .api_aliases import clash

            raise clash(node, alias)
    return node.add_index(name, settings, mapping, aliases)


def put_index(node: Node, request: Request) -> Response:
    name = request.values["index"]
    body = request.json()
    for timeout in ("timeout", "master_timeout"):
        if timeout in request.params:
            duration_ms(request.params[timeout], timeout)
    shards_ = request.params.get("wait_for_active_shards", "1")
    if shards_ != "all" and not shards_.isdigit():
        raise illegal(f"cannot parse ActiveShardCount[{shards_}]", cause=not_a_number(shards_))
    create_index(node, name, body)
    return Response({"acknowledged": True, "shards_acknowledged": True, "index": name})


def _named(node: Node, request: Request) -> list[Index]:
    return resolve(node, request.names(), **options(request))


def _read(index: Index, flat: bool, defaults: bool = False) -> Body:
    settings = index.all_settings()
    return dict(sorted(settings.items())) if flat else nest(settings)


def get_index(node: Node, request: Request) -> Response:
    wanted = set(request.listed("features")) or {"aliases", "mappings", "settings"}
    if unknown := sorted(wanted - {"aliases", "mappings", "settings"}):
        raise illegal(f"Invalid features specified [{','.join(unknown)}]")
    flat = request.flag("flat_settings")
    found = {}
    for index in _named(node, request):
        parts: Body = {}
        # What was not asked for is there all the same, and empty.
        parts["aliases"] = index.aliases if "aliases" in wanted else {}
        parts["mappings"] = index.mapping.body if "mappings" in wanted else {}
        if "settings" in wanted:
            parts["settings"] = _read(index, flat)
        if stream := stream_of(node, index.name):
            parts["data_stream"] = stream
        found[index.name] = parts
    return Response(found)


def delete_index(node: Node, request: Request) -> Response:
    names = request.names()
    if any("*" in n or n == "_all" for n in names):
        raise illegal("Wildcard expressions or all indices are not allowed")
    for name in names:
        holders = [i.name for i in node.indices.values() if name in i.aliases]
        if holders and name not in node.indices:
            raise illegal(
                f"The provided expression [{name}] matches an alias, specify the corresponding concrete indices"
                " instead."
            )
    ignore = request.flag("ignore_unavailable")
    meant = resolve(node, names, closed=True, hidden=True, ignore_unavailable=ignore, streams=False)
    for index in meant:
        stream = stream_of(node, index.name)
        if stream and streams(node)[stream]["indices"][-1] == index.name:
            raise illegal(f"index [{index.name}] is the write index for data stream [{stream}] and cannot be deleted")
    for index in meant:
        if stream := stream_of(node, index.name):
            left = [name for name in streams(node)[stream]["indices"] if name != index.name]
            node.put("data_stream", stream, {**streams(node)[stream], "indices": left})
        node.remove_index(index)
    return Response({"acknowledged": True})


def get_mapping(node: Node, request: Request) -> Response:
    return Response({i.name: {"mappings": i.mapping.body} for i in _named(node, request)})


def put_mapping(node: Node, request: Request) -> Response:
    addition = parse_mapping(request.json(required=True), node.version)
    indices = _named(node, request)
    for index in indices:
        check_analyzers(addition, index.settings)
        check_field_aliases(Mapping(merge_mapping(index.mapping.body, addition, node.version)))
    for index in indices:
        node.put_mapping(index, addition)
    return Response({"acknowledged": True})


def get_field_mapping(node: Node, request: Request) -> Response:
    patterns = request.names("fields")
    found = {}
    for index in _named(node, request):
        hits = {
            path: {"full_name": path, "mapping": {path.rsplit(".", 1)[-1]: field.body}}
            for path, field in sorted(index.mapping.fields.items())
            if any(fnmatchcase(path, p) for p in patterns)
        }
        found[index.name] = {"mappings": hits}
    return Response(found)


def get_settings(node: Node, request: Request) -> Response:
    names = request.names("name")
    found = {}
    for index in _named(node, request):
        settings = {
            k: v
            for k, v in sorted(index.all_settings().items())
            if not names or names == ["_all"] or any(fnmatchcase(k, n) for n in names)
        }
        if settings:
            found[index.name] = {"settings": settings if request.flag("flat_settings") else nest(settings)}
    return Response(found)


def put_settings(node: Node, request: Request) -> Response:
    body = request.json(required=True)
    changes = flatten(body.get("settings", body) if isinstance(body.get("settings"), dict) else body)
    if not changes:
        raise validation("no settings to update")
    results = [
        (
            index,
            updated(
                index.settings,
                changes,
                node.version,
                index=index.name,
                uuid=index.uuid,
                closed=index.closed,
                reopen=request.flag("reopen"),
                keep=request.flag("preserve_existing"),
            ),  # fmt: skip
        )
        for index in resolve(node, request.names(), **{**options(request), "closed": True})
    ]
    for _, settings in results:
        check_analysis(settings)
    for index, settings in results:
        index.settings = settings
        node.save(index)
    return Response({"acknowledged": True})


def _shard_count(indices: list[Index]) -> Body:
    total = sum(shards(i) * (1 + replicas(i)) for i in indices)
    return {"total": total, "successful": sum(shards(i) for i in indices), "failed": 0}


def refresh(node: Node, request: Request) -> Response:
    """Every search sees every write here, so that there is nothing to do."""
    return Response({"_shards": _shard_count(_named(node, request))})


def stats(node: Node, request: Request) -> Response:
    indices = _named(node, request)
    per: dict[str, Body] = {}
    for index in indices:
        count, deleted, size = node.store.count(index.uuid)
        part = {
            "docs": {"count": count, "deleted": deleted, "total_size_in_bytes": size},
            "store": {"size_in_bytes": size, "total_data_set_size_in_bytes": size, "reserved_in_bytes": 0},
        }
        wanted = request.names("metric")
        if wanted and "_all" not in wanted:
            part = {k: v for k, v in part.items() if k in wanted}
        per[index.name] = {
            "uuid": index.uuid,
            "health": "yellow" if replicas(index) else "green",
            "status": "close" if index.closed else "open",
            "primaries": part,
            "total": part,
        }
    every = _sum([p["primaries"] for p in per.values()])
    return Response({"_shards": _shard_count(indices), "_all": {"primaries": every, "total": every}, "indices": per})


def _sum(parts: list[Body]) -> Body:
    total: Body = {}
    for part in parts:
        for group, values in part.items():
            into = total.setdefault(group, dict.fromkeys(values, 0))
            for key, value in values.items():
                into[key] += value
    return total


def open_close(closed: bool) -> Any:
    def handler(node: Node, request: Request) -> Response:
        indices = resolve(node, request.names(), **{**options(request), "closed": True}, streams=False)
        changed = [index for index in indices if index.closed != closed]
        for index in changed:
            index.closed = closed
            node.save(index)
        if closed:
            done = {i.name: {"closed": True} for i in changed}
            return Response({"acknowledged": True, "shards_acknowledged": bool(changed), "indices": done})
        return Response({"acknowledged": True, "shards_acknowledged": True})

    return handler


_READ = MULTI_INDEX + " flat_settings include_defaults features"
_WRITE = MULTI_INDEX + " wait_for_active_shards"

ROUTES: list[Route] = [
    route("PUT", "/{index}", put_index, _WRITE),
    route("GET", "/{index}", get_index, _READ),
    route("DELETE", "/{index}", delete_index, _WRITE),
    route("GET", "/_mapping", get_mapping, MULTI_INDEX),
    route("GET", "/{index}/_mapping", get_mapping, MULTI_INDEX),
    route("PUT POST", "/{index}/_mapping", put_mapping, MULTI_INDEX + " write_index_only"),
    route("GET", "/_mapping/field/{fields}", get_field_mapping, MULTI_INDEX),
    route("GET", "/{index}/_mapping/field/{fields}", get_field_mapping, MULTI_INDEX),
    route("GET", "/_settings", get_settings, _READ),
    route("GET", "/{index}/_settings", get_settings, _READ),
    route("GET", "/{index}/_settings/{name}", get_settings, _READ),
    route("PUT", "/_settings", put_settings, _READ + " preserve_existing reopen"),
    route("PUT", "/{index}/_settings", put_settings, _READ + " preserve_existing reopen"),
    route("GET POST", "/_refresh", refresh, MULTI_INDEX),
    route("GET POST", "/{index}/_refresh", refresh, MULTI_INDEX),
    route("GET POST", "/_flush", refresh, MULTI_INDEX + " force wait_if_ongoing"),
    route("GET POST", "/{index}/_flush", refresh, MULTI_INDEX + " force wait_if_ongoing"),
    route("GET", "/_stats", stats, MULTI_INDEX + " level"),
    route("GET", "/_stats/{metric}", stats, MULTI_INDEX + " level"),
    route("GET", "/{index}/_stats", stats, MULTI_INDEX + " level"),
    route("GET", "/{index}/_stats/{metric}", stats, MULTI_INDEX + " level"),
    route("POST", "/{index}/_open", open_close(False), _WRITE),
    route("POST", "/{index}/_close", open_close(True), _WRITE),
]
