"""A run as the history keeps it: written down before the first change, marked as it goes, ended however it ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from ..cluster import Cluster, Lease, who
from ..cluster.history import ABSENT, History, Run, Step
from ..errors import ServerError
from ..kinds.base import Kind
from ..model import Action, Address, Body, Change, Outcome, Plan
from ..plan.sealing import Seal, hidden
from ..secret import referred

__all__ = ["APPLY", "KEEP", "History", "Occasion", "Recorder", "Run", "Step"]

KEEP = 100
"""Runs of a project that stay in the history, unless `esctl.yaml` says otherwise."""


@dataclass(frozen=True)
class Occasion:
    """What led to a run: the command as typed, the environment ("" for none), and how many runs are to be kept."""

    command: str = "apply"
    environment: str = ""
    keep: int = KEEP


APPLY = Occasion()


class Recorder:
    """One run, under its lease.

    A history that cannot be written is one warning, not an error: what it would have held is the ledger's business too.
    """

    def __init__(
        self, plan: Plan, cluster: Cluster, kinds: Mapping[str, Kind], lease: Lease, occasion: Occasion, commit: str
    ) -> None:
        self.number: int | None = None
        self.warnings: list[str] = []
        self._plan, self._kinds, self._lease, self._occasion = plan, kinds, lease, occasion
        self._history = History(cluster, plan.project)
        self._run = Run(occasion.command, "", who=who(), commit=commit, environment=occasion.environment)
        self._seal = plan.seal if isinstance(plan.seal, Seal) else Seal.fresh()
        self._planned = 0
        self._marking: set[Address] = set()

    def begin(self, changes: Sequence[Change]) -> None:
        """Write down what is about to happen. Raises ServerError where no server answers."""
        steps = [step for change in changes for step in self._steps(change)]
        self._planned = len(steps)
        self._run = replace(self._run, started=_iso(self._lease.now()), changes=len(changes))
        try:
            self.number = self._history.begin(self._run, steps)
        except ServerError as error:
            if not error.status:
                raise
            self.warnings.append(f"this run is not in the history: {error}")

    def marks(self, changes: Sequence[Change]) -> list[Body]:
        """Lines of `_bulk` that say these were done."""
        return self._marked(change.address for change in changes)

    def retired(self, changes: Sequence[Change]) -> list[Body]:
        """Lines of `_bulk` that say the earlier addresses of these are gone."""
        return self._marked(change.moved_from.address for change in changes if change.moved_from is not None)

    def _marked(self, addresses: Iterable[Address]) -> list[Body]:
        if self.number is None:
            return []
        asked = list(addresses)
        self._marking.update(asked)
        return self._history.marks(self.number, asked)

    def upkeep(self, changes: Sequence[Change]) -> list[Body]:
        """Lines of `_bulk` for what only the ledger learns: refreshed, or forgotten."""
        if self.number is None:
            return []
        steps = [replace(step, state="done") for change in changes for step in self._steps(change)]
        position, self._planned = self._planned, self._planned + len(steps)
        return self._history.add(self.number, steps, position)

    def end(self, outcomes: Iterable[Outcome], reason: str = "") -> None:
        """Write down how it ended, and why where it was stopped. A refusal is a warning: the work itself is done."""
        if self.number is None:
            return
        outcomes = list(outcomes)
        left = [
            replace(step, state=outcome.state, reason=outcome.reason)
            for outcome in outcomes
            if outcome.state != "done"
            for step in self._steps(outcome.change)
        ]
        failure = next((f"{o.change.address}: {o.reason}" for o in outcomes if o.state == "failed"), "")
        run = replace(
            self._run,
            number=self.number,
            state="failed" if left or reason else "done",
            ended=_iso(self._lease.now()),
            done=sum(outcome.state == "done" for outcome in outcomes),
            reason=reason or failure,
        )
        try:
            self._history.end(run, left, self._marking)
            if self.number > self._occasion.keep:
                self._history.prune(self.number - self._occasion.keep + 1)
        except ServerError as error:
            self.warnings.append(f"the history does not say how this run ended: {error}")

    def _steps(self, change: Change) -> list[Step]:
        """One for the resource, and one for its earlier address where it moved."""
        kind, capabilities = self._kinds[change.address.kind], self._plan.capabilities
        before = None
        if change.live is not None and change.action not in (Action.ADOPT, Action.REFRESH):
            before = hidden(kind.normalise(change.live.body, capabilities), self._seal, kind.secrets)
        after = referred(change.desired) if change.desired is not None and change.action not in ABSENT else None
        differences = tuple({"path": d.dotted, "before": d.before, "after": d.after} for d in change.differences)
        steps = [
            Step(
                change.address,
                str(change.action),
                str(change.cause),
                str(change.consequence),
                change.words,
                differences,
                after,
                before,
            )
        ]
        if change.moved_from is not None:
            words = f"moved to {change.address}"
            steps.append(Step(change.moved_from.address, "delete", str(change.cause), words=words))
        return steps


def _iso(milliseconds: float) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
