"""The shapes of a whole and its parts, each as a Vega-Lite spec: arcs, nested rectangles, columns, a hundred squares.

Places are shares of the panel, so that a spec fits whatever size it is drawn at.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ...model import Body
from ..colours import text_on
from ..picture.text import text_width

if TYPE_CHECKING:
    from .partition import Part

_TURN = 2 * math.pi
_SMALLEST_LABELLED = 0.035
"""Share of a turn below which a slice has no room for its label."""
_WIDE = 1.6
"""How much wider than high a treemap is thought to be."""
_SQUARES = 10


def pie_spec(whole: Part, state: Body, hole: float, rings: int) -> Body:
    """Arcs of one or more rings; the innermost ring is the first group."""
    values = list(_arcs(whole, 0.0, 1.0, hole, max(rings, 1), state.get("categoryDisplay") != "hide"))
    radius = {"expr": "min(width, height) / 2 - 2"}
    around = {"type": "quantitative", "scale": {"domain": [0, 1], "range": [0, radius]}}
    angle = {"type": "quantitative", "scale": None}
    text = {
        "theta": {**angle, "field": "turn", "stack": None},
        "radius": {**around, "field": "middle", "stack": None},
        "color": {"field": "ink", "type": "nominal", "scale": None},
    }
    arc = {
        "mark": {"type": "arc", "strokeWidth": 1.5 if len(values) <= 60 else 0.4, "cursor": "pointer"},
        "encoding": {
            "theta": {**angle, "field": "a0", "stack": None},
            "theta2": {"field": "a1"},
            "radius": {**around, "field": "r0", "stack": None},
            "radius2": {"field": "r1"},
            **_PAINT,
        },
    }
    shown = str(state.get("numberDisplay") or "percent")
    labels = _names_and_numbers(text, state.get("categoryDisplay") != "hide", shown != "hidden")
    return {"data": {"values": values}, "view": {"stroke": None}, "layer": [arc, *labels]}


_PAINT: Body = {"color": {"field": "colour", "type": "nominal", "scale": None}, "tooltip": {"field": "tip"}}


def _arcs(part: Part, start: float, end: float, hole: float, rings: int, labelled: bool) -> Iterator[Body]:
    """Each part's slice lies within its parent's turn."""
    total, at = sum(p.value for p in part.parts), start
    for inner in part.parts:
        until = at + (end - start) * inner.value / total
        low = hole + (1 - hole) * inner.depth / rings
        high = hole + (1 - hole) * (inner.depth + 1) / rings
        roomy = until - at >= _SMALLEST_LABELLED * rings
        yield {
            "a0": at * _TURN,
            "a1": until * _TURN,
            "r0": low,
            "r1": high,
            "middle": (low + high) / 2 if low else 0.68 * high,
            "turn": (at + until) / 2 * _TURN,
            "name": inner.label if labelled and roomy else "",
            "number": inner.number if roomy else "",
            **_looks(inner),
        }
        yield from _arcs(inner, at, until, hole, rings, labelled)
        at = until


def _looks(part: Part) -> Body:
    return {"colour": part.colour, "ink": text_on(part.colour), "filters": part.filters, "tip": part.tip}


def _names_and_numbers(text: Body, names: bool, numbers: bool) -> list[Body]:
    """Name above, number below, in the middle of the part."""
    mark: Body = {"type": "text", "align": "center", "baseline": "middle", "fontSize": 11}
    mark |= {"tooltip": None, "interactive": False}
    layers = []
    if names:
        bold = {**mark, "dy": -7 if numbers else 0, "fontWeight": 600}
        layers.append({"mark": bold, "encoding": {**text, "text": {"field": "name"}}})
    if numbers:
        layers.append({"mark": {**mark, "dy": 7 if names else 0}, "encoding": {**text, "text": {"field": "number"}}})
    return layers


def treemap_spec(whole: Part, state: Body) -> Body:
    """Rectangles as square as can be, those of a part within it (Bruls, Huizing, van Wijk: squarified treemaps)."""
    labelled = state.get("categoryDisplay") != "hide"
    values: list[Body] = []
    for part, (x, y, w, h) in _squarified(whole.parts, 0.0, 0.0, _WIDE, 1.0):
        if not part.parts:
            values.append(_rectangle(part, x, y, w, h))
            continue
        # The part's own name stands on a strip above its parts.
        strip = min(0.06, h * 0.3) if labelled else 0.0
        head = _rectangle(part, x, y, w, h)
        values.append({**head, "head": True, "y1": y + strip, "y2": y + h})
        for inner, place in _squarified(part.parts, x, y + strip, w, h - strip):
            values.append({**_rectangle(inner, *place), "inner": True})
    return _rectangles(values, (0, _WIDE), labelled, str(state.get("numberDisplay") or "percent") != "hidden")


def mosaic_spec(whole: Part, state: Body) -> Body:
    """Columns as wide as their part of the whole, each cut by the shares within it."""
    values: list[Body] = []
    heads: list[Body] = []
    x = 0.0
    for column in whole.parts:
        w = column.share
        if not column.parts:
            values.append(_rectangle(column, x, 0.0, w, 1.0))
        y = 0.0
        for part in column.parts:
            h = part.value / column.value
            values.append(_rectangle(part, x, y, w, h))
            y += h
        if column.parts:
            heads.append({"x": x + w / 2, "w": w, "name": column.label, "need": text_width(column.label, 12) + 4})
        x += w
    spec = _rectangles(values, (0, 1), True, str(state.get("numberDisplay") or "percent") != "hidden")
    if heads:
        fits = {"condition": {"test": "datum.w * width >= datum.need", "value": 1}, "value": 0}
        place = {"x": {**_AXIS, "field": "x", "scale": {"domain": [0, 1], "nice": False}}, "y": {"value": -4}}
        mark = {"type": "text", "baseline": "bottom", "fontSize": 12, "fontWeight": 600}
        encoding = {**place, "text": {"field": "name"}, "opacity": fits}
        spec["layer"].append({"data": {"values": heads}, "mark": mark, "encoding": encoding})
    return spec


def waffle_spec(whole: Part, state: Body) -> Body:
    """A hundred squares, shared out by largest remainder, row by row from the top."""
    count = _SQUARES * _SQUARES
    exact = [part.share * count for part in whole.parts]
    squares = [int(e) for e in exact]
    by_rest = sorted(range(len(exact)), key=lambda i: squares[i] - exact[i])
    for i in by_rest[: count - sum(squares)]:
        squares[i] += 1
    values: list[Body] = []
    for part, number in zip(whole.parts, squares, strict=True):
        for _ in range(number):
            row, column = divmod(len(values), _SQUARES)
            values.append({"column": column, "row": row, **_looks(part)})
    # A square grid in the middle of the panel, whatever its shape.
    side = "min(width, height)"
    place = {
        axis: {
            "field": name,
            "type": "ordinal",
            "axis": None,
            "scale": {
                "domain": list(range(_SQUARES)),
                "range": [{"expr": f"({size} - {side}) / 2"}, {"expr": f"({size} + {side}) / 2"}],
                "paddingInner": 0.12,
            },
        }
        for axis, name, size in (("x", "column", "width"), ("y", "row", "height"))
    }
    mark = {"type": "rect", "cornerRadius": 2, "cursor": "pointer"}
    return {"data": {"values": values}, "mark": mark, "encoding": {**place, **_PAINT}}


_AXIS: Body = {"type": "quantitative", "axis": None}


def _rectangle(part: Part, x: float, y: float, w: float, h: float) -> Body:
    return {
        "x1": x,
        "x2": x + w,
        "y1": y,
        "y2": y + h,
        "mx": x + w / 2,
        "my": y + h / 2,
        "w": w,
        "h": h,
        "name": part.label,
        "number": part.number,
        "need": max(text_width(part.label, 11, bold=True), text_width(part.number, 11)) + 6,
        "head": False,
        "inner": False,
        **_looks(part),
    }


def _rectangles(values: list[Body], across: tuple[float, float], names: bool, numbers: bool) -> Body:
    """Rectangles with a fine gap, their names and numbers where there is room for them."""
    wide = across[1] - across[0]
    x: Body = {**_AXIS, "scale": {"domain": list(across), "nice": False, "zero": False}}
    y: Body = {**_AXIS, "scale": {"domain": [1, 0], "nice": False, "zero": False}}
    box: Body = {
        "mark": {"type": "rect", "style": "part", "cursor": "pointer", "strokeWidth": 1.5},
        "encoding": {
            "x": {**x, "field": "x1"},
            "x2": {"field": "x2"},
            "y": {**y, "field": "y1"},
            "y2": {"field": "y2"},
            "opacity": {"condition": {"test": "datum.inner", "value": 0.88}, "value": 1},
            **_PAINT,
        },
    }
    inked = {"color": {"field": "ink", "type": "nominal", "scale": None}}
    tall = 30 if names and numbers else 15
    room = f"!datum.head && datum.w / {wide} * width >= datum.need && datum.h * height >= {tall}"
    seen = {"condition": {"test": room, "value": 1}, "value": 0}
    middle = {"x": {**x, "field": "mx"}, "y": {**y, "field": "my"}, **inked, "opacity": seen}
    layers = [box, *_names_and_numbers(middle, names, numbers)]
    if any(v["head"] for v in values):
        room = f"datum.head && datum.w / {wide} * width >= datum.need"
        seen = {"condition": {"test": room, "value": 1}, "value": 0}
        mark = {"type": "text", "align": "left", "baseline": "bottom", "dx": 4, "dy": -2, "fontSize": 11}
        mark |= {"fontWeight": 600, "tooltip": None, "interactive": False}
        place = {"x": {**x, "field": "x1"}, "y": {**y, "field": "y1"}, "opacity": seen}
        layers.append({"mark": mark, "encoding": {**place, "text": {"field": "name"}}})
    return {"data": {"values": values}, "layer": layers}


Place = tuple[float, float, float, float]


def _squarified(parts: Sequence[Part], x: float, y: float, w: float, h: float) -> list[tuple[Part, Place]]:
    """Each part's rectangle (x, y, width, height), areas as the values."""
    ordered = sorted(parts, key=lambda p: -p.value)
    total = sum(p.value for p in ordered)
    if not ordered or total <= 0 or w <= 0 or h <= 0:
        return []
    scale = w * h / total
    placed: list[tuple[Part, Place]] = []
    row: list[Part] = []

    def worst(candidates: list[Part], side: float) -> float:
        areas = [p.value * scale for p in candidates]
        whole = sum(areas)
        return max(max(side * side * a / whole**2, whole**2 / (side * side * a)) for a in areas)

    def lay(members: list[Part], place: Place) -> Place:
        px, py, pw, ph = place
        area = sum(p.value for p in members) * scale
        if pw >= ph:
            thick, at = area / ph, py
            for p in members:
                long = p.value * scale / thick
                placed.append((p, (px, at, thick, long)))
                at += long
            return px + thick, py, pw - thick, ph
        thick, at = area / pw, px
        for p in members:
            long = p.value * scale / thick
            placed.append((p, (at, py, long, thick)))
            at += long
        return px, py + thick, pw, ph - thick

    room: Place = (x, y, w, h)
    pending: list[Any] = list(ordered)
    while pending:
        side = max(min(room[2], room[3]), 1e-9)
        if not row or worst([*row, pending[0]], side) <= worst(row, side):
            row.append(pending.pop(0))
        else:
            room = lay(row, room)
            row = []
    lay(row, room)
    return placed
