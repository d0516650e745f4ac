"""Blocks and clones of indices: what has to hold still while it is copied, and its copy."""

from __future__ import annotations

from .api_indices import create_index
from .errors import ElasticsearchError, illegal, no_such_index, unknown_field
from .http import MULTI_INDEX, Request, Response, Route, route
from .names import options, resolve
from .node import Node
from .settings import check_new, flatten
from .templates import alias_form

_BLOCKS = ("metadata", "read", "read_only", "write")


def put_block(node: Node, request: Request) -> Response:
    """Blocks those that are not; every write before it has ended, as requests are answered one by one here."""
    name = request.values["block"]
    if name not in _BLOCKS:
        raise illegal(f"No block found with name {name}")
    key = f"index.blocks.{name}"
    indices = resolve(node, request.names(), **{**options(request), "closed": True})
    new = [index for index in indices if index.settings.get(key) != "true"]
    for index in new:
        index.settings = {**index.settings, key: "true"}
        node.save(index)
    blocked = [{"name": index.name, "blocked": True} for index in new]
    return Response({"acknowledged": True, "shards_acknowledged": bool(new), "indices": blocked})


def clone(node: Node, request: Request) -> Response:
    """Settings, mapping and documents of a write-blocked index, under another name; its aliases stay with it."""
    body = request.json()
    for key in body:
        if key not in ("settings", "aliases", "max_primary_shard_size"):
            raise unknown_field("resize_request", key)
    name = request.values["index"]
    source = node.indices.get(name)
    if source is None:
        error = no_such_index(name)
        for key in ("resource__type", "resource__id"):
            error.extra.pop(key, None)
        raise error
    if source.settings.get("index.blocks.write") != "true":
        reason = f'index {name} must be read-only to resize index. use "index.blocks.write=true"'
        raise ElasticsearchError("illegal_state_exception", reason, status=500)
    own = flatten(body.get("settings"))
    check_new(own, node.version)
    shards = source.settings.get("index.number_of_shards", "1")
    if own.get("index.number_of_shards", shards) != shards:
        raise illegal(
            f"cannot clone from a source with {shards} shards into {own['index.number_of_shards']}: the numbers differ"
        )
    inherited = {k: v for k, v in source.settings.items() if k != "index.number_of_replicas"}
    target = create_index(node, request.values["target"])
    target.settings = {**inherited, "index.routing_partition_size": "1", **own}
    target.aliases = {alias: alias_form(given or {}) for alias, given in (body.get("aliases") or {}).items()}
    target.mapping, target.parser = source.mapping, source.parser
    node.store.copy(source.uuid, target.uuid)
    target.next_seq = source.next_seq
    node.save(target)
    return Response({"acknowledged": True, "shards_acknowledged": True, "index": target.name})


ROUTES: list[Route] = [
    route("PUT", "/{index}/_block/{block}", put_block, MULTI_INDEX + " wait_for_active_shards"),
    route("PUT POST", "/{index}/_clone/{target}", clone, "timeout master_timeout wait_for_active_shards"),
]
