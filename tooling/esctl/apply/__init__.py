"""A plan → requests: survey, stages, ledger, events."""

from .run import Done, Event, allowed, run
from .survey import survey

__all__ = ["Done", "Event", "allowed", "run", "survey"]
