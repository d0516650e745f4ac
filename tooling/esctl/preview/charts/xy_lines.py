"""What is drawn over an xy chart's data: reference lines with the ground they part, and annotations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ...model import Body
from ..formats import number_text
from ..rows import Row, Table

_DASHES = {"dashed": [6, 4], "dotted": [2, 3]}
_GREY, _PINK = "#69707D", "#EE72A6"


def reference_marks(
    layer: Body, table: Table, horizontal: bool, x_field: str, notes: list[str]
) -> dict[str, list[Body]]:
    """Lines of a reference layer by the axis that they belong to; a line across x needs a continuous x."""
    config = {c.get("forAccessor"): c for c in layer.get("yConfig") or ()}
    found: dict[str, list[Body]] = {"left": [], "right": []}
    for accessor in layer.get("accessors") or ():
        column, own = table.layer.columns.get(accessor), config.get(accessor) or {}
        value = table.rows[0].get(accessor) if table.rows else None
        upright = own.get("axisMode") == "bottom"
        if column is None or not isinstance(value, int | float) or (upright and x_field != "x"):
            notes.append(f"reference line {column.label if column else accessor} is not drawn")
            continue
        label = column.label
        side = "right" if own.get("axisMode") == "right" else "left"
        text = f"{label}: {number_text(value, column)}"
        found[side] += _line(float(value), label, text, own, upright != horizontal, "x" if upright else "y")
    return found


def _line(value: float, label: str, tip: str, own: Body, vertical: bool, name: str) -> list[Body]:
    """The line, the ground on one side of it, and its label where it has one."""
    along, across = ("x", "y") if vertical else ("y", "x")
    kind = "quantitative"
    colour = own.get("color") or _GREY
    data = {"values": [{name: value, "tip": tip, "label": label}]}
    place: Body = {along: {"field": name, "type": kind}}
    rule = {"type": "rule", "color": colour, "strokeWidth": own.get("lineWidth") or 1}
    rule["strokeDash"] = _DASHES.get(str(own.get("lineStyle")), [1, 0])
    layers: list[Body] = [{"data": data, "mark": rule, "encoding": {**place, "tooltip": {"field": "tip"}}}]
    if own.get("fill") in ("above", "below"):
        far = {"above": {"x": "width", "y": 0}, "below": {"x": 0, "y": "height"}}[str(own["fill"])][along]
        ground = {"type": "rect", "color": colour, "opacity": 0.1, "tooltip": None, "interactive": False}
        ends = {**place, f"{along}2": {"value": far if isinstance(far, int) else {"expr": far}}}
        layers.insert(0, {"data": data, "mark": ground, "encoding": ends})
    if own.get("textVisibility") or (own.get("icon") and own["icon"] != "empty"):
        mark: Body = {"type": "text", "fontSize": 11, "color": colour, "fontWeight": 600, "tooltip": None}
        at = {"value": 4} if across == "y" else {"value": {"expr": "width - 4"}}
        mark |= {"align": "left", "dx": 4, "baseline": "top"} if vertical else {"align": "right", "dy": -6}
        layers.append({"data": data, "mark": mark, "encoding": {**place, across: at, "text": {"field": "label"}}})
    return layers


def annotation_marks(
    events: Iterable[Row], extent: tuple[float, float] | None, x_field: str, horizontal: bool
) -> list[Body]:
    """A line at each event within the time that is drawn, a ground behind each span of time, and their labels."""
    if extent is None or x_field != "x":
        return []
    along = "y" if horizontal else "x"
    low, high = extent
    layers: list[Body] = []
    for event in events:
        start, end = float(event["time"]), event.get("end")
        colour = str(event.get("colour") or _PINK)
        if end is not None:
            layers += _spans(event, start, float(end), extent, along, colour)
        elif low <= start <= high:
            layers += _event(event, start, along, colour)
    return layers


def _place(along: str, name: str = "x") -> Body:
    return {along: {"field": name, "type": "temporal"}}


def _event(event: Row, start: float, along: str, colour: str) -> list[Body]:
    label = str(event.get("label") or "")
    data = {"values": [{"x": start, "label": label, "tip": event.get("tip") or label}]}
    rule: Body = {"type": "rule", "color": colour, "strokeWidth": event.get("width") or 1}
    rule["strokeDash"] = _DASHES.get(str(event.get("dash")), [1, 0])
    tip = {"tooltip": {"field": "tip"}}
    layers: list[Body] = [{"data": data, "mark": rule, "encoding": {**_place(along), **tip}}]
    other = "x" if along == "y" else "y"
    dot = {"type": "point", "filled": True, "shape": "diamond", "size": 60, "color": colour, "opacity": 1}
    layers.append({"data": data, "mark": dot, "encoding": {**_place(along), other: {"value": 0}, **tip}})
    if event.get("shown"):
        mark = {"type": "text", "fontSize": 11, "color": colour, "align": "left", "dx": 6, "baseline": "top"}
        text = {**_place(along), other: {"value": 2}, "text": {"field": "label"}}
        layers.append({"data": data, "mark": {**mark, "tooltip": None}, "encoding": text})
    return layers


def _spans(
    event: Mapping[str, Any], start: float, end: float, extent: tuple[float, float], along: str, colour: str
) -> list[Body]:
    low, high = extent
    spans = [(low, start), (end, high)] if event.get("outside") else [(start, end)]
    kept = [(max(a, low), min(b, high)) for a, b in spans if max(a, low) < min(b, high)]
    data = {"values": [{"x": a, "x2": b, "tip": event.get("label") or ""} for a, b in kept]}
    ground = {"type": "rect", "color": colour, "opacity": 0.15}
    ends = {**_place(along), f"{along}2": {"field": "x2"}, "tooltip": {"field": "tip"}}
    return [{"data": data, "mark": ground, "encoding": ends}] if kept else []
