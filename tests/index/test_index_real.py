"""Moves and changes of indices on real servers.

7.10 has `_reindex` and its tasks; 9.5.3 and 8.19.21 as published lack them, so that there a stand-in copies the
documents: blocks, clones, marks and the swap are the servers' own.
"""

from __future__ import annotations

import base64
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from test_index_matrix import SERVERS, field, pairs, rows, verdicts

from esctl.apply.reindex import carry_out
from esctl.errors import EsctlError, ServerError, Source
from esctl.kinds.base import Context
from esctl.kinds.index import INDEX
from esctl.model import Action, Address, Body, Capabilities, Cause, Change, Reindex, Request, Resource, Response

if TYPE_CHECKING:
    from servers.fixtures import Server

pytestmark = pytest.mark.real

PICS = Address("index", "real-pics")
DOCUMENTS = {str(n): {"n": str(n), "a": "x"} for n in range(2500)}


class Plain:
    """Sends as it is told, without what esctl asks of a server's version."""

    def __init__(self, server: Server) -> None:
        self.url, self.copies = server.url, server.version[0] >= 8
        self.tasks: dict[str, Body] = {}
        login = base64.b64encode(f"{server.username}:{server.password}".encode()).decode()
        self.headers = {"Authorization": f"Basic {login}"} if server.username else {}

    def check(self) -> None:
        """A lease that is always held."""

    def send(self, request: Request, *, accept: Iterable[int] = ()) -> Response:
        if self.copies and (answer := self.stand_in(request)):
            return answer
        query = "?" + urlencode(request.params) if request.params else ""
        if request.form == "ndjson":
            data: bytes | None = "".join(json.dumps(line) + "\n" for line in request.body).encode()
        else:
            data = json.dumps(self.spoken(request)).encode() if request.body is not None else None
        kind = "application/x-ndjson" if request.form == "ndjson" else "application/json"
        asked = urllib.request.Request(
            self.url + request.path + query, data, {"Content-Type": kind, **self.headers}, method=request.method
        )
        try:
            with urllib.request.urlopen(asked, timeout=60) as answer:
                status, body = answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            status, body = error.code, json.loads(error.read() or b"null")
        if status >= 400 and status not in accept:
            raise ServerError(f"{request}: {json.dumps(body)[:500]}", status=status)
        return Response(status, body)

    def spoken(self, request: Request) -> Any:
        """The body as the server knows it: `must_exist` came with 7.11."""
        if self.copies or request.path != "/_aliases":
            return request.body
        actions = [{k: {**v} for k, v in action.items()} for action in request.body["actions"]]
        for action in actions:
            action.get("remove", {}).pop("must_exist", None)
        return {"actions": actions}

    def ask(self, method: Any, path: str, body: Any = None, *, accept: tuple[int, ...] = (), **params: str) -> Any:
        return self.send(Request("elasticsearch", method, path, params, body), accept=accept).body

    def stand_in(self, request: Request) -> Response | None:
        """`_reindex` as a task that has ended when it is answered."""
        if request.path == "/_reindex":
            source, dest = request.body["source"]["index"], request.body["dest"]
            hits = self.ask("POST", f"/{source}/_search", {"size": 10000, "_source": True})["hits"]["hits"]
            lines: list[Any] = []
            for hit in hits:
                lines += [{dest["op_type"]: {"_index": dest["index"], "_id": hit["_id"]}}, hit["_source"]]
            items = self.send(Request("elasticsearch", "POST", "/_bulk", body=lines, form="ndjson")).body["items"]
            results = [next(iter(item.values())) for item in items]
            bad = [{"id": r["_id"], "cause": r["error"], "status": r["status"]} for r in results if r["status"] == 400]
            status = {"total": len(hits), "created": sum(r["status"] == 201 for r in results)}
            self.tasks["stand-in:1"] = {"completed": True, "task": {"status": status}, "response": {"failures": bad}}
            return Response(200, {"task": "stand-in:1"})
        if request.path.startswith("/_tasks/"):
            return Response(200, self.tasks["stand-in:1"])
        return None

    def fill(self, name: str, documents: dict[str, Any]) -> None:
        lines = [line for id, source in documents.items() for line in ({"index": {"_index": name, "_id": id}}, source)]
        self.send(Request("elasticsearch", "POST", "/_bulk", {"refresh": "true"}, lines, form="ndjson"))

    def documents(self, name: str) -> dict[str, Any]:
        self.ask("POST", f"/{name}/_refresh")
        hits = self.ask("POST", f"/{name}/_search", {"size": 10000})["hits"]["hits"]
        assert len(hits) == len({hit["_id"] for hit in hits})
        return {hit["_id"]: hit["_source"] for hit in hits}


@pytest.fixture(params=["elasticsearch_95", "elasticsearch_819", "elasticsearch_710"])
def server(request: pytest.FixtureRequest) -> Iterator[Plain]:
    plain = Plain(request.getfixturevalue(request.param))
    yield plain
    for name in plain.ask("GET", "/real-pics*", accept=(404,)):
        plain.ask("DELETE", f"/{name}", accept=(400, 404))


def spec(kind: str) -> Body:
    return {
        "settings": {"number_of_replicas": 0},
        "mappings": {"properties": {"n": {"type": kind}, "a": {"type": "keyword"}}},
        "aliases": {"real-pics-x": {"filter": {"term": {"a": "x"}}, "index_routing": "1", "search_routing": "1"}},
    }


def change_to(server: Plain, kind: str) -> Change:
    """As a plan has it."""
    context = Context("real")
    body = INDEX.render(Resource(PICS, spec(kind), Source("real.yaml")), context)
    live = INDEX.read(server, [PICS], Capabilities())[PICS]
    move = INDEX.move(PICS, body, live, context)
    assert isinstance(move, Reindex)
    return Change(PICS, Action.REPLACE, Cause.PENDING, reindex=move, desired=body)


def make(server: Plain, documents: dict[str, Any]) -> None:
    server.ask("PUT", "/real-pics", INDEX.render(Resource(PICS, spec("keyword"), Source("real.yaml")), Context("real")))
    server.ask(
        "POST",
        "/_aliases",
        {"actions": [{"add": {"index": "real-pics", "alias": "real-pics-theirs", "is_write_index": True}}]},
    )
    server.fill("real-pics", documents)


def test_documents_move_behind_an_alias_twice(server: Plain) -> None:
    make(server, DOCUMENTS)
    told: list[tuple[int, int]] = []
    carry_out(change_to(server, "long"), server, server, lambda event: told.append((event.done, event.total)))
    assert told[-1] == (2500, 2500)
    assert list(server.ask("GET", "/real-pics")) == ["real-pics-v2"]
    carry_out(change_to(server, "integer"), server, server)
    ((name, body),) = server.ask("GET", "/real-pics").items()
    assert name == "real-pics-v3" and body["mappings"]["properties"]["n"] == {"type": "integer"}
    assert body["aliases"] == {
        "real-pics": {},
        "real-pics-theirs": {"is_write_index": True},
        "real-pics-x": {"filter": {"term": {"a": "x"}}, "index_routing": "1", "search_routing": "1"},
    }
    for name in ("real-pics", "real-pics-v1", "real-pics-v2"):
        assert server.documents(name) == DOCUMENTS
    server.ask("PUT", "/real-pics/_doc/new", {"n": "1"})
    server.ask("PUT", "/real-pics-v2/_doc/new", {"n": "1"}, accept=(403,))  # kept, and blocked


def test_a_document_that_does_not_fit_is_named_and_nothing_moves(server: Plain) -> None:
    make(server, {"good": {"n": "1"}, "bad": {"n": "one"}})
    with pytest.raises(EsctlError, match="documents could not be copied: bad: .*nothing was moved"):
        carry_out(change_to(server, "long"), server, server)
    assert {name for name in server.ask("GET", "/real-pics*")} == {"real-pics"}
    server.ask("PUT", "/real-pics/_doc/bad", {"n": "1"})


def test_what_a_writer_was_told_is_written_is_there(server: Plain) -> None:
    make(server, DOCUMENTS)
    acknowledged, refused = dict(DOCUMENTS), []
    ended = threading.Event()

    def write() -> None:
        n = 10_000
        while not ended.is_set():
            try:
                server.ask("PUT", f"/real-pics/_doc/{n}", {"n": str(n), "a": "y"})
                acknowledged[str(n)] = {"n": str(n), "a": "y"}
                n += 1
            except ServerError as error:
                refused.append(error.status)
                time.sleep(0.005)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        time.sleep(0.2)
        carry_out(change_to(server, "long"), server, server)
        time.sleep(0.2)
    finally:
        ended.set()
        writer.join()
    assert set(refused) <= {403} and len(acknowledged) > len(DOCUMENTS)
    assert server.documents("real-pics") == acknowledged


class Killed(BaseException):
    pass


def test_killed_in_between_a_second_run_ends_it(server: Plain) -> None:
    """At the requests that write; each from the state that the one before left."""
    make(server, DOCUMENTS)
    real, killed = server.send, 0
    for at in range(1, 40):
        sent = 0

        def dying(request: Request, *, accept: Iterable[int] = (), at: int = at) -> Response:
            nonlocal sent
            answer = real(request, accept=accept)
            if request.method != "GET":
                sent += 1
                if sent == at:
                    raise Killed
            return answer

        change = change_to(server, "long" if at % 2 else "integer")
        server.send = dying  # type: ignore[method-assign]
        try:
            carry_out(change, server, server)
        except Killed:
            killed += 1
        else:
            break
        finally:
            server.send = real  # type: ignore[method-assign]
        assert server.documents("real-pics") == DOCUMENTS
        live = INDEX.read(server, [PICS], Capabilities())[PICS]
        if change.reindex and live.version["index"] == change.reindex.target:
            break
        carry_out(change, server, server)
        assert server.documents("real-pics") == DOCUMENTS
        assert list(server.ask("GET", "/real-pics")) == [change.reindex.target if change.reindex else ""]
    assert killed > 8


EVERY = 97  # of the pairs that were measured, so that a few dozen are tried


@pytest.mark.parametrize("version", SERVERS)
def test_what_is_said_of_a_change_is_what_a_server_does(version: str, request: pytest.FixtureRequest) -> None:
    name = "elasticsearch_95" if version == "9.5" else "elasticsearch_819"
    plain = Plain(request.getfixturevalue(name))
    analysis = {"analyzer": {x: {"type": "custom", "tokenizer": "standard"} for x in ("my_a", "my_b")}}
    analysis["normalizer"] = {x: {"type": "custom", "filter": ["lowercase"]} for x in ("my_n", "my_m")}
    settings = {
        "number_of_replicas": 0,
        "analysis": analysis,
        "similarity": {x: {"type": "BM25"} for x in ("my_s", "my_t")},
    }
    every = [(row, a, b) for row in rows()["fields"] for a, b, letter in pairs(row.get(version, "")) if letter in "ir"]
    tried = 0
    for row, a, b in every[::EVERY]:
        shown = row["shown"][version]
        if shown[b] == "(absent)" and row["values"][b] is not None:
            continue
        before, after = (field(row["type"], row["beside"], row["parameter"], row["values"][n]) for n in (a, b))
        plain.ask(
            "PUT",
            "/real-pics-row",
            {"settings": settings, "mappings": {"properties": {"g": {"type": "keyword"}, "h": {"type": "keyword"}}}},
        )
        try:
            plain.ask("PUT", "/real-pics-row/_mapping", before)
            read = plain.ask("GET", "/real-pics-row/_mapping")["real-pics-row"]["mappings"]["properties"]["f"]
            said = verdicts({"properties": {"f": read}}, after, SERVERS[version])
            answer = plain.ask("PUT", "/real-pics-row/_mapping", after, accept=(400, 500))
            assert ("error" in answer) == ("remake" in said), (
                row["type"],
                row["parameter"],
                before,
                after,
                said,
                answer,
            )
            tried += 1
        finally:
            plain.ask("DELETE", "/real-pics-row")
    assert tried >= 24
