"""`moved_from`: the new one is made, references follow, the old one goes at the end of the same apply."""

import pytest
from place import RESOURCES, Place

from esctl.cluster import Ledger
from esctl.errors import EsctlError, Refused
from esctl.model import Action, Address
from esctl.plan import counts, exit_code

MOVED = RESOURCES.replace("id: p-policy\n", "id: p-new\nmoved_from: ilm-policy/p-policy\n").replace(
    "lifecycle.name: p-policy", "lifecycle.name: p-new"
)
INDEX = RESOURCES.replace("id: p-index\n", "id: p-new-index\nmoved_from: index/p-index\n")


@pytest.fixture
def place(tmp_path, fresh_sandbox):
    place = Place(tmp_path / "project", fresh_sandbox)
    place.apply()
    return place


def remembered(place):
    with place.invocation().cluster() as cluster:
        return {str(address) for address in Ledger(cluster, "p").read()}


def test_the_new_one_is_made_what_refers_to_it_follows_and_the_old_one_goes(place):
    place.write(MOVED)
    plan = place.plan()
    change = next(c for c in plan.changes if c.address.id == "p-new")
    assert (change.action, counts(plan)["delete"], counts(plan)["orphan"]) == (Action.CREATE, 0, 0)
    assert change.words.startswith("moved from ilm-policy/p-policy")
    # A policy that a template names cannot be deleted: the order matters.
    done = place.apply(plan)
    assert [o.state for o in done.outcomes] == ["done", "done"], [o.reason for o in done.outcomes]
    assert "p-policy" not in place.send("GET", "/_ilm/policy")
    assert "ilm-policy/p-policy" not in remembered(place) and "ilm-policy/p-new" in remembered(place)
    assert exit_code(place.plan()) == 0 and place.apply().outcomes == ()


def test_what_was_cut_off_before_the_old_one_went_is_finished_by_the_next_apply(place):
    place.write(MOVED)
    # Another template still names the old policy: the server refuses its deletion.
    place.send(
        "PUT",
        "/_index_template/theirs",
        {"index_patterns": ["t-*"], "template": {"settings": {"index.lifecycle.name": "p-policy"}}},
    )
    place.send("PUT", "/t-1")
    done = place.apply()
    assert "made, but ilm-policy/p-policy stays" in done.failed[0].reason
    assert {"ilm-policy/p-policy", "ilm-policy/p-new"} <= remembered(place)
    assert exit_code(place.plan()) == 2
    place.send("DELETE", "/t-1")
    place.send("DELETE", "/_index_template/theirs")
    assert place.apply().failed == ()
    assert "p-policy" not in place.send("GET", "/_ilm/policy")
    assert exit_code(place.plan()) == 0


def test_where_the_old_one_is_gone_already_only_the_new_one_is_made(place):
    place.send("PUT", "/_index_template/p-template", {"index_patterns": ["p-logs-*"]})
    place.send("DELETE", "/_ilm/policy/p-policy")
    place.write(MOVED)
    change = next(c for c in place.plan().changes if c.address.id == "p-new")
    assert change.words == "moved from ilm-policy/p-policy, which is gone already" and change.afterwards == ()
    assert place.apply(overwrite=["*"]).failed == ()
    assert "ilm-policy/p-policy" not in remembered(place)


def test_what_was_never_ours_is_left_alone(place, fresh_sandbox):
    place.send("PUT", "/_ilm/policy/theirs", {"policy": {"phases": {}}})
    place.write(MOVED.replace("moved_from: ilm-policy/p-policy", "moved_from: ilm-policy/theirs"))
    place.apply()
    assert "theirs" in place.send("GET", "/_ilm/policy")


def test_protected_or_changed_by_hand_it_stays(place):
    place.write(MOVED.replace("moved_from:", "protect: true\nmoved_from:"))
    with pytest.raises(Refused, match="protected"):
        place.apply()
    place.write(MOVED)
    place.send("PUT", "/_ilm/policy/p-policy", {"policy": {"phases": {"delete": {"actions": {"delete": {}}}}}})
    with pytest.raises(Refused, match="`--force` moves it all the same"):
        place.apply()
    assert place.apply(force=True).failed == ()


def test_what_moved_and_is_still_written_is_an_error(place):
    place.write(
        RESOURCES + "\n---\nkind: ilm-policy\nid: n\nmoved_from: ilm-policy/p-policy\nspec: {policy: {phases: {}}}"
    )
    with pytest.raises(EsctlError, match="still written in mappings/all.yaml:2"):
        place.plan()


def test_the_documents_of_an_index_move_with_it(place):
    place.send("PUT", "/p-index/_doc/1", {"a": "x"})
    place.send("POST", "/p-index/_refresh")
    place.write(INDEX)
    with pytest.raises(Refused, match="--allow replace"):
        place.apply()
    done = place.apply(allow=["replace", "alias", "irreversible"])
    assert done.failed == (), [o.reason for o in done.failed]
    assert place.send("GET", "/p-new-index/_count")["count"] == 1
    assert Address("index", "p-index") not in remembered(place)
    assert exit_code(place.plan()) == 0
