"""`lnsXY`: bars, lines and areas (stacked, percentage, horizontal) and reference lines, as Vega-Lite."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...errors import EsctlError
from ...model import Body
from ..colours import CategoryColours, palette
from ..formats import key_text, number_text
from ..lens import Column, Lens
from ..rows import Row, Table
from .model import Chart, FilterList, LegendItem

_CURVES = {"CURVE_MONOTONE_X": "monotone", "CURVE_STEP_AFTER": "step-after", "LINEAR": "linear"}
_ROTATION = {0: 0, -90: -90, -45: -45}


@dataclass
class _Series:
    label: str
    colour: str
    filters: list[Body]


@dataclass
class _Drawing:
    """What grows while layers are drawn: marks of both axes, the series of the legend, filters, categories of x."""

    marks: dict[str, list[Body]] = field(default_factory=lambda: {"left": [], "right": []})
    series: dict[str, _Series] = field(default_factory=dict)
    filters: FilterList = field(default_factory=FilterList)
    categories: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    automatic: int = 0

    def next_colour(self) -> str:
        self.automatic += 1
        return palette("default")[(self.automatic * 2 - 2) % 10]


def xy_chart(lens: Lens, tables: Mapping[str, Table]) -> Chart:
    """Raises EsctlError for layers that collapse a breakdown."""
    state = lens.visualization
    layers = [layer for layer in state.get("layers") or () if layer.get("layerType", "data") == "data"]
    drawing = _Drawing()
    horizontal = any("horizontal" in str(layer.get("seriesType")) for layer in layers)
    if not any(
        tables[layer["layerId"]].rows and tables[layer["layerId"]].total
        for layer in layers
        if layer["layerId"] in tables
    ):
        return Chart("empty")
    for layer in layers:
        _draw_layer(layer, tables[layer["layerId"]], state, horizontal, drawing)
    for layer in state.get("layers") or ():
        if layer.get("layerType") == "referenceLine" and layer.get("layerId") in tables:
            _draw_reference_lines(layer, tables[layer["layerId"]], horizontal, drawing)
        elif layer.get("layerType") == "annotations":
            drawing.notes.append("annotations are not drawn yet")
    sides = [{"layer": marks} for marks in drawing.marks.values() if marks]
    spec: Body = {"layer": sides}
    if len(sides) > 1:
        spec["resolve"] = {"scale": {"x" if horizontal else "y": "independent"}}
    return Chart(
        "vega-lite",
        {"filters": drawing.filters.listed},
        spec,
        _legend(state.get("legend") or {}, drawing),
        str((state.get("legend") or {}).get("position") or "right"),
        _summary(layers, tables, drawing),
        (*(note for table in tables.values() for note in table.notes), *drawing.notes),
    )


def _draw_layer(layer: Body, table: Table, state: Body, horizontal: bool, drawing: _Drawing) -> None:
    if layer.get("collapseFn"):
        raise EsctlError("cannot draw a collapsed breakdown yet")
    columns = table.layer.columns
    x = columns.get(str(layer.get("xAccessor") or ""))
    splits = [columns[s] for s in _split_accessors(layer) if s in columns]
    config = {c.get("forAccessor"): c for c in layer.get("yConfig") or ()}
    kind = str(layer.get("seriesType") or state.get("preferredSeriesType") or "bar_stacked")
    by_side: dict[str, list[Column]] = {}
    for accessor in layer.get("accessors") or ():
        if accessor in columns:
            side = "right" if (config.get(accessor) or {}).get("axisMode") == "right" else "left"
            by_side.setdefault(side, []).append(columns[accessor])
    colours = CategoryColours(layer.get("colorMapping"))
    for side, accessors in by_side.items():
        values: list[Body] = []
        for accessor in accessors:
            own = (config.get(accessor.id) or {}).get("color")
            several = len(layer.get("accessors") or ()) > 1
            values += _values(table, x, splits, accessor, own, several, colours, drawing)
        continuous = x is not None and _is_continuous(x, table, kind, bool(splits or len(accessors) > 1))
        axes = _axes(state, x, accessors[0], side, kind, table, continuous, drawing)
        drawing.marks[side] += _marks(
            kind, state, values, axes, horizontal, continuous, bool(splits or len(accessors) > 1)
        )


def _split_accessors(layer: Body) -> list[str]:
    """9.4+ stores a list, earlier versions one."""
    listed = layer.get("splitAccessors")
    return list(listed) if listed else [layer["splitAccessor"]] if layer.get("splitAccessor") else []


def _is_continuous(x: Column, table: Table, kind: str, several: bool) -> bool:
    """Whether x is a number or time line; grouped bars need categories."""
    if kind.startswith("bar") and "stacked" not in kind and several:
        return False
    return bool(table.widths.get(x.id)) or (x.operation == "date_histogram" and not kind.startswith("bar"))


def _values(
    table: Table,
    x: Column | None,
    splits: list[Column],
    accessor: Column,
    own: str | None,
    several: bool,
    colours: CategoryColours,
    drawing: _Drawing,
) -> Iterator[Body]:
    plain = None if splits else own or drawing.next_colour()
    if x:
        width = table.widths.get(x.id)
        labels = (key_text(key, x, width=width) for key in table.keys(x))
        drawing.categories += [label for label in labels if label not in drawing.categories]
    place = {s.id: {repr(key): i for i, key in enumerate(table.keys(s))} for s in splits}
    for row in sorted(table.rows, key=lambda row: [place[s.id][repr(row[s.id])] for s in splits]):
        value = row.get(accessor.id)
        if not isinstance(value, int | float):
            continue
        name, colour = accessor.label, plain or ""
        if splits:
            keys = [row[s.id] for s in splits]
            name = " › ".join(
                [key_text(k, s) for k, s in zip(keys, splits, strict=True)] + ([accessor.label] if several else [])
            )
            colour = own if own and not splits else colours.of(keys[0] if len(keys) == 1 else keys)
        if name not in drawing.series:
            drawing.series[name] = _Series(name, colour, table.filters(row, *(s.id for s in splits)) if splits else [])
        yield _value(table, row, x, splits, accessor, name, colour, drawing)


def _value(
    table: Table,
    row: Row,
    x: Column | None,
    splits: list[Column],
    accessor: Column,
    name: str,
    colour: str,
    drawing: _Drawing,
) -> Body:
    width = table.widths.get(x.id) if x else None
    label = key_text(row[x.id], x, width=width) if x else ""
    value: Body = {
        "label": label,
        "y": row[accessor.id],
        "text": number_text(row[accessor.id], accessor),
        "series": name,
        "order": list(drawing.series).index(name),
        "colour": colour,
        "filters": drawing.filters.add(table.filters(row)),
        "tip": {},
    }
    if x and isinstance(row[x.id], int | float):
        value["x"] = row[x.id]
        if width:
            value["x1"] = row[x.id] + width
    if x:
        value["tip"][x.label] = label
    for split in splits:
        value["tip"][split.label] = key_text(row[split.id], split)
    value["tip"][accessor.label] = value["text"]
    return value


def _axes(
    state: Body, x: Column | None, y: Column, side: str, kind: str, table: Table, continuous: bool, drawing: _Drawing
) -> Any:
    """The x and y encodings without their fields' place (that is the marks' work)."""
    titles = state.get("axisTitlesVisibilitySettings") or {}
    labels = state.get("tickLabelsVisibilitySettings") or {}
    grids = state.get("gridlinesVisibilitySettings") or {}
    angles = state.get("labelsOrientation") or {}
    here = "yLeft" if side == "left" else "yRight"
    x_title = state.get("xTitle") or (x.label if x else "")
    y_title = state.get("yTitle" if side == "left" else "yRightTitle") or y.label
    x_axis: Body = {
        "title": x_title if titles.get("x", True) else None,
        "labels": labels.get("x", True) and x is not None,
        "ticks": x is not None,
        "grid": False,
        "labelOverlap": "greedy",
    }
    if angles.get("x"):
        x_axis["labelAngle"] = _ROTATION.get(angles["x"], 0)
    elif not continuous:
        longest = max((len(c) for c in drawing.categories), default=0)
        x_axis["labelAngle"] = 0 if longest * len(drawing.categories) < 90 else -45
        x_axis["labelLimit"] = 140
    y_axis: Body = {
        "title": y_title if titles.get(here, True) else None,
        "labels": labels.get(here, True),
        "grid": grids.get(here, True) and side == "left",
        "orient": side,
        "domain": False,
        "ticks": False,
        "tickCount": 5,
    }
    if "percentage" in kind:
        y_axis["format"] = "%"
    elif y.operation in ("count", "unique_count"):
        y_axis["tickMinStep"] = 1
    elif (y.params.get("format") or {}).get("id") == "percent":
        y_axis["format"] = "~%"
    scale = _y_scale(state.get(f"{here}Extent") or {}, state.get(f"{here}Scale"))
    x_kind = ("temporal" if x and x.operation == "date_histogram" else "quantitative") if continuous else "ordinal"
    x_encoding: Body = {"field": "x" if continuous else "label", "type": x_kind, "axis": x_axis}
    if not continuous:
        x_encoding |= {"sort": drawing.categories, "scale": {"type": "band", "paddingInner": 0.2, "paddingOuter": 0.1}}
    else:
        x_encoding["scale"] = {"type": "utc"} if x_kind == "temporal" else {"zero": False, "nice": False}
    return x_encoding, {"field": "y", "type": "quantitative", "axis": y_axis, "scale": scale}


def _y_scale(extent: Body, kind: str | None) -> Body:
    scale: Body = {}
    if kind in ("log", "sqrt"):
        scale["type"] = {"log": "symlog", "sqrt": "sqrt"}[kind]
    if extent.get("mode") == "dataBounds":
        scale["zero"] = False
    if extent.get("mode") == "custom":
        scale |= {
            k: extent[v]
            for k, v in (("domainMin", "lowerBound"), ("domainMax", "upperBound"))
            if extent.get(v) is not None
        }
        scale["nice"] = bool(extent.get("niceValues", False))
    return scale


def _marks(
    kind: str, state: Body, values: list[Body], axes: Any, horizontal: bool, continuous: bool, several: bool
) -> list[Body]:
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
        mark: Body = {"type": "bar", "cursor": "pointer"}
        if continuous:
            encoding[f"{across}2"] = {"field": "x1"}
            mark |= {"binSpacing": 1}
        elif several and not stacked:
            encoding[f"{across}Offset"] = {"field": "series", "sort": None}
        layers = [{"data": data, "mark": mark, "encoding": encoding}]
        if state.get("valueLabels") in ("show", "inside"):
            layers.append(_value_labels(data, encoding, horizontal))
        return layers
    curve = _CURVES.get(str(state.get("curveType")), "linear")
    if kind.startswith("area"):
        opacity = float(state.get("fillOpacity") or 0.3)
        mark = {
            "type": "area",
            "interpolate": curve,
            "opacity": max(opacity, 0.6) if stacked else opacity,
            "line": True,
        }
        return [{"data": data, "mark": mark, "encoding": encoding}]
    encoding.pop("order")
    line = {"type": "line", "interpolate": curve, "strokeWidth": 2}
    shown = state.get("pointVisibility") != "never" and (len(values) <= 100 or state.get("pointVisibility") == "always")
    points = {
        "type": "point",
        "filled": True,
        "size": 36 if shown else 120,
        "opacity": 1 if shown else 0,
        "cursor": "pointer",
    }
    return [{"data": data, "mark": line, "encoding": encoding}, {"data": data, "mark": points, "encoding": encoding}]


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


def _draw_reference_lines(layer: Body, table: Table, horizontal: bool, drawing: _Drawing) -> None:
    config = {c.get("forAccessor"): c for c in layer.get("yConfig") or ()}
    for accessor in layer.get("accessors") or ():
        column, own = table.layer.columns.get(accessor), config.get(accessor) or {}
        value = table.rows[0].get(accessor) if table.rows else None
        if column is None or value is None or own.get("axisMode") == "bottom":
            drawing.notes.append(f"reference line {accessor} is not drawn")
            continue
        dash = {"dashed": [6, 4], "dotted": [2, 3]}.get(str(own.get("lineStyle")), [1, 0])
        mark = {
            "type": "rule",
            "color": own.get("color") or "#69707D",
            "strokeWidth": own.get("lineWidth") or 1,
            "strokeDash": dash,
        }
        along = "x" if horizontal else "y"
        tip = f"{column.label}: {number_text(value, column)}"
        side = "right" if own.get("axisMode") == "right" else "left"
        drawing.marks[side].append(
            {"data": {"values": [{"y": value, "tip": tip}]}, "mark": mark,
             "encoding": {along: {"field": "y", "type": "quantitative"}, "tooltip": {"field": "tip"}}}
        )  # fmt: skip


def _legend(state: Body, drawing: _Drawing) -> tuple[LegendItem, ...]:
    if not state.get("isVisible", True) or (len(drawing.series) < 2 and not state.get("showSingleSeries")):
        return ()
    return tuple(LegendItem(s.label, s.colour, tuple(s.filters)) for s in drawing.series.values())


def _summary(layers: list[Body], tables: Mapping[str, Table], drawing: _Drawing) -> str:
    """For a reader that sees no picture."""
    kinds = ", ".join(dict.fromkeys(str(layer.get("seriesType", "")).replace("_", " ") for layer in layers))
    rows = sum(len(tables[layer["layerId"]].rows) for layer in layers)
    return f"{kinds.capitalize()} chart of {', '.join(drawing.series) or 'values'}: {rows} values"
