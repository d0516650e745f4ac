"""Seed documents that are there before their set was ever applied: the same table of truth as for anything else."""

import pytest
from place import Place

from esctl.cluster.ledger import INDEX
from esctl.errors import Refused
from esctl.model import Action, Cause
from esctl.plan import exit_code

SET = """
kind: index
id: s-one
spec: {}
---
kind: documents
id: seed
spec:
  index: s-one
  documents:
  - {_id: "1", a: 1}
  - {_id: "2", a: 2}
"""


def there(tmp_path, sandbox, *documents, text=SET):
    place = Place(tmp_path / "p", sandbox, text=text)
    place.send("PUT", "/s-one")
    for id, source in documents:
        place.send("PUT", f"/s-one/_doc/{id}?refresh=true", source)
    return place


def seed(plan):
    return next(change for change in plan.changes if change.address.kind == "documents")


def test_equal_documents_are_adopted_without_a_write_and_without_a_word(tmp_path, fresh_sandbox):
    place = there(tmp_path, fresh_sandbox, ("1", {"a": 1}), ("2", {"a": 2}))
    plan = place.plan()
    assert (seed(plan).action, seed(plan).cause) == (Action.ADOPT, Cause.ADOPT)
    place.apply(plan)
    assert place.send("GET", "/s-one/_doc/1")["_version"] == 1
    assert exit_code(place.plan()) == 0 and place.apply().outcomes == ()
    place.write(SET.replace('  - {_id: "2", a: 2}\n', ""))
    place.apply()
    assert place.send("GET", "/s-one/_doc/2", accept=(404,))["found"] is False  # it is the project's now


def test_a_lost_ledger_is_made_good_by_adopt(tmp_path, fresh_sandbox):
    place = Place(tmp_path / "p", fresh_sandbox, text=SET)
    place.apply()
    place.send("DELETE", f"/{INDEX}")
    code, said = place.type("adopt", "--all", "--yes")
    assert code == 0, said
    assert exit_code(place.plan()) == 0


def test_other_documents_are_somebody_elses_until_adopted(tmp_path, fresh_sandbox):
    place = there(tmp_path, fresh_sandbox, ("1", {"a": 1}), ("2", {"a": 9}))
    change = seed(place.plan())
    assert (change.action, change.cause) == (Action.UNDECIDED, Cause.FOREIGN) and "--adopt" in change.words
    with pytest.raises(Refused):
        place.apply()
    assert place.send("GET", "/s-one/_doc/2")["_source"] == {"a": 9}
    place.apply(adopt=["documents/*"])
    assert place.send("GET", "/s-one/_doc/2")["_source"] == {"a": 2}
    assert place.send("GET", "/s-one/_doc/1")["_version"] == 1
    assert exit_code(place.plan()) == 0


def test_where_some_are_there_and_equal_the_rest_is_written(tmp_path, fresh_sandbox):
    place = there(tmp_path, fresh_sandbox, ("1", {"a": 1}))
    change = seed(place.plan())
    assert change.action is Action.UPDATE and "1 document new (2)" in change.words and "cut off" not in change.words
    place.apply()
    assert place.send("GET", "/s-one/_doc/1")["_version"] == 1
    assert exit_code(place.plan()) == 0


def test_overwrite_takes_others_over_as_before(tmp_path, fresh_sandbox):
    place = there(tmp_path, fresh_sandbox, ("1", {"a": 0}), text=SET.replace("  index:", "  overwrite: true\n  index:"))
    assert seed(place.plan()).action is Action.CREATE
    place.apply()
    assert exit_code(place.plan()) == 0


def test_what_came_after_the_plan_is_told(tmp_path, fresh_sandbox):
    place = there(tmp_path, fresh_sandbox)
    plan = place.plan()
    place.send("PUT", "/s-one/_doc/1?refresh=true", {"a": 9})
    with pytest.raises(Refused, match="was made on the server since the plan was made"):
        place.apply(plan)


def test_all_sets_are_looked_for_by_one_request(tmp_path, fresh_sandbox):
    sets = "".join(
        f"---\nkind: documents\nid: s{n}\nspec: {{index: s-one, documents: [{{_id: 'x{n}'}}]}}\n" for n in range(9)
    )
    place = there(tmp_path, fresh_sandbox, text=SET)
    before = place.plan().requests
    place.write(SET + sets)
    assert place.plan().requests == before
