"""Carry out a plan: under the lease, in its order, remembering what was done as it is done."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from ..cluster import Cluster, Lease, Ledger, holder
from ..errors import EsctlError, Refused
from ..kinds.base import Judging, Kind
from ..kinds.differences import same
from ..model import Action, Body, Change, Consequence, Outcome, Plan, Remembered
from ..plan.summary import to_do
from ..plan.truth import added
from .survey import read


@dataclass(frozen=True)
class Event:
    """Progress: a change `started` or ended (`done`, `failed`, `skipped`)."""

    change: Change
    state: Literal["started", "done", "failed", "skipped"]
    reason: str = ""


@dataclass(frozen=True)
class Done:
    """What became of a plan."""

    outcomes: tuple[Outcome, ...]
    requests: int = 0

    @property
    def failed(self) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.state != "done")


def allowed(plan: Plan, allow: Collection[str]) -> None:
    """Raise Refused where the plan holds what cannot be done, or what was not asked for by name."""
    for change in plan.changes:
        if change.action is Action.UNDECIDED:
            raise Refused(f"{change.address}: {change.words.splitlines()[0]}")
    for change in to_do(plan):
        if change.consequence is Consequence.IRREVERSIBLE and "irreversible" not in allow:
            said = change.words.splitlines()[0] if change.words else str(change.action)
            raise Refused(f"{change.address}: {said}", hint="`--allow irreversible` lets it happen")


def run(
    plan: Plan,
    cluster: Cluster,
    kinds: Mapping[str, Kind],
    *,
    allow: Collection[str] = (),
    commit: str = "",
    on_event: Callable[[Event], None] = lambda event: None,
) -> Done:
    """Do what the plan shows. An empty plan takes no lease and writes nothing.

    Raises Refused where something may not be done, another apply runs, or the cluster moved since the plan was made.
    After a failure the rest is skipped; what was done is remembered.
    """
    allowed(plan, allow)
    changes = to_do(plan)
    if not changes:
        return Done(())
    before = cluster.sent
    ledger = Ledger(cluster, plan.project, commit=commit)
    with Lease(cluster, holder(plan.project)) as lease:
        _refuse_if_moved(plan, changes, cluster, kinds)
        outcomes = tuple(_carry_out(plan, changes, cluster, kinds, ledger, lease, on_event))
    return Done(outcomes, cluster.sent - before)


def _refuse_if_moved(plan: Plan, changes: Sequence[Change], cluster: Cluster, kinds: Mapping[str, Kind]) -> None:
    now = read(cluster, [change.address for change in changes], kinds)
    for change in changes:
        was, found = change.live, now.get(change.address)
        kind = kinds[change.address.kind]
        if (was is None) != (found is None) or (
            was is not None
            and found is not None
            and not same(kind.normalise(was.body, plan.capabilities), kind.normalise(found.body, plan.capabilities))
        ):
            raise Refused(f"{change.address} changed on the server since the plan was made", hint="plan again")


def _carry_out(
    plan: Plan,
    changes: Sequence[Change],
    cluster: Cluster,
    kinds: Mapping[str, Kind],
    ledger: Ledger,
    lease: Lease,
    on_event: Callable[[Event], None],
) -> Iterator[Outcome]:
    """Kind by kind, so that one list reads back all that was written and one bulk remembers it.

    A crash between a write and its remembering is harmless: the next plan finds the server as desired.
    """
    failed: Change | None = None
    for _, group in groupby(changes, key=lambda change: (change.address.kind, change.action is Action.DELETE)):
        done: list[Change] = []
        for change in group:
            if failed is not None:
                reason = f"{failed.address} failed before it"
                on_event(Event(change, "skipped", reason))
                yield Outcome(change, "skipped", reason)
                continue
            on_event(Event(change, "started"))
            try:
                _send(change, cluster, kinds[change.address.kind], lease)
            except EsctlError as error:
                failed = change
                on_event(Event(change, "failed", str(error)))
                yield Outcome(change, "failed", str(error))
                continue
            done.append(change)
            on_event(Event(change, "done"))
            yield Outcome(change, "done")
        _remember(plan, done, cluster, kinds, ledger)
    if failed is None:
        _keep_up(plan, kinds, ledger)


def _send(change: Change, cluster: Cluster, kind: Kind, lease: Lease) -> None:
    for request in change.requests:
        lease.check()
        gone = (404,) if request.method == "DELETE" else ()
        response = cluster.send(request, accept=gone)
        if isinstance(kind, Judging) and (reason := kind.refusal(response)):
            raise EsctlError(reason)


def _remember(plan: Plan, done: Sequence[Change], cluster: Cluster, kinds: Mapping[str, Kind], ledger: Ledger) -> None:
    """Read back what was written and keep it, with what the server added, in the ledger."""
    deleted = [change for change in done if change.action is Action.DELETE]
    written = [change for change in done if change.action is not Action.DELETE]
    live = read(cluster, [change.address for change in written], kinds)
    entries = []
    for change in written:
        kind = kinds[change.address.kind]
        body = kind.normalise(change.desired or {}, plan.capabilities)
        found = live.get(change.address)
        defaults = {}
        if found is not None and not kind.shared:
            defaults = added(kind.normalise(found.body, plan.capabilities), body)
        entries.append(_entry(change, body, defaults))
    if entries:
        ledger.remember_all(entries)
    for change in deleted:
        ledger.forget(change.address, change.remembered.version if change.remembered else None)


def _keep_up(plan: Plan, kinds: Mapping[str, Kind], ledger: Ledger) -> None:
    """Upkeep of the ledger that waited for an apply that writes: bodies refreshed, what is gone forgotten."""
    entries = []
    for change in plan.changes:
        if change.action is Action.REFRESH and change.desired is not None:
            body = kinds[change.address.kind].normalise(change.desired, plan.capabilities)
            entries.append(_entry(change, body, change.remembered.defaults if change.remembered else {}))
        elif change.action is Action.FORGET and change.remembered is not None:
            ledger.forget(change.address, change.remembered.version)
    if entries:
        ledger.remember_all(entries)


def _entry(change: Change, body: Body, defaults: Body) -> Remembered:
    return Remembered(change.address, body, defaults, version=change.remembered.version if change.remembered else {})
