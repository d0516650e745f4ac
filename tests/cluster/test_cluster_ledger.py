"""The ledger, against the sandbox and real servers: nothing is lost, nobody's write is overwritten."""

from __future__ import annotations

from dataclasses import replace

import pytest

from esctl.cluster import Ledger
from esctl.cluster.identity import holder
from esctl.cluster.lease import Lease
from esctl.cluster.ledger import INDEX, digest, document_id, prepare_index
from esctl.errors import Refused
from esctl.model import Address, Remembered, Request

LOGS = Address("index", "logs")


def refresh(cluster):
    cluster.send(Request("elasticsearch", "POST", f"/{INDEX}/_refresh"))


def test_without_a_ledger_nothing_is_remembered_and_nothing_is_written(cluster):
    ledger = Ledger(cluster, "shop")
    assert cluster.root
    before = cluster.sent
    assert ledger.read() == {}
    assert ledger.others([LOGS]) == {}
    assert ledger.others([]) == {}
    assert cluster.sent - before == 2
    assert cluster.send(Request("elasticsearch", "HEAD", f"/{INDEX}"), accept=(404,)).status == 404


@pytest.mark.parametrize(
    "body",
    [
        {"a.b": 1, "a": {"b": 2}, ".": 3, "": {"": 4}, " ": 5, "a..b": {".c": [None, {"x": []}]}},
        {"_id": 1, "$ref": "x", "ä\u2028": "\u0000\n", "k" * 3000: "v"},
        {"int": 2**63, "float": 1e-5, "one": 1.0, "no": False, "mixed": [1, "a", {"b": 1}, [2], None]},
        {"processors": [{"script": {"source": "x" * 1_000_000, "params": {"c": [[0.12345679] * 64] * 64}}}]},
        {},
    ],
    ids=["dots", "odd keys", "numbers", "a megabyte", "empty"],
)
def test_a_body_comes_back_as_it_was(cluster, body):
    import json

    ledger = Ledger(cluster, "shop")
    ledger.remember(Remembered(LOGS, body, {"settings.index.number_of_replicas": "1"}))
    refresh(cluster)
    found = ledger.read()[LOGS]
    # As text, because 1 == 1.0 == True.
    assert json.dumps(found.body) == json.dumps(body)
    assert found.defaults == {"settings.index.number_of_replicas": "1"}
    assert found.digest == digest(body)


def test_what_was_not_given_is_filled_in(cluster):
    written = Ledger(cluster, "shop", commit="abc").remember(Remembered(Address("dashboard", "d/1", "sales"), {"a": 1}))
    refresh(cluster)
    found = Ledger(cluster, "shop").read()
    assert found == {Address("dashboard", "d/1", "sales"): written}
    assert (written.project, written.commit) == ("shop", "abc")
    assert "@" in written.who and written.when.endswith("Z")
    assert found[written.address].version == written.version


def test_two_projects_cannot_own_one_resource(cluster, connect):
    Ledger(cluster, "shop").remember(Remembered(LOGS, {"a": 1}))
    refresh(cluster)
    other = Ledger(connect(), "store")
    assert other.read() == {}
    assert other.others([LOGS, Address("index", "free")]) == {LOGS: "shop"}
    assert Ledger(cluster, "shop").others([LOGS]) == {}
    with pytest.raises(
        Refused, match='index/logs belongs to the project "shop"; take it out of one of the two projects'
    ):
        other.remember(Remembered(LOGS, {"a": 2}))
    assert Ledger(cluster, "shop").read()[LOGS].body == {"a": 1}


def test_a_write_that_lost_the_race_is_refused(cluster, connect):
    one, two = Ledger(cluster, "shop"), Ledger(connect(), "shop")
    one.remember(Remembered(LOGS, {"a": 1}))
    refresh(cluster)
    seen = two.read()[LOGS]
    one.remember(Remembered(LOGS, {"a": 2}))
    for late in (replace(seen, body={"a": 3}), Remembered(LOGS, {"a": 3})):
        with pytest.raises(Refused, match="index/logs was applied by somebody else in the meantime; run plan again"):
            two.remember(late)
    with pytest.raises(Refused, match="somebody else"):
        two.forget(LOGS)
    refresh(cluster)
    assert one.read()[LOGS].body == {"a": 2}


def test_forgetting(cluster):
    ledger = Ledger(cluster, "shop")
    ledger.remember(Remembered(LOGS, {"a": 1}))
    ledger.forget(LOGS)
    ledger.forget(LOGS)
    refresh(cluster)
    assert ledger.read() == {}
    gone = ledger.remember(Remembered(LOGS, {"a": 2}))
    ledger.forget(LOGS, gone.version)
    ledger.forget(LOGS, gone.version)


def test_of_many_to_forget_what_changed_since_stays(cluster, connect):
    one, two = Ledger(cluster, "shop"), Ledger(connect(), "shop")
    other = Address("index", "other")
    one.remember_all([Remembered(LOGS, {"a": 1}), Remembered(other, {"a": 1})])
    refresh(cluster)
    two.read()
    one.remember(Remembered(LOGS, {"a": 2}))
    with pytest.raises(Refused, match="index/logs was applied by somebody else"):
        two.forget_all({LOGS: None, other: None, Address("index", "never"): None})
    refresh(cluster)
    assert set(one.read()) == {LOGS}


def test_lines_beside_go_with_the_same_request_and_their_refusal_is_no_error(cluster):
    ledger = Ledger(cluster, "shop")
    ledger.prepare()
    beside = [{"update": {"_index": INDEX, "_id": "nobody/knows"}}, {"doc": {"state": "done"}}]
    before = cluster.sent
    written = ledger.remember_all([Remembered(LOGS, {"a": 1})], beside=beside)
    ledger.forget_all({LOGS: written[0].version}, beside=beside)
    assert cluster.sent - before == 2


def test_many_are_written_in_few_requests_and_read_in_one(cluster, monkeypatch):
    ledger = Ledger(cluster, "shop")
    many = [Remembered(Address("ilm-policy", f"p{n:03}"), {"n": n}) for n in range(120)]
    ledger.prepare()
    before = cluster.sent
    written = ledger.remember_all(many)
    assert cluster.sent - before == 1
    refresh(cluster)
    before = cluster.sent
    assert list(ledger.read().values()) == written
    assert cluster.sent - before == 1
    monkeypatch.setattr("esctl.cluster.ledger._BATCH", 50)
    before = cluster.sent
    ledger.forget_all(dict.fromkeys(one.address for one in many))
    assert cluster.sent - before == 3
    refresh(cluster)
    assert ledger.read() == {}


def test_no_request_grows_beyond_what_servers_take(cluster, monkeypatch):
    monkeypatch.setattr("esctl.cluster.ledger._BATCH_BYTES", 5_000)
    ledger = Ledger(cluster, "shop")
    many = [Remembered(Address("ilm-policy", f"p{n}"), {"text": "x" * 2_000}) for n in range(5)]
    ledger.prepare()
    before = cluster.sent
    assert [one.address for one in ledger.remember_all(many)] == [one.address for one in many]
    assert cluster.sent - before == 3
    refresh(cluster)
    assert len(ledger.read()) == 5


def test_reading_pages_where_a_search_is_full(cluster, monkeypatch):
    monkeypatch.setattr("esctl.cluster.ledger._PAGE", 5)
    ledger = Ledger(cluster, "shop")
    ledger.remember_all([Remembered(Address("ilm-policy", f"p{n:02}"), {}) for n in range(10)])
    refresh(cluster)
    before = cluster.sent
    assert len(ledger.read()) == 10
    assert cluster.sent - before == 3


def test_the_leases_release_shows_what_was_written_under_it(cluster, connect):
    with Lease(cluster, holder("shop")):
        Ledger(cluster, "shop").remember(Remembered(LOGS, {"a": 1}))
    assert Ledger(connect(), "shop").read()[LOGS].body == {"a": 1}


def test_the_index_is_hidden_strict_and_made_once(cluster):
    prepare_index(cluster)
    prepare_index(cluster)
    body = cluster.get(f"/{INDEX}")[INDEX]
    assert body["settings"]["index"]["hidden"] == "true"
    assert body["mappings"]["dynamic"] == "strict"
    assert body["mappings"]["_meta"] == {"managed_by": "esctl", "format": 1}
    assert body["mappings"]["properties"]["body"] == {"type": "object", "enabled": False}


def test_long_addresses_have_short_ids():
    assert document_id(Address("index", "logs")) == "index/logs"
    long = document_id(Address("dashboard", "ä" * 300))
    assert len(long.encode()) <= 512 and long != document_id(Address("dashboard", "ä" * 301))


def test_serverless_refuses_some_settings_and_gets_the_others():
    from esctl.model import Response

    sent = []

    class Serverless:
        def send(self, request, *, accept=()):
            sent.append(request)
            if request.method == "HEAD":
                return Response(404, None)
            names = ["index.number_of_shards", "index.auto_expand_replicas"]
            if names[0].removeprefix("index.") in request.body["settings"]["index"]:
                reason = f"Settings [{','.join(names)}] are not available when running in serverless mode"
                return Response(400, {"error": {"type": "illegal_argument_exception", "reason": reason}})
            return Response(200, {"acknowledged": True})

    prepare_index(Serverless())
    assert [request.method for request in sent] == ["HEAD", "PUT", "PUT"]
    kept = sent[-1].body["settings"]["index"]
    assert kept == {"hidden": True, "default_pipeline": "_none", "final_pipeline": "_none"}
    assert sent[-1].body["mappings"] == sent[1].body["mappings"]
