"""Moments as machine learning APIs take them: ISO 8601 text or milliseconds; one form for both."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(value: Any) -> int | None:
    """Milliseconds since 1970; None where it is no moment. Text without a zone is UTC."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return int(value)
    if not isinstance(value, str):
        return None
    text = value.strip()
    if text.isdigit():
        return int(text)
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return None
    parsed = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    return (parsed - _EPOCH) // timedelta(milliseconds=1)


def told(value: Any) -> Any:
    """`2026-12-24T00:00:00Z`, with milliseconds where there are some; what is no moment stays as it is."""
    milliseconds = moment(value)
    if milliseconds is None:
        return value
    try:
        found = _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return value
    text = found.isoformat(timespec="milliseconds" if milliseconds % 1000 else "seconds")
    return text.replace("+00:00", "Z")
