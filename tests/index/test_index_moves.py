"""Documents move to a new index behind an alias: what is said, what is asked for, what stays, what stands in the way."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from moving_place import Place

from esctl.apply.reindex import carry_out
from esctl.cluster import WRITING
from esctl.errors import EsctlError, Refused
from esctl.model import Action, Change, Consequence, Request, Response
from esctl.plan import counts, exit_code

if TYPE_CHECKING:
    from pathlib import Path

    from esctl.sandbox.server import Sandbox

PICS = """
kind: index
id: pics
spec:
  settings: {number_of_shards: 1}
  mappings: {properties: {n: {type: keyword}}}
"""
AS_LONG = PICS.replace("n: {type: keyword}", "n: {type: long}")
NUMBERS = {str(n): {"n": str(n)} for n in range(4)}


@pytest.fixture
def place(tmp_path: Path, fresh_sandbox: Sandbox) -> Place:
    """A project whose index `pics` holds four documents."""
    place = Place(tmp_path / "project", fresh_sandbox)
    place.write(PICS)
    place.apply()
    place.fill("pics", NUMBERS)
    return place


def change_of(place: Place) -> Change:
    (change,) = (c for c in place.plan().changes if c.action is not Action.NONE)
    return change


def test_the_plan_says_how_much_moves_where_in_one_request(place: Place) -> None:
    place.write(AS_LONG)
    change = change_of(place)
    assert (change.action, change.consequence) == (Action.REPLACE, Consequence.REINDEX)
    assert change.words.splitlines()[:3] == [
        "mappings.properties.n.type keyword → long cannot change in place",
        "reindexes 4 documents (40 bytes) into pics-v2, then swaps",
        "pics becomes an alias of it: reads and writes go on by that name",
    ]
    log = (place.sandbox.data / "access.log").read_text().splitlines()
    assert sum("_stats" in line and "esctl" not in line for line in log) == 1
    assert exit_code(place.plan()) == 2 and counts(place.plan())["replace"] == 1


@pytest.mark.parametrize(
    ("allow", "missing"),
    [((), "(?s)--allow replace.*--allow alias"), (("alias",), "--allow replace"), (("replace",), "--allow alias")],
)
def test_it_happens_only_when_it_was_asked_for(place: Place, allow: tuple[str, ...], missing: str) -> None:
    place.write(AS_LONG)
    with pytest.raises(Refused, match=missing):
        place.apply(allow=allow)
    assert list(place.send("GET", "/pics*")) == ["pics"]


def test_protected_is_not_moved(place: Place) -> None:
    place.write(AS_LONG.replace("id: pics", "id: pics\nprotect: true"))
    with pytest.raises(Refused, match="protected"):
        place.apply()


def test_behind_an_alias_the_next_move_needs_no_second_word_and_keeps_counting(place: Place) -> None:
    place.write(AS_LONG)
    place.apply()
    place.write(PICS.replace("n: {type: keyword}", "n: {type: integer}"))
    assert "reindexes 4 documents" in change_of(place).words
    place.apply(allow=("replace",))
    assert list(place.send("GET", "/pics")) == ["pics-v3"]
    assert set(place.send("GET", "/pics*")) == {"pics-v1", "pics-v2", "pics-v3"}
    assert place.documents("pics") == NUMBERS
    assert exit_code(place.plan()) == 0


def test_behind_an_alias_changes_in_place_reach_the_index_itself(place: Place) -> None:
    place.write(AS_LONG)
    place.apply()
    more = AS_LONG.replace("number_of_shards: 1", "number_of_shards: 1, refresh_interval: 7s").replace(
        "n: {type: long}", "n: {type: long}, m: {type: date}"
    )
    place.write(more + "  aliases: {by-the-way: {}}\n")
    place.apply(allow=())
    ((name, body),) = place.send("GET", "/pics").items()
    assert name == "pics-v2" and body["settings"]["index"]["refresh_interval"] == "7s"
    assert body["mappings"]["properties"]["m"] == {"type": "date"}
    assert set(body["aliases"]) == {"pics", "by-the-way"}
    assert body["mappings"]["_meta"]["esctl"]["moved"]["from"] == "pics-v1"  # the mark outlives the write
    place.write(AS_LONG)
    place.apply(allow=())
    ((_, body),) = place.send("GET", "/pics").items()
    assert "refresh_interval" not in body["settings"]["index"] and set(body["aliases"]) == {"pics"}
    assert exit_code(place.plan()) == 0


def test_an_empty_index_is_made_anew(tmp_path: Path, fresh_sandbox: Sandbox) -> None:
    place = Place(tmp_path / "project", fresh_sandbox)
    place.write(PICS)
    place.apply()
    place.send("PUT", "/pics/_mapping", {"properties": {"theirs": {"type": "ip"}}})
    place.write(AS_LONG)
    assert change_of(place).words.splitlines()[-1] == "it is empty: is made anew"
    place.apply(allow=("replace",))
    found = place.send("GET", "/pics*")
    assert list(found) == ["pics"]
    assert found["pics"]["mappings"]["properties"] == {"n": {"type": "long"}, "theirs": {"type": "ip"}}
    assert "moved" not in found["pics"]["mappings"]["_meta"]["esctl"]
    assert exit_code(place.plan()) == 0


def test_what_was_empty_when_it_was_planned_is_looked_at_again(tmp_path: Path, fresh_sandbox: Sandbox) -> None:
    place = Place(tmp_path / "project", fresh_sandbox)
    place.write(PICS)
    place.apply()
    place.write(AS_LONG)
    done = place.apply(during=lambda cluster: place.fill("pics", NUMBERS))
    assert "pics holds 4 documents by now" in done.failed[0].reason
    assert place.documents("pics") == NUMBERS
    place.fill("pics", {"more": {"n": "1"}})  # it is not blocked


def test_what_others_set_and_mapped_comes_along(place: Place) -> None:
    place.send(
        "PUT",
        "/pics/_mapping",
        {"_meta": {"esctl": {"project": "moving"}, "by": "them"}, "properties": {"t": {"type": "text"}}},
    )
    place.send("PUT", "/pics/_settings", {"index.refresh_interval": "9s"})
    place.send("POST", "/_aliases", {"actions": [{"add": {"index": "pics", "alias": "routed", "routing": "1"}}]})
    place.write(AS_LONG)
    place.apply()
    ((_, body),) = place.send("GET", "/pics").items()
    assert body["mappings"]["properties"] == {"n": {"type": "long"}, "t": {"type": "text"}}
    assert body["mappings"]["_meta"]["by"] == "them"
    assert body["settings"]["index"]["refresh_interval"] == "9s"
    assert body["aliases"] == {"pics": {}, "routed": {"index_routing": "1", "search_routing": "1"}}
    assert "blocks" not in body["settings"]["index"]


def test_pipelines_do_not_see_documents_twice_and_are_there_afterwards(place: Place) -> None:
    place.send("PUT", "/_ingest/pipeline/stamp", {"processors": [{"set": {"field": "seen", "value": True}}]})
    place.send("PUT", "/pics/_settings", {"index.default_pipeline": "stamp", "index.final_pipeline": "stamp"})
    place.write(AS_LONG)
    place.apply()
    assert place.documents("pics") == NUMBERS
    ((_, body),) = place.send("GET", "/pics").items()
    settings = body["settings"]["index"]
    assert (settings["default_pipeline"], settings["final_pipeline"]) == ("stamp", "stamp")


def test_aliases_of_a_template_do_not_show_documents_twice(place: Place) -> None:
    template = {"index_patterns": ["pics-*"], "template": {"aliases": {"everything": {}}}}
    place.send("PUT", "/_index_template/t", template)
    place.send("POST", "/_aliases", {"actions": [{"add": {"index": "pics", "alias": "everything"}}]})
    seen: list[int] = []

    def told(event: Any) -> None:
        if event.state == "running":
            seen.append(place.send("GET", "/everything/_count")["count"])

    place.write(AS_LONG)
    place.apply(on_event=told)
    assert seen and set(seen) == {4}
    assert place.send("GET", "/everything/_count")["count"] == 4


def test_documents_that_cannot_be_copied_are_named_and_nothing_moves(place: Place) -> None:
    place.fill("pics", {"bad": {"n": "seven"}})
    place.write(AS_LONG)
    (outcome,) = place.apply().failed
    assert outcome.reason.startswith("documents could not be copied: bad: ") and "seven" in outcome.reason
    assert outcome.reason.endswith("nothing was moved, pics is as it was")
    assert list(place.send("GET", "/pics*")) == ["pics"]
    place.fill("pics", {"bad": {"n": "7"}})  # it is not blocked any more
    assert not place.apply().failed
    assert place.documents("pics") == {**NUMBERS, "bad": {"n": "7"}}


def test_a_name_that_is_taken_stands_in_the_way(place: Place) -> None:
    place.write(AS_LONG)
    for name in ("pics-v2", "pics-v1"):
        place.send("PUT", f"/{name}")
        (outcome,) = place.apply().failed
        assert f"{name} is there already, and not from an earlier try" in outcome.reason
        place.send("DELETE", f"/{name}")
        place.fill("pics", NUMBERS)  # nothing was blocked
    assert not place.apply().failed


def test_two_indices_behind_the_alias_are_refused(place: Place) -> None:
    place.write(AS_LONG)
    place.apply()
    place.send("POST", "/_aliases", {"actions": [{"add": {"index": "pics-v1", "alias": "pics"}}]})
    with pytest.raises(EsctlError, match=r"index/pics is an alias of several indices \(pics-v1, pics-v2\)"):
        place.plan()


def test_a_block_that_was_lifted_meanwhile_ends_the_move(place: Place) -> None:
    place.write(AS_LONG)

    def lift(event: Any) -> None:
        if event.state == "running":
            place.send("PUT", "/pics/_settings", {"index.blocks.write": None})

    (outcome,) = place.apply(on_event=lift).failed
    assert "write block of pics was lifted" in outcome.reason
    assert list(place.send("GET", "/pics*")) == ["pics"]


@pytest.mark.parametrize(
    ("mapping", "settings", "why"),
    [
        ("_source: {enabled: false}, ", "", "keeps no _source"),
        ("_source: {excludes: [m]}, ", "", "leaves fields out"),
        ("", "index.mapping.source.mode: synthetic", "is synthetic"),
    ],
)
def test_what_was_not_kept_cannot_be_moved(place: Place, mapping: str, settings: str, why: str) -> None:
    text = PICS.replace("id: pics", "id: lost").replace("mappings: {", f"mappings: {{{mapping}")
    text = text.replace("number_of_shards: 1", settings or "number_of_shards: 1")
    place.write(text)
    place.apply()
    place.write(text.replace("n: {type: keyword}", "n: {type: long}"))
    change = next(c for c in place.plan().changes if c.address.id == "lost")
    assert change.consequence is Consequence.IRREVERSIBLE and why in change.words


def test_an_alias_that_is_no_longer_written_does_not_come_along(place: Place) -> None:
    place.write(PICS + "  aliases: {old: {}, stays: {}}\n")
    place.apply()
    place.write(AS_LONG + "  aliases: {stays: {}}\n")
    place.apply()
    ((_, body),) = place.send("GET", "/pics").items()
    assert set(body["aliases"]) == {"pics", "stays"}


def test_throttled(place: Place) -> None:
    from esctl.apply.measure import throttled

    place.write(AS_LONG)
    plan = throttled(place.plan(), 2.5)
    assert "copies at most 2.5 documents a second: 2 s" in plan.changes[0].words
    place.apply(change=lambda made: throttled(made, 2.5))
    log = (place.sandbox.data / "access.log").read_text()
    assert "POST /_reindex?wait_for_completion=false&slices=auto&requests_per_second=2.5" in log
    with pytest.raises(EsctlError, match="more than 0"):
        throttled(plan, 0)


def test_a_second_run_follows_the_task_of_the_first(place: Place) -> None:
    """The task goes on in the server when the first run is gone: it is not started again."""
    place.fill("pics", {f"more-{n}": {"n": "1"} for n in range(1200)})
    place.write(AS_LONG)
    from esctl.apply.measure import throttled

    class Gone(BaseException):
        pass

    def die(event: Any) -> None:
        if event.state == "running":
            raise Gone

    with pytest.raises(Gone):
        place.apply(on_event=die, change=lambda plan: throttled(plan, 1000))
    done = place.apply()
    assert not done.failed
    log = (place.sandbox.data / "access.log").read_text()
    assert log.count("POST /_reindex?") == 1
    assert len(place.documents("pics")) == 1204


def test_a_task_that_its_node_lost_is_started_again(place: Place) -> None:
    place.write(AS_LONG)
    change = change_of(place)
    invocation = place.invocation()
    started: list[str] = []

    class Forgetful:
        """Says once that it knows no such task."""

        def __init__(self, sender: Any) -> None:
            self.sender, self.forgot = sender, False

        def send(self, request: Request, *, accept: Any = ()) -> Response:
            if request.path == "/_reindex":
                started.append(request.path)
            if request.path.startswith("/_tasks/") and not self.forgot:
                self.forgot = True
                return Response(404, {"error": {"type": "resource_not_found_exception"}, "status": 404})
            response: Response = self.sender.send(request, accept=accept)
            return response

    class Held:
        def check(self) -> None:
            pass

    with invocation.cluster(WRITING) as cluster:
        carry_out(change, Forgetful(cluster), Held())
    assert len(started) == 2
    assert place.documents("pics") == NUMBERS and list(place.send("GET", "/pics")) == ["pics-v2"]


def test_what_a_frozen_plan_holds_is_all_that_a_move_needs(place: Place) -> None:
    place.write(AS_LONG)
    change = change_of(place)
    assert change.reindex is not None
    assert json.loads(json.dumps(change.reindex.body)) == change.reindex.body
    assert replace(change.reindex) == change.reindex


RENAMED = AS_LONG.replace("id: pics", "id: photos\nmoved_from: index/pics")


def test_a_renamed_index_takes_its_documents_and_aliases_along(place: Place) -> None:
    place.send("POST", "/_aliases", {"actions": [{"add": {"index": "pics", "alias": "theirs"}}]})
    place.write(RENAMED)
    (change,) = (c for c in place.plan().changes if c.action is not Action.NONE)
    assert "reindexes 4 documents (40 bytes) into photos" in change.words
    done = place.apply()
    assert not done.failed
    assert place.documents("photos") == NUMBERS
    assert place.documents("theirs") == NUMBERS
    assert list(place.send("GET", "/theirs")) == ["photos"]
    assert exit_code(place.plan()) == 0
    found = place.send("GET", "/pics")["pics"]  # kept, and not written to unnoticed
    assert found["settings"]["index"]["blocks"] == {"write": "true"}


def test_an_alias_of_its_own_follows_the_index(place: Place) -> None:
    """`alias/catalogue` names the index by its resource, wherever its documents are."""
    alias = "---\nkind: alias\nid: catalogue\nspec: {indices: {pics: {is_write_index: true}}}\n"
    place.write(PICS + alias)
    place.apply()
    place.write(AS_LONG + alias)
    place.apply()
    assert list(place.send("GET", "/catalogue")) == ["pics-v2"]
    assert exit_code(place.plan()) == 0
    place.write(AS_LONG + alias.replace("is_write_index: true", "filter: {term: {n: 1}}"))
    place.apply()
    assert place.send("GET", "/catalogue")["pics-v2"]["aliases"]["catalogue"] == {"filter": {"term": {"n": 1}}}
    assert exit_code(place.plan()) == 0


ALIAS = "---\nkind: alias\nid: pictures\nspec: {indices: {pics: {%s}}}\n"


def held(place: Place) -> dict[str, Any]:
    """Index → options of the alias `pictures`."""
    return {name: body["aliases"]["pictures"] for name, body in place.send("GET", "/_alias/pictures").items()}


@pytest.mark.parametrize("empty", [False, True], ids=["with documents", "empty"])
def test_a_new_alias_of_an_index_that_moves_in_the_same_apply(place: Place, empty: bool) -> None:
    for id in NUMBERS if empty else ():
        place.send("DELETE", f"/pics/_doc/{id}?refresh=true")
    place.write(AS_LONG + ALIAS % "")
    done = place.apply()
    assert [(str(o.change.address), o.reason) for o in done.failed] == []
    assert held(place) == {"pics" if empty else "pics-v2": {}}
    assert exit_code(place.plan()) == 0


@pytest.mark.parametrize("elsewhere", [False, True], ids=["of the project", "made elsewhere"])
def test_an_alias_of_an_index_that_has_moved_is_made_changed_and_taken_away(
    place: Place, elsewhere: bool, tmp_path: Path
) -> None:
    place.write(AS_LONG)
    place.apply()
    moved = AS_LONG
    if elsewhere:
        place, moved = Place(tmp_path / "other", place.sandbox, "other"), ""
    for options, expected in (("", {}), ("is_write_index: true", {"is_write_index": True})):
        place.write(moved + ALIAS % options)
        assert [(str(o.change.address), o.reason) for o in place.apply().failed] == []
        assert held(place) == {"pics-v2": expected}
        assert exit_code(place.plan()) == 0
    if not elsewhere:  # changed in the apply in which the index moves once more
        place.write(AS_LONG.replace("long", "double") + ALIAS % "is_write_index: false")
        assert [(str(o.change.address), o.reason) for o in place.apply().failed] == []
        assert held(place) == {"pics-v3": {"is_write_index": False}}
        assert exit_code(place.plan()) == 0
