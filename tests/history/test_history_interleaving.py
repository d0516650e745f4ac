"""Two appliers at once, in any order, with faults, kills and leases that expire: the ledger stays true."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stage import Actor, FakeServers, Killed, Stage

from esctl.apply import Done, run, survey
from esctl.cluster import WRITING, Cluster, Connection, Lease, Ledger
from esctl.cluster.history import History
from esctl.errors import EsctlError, Source
from esctl.kinds.base import Context, owner_of
from esctl.kinds.rest import ILM_POLICY
from esctl.model import Address, Request, Resource, Response
from esctl.plan import Choices, build, exit_code

carrying = import_module("esctl.apply.run")  # the package has a function of that name, too
KINDS = {"ilm-policy": ILM_POLICY}
FAULTS = ("", "", "", "", "", "", "lost before", "lost after", "busy", "kill", "kill after")

desires = st.dictionaries(st.sampled_from("xyz"), st.integers(1, 4), min_size=1)
scripts = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from((0.0, 0.1, 2.0, 59.0)), st.sampled_from(FAULTS)), max_size=70
)
projects = st.sampled_from((("p", "p"), ("p", "q")))


def resources(desired: dict[str, int]) -> list[Resource]:
    return [
        Resource(
            Address("ilm-policy", name),
            {"policy": {"phases": {"hot": {"actions": {"rollover": {"max_docs": value}}}}}},
            Source("p.yaml", 1),
        )
        for name, value in desired.items()
    ]


def apply(actor: Actor, project: str, desired: dict[str, int]) -> Done:
    """Plan and apply; `overwrite` and `prune`, so that nothing but the other applier stands in the way."""
    written = resources(desired)
    seen = survey(actor, project, written, KINDS)
    choices = Choices(overwrite=("*",), prune=True, force=True)
    plan = build(written, seen, Context(project, actor.capabilities), KINDS, choices=choices)
    return run(plan, actor, KINDS)


def value_of(body: dict) -> int:
    return body["policy"]["phases"]["hot"]["actions"]["rollover"]["max_docs"]


def policies(actor: Actor) -> dict[str, tuple[int, str | None]]:
    """What is there, with the project whose mark it bears."""
    found = ILM_POLICY.everything(actor, actor.capabilities)
    return {
        address.id: (
            value_of(live.body),
            owner_of(live.body, ILM_POLICY.meta or ()),
        )
        for address, live in found.items()
        if address.id in tuple("xyz")  # other tests have theirs on the same sandbox
    }


def remembered(actor: Actor, project: str) -> dict[str, int]:
    return {address.id: value_of(one.body) for address, one in Ledger(actor, project).read().items()}


def interleaved(
    serve: Callable[[Request, float], Response],
    owners: tuple[str, str],
    first: dict[str, int],
    wanted: tuple[dict[str, int], dict[str, int]],
    script: list[tuple[int, float, str]],
) -> None:
    stage = Stage(serve)
    before = carrying.Lease
    carrying.Lease = partial(Lease, monotonic=stage.monotonic)
    try:
        apply(stage.actor("before"), owners[0], first)
        stage.now += 5
        actors = [stage.actor("a"), stage.actor("b")]
        parts = {
            actor: partial(apply, actor, project, desired)
            for actor, project, desired in zip(actors, owners, wanted, strict=True)
        }
        results = stage.play(parts, script)
        for result in results.values():
            assert isinstance(result, Done | EsctlError | Killed), repr(result)
        assert stage.trespasses == []

        stage.now += 76  # whatever the killed held has expired
        judge = stage.actor("judge")
        there = policies(judge)
        for project in set(owners):
            for name, value in remembered(judge, project).items():
                assert name not in there or there[name][1] == project, "the ledger names another owner than the mark"
                written = [
                    d.get(name)
                    for d, owner in zip((first, *wanted), (owners[0], *owners), strict=True)
                    if owner == project
                ]
                assert value in written, "the ledger holds what this project never wrote"
        mine = [remembered(judge, project).keys() for project in set(owners)]
        assert len(mine) == 1 or not (mine[0] & mine[1]), "two owners"

        # Whoever said that all was done, and was not followed by the other, left what it wanted.
        done = [a for a in actors if isinstance(results[a], Done) and not results[a].failed]
        if len(done) == 1 and {name for name, _ in stage.wrote if name in "ab"} <= {done[0].name}:
            own = wanted[actors.index(done[0])]
            project = owners[actors.index(done[0])]
            assert remembered(judge, project) == own
            assert {name: value for name, (value, owner) in there.items() if owner == project} == own

        # One more apply, and everything is as written; a project is only in the way of the other, never changed by it.
        last = wanted[1]
        try:
            assert not apply(stage.actor("c"), owners[1], last).failed
        except EsctlError as refused:
            assert "belongs to the project" in str(refused) and owners[0] != owners[1]
        else:
            stage.now += 5
            history = History(judge, owners[1])
            there = {n: v for n, (v, owner) in policies(judge).items() if owner == owners[1]}
            assert {name: there.get(name) for name in last} == last
            seen = survey(judge, owners[1], resources(last), KINDS)
            assert exit_code(build(resources(last), seen, Context(owners[1], judge.capabilities), KINDS)) == 0
            runs = history.runs()
            assert [run.number for run in runs] == list(range(len(runs), 0, -1))
            if any(fault == "busy" for _, _, fault in script):
                return  # a run may have gone on without a history: nothing tells what it left half done
            # What a run made that was stopped before it could remember it is told by its mark (`adopt --all`), and by
            # the history; nothing else is left over. The ledger is as written, but for upkeep that waits.
            unsure = {step.address.id for run in runs for step in history.steps(run.number) if step.state != "done"}
            assert there.keys() - last.keys() <= unsure
            held = remembered(judge, owners[1])
            assert {name for name, value in held.items() if last.get(name) != value} <= unsure
            # What the history says was done is what the ledger holds.
            assert {a.id: value_of(step.after or {}) for a, step in history.state(runs[0].number).items()} == held
    finally:
        carrying.Lease = before


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(owners=projects, first=desires, a=desires, b=desires, script=scripts)
def test_two_appliers_never_corrupt_the_ledger(owners, first, a, b, script):
    interleaved(FakeServers(), owners, first, (a, b), script)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(owners=projects, first=desires, a=desires, b=desires, script=scripts)
def test_nor_do_they_on_the_sandbox(_sandboxes, owners, first, a, b, script):
    sandbox = _sandboxes("9.5")
    with Cluster(Connection(sandbox.elasticsearch_url), guard=WRITING) as cluster:
        for index in ("esctl-ledger", "esctl-history"):
            cluster.send(Request("elasticsearch", "DELETE", f"/{index}"), accept=(404,))
        for name in "xyz":
            cluster.send(Request("elasticsearch", "DELETE", f"/_ilm/policy/{name}"), accept=(404,))
        interleaved(lambda request, now: cluster.send(request, accept=range(400, 600)), owners, first, (a, b), script)


def test_the_stage_sees_who_writes_without_the_lease():
    """The test of the test: a lease that nobody checks is noticed."""
    stage = Stage(FakeServers())
    actor = stage.actor("a")
    lease = Lease(actor, carrying.holder("p"), monotonic=stage.monotonic)
    lease.acquire()
    stage.now += 76
    actor.send(Request("elasticsearch", "PUT", "/_ilm/policy/x", body={"policy": {}}))
    assert len(stage.trespasses) == 1
    with pytest.raises(EsctlError):
        Lease(stage.actor("b"), carrying.holder("p"), monotonic=stage.monotonic).acquire()
        lease.renew()
