"""Value formats of a chart's columns: as code ↔ `params.format`."""

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
_FROM = {stored: name for name, stored in FROM_UNITS.items()}
_TO = {stored: name for name, stored in TO_UNITS.items()}


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


def format_of(state: Any) -> dict[str, Any] | None:
    """The way back; None for what has no form as code (`url`, `string`, a duration without its units, …)."""
    if not isinstance(state, dict):
        return None
    kind, params = state.get("id"), state.get("params") or {}
    found: dict[str, Any] = {"type": kind}
    if kind in ("number", "percent", "bytes", "bits"):
        if params.get("decimals", 2) != 2:
            found["decimals"] = params["decimals"]
        if params.get("compact") and kind in ("number", "percent"):
            found["compact"] = True
    elif kind == "duration" and {"fromUnit", "toUnit"} <= params.keys():
        found["from"] = _FROM.get(params["fromUnit"], params["fromUnit"])
        found["to"] = _TO.get(params["toUnit"], params["toUnit"])
    elif kind == "custom" and "pattern" in params:
        return found | {"pattern": params["pattern"]}
    else:
        return None
    return found | ({"suffix": params["suffix"]} if params.get("suffix") else {})
