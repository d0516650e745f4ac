"""Loads vectors as documents, through the index's own k-means pipeline or clustered here; sends only what changed."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from ..errors import EsctlError, Refused
from .client_errors import reason, told
from .documents import loaded_here, read_documents
from .find import document_id
from .model_file import encode

if TYPE_CHECKING:
    from .model_file import KMeansModel
    from .store import VectorTable
    from .twin import Assignment

BATCH = 500
BATCH_BYTES = 8 * 1024 * 1024
"""Elasticsearch takes requests of 5 to 10 MB best."""

NO_PIPELINE = "_none"
LOAD_AGAIN = "run: esctl images load"


class HasClient(Protocol):
    """`cluster.Cluster` is one."""

    @property
    def elasticsearch(self) -> Any: ...


@dataclass(frozen=True)
class LoadReport:
    """What became of the table's images; `failed` holds (file name, reason), `seconds` the whole load's time."""

    sent: int
    unchanged: int
    failed: tuple[tuple[str, str], ...] = ()
    deleted: int = 0
    seconds: float = 0.0
    warnings: tuple[str, ...] = field(default=())

    @property
    def total(self) -> int:
        return self.sent + self.unchanged + len(self.failed)


def load(
    cluster: HasClient,
    table: VectorTable,
    model: KMeansModel,
    *,
    index: str = "image_data",
    pipeline: str | None = None,
    sync: bool = False,
    batch: int = BATCH,
    progress: Callable[[int, int], None] | None = None,
) -> LoadReport:
    """Write one document per image, `_id` the hash of its file name.

    `pipeline` None is the index's own, `_none` clusters the vectors here, for servers without scripts. Sent are images
    that are new, changed, or labelled by another model; `sync` deletes those that the table lacks, and keeps, with a
    warning, what was not loaded by esctl. `progress` is called with (done, to do). Raises Refused where vectors and
    model come from different embeddings, EsctlError where their dimensions differ or the pipeline holds another model,
    ServerError where the server refuses the request as a whole.
    """
    began = time.monotonic()
    client = cluster.elasticsearch
    warnings = check_embedding(table, model)
    wanted = {document_id(name): row for row, name in enumerate(table.file_names)}
    hashes = [content_hash(table, row) for row in range(len(table.file_names))]
    present = {
        document.id: document for document in read_documents(client, index, ["content_hash", "model_hash"])
    }
    rows = [
        row
        for id, row in wanted.items()
        if id not in present
        or present[id].fields.get("content_hash") != hashes[row]
        or present[id].fields.get("model_hash") != model.hash
    ]
    vanished = [document for id, document in present.items() if id not in wanted] if sync else []
    gone = [document.id for document in vanished if loaded_here(document)]
    if kept := len(vanished) - len(gone):
        what = "1 image was" if kept == 1 else f"{kept} images were"
        warnings += (f'{what} not loaded into "{index}" by esctl (no content_hash): kept',)
    deleted, sent = 0, 0
    failed: list[tuple[str, str]] = []
    if rows or gone:
        if rows and pipeline != NO_PIPELINE:
            _check_pipeline(client, index, pipeline, model)
        actions = _actions(client, table, model, rows, hashes, clustered=pipeline == NO_PIPELINE)
        deletions = ({"_op_type": "delete", "_id": id} for id in gone)
        names = {id: present[id].file_name for id in gone} | {id: table.file_names[row] for id, row in wanted.items()}
        for done, (action, item) in enumerate(_bulk(client, index, pipeline, batch, (actions, deletions)), start=1):
            if item.get("status", 0) < 300 or (action == "delete" and item.get("status") == 404):
                sent += action == "index"
                deleted += action == "delete"
            else:
                failed.append((names[item["_id"]], reason(item)))
            if progress:
                progress(done, len(rows) + len(gone))
        with told(index):
            client.indices.refresh(index=index)
    return LoadReport(
        sent=sent,
        unchanged=len(table.file_names) - len(rows),
        failed=tuple(failed),
        deleted=deleted,
        seconds=time.monotonic() - began,
        warnings=warnings,
    )


def check_embedding(table: VectorTable, model: KMeansModel) -> tuple[str, ...]:
    """Warnings; raises Refused or EsctlError where the model cannot judge these vectors."""
    dims = int(table.vectors.shape[1])
    if table.embedding is not None and model.identity is not None:
        if table.embedding.identity != model.identity:
            fitted = (model.embedding or {}).get("name", "another model")
            raise Refused(
                f"the vectors were made by {table.embedding.name} [{table.embedding.identity}], "
                f"the k-means model was fitted on vectors of {fitted} [{model.identity}]",
                hint="embed with the same model, or run: esctl images fit",
            )
    if dims != model.dims:
        raise EsctlError(
            f"the vectors have {dims} dimensions, the k-means model {model.dims}", hint="run: esctl images fit"
        )
    if table.embedding is None or model.identity is None:
        whose = "vectors" if table.embedding is None else "k-means model"
        return (f"nothing says which embedding model the {whose} came from: only the {dims} dimensions were compared",)
    return ()


def content_hash(table: VectorTable, row: int) -> str:
    """16 hex digits of what the document is made from."""
    digest = hashlib.sha256(table.vectors[row].astype(">f4").tobytes())
    identity = table.embedding.identity if table.embedding else None
    digest.update(json.dumps([table.label(row), table.thumbnails[row], identity]).encode())
    return digest.hexdigest()[:16]


def _actions(
    client: Any, table: VectorTable, model: KMeansModel, rows: list[int], hashes: list[str], *, clustered: bool
) -> Iterator[dict[str, Any]]:
    import orjson

    from .twin import assign

    packed = bool(rows) and _takes_base64(client)
    assignment = assign(model, table.vectors[rows]) if clustered and rows else None
    for position, row in enumerate(rows):
        vector = table.vectors[row]
        document: dict[str, Any] = {
            "_op_type": "index",
            "_id": document_id(table.file_names[row]),
            "file_name": table.file_names[row],
            # As JSON numbers in float32's shortest form: half the bytes of float64's.
            model.parameters.field: encode(vector)
            if packed
            else orjson.loads(orjson.dumps(vector, option=orjson.OPT_SERIALIZE_NUMPY)),
            "content_hash": hashes[row],
            model.parameters.target_field: -1,
        }
        if table.embedding:
            document["embedding"] = table.embedding.identity
        if label := table.label(row):
            document["label"] = label
        if thumbnail := table.thumbnails[row]:
            document["thumbnail"] = thumbnail
        if assignment:
            document.update(_assigned(assignment, position, model))
        yield document


def _assigned(assignment: Assignment, position: int, model: KMeansModel) -> dict[str, Any]:
    silhouette = float(assignment.silhouette_simplified[position])
    return {
        model.parameters.target_field: int(assignment.cluster[position]),
        "distance": float(assignment.distance[position]),
        "distance_second": float(assignment.distance_second[position]),
        "silhouette_simplified": silhouette,
        "silhouette_rank": 1 + silhouette,
        "vector_preview": assignment.preview[position],
        "x": float(assignment.x[position]),
        "y": float(assignment.y[position]),
        "model_hash": model.hash,
    }


def _takes_base64(client: Any) -> bool:
    """Elasticsearch 9.3 and Serverless (which says 8.11) read dense vectors as base64."""
    with told(""):
        version = client.info()["version"]
    number = tuple(int(part) for part in str(version["number"]).split("-")[0].split(".")[:2])
    return number >= (9, 3) or version.get("build_flavor") == "serverless"


def _check_pipeline(client: Any, index: str, pipeline: str | None, model: KMeansModel) -> None:
    """Refuse to send through a pipeline that is missing, or that would label with another model."""
    with told(index):
        if pipeline is None:
            # An alias answers with its index's name, an index without the setting not at all.
            answer = client.indices.get_settings(index=index, filter_path="*.settings.index.default_pipeline")
            found = {body["settings"]["index"]["default_pipeline"] for body in answer.values()} - {NO_PIPELINE}
            if not found:
                raise EsctlError(
                    f'the index "{index}" has no default pipeline',
                    hint="run esctl apply, or cluster the vectors here with --pipeline _none",
                )
            pipeline = sorted(found)[0]
        answer = client.options(ignore_status=404).ingest.get_pipeline(
            id=pipeline, filter_path="*.processors.script.params.model_hash"
        )
        # Without a match the answer of filter_path is {}, also where the pipeline exists.
        hashes = {
            processor.get("script", {}).get("params", {}).get("model_hash")
            for body in answer.values()
            if isinstance(body, dict)
            for processor in body.get("processors", [])
        } - {None}
    if not hashes:
        raise EsctlError(f'the pipeline "{pipeline}" is missing, or holds no k-means model', hint="run: esctl apply")
    if model.hash not in hashes:
        raise Refused(
            f'the pipeline "{pipeline}" holds the k-means model {sorted(hashes)[0]}, not {model.hash}',
            hint="run: esctl apply",
        )


def _bulk(
    client: Any, index: str, pipeline: str | None, batch: int, actions: tuple[Iterator[dict[str, Any]], ...]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """(action, item) of every action, failed or not."""
    from itertools import chain

    from elasticsearch.helpers import streaming_bulk

    options: dict[str, Any] = {"pipeline": pipeline} if pipeline is not None else {}
    with told(index):
        for _, answer in streaming_bulk(
            client,
            chain(*actions),
            index=index,
            chunk_size=batch,
            max_chunk_bytes=BATCH_BYTES,
            raise_on_error=False,
            max_retries=6,
            initial_backoff=0.5,
            max_backoff=10,
            **options,
        ):
            action, item = next(iter(answer.items()))
            yield action, item
