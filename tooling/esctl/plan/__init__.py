"""desired × remembered × live → changes; functions of data, no I/O."""

from .build import build
from .drift import drifted, only_drift
from .summary import counts, exit_code
from .survey import Choices, Survey

__all__ = ["Choices", "Survey", "build", "counts", "drifted", "exit_code", "only_drift"]
