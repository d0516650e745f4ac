"""Lens attributes → the chart as code that they stand for: the way back of the chart modules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Body = dict[str, Any]


def chart_of(attributes: Body, references: list[dict[str, str]], refuse: Callable[[str], Exception]) -> Body:
    """The chart's config. Raises what `refuse` makes of a reason, for what has no exact form."""
    raise refuse(f"charts of type {attributes.get('visualizationType')} are not written as code yet")
