"""`esctl adopt`: the ledger is written, and nothing else."""

import json

import pytest
from history_project import INDEX, PIPELINE, POLICY, TEMPLATE, Project

from esctl.cluster import Ledger

ALREADY = [
    ("/_ilm/policy/h-policy", {"policy": {"phases": {"hot": {"actions": {}}}}}),
    ("/_ingest/pipeline/h-pipeline", {"processors": [{"set": {"field": "a", "value": 1}}]}),
]


@pytest.fixture
def there(project):
    """A policy and a pipeline that others made; the files say the same, and have a template besides."""
    project.write(POLICY, PIPELINE % 1, TEMPLATE)
    for path, body in ALREADY:
        project.send("PUT", path, body)
    return project


def owned(project):
    with project.cluster() as cluster:
        return {str(address) for address in Ledger(cluster, "h").read()}


def test_what_is_equal_is_adopted_without_a_write(there):
    before = there.writes()
    said = there.done("adopt", "--all", "--yes").out
    assert "= ilm-policy/h-policy  adopt" in said and "Done: 2 changed." in said
    assert "· component-template/h-base is not there: `apply` makes it" in said
    assert there.writes() == before
    assert owned(there) == {"ilm-policy/h-policy", "ingest-pipeline/h-pipeline"}
    assert "Nothing to do" in there.done("adopt", "--all", "--yes").out
    assert there.done("history").out.splitlines()[1].endswith("adopt --all")


def test_what_differs_is_listed_and_left(there):
    there.write(POLICY, PIPELINE % 2)
    said = there("adopt", "--all", "--yes")
    assert said.code == 6
    assert "? ingest-pipeline/h-pipeline is left: already there, different" in said.out
    assert "~ processors.0.set.value: 1 → 2" in said.out
    assert owned(there) == {"ilm-policy/h-policy"}


def test_only_what_is_named(there):
    there.done("adopt", "ilm-policy/*", "--yes")
    assert owned(there) == {"ilm-policy/h-policy"}
    assert 'error: "role/x" names no resource of this project' in there("adopt", "role/x").err
    assert "adopt takes addresses, or --all" in there("adopt").err
    assert "adopt takes addresses, or --all" in there("adopt", "--all", "ilm-policy/*").err


def test_nobody_confirms(there):
    assert there("adopt", "--all").code == 5 and owned(there) == set()


def test_a_lost_ledger_is_rebuilt_from_the_marks(project):
    project.write(POLICY, PIPELINE % 1, TEMPLATE, INDEX)
    project.done("apply", "--yes")
    project.send("DELETE", "/esctl-ledger")
    # The files went on meanwhile: one says otherwise, one is gone; and somebody set an alias of their own.
    project.write(POLICY, PIPELINE % 2, INDEX.replace("spec: {", "spec: {settings: {refresh_interval: 9s}, "))
    project.send("PUT", "/h-index/_alias/theirs")
    before = project.writes()
    said = project.done("adopt", "--all", "--yes").out
    assert project.writes() == before
    assert "this project's mark is on it, but no file writes it" in said
    assert owned(project) == {
        "ilm-policy/h-policy",
        "ingest-pipeline/h-pipeline",
        "component-template/h-base",
        "index/h-index",
    }
    plan = {c["address"]: (c["cause"], c["diff"]) for c in project("plan", "--json").json["changes"]}
    assert plan["ilm-policy/h-policy"] == ("clean", [])
    assert plan["component-template/h-base"][0] == "orphan"
    assert plan["ingest-pipeline/h-pipeline"][0] == "pending"
    assert plan["index/h-index"][0] == "pending"
    assert [d["path"] for d in plan["index/h-index"][1]] == ["settings.index.refresh_interval"]
    project.done("apply", "--yes")
    assert "theirs" in project.send("GET", "/h-index/_alias")["h-index"]["aliases"]


@pytest.mark.parametrize("words", [("--all",), ("ilm-policy/h-policy",)])
def test_another_projects_resources_are_named_and_left(there, tmp_path, words):
    there.done("adopt", "--all", "--yes")
    other = Project(tmp_path / "other", there.sandbox, name="other")
    other.write(POLICY, TEMPLATE)
    said = other("adopt", "--yes", *words)
    assert said.code == 6 and '? ilm-policy/h-policy is left: it belongs to the project "h"' in said.out
    assert owned(there) == {"ilm-policy/h-policy", "ingest-pipeline/h-pipeline"}
    # By the mark alone, too: without a ledger.
    there.done("apply", "--yes")
    there.send("DELETE", "/esctl-ledger")
    other.write(TEMPLATE)
    said = other("adopt", "--yes", "--all")
    assert said.code == 6 and 'it belongs to the project "h"' in said.out


def test_a_thousand_are_adopted_with_few_requests_and_none_of_them_is_written(project):
    documents = []
    with project.cluster() as cluster:
        from esctl.model import Request

        def put(path, body):
            cluster.send(Request("elasticsearch", "PUT", path, body=body))

        for n in range(250):
            policy = {"policy": {"phases": {"hot": {"actions": {"rollover": {"max_docs": n + 1}}}}}}
            pipeline = {"processors": [{"set": {"field": "a", "value": n}}]}
            base = {"template": {"mappings": {"properties": {f"f{n}": {"type": "keyword"}}}}}
            template = {"index_patterns": [f"h-{n}-*"], "composed_of": [f"c{n}"], "priority": 10}
            for path, kind, name, body in (
                ("/_ilm/policy", "ilm-policy", f"p{n}", policy),
                ("/_ingest/pipeline", "ingest-pipeline", f"i{n}", pipeline),
                ("/_component_template", "component-template", f"c{n}", base),
                ("/_index_template", "index-template", f"t{n}", template),
            ):
                put(f"{path}/{name}", body)
                documents.append(json.dumps({"kind": kind, "id": name, "spec": body}) + "\n")
    project.write(*documents)
    writes, requests = project.writes(), project.requests()
    said = project.done("adopt", "--all", "--yes", "--json")
    assert said.json["summary"]["adopt"] == 1000 and len(said.json["outcomes"]) == 1000
    assert project.writes() == writes
    assert project.requests() - requests <= 60
    assert project.done("plan", "--json").json["summary"]["clean"] == 1000


def test_requests_of_creating_and_of_changing_many(project):
    def pipelines(value):
        return [(PIPELINE % value(n)).replace("h-pipeline", f"i{n}") for n in range(300)]

    project.write(*pipelines(lambda n: n))
    before = project.requests()
    project.done("apply", "--yes")
    assert project.requests() - before <= 300 + 30
    project.write(*pipelines(lambda n: n + 1000 if n < 5 else n))
    before = project.requests()
    project.done("apply", "--yes")
    assert project.requests() - before <= 35
    project.write(POLICY)
    before = project.requests()
    project.done("apply", "--yes", "--prune")
    assert project.requests() - before <= 301 + 35
