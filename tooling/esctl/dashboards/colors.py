"""Colours of a chart: by category (`colorMapping`), by value (`palette`), or one fixed colour."""

from __future__ import annotations

from typing import Any

from .form import Form

LEGACY_PALETTE = "LEGACY_PALETTE_"
BY_VALUE = ("dynamic", "legacy_dynamic")


def static_color(color: dict[str, Any] | None) -> str | None:
    """The colour of `{type: static, color}`; None for `auto`, `none` and nothing."""
    return str(color["color"]) if color and color.get("type") == "static" else None


def by_value(color: dict[str, Any] | None) -> dict[str, Any] | None:
    """The `palette` of `{type: dynamic|legacy_dynamic, range, steps, …}`; None for any other colour."""
    if not color or color.get("type") not in BY_VALUE:
        return None
    steps = color["steps"]
    lows = [step.get("gte") for step in steps]
    highs = [step.get("lt", step.get("lte")) for step in steps]
    low, high = lows[0], highs[-1]
    legacy = color["type"] == "legacy_dynamic"
    name = color["palette"] if legacy else "custom"
    # Kibana keeps the steps of its named palettes one place off, and `shift` says that they were put right.
    stops = [low, *highs[:-1]] if legacy and color["shift"] else highs
    continuity = {(True, True): "all", (False, True): "above", (True, False): "below", (False, False): "none"}
    return {
        "type": "palette",
        "name": name,
        "params": {
            "name": name,
            "progression": "fixed",
            "reverse": False,
            "rangeType": "percent" if color["range"] == "percentage" else "number",
            "rangeMin": low,
            "rangeMax": high,
            "stops": [{"color": step["color"], "stop": stop} for step, stop in zip(steps, stops, strict=True)],
            "colorStops": [{"color": step["color"], "stop": stop} for step, stop in zip(steps, lows, strict=True)],
            "continuity": continuity[low is None, high is None],
            "steps": len(steps),
            "maxSteps": max(5, len(steps)),
        },
    }


def by_category(color: dict[str, Any] | None, form: Form) -> dict[str, Any] | None:
    """The `colorMapping` of `{mode: categorical|gradient, palette, mapping, …}`; None for any other colour."""
    if not color or "mode" not in color or legacy_palette(color):
        return None
    gradient = color["mode"] == "gradient"
    mode: dict[str, Any] = {"type": color["mode"]}
    if gradient:
        mode["steps"] = [_color(step) | {"touched": False} for step in color.get("gradient", [])]
        mode["sort"] = color.get("sort", "asc")
    unassigned = _color(color["unassigned"]) if "unassigned" in color else {"type": "loop"}
    return {
        "paletteId": color["palette"],
        "colorMode": mode,
        "assignments": [
            _rules(entry["values"], form)
            | {"color": {"type": "gradient"} if gradient else _color(entry["color"]), "touched": False}
            for entry in color.get("mapping", [])
        ],
        "specialAssignments": [_special(form) | {"color": unassigned, "touched": False}],
    }


def legacy_palette(color: dict[str, Any] | None) -> dict[str, Any] | None:
    """The old `palette` behind a palette name that begins with `LEGACY_PALETTE_`: such a palette is not a mapping."""
    if not color or not str(color.get("palette", "")).startswith(LEGACY_PALETTE):
        return None
    return {"type": "palette", "name": color["palette"].removeprefix(LEGACY_PALETTE)}


def numeric_mapping(color: dict[str, Any] | None) -> bool:
    """True where colours are assigned, and to numbers only."""
    values = [value for entry in (color or {}).get("mapping", []) for value in entry["values"]]
    return bool(values) and all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def _color(color: dict[str, Any]) -> dict[str, Any]:
    if color["type"] == "color_code":
        return {"type": "colorCode", "colorCode": color["value"]}
    return {"type": "categorical", "paletteId": color.get("palette", "default"), "colorIndex": color["index"]}


def _rules(values: list[Any], form: Form) -> dict[str, Any]:
    if form.settled:
        return {"rules": [{"type": "raw", "value": _raw(value)} for value in values]}
    return {"rule": {"type": "matchExactly", "values": [_text(value) for value in values]}}


def _special(form: Form) -> dict[str, Any]:
    return {"rules": [{"type": "other"}]} if form.settled else {"rule": {"type": "other"}}


def _raw(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value["type"] == "multi_field_key":
        return {"type": "multiFieldKey", "keys": value["keys"]}
    return {key: value[key] for key in ("from", "to", "ranges")} | {"type": "rangeKey"}


def _text(value: Any) -> Any:
    """A category in the old rules: text; several fields are a list of texts, a range `from:0,to:10`."""
    if isinstance(value, dict):
        return value["keys"] if value["type"] == "multi_field_key" else f"from:{value['from']},to:{value['to']}"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
