"""The way back under the name that it had."""

from __future__ import annotations

from typing import Any

from . import chart_of as whole_chart_of


def chart_of(attributes: dict[str, Any], references: list[dict[str, str]], refuse: Any = None) -> Any:
    """See `charts.chart_of`."""
    return whole_chart_of(attributes, references)
