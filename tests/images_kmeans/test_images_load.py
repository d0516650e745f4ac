"""Loading through the pipeline: what is sent, what is not, what fails and how it is told."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from kmeans_cases import EMBEDDING, Server, first_of, groups, table_of

from esctl.errors import EsctlError, Refused, ServerError
from esctl.images.find import document_id
from esctl.images.kmeans import fit
from esctl.images.load import LoadReport, load
from esctl.images.model_file import KMeansModel
from esctl.images.processor import parse_processor
from esctl.images.store import VectorTable
from esctl.images.twin import assign


@pytest.fixture
def table() -> VectorTable:
    return table_of(groups())


@pytest.fixture
def model(table: VectorTable) -> KMeansModel:
    return fit(table, parse_processor({"k": 6}))


def counts(report: LoadReport) -> tuple[int, int, int, int]:
    return report.sent, report.unchanged, len(report.failed), report.deleted


@pytest.mark.parametrize("pipeline", [None, "_none"])
def test_every_image_becomes_a_clustered_document(
    server: Server, table: VectorTable, model: KMeansModel, pipeline: str | None
) -> None:
    server.prepare(model)
    steps: list[tuple[int, int]] = []
    report = load(
        server, table, model, index=server.images, pipeline=pipeline, progress=lambda *step: steps.append(step)
    )
    assert counts(report) == (120, 0, 0, 0)
    assert report.warnings == ()
    assert steps[-1] == (120, 120)

    sources = server.sources(server.images)
    assert set(sources) == {document_id(name) for name in table.file_names}
    twin = assign(model, table.vectors)
    for row, name in enumerate(table.file_names):
        source = sources[document_id(name)]
        assert (source["file_name"], source["label"], source["thumbnail"]) == (name, name.split("/")[0], "AAAA")
        assert source["cluster"] == twin.cluster[row]
        assert source["distance"] == pytest.approx(twin.distance[row], abs=1e-9)
        assert source["vector_preview"] == twin.preview[row]
        assert (source["model_hash"], source["embedding"]) == (model.hash, EMBEDDING.identity)


def test_nothing_unchanged_is_sent(server: Server, table: VectorTable, model: KMeansModel) -> None:
    server.prepare(model)
    load(server, table, model, index=server.images)
    server.writes.clear()
    assert counts(load(server, table, model, index=server.images)) == (0, 120, 0, 0)
    assert server.writes == []

    table.vectors[3] *= 1.5
    table.thumbnails[4] = "BBBB"
    more = VectorTable(
        [*table.file_names, "new.png"],
        np.concatenate([table.vectors, groups(1, seed=9)]),
        [*table.thumbnails, None],
        table.embedding,
        table.path,
    )
    assert counts(load(server, more, model, index=server.images)) == (3, 118, 0, 0)
    assert "label" not in server.sources(server.images)[document_id("new.png")]


def test_what_another_model_labelled_is_sent_again(server: Server, table: VectorTable, model: KMeansModel) -> None:
    server.prepare(model)
    load(server, table, model, index=server.images)
    other = fit(table, parse_processor({"k": 5}))
    server.put_pipeline(other)
    assert counts(load(server, table, other, index=server.images)) == (120, 0, 0, 0)
    assert {source["model_hash"] for source in server.sources(server.images).values()} == {other.hash}


def test_sync_removes_what_vanished(server: Server, table: VectorTable, model: KMeansModel) -> None:
    server.prepare(model)
    load(server, table, model, index=server.images)
    fewer = first_of(table, 100)
    assert counts(load(server, fewer, model, index=server.images)) == (0, 100, 0, 0)
    assert len(server.sources(server.images)) == 120
    assert counts(load(server, fewer, model, index=server.images, sync=True)) == (0, 100, 0, 20)
    assert len(server.sources(server.images)) == 100


def test_sync_keeps_what_esctl_did_not_load(server: Server, table: VectorTable, model: KMeansModel) -> None:
    server.prepare(model)
    load(server, table, model, index=server.images)
    strangers = ["stranger-1.jpg", "stranger-2.jpg"]
    for name in strangers:
        document = {"file_name": name, "vector": table.vectors[0].tolist()}
        server.send("PUT", f"/{server.images}/_doc/{name}?refresh=true", document)
    assert load(server, table, model, index=server.images).warnings == ()
    report = load(server, first_of(table, 100), model, index=server.images, sync=True)
    assert counts(report) == (0, 100, 0, 20)
    assert report.warnings == (f'2 images were not loaded into "{server.images}" by esctl (no content_hash): kept',)
    assert {id for id in server.sources(server.images) if id.startswith("stranger")} == set(strangers)


def test_a_document_that_fails_is_told_with_its_reason(server: Server, table: VectorTable, model: KMeansModel) -> None:
    server.prepare(model)
    table.vectors[7, 0] = np.nan
    table.vectors[9, 1] = np.inf
    report = load(server, table, model, index=server.images)
    assert counts(report) == (118, 0, 2, 0)
    (first, why), (second, _) = report.failed
    assert (first, second) == ("group-1/007.jpg", "group-3/009.jpg")
    assert 'image "group-1/007.jpg": field "vector"' in why
    assert len(server.sources(server.images)) == 118
    assert counts(load(server, table, model, index=server.images)) == (0, 118, 2, 0), "they are tried again"


def test_small_batches_load_the_same(server: Server, table: VectorTable, model: KMeansModel) -> None:
    server.prepare(model)
    assert counts(load(server, table, model, index=server.images, batch=50)) == (120, 0, 0, 0)
    assert len([write for write in server.writes if "_bulk" in write]) == 3


def test_what_a_busy_server_rejects_is_sent_again(server: Server, table: VectorTable, model: KMeansModel) -> None:
    server.prepare(model)
    server.rejections = 2
    assert counts(load(server, table, model, index=server.images)) == (120, 0, 0, 0)
    assert len([write for write in server.writes if "_bulk" in write]) == 3


def test_vectors_of_another_embedding_are_refused(server: Server, table: VectorTable, model: KMeansModel) -> None:
    server.prepare(model)
    other = dataclasses.replace(EMBEDDING, model="other")
    with pytest.raises(Refused, match=r"made by other \(random:1\).*fitted on vectors of test \(random:1\)"):
        load(server, table_of(table.vectors, embedding=other), model, index=server.images)
    with pytest.raises(EsctlError, match="have 31 dimensions, the k-means model 32"):
        load(server, table_of(table.vectors[:, :31], embedding=None), model, index=server.images)
    assert server.writes == []


def test_vectors_that_name_no_embedding_load_with_a_warning(
    server: Server, table: VectorTable, model: KMeansModel
) -> None:
    server.prepare(model)
    report = load(server, table_of(table.vectors, embedding=None), model, index=server.images)
    assert report.sent == 120
    [warning] = report.warnings
    assert "only the 32 dimensions were compared" in warning


def test_a_missing_index_names_the_command(server: Server, table: VectorTable, model: KMeansModel) -> None:
    with pytest.raises(ServerError, match='there is no index "nowhere"; run: esctl apply'):
        load(server, table, model, index="nowhere")


def test_a_pipeline_that_would_label_otherwise_is_refused(
    server: Server, table: VectorTable, model: KMeansModel
) -> None:
    server.prepare(fit(table, parse_processor({"k": 5})))
    with pytest.raises(Refused, match=rf"holds the k-means model \w+, not {model.hash}; run: esctl apply"):
        load(server, table, model, index=server.images)
    with pytest.raises(EsctlError, match='pipeline "nothing" is missing, or holds no k-means model'):
        load(server, table, model, index=server.images, pipeline="nothing")
    server.send("PUT", f"/{server.images}-bare", {"mappings": {"properties": {"file_name": {"type": "keyword"}}}})
    with pytest.raises(EsctlError, match="has no default pipeline; run esctl apply, or .* --pipeline _none"):
        load(server, table, model, index=f"{server.images}-bare")
    assert server.writes == []


def test_a_server_that_is_not_there_is_one_line(table: VectorTable, model: KMeansModel) -> None:
    from elasticsearch import Elasticsearch

    nobody = Server("")
    nobody.elasticsearch = Elasticsearch("http://127.0.0.1:9", max_retries=0)
    with pytest.raises(ServerError, match="could not be reached") as caught:
        load(nobody, table, model)
    assert "\n" not in str(caught.value)
