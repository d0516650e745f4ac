"""Plan against a snapshot: the same plan as against the cluster, without a connection; what it cannot know, it says."""

import json
from importlib import resources

import jsonschema_rs
import pytest
from place import RESOURCES, Place

SCHEMA = json.loads((resources.files("esctl.plan") / "snapshot.schema.json").read_text(encoding="utf-8"))


@pytest.fixture
def place(tmp_path, fresh_sandbox):
    place = Place(tmp_path / "project", fresh_sandbox)
    place.apply()
    return place


@pytest.fixture
def file(tmp_path):
    return tmp_path / "snapshot.json"


def plans(place, file):
    """(exit code, changes) with and without a connection."""
    here = place.type("plan", "--json")
    there = place.type("plan", "--json", "--against", str(file))
    return [(code, json.loads(said[said.index("{") :])["changes"]) for code, said in (here, there)]


def test_a_snapshot_writes_nothing_and_is_as_its_schema_says(place, file):
    before = place.writes()
    code, said = place.type("snapshot", "--out", str(file))
    assert code == 0 and "4 bodies" in said
    assert place.writes() == before
    jsonschema_rs.validator_for(SCHEMA).validate(json.loads(file.read_text(encoding="utf-8")))


def test_the_plan_is_the_same_with_and_without_a_connection(place, file):
    place.send("PUT", "/_ilm/policy/p-policy", {"policy": {"phases": {"delete": {"actions": {"delete": {}}}}}})
    place.type("snapshot", "--out", str(file))
    changed = (
        RESOURCES.replace("value: 1", "value: 2") + "\n---\nkind: ilm-policy\nid: fresh\nspec: {policy: {phases: {}}}"
    )
    place.write(changed.replace("kind: index\nid: p-index", "kind: index\nid: other"))
    here, there = plans(place, file)
    assert here == there and here[0] == 4
    assert {change["cause"] for change in here[1]} >= {"drifted", "pending", "new", "orphan"}


def test_what_exists_but_is_not_held_asks_for_a_new_snapshot(place, file):
    place.send("PUT", "/_ingest/pipeline/theirs", {"processors": []})
    place.send("PUT", "/their-index", {})
    place.type("snapshot", "--out", str(file))
    more = (
        "\n---\nkind: ingest-pipeline\nid: theirs\nspec: {processors: []}\n---\nkind: index\nid: their-index\nspec: {}"
    )
    place.write(RESOURCES + more)
    code, said = place.type("plan", "--against", str(file))
    assert code == 6 and said.count("take a new snapshot") == 2


def test_what_the_project_only_refers_to_is_looked_up_in_the_snapshot(place, file):
    place.send("PUT", "/_ingest/pipeline/theirs", {"processors": []})
    place.type("snapshot", "--out", str(file))
    place.write(RESOURCES.replace("default_pipeline: p-pipeline", "default_pipeline: theirs"))
    assert place.type("plan", "--against", str(file))[0] == 2
    place.write(RESOURCES.replace("default_pipeline: p-pipeline", "default_pipeline: nobodys"))
    code, said = place.type("plan", "--against", str(file))
    assert code == 1 and "neither written in this project nor on the server" in said


def test_what_other_projects_claim_is_known(place, file, tmp_path):
    other = Place(
        tmp_path / "other",
        place.sandbox,
        name="other",
        text="kind: ilm-policy\nid: p-policy\nspec: {policy: {phases: {}}}",
    )
    other.type("snapshot", "--out", str(file))
    code, said = other.type("plan", "--against", str(file))
    assert code == 6 and 'it belongs to the project "p"' in said


def test_its_age_is_told_and_it_cannot_be_applied(place, file):
    place.type("snapshot", "--out", str(file))
    assert "snapshot taken just now" in place.type("plan", "--against", str(file))[1]
    code, said = place.type("apply", str(file), "--yes")
    assert code == 1 and "is not an esctl plan" in said
    assert place.type("plan", "--against", str(file), "--out", "x.json")[0] == 1


def test_a_snapshot_of_another_environment_is_refused_with_both_ways_out(place, file):
    settings = place.root / "esctl.yaml"
    settings.write_text(settings.read_text() + "environments: {production: {variables: {}}}\n", encoding="utf-8")
    assert place.type("snapshot", "--out", str(file), "--env", "production")[0] == 0
    code, said = place.type("plan", "--against", str(file))
    assert code == 5 and 'was made for the environment "production", and this is no environment' in said
    assert f"`esctl snapshot --out FILE` takes one here, `esctl plan --env production --against {file}` plans" in said
    assert place.type("plan", "--against", str(file), "--env", "production")[0] == 0
