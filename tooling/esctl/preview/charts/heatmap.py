"""`lnsHeatmap`: one cell per pair of keys, coloured by its number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...model import Body
from ..colours import colour_by_number, default_palette, palette_steps, text_on
from ..formats import key_text, number_text
from ..lens import Lens
from ..rows import Table
from .model import Chart, FilterList, LegendItem


def heatmap_chart(lens: Lens, tables: Mapping[str, Table]) -> Chart:
    """Keys stay in the order of the answer; without a y axis there is one row of cells."""
    state = lens.visualization
    table = tables.get(str(state.get("layerId"))) or next(iter(tables.values()))
    columns = table.layer.columns
    value = columns[str(state.get("valueAccessor"))]
    x, y = (columns.get(str(state.get(name) or "")) for name in ("xAccessor", "yAccessor"))
    rows = [r for r in table.rows if isinstance(r.get(value.id), int | float)]
    if not rows:
        return Chart("empty")
    numbers = [float(r[value.id]) for r in rows]
    low, high = min(numbers), max(numbers)
    palette = state["palette"] if palette_steps(state.get("palette")) else default_palette()
    filters = FilterList()
    order = {c.id: [key_text(k, c, width=table.widths.get(c.id)) for k in table.keys(c)] for c in (x, y) if c}
    values = []
    for row in rows:
        colour = colour_by_number(palette, row[value.id], low, high) or "#98A2B3"
        across, down = (key_text(row[c.id], c, width=table.widths.get(c.id)) if c else "" for c in (x, y))
        tip = {c.label: label for c, label in ((x, across), (y, down)) if c}
        text = number_text(row[value.id], value)
        values.append(
            {"x": across, "y": down, "colour": colour, "ink": text_on(colour), "text": text,
             "filters": filters.add(table.filters(row)), "tip": {**tip, value.label: text}}
        )  # fmt: skip
    grid: Body = state.get("gridConfig") or {}
    spec = _spec(values, grid, (x.label, order[x.id]) if x else ("", []), (y.label, order[y.id]) if y else ("", []))
    legend = _legend(palette, low, high) if (state.get("legend") or {}).get("isVisible", True) else ()
    position = str((state.get("legend") or {}).get("position") or "right")
    summary = f"Heat map of {value.label}: {len(values)} cells from {number_text(low)} to {number_text(high)}"
    return Chart("vega-lite", {"filters": filters.listed}, spec, legend, position, summary, table.notes)


Place = tuple[str, list[str]]
"""Label and keys, in order."""


def _spec(values: list[Body], grid: Body, x: Place, y: Place) -> Body:
    def place(name: str, label: str, keys: list[str], **more: Any) -> Body:
        title = (grid.get(f"{name}Title") or label) if grid.get(f"is{name.upper()}AxisTitleVisible") else None
        shown = bool(grid.get(f"is{name.upper()}AxisLabelVisible", True)) and bool(label)
        axis = {"title": title, "labels": shown, "domain": False, "ticks": False, "labelLimit": 140, **more}
        return {"field": name, "type": "ordinal", "sort": keys, "axis": axis, "scale": {"paddingInner": 0.02}}

    places = {"x": place("x", *x, labelAngle=0, labelOverlap=True), "y": place("y", *y)}
    cell = {"color": {"field": "colour", "type": "nominal", "scale": None}, "tooltip": {"field": "tip"}}
    layers: list[Body] = [{"mark": {"type": "rect", "cursor": "pointer"}, "encoding": {**places, **cell}}]
    if grid.get("isCellLabelVisible"):
        ink = {"color": {"field": "ink", "type": "nominal", "scale": None}, "text": {"field": "text"}}
        mark = {"type": "text", "fontSize": 11, "interactive": False, "tooltip": None}
        layers.append({"mark": mark, "encoding": {**places, **ink}})
    return {"data": {"values": values}, "layer": layers}


def _legend(palette: Body, low: float, high: float) -> tuple[LegendItem, ...]:
    """One entry per step, with its bounds."""
    percent = (palette.get("params") or {}).get("rangeType") == "percent"
    items, start = [], None
    for colour, stop in palette_steps(palette):
        bound = None if stop is None else low + (high - low) * stop / 100 if percent else stop
        below = "" if start is None else f"≥ {number_text(start)}"
        items.append(LegendItem(below or f"< {number_text(bound)}", colour))
        start = bound
    return tuple(items)
