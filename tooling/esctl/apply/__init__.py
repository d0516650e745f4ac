"""A plan → requests: survey, stages, ledger, events."""

from .events import Done, Event
from .run import allowed, run
from .survey import survey

__all__ = ["Done", "Event", "allowed", "run", "survey"]
