"""The local twin, against numbers worked out by hand."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kmeans_cases import groups, table_of

from esctl.errors import EsctlError
from esctl.images.evaluation import evaluate_locally
from esctl.images.kmeans import fit
from esctl.images.model_file import KMeansModel, encode
from esctl.images.processor import parse_processor
from esctl.images.twin import assign, preview


def model_of(centroids: list[list[float]], normalise: str = "none") -> KMeansModel:
    rows = np.array(centroids, np.float32)
    return KMeansModel(
        parameters=parse_processor({"k": len(rows), "normalise": normalise}),
        embedding=None,
        dims=rows.shape[1],
        images=0,
        sizes=(0,) * len(rows),
        inertia=0.0,
        iterations=0,
        vectors_hash="",
        scikit_learn="",
        centroids_base64=tuple(encode(row) for row in rows),
        mean_base64=encode(np.ones(rows.shape[1], np.float32)),
        components_base64=(encode(np.eye(rows.shape[1], dtype=np.float32)[0]), encode(np.eye(rows.shape[1])[1])),
    )


def test_distances_silhouette_and_plane_by_hand() -> None:
    found = assign(model_of([[0, 0], [6, 8]]), [[3, 4], [0, 5], [6, 8]])
    assert found.cluster.tolist() == [0, 0, 1]
    assert found.distance.tolist() == [5, 5, 0]
    assert found.distance_second == pytest.approx([5, 45**0.5, 10])
    assert found.silhouette_simplified == pytest.approx([0, (45**0.5 - 5) / 45**0.5, 1])
    assert found.x.tolist() == [2, -1, 5]
    assert found.y.tolist() == [3, 4, 7]
    assert found.preview == ["3.00, 4.00 (2)", "0.00, 5.00 (2)", "6.00, 8.00 (2)"]


def test_l2_looks_only_at_the_direction() -> None:
    found = assign(model_of([[1, 0], [0, 1]], "l2"), [[30, 0], [0, 0.5], [0, 0]])
    assert found.cluster.tolist() == [0, 1, 0]
    assert found.distance == pytest.approx([0, 0, 1])
    assert found.silhouette_simplified.tolist() == [1, 1, 0]


def test_where_both_distances_are_0_the_silhouette_is_0() -> None:
    assert assign(model_of([[1, 1], [1, 1]]), [[1, 1]]).silhouette_simplified.tolist() == [0]


def test_the_only_image_of_a_cluster_counts_0() -> None:
    vectors = np.array([[0, 1], [0, 3], [9, 9]], np.float32)
    evaluation = evaluate_locally(table_of(vectors, embedding=None), model_of([[0, 2], [9, 9]]))
    each = (np.hypot(9, 8) - 1) / np.hypot(9, 8), (np.hypot(9, 6) - 1) / np.hypot(9, 6)
    assert evaluation.clusters[0].silhouette_simplified == pytest.approx(sum(each) / 2)
    assert evaluation.clusters[1].silhouette_simplified == 0
    assert evaluation.silhouette_simplified == pytest.approx(sum(each) / 3)
    assert evaluation.davies_bouldin_centroids == pytest.approx((1 + 0) / np.hypot(9, 7))


@pytest.mark.parametrize(
    ("vectors", "message"),
    [([[1.0, 2.0, 3.0]], "do not fit a model of 2"), ([1.0, 2.0], "do not fit"), ([[0, 1], [np.inf, 0]], "vector 1 ")],
)
def test_vectors_that_do_not_fit_are_refused(vectors: list[float], message: str) -> None:
    with pytest.raises(EsctlError, match=message):
        assign(model_of([[0, 0], [6, 8]]), vectors)


def test_many_rows_are_taken_in_parts() -> None:
    vectors = groups(3000)
    model = fit(table_of(vectors[:100]), parse_processor({"k": 6}))
    whole = assign(model, vectors)
    parts = [assign(model, vectors[start : start + 700]) for start in range(0, 3000, 700)]
    np.testing.assert_array_equal(whole.cluster, np.concatenate([part.cluster for part in parts]))
    np.testing.assert_allclose(whole.distance, np.concatenate([part.distance for part in parts]), rtol=1e-12)


@pytest.mark.parametrize(
    ("vector", "text"),
    [
        ([0.125, 0.124, -0.125, 9], "0.13, 0.12, -0.13, … (4)"),
        ([-0.001, 2.999, 1e9], "0.00, 3.00, >1e9 (3)"),
        ([-3e38, 999999936, 0], "<-1e9, 999999936.00, 0.00 (3)"),
        ([7], "7.00 (1)"),
    ],
)
def test_previews(vector: list[float], text: str) -> None:
    assert preview(np.array(vector, np.float32)) == text


@given(st.floats(-1e6, 1e6, width=32))
def test_a_preview_rounds_to_the_nearest_hundredth(value: float) -> None:
    shown = Decimal(preview(np.array([value], np.float32)).removesuffix(" (1)"))
    assert abs(shown - Decimal(value)) <= Decimal("0.005") + abs(Decimal(value)) * Decimal(2) ** -50
    exact = Decimal(value).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert abs(shown - exact) <= Decimal("0.01")
