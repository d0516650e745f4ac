"""A move killed at every single request: a second apply finishes it or takes it back, and no document is lost."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from moving_place import Place, ask

from esctl.errors import Refused
from esctl.plan import exit_code

if TYPE_CHECKING:
    from pathlib import Path

    from esctl.sandbox.server import Sandbox

FIRST = """
kind: index
id: {id}
spec:
  aliases: {{all-{id}: {{filter: {{term: {{a: x}}}}}}}}
  mappings: {{dynamic: false, properties: {{a: {{type: keyword}}, n: {{type: keyword}}}}}}
"""
AS_LONG, AS_INTEGER = (FIRST.replace("n: {{type: keyword}}", f"n: {{{{type: {t}}}}}") for t in ("long", "integer"))
DOCUMENTS = {str(n): {"a": "x" if n % 2 else "y", "n": str(n)} for n in range(6)}


def made(tmp_path: Path, sandbox: Sandbox, id: str, *, moved: bool) -> Place:
    """A project with one filled index; `moved`: it stands behind an alias already."""
    place = Place(tmp_path / id, sandbox, name=f"p-{id}")
    place.write(FIRST.format(id=id))
    place.apply()
    place.fill(id, DOCUMENTS)
    place.send(
        "POST", "/_aliases", {"actions": [{"add": {"index": id, "alias": f"theirs-{id}", "is_write_index": True}}]}
    )
    if moved:
        place.write(AS_INTEGER.format(id=id))
        place.apply()
    return place


def check(place: Place, id: str, kind: str) -> None:
    """Everything is there once, under every name, in the form that was written, and can be written to."""
    assert place.documents(id) == DOCUMENTS
    assert place.documents(f"theirs-{id}") == DOCUMENTS
    ((name, body),) = place.send("GET", f"/{id}").items()
    assert body["mappings"]["properties"]["n"] == {"type": kind}
    assert "moving" not in body["mappings"]["_meta"]["esctl"]
    assert body["aliases"][f"theirs-{id}"] == {"is_write_index": True}
    assert body["aliases"][f"all-{id}"] == {"filter": {"term": {"a": "x"}}}
    place.send("PUT", f"/{id}/_doc/new", {"a": "x", "n": "7"})
    place.send("DELETE", f"/{id}/_doc/new")
    assert exit_code(place.plan()) == 0
    others = {n for n in place.send("GET", f"/{id}*") if n != name}
    for other in others:  # what is kept has the documents, too, and nobody looks at it by a name of the project
        assert place.documents(other) == DOCUMENTS
        assert not place.send("GET", f"/{other}")[other]["aliases"]


@pytest.mark.parametrize("moved", [False, True], ids=["a plain index", "behind an alias"])
@pytest.mark.parametrize("then", ["finished", "taken back", "otherwise"])
def test_killed_at_every_request(tmp_path: Path, fresh_sandbox: Sandbox, moved: bool, then: str) -> None:
    """Killed before an answer is read: for the server that is the same as before the next request is sent."""
    at, before = 1, "integer" if moved else "keyword"
    while True:
        id = f"k{at}"
        place = made(tmp_path, fresh_sandbox, id, moved=moved)
        written = place.root.joinpath("mappings", "index.yaml").read_text()
        place.write(AS_LONG.format(id=id))
        sent = place.killed(at)
        if sent is not None:
            break
        # Whatever was reached, everyone who reads sees all documents, once.
        assert place.documents(id) == DOCUMENTS
        if then == "finished":
            done = place.apply()
            assert not done.failed
            check(place, id, "long")
        elif then == "taken back":
            place.write(written)
            done = place.apply()
            assert not done.failed
            check(place, id, before)
        else:
            place.write(FIRST.replace("n: {{type: keyword}}", "n: {{type: short}}").format(id=id))
            try:
                done = place.apply()
            except Refused as refusal:  # swapped and not remembered: changed here and there, so one has to be told
                assert "--overwrite" in str(refusal)
                assert place.documents(id) == DOCUMENTS
                done = place.apply(overwrite=["index/*"])
            if done.failed:  # completed, and perhaps swapped once: said, and nothing is touched
                (outcome,) = done.failed
                assert "was completed by an earlier run" in outcome.reason and moved
                assert place.documents(id) == DOCUMENTS
            else:
                check(place, id, "short")
        at += 1
    assert at > 25, "there are fewer requests than a move has steps"


def test_a_writer_that_waits_for_the_block_loses_nothing(tmp_path: Path, fresh_sandbox: Sandbox) -> None:
    place = made(tmp_path, fresh_sandbox, "busy", moved=False)
    acknowledged: dict[str, Any] = dict(DOCUMENTS)
    refused: list[str] = []
    ended = threading.Event()

    def write() -> None:
        n = 100
        while not ended.is_set():
            source = {"a": "x", "n": str(n)}
            status, answer = ask(fresh_sandbox.elasticsearch_url, "PUT", f"/busy/_doc/{n}", source)
            if status in (200, 201):
                acknowledged[str(n)] = source
                n += 1
            else:
                refused.append(answer["error"]["type"])
                time.sleep(0.002)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for at, form in (
            (16, AS_LONG),
            (22, AS_LONG),
            (99, AS_LONG),
            (20, AS_INTEGER),
            (30, AS_INTEGER),
            (99, AS_INTEGER),
        ):
            place.write(form.format(id="busy"))
            place.killed(at)
            time.sleep(0.05)
    finally:
        time.sleep(0.1)
        ended.set()
        writer.join()
    assert set(refused) == {"cluster_block_exception"}
    assert len(acknowledged) > 50
    assert place.documents("busy") == acknowledged
    assert exit_code(place.plan()) == 0


@pytest.mark.parametrize("then", ["finished", "taken back"])
def test_a_renaming_killed_at_every_request(tmp_path: Path, fresh_sandbox: Sandbox, then: str) -> None:
    at = 1
    while True:
        old, new = f"old{at}", f"new{at}"
        place = made(tmp_path, fresh_sandbox, old, moved=False)
        written = place.root.joinpath("mappings", "index.yaml").read_text()
        place.write(written.replace(f"id: {old}", f"id: {new}\nmoved_from: index/{old}"))
        if place.killed(at) is not None:
            break
        assert place.documents(f"theirs-{old}") == DOCUMENTS
        begun = place.send("GET", f"/{old}")[old]["mappings"]["_meta"]["esctl"]
        if then == "finished" or "kept" in begun:
            assert not place.apply().failed
            assert place.documents(new) == DOCUMENTS == place.documents(f"theirs-{old}")
            assert list(place.send("GET", f"/theirs-{old}")) == [new]
            assert list(place.send("GET", f"/{old}*,{new}*")) == [new, old]  # the old one is kept
        else:
            place.write(written)
            assert not place.apply().failed
            assert place.documents(old) == DOCUMENTS
            place.send("PUT", f"/{old}/_doc/1", DOCUMENTS["1"])
        assert exit_code(place.plan()) == 0
        at += 1
    assert at > 20
