"""Evaluates the clusters in an index by aggregations over what the pipeline wrote, and keeps the run as documents."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..errors import EsctlError, Refused, ServerError
from .client_errors import reason, told
from .documents import IMAGES, Document, loaded_here, read_documents
from .evaluation import ClusterSums, Evaluation, figures, with_exact
from .find import document_id
from .load import LOAD_AGAIN, HasClient, check_embedding

if TYPE_CHECKING:
    from .model_file import KMeansModel
    from .store import VectorTable

EXACT = ("silhouette_exact", "davies_bouldin_exact")


def evaluate(
    cluster: HasClient,
    *,
    index: str = "image_data",
    clusters_index: str = "image_clusters",
    model: KMeansModel,
    table: VectorTable | None = None,
    now: datetime | None = None,
) -> Evaluation:
    """Work out the figures of `index`, write them to `clusters_index` as one run, and return them.

    With a table scikit-learn's exact figures are computed too, and `silhouette_exact` is written to each image where it
    changed. What has not changed since the last run is not written again. Raises Refused where the images were not all
    labelled by `model`, EsctlError where there are none, ServerError where the server refuses.
    """
    client = cluster.elasticsearch
    field = model.parameters.target_field
    with told(index):
        answer = client.search(index=index, size=0, query=IMAGES, track_total_hits=True, aggs=_aggregations(field))
    aggregations = answer["aggregations"]
    total, by_model = int(answer["hits"]["total"]["value"]), aggregations["models"]["buckets"]
    if refusal := _mixture(index, total, by_model, model):
        raise Refused(refusal, hint=_way_out(client, index, model, table))
    evaluation = figures([_sums(bucket) for bucket in aggregations["clusters"]["buckets"]], model)

    documents = list(read_documents(client, index, ["content_hash", field, "silhouette_exact"]))
    if table is not None:
        evaluation = _exactly(client, index, field, evaluation, documents, table, model)
    content = sorted((document.id, str(document.fields.get("content_hash"))) for document in documents)
    run = hashlib.sha256(json.dumps([model.hash, content]).encode()).hexdigest()[:16]
    written = _keep(client, clusters_index, run, evaluation, now or datetime.now(UTC))
    return dataclasses.replace(evaluation, run=run, written=written)


def _aggregations(field: str) -> dict[str, Any]:
    return {
        "models": {"terms": {"field": "model_hash", "size": 10, "missing": "none"}},
        "clusters": {
            "terms": {"field": field, "size": 10_000, "order": {"_key": "asc"}},
            "aggs": {
                "silhouette": {"sum": {"field": "silhouette_simplified"}},
                "distance": {"extended_stats": {"field": "distance"}},
                "labelled": {"value_count": {"field": "label"}},
                "labels": {"terms": {"field": "label", "size": 1}},
            },
        },
    }


def _mixture(index: str, total: int, by_model: list[dict[str, Any]], model: KMeansModel) -> str:
    """What is wrong where not all images were labelled by `model`, else ""; raises EsctlError where there are none."""
    if not total:
        raise EsctlError(f'the index "{index}" holds no images', hint=LOAD_AGAIN)
    counts = {bucket["key"]: bucket["doc_count"] for bucket in by_model}
    if set(counts) == {model.hash}:
        return ""
    named = {"no model" if name == "none" else name: count for name, count in counts.items() if name != model.hash}
    others = ", ".join(f"{count} by {name}" for name, count in named.items())
    return (
        f'of {total} images in "{index}", {counts.get(model.hash, 0)} were labelled by the k-means model '
        f"{model.hash}, {others}"
    )


def _way_out(client: Any, index: str, model: KMeansModel, table: VectorTable | None) -> str:
    """What brings all images under `model`: it depends on which images the others are of."""
    if table is None:
        return LOAD_AGAIN
    wanted = {document_id(name) for name in table.file_names}
    documents = read_documents(client, index, ["content_hash", "model_hash"])
    others = [one for one in documents if one.fields.get("model_hash") != model.hash]
    gone = [one for one in others if one.id not in wanted]
    foreign = sum(not loaded_here(one) for one in gone)
    ways = []
    if len(gone) > foreign:
        ways.append(f"{LOAD_AGAIN} --sync ({len(gone) - foreign} are of images that are not in {table.path.name})")
    elif len(others) > len(gone):
        ways.append(LOAD_AGAIN)
    if foreign:
        ways.append(f"{foreign} were not loaded by esctl: index them again through the pipeline, or delete them")
    return "; ".join(ways) or LOAD_AGAIN


def _sums(bucket: Mapping[str, Any]) -> ClusterSums:
    labels = bucket["labels"]["buckets"]
    return ClusterSums(
        cluster=int(bucket["key"]),
        size=bucket["doc_count"],
        silhouette=bucket["silhouette"]["value"],
        distance=bucket["distance"]["sum"],
        distance_squared=bucket["distance"]["sum_of_squares"] or 0.0,
        labelled=bucket["labelled"]["value"],
        top=labels[0]["doc_count"] if labels else 0,
        top_label=labels[0]["key"] if labels else None,
    )


def _exactly(
    client: Any,
    index: str,
    field: str,
    evaluation: Evaluation,
    documents: list[Document],
    table: VectorTable,
    model: KMeansModel,
) -> Evaluation:
    """Add scikit-learn's figures of those images that table and index share, and write each image's back."""
    import numpy as np

    from .silhouette import MOST_IMAGES, exact

    warnings = list(check_embedding(table, model))
    by_id = {document.id: document for document in documents}
    rows = [row for row, name in enumerate(table.file_names) if document_id(name) in by_id]
    shared = [by_id[document_id(table.file_names[row])] for row in rows]
    if len(rows) < len(documents):
        lacking = f"{len(documents) - len(rows)} of {len(documents)} images"
        warnings.append(f"{lacking} have no vector in {table.path.name}: the exact figures are without them")
    if len(rows) > MOST_IMAGES:
        warnings.append(f"no exact figures: they compare all pairs, of at most {MOST_IMAGES} images")
    labels = np.array([int(document.fields[field]) for document in shared], dtype=np.int64)
    found = exact(table.vectors[rows], labels, model.normalise)
    evaluation = with_exact(evaluation, found, labels)
    updated = 0
    if found.samples is not None:
        changed = {
            document.id: value
            for document, value in zip(shared, found.samples.tolist(), strict=True)
            if not _same(document.fields.get("silhouette_exact"), value)
        }
        updates = ({"_op_type": "update", "_id": id, "doc": {"silhouette_exact": v}} for id, v in changed.items())
        updated = _write(client, index, updates)
    return dataclasses.replace(evaluation, updated=updated, warnings=tuple(warnings))


def _keep(client: Any, index: str, run: str, evaluation: Evaluation, now: datetime) -> int:
    """Write the run's documents where they are not there already, and take `newest` from earlier ones."""
    with told(index):
        answer = client.search(
            index=index,
            size=10_000,
            query={"bool": {"should": [{"term": {"run": run}}, {"term": {"newest": True}}]}},
        )
    present = {hit["_id"]: hit["_source"] for hit in answer["hits"]["hits"]}
    wanted = dict(_documents(run, evaluation))
    if evaluation.silhouette_exact is None and evaluation.davies_bouldin_exact is None:
        # The same images under the same model: what scikit-learn found of them still holds.
        for id in wanted:
            wanted[id] |= {name: present[id][name] for name in EXACT if name in present.get(id, {})}
    stamp = {"@timestamp": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"}
    changed = any(not _same(body, _without_time(present.get(id, {}))) for id, body in wanted.items())
    actions: list[dict[str, Any]] = []
    if changed:
        actions += [{"_op_type": "index", "_id": id, **stamp, **body} for id, body in wanted.items()]
    actions += [
        {"_op_type": "update", "_id": id, "doc": {"newest": False}}
        for id, body in present.items()
        if id not in wanted and body.get("newest")
    ]
    return _write(client, index, iter(actions))


def _documents(run: str, evaluation: Evaluation) -> Iterator[tuple[str, dict[str, Any]]]:
    """(id, body) of the run and of each cluster, without what is not known."""
    both = {
        "run": run,
        "newest": True,
        "model_hash": evaluation.model_hash,
        "embedding": evaluation.embedding,
        "embedding_name": evaluation.embedding_name,
        "k": evaluation.k,
    }
    whole = {
        name: getattr(evaluation, name)
        for name in ("images", "inertia", "silhouette_simplified", "davies_bouldin_centroids", "purity", *EXACT)
    }
    yield run, _known({"type": "run", **both, **whole})
    for one in evaluation.clusters:
        yield f"{run}-{one.cluster}", _known({"type": "cluster", **both, **dataclasses.asdict(one)})


def _without_time(body: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key != "@timestamp"}


def _known(body: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if value is not None}


def _same(one: Any, other: Any) -> bool:
    """Equal, numbers within what summing in another order, and float32, make of them."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(value, other[key]) for key, value in one.items())
    if isinstance(one, float) and isinstance(other, float | int) and not isinstance(other, bool):
        return math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-7)
    return bool(one == other)


def _write(client: Any, index: str, actions: Iterator[dict[str, Any]]) -> int:
    """Send the actions, make them visible, and return how many they were; raises ServerError for the first refused."""
    from elasticsearch.helpers import streaming_bulk

    count = 0
    with told(index):
        for ok, answer in streaming_bulk(
            client, actions, index=index, raise_on_error=False, max_retries=6, initial_backoff=0.5, max_backoff=10
        ):
            item = next(iter(answer.values()))
            if not ok:
                raise ServerError(f'"{index}" refused {item["_id"]}: {reason(item)}', status=item.get("status", 0))
            count += 1
        if count:
            client.indices.refresh(index=index)
    return count
