"""The marks of an xy chart's data layer: bars with their labels, lines with their points, areas."""

from __future__ import annotations

from ...model import Body

_CURVES = {"CURVE_MONOTONE_X": "monotone", "CURVE_STEP_AFTER": "step-after", "LINEAR": "linear"}
Axes = tuple[Body, Body]
"""The encodings of x and y."""


def marks(
    kind: str, state: Body, values: list[Body], axes: Axes, horizontal: bool, continuous: bool, several: bool
) -> list[Body]:
    """Vega-Lite layers over the values of one axis."""
    x, y = axes
    across, along = ("y", "x") if horizontal else ("x", "y")
    if horizontal:
        y = {**y, "axis": {**y["axis"], "orient": "bottom" if y["axis"]["orient"] == "left" else "top"}}
    stacked = "normalize" if "percentage" in kind else "zero" if "stacked" in kind else None
    encoding: Body = {
        across: x,
        along: {**y, "stack": stacked},
        "color": {"field": "colour", "type": "nominal", "scale": None},
        "detail": {"field": "series"},
        "order": {"field": "order"},
        "tooltip": {"field": "tip"},
    }
    data = {"values": values}
    if kind.startswith("bar"):
        return _bars(state, data, encoding, horizontal, continuous, several and not stacked)
    curve = _CURVES.get(str(state.get("curveType")), "linear")
    if kind.startswith("area"):
        opacity = float(state.get("fillOpacity") or 0.3)
        area = {"type": "area", "interpolate": curve, "line": True, "clip": True}
        area["opacity"] = max(opacity, 0.6) if stacked else opacity
        return [{"data": data, "mark": area, "encoding": encoding}]
    encoding.pop("order")
    line = {"type": "line", "interpolate": curve, "strokeWidth": 2, "clip": True}
    shown = state.get("pointVisibility") != "never" and (len(values) <= 100 or state.get("pointVisibility") == "always")
    points = {"type": "point", "filled": True, "cursor": "pointer", "clip": True}
    points |= {"size": 36 if shown else 120, "opacity": 1 if shown else 0}
    return [{"data": data, "mark": line, "encoding": encoding}, {"data": data, "mark": points, "encoding": encoding}]


def _bars(state: Body, data: Body, encoding: Body, horizontal: bool, continuous: bool, grouped: bool) -> list[Body]:
    across = "y" if horizontal else "x"
    # Said, since between two ends of x and two of y Vega-Lite would choose by itself, and stack the wrong way.
    mark: Body = {"type": "bar", "cursor": "pointer", "orient": "horizontal" if horizontal else "vertical"}
    if continuous:
        encoding[f"{across}2"] = {"field": "x1"}
        mark |= {"binSpacing": 1}
    elif grouped:
        encoding[f"{across}Offset"] = {"field": "series", "sort": None}
    layers = [{"data": data, "mark": mark, "encoding": encoding}]
    if state.get("valueLabels") in ("show", "inside"):
        layers.append(_value_labels(data, encoding, horizontal))
    return layers


def _value_labels(data: Body, encoding: Body, horizontal: bool) -> Body:
    mark = {"type": "text", "fontSize": 11, "tooltip": None, "interactive": False}
    mark |= {"align": "left", "dx": 4, "baseline": "middle"} if horizontal else {"baseline": "bottom", "dy": -3}
    kept = {k: v for k, v in encoding.items() if k not in ("color", "tooltip", "x2", "y2")}
    across = "y" if horizontal else "x"
    if encoding[across]["type"] == "ordinal":
        # As in Kibana, a label that is wider (or higher) than its bar is not shown.
        band = f"{across}Offset" if f"{across}Offset" in encoding else across
        room = "11" if horizontal else "6.5 * length(datum.text)"
        kept["opacity"] = {"condition": {"test": f"bandwidth('{band}') >= {room}", "value": 1}, "value": 0}
    return {"data": data, "mark": mark, "encoding": {**kept, "text": {"field": "text"}}}
