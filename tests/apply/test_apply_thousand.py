"""A project of 1,000 resources keeps to its requests and its memory; the times stand in benchmarks/."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

PATH = Path(__file__).parents[2] / "benchmarks" / "thousand.py"


@pytest.fixture(scope="module")
def thousand():
    spec = importlib.util.spec_from_file_location("thousand", PATH)
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules["thousand"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["thousand"]


def test_requests_and_memory(thousand, tmp_path):
    root = tmp_path / "project"
    thousand.write_project(root)
    assert len(list(root.rglob("mappings/*.yaml"))) == 1000
    with thousand.server(tmp_path) as at:
        made = thousand.esctl(at, root, "apply", "--yes")
        assert made.exit_code == 0 and made.requests <= 1050
        before = len(at.lines())
        plan = thousand.esctl(at, root, "plan")
        assert plan.exit_code == 0 and plan.requests <= 25
        assert plan.memory <= 120
        asked = [line.split()[2:4] for line in at.lines()[before:]]
        assert all(method == "GET" or path.partition("?")[0].endswith(("_search", "_mget")) for method, path in asked)
        thousand.write_project(root, changed=5)
        changed = thousand.esctl(at, root, "apply", "--yes")
        assert changed.exit_code == 0 and changed.requests <= 60
        puts = [line for line in at.lines() if " PUT /_ingest/pipeline/" in line]
        assert len(puts) == 205
