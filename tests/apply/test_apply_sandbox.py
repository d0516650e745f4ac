"""Applying against a server: idempotent, one at a time, true after a failure."""

import threading

import pytest
from place import RESOURCES, Place

from esctl.cluster import WRITING, Lease, Ledger, holder
from esctl.errors import Refused
from esctl.model import Action, Address
from esctl.plan import counts, exit_code


@pytest.fixture
def place(tmp_path, fresh_sandbox):
    return Place(tmp_path / "project", fresh_sandbox)


def test_a_second_apply_writes_nothing_and_the_plan_is_empty(place):
    first = place.apply()
    assert [outcome.state for outcome in first.outcomes] == ["done"] * 4
    before = place.writes()
    assert before
    plan = place.plan()
    assert exit_code(plan) == 0 and counts(plan)["clean"] == 4
    assert place.apply().outcomes == ()
    assert place.writes() == before


def test_requests_do_not_grow_with_what_is_unchanged(place):
    place.apply()
    few = place.plan().requests
    many = "".join(
        f"\n---\nkind: ingest-pipeline\nid: more-{n}\nspec: {{processors: [{{set: {{field: a, value: {n}}}}}]}}"
        for n in range(30)
    )
    place.write(RESOURCES + many)
    place.apply()
    assert place.plan().requests == few


def test_the_second_of_two_applies_is_refused_and_names_the_first(place):
    plan = place.plan()
    invocation = place.invocation()
    with invocation.cluster(WRITING) as cluster, Lease(cluster, holder("the-first")):
        with pytest.raises(Refused, match="the-first"):
            place.apply(plan)
    assert [outcome.state for outcome in place.apply().outcomes] == ["done"] * 4


def test_of_many_applies_at_once_each_is_done_or_refused_and_the_plan_is_empty(place):
    results = []

    def one():
        try:
            results.append(len(place.apply().failed))
        except Refused:
            results.append("refused")

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4 and set(results) <= {0, "refused"} and 0 in results
    assert exit_code(place.plan()) == 0


def test_what_moved_since_the_plan_is_refused(place):
    place.apply()
    place.write(RESOURCES.replace("value: 1", "value: 2"))
    plan = place.plan()
    place.send("PUT", "/_ingest/pipeline/p-pipeline", {"processors": []})
    with pytest.raises(Refused, match="ingest-pipeline/p-pipeline changed on the server since the plan was made"):
        place.apply(plan)


def test_after_a_failure_the_ledger_is_true_and_a_second_run_goes_on(place):
    # A template of the same patterns and priority is in the way: Elasticsearch refuses ours.
    place.send("PUT", "/_index_template/theirs", {"index_patterns": ["p-logs-*"]})
    done = place.apply()
    states = {str(outcome.change.address): outcome.state for outcome in done.outcomes}
    assert states["ilm-policy/p-policy"] == states["ingest-pipeline/p-pipeline"] == "done"
    assert states["index-template/p-template"] == "failed" and states["index/p-index"] == "skipped"
    invocation = place.invocation()
    with invocation.cluster() as cluster:
        assert {str(address) for address in Ledger(cluster, "p").read()} == {
            "ilm-policy/p-policy",
            "ingest-pipeline/p-pipeline",
        }
    place.send("DELETE", "/_index_template/theirs")
    assert [outcome.state for outcome in place.apply().outcomes] == ["done", "done"]
    assert exit_code(place.plan()) == 0


def test_two_projects_never_touch_each_others_resources(place, tmp_path, fresh_sandbox):
    place.apply()
    other = Place(tmp_path / "other", fresh_sandbox, name="other")
    plan = other.plan()
    assert counts(plan)["undecided"] == 4
    assert all('it belongs to the project "p"' in change.words for change in plan.changes)
    with pytest.raises(Refused, match='belongs to the project "p"'):
        other.apply()


def test_what_is_there_and_equal_is_adopted_without_a_write_to_it(place):
    place.send("PUT", "/_ingest/pipeline/p-pipeline", {"processors": [{"set": {"field": "a", "value": 1}}]})
    plan = place.plan(addresses=["ingest-pipeline/p-pipeline"])
    assert [change.action for change in plan.changes] == [Action.ADOPT]
    before = [line for line in place.writes() if "_ingest" in line]
    place.apply(plan)
    assert [line for line in place.writes() if "_ingest" in line] == before
    assert counts(place.plan(addresses=["ingest-pipeline/p-pipeline"]))["clean"] == 1


def test_what_is_there_and_different_waits_until_told(place):
    place.send("PUT", "/_ingest/pipeline/p-pipeline", {"processors": []})
    plan = place.plan()
    assert exit_code(plan) == 6
    with pytest.raises(Refused, match="--adopt ingest-pipeline/p-pipeline"):
        place.apply()
    assert {str(o.change.address) for o in place.apply(adopt=["ingest-pipeline/*"]).outcomes} == {
        "ilm-policy/p-policy",
        "ingest-pipeline/p-pipeline",
        "index-template/p-template",
        "index/p-index",
    }
    assert exit_code(place.plan()) == 0


def test_a_lost_ledger_is_rebuilt_from_the_marks(place):
    place.apply()
    place.send("DELETE", "/esctl-ledger")
    plan = place.plan()
    assert {change.action for change in plan.changes} == {Action.ADOPT}
    place.apply(plan)
    assert exit_code(place.plan()) == 0


def test_protected_means_not_deleted(place):
    place.write(RESOURCES.replace("id: p-index\n", "id: p-index\nprotect: true\n"))
    place.apply()
    place.write(
        RESOURCES.replace("id: p-index\n", "id: p-index\nprotect: true\n").replace("type: keyword", "type: long")
    )
    with pytest.raises(Refused, match="protected"):
        place.apply(allow=["irreversible"])


def test_an_orphan_is_deleted_only_with_prune(place):
    place.apply()
    place.write(RESOURCES.rpartition("---")[0])
    assert counts(place.plan())["orphan"] == 1 and exit_code(place.plan()) == 0
    with pytest.raises(Refused, match="irreversible"):
        place.apply(prune=True)
    place.write("")
    place.send("PUT", "/_ingest/pipeline/p-pipeline", {"processors": []})
    code, said = place.type("apply", "--prune", "--yes")
    assert code == 5 and [
        line.partition(" ")[2].partition(":")[0] for line in said.splitlines() if "error:" in line
    ] == [
        "ingest-pipeline/p-pipeline",
        "index/p-index",
    ]
    place.send("PUT", "/_ingest/pipeline/p-pipeline", {"processors": [{"set": {"field": "a", "value": 1}}]})
    place.write(RESOURCES.rpartition("---")[0])
    done = place.apply(prune=True, allow=["irreversible"])
    assert [o.change.address for o in done.outcomes] == [Address("index", "p-index")]
    assert counts(place.plan())["orphan"] == 0
