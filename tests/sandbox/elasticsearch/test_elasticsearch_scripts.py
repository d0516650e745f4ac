"""The project's Painless sources in the sandbox: each is recognised, and k-means does what its text says."""

from __future__ import annotations

import base64
import json
import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import requests

if TYPE_CHECKING:
    from esctl.sandbox.server import Sandbox

SOURCES = sorted((Path(__file__).parents[3] / "scripts" / "painless").glob("*.painless"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.stem)
def test_every_script_is_recognised(path: Path) -> None:
    from esctl.sandbox.elasticsearch.painless import find_script

    script, params = find_script({"source": path.read_text(), "params": {"a": 1}})
    assert (script.name, params) == (path.stem, {"a": 1})


def test_there_are_scripts() -> None:
    assert len(SOURCES) >= 9


@pytest.mark.parametrize(
    "body",
    [
        {"script": {"source": "ctx.x = 1"}},
        {"set": {"field": "a", "value": 1, "if": "def a = ctx.a; return a == null"}},
    ],
)
def test_any_other_script_is_refused(sandbox: Sandbox, body: dict[str, Any]) -> None:
    url = f"{sandbox.elasticsearch_url}/_ingest/pipeline/other-script"
    answer = requests.put(url, json={"processors": [body]}, timeout=10)
    error = answer.json()["error"]
    assert answer.status_code == 400
    assert (error["type"], error["reason"]) == ("script_exception", "compile error")
    assert "does not compile Painless" in error["caused_by"]["reason"]


def packed(vector: Any) -> str:
    return base64.b64encode(np.asarray(vector, dtype=">f4").tobytes()).decode()


def pipeline(centroids: np.ndarray, *, normalise: bool) -> dict[str, Any]:
    dims = centroids.shape[1]
    axes = np.eye(dims, dtype=np.float32)[:2]
    text = {path.stem: path.read_text() for path in SOURCES}
    params = {
        "field": "vector",
        "target_field": "cluster",
        "dims": dims,
        "normalise": normalise,
        "model_hash": "abc",
        "centroids": [packed(c) for c in centroids],
        "mean": packed(np.full(dims, 0.5)),
        "components": [packed(axis) for axis in axes],
    }
    condition = {"source": text["is_json_array"], "params": {"field": "vector"}}
    return {
        "processors": [
            {"json": {"field": "vector", "if": condition, "ignore_failure": True}},
            {"script": {"lang": "painless", "source": text["kmeans"], "params": params}},
        ]
    }


@pytest.mark.parametrize("normalise", [True, False])
def test_kmeans_as_list_base64_and_text(sandbox: Sandbox, normalise: bool) -> None:
    url = sandbox.elasticsearch_url
    random = np.random.default_rng(1)
    centroids = random.random((5, 64), dtype=np.float32)
    vectors = random.random((30, 64), dtype=np.float32) * 3
    assert requests.put(f"{url}/_ingest/pipeline/km", json=pipeline(centroids, normalise=normalise), timeout=10).ok
    forms = [lambda v: v.tolist(), packed, lambda v: json.dumps(v.tolist())]
    docs = [{"_source": {"file_name": "a", "vector": form(v)}} for v in vectors for form in forms]
    answer = requests.post(f"{url}/_ingest/pipeline/km/_simulate", json={"docs": docs}, timeout=30).json()["docs"]
    for number, vector in enumerate(vectors):
        exact = vector.astype(np.float64)
        if normalise:
            exact /= math.sqrt(sum(exact * exact))
        distances = [math.dist(exact, c.astype(np.float64)) for c in centroids]
        first, second = sorted(distances)[:2]
        for form in range(3):
            source = answer[number * 3 + form]["doc"]["_source"]
            assert source["cluster"] == distances.index(first)
            assert source["distance"] == pytest.approx(first, abs=1e-9)
            assert source["distance_second"] == pytest.approx(second, abs=1e-9)
            assert source["silhouette_simplified"] == pytest.approx((second - first) / second, abs=1e-9)
            assert (source["x"], source["y"]) == pytest.approx((exact[0] - 0.5, exact[1] - 0.5), abs=1e-9)
            assert source["model_hash"] == "abc"
            assert source["vector_preview"].endswith("(64)")


@pytest.mark.parametrize(
    ("vector", "problem"),
    [
        (None, "is null"),
        ([1, 2], "has 2 elements, the model has 3"),
        ([1, 2, 3, 4], "has 4 elements, the model has 3"),
        ([1, "x", 3], "has no number at position 1: x"),
        (packed([1, 2]), "has 8 bytes, the model has 3 elements of 4 bytes"),
        ("[1, 2", 'starts with "[" but is not a JSON array'),
        ([1e300, 0, 0], "has no finite float32 at position 0"),
    ],
)
def test_a_vector_that_does_not_fit_fails_alone(sandbox: Sandbox, vector: Any, problem: str) -> None:
    url = sandbox.elasticsearch_url
    centroids = np.eye(3, dtype=np.float32)
    assert requests.put(f"{url}/_ingest/pipeline/km3", json=pipeline(centroids, normalise=False), timeout=10).ok
    good, bad = ({"file_name": "a.png", "vector": v} for v in ([1, 0, 0], vector))
    lines = "".join(f'{{"index": {{"_index": "km-bad"}}}}\n{json.dumps(d)}\n' for d in (good, bad))
    headers = {"Content-Type": "application/x-ndjson"}
    items = requests.post(f"{url}/_bulk?pipeline=km3", data=lines, headers=headers, timeout=10).json()["items"]
    assert items[0]["index"]["status"] == 201
    error = items[1]["index"]["error"]
    assert (items[1]["index"]["status"], error["type"], error["reason"]) == (400, "script_exception", "runtime error")
    assert error["caused_by"]["reason"] == f'image "a.png": field "vector" {problem}'


def test_a_bulk_of_1000_vectors_of_2048_is_quick(sandbox: Sandbox) -> None:
    url = sandbox.elasticsearch_url
    random = np.random.default_rng(2)
    body = pipeline(random.random((10, 2048), dtype=np.float32), normalise=True)
    assert requests.put(f"{url}/_ingest/pipeline/km-big", json=body, timeout=10).ok
    mapping = {"properties": {"vector": {"type": "dense_vector", "dims": 2048}}}
    requests.delete(f"{url}/km-big", timeout=10)
    created = {"mappings": mapping, "settings": {"default_pipeline": "km-big"}}
    assert requests.put(f"{url}/km-big", json=created, timeout=10).ok
    vectors = random.random((1000, 2048), dtype=np.float32)
    lines = "".join(f'{{"index": {{"_id": "{i}"}}}}\n{{"vector": "{packed(v)}"}}\n' for i, v in enumerate(vectors))
    started = time.monotonic()
    answer = requests.post(
        f"{url}/km-big/_bulk", data=lines, headers={"Content-Type": "application/x-ndjson"}, timeout=60
    ).json()
    took = time.monotonic() - started
    assert not answer["errors"]
    assert took < 4, f"{took:.1f} s"  # about 0.6 s on two idle cores
