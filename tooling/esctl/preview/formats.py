"""How values are written: numbers in Kibana's formats, keys of buckets, dates."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from .buckets import MISSING, OTHER
from .lens import Column

_SIZES = {"bytes": ("B", "KB", "MB", "GB", "TB", "PB"), "bits": ("bit", "kbit", "Mbit", "Gbit", "Tbit", "Pbit")}
_SECONDS = {
    "picoseconds": 1e-12, "nanoseconds": 1e-9, "microseconds": 1e-6, "milliseconds": 1e-3, "seconds": 1, "minutes": 60,
    "hours": 3600, "days": 86400, "weeks": 604800, "months": 2629800, "years": 31557600,
}  # fmt: skip
_UNITS = (("years", 31557600), ("months", 2629800), ("days", 86400), ("hours", 3600), ("minutes", 60), ("seconds", 1))


def number_text(value: Any, column: Column | None = None) -> str:
    """A metric's value as Lens shows it: the column's format, else up to three decimals; `-` where there is none."""
    if value is None:
        return "-"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ", ".join(str(v) for v in value) if isinstance(value, list) else str(value)
    stored = (column.params.get("format") if column else None) or {}
    kind, params = stored.get("id"), stored.get("params") or {}
    decimals, suffix = int(params.get("decimals", 2)), str(params.get("suffix") or "")
    match kind:
        case "number":
            return (_compact(value, decimals) if params.get("compact") else _grouped(value, decimals)) + suffix
        case "percent":
            return _grouped(value * 100, decimals) + "%" + suffix
        case "bytes" | "bits":
            return _sized(value, decimals, kind) + suffix
        case "duration":
            return _duration(value, params, decimals) + suffix
        case "custom":
            return _custom(value, str(params.get("pattern") or "0,0.[000]"))
    return _trimmed(value, 3)


def key_text(key: Any, column: Column, *, width: float | None = None) -> str:
    """A bucket's key as Lens labels it."""
    if key == OTHER:
        return "Other"
    if key == MISSING or key is None:
        return "(missing value)"
    if column.operation == "date_histogram":
        return date_text(key, width)
    if isinstance(key, dict):
        return _range_label(key, column)
    if isinstance(key, list):
        return " › ".join(key_text(part, column) for part in key)
    if isinstance(key, bool):
        return "true" if key else "false"
    if key == "":
        return "(empty)"
    if isinstance(key, int | float) and column.params.get("format"):
        return number_text(key, column)
    return _trimmed(key, 3) if isinstance(key, int | float) else str(key)


def date_text(milliseconds: Any, width: float | None = None) -> str:
    """UTC; as fine as buckets of `width` milliseconds need."""
    if not isinstance(milliseconds, int | float):
        return str(milliseconds)
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    if width is None:
        return f"{moment:%Y-%m-%d}" if milliseconds % 86_400_000 == 0 else f"{moment:%Y-%m-%d %H:%M:%S}"
    return (
        f"{moment:%Y-%m-%d}"
        if width >= 86_400_000
        else f"{moment:%m-%d %H:%M}"
        if width >= 60_000
        else f"{moment:%H:%M:%S}"
    )


def _range_label(key: dict[str, Any], column: Column) -> str:
    for stored in column.params.get("ranges") or ():
        if stored.get("label") and (stored.get("from"), stored.get("to")) == (key.get("from"), key.get("to")):
            return str(stored["label"])
    low, high = key.get("from"), key.get("to")
    return f"{'-∞' if low is None else _trimmed(low, 3)} → {'+∞' if high is None else _trimmed(high, 3)}"


def _grouped(value: float, decimals: int) -> str:
    return f"{value:,.{decimals}f}"


def _trimmed(value: float, decimals: int) -> str:
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _compact(value: float, decimals: int) -> str:
    for limit, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K")):
        if abs(value) >= limit:
            return _trimmed(value / limit, decimals) + letter
    return _trimmed(value, decimals)


def _sized(value: float, decimals: int, kind: str) -> str:
    step, units, position = (1024 if kind == "bytes" else 1000), _SIZES[kind], 0
    while abs(value) >= step and position < len(units) - 1:
        value, position = value / step, position + 1
    return f"{value:,.{decimals}f} {units[position]}"


def _duration(value: float, params: dict[str, Any], decimals: int) -> str:
    seconds = value * _SECONDS.get(str(params.get("fromUnit") or "seconds"), 1)
    target = str(params.get("toUnit") or "humanize")
    named = target.removeprefix("as").lower()
    if named in _SECONDS:
        return f"{seconds / _SECONDS[named]:,.{decimals}f} {named}"
    for name, length in _UNITS:
        if abs(seconds) >= length:
            return f"{_trimmed(seconds / length, decimals)} {name}"
    return f"{_trimmed(seconds * 1000, decimals)} milliseconds"


def _custom(value: float, pattern: str) -> str:
    """Numeral patterns of the common kind: `0,0.[000]`, `0.00%`, `$0,0`, `0.0a`."""
    found = re.search(r"0(?:,0)?(?:\.(0*)(?:\[(0+)\])?|\.\[(0+)\])?", pattern)
    if not found:
        return _trimmed(value, 3)
    fixed, optional = len(found[1] or ""), len(found[2] or found[3] or "")
    rest = pattern[found.end() :]
    if rest.lstrip().startswith("%"):
        value *= 100
    letter = ""
    if rest.lstrip().startswith("a"):
        for limit, name in ((1e12, "t"), (1e9, "b"), (1e6, "m"), (1e3, "k")):
            if abs(value) >= limit:
                value, letter = value / limit, name
                break
        rest = rest.replace("a", letter, 1)
    text = f"{value:,.{fixed + optional}f}" if "," in found[0] else f"{value:.{fixed + optional}f}"
    for _ in range(optional):
        text = text[:-1] if text.endswith("0") else text
    return pattern[: found.start()] + text.rstrip(".") + rest
