"""Golden tests of pipelines: what passes, what fails with which line, and what `--generate` writes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "pull"))

from pulling import Project

from esctl import cli

ROOT = Path(__file__).parents[2]

PIPELINES = """\
kind: ingest-pipeline
id: orders
spec:
  processors:
    - rename: {field: number, target_field: order, on_failure: [{drop: {}}]}
    - pipeline: {name: stamp}
    - convert: {field: price, type: float}
    - set: {field: seen, value: true}
---
kind: ingest-pipeline
id: stamp
spec:
  processors:
    - set: {field: event.ingested, value: "{{{_ingest.timestamp}}}"}
---
kind: ingest-pipeline
id: elsewhere
spec:
  processors:
    - set: {field: _index, value: "orders-{{{year}}}"}
"""
CASE = """\
# Orders of the shop.
docs:
  - {number: 1, price: "1.5"}     # as text
  - {kind: test}
  - {number: 3, price: much}
dynamic_fields:
  event.ingested: "^20"
expected:
  - {order: 1, price: 1.5, seen: true}
  - _dropped: true
  - _error:
      type: illegal_argument_exception
      reason: unable to convert [much] to float
"""


@pytest.fixture
def place(tmp_path: Path) -> Project:
    project = Project(tmp_path / "project", "http://127.0.0.1:9")
    project.write(PIPELINES)
    return project


def case(place: Project, text: str, name: str = "orders/all.yaml") -> Path:
    path = place.root / "tests/pipelines" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def run(place: Project, *words: str) -> tuple[int, str]:
    code, out, err = place.esctl("test", *words, files_only=True)
    return code, out + err


def test_documents_drops_errors_and_called_pipelines(place: Project) -> None:
    case(place, CASE)
    assert run(place) == (0, "✓ tests/pipelines/orders/all.yaml\n1 passed\n")


def test_a_difference_is_told_with_its_line(place: Project) -> None:
    case(place, CASE.replace("price: 1.5, seen: true", "price: 2.5, more: 1"))
    code, out = run(place)
    assert code == 1
    assert "tests/pipelines/orders/all.yaml:9: document 1: price: expected 2.5, found 1.5" in out
    assert "all.yaml:9: document 1: seen: not expected: true" in out
    assert "all.yaml:9: document 1: more: expected 1, missing" in out
    case(place, CASE.replace('"^20"', '"^19"').replace("  - _dropped: true\n", "  - {kind: test}\n"))
    code, out = run(place)
    assert code == 1 and "event.ingested: '20" in out and "does not fit ^19" in out
    assert "all.yaml:10: document 2: _dropped: not expected: true" in out
    case(place, CASE[: CASE.index("  - _error")])
    assert "document 3: 2 expected, 3 came out" in run(place)[1]


def test_generate_writes_what_comes_out_and_names_what_is_volatile(place: Project) -> None:
    path = case(place, CASE[: CASE.index("dynamic_fields")])
    code, out = run(place)
    assert code == 1 and "all.yaml:2: nothing is expected yet" in out
    assert run(place, "--generate")[0] == 0
    text = path.read_text(encoding="utf-8")
    assert text.startswith(CASE[: CASE.index("dynamic_fields")])
    assert "event.ingested: '^" in text or 'event.ingested: "^' in text
    assert "- {_dropped: true}" in text and "unable to convert [much] to float" in text
    assert run(place) == (0, "✓ tests/pipelines/orders/all.yaml\n1 passed\n")
    before = text
    assert run(place, "--generate")[0] == 0
    assert path.read_text(encoding="utf-8") == before


def test_a_pipeline_that_moves_a_document_and_documents_from_a_file(place: Project) -> None:
    path = case(place, "docs: days.ndjson\n", "elsewhere/days.yaml")
    (path.parent / "days.ndjson").write_text('{"year": 2026}\n{"_source": {"year": 2027}, "_index": "orders-2027"}\n')
    assert run(place, "--generate")[0] == 0
    from esctl.project import read_yaml

    (document,) = read_yaml(path.read_text(encoding="utf-8"), "x")
    assert document.data["expected"] == [{"_index": "orders-2026", "_source": {"year": 2026}}, {"year": 2027}]
    assert run(place)[0] == 0


@pytest.mark.parametrize(
    "text, words",
    [
        ("docs: []\n", "docs must be a list of documents"),
        ("docs: [{a: 1}]\nexpectd: []\n", 'all.yaml:2: unknown key "expectd"; did you mean "expected"?'),
        ("docs: gone.ndjson\n", 'there is no file "gone.ndjson" beside it'),
        ("docs: [{a: 1}]\nexpected: [{}]\ndynamic_fields: {a: '('}\n", "dynamic_fields: a:"),
        ("- 1\n", "a golden test is one mapping"),
    ],
)
def test_mistakes_are_told_in_one_line(place: Project, text: str, words: str) -> None:
    case(place, text)
    code, out = run(place)
    assert code == 1 and words in out and "Traceback" not in out


def test_a_folder_without_its_pipeline_and_no_tests_at_all(place: Project) -> None:
    code, out = run(place)
    assert code == 1 and "there are no golden tests" in out
    case(place, CASE, "order/all.yaml")
    code, out = run(place)
    assert code == 1 and 'no pipeline "order"' in out and 'did you mean "orders"?' in out
    assert "is unknown" in run(place, "--on", "moon")[1]
    assert 'there is no test "nothing"' in run(place, "nothing")[1]


def test_on_a_cluster_only_reads_and_called_pipelines_must_be_there(place: Project, fresh_sandbox) -> None:
    place.elasticsearch_url, place.kibana_url = fresh_sandbox.elasticsearch_url, fresh_sandbox.kibana_url
    case(place, CASE)
    code, out, err = place.esctl("test", "--on", "project")
    assert code == 1 and 'it calls the pipeline "stamp", which this cluster does not have' in out + err
    applied = place.esctl("apply", "ingest-pipeline/stamp", "--yes")
    assert applied[0] == 0, applied
    before = place.send("GET", "/_ingest/pipeline")
    assert place.esctl("test", "--on", fresh_sandbox.elasticsearch_url)[0] == 0
    assert place.send("GET", "/_ingest/pipeline") == before


def test_json(place: Project) -> None:
    case(place, CASE.replace("1.5, seen", "2.5, seen"))
    code, answer = place.json("test", files_only=True)
    assert code == 1 and (answer["passed"], answer["failed"]) == (0, 1)
    assert answer["cases"][0]["problems"][0].startswith("tests/pipelines/orders/all.yaml:9:")


def test_the_projects_own_pipeline(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["test", "--project", str(ROOT)]) == 0, capsys.readouterr()
