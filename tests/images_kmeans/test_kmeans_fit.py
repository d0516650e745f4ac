"""Fitting: the same bytes every time, sane limits, stable labels; and the file that keeps the model."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from kmeans_cases import EMBEDDING, groups, table_of
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA

from esctl.errors import EsctlError
from esctl.images.kmeans import fit, fit_if_needed
from esctl.images.model_file import read_model, write_model
from esctl.images.processor import parse_processor
from esctl.images.twin import assign, normalised

SIX = parse_processor({"k": 6, "seed": 3})

FIT_IN_A_PROCESS = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from kmeans_cases import groups, table_of
from esctl.images.kmeans import fit_if_needed
from esctl.images.processor import parse_processor
fit_if_needed(table_of(groups(400, 256)), parse_processor({"k": 6, "seed": 3}), Path(sys.argv[1]))
"""


def test_two_processes_write_the_same_bytes(tmp_path: Path) -> None:
    for threads in ("1", "2"):
        subprocess.run(
            [sys.executable, "-c", FIT_IN_A_PROCESS, str(tmp_path / threads), str(Path(__file__).parent)],
            env={**os.environ, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads, "PYTHONHASHSEED": threads},
            check=True,
        )
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()


def test_it_finds_the_groups_and_scikit_learn_s_inertia() -> None:
    table = table_of(groups())
    model = fit(table, SIX)
    assert sorted(model.sizes) == [20] * 6
    clusters = assign(model, table.vectors).cluster
    assert all(len(set(clusters[group::6].tolist())) == 1 for group in range(6))
    reference = KMeans(6, n_init=10, random_state=3).fit(normalised(table.vectors, "l2"))
    assert model.inertia == pytest.approx(reference.inertia_, rel=1e-5)


def test_clusters_are_numbered_by_size() -> None:
    vectors = groups(60, count=3)
    vectors = np.concatenate([vectors[0::3], vectors[1::3][:5], vectors[2::3][:10]])
    model = fit(table_of(vectors), parse_processor({"k": 3}))
    assert model.sizes == (20, 10, 5)
    assert assign(model, vectors).cluster.tolist() == [0] * 20 + [2] * 5 + [1] * 10


def test_the_order_of_images_changes_no_number() -> None:
    vectors = groups()
    one = fit(table_of(vectors), SIX)
    other = fit(table_of(vectors[::-1].copy()), SIX)
    np.testing.assert_allclose(sorted(one.centroids.tolist()), sorted(other.centroids.tolist()), atol=1e-6)


def test_x_and_y_are_the_principal_components() -> None:
    for vectors in (groups(120, 32), groups(200, 128)):  # small: all components; large: only two are looked for
        model = fit(table_of(vectors), SIX)
        found = assign(model, vectors)
        reference = PCA(2, svd_solver="full").fit_transform(normalised(vectors, "l2"))
        for mine, theirs in zip((found.x, found.y), reference.T, strict=True):
            assert abs(np.corrcoef(mine, theirs)[0, 1]) == pytest.approx(1, abs=1e-6)
            assert mine.std() == pytest.approx(theirs.std(), rel=1e-5)


@pytest.mark.parametrize("normalise", ["l2", "none"])
def test_a_vector_of_zeros_stays_one(normalise: str) -> None:
    vectors = groups()
    vectors[:20] = 0
    model = fit(table_of(vectors), parse_processor({"k": 7, "normalise": normalise}))
    assert any(np.allclose(centroid, 0, atol=1e-6) for centroid in model.centroids)
    assert np.isfinite(assign(model, vectors).distance).all()


@pytest.mark.parametrize(
    ("vectors", "k", "message"),
    [
        (groups(5), 6, "k is 6, but 5 images have 5 distinct vectors; choose k between 2 and 5"),
        (np.repeat(groups(3), 4, axis=0), 4, "k is 4, but 12 images have 3 distinct vectors"),
        (np.outer([1, 2, 3], np.ones(4)).astype(np.float32), 2, "3 images have 1 distinct vector; .* two different"),
        (np.array([[0.0, 1], [-0.0, 1]], np.float32), 2, "2 images have 1 distinct vector; "),
        (groups(1), 2, "1 image has 1 distinct vector; k-means needs two different images"),
    ],
)
def test_k_beyond_the_distinct_vectors_is_refused(vectors: np.ndarray, k: int, message: str) -> None:
    with pytest.raises(EsctlError, match=message):
        fit(table_of(vectors), parse_processor({"k": k}))


def test_k_may_be_the_number_of_distinct_vectors() -> None:
    vectors = groups(6)
    model = fit(table_of(vectors), SIX)
    assert model.sizes == (1,) * 6
    assert model.inertia == pytest.approx(0, abs=1e-9)


def test_two_images_of_one_dimension_can_be_clustered() -> None:
    vectors = np.array([[1.0], [-2.0]], np.float32)
    model = fit(table_of(vectors), parse_processor({"k": 2, "normalise": "none"}))
    found = assign(model, vectors)
    assert sorted(found.cluster.tolist()) == [0, 1]
    assert np.isfinite(found.x).all() and (found.y == 0).all()


def test_a_value_that_is_not_finite_is_named() -> None:
    vectors = groups()
    vectors[7, 3] = np.nan
    with pytest.raises(EsctlError, match='"group-1/007.jpg" holds no finite number'):
        fit(table_of(vectors), SIX)


def test_it_fits_only_what_changed(tmp_path: Path) -> None:
    path = tmp_path / "models" / "image_pipeline.kmeans.json"
    table = table_of(groups())
    first, fitted = fit_if_needed(table, SIX, path)
    assert fitted
    written = path.read_bytes()

    again, fitted = fit_if_needed(table, SIX, path)
    assert (again, fitted) == (first, False)
    assert path.read_bytes() == written

    renamed, fitted = fit_if_needed(table, dataclasses.replace(SIX, target_field="group"), path)
    assert not fitted and renamed.hash == first.hash
    assert read_model(path).parameters.target_field == "group"

    other_embedding = dataclasses.replace(EMBEDDING, model="other")
    for changed, parameters in (
        (table_of(groups(seed=1)), SIX),
        (table, dataclasses.replace(SIX, k=5)),
        (table, dataclasses.replace(SIX, normalise="none")),
        (table_of(groups(), embedding=other_embedding), SIX),
    ):
        model, fitted = fit_if_needed(changed, parameters, path)
        assert fitted and read_model(path) == model

    path.write_text("{}")
    assert fit_if_needed(table, SIX, path) == (first, True), "a damaged model is fitted again"


def test_the_file_says_where_the_model_comes_from(tmp_path: Path) -> None:
    table = table_of(groups())
    model = fit(table, SIX)
    write_model(model, tmp_path / "m.json")
    assert read_model(tmp_path / "m.json") == model
    body = json.loads((tmp_path / "m.json").read_text())
    assert body["embedding"]["identity"] == EMBEDDING.identity
    assert body["embedding"]["weights_hash"] == EMBEDDING.weights_hash
    assert body["vectors_hash"] == table.vectors_hash
    assert body["parameters"]["seed"] == 3 and body["parameters"]["normalise"] == "l2"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda text: text.replace('"inertia": ', '"inertia": 1'), "edited or damaged"),
        (lambda text: text.replace('"seed": 3', '"seed": 4'), "edited or damaged"),
        (lambda text: text.replace(EMBEDDING.identity, "0" * 16), "edited or damaged"),
        (lambda text: text[: len(text) // 2], "cannot be read"),
        (lambda text: "[1]", "is not an"),
        (lambda text: text.replace("model 1", "model 9"), "is not an"),
        (lambda text: "\x00\xff", "cannot be read"),
    ],
)
def test_a_damaged_or_edited_file_is_refused_in_one_line(tmp_path: Path, damage, message: str) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "m.json"
    write_model(fit(table_of(groups()), SIX), path)
    path.write_text(damage(path.read_text()))
    with pytest.raises(EsctlError, match=message) as caught:
        read_model(path)
    assert "\n" not in str(caught.value) and "esctl images fit" in str(caught.value)


def test_a_missing_file_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(EsctlError, match="there is no k-means model m.json; run: esctl images fit"):
        read_model(tmp_path / "m.json")


def test_planning_needs_no_numpy() -> None:
    code = (
        "import sys, esctl.images.model_file, esctl.images.processor;"
        "sys.exit(bool({'numpy', 'sklearn', 'elasticsearch', 'yaml'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
