"""Elasticsearch's durations as text (`30d`, `1500ms`) and in milliseconds."""

from __future__ import annotations

import re
from typing import Any

UNITS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
_TEXT = re.compile(r"(\d+)\s*(d|h|m|s|ms)")


def milliseconds(text: Any) -> int | None:
    """How long a duration is; None where it is none."""
    match = _TEXT.fullmatch(text.strip().lower()) if isinstance(text, str) else None
    return int(match[1]) * UNITS[match[2]] if match else None


def shortest(milliseconds: int) -> str:
    """The duration in the largest unit that says it exactly."""
    for unit, length in UNITS.items():
        if milliseconds and milliseconds % length == 0:
            return f"{milliseconds // length}{unit}"
    return f"{milliseconds}ms"
