"""Rollover: a new index behind an alias or a data stream, when its conditions are met."""

from __future__ import annotations

import re
from typing import Any

from . import data_streams
from .api_indices import create_index
from .dates import duration_ms, now_ms
from .errors import ElasticsearchError, illegal, unknown_field, unsupported
from .http import Request, Response, Route, route
from .mapping import Body
from .node import Index, Node

_CONDITIONS = tuple(
    f"{low}_{what}"
    for low in ("max", "min")
    for what in ("age", "docs", "size", "primary_shard_size", "primary_shard_docs")
)
_KEYS = ("conditions", "settings", "mappings", "aliases")


def roll_over(node: Node, request: Request) -> Response:
    target, named = request.values["index"], request.values.get("new")
    body = request.json()
    for key in body:
        if key not in _KEYS:
            raise unknown_field("rollover", key)
    conditions = body.get("conditions") or {}
    for key in conditions:
        if key not in _CONDITIONS:
            inner = unknown_field("rollover_conditions", key)
            raise ElasticsearchError(
                "x_content_parse_exception",
                "[1:1] [rollover] failed to parse field [conditions]",
                cause=inner,
                root=[inner.head()],
            )
    dry, lazy = request.flag("dry_run"), request.flag("lazy")
    if target in data_streams.streams(node):
        return _stream(node, target, named, body, conditions, dry=dry, lazy=lazy)
    if data_streams.streams_of_alias(node, target):
        reason = "Aliases to data streams cannot be rolled over. Please rollover the data stream itself."
        raise ElasticsearchError("illegal_state_exception", reason, status=500)
    holders = [index for index in node.indices.values() if target in index.aliases]
    if target in node.indices:
        raise illegal("rollover target is a [concrete index] but one of [alias,data_stream] was expected")
    if not holders:
        reason = f"rollover target [{target}] does not exist"
        raise ElasticsearchError("resource_not_found_exception", reason, status=404)
    explicit = any("is_write_index" in index.aliases[target] for index in holders)
    writers = [index for index in holders if index.aliases[target].get("is_write_index")]
    if len(holders) == 1 and not explicit:
        writers = holders
    if not writers:
        raise illegal(f"rollover target [{target}] does not point to a write index")
    if lazy:
        raise illegal("lazy rollover can be applied only on a data stream")
    old = writers[0]
    new = named or _next_name(old.name)
    met = _met(node, old, conditions)
    if dry:
        if new in node.indices:
            create_index(node, new)  # raises, as it does without dry_run
        return _answer(old.name, new, met, dry=True)
    if conditions and not any(met.values()):
        return _answer(old.name, new, met)
    made = create_index(node, new, {key: body[key] for key in _KEYS[1:] if key in body})
    if explicit:
        old.aliases[target] = {**old.aliases[target], "is_write_index": False}
        made.aliases[target] = {**made.aliases.get(target, {}), "is_write_index": True}
    else:
        made.aliases[target] = old.aliases.pop(target)
    node.save(old)
    node.save(made)
    return _answer(old.name, new, met, rolled=True)


def _stream(
    node: Node, name: str, named: str | None, body: Body, conditions: Body, *, dry: bool, lazy: bool
) -> Response:
    if named:
        raise illegal("new index name may not be specified when rolling over a data stream")
    if any(body.get(key) for key in _KEYS[1:]):
        raise illegal("aliases, mappings, and index settings may not be specified when rolling over a data stream")
    old = data_streams.backing(node, name)[-1]
    new = data_streams.next_index(node, name)
    met = _met(node, old, conditions)
    if dry:
        return _answer(old.name, new, met, dry=True, lazy=lazy)
    if lazy:
        if conditions:
            raise illegal("lazy rollover can be used only without any conditions")
        node.put(data_streams.KIND, name, {**data_streams.streams(node)[name], "rollover_on_write": True})
        return _answer(old.name, new, met, lazy=True)
    if conditions and not any(met.values()):
        return _answer(old.name, new, met)
    return _answer(old.name, data_streams.roll_over(node, name), met, rolled=True)


def _next_name(name: str) -> str:
    found = re.fullmatch(r"(.*-)(\d+)", name)
    if not found:
        raise illegal(f"index name [{name}] does not match pattern '^.*-\\d+$'")
    return f"{found[1]}{int(found[2]) + 1:06d}"


def _met(node: Node, index: Index, conditions: Body) -> dict[str, bool]:
    """Each condition in Elasticsearch's words, and whether it is met."""
    documents, _, _ = node.store.count(index.uuid)
    met: dict[str, bool] = {}
    for key, value in conditions.items():
        low, _, what = key.partition("_")
        if what not in ("age", "docs", "primary_shard_docs"):
            raise unsupported(f"the rollover condition [{key}]")
        have = now_ms() - index.created if what == "age" else documents
        met[f"[{key}: {value}]"] = have >= (duration_ms(value, key) if what == "age" else int(value))
        if low == "min":
            raise unsupported(f"the rollover condition [{key}]")
    return met


def _answer(
    old: str, new: str, met: dict[str, bool], *, rolled: bool = False, dry: bool = False, lazy: bool = False
) -> Response:
    body: dict[str, Any] = {
        "acknowledged": rolled or (lazy and not dry),
        "shards_acknowledged": rolled,
        "old_index": old,
        "new_index": new,
        "rolled_over": rolled,
        "dry_run": dry,
        "lazy": lazy,
        "conditions": met,
    }
    return Response(body)


_PARAMS = "dry_run lazy timeout master_timeout wait_for_active_shards"

ROUTES: list[Route] = [
    route("POST", "/{index}/_rollover", roll_over, _PARAMS),
    route("POST", "/{index}/_rollover/{new}", roll_over, _PARAMS),
]
