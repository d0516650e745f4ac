"""Running transforms: a checkpoint makes every document anew and keeps what changed; there is no background."""

from __future__ import annotations

import re
from typing import Any

from .api_indices import create_index
from .dates import now_ms
from .documents import Operation, perform
from .errors import ElasticsearchError
from .mapping import Body
from .names import resolve
from .node import Node
from .pivots import check, made, mapping, sources
from .transform_config import check_id, parsed

CONFIG, STATE = "transform", "transform_state"
NEVER: Body = {"state": "stopped", "checkpoint": 0, "processed": 0, "indexed": 0, "due": 0, "reason": None}

_UNITS = {"nanos": 1e-6, "micros": 1e-3, "ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def put(node: Node, id: str, body: Body, *, deferred: bool) -> None:
    check_id(id)
    config = parsed(id, body)
    if id in node.collection(CONFIG):
        raise ElasticsearchError("resource_already_exists_exception", f"Transform with id [{id}] already exists")
    check(config)
    if not deferred:
        validate(node, config)
    kept = {"version": node.version.number, "create_time": now_ms(), **config}
    kept["settings"] = {name: value for name, value in (config.get("settings") or {}).items() if value is not None}
    node.put(CONFIG, id, kept)
    node.put(STATE, id, NEVER)


def validate(node: Node, config: Body) -> None:
    """Sources are there, the destination is none of them, its pipeline exists."""
    reasons = []
    for name in config["source"]["index"]:
        if "*" not in name:
            try:
                resolve(node, [name])
            except ElasticsearchError:
                reasons.append(f"no such index [{name}]")
    dest = config["dest"]["index"]
    if not reasons and any(dest == index.name or dest in index.aliases for index in sources(node, config)):
        expression = ",".join(config["source"]["index"])
        reasons.append(f"Destination index [{dest}] is included in source expression [{expression}]")
    pipeline = config["dest"].get("pipeline")
    if pipeline and pipeline not in node.pipelines:
        reasons.append(f"Pipeline with id [{pipeline}] could not be found")
    if reasons:
        text = "".join(f"{n}: {reason};" for n, reason in enumerate(reasons, 1))
        raise ElasticsearchError("validation_exception", f"Validation Failed: {text}")


def update(node: Node, id: str, body: Body, *, deferred: bool) -> Body:
    before = dict(node.collection(CONFIG)[id])
    changes = parsed(id, body, update=True)
    if "sync" in changes and "sync" not in before:
        reason = f"Cannot change the current sync configuration of transform [{id}] from [null] to [time]"
        raise ElasticsearchError("status_exception", reason)
    after = dict(before)
    for key, value in changes.items():
        if key == "retention_policy" and value is None:
            after.pop(key, None)
        elif key == "settings":
            merged = {**before.get("settings", {}), **value}
            after[key] = {name: one for name, one in merged.items() if one is not None}
        elif value is not None:
            after[key] = value
    check(after)
    if not deferred:
        validate(node, after)
    if after != before:
        node.put(CONFIG, id, {**after, "version": node.version.number})
    return dict(node.collection(CONFIG)[id])


# running


def start(node: Node, id: str) -> None:
    state = node.collection(STATE)[id]
    if state["state"] == "started":
        reason = f"Cannot start transform [{id}] as it is already started."
        raise ElasticsearchError("status_exception", reason, status=409)
    if state["state"] == "failed":
        reason = (
            f"Unable to start transform [{id}] as it is in a failed state with failure: [{state['reason']}]. Use force"
            " stop and then restart the transform once error is resolved."
        )
        raise ElasticsearchError("status_exception", reason, status=409)
    validate(node, node.collection(CONFIG)[id])
    _make_destination(node, id)
    checkpoint(node, id)


def stop(node: Node, id: str, *, force: bool) -> None:
    state = node.collection(STATE)[id]
    if state["state"] == "failed" and not force:
        reason = (
            f"Unable to stop transform [{id}] as it is in a failed state with reason [{state['reason']}]."
            " Use force stop to stop the transform."
        )
        raise ElasticsearchError("status_exception", reason, status=409)
    node.put(STATE, id, {**state, "state": "stopped", "reason": None})


def checkpoint(node: Node, id: str) -> None:
    """One run over everything; what cannot be written makes it fail, with the reason."""
    config, state = node.collection(CONFIG)[id], node.collection(STATE)[id]
    try:
        documents = made(node, config)
        written = _write(node, config, documents)
        _forget_old(node, config)
    except ElasticsearchError as error:
        node.put(STATE, id, {**state, "state": "failed", "reason": error.reason})
        return
    node.put(
        STATE,
        id,
        {
            "state": "started" if "sync" in config else "stopped",
            "checkpoint": state["checkpoint"] + 1,
            "processed": state["processed"] + sum(len(_live(node, i.uuid)) for i in sources(node, config)),
            "indexed": state["indexed"] + written,
            "due": now_ms() + _interval(config.get("frequency", "1m")),
            "reason": None,
        },
    )


def catch_up(node: Node, id: str) -> None:
    """A continuous transform whose time has come runs when it is looked at."""
    state = node.collection(STATE)[id]
    if state["state"] == "started" and now_ms() >= state["due"]:
        checkpoint(node, id)


def _interval(text: str) -> int:
    match = re.fullmatch(r"(\d+)([a-z]+)", text)
    return int(int(match[1]) * _UNITS.get(match[2], 60_000)) if match else 60_000


def _live(node: Node, uuid: str) -> list[int]:
    return [doc for doc, _, source in node.store.since(uuid, 0) if source is not None]


def _make_destination(node: Node, id: str) -> None:
    config = node.collection(CONFIG)[id]
    name = config["dest"]["index"]
    if name in node.indices or any(name in index.aliases for index in node.indices.values()):
        return
    made_by = {"_transform": {"transform": id, "version": {"created": node.version.number}}, "created_by": "transform"}
    settings = {"index.number_of_shards": "1", "index.auto_expand_replicas": "0-1"}
    properties = mapping(node, config)
    body = {"mappings": {"_meta": made_by, "properties": properties}, "settings": settings}
    create_index(node, name, body)
    for alias in config["dest"].get("aliases") or ():
        node.indices[name].aliases[alias["alias"]] = {}
        node.save(node.indices[name])


def _write(node: Node, config: Body, documents: list[tuple[str, Body]]) -> int:
    dest, pipeline = config["dest"]["index"], config["dest"].get("pipeline")
    node.store.begin()
    try:
        for id, document in documents:
            perform(node, Operation("index", dest, id, document, pipeline=pipeline))
        node.store.commit()
    except BaseException:
        node.store.rollback()
        raise
    return len(documents)


def _forget_old(node: Node, config: Body) -> None:
    """What the retention policy keeps no longer."""
    from .api_by_query import found

    policy = (config.get("retention_policy") or {}).get("time")
    indices = resolve(node, [config["dest"]["index"]]) if policy else []
    if not policy or not indices:
        return
    oldest = now_ms() - _interval(policy["max_age"])
    query = {"range": {policy["field"]: {"lt": oldest, "format": "epoch_millis"}}}
    for index, stored in found(node, indices, query, None):
        perform(node, Operation("delete", index.name, stored.id))


def shown(node: Node, id: str, *, generated: bool = True) -> Body:
    kept = dict(node.collection(CONFIG)[id])
    if not generated:
        for key in ("version", "create_time"):
            kept.pop(key)
    return {"id": id, **kept}


def stats(node: Node, id: str) -> Body:
    catch_up(node, id)
    state = node.collection(STATE)[id]
    last: dict[str, Any] = {"checkpoint": state["checkpoint"]}
    failed = state["state"] == "failed"
    issue = {"issue": "Transform task state is [failed]", "details": state["reason"], "count": 1}
    return {
        "id": id,
        "state": state["state"],
        **({"reason": state["reason"]} if failed else {}),
        "stats": {
            "pages_processed": state["checkpoint"],
            "documents_processed": state["processed"],
            "documents_indexed": state["indexed"],
            "documents_deleted": 0,
            "trigger_count": state["checkpoint"],
        },
        "checkpointing": {"last": last},
        "health": {"status": "red", "issues": [issue]} if failed else {"status": "green"},
    }


def preview(node: Node, config: Body) -> Body:
    check(config)
    validate(node, config)
    return {
        "preview": [document for _, document in made(node, config, 100)],
        "generated_dest_index": {
            "mappings": {
                "_meta": {
                    "_transform": {
                        "transform": "transform-preview",
                        "version": {"created": node.version.number},
                        "creation_date_in_millis": now_ms(),
                    },
                    "created_by": "transform",
                },
                "properties": mapping(node, config),
            },
            "settings": {"index": {"number_of_shards": "1", "auto_expand_replicas": "0-1"}},
            "aliases": {},
        },
    }
