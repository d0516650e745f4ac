"""The compiled pipeline on a real Elasticsearch's own Painless, against the local twin and scikit-learn."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest
import requests
from kmeans_cases import groups, table_of
from servers.fixtures import Server as RealServer
from sklearn.metrics import pairwise_distances

from esctl.images.kmeans import fit
from esctl.images.model_file import KMeansModel, encode
from esctl.images.processor import compile_processor, parse_processor
from esctl.images.store import VectorTable
from esctl.images.twin import assign, normalised

pytestmark = pytest.mark.real

HALVES = [0.125, -0.125, 0.005, -0.005, -0.0, 0.0149999997, 1e-30, 2.675, -2.675]
"""What two ways of rounding would print differently."""


def as_list(vector: np.ndarray) -> list[float]:
    return [float(value) for value in vector]


def as_csv(vector: np.ndarray) -> str:
    return "[" + ",".join(str(value) for value in vector) + "]"


@pytest.fixture(scope="module")
def url(elasticsearch_710: RealServer) -> str:
    return elasticsearch_710.url


@pytest.fixture(scope="module")
def table() -> VectorTable:
    vectors = groups(1000, 1280, 10, spread=1.0)
    vectors[::7] *= 40
    vectors[5] = 0
    for row, value in enumerate(HALVES):
        vectors[row + 100, :3] = value
    return table_of(vectors)


@pytest.fixture(scope="module", params=["l2", "none"])
def model(request: pytest.FixtureRequest, table: VectorTable) -> KMeansModel:
    return fit(table, parse_processor({"k": 10, "seed": 42, "normalise": request.param}))


@pytest.mark.parametrize("form", [as_list, encode, as_csv])
def test_1000_vectors_get_what_the_twin_says(url: str, table: VectorTable, model: KMeansModel, form: Any) -> None:
    sent = [{"file_name": name, "vector": form(row)} for name, row in zip(table.file_names, table.vectors, strict=True)]
    sources = [one["_source"] for one in through(url, {"processors": compile_processor(model.parameters, model)}, sent)]
    twin = assign(model, table.vectors)

    points = normalised(table.vectors, model.normalise)
    distances = pairwise_distances(points, model.centroids.astype(np.float64))
    apart = np.sort(distances, axis=1)
    clear = apart[:, 1] - apart[:, 0] > 1e-9
    assert clear.mean() > 0.99
    clusters = np.array([source["cluster"] for source in sources])
    np.testing.assert_array_equal(clusters, twin.cluster)
    np.testing.assert_array_equal(clusters[clear], distances.argmin(axis=1)[clear])
    for name in ("distance", "distance_second", "silhouette_simplified", "x", "y"):
        got = [source[name] for source in sources]
        np.testing.assert_allclose(got, getattr(twin, name), atol=1e-9, rtol=1e-9, err_msg=name)
    # scikit-learn's shortcut for distances loses digits near 0.
    np.testing.assert_allclose([source["distance"] for source in sources], apart[:, 0], atol=1e-5, rtol=1e-6)
    assert [source["vector_preview"] for source in sources] == twin.preview
    assert all(source["silhouette_rank"] == 1 + source["silhouette_simplified"] for source in sources)
    assert {source["model_hash"] for source in sources} == {model.hash}
    if form is not as_csv:
        assert sources[3]["vector"] == sent[3]["vector"], "the vector stays as it was sent"
    else:
        np.testing.assert_array_equal(np.array(sources[3]["vector"], np.float32), table.vectors[3])


@pytest.mark.parametrize(
    ("vector", "reason"),
    [
        ("missing", 'field "vector" is missing'),
        (None, 'field "vector" is null'),
        ([0.5] * 31, "has 31 elements, the model has 32"),
        ([0.5] * 33, "has 33 elements, the model has 32"),
        ([], "has 0 elements, the model has 32"),
        ([0.5] * 31 + ["0.5"], "has no number at position 31: 0.5"),
        ([0.5] * 3 + [None] + [0.5] * 28, "has no number at position 3: null"),
        ([[0.5]] * 32, "has no number at position 0: [0.5]"),
        ([0.5] * 31 + [1e39], "has no finite float32 at position 31"),
        ("[" + "0.5," * 31 + "0.5", 'starts with "[" but is not a JSON array'),
        ("[0.5, 0.5]", "has 2 elements, the model has 32"),
        ("[" + "0.5," * 31 + "NaN]", 'starts with "[" but is not a JSON array'),
        ("0.5 0.5", "is neither a JSON array nor base64: Illegal base64 character"),
        ("", "has 0 bytes, the model has 32 elements of 4 bytes"),
        (encode(np.ones(31)), "has 124 bytes, the model has 32 elements of 4 bytes"),
        (encode(np.array([1.0] * 30 + [np.nan, 0])), "has no finite float32 at position 30"),
        (encode(np.array([-np.inf] + [1.0] * 31)), "has no finite float32 at position 0"),
        (base64.b64encode(bytes(127)).decode(), "has 127 bytes"),
        (7, "is neither a list nor base64: 7"),
        (True, "is neither a list nor base64: true"),
        ({"values": [1]}, "is neither a list nor base64: {values=[1]}"),
    ],
)
def test_a_bad_vector_fails_with_its_reason(url: str, vector: Any, reason: str) -> None:
    model = fit(table_of(groups()), parse_processor({"k": 6}))
    document = {"file_name": "a/b.jpg"} | ({} if vector == "missing" else {"vector": vector})
    body = {"processors": compile_processor(model.parameters, model)}
    [answer] = through(url, body, [document], accept_errors=True)
    cause = answer["error"]
    while "caused_by" in cause:
        cause = cause["caused_by"]
    assert cause["reason"].startswith('image "a/b.jpg": ')
    assert reason in cause["reason"]


def test_a_document_without_a_file_name_is_told_by_its_id(url: str) -> None:
    model = fit(table_of(groups()), parse_processor({"k": 6}))
    [answer] = through(url, {"processors": compile_processor(model.parameters, model)}, [{}], accept_errors=True)
    assert 'document "0": field "vector" is missing' in json.dumps(answer["error"]).replace('\\"', '"')


def test_previews_of_very_large_numbers(url: str) -> None:
    model = fit(table_of(groups()), parse_processor({"k": 6}))
    vectors = np.ones((2, 32), np.float32)
    vectors[:, :3] = [[-3e38, 1e9, 999999936], [3e38, -1e9, -999999936]]
    documents = [{"vector": as_list(row)} for row in vectors]
    sources = through(url, {"processors": compile_processor(model.parameters, model)}, documents)
    assert [one["_source"]["vector_preview"] for one in sources] == assign(model, vectors).preview


def test_a_failure_is_handled_once(url: str) -> None:
    model = fit(table_of(groups()), parse_processor({"k": 6}))
    handlers = [{"append": {"field": "failures", "value": "{{_ingest.on_failure_message}}"}}]
    parameters = parse_processor({"k": 6, "on_failure": handlers})
    documents = [{"file_name": "a", "vector": "[1"}, {"file_name": "b", "vector": encode(groups()[0])}]
    bad, good = through(url, {"processors": compile_processor(parameters, model)}, documents)
    assert len(bad["_source"]["failures"]) == 1
    assert "but is not a JSON array" in bad["_source"]["failures"][0]
    assert "failures" not in good["_source"] and good["_source"]["cluster"] >= 0


def test_a_condition_of_the_user_is_kept(url: str) -> None:
    model = fit(table_of(groups()), parse_processor({"k": 6}))
    parameters = parse_processor({"k": 6, "if": "ctx.containsKey('vector')"})
    with_one, without = through(
        url,
        {"processors": compile_processor(parameters, model)},
        [{"file_name": "a", "vector": as_csv(groups()[0])}, {"file_name": "b"}],
    )
    assert "cluster" in with_one["_source"] and "cluster" not in without["_source"]


def test_k_64_of_2048_dimensions(url: str) -> None:
    vectors = groups(192, 2048, 64, spread=0.2)
    model = fit(table_of(vectors), parse_processor({"k": 64}))
    documents = [{"vector": encode(row)} for row in vectors]
    sources = through(url, {"processors": compile_processor(model.parameters, model)}, documents)
    twin = assign(model, vectors)
    assert [one["_source"]["cluster"] for one in sources] == twin.cluster.tolist()
    np.testing.assert_allclose([one["_source"]["distance"] for one in sources], twin.distance, atol=1e-5)


def through(
    url: str, pipeline: dict[str, Any], documents: list[dict[str, Any]], *, accept_errors: bool = False
) -> list[dict[str, Any]]:
    """The documents as the pipeline leaves them, by `_simulate`, 100 at a time."""
    results: list[dict[str, Any]] = []
    for start in range(0, len(documents), 100):
        docs = [{"_id": str(start + i), "_source": one} for i, one in enumerate(documents[start : start + 100])]
        answer = requests.post(
            f"{url}/_ingest/pipeline/_simulate",
            data=json.dumps({"pipeline": pipeline, "docs": docs}),
            headers={"Content-Type": "application/json"},
            timeout=120,
        )
        assert answer.status_code == 200, answer.text[:500]
        for one in answer.json()["docs"]:
            assert accept_errors or "doc" in one, str(one)[:500]
            results.append(one.get("doc", one))
    return results
