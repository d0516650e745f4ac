"""The history, against the sandbox and real servers: runs are numbered, true when killed, and fall out in the end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from esctl.cluster import Ledger
from esctl.cluster.history import INDEX, History, Run, Step
from esctl.model import Address, Remembered, Request

RUN = Run("apply", "2026-11-22T15:00:00.000Z", who="ann@laptop", commit="abc", environment="test", changes=1)
A, B, C = (Address("ilm-policy", name) for name in "abc")


@pytest.fixture(autouse=True)
def _empty(cluster):
    drop = Request("elasticsearch", "DELETE", f"/{INDEX}")
    cluster.send(drop, accept=(404,))
    yield
    cluster.send(drop, accept=(404,))


def refresh(cluster):
    cluster.send(Request("elasticsearch", "POST", f"/{INDEX}/_refresh"))


def wrote(address, body, action="update"):
    return Step(address, action, "pending", "instant", "words", ({"path": "a", "before": 1, "after": 2},), body)


def play(cluster, *steps):
    """A run that did these."""
    history = History(cluster, "shop")
    number = history.begin(RUN, steps)
    marks = history.marks(number, [step.address for step in steps])
    Ledger(cluster, "shop").remember_all([Remembered(Address("note", f"n{number}"), {})], beside=marks)
    history.end(replace(RUN, number=number, state="done", ended=RUN.started, done=len(steps)))
    return number


def test_without_a_history_there_is_nothing_and_nothing_is_written(cluster):
    history = History(cluster, "shop")
    assert history.runs() == [] and history.run(1) is None and history.steps(1) == []
    assert history.state(7) == {} == history.latest([A])
    assert cluster.send(Request("elasticsearch", "HEAD", f"/{INDEX}"), accept=(404,)).status == 404


def test_a_run_is_there_before_its_first_write_and_true_to_the_end(cluster):
    history = History(cluster, "shop")
    number = history.begin(RUN, [wrote(A, {"a.b": 1, "": {"x": [None, 1e-5]}}), wrote(B, None, "delete")])
    refresh(cluster)
    assert history.run(number) == replace(RUN, number=1) and history.run(number).state == "started"
    assert [(step.address, step.state) for step in history.steps(1)] == [(A, "planned"), (B, "planned")]
    assert history.state(1) == {}
    failed = replace(wrote(B, None, "delete"), state="failed", reason="no")
    ledger = Ledger(cluster, "shop")
    ledger.remember_all([Remembered(A, {})], beside=history.marks(number, [A]))
    history.end(replace(RUN, number=number, state="failed", ended=RUN.started, done=1, reason="no"), [failed])
    assert [(step.state, step.reason) for step in history.steps(1)] == [("done", ""), ("failed", "no")]
    first = history.steps(1)[0]
    assert (first.after, first.words, first.differences) == (
        {"a.b": 1, "": {"x": [None, 1e-5]}},
        "words",
        ({"path": "a", "before": 1, "after": 2},),
    )
    assert history.runs() == [replace(RUN, number=1, state="failed", ended=RUN.started, done=1, reason="no")]


def test_numbers_are_each_projects_own_and_never_shared(cluster, connect):
    assert [play(cluster, wrote(A, {"n": n})) for n in range(3)] == [1, 2, 3]
    assert History(cluster, "store").begin(RUN, []) == 1
    # Two that begin at once, neither of which the search shows yet.
    numbers = {History(connect(), "shop").begin(replace(RUN, commit=f"c{n}"), [wrote(A, {})]) for n in range(3)}
    assert numbers == {4, 5, 6}
    refresh(cluster)
    assert [run.number for run in History(cluster, "shop").runs()] == [6, 5, 4, 3, 2, 1]


def test_the_state_after_a_run_is_the_last_done_to_each(cluster):
    play(cluster, wrote(A, {"n": 1}, "create"), wrote(B, {"n": 1}, "create"))
    play(cluster, wrote(A, {"n": 2}), wrote(C, {"n": 2}, "create"))
    play(cluster, wrote(B, None, "delete"), wrote(C, {"n": 3}))
    History(cluster, "shop").begin(RUN, [wrote(A, {"n": 4})])  # killed before it wrote anything
    refresh(cluster)
    history = History(cluster, "shop")

    def bodies(number):
        return {address.id: step.after["n"] for address, step in history.state(number).items()}

    assert [bodies(n) for n in range(5)] == [
        {},
        {"a": 1, "b": 1},
        {"a": 2, "b": 1, "c": 2},
        {"a": 2, "c": 3},
        {"a": 2, "c": 3},
    ]
    assert {address.id: step.after["n"] for address, step in history.latest([A, B]).items()} == {"a": 2}


def test_old_runs_fall_out_and_what_they_left_stays_known(cluster):
    play(cluster, wrote(A, {"n": 1}, "create"), wrote(B, {"n": 1}, "create"), wrote(C, {"n": 1}, "create"))
    for n in range(2, 6):
        play(cluster, wrote(A, {"n": n}))
    play(cluster, wrote(C, None, "delete"))
    history = History(cluster, "shop")
    before = {n: history.state(n) for n in (5, 6)}
    history.prune(5)
    refresh(cluster)
    assert [run.number for run in history.runs()] == [6, 5]
    assert {n: history.state(n) for n in (5, 6)} == before
    left = cluster.get(f"/{INDEX}/_search", {"size": "100"})["hits"]["hits"]
    kept = sorted((h["_source"]["run"], h["_source"]["id"]) for h in left if h["_source"]["type"] == "change")
    assert kept == [(1, "b"), (1, "c"), (4, "a"), (5, "a"), (6, "c")]
    history.prune(7)
    refresh(cluster)
    left = cluster.get(f"/{INDEX}/_search", {"size": "100"})["hits"]["hits"]
    assert sorted((h["_source"]["run"], h["_source"]["id"]) for h in left) == [(1, "b"), (5, "a")]


def test_a_thousand_changes_cost_few_requests(cluster):
    history = History(cluster, "shop")
    many = [wrote(Address("ilm-policy", f"p{n}"), {"n": n}) for n in range(1000)]
    cluster.root  # noqa: B018
    before = cluster.sent
    number = history.begin(RUN, many)
    history.end(replace(RUN, number=number, state="done"))
    assert cluster.sent - before <= 7
    before = cluster.sent
    assert [step.address for step in history.steps(number)] == [step.address for step in many]
    assert cluster.sent - before <= 11


def test_the_index_is_hidden_and_strict(cluster):
    History(cluster, "shop").begin(RUN, [])
    body = cluster.get(f"/{INDEX}")[INDEX]
    assert body["settings"]["index"]["hidden"] == "true" and body["mappings"]["dynamic"] == "strict"
    assert body["mappings"]["properties"]["after"] == {"type": "object", "enabled": False}


def test_long_addresses_are_kept(cluster):
    long = Address("dashboard", "ä" * 400, "sales")
    number = play(cluster, wrote(long, {"n": 1}))
    assert History(cluster, "shop").state(number)[long].after == {"n": 1}
