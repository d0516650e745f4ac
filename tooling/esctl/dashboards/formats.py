"""Value formats of a chart's columns: as code → `params.format`."""

from __future__ import annotations

from typing import Any

FROM_UNITS = {
    "ps": "picoseconds", "ns": "nanoseconds", "us": "microseconds", "ms": "milliseconds", "s": "seconds",
    "min": "minutes", "h": "hours", "d": "days", "w": "weeks", "mo": "months", "y": "years",
}  # fmt: skip
TO_UNITS = {
    "auto-approximate": "humanize", "auto": "humanizePrecise", "ms": "asMilliseconds", "s": "asSeconds",
    "min": "asMinutes", "h": "asHours", "d": "asDays", "w": "asWeeks", "mo": "asMonths", "y": "asYears",
}  # fmt: skip


def format_state(format: dict[str, Any]) -> dict[str, Any]:
    """`{type, …}` → `{id, params}`. Decimals are 2 where none are given; unknown duration units pass unchanged."""
    kind = format["type"]
    params: dict[str, Any] = {"decimals": format.get("decimals", 2)}
    if kind == "duration":
        params["fromUnit"] = FROM_UNITS.get(format["from"], format["from"])
        params["toUnit"] = TO_UNITS.get(format["to"], format["to"])
    if kind == "custom":
        params["pattern"] = format["pattern"]
    if format.get("compact"):
        params["compact"] = True
    if format.get("suffix"):
        params["suffix"] = format["suffix"]
    return {"id": kind, "params": params}
