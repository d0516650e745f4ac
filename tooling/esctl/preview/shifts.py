"""Time shifts of Lens (`1w`, `previous`, `startAt(…)`): the earlier time range, and its rows brought forward."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from ..errors import EsctlError
from .filters import TimeRange, instant, span_of

_AMOUNT = re.compile(r"(\d+)\s*([smhdwMy])")
_FIXED = re.compile(r"(startAt|endAt)\((.+)\)")


def earlier(text: str, amount: str) -> str:
    """A time `amount` before another one, as date math: `now-1w`, `2026-01-01||-1w`."""
    found = _AMOUNT.fullmatch(amount.strip())
    if not found:
        raise EsctlError(f'"{amount}" is not a span of time', hint="write for example 1w")
    step = f"-{found[1]}{found[2]}"
    return f"{text}{step}" if text.startswith("now") or "||" in text else f"{text}||{step}"


def shifted_range(time_range: TimeRange, shift: str) -> TimeRange:
    """The time range that a shifted column looks at. Raises EsctlError for a shift that cannot be read."""
    amount = _amount(time_range, shift)
    return TimeRange(earlier(time_range.start, amount), earlier(time_range.end, amount))


def brought_forward(milliseconds: float, time_range: TimeRange, shift: str) -> float:
    """The key of a shifted row's date bucket, as the unshifted rows have it."""
    found = _AMOUNT.fullmatch(_amount(time_range, shift))
    assert found  # `_amount` gives nothing else
    number, unit = int(found[1]), found[2]
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    if unit in "My":
        months = moment.year * 12 + moment.month - 1 + number * (12 if unit == "y" else 1)
        day = min(moment.day, 28) if moment.day > 28 else moment.day
        moment = moment.replace(year=months // 12, month=months % 12 + 1, day=day)
    else:
        seconds = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}[unit] * number
        moment += timedelta(seconds=seconds)
    return moment.timestamp() * 1000


def _amount(time_range: TimeRange, shift: str) -> str:
    """Every form of a shift as a number and a unit."""
    text = shift.strip()
    if _AMOUNT.fullmatch(text):
        return text.replace(" ", "")
    span = span_of(time_range)
    if text == "previous" and span:
        return f"{round(span)}s"
    fixed = _FIXED.fullmatch(text)
    if fixed:
        now = datetime.now(UTC)
        end = time_range.start if fixed[1] == "startAt" else time_range.end
        here, there = instant(end, now), instant(fixed[2].strip(), now)
        if here and there:
            return f"{max(round((here - there).total_seconds()), 0)}s"
    raise EsctlError(f'time shift "{shift}" cannot be read', hint="write for example 1w, or previous")
