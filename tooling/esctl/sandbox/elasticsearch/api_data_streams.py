"""Data streams over HTTP: made, read, deleted; their lifecycles, options, sizes and backing indices.

The form is Elasticsearch's own (its sources and specification): no server of the tests has these endpoints.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

import orjson

from . import data_streams
from .api_cluster import index_health, shards
from .data_streams import KIND, TIMESTAMP, backing, streams
from .errors import ElasticsearchError, illegal, no_such_index, unknown_field
from .http import Request, Response, Route, route
from .mapping import Body
from .node import Node
from .templates import compose, matching

_DURATION = re.compile(r"\d+(d|h|m|s|ms|micros|nanos)")


def _named(node: Node, request: Request) -> list[str]:
    """The streams that the request names; raises for a name that is none."""
    expand = set((request.params.get("expand_wildcards") or "open").split(","))
    hidden = bool(expand & {"all", "hidden"})
    found: list[str] = []
    for pattern in request.names("name") or ["*"]:
        if "*" in pattern or pattern == "_all":
            glob = "*" if pattern == "_all" else pattern
            found += [
                name
                for name, body in streams(node).items()
                if fnmatchcase(name, glob) and (hidden or not body["hidden"])
            ]
        elif pattern in streams(node):
            found.append(pattern)
        else:
            raise no_such_index(pattern)
    return sorted(set(found))


def put_stream(node: Node, request: Request) -> Response:
    data_streams.create_stream(node, request.values["name"])
    return Response({"acknowledged": True})


def delete_streams(node: Node, request: Request) -> Response:
    for name in _named(node, request):
        data_streams.remove_stream(node, name)
    return Response({"acknowledged": True})


def get_streams(node: Node, request: Request) -> Response:
    return Response({"data_streams": [_shown(node, name) for name in _named(node, request)]})


def _shown(node: Node, name: str) -> Body:
    body = streams(node)[name]
    found = matching(node, name)
    template = found[1] if found and "data_stream" in found[1] else None
    settings = compose(node, template)[0] if template else {}
    policy = settings.get("index.lifecycle.name")
    prefer = settings.get("index.lifecycle.prefer_ilm", "true") != "false"
    lifecycle = _lifecycle(body["lifecycle"])
    health = {index_health(index) for index in backing(node, name)}
    shown: Body = {
        "name": name,
        "timestamp_field": {"name": TIMESTAMP},
        "indices": [_index(node, index.name, body["lifecycle"]) for index in backing(node, name)],
        "generation": body["generation"],
    }
    if body.get("_meta"):
        shown["_meta"] = body["_meta"]
    shown["status"] = "YELLOW" if "yellow" in health else "GREEN"
    if template and found:
        shown["template"] = found[0]
    if lifecycle is not None:
        shown["lifecycle"] = lifecycle
    if policy:
        shown["ilm_policy"] = policy
    shown |= {
        "next_generation_managed_by": _manager(policy, body["lifecycle"], prefer),
        "prefer_ilm": prefer,
        "hidden": body["hidden"],
        "system": False,
        "allow_custom_routing": body["allow_custom_routing"],
        "replicated": False,
        "rollover_on_write": body["rollover_on_write"],
        "index_mode": settings.get("index.mode", "standard"),
        "settings": {},
    }
    if node.version.major > 8:
        shown["mappings"] = {}
    store = (body["options"] or {}).get("failure_store")
    shown["failure_store"] = {
        "enabled": store is not None and store.get("enabled", True),
        "rollover_on_write": True,
        "indices": [],
    }
    return shown


def _index(node: Node, name: str, lifecycle: Body | None) -> Body:
    index = node.indices[name]
    policy = index.settings.get("index.lifecycle.name")
    prefer = index.settings.get("index.lifecycle.prefer_ilm", "true") != "false"
    body: Body = {"index_name": name, "index_uuid": index.uuid, "managed_by": _manager(policy, lifecycle, prefer)}
    body["prefer_ilm"] = prefer
    if policy:
        body["ilm_policy"] = policy
    body["index_mode"] = index.settings.get("index.mode", "standard")
    return body


def _manager(policy: str | None, lifecycle: Body | None, prefer: bool) -> str:
    by_stream = lifecycle is not None and lifecycle.get("enabled", True)
    if policy and (prefer or not by_stream):
        return "Index Lifecycle Management"
    return "Data stream lifecycle" if by_stream else "Unmanaged"


# lifecycles


def _lifecycle(kept: Body | None) -> Body | None:
    """As it is read: with the retention that takes effect."""
    if kept is None:
        return None
    shown: Body = {"enabled": kept.get("enabled", True)}
    if kept.get("data_retention") is not None:
        shown["data_retention"] = kept["data_retention"]
        shown["effective_retention"] = kept["data_retention"]
        shown["retention_determined_by"] = "data_stream_configuration"
    for key in ("downsampling", "downsampling_method", "frozen_after"):
        if kept.get(key):
            shown[key] = kept[key]
    return shown


def get_lifecycles(node: Node, request: Request) -> Response:
    found = []
    for name in _named(node, request):
        lifecycle = _lifecycle(streams(node)[name]["lifecycle"])
        found.append({"name": name} | ({"lifecycle": lifecycle} if lifecycle is not None else {}))
    return Response({"data_streams": found, "global_retention": {}})


def put_lifecycle(node: Node, request: Request) -> Response:
    parser = "put_data_stream_lifecycle_request"
    body = request.json()
    known = {"enabled", "data_retention", "downsampling"}
    if node.version.major > 8:
        known |= {"downsampling_method", "frozen_after"}
    _check_keys(body, known, parser)
    if body.get("data_retention") is not None:
        _check_duration(body["data_retention"], "data_retention", parser)
    if "downsampling" in body:
        _check_rounds(body["downsampling"])
    lifecycle = {"enabled": True, **{key: value for key, value in body.items() if value is not None}}
    return _set(node, request, "lifecycle", lifecycle)


def _check_rounds(rounds: Any) -> None:
    if not isinstance(rounds, list):
        raise ElasticsearchError("x_content_parse_exception", "[1:1] [downsampling] expected a list")
    if not rounds:
        raise illegal("Downsampling configuration should have at least one round configured.")
    if len(rounds) > 10:
        raise illegal(f"Downsampling configuration supports maximum 10 configured rounds. Found: {len(rounds)}")
    for one in rounds:
        _check_keys(one, {"after", "fixed_interval"}, "downsampling_round")
        for key in ("after", "fixed_interval"):
            if key not in one:
                raise illegal(f"Required [{key}]")
            _check_duration(one[key], key, "downsampling_round")


def _check_duration(value: Any, key: str, parser: str) -> None:
    if not _DURATION.fullmatch(str(value)):
        why = f"failed to parse setting [{key}] with value [{value}] as a time value: unit is missing or unrecognized"
        raise ElasticsearchError(
            "x_content_parse_exception", f"[1:1] [{parser}] failed to parse field [{key}]", cause=illegal(why)
        )


def _check_keys(body: Any, known: set[str], parser: str) -> None:
    for key in body:
        if key not in known:
            raise unknown_field(parser, key)


def _set(node: Node, request: Request, part: str, value: Body | None) -> Response:
    for name in _named(node, request):
        node.put(KIND, name, {**streams(node)[name], part: value})
    return Response({"acknowledged": True})


def unset(part: str) -> Callable[[Node, Request], Response]:
    def handler(node: Node, request: Request) -> Response:
        return _set(node, request, part, None)

    return handler


# options


def get_options(node: Node, request: Request) -> Response:
    found = []
    for name in _named(node, request):
        options = streams(node)[name]["options"]
        found.append({"name": name} | ({"options": options} if options else {}))
    return Response({"data_streams": found})


def put_options(node: Node, request: Request) -> Response:
    body = request.json(required=True)
    _check_keys(body, {"failure_store"}, "put_data_stream_options_request")
    store = body.get("failure_store")
    if store is not None:
        _check_keys(store, {"enabled", "lifecycle"}, "failure_store")
        if not store:
            raise illegal("Failure store configuration should have at least one non-null configuration value.")
        if "enabled" in store and not isinstance(store["enabled"], bool):
            reason = "[1:1] [failure_store] failed to parse field [enabled]"
            raise ElasticsearchError("x_content_parse_exception", reason)
        if isinstance(store.get("lifecycle"), dict):
            _check_keys(store["lifecycle"], {"enabled", "data_retention"}, "lifecycle")
            store = {**store, "lifecycle": {"enabled": True, **store["lifecycle"]}}
        body = {"failure_store": store}
    return _set(node, request, "options", body)


# sizes and backing indices


def stats(node: Node, request: Request) -> Response:
    rows: list[Body] = []
    for name in _named(node, request):
        size = newest = 0
        for index in backing(node, name):
            size += node.store.count(index.uuid)[2]
            for _, id, source in node.store.since(index.uuid, 0):
                if source is not None:
                    newest = max(newest, *index.parser.parse(orjson.loads(source), id, source).values[TIMESTAMP])
        count = len(streams(node)[name]["indices"])
        rows.append(
            {"data_stream": name, "backing_indices": count, "store_size_bytes": size, "maximum_timestamp": newest}
        )
    primaries = sum(shards(index) for row in rows for index in backing(node, row["data_stream"]))
    return Response(
        {
            "_shards": {"total": primaries, "successful": primaries, "failed": 0},
            "data_stream_count": len(rows),
            "backing_indices": sum(row["backing_indices"] for row in rows),
            "total_store_size_bytes": sum(row["store_size_bytes"] for row in rows),
            "data_streams": rows,
        }
    )


def modify(node: Node, request: Request) -> Response:
    """Backing indices taken out and put in; all actions are checked before the first is done."""
    body = request.json(required=True)
    _check_keys(body, {"actions"}, "data_stream_actions")
    known = {name: list(one["indices"]) for name, one in streams(node).items()}
    for one in body.get("actions") or []:
        action, value = next(iter(one.items()))
        if action not in ("add_backing_index", "remove_backing_index"):
            raise unknown_field("data_stream_action", action)
        name, index = value.get("data_stream"), value.get("index")
        if name not in known:
            raise illegal(f"data stream [{name}] not found")
        if index not in node.indices:
            raise illegal(f"index [{index}] not found")
        if action == "remove_backing_index":
            if index not in known[name]:
                raise illegal(f"index [{index}] is not part of data stream [{name}]")
            if known[name][-1] == index:
                why = "because it is the write index"
                raise illegal(f"cannot remove backing index [{index}] of data stream [{name}] {why}")
            known[name].remove(index)
            continue
        holder = next((other for other, indices in known.items() if index in indices), None)
        if holder is not None and holder != name:
            why = f"because it is already a backing index on data stream [{holder}]"
            raise illegal(f"cannot add index [{index}] to data stream [{name}] {why}")
        if node.indices[index].aliases:
            raise illegal(
                f"cannot add index [{index}] to data stream [{name}] until its alias(es)"
                f" [{','.join(sorted(node.indices[index].aliases))}] are removed"
            )
        if holder is None:
            known[name].insert(0, index)
    for name, indices in known.items():
        before = streams(node)[name]["indices"]
        for index in {*before} ^ {*indices}:
            hidden = "true" if index in indices else "false"
            node.indices[index].settings = {**node.indices[index].settings, "index.hidden": hidden}
            node.save(node.indices[index])
        if before != indices:
            node.put(KIND, name, {**streams(node)[name], "indices": indices})
    return Response({"acknowledged": True})


_PARAMS = "expand_wildcards master_timeout timeout include_defaults verbose"

ROUTES: list[Route] = [
    route("GET", "/_data_stream", get_streams, _PARAMS),
    route("GET", "/_data_stream/_stats", stats, _PARAMS),
    route("POST", "/_data_stream/_modify", modify, _PARAMS),
    route("GET", "/_data_stream/{name}", get_streams, _PARAMS),
    route("PUT", "/_data_stream/{name}", put_stream, _PARAMS),
    route("DELETE", "/_data_stream/{name}", delete_streams, _PARAMS),
    route("GET", "/_data_stream/{name}/_stats", stats, _PARAMS),
    route("GET", "/_data_stream/{name}/_lifecycle", get_lifecycles, _PARAMS),
    route("PUT", "/_data_stream/{name}/_lifecycle", put_lifecycle, _PARAMS),
    route("DELETE", "/_data_stream/{name}/_lifecycle", unset("lifecycle"), _PARAMS),
    route("GET", "/_data_stream/{name}/_options", get_options, _PARAMS),
    route("PUT", "/_data_stream/{name}/_options", put_options, _PARAMS),
    route("DELETE", "/_data_stream/{name}/_options", unset("options"), _PARAMS),
]
