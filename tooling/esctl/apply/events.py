"""What is told while a plan is carried out, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..model import Change, Outcome, Produced


@dataclass(frozen=True)
class Event:
    """Progress: a change `started`, is `running` (`done` of `total`, what `reason` counts) or ended."""

    change: Change
    state: Literal["started", "running", "done", "failed", "skipped"]
    reason: str = ""
    done: int = 0
    total: int = 0
    produced: Produced | None = None


@dataclass(frozen=True)
class Done:
    """What became of a plan. `produced` is what servers tell once; `archive` is where what was deleted can be found;
    `number` is the run's in the history, None where it could not be written."""

    outcomes: tuple[Outcome, ...]
    requests: int = 0
    produced: tuple[Produced, ...] = ()
    archive: str = ""
    number: int | None = None
    warnings: tuple[str, ...] = ()

    @property
    def failed(self) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.state != "done")
