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
    printed = said("run_query.py", "davies_bouldin", "--print")
    assert printed.startswith('GET image_data/_search\n{\n  "size": 0,')
    assert said("run_query.py", str(SCRIPTS / "queries" / "davies_bouldin.yaml"), "--print") == printed

    lines = (folder / "image_vectors.csv").read_text().splitlines(keepends=True)
    (folder / "image_vectors.csv").write_text("".join(lines[:101]))
    synced = said("load_vectors.py", "--sync").splitlines()
    assert synced == [
        "0 images sent, 100 unchanged, 0 failed",
        "20 deleted, which image_vectors.csv does not have",
    ]


@pytest.mark.parametrize(
    ("script", "words", "message"),
    [
        ("create_index.py", ["nothing.csv"], 'nothing.csv: no such file; "python {}/embed_images.py FOLDER" makes it'),
        ("load_vectors.py", ["nothing.csv"], 'nothing.csv: no such file; "python {}/embed_images.py FOLDER" makes it'),
        ("load_vectors.py", [], "no k-means model image_pipeline.kmeans.json; run: python {}/create_index.py\n"),
        ("load_vectors.py", ["--snyc"], "usage: python scripts/load_vectors.py [VECTORS] [MODEL] [--sync]\n"),
        ("load_vectors.py", ["1", "2", "3"], "usage: python scripts/load_vectors.py [VECTORS] [MODEL] [--sync]\n"),
        ("evaluate_clusters.py", ["nothing.csv"], "nothing.csv: no such file"),
        ("run_query.py", ["davies_bouldin"], "no k-means model image_pipeline.kmeans.json; run: python {}/create_index"),
        ("run_query.py", [], "usage: python scripts/run_query.py NAME"),
        ("embed_images.py", [], "usage: python scripts/embed_images.py FOLDER [OUT] [MODEL]\n"),
        ("embed_images.py", ["nowhere"], "nowhere: no such folder\n"),
        ("create_index.py", [], "127.0.0.1:9"),
    ],
)
def test_a_mistake_is_one_line(folder: Path, script: str, words: list[str], message: str) -> None:
    ended = typed(folder, "http://127.0.0.1:9", script, *words)
    assert ended.returncode == 1
    assert message.format(SCRIPTS) in ended.stderr
    assert "Traceback" not in ended.stderr and ended.stderr.count("\n") == 1


def test_commands_of_esctl_become_scripts(folder: Path, fresh_sandbox: Sandbox) -> None:
    url = fresh_sandbox.elasticsearch_url
    ended = typed(folder, url, "run_query.py", "davis_bouldin")
    assert "run: python" in ended.stderr, "the model comes first"
    assert typed(folder, url, "create_index.py").returncode == 0
    ended = typed(folder, url, "evaluate_clusters.py")
    assert ended.stderr == f'the index "image_data" holds no images; run: python {SCRIPTS}/load_vectors.py\n'
    ended = typed(folder, url, "run_query.py", "queries/davies_bouldin.yml.yaml")
    assert 'there is no query "queries/davies_bouldin.yml.yaml"; did you mean "davies_bouldin"?' in ended.stderr
    (folder / "own.yaml").write_text("size: 0\naggs: {x: {terms: {field: cluster}}}\n")
    assert json.loads(typed(folder, url, "run_query.py", "own.yaml").stdout) == {
        "x": {"doc_count_error_upper_bound": 0, "sum_other_doc_count": 0, "buckets": []}
    }


@pytest.mark.parametrize("script", sorted(path.name for path in SCRIPTS.glob("*.py") if path.name != "connect.py"))
def test_help_is_the_script_s_own_text(folder: Path, script: str) -> None:
    ended = typed(folder, "http://127.0.0.1:9", script, "--help")
    assert (ended.returncode, ended.stderr) == (0, "")
    text = (SCRIPTS / script).read_text("utf-8").split('"""')[1]
    assert ended.stdout.strip() == text.strip()


def test_who_reads_only_the_beginning_sees_no_traceback(folder: Path) -> None:
    script = [sys.executable, str(SCRIPTS / "load_vectors.py"), "--help"]
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = subprocess.run(script, cwd=folder, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60)
    finally:
        os.close(writing)
    assert (ended.returncode, ended.stderr) == (0, "")
