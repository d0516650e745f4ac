"""Carry out a plan: under the lease, in its order, remembering what was done as it is done."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from ..cluster import Cluster, Lease, Ledger, holder
from ..errors import EsctlError, Problem, Refused, ServerError
from ..kinds.base import Context, Following, Judging, Kind, Placing, Producing, can
from ..model import Action, Body, Change, Consequence, Outcome, Plan, Produced, Remembered, Request
from ..plan.sealing import Seal, aligned, sealed
from ..plan.summary import to_do
from ..plan.truth import added
from .events import Done, Event
from .following import follow
from .history import APPLY, Occasion, Recorder
from .made import already_there, made_before
from .measure import becomes_alias
from .moved import refuse_if_moved
from .survey import read

ALLOWANCES = {Consequence.IRREVERSIBLE: "irreversible", Consequence.REINDEX: "replace"}
"""What has to be asked for by name."""

UNKNOWN = (0, 502, 503, 504)
"""Statuses (0: no answer) that do not say whether a request was carried out."""

Backup = Callable[[Sequence[Change]], str]
"""Keeps what is about to be deleted; returns where."""


def allowed(plan: Plan, allow: Collection[str]) -> None:
    """Raise Refused where the plan holds what cannot be done, or what was not asked for by name: all of it at once."""
    problems = [
        Problem(f"{change.address}: {change.words.splitlines()[0]}")
        for change in plan.changes
        if change.action is Action.UNDECIDED
    ]
    for change in to_do(plan):
        word = ALLOWANCES.get(change.consequence)
        if word and word not in allow:
            said = change.words.splitlines()[0] if change.words else str(change.action)
            problems.append(Problem(f"{change.address}: {said}", hint=f"`--allow {word}` lets it happen"))
        if becomes_alias(change) and "alias" not in allow:
            move = change.reindex
            said = f"{move.alias} would become an alias of {move.target}" if move else ""
            problems.append(Problem(f"{change.address}: {said}", hint="`--allow alias` lets it happen"))
    if problems:
        refused = Refused(problems[0].message, hint=problems[0].hint)
        refused.problems = tuple(problems)
        refused.args = ("\n".join(map(str, problems)),)
        raise refused


def run(
    plan: Plan,
    cluster: Cluster,
    kinds: Mapping[str, Kind],
    *,
    allow: Collection[str] = (),
    commit: str = "",
    on_event: Callable[[Event], None] = lambda event: None,
    backup: Backup | None = None,
    occasion: Occasion = APPLY,
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
    with Lease(cluster, holder(plan.project), longest=cluster.longest) as lease:
        refuse_if_moved(plan, changes, cluster, kinds, ledger)
        going = [change for change in changes if deletes(change)]
        archive = backup(going) if backup is not None and going else ""
        recorder = Recorder(plan, cluster, kinds, lease, occasion, commit)
        recorder.begin(changes)
        work = _Run(plan, cluster, kinds, ledger, lease, on_event, _kept(plan, changes, kinds, ledger), recorder)
        try:
            work.carry_out(changes)
        except BaseException as stopped:
            recorder.end(work.outcomes.values(), str(stopped) or type(stopped).__name__)
            raise
        recorder.end(work.outcomes.values())
    return Done(
        tuple(work.outcomes.values()),
        cluster.sent - before,
        tuple(work.produced),
        archive,
        recorder.number,
        tuple(recorder.warnings),
    )


def deletes(change: Change) -> bool:
    """Whether something goes for good with this change."""
    return bool(change.afterwards) or change.action is Action.DELETE or _made_anew(change)


def _made_anew(change: Change) -> bool:
    return change.action is Action.REPLACE and change.reindex is None


def _kept(plan: Plan, changes: Sequence[Change], kinds: Mapping[str, Kind], ledger: Ledger) -> Seal:
    """The seal of this run; the salt is kept before the first secret is written."""
    seal = plan.seal if isinstance(plan.seal, Seal) else Seal.fresh()
    secret = any(change.desired is not None and kinds[change.address.kind].secrets for change in changes)
    return Seal(ledger.keep_salt(seal.key)) if seal.new and secret else seal


@dataclass
class _Run:
    """One run under the lease; `outcomes` fills up as it goes, one for each change."""

    plan: Plan
    cluster: Cluster
    kinds: Mapping[str, Kind]
    ledger: Ledger
    lease: Lease
    on_event: Callable[[Event], None]
    seal: Seal
    recorder: Recorder
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    produced: list[Produced] = field(default_factory=list)
    failed: Change | None = None
    places: dict[str, str] = field(default_factory=dict)
    """Indices that moved in this run: what stands now where another did, by its names."""

    def carry_out(self, changes: Sequence[Change]) -> None:
        """Kind by kind, so that one list reads back all that was written and one bulk remembers it.

        A crash between a write and its remembering is harmless: the next plan finds the server as desired.
        """
        for _, group in groupby(changes, key=lambda change: (change.address.kind, change.action is Action.DELETE)):
            done = [change for change in group if self._one(change)]
            self._remembering(done, self._remember)
        moved = [change for change in changes if change.moved_from is not None]
        left = [change for change in moved if self._retire(change)]
        self._remembering(left, self._forget_old)
        if self.failed is None:
            self._keep_up()

    def _one(self, change: Change) -> bool:
        """Whether it was done."""
        if self.failed is not None:
            self._end(change, "skipped", f"{self.failed.address} failed before it")
            return False
        self.on_event(Event(change, "started"))
        try:
            made = self._make(change)
        except EsctlError as error:
            self._end(change, "failed", str(error))
            return False
        self._end(change, "done", produced=made)
        return True

    def _end(self, change: Change, state: str, reason: str = "", produced: Produced | None = None) -> None:
        if state == "failed":
            self.failed = self.failed or change
        outcome = Outcome(change, state, reason)  # type: ignore[arg-type]
        self.outcomes[id(change)] = outcome
        if produced is not None:
            self.produced.append(produced)
        self.on_event(Event(change, outcome.state, reason, produced=produced))

    def _make(self, change: Change) -> Produced | None:
        if change.reindex is not None:
            from .reindex import carry_out

            self.places |= carry_out(change, self.cluster, self.lease, self.on_event)
        return self._send(change, change.requests)

    def _send(self, change: Change, requests: Sequence[Request]) -> Produced | None:
        kind = self.kinds[change.address.kind]
        produced = None
        for request in requests:
            self.lease.check()
            if self.places and can(kind, Placing):
                request = kind.placed(request, self.places)
            gone = (404,) if request.method == "DELETE" else ()
            try:
                response = self.cluster.send(request, accept=gone)
            except ServerError as error:
                if already_there(error) and self._made(change, request):
                    continue
                if can(kind, Producing) and change.live is None and error.status in UNKNOWN:
                    raise self._without_its_secret(change, error) from error
                raise
            if can(kind, Judging) and (reason := kind.refusal(response)):
                raise EsctlError(reason)
            if can(kind, Following):
                follow(kind.follow(change.address, response, self.cluster), self.lease)
            if can(kind, Producing) and change.desired is not None:
                produced = kind.produced(change.address, change.desired, response) or produced
        return produced

    def _made(self, change: Change, request: Request) -> bool:
        """Whether this very request made it: its answer was lost, and it was sent again."""
        kind, capabilities = self.kinds[change.address.kind], self.plan.capabilities
        return made_before(change, request, self.cluster, kind, capabilities, body=self._body(change), seal=self.seal)

    def _without_its_secret(self, change: Change, error: ServerError) -> EsctlError:
        """What was made although no answer came is taken back: what it tells once is lost."""
        kind = self.kinds[change.address.kind]
        try:
            if not kind.read(self.cluster, [change.address], self.plan.capabilities):
                return error
            for request in kind.delete(change.address, Context(self.plan.project, self.plan.capabilities)):
                self.cluster.send(request)
        except EsctlError:
            return error
        return EsctlError(f"{error}; it was made all the same, without its secret, and is taken back")

    def _retire(self, change: Change) -> bool:
        """Delete what stands at the old address, now that nothing refers to it any more."""
        if self.outcomes[id(change)].state != "done":
            return False
        old = change.moved_from.address if change.moved_from else change.address
        if self.failed is not None and change.afterwards:
            self._end(change, "failed", f"made, but {old} stays: {self.failed.address} failed before it")
            return False
        try:
            self._send(replace(change, desired=None), change.afterwards)
        except EsctlError as error:
            self._end(change, "failed", f"made, but {old} stays: {error}")
            return False
        return True

    def _remembering(self, done: Sequence[Change], remember: Callable[[Sequence[Change]], None]) -> None:
        """Remember what was done; where that fails, it is said of each, and nothing more is written."""
        try:
            if done:
                remember(done)
        except EsctlError as error:
            for change in done:
                self._end(change, "failed", f"done, but it could not be remembered: {error}")

    def _remember(self, done: Sequence[Change]) -> None:
        """Read back what was written and keep it, with what the server added, in the ledger."""
        deleted = [change for change in done if change.action is Action.DELETE]
        written = [change for change in done if change.action is not Action.DELETE]
        live = read(self.cluster, [change.address for change in written], self.kinds)
        entries = []
        for change in written:
            kind = self.kinds[change.address.kind]
            body = self._body(change)
            found = live.get(change.address)
            defaults = {}
            if found is not None and not kind.shared:
                there = kind.normalise(found.body, self.plan.capabilities)
                if kind.secrets:
                    there = aligned(there, body, body, self.seal, kind.secrets)
                defaults = added(there, body)
            entries.append(_entry(change, body, defaults))
        if entries:
            self.ledger.remember_all(entries, beside=self.recorder.marks(written))
        if deleted:
            versions = {c.address: c.remembered.version if c.remembered else None for c in deleted}
            self.ledger.forget_all(versions, beside=self.recorder.marks(deleted))

    def _body(self, change: Change) -> Body:
        """What the ledger keeps of what was written."""
        kind = self.kinds[change.address.kind]
        body = kind.normalise(change.desired or {}, self.plan.capabilities)
        return sealed(body, self.seal, kind.secrets) if kind.secrets else body

    def _forget_old(self, moved: Sequence[Change]) -> None:
        versions = {c.moved_from.address: c.moved_from.version for c in moved if c.moved_from is not None}
        self.ledger.forget_all(versions, beside=self.recorder.retired(moved))

    def _keep_up(self) -> None:
        """Upkeep of the ledger that waited for an apply that writes: bodies refreshed, what is gone forgotten."""
        entries, gone = [], {}
        kept_up = [c for c in self.plan.changes if c.action in (Action.REFRESH, Action.FORGET)]
        beside = self.recorder.upkeep(kept_up)
        for change in kept_up:
            if change.action is Action.REFRESH and change.desired is not None:
                defaults = change.remembered.defaults if change.remembered else {}
                entries.append(_entry(change, self._body(change), defaults))
                if change.moved_from is not None:
                    gone[change.moved_from.address] = change.moved_from.version
            elif change.action is Action.FORGET and change.remembered is not None:
                gone[change.address] = change.remembered.version
        if entries:
            self.ledger.remember_all(entries, beside=beside)
        if gone:
            self.ledger.forget_all(gone, beside=() if entries else beside)


def _entry(change: Change, body: Body, defaults: Body) -> Remembered:
    version = change.remembered.version if change.remembered else {}
    return Remembered(change.address, body, defaults, protect=change.protect, version=version)
