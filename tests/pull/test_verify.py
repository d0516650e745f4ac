"""`verify`: what works after an apply, what does not, by requests that only read."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from pulling import Project

FILE = """\
kind: ingest-pipeline
id: v-outer
spec: {processors: [{pipeline: {name: v-inner}}]}
---
kind: ingest-pipeline
id: v-inner
spec: {processors: [{set: {field: a, value: 1}}]}
---
kind: ingest-pipeline
id: v-strict
spec: {processors: [{rename: {field: gone, target_field: b}}]}
---
kind: index-template
id: v-logs
spec: {index_patterns: ["v-logs-*"], priority: 10, template: {settings: {number_of_shards: 2}}}
---
kind: index
id: v-1
spec:
  mappings: {properties: {"@timestamp": {type: date}, size: {type: long}, name: {type: keyword}}}
  aliases: {v-write: {is_write_index: true}, v-read: {}}
---
kind: data-view
id: v
spec: {title: "v-1", name: V, timeFieldName: "@timestamp"}
---
kind: visualization
id: v-metric
spec:
  type: metric
  title: Documents
  data_source: {type: data_view_reference, ref_id: v}
  metrics: [{type: primary, operation: count}]
---
kind: dashboard
id: v
spec:
  title: V
  panels:
    - {type: markdown, config: {content: hello}}
    - {type: vis, config: {ref_id: v-metric}}
    - type: vis
      config:
        type: pie
        title: Names
        data_source: {type: data_view_reference, ref_id: v}
        metrics: [{operation: count}]
        group_by: [{operation: terms, fields: [name]}]
"""


@pytest.fixture
def place(tmp_path: Path, fresh_sandbox) -> Project:
    project = Project(tmp_path / "project", fresh_sandbox.elasticsearch_url, fresh_sandbox.kibana_url)
    project.write(FILE)
    applied = project.esctl("apply", "--yes")
    assert applied[0] == 0, applied
    project.send("PUT", "/v-1/_doc/1", {"@timestamp": "2026-01-01T00:00:00Z", "size": 1, "name": "a"}, refresh="true")
    return project


def wrong(place: Project, *words: str) -> dict[str, str]:
    code, answer = place.json("verify", *words)
    found = {one["address"]: "; ".join(one["words"]) for one in answer["resources"] if one["state"] == "wrong"}
    assert code == (1 if found else 0) and answer["wrong"] == len(found)
    return found


def test_all_is_well(place: Project) -> None:
    assert wrong(place) == {}
    code, out, _ = place.esctl("verify")
    assert code == 0 and "✓ index-template/v-logs" in out and "✓ dashboard/v" in out


def test_a_template_of_higher_priority_takes_its_names(place: Project) -> None:
    body = {"index_patterns": ["v-*"], "priority": 99, "template": {"settings": {"number_of_shards": 1}}}
    place.send("PUT", "/_index_template/other", body)
    assert "from another template, of higher priority" in wrong(place, "index-template/*")["index-template/v-logs"]


def test_a_called_pipeline_is_gone(place: Project) -> None:
    place.send("DELETE", "/_ingest/pipeline/v-inner")
    found = wrong(place, "ingest-pipeline/*")
    assert found["ingest-pipeline/v-inner"] == "it is not on the server"
    assert "v-inner" in found["ingest-pipeline/v-outer"]
    assert "ingest-pipeline/v-strict" not in found


def test_an_alias_that_writes_nowhere(place: Project) -> None:
    place.send("PUT", "/v-2", {"aliases": {"v-write": {"is_write_index": False}}})
    assert wrong(place, "index/*") == {}
    actions = [{"add": {"index": "v-1", "alias": "v-write", "is_write_index": False}}]
    place.send("POST", "/_aliases", {"actions": actions})
    assert wrong(place, "index/*") == {
        "index/v-1": 'its alias "v-write" writes nowhere: of v-1, v-2 none is the write index'
    }


def test_charts_without_rows_are_named(place: Project) -> None:
    place.send("POST", "/v-1/_delete_by_query", {"query": {"match_all": {}}}, refresh="true")
    found = wrong(place)
    assert '"Names" finds no rows' in found["dashboard/v"]
    assert "it finds no rows" in found["visualization/v-metric"]


def test_nothing_is_written(place: Project, fresh_sandbox) -> None:
    log = fresh_sandbox.data / "access.log"
    before = len(log.read_text(encoding="utf-8").splitlines())
    place.esctl("verify")
    sent = log.read_text(encoding="utf-8").splitlines()[before:]
    assert sent and not [line for line in sent if " PUT " in line or " DELETE " in line]
