"""Elasticsearch's bodies against the reduced schema: tests/cases/schema holds what is written and what is told."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from esctl.errors import Source
from esctl.kinds import NAMES, registry
from esctl.kinds.schema import Finding, check
from esctl.model import Address, Resource
from esctl.project import load_resources, load_settings, read_yaml, scaffold

ROOT = Path(__file__).parents[2]
CASES = [
    pytest.param(document.data, id=f"{path.stem}: {document.data['case']}")
    for path in sorted((ROOT / "tests" / "cases" / "schema").glob("*.yaml"))
    for document in read_yaml(path.read_text(encoding="utf-8"), path.name)
]
KINDS = tuple(
    json.loads((resources.files("esctl.kinds") / "data" / "schema" / "kinds.json").read_text(encoding="utf-8"))
)
CHECKED_BY_THEMSELVES = {"alias", "cluster-settings", "data-stream", "documents"}  # no single API takes their spec


def told(finding: Finding) -> str:
    where = ".".join(map(str, finding.path))
    hint = f"; {finding.hint}" if finding.hint else ""
    return f"{finding.severity} at {where}: {finding.message}{hint}"


@pytest.mark.parametrize("case", CASES)
def test_one_line_for_each_mistake(case: dict) -> None:
    assert [told(finding) for finding in check(case["kind"], case["written"])] == case["expect"]


@pytest.mark.parametrize("case", CASES)
def test_every_finding_stands_where_something_was_written(case: dict) -> None:
    for finding in check(case["kind"], case["written"]):
        value = case["written"]
        for key in finding.path:
            value = value[key]


def test_an_aliass_filter_is_a_query_too() -> None:
    spec = {"indices": {"logs": {"filter": {"match": {"shop": {"query": "x", "operater": "and"}}}}}}
    (found,) = registry()["alias"].check(Resource(Address("alias", "a"), spec, Source("a.yaml", 1)))
    assert (found.severity, found.hint) == ("error", 'did you mean "operator"?')


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 30


def test_every_kind_of_elasticsearchs_has_a_schema_or_checks_itself() -> None:
    kibanas = {name for name in NAMES if registry()[name].api.split()[1].startswith("/api/")}
    assert set(NAMES) <= set(KINDS) | CHECKED_BY_THEMSELVES | kibanas


def test_what_elastic_says_is_not_on_serverless_is_not_looked_for_there() -> None:
    """elastic.co/docs: ILM, snapshots of one's own, cross-cluster replication, Watcher, native users, role mappings."""
    there = {name for name, kind in registry().items() if kind.needs.serverless}
    gone = ("ilm-policy", "slm-policy", "snapshot-repository", "ccr-follower", "ccr-auto-follow", "watch", "user")
    assert there.isdisjoint((*gone, "role-mapping", "cluster-settings"))
    assert {"index-template", "data-stream-lifecycle", "ingest-pipeline", "transform", "api-key", "role"} <= there


def test_who_writes_templates_reads_no_schema_of_watches() -> None:
    script = (
        "from esctl.kinds import schema; list(schema.check('index-template', {'template': {'mappings': {}}}));"
        "print(schema._file.cache_info().currsize)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "2\n"  # where each kind's is, and theirs


def test_the_repositorys_own_resources_are_clean() -> None:
    embedding = {"dims": 2048, "name": "resnet50", "identity": "x"}
    _assert_clean(ROOT, {"embedding": embedding})


def test_a_new_project_is_clean(tmp_path: Path) -> None:
    scaffold(tmp_path, "shop")
    _assert_clean(tmp_path, {})


def _assert_clean(root: Path, values: dict) -> None:
    loaded = load_resources(load_settings(root, environ={}), values=values, kinds=NAMES)
    mine = [resource for resource in loaded.resources if resource.address.kind in KINDS]
    assert mine
    for resource in mine:
        assert [told(finding) for finding in check(resource.address.kind, resource.spec)] == []


WORDS = (
    "settings", "mappings", "aliases", "template", "index", "index_patterns", "properties", "type", "keyword", "object",
    "fields", "dynamic_templates", "mapping", "runtime", "script", "processors", "set", "field", "on_failure",
    "foreach", "processor", "policy", "phases", "hot", "actions", "rollover", "analysis", "analyzer", "filter", "mine",
    "custom", "tokenizer", "index.analysis.analyzer.mine.type", "number_of_shards", "index_options", "dense_vector",
    "similarity", "input_output", "inference", "normalizer", "index.index", "a.b", "", "pivot", "group_by", "terms",
    "aggregations", "source", "dest", "trigger", "schedule", "actions", "input", "s3", "service", "openai", "rules",
)  # fmt: skip
bodies = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 9) | st.floats(allow_nan=False) | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=25,
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.sampled_from(KINDS), bodies)
def test_whatever_is_written_is_told_and_not_stumbled_over(kind: str, body: object) -> None:
    for finding in check(kind, body):
        assert finding.message and finding.severity in ("error", "warning") and "\n" not in told(finding)
