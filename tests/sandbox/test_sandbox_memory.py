"""A sandbox that ended leaves nothing in the process: tests and trials start hundreds of them."""

from __future__ import annotations

import gc
from pathlib import Path

import requests

from esctl.sandbox.elasticsearch.node import Node
from esctl.sandbox.server import Sandbox


def test_a_sandbox_that_ended_is_forgotten(tmp_path: Path) -> None:
    gc.collect()
    before = {id(one) for one in gc.get_objects() if isinstance(one, Node)}
    with Sandbox(tmp_path) as sandbox:
        url = sandbox.elasticsearch_url
        assert requests.put(f"{url}/a/_doc/1?refresh=true", json={"n": 1}, timeout=20).status_code == 201
        assert requests.get(f"{url}/a/_search", timeout=20).json()["hits"]["total"]["value"] == 1
        copied = {"source": {"index": "a"}, "dest": {"index": "b"}}
        task = requests.post(f"{url}/_reindex?wait_for_completion=false", json=copied, timeout=20).json()["task"]
        assert requests.get(f"{url}/_tasks/{task}?wait_for_completion=true", timeout=20).json()["completed"]
    del sandbox
    gc.collect()
    assert not [one for one in gc.get_objects() if isinstance(one, Node) and id(one) not in before]
