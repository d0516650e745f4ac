"""`lnsGauge`: a number against its minimum, maximum and goal, as bullet or as arc."""

from __future__ import annotations

import math
from collections.abc import Mapping

from ...model import Body
from ..colours import BOREALIS, colour_by_number, palette_steps
from ..formats import number_text
from ..lens import Lens
from ..rows import Table
from .model import Chart

_TRACK = "#98A2B340"
_ARCS = {
    "circle": (-math.pi, math.pi),
    "semiCircle": (-math.pi / 2, math.pi / 2),
    "arc": (-2 * math.pi / 3, 2 * math.pi / 3),
}


def gauge_chart(lens: Lens, tables: Mapping[str, Table]) -> Chart:
    """Without a stored maximum the scale ends at a round number above value and goal, as Kibana's does."""
    state = lens.visualization
    table = tables.get(str(state.get("layerId"))) or next(iter(tables.values()))
    metric = table.layer.columns[str(state.get("metricAccessor") or state.get("accessor"))]
    row = table.rows[0] if table.rows else {}

    def number(name: str) -> float | None:
        found = row.get(str(state.get(f"{name}Accessor") or ""))
        return float(found) if isinstance(found, int | float) else None

    value, goal = number("metric"), number("goal")
    if value is None:
        return Chart("empty")
    low = number("min") or 0.0
    high = number("max") or _round_above(max(value, goal or 0.0, low + 1e-9))
    stops = palette_steps(state.get("palette")) if state.get("colorMode") == "palette" else []
    colour = (colour_by_number(state["palette"], value, low, high) if stops else None) or BOREALIS[0]
    title = {"none": "", "custom": str(state.get("labelMajor") or "")}.get(
        str(state.get("labelMajorMode")), metric.label
    )
    shape = str(state.get("shape") or "horizontalBullet")
    text = number_text(value, metric)
    tip = {metric.label: text, **({} if goal is None else {"Goal": number_text(goal, metric)})}
    share = min(max((value - low) / (high - low), 0.0), 1.0)
    marks = (
        _arc(shape, share, colour, text, tip) if shape in _ARCS else _bullet(shape, low, high, value, goal, colour, tip)
    )
    spec: Body = {"layer": marks}
    below = str(state.get("labelMinor") or "")
    if shape not in _ARCS:
        # A bar alone does not say its number.
        below = " · ".join(
            [text, *([f"goal {number_text(goal, metric)}"] if goal is not None else []), *filter(None, [below])]
        )
    if title or below:
        spec["title"] = {"text": title, "subtitle": below, "anchor": "start"}
    return Chart(
        "vega-lite", {"filters": []}, spec, summary=f"{title or metric.label}: {text} of {number_text(high, metric)}"
    )


def _round_above(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value)) if value > 0 else 1.0
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value)


def _bullet(
    shape: str, low: float, high: float, value: float, goal: float | None, colour: str, tip: Body
) -> list[Body]:
    along, across = ("y", "x") if shape == "verticalBullet" else ("x", "y")
    place: Body = {"field": "v", "type": "quantitative", "scale": {"domain": [low, high]}, "stack": None,
                   "axis": {"title": None, "grid": False, "tickCount": 6}}  # fmt: skip
    thin = {"type": "bar", "size": 22, "cornerRadiusEnd": 3}

    def layer(at: float, mark: Body) -> Body:
        middle = {"value": {"expr": "height / 2" if across == "y" else "width / 2"}}
        encoding = {along: place, across: middle, "tooltip": {"field": "tip"}}
        return {"data": {"values": [{"v": at, "tip": tip}]}, "mark": mark, "encoding": encoding}

    orient = {"orient": "vertical" if along == "y" else "horizontal"}
    layers = [
        layer(high, {**thin, **orient, "size": 40, "color": _TRACK}),
        layer(value, {**thin, **orient, "color": colour}),
    ]
    if goal is not None:
        upright = {"orient": "horizontal" if along == "y" else "vertical"}
        layers.append(layer(goal, {"type": "tick", **upright, "thickness": 3, "size": 34, "color": "#69707D"}))
    return layers


def _arc(shape: str, share: float, colour: str, text: str, tip: Body) -> list[Body]:
    start, end = _ARCS[shape]
    radius = "min(width, height) / 2 - 4" if shape == "circle" else "min(width / 2, height * 0.6) - 4"

    def ring(until: float, paint: str) -> Body:
        shape_mark = {"type": "arc", "theta": start, "theta2": until, "color": paint, "cornerRadius": 3, "stroke": None}
        return {
            "data": {"values": [{"tip": tip}]},
            "mark": {**shape_mark, "outerRadius": {"expr": radius}, "innerRadius": {"expr": f"0.72 * ({radius})"}},
            "encoding": {"tooltip": {"field": "tip"}},
        }

    label = {"type": "text", "text": text, "fontSize": {"expr": f"0.34 * ({radius})"}, "fontWeight": 600}
    return [ring(end, _TRACK), ring(start + (end - start) * share, colour), {"data": {"values": [{}]}, "mark": label}]
