"""Evaluation: aggregations against the local twin, against scikit-learn, and what is written of it."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from kmeans_cases import Server, first_of, groups, table_of
from sklearn.metrics import davies_bouldin_score, silhouette_samples, silhouette_score

from esctl.errors import EsctlError, Refused, ServerError
from esctl.images.evaluate import evaluate
from esctl.images.evaluation import Evaluation, evaluate_locally
from esctl.images.find import document_id
from esctl.images.kmeans import fit
from esctl.images.load import load
from esctl.images.model_file import KMeansModel
from esctl.images.processor import parse_processor
from esctl.images.queries import names, query
from esctl.images.store import VectorTable
from esctl.images.twin import assign, normalised

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
FIGURES = (
    "inertia",
    "silhouette_simplified",
    "davies_bouldin_centroids",
    "silhouette_exact",
    "davies_bouldin_exact",
    "purity",
)


@pytest.fixture
def table() -> VectorTable:
    vectors = groups(spread=0.5)
    vectors[50] = -5  # ends up alone: the only image of its cluster
    return table_of(vectors, folders=4)


@pytest.fixture
def model(table: VectorTable) -> KMeansModel:
    return fit(table, parse_processor({"k": 7}))


@pytest.fixture
def loaded(server: Server, table: VectorTable, model: KMeansModel) -> Server:
    server.prepare(model)
    assert load(server, table, model, index=server.images).sent == 120
    server.writes.clear()
    return server


def run(server: Server, model: KMeansModel, table: VectorTable | None = None, **rest: Any) -> Evaluation:
    return evaluate(
        server, index=server.images, clusters_index=server.clusters, model=model, table=table, **{"now": NOON, **rest}
    )


def test_the_cluster_agrees_with_the_twin(loaded: Server, table: VectorTable, model: KMeansModel) -> None:
    remote, local = run(loaded, model, table), evaluate_locally(table, model)
    assert 1 in model.sizes
    for name in FIGURES:
        assert getattr(remote, name) == pytest.approx(getattr(local, name), abs=1e-4), name
    for one, other in zip(remote.clusters, local.clusters, strict=True):
        for name, value in dataclasses.asdict(one).items():
            expected = getattr(other, name)
            assert value == (pytest.approx(expected, abs=1e-4) if isinstance(expected, float) else expected), name
    assert remote.inertia == pytest.approx(model.inertia, rel=1e-5)


def test_with_means_for_centroids_it_is_scikit_learn_s_davies_bouldin() -> None:
    table = table_of(groups(spread=0.9))
    model = fit(table, parse_processor({"k": 6, "normalise": "none"}))
    labels = assign(model, table.vectors).cluster
    means = np.stack([table.vectors[labels == cluster].mean(axis=0) for cluster in range(6)])
    np.testing.assert_allclose(model.centroids, means, atol=1e-5)  # converged
    local = evaluate_locally(table, model)
    assert local.davies_bouldin_centroids == pytest.approx(davies_bouldin_score(table.vectors, labels), rel=1e-5)
    assert local.davies_bouldin_exact == pytest.approx(davies_bouldin_score(table.vectors, labels))
    assert local.silhouette_exact == pytest.approx(silhouette_score(table.vectors, labels), abs=1e-6)


def test_the_exact_silhouette_is_written_to_each_image(loaded: Server, table: VectorTable, model: KMeansModel) -> None:
    before = loaded.sources(loaded.images)
    evaluation = run(loaded, model, table)
    assert evaluation.updated == 120
    after = loaded.sources(loaded.images)
    labels = assign(model, table.vectors).cluster
    samples = silhouette_samples(normalised(table.vectors, "l2"), labels)
    for row, name in enumerate(table.file_names):
        source = after[document_id(name)]
        assert source.pop("silhouette_exact") == pytest.approx(samples[row], abs=1e-6)
        assert source == before[document_id(name)], "only that field is written"
    assert evaluation.silhouette_exact == pytest.approx(samples.mean(), abs=1e-6)


def test_one_run_is_one_document_and_one_per_cluster(loaded: Server, table: VectorTable, model: KMeansModel) -> None:
    evaluation = run(loaded, model, table)
    sources = loaded.sources(loaded.clusters)
    assert evaluation.written == len(sources) == 8
    whole = sources[evaluation.run]
    assert (whole["type"], whole["newest"], whole["k"], whole["images"]) == ("run", True, 7, 120)
    assert whole["@timestamp"] == "2026-05-01T12:00:00.000Z"
    assert whole["embedding_name"] == "test (random:1)"
    parts = [source for source in sources.values() if source["type"] == "cluster"]
    assert sum(part["size"] for part in parts) == 120
    assert sum(part["share"] for part in parts) == pytest.approx(1)
    assert {part["run"] for part in parts} == {evaluation.run}


def test_an_unchanged_evaluation_writes_nothing(loaded: Server, table: VectorTable, model: KMeansModel) -> None:
    first = run(loaded, model, table)
    loaded.writes.clear()
    again = run(loaded, model, table, now=datetime(2027, 1, 1, tzinfo=UTC))
    assert (again.run, again.written, again.updated) == (first.run, 0, 0)
    assert run(loaded, model).written == 0, "without vectors the exact figures still hold"
    assert loaded.writes == []
    assert loaded.sources(loaded.clusters)[first.run]["silhouette_exact"] == pytest.approx(first.silhouette_exact)


def test_a_newer_run_takes_newest_over(loaded: Server, table: VectorTable, model: KMeansModel) -> None:
    first = run(loaded, model, table)
    table.vectors[3] = table.vectors[4]
    load(loaded, table, model, index=loaded.images)
    second = run(loaded, model, table)
    assert second.run != first.run
    sources = loaded.sources(loaded.clusters)
    assert len(sources) == 16
    assert {source["run"] for source in sources.values() if source["newest"]} == {second.run}
    assert sources[first.run]["images"] == 120, "the earlier run is kept"

    table.vectors[3] = groups(spread=0.5)[3]
    load(loaded, table, model, index=loaded.images)
    assert run(loaded, model, table).run == first.run
    newest = {source["run"] for source in loaded.sources(loaded.clusters).values() if source["newest"]}
    assert newest == {first.run}


def test_a_mixture_of_models_is_refused(loaded: Server, table: VectorTable, model: KMeansModel) -> None:
    other = fit(table, parse_processor({"k": 5}))
    loaded.put_pipeline(other)
    table.vectors[0] *= 2
    load(loaded, first_of(table, 1), other, index=loaded.images)
    words = f"119 were labelled by the k-means model {model.hash}, 1 by {other.hash}; run: esctl images load"
    with pytest.raises(Refused, match=f'of 120 images in "{loaded.images}", {words}'):
        run(loaded, model)
    with pytest.raises(Refused, match="esctl images load"):
        run(loaded, fit(table, parse_processor({"k": 4})))
    assert loaded.sources(loaded.clusters) == {}


def test_the_way_out_of_a_mixture_fits_the_images(loaded: Server, table: VectorTable, model: KMeansModel) -> None:
    other = fit(table, parse_processor({"k": 5}))
    loaded.put_pipeline(other)
    fewer = first_of(table, 110)
    load(loaded, fewer, other, index=loaded.images)
    wrong = f"110 were labelled by the k-means model {other.hash}, 10 by {model.hash}; "
    sync = r"run: esctl images load --sync \(10 are of images that are not in image_vectors.csv\)$"
    with pytest.raises(Refused, match=wrong + sync):
        run(loaded, other, fewer)
    with pytest.raises(Refused, match=wrong + "run: esctl images load$"):
        run(loaded, other, table)
    with pytest.raises(Refused, match=wrong + "run: esctl images load$"):
        run(loaded, other)

    stranger = {"file_name": "stranger.jpg", "vector": table.vectors[0].tolist(), "model_hash": "somebody's"}
    loaded.send("PUT", f"/{loaded.images}/_doc/stranger?refresh=true&pipeline=_none", stranger)
    by_hand = "1 were not loaded by esctl: index them again through the pipeline, or delete them$"
    with pytest.raises(Refused, match=f"{sync[:-1]}; {by_hand}"):
        run(loaded, other, fewer)
    load(loaded, fewer, other, index=loaded.images, sync=True)
    with pytest.raises(Refused, match=f"1 by somebody's; {by_hand}"):
        run(loaded, other, fewer)
    loaded.send("PUT", f"/{loaded.images}/_doc/stranger?refresh=true", stranger)
    assert run(loaded, other, fewer).images == 111


def test_no_images_and_no_index_name_the_command(server: Server, model: KMeansModel) -> None:
    with pytest.raises(ServerError, match='there is no index "nowhere"; run: esctl apply'):
        evaluate(server, index="nowhere", model=model)
    server.prepare(model)
    with pytest.raises(EsctlError, match="holds no images; run: esctl images load"):
        run(server, model)


def test_images_without_a_vector_here_are_told(loaded: Server, table: VectorTable, model: KMeansModel) -> None:
    evaluation = run(loaded, model, first_of(table, 90))
    assert (evaluation.images, evaluation.updated) == (120, 90)
    assert "30 of 120 images have no vector in image_vectors.csv" in evaluation.warnings[0]


def test_figures_that_cannot_be_had_are_none() -> None:
    table = table_of(np.array([[1, 0], [0, 1]], np.float32), embedding=None, folders=2)
    evaluation = evaluate_locally(table, fit(table, parse_processor({"k": 2})))
    assert (evaluation.silhouette_exact, evaluation.davies_bouldin_exact) == (0.0, None)
    assert (evaluation.silhouette_simplified, evaluation.davies_bouldin_centroids) == (0.0, 0.0)

    model = fit(table_of(groups()), parse_processor({"k": 6}))
    one = evaluate_locally(table_of(groups()[:1]), model)
    assert (one.davies_bouldin_centroids, one.silhouette_exact) == (None, None)
    assert [figures.size for figures in one.clusters].count(0) == 5


def test_the_documented_searches_agree_with_the_twin(loaded: Server, table: VectorTable, model: KMeansModel) -> None:
    local = evaluate_locally(table, model)

    answer = loaded.send("POST", f"/{loaded.images}/_search", query("average_silhouette", model))["aggregations"]
    assert answer["silhouette"]["value"] == pytest.approx(local.silhouette_simplified, abs=1e-4)
    for bucket, one in zip(answer["clusters"]["buckets"], local.clusters, strict=True):
        assert (bucket["key"], bucket["doc_count"]) == (one.cluster, one.size)
        assert bucket["silhouette"]["value"] == pytest.approx(one.silhouette_simplified, abs=1e-4)

    answer = loaded.send("POST", f"/{loaded.images}/_search", query("davies_bouldin", model))["aggregations"]
    assert answer["davies_bouldin"]["value"] == pytest.approx(local.davies_bouldin_centroids, abs=1e-4)
    for bucket, one in zip(answer["clusters"]["buckets"], local.clusters, strict=True):
        assert bucket["scatter"]["value"] == pytest.approx(one.scatter, abs=1e-4)

    hits = loaded.send("POST", f"/{loaded.images}/_search", query("typical_images", model))["hits"]["hits"]
    best = np.sort(assign(model, table.vectors).silhouette_simplified)[::-1][:10]
    assert [hit["_source"]["silhouette_simplified"] for hit in hits] == pytest.approx(best.tolist(), abs=0.01)
    assert [hit["_score"] for hit in hits] == pytest.approx([(1 + s) / (2.5 + s) for s in best], rel=0.01)


def test_a_search_that_does_not_exist_is_told(model: KMeansModel) -> None:
    assert names() == ["average_silhouette", "davies_bouldin", "typical_images"]
    with pytest.raises(EsctlError, match='there is no query "davis_bouldin"; did you mean "davies_bouldin"'):
        query("davis_bouldin", model)
