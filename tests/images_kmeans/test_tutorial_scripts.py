"""The scripts of the tutorial, one after the other, as they are typed."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from kmeans_cases import groups

from esctl.project import example_root
from esctl.sandbox.server import Sandbox

SCRIPTS = example_root() / "scripts"


def typed(folder: Path, url: str, script: str, *words: str) -> subprocess.CompletedProcess[str]:
    outside = {name: value for name, value in os.environ.items() if not name.startswith("ESCTL_")}
    return subprocess.run(
        [sys.executable, str(SCRIPTS / script), *words],
        cwd=folder,
        env={**outside, "ESCTL_ELASTICSEARCH_URL": url},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with open(tmp_path / "image_vectors.csv", "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["file_name", "vector"])
        for i, vector in enumerate(groups(count=10)):
            rows.writerow([f"group-{i % 10}/{i}.jpg", json.dumps(vector.tolist())])
    return tmp_path


def test_from_vectors_to_figures(folder: Path, fresh_sandbox: Sandbox) -> None:
    def said(script: str, *words: str) -> str:
        ended = typed(folder, fresh_sandbox.elasticsearch_url, script, *words)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    made = said("create_index.py")
    assert "10 clusters of 120 images" in made
    assert "image_data: created\nimage_clusters: created" in made
    assert "image_data: exists already" in said("create_index.py")
    assert said("load_vectors.py") == "120 images sent, 0 unchanged, 0 failed\n"
    assert said("load_vectors.py") == "0 images sent, 120 unchanged, 0 failed\n"
    figures = said("evaluate_clusters.py")
    assert "120 images in 10 clusters" in figures
    assert len(re.findall(r"^cluster \d: 12 images, silhouette 0\.\d{3}, mostly group-\d$", figures, re.M)) == 10
    davies_bouldin = float(re.search(r"([\d.]+) with the model's centroids", figures)[1])  # type: ignore[index]
    answer = json.loads(said("run_query.py", "davies_bouldin"))
    assert answer["davies_bouldin"]["value"] == pytest.approx(davies_bouldin, abs=1e-3)
    assert len(json.loads(said("run_query.py", "typical_images"))) == 10
    assert said("run_query.py", "davies_bouldin", "--print").startswith('GET image_data/_search\n{\n  "size": 0,')


@pytest.mark.parametrize(
    ("script", "words", "message"),
    [
        ("create_index.py", ["nothing.csv"], "nothing.csv: no such file"),
        ("load_vectors.py", [], "there is no k-means model image_pipeline.kmeans.json; run: esctl images fit"),
        ("evaluate_clusters.py", ["nothing.csv"], "nothing.csv: no such file"),
        ("run_query.py", ["davies_bouldin"], "there is no k-means model image_pipeline.kmeans.json"),
        ("run_query.py", [], "usage: python scripts/run_query.py NAME"),
        ("create_index.py", [], "127.0.0.1:9"),
    ],
)
def test_a_mistake_is_one_line(folder: Path, script: str, words: list[str], message: str) -> None:
    ended = typed(folder, "http://127.0.0.1:9", script, *words)
    assert ended.returncode == 1
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr and ended.stderr.count("\n") == 1
