"""One document: indexed, created, updated, deleted, with sequence numbers, versions and their conflicts."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass
from typing import Any

import orjson

from .api_indices import create_index
from .data_streams import failing, makes_stream, streams, streams_of_alias, write_target
from .errors import ElasticsearchError, illegal, no_such_index, validation
from .ingest import run_pipelines
from .mapping import Body
from .names import writable
from .node import Index, Node
from .sources import SourceFilter, pack_vectors, split_vectors, whole_source
from .store import Stored

TERM = 1


@dataclass(frozen=True)
class Operation:
    """One write. `source` is the parsed document (or the body of an update), `raw` its bytes as sent."""

    action: str
    index: str
    id: str | None
    source: Any = None
    raw: bytes = b""
    if_seq_no: int | None = None
    if_primary_term: int | None = None
    pipeline: str | None = None
    require_alias: bool = False
    require_data_stream: bool = False


@dataclass(frozen=True)
class Written:
    """What became of it: the answer's body and HTTP status."""

    body: Body
    status: int


def auto_id() -> str:
    return base64.urlsafe_b64encode(os.urandom(15)).decode()


def target(node: Node, name: str, operation: Operation, *, create: bool = True) -> Index:
    """The index to write to, made from its template where it is missing."""
    require_alias = operation.require_alias
    if operation.require_data_stream and name not in streams(node) and not makes_stream(node, name):
        raise ElasticsearchError(
            "index_not_found_exception",
            f"no such index [{name}] and the index creation request requires a data stream, but no matching index"
            " template with data stream template was found for it",
            status=404, index_uuid="_na_", index=name,
        )  # fmt: skip
    if require_alias and not any(name in i.aliases for i in node.indices.values()) and not streams_of_alias(node, name):
        raise ElasticsearchError(
            "index_not_found_exception",
            f"no such index [{name}] and [require_alias] request flag is [true] and [{name}] is not an alias",
            status=404, index_uuid="_na_", index=name,
        )  # fmt: skip
    found = write_target(node, name, operation.action, plain=operation.if_seq_no is None)
    if found is not None:
        return found
    found = writable(node, name)
    if found is not None:
        return found
    if not create:
        raise no_such_index(name)
    return create_index(node, name)


def perform(node: Node, operation: Operation) -> Written:
    """Raises ElasticsearchError; then nothing of this operation was written (an index may have been made)."""
    if (operation.if_seq_no is None) != (operation.if_primary_term is None):
        if operation.if_seq_no is not None:
            raise validation("ifSeqNo is set, but primary term is [0]")
        raise validation(f"ifSeqNo is unassigned, but primary term is [{operation.if_primary_term}]")
    if operation.id is not None and len(operation.id.encode()) > 512:
        raise validation(
            f"id [{operation.id}] is too long, must be no longer than 512 bytes but was: {len(operation.id.encode())}"
        )
    if operation.action == "delete":
        return _delete(node, operation)
    if operation.action == "update":
        return _update(node, operation)
    return _index(node, operation)


def _index(node: Node, operation: Operation) -> Written:
    name, id, source, raw = operation.index, operation.id, operation.source, operation.raw
    if id == "":
        raise illegal("if _id is specified it must not be empty")
    index = target(node, name, operation)
    if not isinstance(source, dict):
        raise ElasticsearchError("document_parsing_exception", "Malformed content, must start with an object")
    pipeline = operation.pipeline or index.settings.get("index.default_pipeline", "_none")
    final = index.settings.get("index.final_pipeline", "_none")
    if pipeline != "_none" or final != "_none":
        moved = run_pipelines(node, index.name, id, source, [p for p in (pipeline, final) if p != "_none"])
        if moved is None:
            # Dropped by the pipeline: answered as a write that did nothing.
            return Written(_answer(index, id or auto_id(), -3, -2, 0, "noop", total=0), 200)
        if moved.index != index.name:
            index = target(node, moved.index, operation)
        id, source = moved.id, moved.source
        raw = b""
    created_id = id is None
    id = auto_id() if id is None else id
    before = None if created_id else node.store.get(index.uuid, id)
    _check_conflict(index, id, before, operation)
    if operation.action == "create" and before is not None and before.source is not None:
        raise _conflict(
            index, f"[{id}]: version conflict, document already exists (current version [{before.version}])"
        )
    return _store(node, index, id, source, raw, before)


def _store(node: Node, index: Index, id: str, source: Body, raw: bytes, before: Stored | None) -> Written:
    try:
        parsed = index.parser.parse(source, id, raw)
    except ElasticsearchError as error:
        error.index = index.name
        raise failing(node, index, error) from None
    if parsed.additions:
        node.put_mapping(index, parsed.additions)
    vectors = None
    if (
        node.version.excludes_vectors
        and parsed.vectors
        and index.settings.get("index.mapping.exclude_source_vectors") != "false"
    ):
        kept = split_vectors(source, list(parsed.vectors))
        if kept is not source:
            vectors, source, raw = pack_vectors(parsed.vectors), kept, b""
    seq = index.next_seq
    version = before.version + 1 if before else 1
    node.store.put(index.uuid, id, seq, TERM, version, raw or orjson.dumps(source), vectors)
    index.next_seq += 1
    exists = before is not None and before.source is not None
    return Written(_answer(index, id, seq, TERM, version, "updated" if exists else "created"), 200 if exists else 201)


def _answer(index: Index, id: str, seq: int, term: int, version: int, result: str, total: int | None = None) -> Body:
    from .api_cluster import replicas

    shards = (
        {"total": 0, "successful": 0, "failed": 0}
        if total == 0
        else {"total": 1 + replicas(index), "successful": 1, "failed": 0}
    )
    return {
        "_index": index.name,
        "_id": id,
        "_version": version,
        "result": result,
        "_shards": shards,
        "_seq_no": seq,
        "_primary_term": term,
    }


def _conflict(index: Index, reason: str) -> ElasticsearchError:
    return ElasticsearchError(
        "version_conflict_engine_exception", reason, status=409, index_uuid=index.uuid, shard="0", index=index.name
    )


def _check_conflict(index: Index, id: str, before: Stored | None, operation: Operation) -> None:
    if operation.if_seq_no is None:
        return
    wanted = (
        f"[{id}]: version conflict, required seqNo [{operation.if_seq_no}], primary term [{operation.if_primary_term}]."
    )
    if before is None or before.source is None:
        raise _conflict(index, f"{wanted} but no document was found")
    if (before.seq, before.term) != (operation.if_seq_no, operation.if_primary_term):
        raise _conflict(index, f"{wanted} current document has seqNo [{before.seq}] and primary term [{before.term}]")


def _delete(node: Node, operation: Operation) -> Written:
    index = target(node, operation.index, operation, create=False)
    id = operation.id or ""
    before = node.store.get(index.uuid, id)
    _check_conflict(index, id, before, operation)
    seq = index.next_seq
    version = before.version + 1 if before else 1
    node.store.put(index.uuid, id, seq, TERM, version, None, None)
    index.next_seq += 1
    found = before is not None and before.source is not None
    return Written(_answer(index, id, seq, TERM, version, "deleted" if found else "not_found"), 200 if found else 404)


_UPDATE_KEYS = frozenset(
    "doc doc_as_upsert upsert script scripted_upsert detect_noop _source if_seq_no if_primary_term".split()
)


def _update(node: Node, operation: Operation) -> Written:
    body = operation.source
    for key in body:
        if key not in _UPDATE_KEYS:
            raise ElasticsearchError("x_content_parse_exception", f"[1:2] [UpdateRequest] unknown field [{key}]")
    if "script" in body:
        raise ElasticsearchError(
            "script_exception", "the esctl sandbox does not compile Painless: an update takes [doc], not [script]"
        )
    if "doc" not in body:
        raise validation("script or doc is missing")
    upsert = body.get("upsert", body["doc"] if body.get("doc_as_upsert") else None)
    index = target(node, operation.index, operation)
    id = operation.id or ""
    before = node.store.get(index.uuid, id)
    if before is None or before.source is None:
        if upsert is None:
            raise ElasticsearchError(
                "document_missing_exception", f"[{id}]: document missing", status=404,
                index_uuid=index.uuid, shard="0", index=index.name,
            )  # fmt: skip
        pipeline = Operation("index", index.name, id, upsert, pipeline=operation.pipeline)
        return _with_get(node, index, _index(node, pipeline), body)
    _check_conflict(index, id, before, operation)
    source = whole_source(before)
    merged = _merge(source, body["doc"])
    if merged == source and body.get("detect_noop", True):
        noop = Written(_answer(index, id, before.seq, before.term, before.version, "noop", total=0), 200)
        return _with_get(node, index, noop, body)
    final = index.settings.get("index.final_pipeline", "_none")
    if final != "_none":
        moved = run_pipelines(node, index.name, id, merged, [final])
        if moved is not None:
            merged = moved.source
    return _with_get(node, index, _store(node, index, id, merged, b"", before), body)


def _with_get(node: Node, index: Index, written: Written, body: Body) -> Written:
    """`_source` in an update asks for the document as it is then."""
    if not body.get("_source"):
        return written
    from .sources import from_body

    stored = node.store.get(index.uuid, written.body["_id"])
    if stored is None:
        return written
    shown = from_body(body["_source"]).apply(stored)
    get = {"_seq_no": stored.seq, "_primary_term": stored.term, "found": True, "_source": shown}
    return Written({**written.body, "get": get}, written.status)


def _merge(old: Any, new: Any) -> Any:
    """Objects are merged, everything else is replaced."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **{k: _merge(old.get(k), v) for k, v in new.items()}}
    return new


def read(node: Node, index: Index, id: str, shown: SourceFilter) -> Body:
    """One document as GET answers it; `found: false` where there is none."""
    stored = node.store.get(index.uuid, id)
    if stored is None or stored.source is None:
        return {"_index": index.name, "_id": id, "found": False}
    body: Body = {
        "_index": index.name,
        "_id": id,
        "_version": stored.version,
        "_seq_no": stored.seq,
        "_primary_term": stored.term,
        "found": True,
    }
    ignored = index.parser.ignored(orjson.loads(stored.source))
    if ignored:
        body["_ignored"] = sorted(ignored)
    source = shown.apply(stored)
    return body if source is None else {**body, "_source": source}
