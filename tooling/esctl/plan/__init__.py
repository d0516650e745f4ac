"""desired × remembered × live → changes; functions of data, no I/O."""

from .build import Choices, Survey, build
from .summary import counts, exit_code

__all__ = ["Choices", "Survey", "build", "counts", "exit_code"]
