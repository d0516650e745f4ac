"""`lnsPie`: pies and donuts of one or more rings, as Vega-Lite arcs; the innermost ring is the first group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...errors import EsctlError
from ...model import Body
from ..buckets import OTHER
from ..colours import CategoryColours, text_on
from ..formats import key_text, number_text
from ..lens import Column, Lens
from ..rows import Row, Table
from .model import Chart, FilterList, LegendItem

_TURN = 6.283185307179586
_HOLES = {"pie": 0.0, "donut": 0.54}
_SMALLEST_LABELLED = 0.035
"""Share of a turn below which a slice has no room for its label."""


@dataclass(frozen=True)
class _Slice:
    depth: int
    keys: tuple[Any, ...]
    start: float
    end: float
    value: float
    colour: str


def partition_chart(lens: Lens, tables: Mapping[str, Table]) -> Chart:
    """Raises EsctlError for treemap, mosaic and waffle, and for several metrics in one chart."""
    shape = lens.visualization.get("shape", "pie")
    if shape not in _HOLES:
        raise EsctlError(f"cannot draw {shape} yet")
    state: Body = next(iter(lens.visualization.get("layers") or ()), {})
    table = tables.get(str(state.get("layerId"))) or next(iter(tables.values()))
    metrics = state.get("metrics") or [state.get("metric")]
    if len(metrics) != 1:
        raise EsctlError(f"cannot draw a {shape} of several metrics yet")
    metric = table.layer.columns[str(metrics[0])]
    groups = [table.layer.columns[g] for g in state.get("primaryGroups") or state.get("groups") or ()]
    rows = [r for r in table.rows if isinstance(r.get(metric.id), int | float) and r[metric.id] > 0]
    total = sum(float(r[metric.id]) for r in rows)
    if not rows or not total:
        return Chart("empty")
    colours = CategoryColours(state.get("colorMapping"))
    plain = (state.get("colorsByDimension") or {}).get(metric.id)
    slices = list(_slices(rows, groups, metric, colours, plain))
    hole = float(state.get("emptySizeRatio") or _HOLES[shape]) if shape == "donut" else 0.0
    filters = FilterList()
    spec = _spec(slices, groups, metric, table, total, hole, state, filters)
    legend = _legend(slices, groups, metric, table, total) if state.get("legendDisplay") != "hide" else ()
    summary = ", ".join(f"{i.label} {i.value}" for i in legend[:20])
    return Chart(
        "vega-lite",
        {"filters": filters.listed},
        spec,
        legend,
        str(state.get("legendPosition") or "right"),
        f"{shape.capitalize()} of {metric.label}: {summary}",
        table.notes,
    )


def _slices(rows: list[Row], groups: list[Column], metric: Column, colours: CategoryColours, plain: str | None) -> Any:
    """Arcs of each ring, in the order of the answer; a ring's slices lie within their parent's."""

    def ring(inside: list[Row], depth: int, keys: tuple[Any, ...], start: float, end: float, colour: str | None) -> Any:
        if depth == len(groups):
            return
        parts: dict[str, list[Row]] = {}
        for row in inside:
            parts.setdefault(repr(row[groups[depth].id]), []).append(row)
        total, at = sum(float(r[metric.id]) for r in inside), start
        for members in parts.values():
            key = members[0][groups[depth].id]
            value = sum(float(r[metric.id]) for r in members)
            own = colour or plain or colours.of(key)
            until = at + (end - start) * value / total
            yield _Slice(depth, (*keys, key), at, until, value, own)
            yield from ring(members, depth + 1, (*keys, key), at, until, own)
            at = until

    if not groups:
        yield _Slice(0, (), 0.0, 1.0, sum(float(r[metric.id]) for r in rows), plain or colours.of(metric.label))
    yield from ring(rows, 0, (), 0.0, 1.0, None)


def _spec(
    slices: list[_Slice],
    groups: list[Column],
    metric: Column,
    table: Table,
    total: float,
    hole: float,
    state: Body,
    filters: FilterList,
) -> Body:
    rings = max(len(groups), 1)
    shown = str(state.get("numberDisplay") or "percent")
    labelled = state.get("categoryDisplay") != "hide"
    values = []
    for s in slices:
        row = {g.id: k for g, k in zip(groups, s.keys, strict=False)}
        share = _share(s.value, total, state)
        name = key_text(s.keys[-1], groups[s.depth]) if s.keys else metric.label
        number = {"percent": share, "value": number_text(s.value, metric), "hidden": ""}.get(shown, share)
        inner, outer = hole + (1 - hole) * s.depth / rings, hole + (1 - hole) * (s.depth + 1) / rings
        roomy = s.end - s.start >= _SMALLEST_LABELLED * rings
        values.append(
            {
                "a0": s.start * _TURN,
                "a1": s.end * _TURN,
                "r0": inner,
                "r1": outer,
                "middle": (inner + outer) / 2 if inner else 0.68 * outer,
                "turn": (s.start + s.end) / 2 * _TURN,
                "colour": s.colour,
                "ink": text_on(s.colour),
                "name": name if labelled and roomy else "",
                "number": number if roomy else "",
                "filters": filters.add(table.filters(row)),
                "tip": {
                    **{g.label: key_text(k, g) for g, k in zip(groups, s.keys, strict=False)},
                    metric.label: f"{number_text(s.value, metric)} ({share})",
                },
            }  # fmt: skip
        )
    radius = {"expr": "min(width, height) / 2 - 2"}
    around = {"type": "quantitative", "scale": {"domain": [0, 1], "range": [0, radius]}}
    angle = {"type": "quantitative", "scale": None}
    text = {
        "theta": {**angle, "field": "turn", "stack": None},
        "radius": {**around, "field": "middle", "stack": None},
        "color": {"field": "ink", "type": "nominal", "scale": None},
    }
    return {
        "data": {"values": values},
        "view": {"stroke": None},
        "layer": [
            {
                "mark": {"type": "arc", "strokeWidth": 1.5 if len(values) <= 60 else 0.4, "cursor": "pointer"},
                "encoding": {
                    "theta": {**angle, "field": "a0", "stack": None},
                    "theta2": {"field": "a1"},
                    "radius": {**around, "field": "r0", "stack": None},
                    "radius2": {"field": "r1"},
                    "color": {"field": "colour", "type": "nominal", "scale": None},
                    "tooltip": {"field": "tip"},
                },
            },
            *_labels(text, labelled, shown),
        ],
    }


def _labels(text: Body, labelled: bool, shown: str) -> list[Body]:
    """Name above, number below, in the middle of the slice."""
    both = labelled and shown != "hidden"
    mark = {
        "type": "text",
        "align": "center",
        "baseline": "middle",
        "fontSize": 11,
        "tooltip": None,
        "interactive": False,
    }
    layers = []
    if labelled:
        layers.append(
            {
                "mark": {**mark, "dy": -7 if both else 0, "fontWeight": 600},
                "encoding": {**text, "text": {"field": "name"}},
            }
        )
    if shown != "hidden":
        layers.append({"mark": {**mark, "dy": 7 if both else 0}, "encoding": {**text, "text": {"field": "number"}}})
    return layers


def _share(value: float, total: float, state: Body) -> str:
    decimals = state.get("percentDecimals")
    return f"{100 * value / total:.{2 if decimals is None else int(decimals)}f}%"


def _legend(
    slices: list[_Slice], groups: list[Column], metric: Column, table: Table, total: float
) -> tuple[LegendItem, ...]:
    items = []
    for s in slices:
        if s.depth or not s.keys:
            continue
        row = {groups[0].id: s.keys[0]}
        filters = () if s.keys[0] == OTHER else tuple(table.filters(row))
        items.append(LegendItem(key_text(s.keys[0], groups[0]), s.colour, filters, f"{100 * s.value / total:.1f}%"))
    return tuple(items)
