"""`esctl demo` does the whole job, twice; the second time it writes nothing that is not new."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

READS = ("_search", "_mget", "_export", "_bulk_get", "_has_privileges")
COMMAND = [sys.executable, "-m", "esctl", "demo", "--port", "0", "--kibana-port", "0"]
OUTSIDE = {name: value for name, value in os.environ.items() if not name.startswith("ESCTL_")} | {
    # Somebody's production cluster: the demonstration must not go near it.
    "ESCTL_ELASTICSEARCH_URL": "http://127.0.0.1:1",
    "ESCTL_KIBANA_URL": "http://127.0.0.1:1",
    "ESCTL_API_KEY": "x",
}


def typed(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, "--once", *arguments], cwd=folder, env=OUTSIDE | environ, capture_output=True, text=True, timeout=280, check=False
    )


def demo(folder: Path, *arguments: str, **environ: str) -> dict:
    done = typed(folder, "--json", *arguments, **environ)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return json.loads(done.stdout)


def requests_of(folder: Path) -> list[str]:
    return (folder / ".esctl/demo/access.log").read_text(encoding="utf-8").splitlines()


def is_write(line: str) -> bool:
    return bool(re.search(r" (PUT|POST|DELETE) ", line)) and not any(word in line for word in READS)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    first = demo(folder)
    lines = requests_of(folder)
    second = demo(folder)
    return folder, first, lines, second, requests_of(folder)[len(lines) :]


def test_both_runs_say_the_same(runs):
    _, first, _, second, _ = runs
    assert first["evaluation"]["images"] == 340 and first["evaluation"]["k"] == 10
    assert first["embedding"] in ("efficientnet-lite0 (imagenet)", "resnet50 (imagenet)")
    assert first["evaluation"]["purity"] > 0.95
    same = ("images", "k", "inertia", "silhouette_simplified", "davies_bouldin_centroids", "silhouette_exact", "purity")
    assert {key: first["evaluation"][key] for key in same} == {key: second["evaluation"][key] for key in same}


def test_the_first_run_wrote_and_the_second_did_not(runs):
    _, _, first, _, second = runs
    assert any("/_ingest/pipeline/image_pipeline" in line and is_write(line) for line in first)
    assert any("_import" in line for line in first)
    assert [line for line in second if is_write(line)] == []


def test_the_clone_stays_clean(runs):
    folder, *_ = runs
    assert [path.name for path in folder.iterdir()] == [".esctl"]


def test_another_folder_is_shown_alone(runs, tmp_path):
    folder, first, *_ = runs
    bundled = folder / ".esctl/demo/images"
    few = tmp_path / "few"
    for number, source in enumerate(sorted(bundled.rglob("*.jpg")) or sorted(bundled.rglob("*.png"))):
        if number % 10 == 0:
            target = few / source.relative_to(bundled)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    shown = demo(folder, "--images", str(few))
    assert shown["evaluation"]["images"] == len(list(few.rglob("*.*")))
    assert demo(folder)["evaluation"]["images"] == first["evaluation"]["images"]
