"""Seed documents: only those written here, by content; what somebody else does to them is seen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_project import SmallProject

from esctl.errors import Refused
from esctl.kinds import registry, seed_files
from esctl.kinds.documents import BATCH
from esctl.model import Action, Address, Capabilities, Cause, Request, Response
from esctl.plan import exit_code

INDEX = "kind: index\nid: cities\nspec: {mappings: {properties: {name: {type: keyword}, people: {type: long}}}}\n---\n"
TWO = (
    INDEX + "kind: documents\nid: cities\nspec:\n  index: cities\n  documents:\n"
    "    - {_id: b, name: Berlin, people: 3}\n    - {_id: p, name: Paris, people: 2}\n"
)
ONE = TWO.replace("    - {_id: p, name: Paris, people: 2}\n", "")


def stored(project: SmallProject, id: str) -> dict[str, object] | None:
    source = project.send("GET", f"/cities/_doc/{id}").get("_source")
    return source if isinstance(source, dict) else None


@pytest.mark.parametrize("sandbox_version", ["9.5", "8.19"], indirect=True)
def test_a_document_taken_out_is_deleted_and_others_stay(project: SmallProject) -> None:
    project.write(TWO)
    assert not project.apply().failed
    project.send("PUT", "/cities/_doc/rome?refresh=true", {"name": "Rome"})
    assert exit_code(project.plan()) == 0
    project.write(ONE)
    change = project.change("documents/cities")
    assert change.action is Action.UPDATE
    assert "- 1 document no longer written: deleted (p)" in change.words
    assert not project.apply().failed
    assert stored(project, "p") is None
    assert stored(project, "rome") == {"name": "Rome"}
    assert exit_code(project.plan()) == 0


def test_a_change_by_hand_is_drift_and_put_back(project: SmallProject) -> None:
    project.write(TWO)
    project.apply()
    project.send("PUT", "/cities/_doc/b?refresh=true", {"name": "Bonn"})
    change = project.change("documents/cities")
    assert change.cause is Cause.DRIFTED
    assert "~ 1 document changed (b)" in change.words
    assert not project.apply().failed
    assert stored(project, "b") == {"name": "Berlin", "people": 3}
    assert exit_code(project.plan()) == 0


def test_a_document_deleted_by_hand_is_made_again(project: SmallProject) -> None:
    project.write(TWO)
    project.apply()
    project.send("DELETE", "/cities/_doc/b?refresh=true")
    assert project.change("documents/cities").cause is Cause.DRIFTED
    project.apply()
    assert stored(project, "b") == {"name": "Berlin", "people": 3}


def test_the_same_content_written_again_is_no_change(project: SmallProject) -> None:
    project.write(TWO)
    project.apply()
    project.send("PUT", "/cities/_doc/b?refresh=true", {"people": 3, "name": "Berlin"})
    assert exit_code(project.plan()) == 0


def test_somebody_elses_document_is_not_overwritten_until_told(project: SmallProject) -> None:
    project.write(INDEX)
    project.apply()
    project.send("PUT", "/cities/_doc/b?refresh=true", {"name": "mine"})
    project.write(TWO)
    with pytest.raises(Refused, match="documents/cities: already there, different, and not this project's"):
        project.apply()
    assert (stored(project, "b"), stored(project, "p")) == ({"name": "mine"}, None)
    project.write(TWO.replace("index: cities\n  documents", "index: cities\n  overwrite: true\n  documents"))
    assert not project.apply().failed
    assert stored(project, "b") == {"name": "Berlin", "people": 3}
    assert exit_code(project.plan()) == 0


def test_after_a_refused_document_a_second_run_ends_it(project: SmallProject) -> None:
    project.write(TWO)
    project.apply()
    project.write(TWO.replace("people: 2", "people: many").replace("people: 3", "people: 4"))
    (failed,) = project.apply().failed
    assert 'document "p"' in failed.reason
    project.write(TWO.replace("people: 3", "people: 4"))
    change = project.change("documents/cities")
    assert change.action is Action.UPDATE, change.words
    assert not project.apply().failed
    assert stored(project, "b") == {"name": "Berlin", "people": 4}
    assert exit_code(project.plan()) == 0


def test_through_a_pipeline_what_it_adds_is_no_drift_and_an_edit_is(project: SmallProject) -> None:
    pipeline = "kind: ingest-pipeline\nid: loud\nspec: {processors: [{uppercase: {field: name}}]}\n---\n"
    project.write(pipeline + TWO.replace("index: cities\n  documents", "index: cities\n  pipeline: loud\n  documents"))
    assert not project.apply().failed
    assert stored(project, "b") == {"name": "BERLIN", "people": 3}
    assert exit_code(project.plan()) == 0
    project.send("PUT", "/cities/_doc/b?refresh=true", {"name": "BONN"})
    change = project.change("documents/cities")
    assert change.cause is Cause.DRIFTED
    assert "~ 1 document changed (b)" in change.words
    project.apply()
    assert stored(project, "b") == {"name": "BERLIN", "people": 3}


def test_prune_deletes_the_documents_and_nothing_else(project: SmallProject) -> None:
    project.write(TWO)
    project.apply()
    project.send("PUT", "/cities/_doc/rome?refresh=true", {"name": "Rome"})
    project.write(INDEX)
    assert "2 documents written from here: deleted" in project.change("documents/cities", prune=True).words
    assert not project.apply(prune=True).failed
    assert [stored(project, id) for id in ("b", "p", "rome")] == [None, None, {"name": "Rome"}]
    assert len(project.plan().changes) == 1


def test_ndjson_and_csv_from_files(project: SmallProject) -> None:
    lines = [{"_id": n, "name": f"n{n}", "people": n} for n in range(3)]
    folder = Path(project.root)
    (folder / "three.ndjson").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    (folder / "two.csv").write_text("_id;name;people:long\nx;X;7\ny;;\n", encoding="utf-8")
    project.write(
        INDEX + "kind: documents\nid: nd\nspec: {index: cities, ndjson: {$file: three.ndjson}}\n---\n"
        'kind: documents\nid: csv\nspec: {index: cities, delimiter: ";", csv: {$file: two.csv}}\n'
    )
    assert not project.apply().failed
    assert stored(project, "2") == {"name": "n2", "people": 2}
    assert stored(project, "x") == {"name": "X", "people": 7}
    assert stored(project, "y") == {}
    assert exit_code(project.plan()) == 0


class Counting:
    """Answers `_mget` from a dictionary, and counts."""

    def __init__(self, documents: dict[tuple[str, str], object]) -> None:
        self.documents, self.requests = documents, 0

    def send(self, request: Request, *, accept: object = ()) -> Response:
        self.requests += 1
        docs = []
        for one in request.body["docs"]:
            source = self.documents.get((one["_index"], one["_id"]))
            docs.append({**one, "found": source is not None, "_source": source})
        return Response(200, {"docs": docs})


def test_ten_thousand_unchanged_documents_cost_three_requests() -> None:
    kind = registry()["documents"]
    documents = {str(n): {"n": n} for n in range(2 * BATCH)}
    body = {"index": "many", "documents": documents}
    wanted = kind.normalise(body, Capabilities())
    held: dict[tuple[str, str], object] = {("many", id): source for id, source in documents.items()}
    held["esctl-ledger", "documents:many"] = {"body": {"index": "many", "written": wanted["documents"]}}
    sender = Counting(held)
    address = Address("documents", "many")
    live = kind.read(sender, [address], Capabilities())[address]
    assert kind.normalise(live.body, Capabilities()) == wanted
    assert sender.requests == 3


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("_id,n:long\na,x\n", 'line 2: "x" in column "n" is no long'),
        ("_id,n:lon\na,1\n", 'column "n": there is no type "lon"; did you mean "long"?'),
        ("_id,n:double\na,nan\n", 'line 2: "nan" in column "n" is no double'),
        ("_id,n:float\na,-Infinity\n", 'line 2: "-Infinity" in column "n" is no float'),
        ("_id,n:long\na,1_000\n", 'line 2: "1_000" in column "n" is no long'),
        ("_id,n:json\na,[NaN]\n", 'line 2: "[NaN]" in column "n" is no json'),
        ("_id,n\na\n", "line 2 has 1 cells, the header has 2"),
        ("n\n1\n", "document 2 has no _id; or name the field that stands for it: id_field"),
        ("_id,n\na,1\na,2\n", 'document 3: the _id "a" was there already, at 2'),
        ("_id,n,n\na,1,2\n", 'two columns are called "n"'),
        ("", "the CSV has no header; the first line names the fields: _id,name,population:long"),
    ],
)
def test_what_is_wrong_in_a_csv(text: str, problem: str) -> None:
    told: list[str] = []
    seed_files.from_csv(
        text, ",", None, lambda message, line, hint: told.append(f"{message}; {hint}" if hint else message)
    )
    assert problem in told


def test_a_line_of_ndjson_ends_where_json_says() -> None:
    told: list[str] = []
    text = '{"_id": "a", "name": "one\u2028two\u0085three"}\r\n{"_id": "b"}\r\n'
    found = seed_files.from_ndjson(text, None, lambda message, line, hint: told.append(message))
    assert told == [] and found == {"a": {"name": "one\u2028two\u0085three"}, "b": {}}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"_id": "a"', "line 1 is no JSON"),
        ('{"_id": "a", "n": NaN}', "line 1 is no JSON: NaN is no number of JSON"),
        ("[1]", "document 1 is no object"),
        ('{"n": 1}', "document 1 has no _id"),
        ('{"_id": true}', "document 1 has no _id"),
        ('{"_id": "a", "_routing": 1}', "document 1: _routing is no field of a document"),
    ],
)
def test_what_is_wrong_in_ndjson(text: str, problem: str) -> None:
    told: list[str] = []
    seed_files.from_ndjson(text, None, lambda message, line, hint: told.append(message))
    assert told
    assert told[0].startswith(problem)
