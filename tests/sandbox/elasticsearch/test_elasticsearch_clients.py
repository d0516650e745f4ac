"""The official Python clients and curl against the sandbox: create, bulk, search, aggregate."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from esctl.sandbox.server import Sandbox

BOTH = pytest.mark.parametrize("sandbox_version", ["9.5", "8.19"], indirect=True)

# The same for both clients, in a process of its own, as a user would write it.
PROGRAM = """
import json, sys
from elasticsearch import Elasticsearch, NotFoundError, helpers
name = sys.argv[2]
client = Elasticsearch(sys.argv[1])
told = {"number": client.info()["version"]["number"]}
client.options(ignore_status=404).indices.delete(index=name)
client.indices.create(index=name, mappings={"properties": {"k": {"type": "keyword"}, "n": {"type": "integer"},
    "v": {"type": "dense_vector", "dims": 2}}})
told["loaded"] = helpers.bulk(client, ({"_index": name, "_id": str(i), "k": "ab"[i % 2], "n": i, "v": [1, i + 1]} for i in range(10)),
    refresh=True)[0]
found = client.search(index=name, query={"range": {"n": {"gte": 7}}}, sort=[{"n": "desc"}],
    aggs={"k": {"terms": {"field": "k"}, "aggs": {"mean": {"avg": {"field": "n"}}}}})
told["hits"] = [h["_id"] for h in found["hits"]["hits"]]
told["buckets"] = [(b["key"], b["doc_count"], b["mean"]["value"]) for b in found["aggregations"]["k"]["buckets"]]
told["near"] = [h["_id"] for h in client.search(index=name, knn={"field": "v", "query_vector": [1, 3], "k": 1,
    "num_candidates": 5})["hits"]["hits"]]
told["scanned"] = len(list(helpers.scan(client, index=name, size=3)))
try:
    client.get(index=name, id="nope")
except NotFoundError as error:
    told["missing"] = error.status_code
client.indices.delete(index=name)
print(json.dumps(told))
"""

EXPECTED = {
    "loaded": 10,
    "hits": ["9", "8", "7"],
    "buckets": [["b", 2, 8.0], ["a", 1, 8.0]],
    "near": ["2"],
    "scanned": 10,
    "missing": 404,
}


def run_program(python: Path | str, url: str, index: str) -> dict[str, object]:
    done = subprocess.run(
        [str(python), "-c", PROGRAM, url, index], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, object] = json.loads(done.stdout)
    return told


def test_client_9(sandbox: Sandbox) -> None:
    told = run_program(sys.executable, sandbox.elasticsearch_url, "client-nine")
    assert told == {"number": "9.5.3", **EXPECTED}


@pytest.fixture(scope="session")
def python_with_client_8(pytestconfig: pytest.Config) -> Path:
    """An environment with elasticsearch 8, made once and kept in pytest's cache folder."""
    folder = pytestconfig.cache.mkdir("elasticsearch-client-8")
    python = Path(folder) / "venv" / "bin" / "python"
    if not (Path(folder) / "done").exists():
        shutil.rmtree(Path(folder) / "venv", ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(Path(folder) / "venv")], check=True, capture_output=True)
        install = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", "elasticsearch==8.*"]
        done = subprocess.run(install, capture_output=True, text=True, check=False)
        if done.returncode:
            message = f"CLIENT 8 NOT TESTED: pip could not install elasticsearch 8: {done.stderr.strip()[-200:]}"
            warnings.warn(message, stacklevel=1)
            pytest.skip(message)
        (Path(folder) / "done").touch()
    return python


@BOTH
def test_client_8(sandbox: Sandbox, sandbox_version: str, python_with_client_8: Path) -> None:
    told = run_program(python_with_client_8, sandbox.elasticsearch_url, "client-eight")
    number = {"9.5": "9.5.3", "8.19": "8.19.21"}[sandbox_version]
    assert told == {"number": number, **EXPECTED}


@pytest.mark.parametrize("sandbox_version", ["8.19"], indirect=True)
def test_client_9_is_told_that_819_does_not_speak_its_version(sandbox: Sandbox) -> None:
    from elasticsearch import BadRequestError, Elasticsearch

    with Elasticsearch(sandbox.elasticsearch_url) as client, pytest.raises(BadRequestError) as refused:
        client.info()
    assert "Accept version must be either version 8 or 7, but found 9" in str(refused.value.body)


@BOTH
def test_curl(sandbox: Sandbox) -> None:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not installed")
    command = [curl, "-s", "-X", "PUT", f"{sandbox.elasticsearch_url}/from-curl/_doc/1?pretty", "-d", '{"a": 1}']
    refused = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout
    assert "Content-Type header [application/x-www-form-urlencoded] is not supported" in refused
    command += ["-H", "Content-Type: application/json"]
    stored = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout
    assert '"result" : "created"' in stored or '"result": "created"' in stored
