"""`_bulk`: many writes in one request and one transaction, each with its own outcome."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import orjson

from .documents import Operation, perform
from .errors import ElasticsearchError, illegal, token, validation
from .mapping import Body
from .node import Node

_ACTIONS = ("create", "delete", "index", "update")
_KEYS = frozenset(
    "_index _id routing if_seq_no if_primary_term pipeline require_alias op_type _source retry_on_conflict"
    " version version_type dynamic_templates require_data_stream list_executed_pipelines".split()
)


def bulk(
    node: Node, body: bytes, *, index: str | None, pipeline: str | None, require_alias: bool, refresh: bool
) -> Body:
    """The answer of `_bulk`; raises ElasticsearchError for a body that cannot be read, before anything is written."""
    started = time.monotonic()
    if not body:
        raise ElasticsearchError("parse_exception", "request body is required")
    if not body.endswith(b"\n"):
        raise illegal("The bulk request must be terminated by a newline [\\n]")
    operations = list(_operations(body, index, pipeline, require_alias))
    if not operations:
        raise validation("no requests added")
    items, failed = [], False
    node.store.begin()
    try:
        for action, operation in operations:
            try:
                if isinstance(operation, _Broken):
                    raise operation
                written = perform(node, operation)
                forced = {"forced_refresh": True} if refresh and written.body["_shards"]["total"] else {}
                items.append({action: {**written.body, **forced, "status": written.status}})
            except ElasticsearchError as error:
                failed = True
                item = {
                    "_index": error.index or operation.index,
                    "_id": operation.id,
                    "status": error.status,
                    "error": error.item(),
                }
                items.append({action: item})
        node.store.commit()
    except BaseException:
        node.store.rollback()
        raise
    return {"errors": failed, "took": int((time.monotonic() - started) * 1000), "items": items}


def _operations(
    body: bytes, index: str | None, pipeline: str | None, require_alias: bool
) -> Iterator[tuple[str, Operation | _Broken]]:
    lines = body.split(b"\n")
    lines.pop()
    number, position = 0, 0
    while position < len(lines):
        line = lines[position]
        position += 1
        number += 1
        if not line.strip():
            continue
        action, meta = _action(line, number)
        for key in meta:
            if key not in _KEYS:
                raise illegal(f"Action/metadata line [{number}] contains an unknown parameter [{key}]")
            if isinstance(meta[key], list | dict) and key not in ("_source", "dynamic_templates"):
                expected = f"expected a simple value for field [{key}]"
                raise illegal(f"Malformed action/metadata line [{number}], {expected} but found [{token(meta[key])}]")
        if action == "create" and "version" in meta:
            raise validation("create operations do not support explicit versions. use index instead")
        if meta.get("routing") is not None:
            raise illegal("the esctl sandbox does not implement routing of documents")
        if "version" in meta or "version_type" in meta:
            raise illegal("the esctl sandbox does not implement external versions")
        name = meta.get("_index", index)
        if not name:
            raise validation("index is missing")
        id = meta.get("_id")
        id = str(id) if id is not None else None
        if id is None and action in ("delete", "update"):
            raise validation("id is missing")
        common: dict[str, Any] = {
            "if_seq_no": meta.get("if_seq_no"),
            "if_primary_term": meta.get("if_primary_term"),
            "pipeline": meta.get("pipeline", pipeline),
            "require_alias": bool(meta.get("require_alias", require_alias)),
            "require_data_stream": bool(meta.get("require_data_stream", False)),
        }
        if action == "delete":
            yield action, Operation(action, name, id, **common)
            continue
        if position >= len(lines):
            raise illegal(f"Malformed action/metadata line [{number}], expected a document after it")
        raw = lines[position]
        position += 1
        number += 1
        if action == "index" and meta.get("op_type") == "create":
            action = "create"
        try:
            source = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            broken = Operation(action, name, id, None, raw, **common)
            yield action, _Broken(broken, error.msg)
            continue
        yield action, Operation(action, name, id, source, raw, **common)


class _Broken(ElasticsearchError):
    """A document line that is not JSON: one failed item, not a failed request."""

    def __init__(self, operation: Operation, why: str) -> None:
        super().__init__(
            "document_parsing_exception",
            f"[1:1] failed to parse: [1:1] {why}",
            cause={"type": "x_content_parse_exception", "reason": f"[1:1] {why}"},
        )
        self.index, self.id = operation.index, operation.id


def _action(line: bytes, number: int) -> tuple[str, dict[str, Any]]:
    try:
        parsed = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise ElasticsearchError("x_content_parse_exception", f"[1:{error.colno}] {error.msg}") from None
    if not isinstance(parsed, dict):
        raise illegal(f"Malformed action/metadata line [{number}], expected START_OBJECT but found [{token(parsed)}]")
    if len(parsed) != 1:
        raise illegal(f"Malformed action/metadata line [{number}], expected FIELD_NAME but found [END_OBJECT]")
    action, meta = next(iter(parsed.items()))
    if action not in _ACTIONS:
        raise illegal(
            f"Malformed action/metadata line [{number}], expected field [create], [delete], [index] or [update] but"
            f" found [{action}]"
        )
    if meta is not None and not isinstance(meta, dict):
        expected = "expected START_OBJECT or END_OBJECT"
        raise illegal(f"Malformed action/metadata line [{number}], {expected} but found [{token(meta)}]")
    return action, meta or {}
