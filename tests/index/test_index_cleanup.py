"""`esctl cleanup`: the old indices of moves are listed, asked about and deleted; nothing else is touched."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from moving_place import Place

from esctl.cli.cleanup import cleanup
from esctl.errors import EsctlError, Refused

if TYPE_CHECKING:
    from pathlib import Path

    from esctl.sandbox.server import Sandbox

INDEX = """
kind: index
id: {id}
spec: {{mappings: {{properties: {{n: {{type: {type}}}}}}}}}
"""


@pytest.fixture
def place(tmp_path: Path, fresh_sandbox: Sandbox) -> Place:
    """Two indices that moved twice, each with two old ones, and others of similar names."""
    place = Place(tmp_path / "project", fresh_sandbox)
    for kind in ("keyword", "long", "integer"):
        place.write("---".join(INDEX.format(id=id, type=kind) for id in ("a", "b")))
        place.apply()
        if kind == "keyword":
            place.fill("a", {"1": {"n": "1"}, "2": {"n": "2"}})
            place.fill("b", {"1": {"n": "1"}})
    place.send("PUT", "/a-v9")
    place.send("PUT", "/a-vectors")
    return place


def names(place: Place) -> set[str]:
    return set(place.send("GET", "/a*,b*"))


def test_all_that_is_kept_is_deleted_when_told(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert names(place) == {"a-v1", "a-v2", "a-v3", "b-v1", "b-v2", "b-v3", "a-v9", "a-vectors"}
    assert cleanup(place.invocation(), yes=True) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0].split() == "a-v1 2 documents 20 bytes kept since a moved into a-v2".split()
    assert told[-1] == "Deleted 4."
    assert names(place) == {"a-v3", "b-v3", "a-v9", "a-vectors"}
    assert place.documents("a") == {"1": {"n": "1"}, "2": {"n": "2"}}
    assert cleanup(place.invocation(), yes=True) == 0
    assert capsys.readouterr().out == "Nothing was left behind.\n"


def test_nothing_is_deleted_unasked(place: Place) -> None:
    before = names(place)
    with pytest.raises(Refused, match="nobody is there to confirm"):
        cleanup(place.invocation())
    assert names(place) == before


def test_only_what_is_named(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    invocation = place.invocation()
    invocation.json = True
    assert cleanup(invocation, ["index/b"], yes=True) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["deleted"] == ["b-v1", "b-v2"]
    assert answer["kept"][0] == {"index": "b-v1", "address": "index/b", "documents": 1, "bytes": 10}
    assert names(place) == {"a-v1", "a-v2", "a-v3", "b-v3", "a-v9", "a-vectors"}
    with pytest.raises(EsctlError, match="names no resource"):
        cleanup(place.invocation(), ["index/c"], yes=True)


def test_one_that_somebody_uses_again_stays(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.send("POST", "/_aliases", {"actions": [{"add": {"index": "a-v2", "alias": "back-then"}}]})
    cleanup(place.invocation(), yes=True)
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["a-v1", "b-v1", "b-v2", "Deleted"]
    assert names(place) == {"a-v2", "a-v3", "b-v3", "a-v9", "a-vectors"}


def test_another_projects_are_not_seen(place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = Place(tmp_path / "other", place.sandbox, name="other")
    other.write(INDEX.format(id="a", type="integer"))
    before = names(place)
    assert cleanup(other.invocation(), yes=True) == 0
    assert capsys.readouterr().out == "Nothing was left behind.\n" and names(place) == before


def test_a_move_under_way_is_left_alone(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.write("---".join(INDEX.format(id=id, type="short") for id in ("a", "b")))
    place.killed(20)
    assert list(place.send("GET", "/a")) == ["a-v3"] and "a-v4" in names(place)
    cleanup(place.invocation(), yes=True)
    assert names(place) == {"a-v3", "a-v4", "b-v3", "a-v9", "a-vectors"}
    assert not place.apply().failed
    assert place.documents("a") == {"1": {"n": "1"}, "2": {"n": "2"}}


def test_an_old_index_of_another_name(tmp_path: Path, fresh_sandbox: Sandbox) -> None:
    place = Place(tmp_path / "project", fresh_sandbox)
    place.write(INDEX.format(id="a", type="keyword"))
    place.apply()
    place.fill("a", {"1": {"n": "1"}})
    place.write(INDEX.format(id="b\nmoved_from: index/a", type="keyword"))
    assert not place.apply().failed
    assert names(place) == {"a", "b"}
    cleanup(place.invocation(), yes=True)
    assert names(place) == {"b"} and place.documents("b") == {"1": {"n": "1"}}
