"""A plan in a file: what was shown is what runs, on the cluster for which it was shown, or nothing does."""

import json
from importlib import resources

import jsonschema_rs
import pytest
from place import RESOURCES, Place

SCHEMA = json.loads((resources.files("esctl.plan") / "plan-file.schema.json").read_text(encoding="utf-8"))
CHANGED = RESOURCES.replace("value: 1", "value: 2")


@pytest.fixture
def place(tmp_path, fresh_sandbox):
    return Place(tmp_path / "project", fresh_sandbox)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "plan.json"


def requests_of(document):
    return [f"{r['method']} {r['path']}" for change in document["changes"] for r in change["requests"]]


def test_a_plan_from_a_file_sends_exactly_its_requests(place, file):
    code, said = place.type("plan", "--out", str(file))
    assert code == 2 and f"esctl apply {file}" in said
    document = json.loads(file.read_text(encoding="utf-8"))
    jsonschema_rs.validator_for(SCHEMA).validate(document)
    assert file.stat().st_mode & 0o077 == 0
    # What is written by now no longer matters: the plan was shown, the plan runs.
    place.write(CHANGED)
    code, said = place.type("apply", str(file), "--yes")
    assert code == 0, said
    sent = [line.split(" ") for line in place.writes() if "esctl-" not in line]
    assert [f"{m} {p}" for line in sent for m, p in zip(line, line[1:], strict=False) if m in ("PUT", "POST")] == (
        requests_of(document)
    )
    assert place.send("GET", "/_ingest/pipeline/p-pipeline")["p-pipeline"]["processors"][0]["set"]["value"] == 1


def test_what_moved_in_between_is_named_and_nothing_is_written(place, file):
    place.apply()
    place.write(CHANGED)
    place.type("plan", "--out", str(file))
    place.send("PUT", "/_ingest/pipeline/p-pipeline", {"processors": [], "description": "by hand"})
    before = place.writes()
    code, said = place.type("apply", str(file), "--yes")
    assert code == 5
    assert "ingest-pipeline/p-pipeline changed on the server since the plan was made" in said
    assert "description" in said and "processors" in said
    assert [line for line in place.writes() if "esctl-" not in line] == [x for x in before if "esctl-" not in x]


def test_what_somebody_else_applied_in_between_is_named(place, file):
    place.apply()
    place.write(CHANGED)
    place.type("plan", "--out", str(file))
    place.apply()
    code, said = place.type("apply", str(file), "--yes")
    assert code == 5 and "ingest-pipeline/p-pipeline" in said and "plan again" in said


def test_an_edited_file_is_refused(place, file):
    place.type("plan", "--out", str(file))
    file.write_text(file.read_text(encoding="utf-8").replace("p-logs-*", "*"), encoding="utf-8")
    code, said = place.type("apply", str(file), "--yes")
    assert code == 5 and "was edited after it was made" in said and place.writes() == []


def test_another_project_environment_or_cluster_is_refused(place, file, tmp_path, _sandboxes):
    place.type("plan", "--out", str(file))
    other = Place(tmp_path / "other", place.sandbox, name="other")
    assert 'was made for the project "p", and this is the project "other"' in other.type("apply", str(file), "--yes")[1]
    elsewhere = Place(tmp_path / "project", _sandboxes("9.5"))
    code, said = elsewhere.type("apply", str(file), "--yes")
    assert code == 5 and "was made for the cluster" in said


@pytest.mark.parametrize(
    ("text", "told"),
    [("[]", "is not an esctl plan"), ("{", "is not JSON"), ('{"what": "an esctl plan", "format": 99}', "format 99")],
)
def test_what_is_no_plan_is_told_in_one_line(place, file, text, told):
    file.write_text(text, encoding="utf-8")
    code, said = place.type("apply", str(file), "--yes")
    assert code == 1 and told in said and len(said.strip().splitlines()) == 1


def test_files_and_addresses_are_told_apart(place, file):
    assert "cannot be read" in place.type("apply", "missing.json", "--yes")[1]
    assert "names no resource" in place.type("apply", "index/missing.json", "--yes")[1]
    assert "stands alone" in place.type("apply", str(file), "index/*", "--yes")[1]
    place.type("plan", "--out", str(file))
    assert "was decided when it was made" in place.type("apply", str(file), "--prune", "--yes")[1]


def test_a_second_apply_of_the_same_plan_is_refused(place, file):
    place.type("plan", "--out", str(file))
    assert place.type("apply", str(file), "--yes")[0] == 0
    assert place.type("apply", str(file), "--yes")[0] == 5
