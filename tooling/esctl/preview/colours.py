"""Which colour a value gets: Lens colour mappings (both generations), palettes by number, readable text on a colour.

One value has one colour everywhere: assignments are looked up by the value's text, whatever its type.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ..model import Body
from .buckets import MISSING, OTHER

# Kibana's default colours for categories: since 9.0 ("default"), and before ("eui_amsterdam…", "kibana_palette").
BOREALIS = (
    "#16C5C0",
    "#A6EDEA",
    "#61A2FF",
    "#BFDBFF",
    "#EE72A6",
    "#FFC7DB",
    "#F6726A",
    "#FFC9C2",
    "#EAAE01",
    "#FCD883",
)
AMSTERDAM = (
    "#54B399",
    "#6092C0",
    "#D36086",
    "#9170B8",
    "#CA8EAE",
    "#D6BF57",
    "#B9A888",
    "#DA8B45",
    "#AA6556",
    "#E7664C",
)
NEUTRAL = "#98A2B3"
_SEQUENTIAL = ("#BFDBFF", "#8FBFFF", "#61A2FF", "#2F7DE1", "#154399")
_DARK_INK = "#111C2C"
_PALETTES = {"default": BOREALIS, "elastic_line_optimized": BOREALIS}


class CategoryColours:
    """Colours for the values of one column; values without an assignment take turns in order of appearance."""

    def __init__(self, mapping: Mapping[str, Any] | None) -> None:
        self._mapping = mapping or {}
        self._palette = palette(self._mapping.get("paletteId"))
        self._assigned: dict[str, str] = {}
        self._automatic: dict[str, str] = {}
        self._rest = _special(self._mapping, self._palette)
        self._read_assignments()

    def of(self, value: Any) -> str:
        """The colour of a value (a bucket's key) as `#rrggbb`."""
        key = _text(value)
        if key in self._assigned:
            return self._assigned[key]
        if self._rest:
            return self._rest
        if value == OTHER:
            return NEUTRAL
        if key not in self._automatic:
            taken = len(self._assigned) + len(self._automatic)
            self._automatic[key] = self._palette[taken % len(self._palette)]
        return self._automatic[key]

    def _read_assignments(self) -> None:
        assignments = self._mapping.get("assignments") or ()
        steps = _gradient(self._mapping, len(assignments), self._palette)
        for position, assignment in enumerate(assignments):
            colour = steps[position] if steps else _colour(assignment.get("color") or {}, position, self._palette)
            for value in _matched(assignment):
                self._assigned.setdefault(value, colour)


def palette(name: Any) -> tuple[str, ...]:
    """The colours of a named palette; Kibana's present default where the name is unknown."""
    known = _PALETTES.get(str(name))
    return known or (AMSTERDAM if name and ("amsterdam" in str(name) or "kibana" in str(name)) else BOREALIS)


def colour_by_number(palette_state: Mapping[str, Any], value: float, low: float, high: float) -> str | None:
    """The colour of a number under a Lens `palette` with stops; `low` and `high` are what percentages refer to."""
    params = palette_state.get("params") or {}
    stops = params.get("stops") or params.get("colorStops") or []
    if not stops:
        return None
    position = value
    if params.get("rangeType") == "percent":
        position = 100 * (value - low) / (high - low) if high > low else 100.0
    start, end = params.get("rangeMin"), params.get("rangeMax")
    continuity = params.get("continuity") or "above"
    if start is not None and position < start and continuity not in ("below", "all"):
        return None
    if end is not None and position > end and continuity not in ("above", "all"):
        return None
    for stop in stops:
        limit = stop.get("stop")
        if limit is None or position < limit:
            return str(stop["color"])
    return str(stops[-1]["color"])


def palette_steps(palette_state: Mapping[str, Any] | None) -> list[tuple[str, float | None]]:
    """Colours and upper bounds of a Lens `palette`, the last one open; empty where it has none of its own."""
    params = (palette_state or {}).get("params") or {}
    return [(str(s["color"]), s.get("stop")) for s in params.get("stops") or params.get("colorStops") or ()]


def default_palette() -> Body:
    """Five steps from light to dark, for numbers whose chart stores no colours."""
    stops = [{"color": colour, "stop": 20 * (i + 1)} for i, colour in enumerate(_SEQUENTIAL)]
    return {"params": {"rangeType": "percent", "rangeMin": 0, "rangeMax": 100, "continuity": "all", "stops": stops}}


def text_on(background: str) -> str:
    """A dark ink or white, whichever is easier to read on `background` (WCAG relative luminance)."""
    light = _luminance(background)
    return _DARK_INK if (light + 0.05) ** 2 > 1.05 * (_luminance(_DARK_INK) + 0.05) else "#FFFFFF"


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)] if len(colour) >= 7 else [0.5] * 3
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _colour(colour: Mapping[str, Any], position: int, own: tuple[str, ...]) -> str:
    match colour.get("type"):
        case "colorCode":
            return str(colour.get("colorCode"))
        case "categorical":
            chosen = palette(colour.get("paletteId")) if colour.get("paletteId") else own
            return chosen[int(colour.get("colorIndex") or 0) % len(chosen)]
    return own[position % len(own)]


def _special(mapping: Mapping[str, Any], own: tuple[str, ...]) -> str | None:
    special = next(iter(mapping.get("specialAssignments") or ()), None)
    colour = (special or {}).get("color") or {}
    return None if not special or colour.get("type") in (None, "loop") else _colour(colour, 0, own)


def _gradient(mapping: Mapping[str, Any], count: int, own: tuple[str, ...]) -> list[str]:
    """One colour per assignment where the mapping blends between steps."""
    mode = mapping.get("colorMode") or {}
    if mode.get("type") != "gradient" or not count:
        return []
    steps = [_colour(step, i, own) for i, step in enumerate(mode.get("steps") or ())] or [own[0]]
    if len(steps) == 1:
        steps.append("#FFFFFF")
    colours = [_blend(steps, i / (count - 1) if count > 1 else 0.0) for i in range(count)]
    return colours[::-1] if mode.get("sort") == "desc" else colours


def _blend(steps: list[str], at: float) -> str:
    scaled = at * (len(steps) - 1)
    left = min(int(math.floor(scaled)), len(steps) - 2)
    share = scaled - left
    pairs = ((int(steps[left][i : i + 2], 16), int(steps[left + 1][i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _matched(assignment: Mapping[str, Any]) -> list[str]:
    """The values of an assignment as text: `rules` (raw, match) or the older `rule` (matchExactly)."""
    rules = assignment.get("rules") or ([assignment["rule"]] if assignment.get("rule") else [])
    values: list[str] = []
    for rule in rules:
        match rule.get("type"):
            case "raw":
                values.append(_text(rule.get("value")))
            case "match":
                values.append(_text(rule.get("pattern")))
            case "matchExactly" | "matchExactlyCI":
                values += [_text(v) for v in rule.get("values") or ()]
    return values


def _text(value: Any) -> str:
    """One spelling for `3`, `3.0`, `"3"`; lists and range keys by their parts."""
    if isinstance(value, Mapping):
        keys: Any = value.get("keys")
        if keys is not None:
            return "\x1f".join(_text(k) for k in keys)
        return f"{_text(value.get('from'))}–{_text(value.get('to'))}"
    if isinstance(value, list):
        return "\x1f".join(_text(v) for v in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return MISSING if value is None else str(value)
