"""Colours as Lens keeps them → as code: the way back of `colors`. What cannot be said gives nothing."""

from __future__ import annotations

import math
from typing import Any

from .colors import LEGACY_PALETTE

Body = dict[str, Any]


def static_of(stored: Any) -> Body:
    """`{color: {type: static, …}}` where there is one."""
    return {"color": {"type": "static", "color": stored}} if isinstance(stored, str) and stored else {}


def value_of(palette: Any) -> Body:
    """`{color: {type: dynamic|legacy_dynamic, …}}` of a palette with stops."""
    params = palette.get("params") if isinstance(palette, dict) else None
    stops = (params or {}).get("stops")
    if not params or not stops:
        return {}
    name = params.get("name") or "custom"
    low, high = bounds(params)
    given = [one.get("stop") for one in stops]
    shift = name != "custom" and ((low is not None and low == given[0]) or (high is not None and high != given[-1]))
    highs = [*given[1:], high] if shift else given
    colors = [one["color"] for one in stops]
    if params.get("reverse"):
        colors.reverse()
    steps: list[Body] = []
    for n, (paint, upper) in enumerate(zip(colors, highs, strict=True)):
        step: Body = {"color": paint}
        lower = low if n == 0 else highs[n - 1]
        if lower is not None:
            step["gte"] = lower
        if n == len(colors) - 1 and n:
            step |= {} if high is None else {"lte": high}
        elif upper is not None:
            step["lt"] = upper
        steps.append(step)
    if any(len(step) == 1 for step in steps):
        return {}
    color: Body = {"type": "dynamic", "range": "absolute" if params.get("rangeType") == "number" else "percentage"}
    if name != "custom":
        color = {"type": "legacy_dynamic", "range": color["range"], "palette": name, "shift": bool(shift)}
    return {"color": color | {"steps": steps}}


def bounds(params: Body) -> tuple[float | None, float | None]:
    """Where the range of a palette begins and ends; None where it is open."""
    low, high = _finite(params.get("rangeMin")), _finite(params.get("rangeMax"))
    open_ends = params.get("continuity")
    return None if open_ends in ("below", "all") else low, None if open_ends in ("above", "all") else high


def _finite(value: Any) -> float | None:
    return value if isinstance(value, int | float) and math.isfinite(value) else None


def palette_name_of(palette: Any) -> Body:
    """`{color: …}` of an old palette by name, which has no params."""
    if not isinstance(palette, dict) or not palette.get("name"):
        return {}
    return {"color": {"mode": "categorical", "palette": f"{LEGACY_PALETTE}{palette['name']}", "mapping": []}}


def mapping_of(mapping: Any) -> Body:
    """`{color: …}` of a `colorMapping` with raw rules."""
    if not isinstance(mapping, dict):
        return {}
    mode = mapping.get("colorMode") or {"type": "categorical"}
    gradient = mode.get("type") == "gradient"
    found: Body = {"mode": mode.get("type", "categorical"), "palette": mapping.get("paletteId", "default")}
    assignments = []
    for one in mapping.get("assignments") or ():
        values = _values(one)
        color = {} if gradient else _color(one.get("color"))
        if values is None or color is None:
            return {}
        assignments.append({"values": values} | ({} if gradient else {"color": color}))
    if assignments or not gradient:
        found["mapping"] = assignments
    if gradient:
        steps = [_color(step) for step in mode.get("steps") or ()]
        if None in steps:
            return {}
        found |= {"gradient": steps} if steps else {}
        found |= {"sort": "desc"} if mode.get("sort") == "desc" else {}
    rest = (mapping.get("specialAssignments") or [{}])[0].get("color") or {"type": "loop"}
    unassigned = None if rest.get("type") == "loop" else _color(rest)
    return {"color": found | ({"unassigned": unassigned} if unassigned else {})}


def _color(stored: Any) -> Body | None:
    kind = stored.get("type") if isinstance(stored, dict) else None
    if kind == "colorCode":
        return {"type": "color_code", "value": stored["colorCode"]}
    if kind != "categorical":
        return None
    palette = {} if stored.get("paletteId", "default") == "default" else {"palette": stored["paletteId"]}
    return {"type": "from_palette", **palette, "index": stored["colorIndex"]}


def _values(assignment: Body) -> list[Any] | None:
    rules = assignment.get("rules")
    if rules is None or any(rule.get("type") != "raw" for rule in rules):
        return None
    return [_raw(rule["value"]) for rule in rules]


def _raw(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value.get("type") == "multiFieldKey":
        return {"type": "multi_field_key", "keys": value["keys"]}
    return {"type": "range_key"} | {key: value[key] for key in ("from", "to", "ranges") if key in value}
