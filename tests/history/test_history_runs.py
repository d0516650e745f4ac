"""`esctl history` and `esctl rollback`, typed at a sandbox."""

import re

import pytest
from history_project import INDEX, PIPELINE, POLICY, TEMPLATE, Project


def value(project):
    return project.send("GET", "/_ingest/pipeline/h-pipeline")["h-pipeline"]["processors"][0]["set"]["value"]


@pytest.fixture
def three(project):
    """Run 1 makes a policy and a pipeline, run 2 changes the pipeline, run 3 adds a template."""
    project.write(POLICY, PIPELINE % 1)
    project.done("apply", "--yes")
    project.write(POLICY, PIPELINE % 2)
    project.done("apply", "--yes", "ingest-pipeline/*")
    project.write(POLICY, PIPELINE % 2, TEMPLATE)
    project.done("apply", "--yes")
    return project


def test_the_list_and_one_run(three):
    assert three.done("apply", "--yes").out.startswith("Nothing to do")  # leaves no run
    lines = three.done("history").out.splitlines()
    assert [line.split()[0] for line in lines] == ["run", "3", "2", "1"]
    assert re.fullmatch(
        r"2 +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  \S+@\S+ +done, 1 change +apply ingest-pipeline/\*", lines[2]
    )
    one = three.done("history", "2").out
    assert "run 2: apply ingest-pipeline/*" in one and "~ ingest-pipeline/h-pipeline  update" in one
    assert "~ processor 0: set: value 1 → 2" in one
    assert [line.split()[0] for line in three.done("history", "component-template/*").out.splitlines()] == ["run", "3"]
    assert [line.split()[0] for line in three.done("history", "--limit", "1").out.splitlines()] == ["run", "3"]


def test_as_json(three):
    runs = three.done("history", "--json").json["runs"]
    assert [(run["run"], run["state"], run["changes"], run["command"]) for run in runs] == [
        (3, "done", 1, "apply"),
        (2, "done", 1, "apply ingest-pipeline/*"),
        (1, "done", 2, "apply"),
    ]
    (step,) = three.done("history", "2", "--json").json["steps"]
    assert (step["address"], step["action"], step["state"]) == ("ingest-pipeline/h-pipeline", "update", "done")
    assert step["before"]["processors"] == [{"set": {"field": "a", "value": 1}}]
    assert step["after"]["processors"] == [{"set": {"field": "a", "value": 2}}]
    assert step["diff"] == [{"path": "processors.0.set.value", "before": 1, "after": 2}]
    assert three.done("history", "1", "ilm-policy/*", "--json").json["steps"][0]["action"] == "create"


def test_without_runs(project):
    project.write(POLICY)
    assert project.done("history").out == "No run of this project is in the history.\n"
    assert project("history", "4").err == "error: there is no run 4 in the history of this project; it is empty\n"
    assert "the history of this project is empty: there is nothing to go back to" in project("rollback", "--yes").err
    project.done("apply", "--yes")
    assert "run 1 is the only one: there is nothing to go back to" in project("rollback", "--yes").err
    assert "there is no run 4 in the history of this project; it holds 1 to 1" in project("rollback", "4").err


def test_a_run_that_failed_says_what_was_done_and_what_not(project):
    project.write(POLICY, PIPELINE % 1, "kind: index-template\nid: h-t\nspec: {index_patterns: [h-*]}\n", INDEX)
    project.send("PUT", "/_index_template/theirs", {"index_patterns": ["h-*"]})
    assert project("apply", "--yes").code == 1
    said = project.done("history").out
    assert "failed, 2 of 4 changes done" in said
    steps = {step["address"]: step for step in project.done("history", "1", "--json").json["steps"]}
    assert {address: step["state"] for address, step in steps.items()} == {
        "ilm-policy/h-policy": "done",
        "ingest-pipeline/h-pipeline": "done",
        "index-template/h-t": "failed",
        "index/h-index": "skipped",
    }
    assert "same priority" in steps["index-template/h-t"]["reason"]
    assert "index-template/h-t failed before it" in project.done("history", "1").out


def test_back_to_an_earlier_run_and_what_the_files_say(three):
    plan = three("rollback", "1", "--plan")
    assert plan.code == 2 and "~ ingest-pipeline/h-pipeline  update" in plan.out and value(three) == 2
    assert "o component-template/h-base" in plan.out  # made since: deleted only with --prune
    said = three.done("rollback", "1", "--yes").out
    assert value(three) == 1
    assert said.startswith("Back to run 1: apply\n") and "Done: 1 changed." in said
    told = said.partition("The files still say otherwise, and the next plan will:\n")[2].splitlines()
    assert told == ["  mappings/all.yaml:5  ingest-pipeline/h-pipeline"]
    pending = three("plan")
    assert pending.code == 2 and "value 1 → 2" in pending.out
    assert three.done("history", "--json").json["runs"][0]["command"] == "rollback 1"
    assert "Nothing to do" in three.done("rollback", "4", "--yes").out
    # Without a run: to what was there before the rollback.
    three.done("rollback", "--yes")
    assert value(three) == 2 and three("plan").code == 0


def test_what_was_made_since_goes_only_with_prune_and_what_was_deleted_comes_back(three):
    said = three.done("rollback", "2", "--yes", "--prune").out
    assert "mappings/all.yaml:9  component-template/h-base, made since" in said
    assert three.send("GET", "/_component_template/h-base", accept=(404,)).get("component_templates") is None
    (archive,) = three.archives()
    assert archive.suffix == ".zip"
    three.write(POLICY)
    three.done("apply", "--yes", "--prune")
    assert three.send("GET", "/_ingest/pipeline/h-pipeline", accept=(404,)) == {}
    said = three.done("rollback", "3", "--yes").out
    assert value(three) == 2 and "+ component-template/h-base  create" in said
    assert "in no file  ingest-pipeline/h-pipeline" in said
    orphaned = three.done("plan").out
    assert "o ingest-pipeline/h-pipeline" in orphaned and "o component-template/h-base" in orphaned


def test_only_some_addresses(three):
    three.done("rollback", "1", "--yes", "ilm-policy/*")
    assert value(three) == 2
    assert 'error: "ilm-policy/x" names nothing' in three("rollback", "1", "ilm-policy/x").err
    three.done("rollback", "1", "--yes", "ingest-pipeline/h-*")
    assert value(three) == 1


def test_what_is_protected_stays_protected(project):
    project.write(INDEX)
    project.done("apply", "--yes")
    project.write(INDEX.replace("keyword", "long"))
    project.done("apply", "--yes", "--allow", "irreversible", "--allow", "replace")
    project.write("protect: true\n" + INDEX.replace("keyword", "long"))
    assert "protected" in project("rollback", "1", "--yes", "--allow", "irreversible", "--allow", "replace").err


def test_going_back_says_how_many_documents_move(project):
    project.write(INDEX)
    project.done("apply", "--yes")
    project.send("PUT", "/h-index/_doc/1?refresh=true", {"a": "1"})
    project.write(INDEX.replace("keyword", "long"))
    project.done("apply", "--yes", "--allow", "replace", "--allow", "alias")
    said = project("rollback", "1", "--plan")
    assert said.code == 2 and re.search(r"reindexes 1 document \(.+\) into h-index-v3, then swaps", said.out), said


def test_going_back_is_possible_with_mistakes_in_the_files(three):
    three.write(POLICY, PIPELINE % 2, "kind: nothing\n")
    said = three("rollback", "1", "--yes")
    assert said.code == 0 and value(three) == 1
    assert "so `protect` and `when` are not known" in said.err


def test_old_runs_fall_out(three):
    (three.root / "esctl.yaml").write_text("name: h\nresources: [mappings]\nhistory: {keep: 2}\n", encoding="utf-8")
    three.write(POLICY, PIPELINE % 4, TEMPLATE)
    three.done("apply", "--yes")
    assert [run["run"] for run in three.done("history", "--json").json["runs"]] == [4, 3]
    assert "there is no run 2" in three("rollback", "2").err
    three.done("rollback", "3", "--yes")  # what runs 1 and 2 left is known all the same
    assert value(three) == 2


def test_a_history_that_cannot_be_written_is_one_warning(project):
    project.write(POLICY)
    project.send("PUT", "/esctl-history", {"mappings": {"dynamic": "strict", "properties": {}}})
    said = project("apply", "--yes")
    assert said.code == 0 and "Done: 1 changed." in said.out
    (line,) = said.err.splitlines()
    assert line.startswith("warning: this run is not in the history: ")
    assert project.done("plan").out.startswith("Nothing to do")


def test_a_run_that_was_killed_is_told_as_such(project):
    from esctl.apply import history

    project.write(POLICY, PIPELINE % 1)
    project.done("apply", "--yes")
    project.write(POLICY, PIPELINE % 2)
    end = history.History.end
    history.History.end = lambda *_: None  # killed before it could say how it ended
    try:
        project.done("apply", "--yes")
    finally:
        history.History.end = end
    project.send("POST", "/esctl-history/_refresh")
    assert "did not end, 1 change planned" in project.done("history").out
    assert project.done("history", "2", "--json").json["steps"][0]["state"] == "done"
    said = project("rollback", "2", "--yes")
    assert "run 2 did not end" in said.err and "Nothing to do" in said.out


def test_two_projects_have_a_history_each(three, tmp_path):
    other = Project(tmp_path / "other", three.sandbox, name="other")
    other.write(POLICY.replace("h-policy", "o-policy"))
    other.done("apply", "--yes")
    assert [run["run"] for run in other.done("history", "--json").json["runs"]] == [1]
    assert [run["run"] for run in three.done("history", "--json").json["runs"]] == [3, 2, 1]


def test_looking_writes_nothing(three):
    before = three.writes()
    for words in (["history"], ["history", "1"], ["rollback", "1", "--plan"]):
        three(*words)
    assert three.writes() == before
