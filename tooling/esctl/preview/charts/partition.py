"""`lnsPie`: parts of a whole, as pie, donut, treemap, mosaic or waffle; one tree of parts, five ways to draw it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...errors import EsctlError
from ...model import Body
from ..buckets import MISSING, OTHER
from ..collapse import collapsed
from ..colours import CategoryColours
from ..formats import key_text, number_text
from ..lens import Column, Lens
from ..rows import Row, Table
from .model import Chart, FilterList, LegendItem
from .partition_shapes import mosaic_spec, pie_spec, treemap_spec, waffle_spec

_NAMES = {"donut": "Donut", "pie": "Pie", "treemap": "Treemap", "mosaic": "Mosaic", "waffle": "Waffle"}
_HOLE = 0.54


@dataclass
class Part:
    """A part of the whole, with its own parts. `label` and `number` are what it says, `tip` what it tells."""

    key: Any
    label: str
    value: float
    colour: str
    depth: int
    share: float = 0.0
    number: str = ""
    filters: int = 0
    tip: Body = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)


@dataclass(frozen=True)
class _Group:
    """One level: a bucket column, or (the last, where there are several) the metrics themselves."""

    column: Column | None
    label: str

    def text(self, key: Any) -> str:
        return key_text(key, self.column) if self.column else str(key)


def partition_chart(lens: Lens, tables: Mapping[str, Table]) -> Chart:
    """Raises EsctlError for a shape that is not known."""
    shape = str(lens.visualization.get("shape", "pie"))
    if shape not in _NAMES:
        raise EsctlError(f"cannot draw {shape} yet")
    state: Body = next(iter(lens.visualization.get("layers") or ()), {})
    table = tables.get(str(state.get("layerId"))) or next(iter(tables.values()))
    table = collapsed(table, state.get("collapseFns") or {})
    columns = table.layer.columns
    metrics = [columns[str(m)] for m in state.get("metrics") or [state.get("metric")] if str(m) in columns]
    if not metrics:
        raise EsctlError(f"the {shape} has no metric")
    primary = [columns[g] for g in state.get("primaryGroups") or state.get("groups") or () if g in columns]
    secondary = [columns[g] for g in state.get("secondaryGroups") or () if g in columns]
    # A mosaic has its secondary groups side by side, its primary ones (which give the colours) within each.
    groups = [*secondary, *primary] if shape == "mosaic" else primary
    levels, rows = _levels(groups, metrics, table)
    rows = [row for row in rows if isinstance(row["value"], int | float) and row["value"] > 0]
    if not rows:
        return Chart("empty")
    coloured = len(secondary) if shape == "mosaic" and secondary else 0
    filters = FilterList()
    whole = _tree(rows, levels, coloured, state, metrics, table, filters)
    draw = {"treemap": treemap_spec, "mosaic": mosaic_spec, "waffle": waffle_spec}.get(shape)
    hole = float(state.get("emptySizeRatio") or _HOLE) if shape == "donut" else 0.0
    spec = draw(whole, state) if draw else pie_spec(whole, state, hole, len(levels))
    wanted = str(state.get("legendDisplay") or "default")
    # Where nothing is said, as Kibana: beside a waffle, and beside a pie of several rings.
    usual = shape == "waffle" or (shape in ("pie", "donut") and len(primary) > 1)
    shown = wanted == "show" or (wanted == "default" and usual)
    legend = _legend(whole, coloured, state, table, levels) if shown else ()
    told = ", ".join(f"{p.label} {p.share:.1%}" for p in whole.parts[:20])
    return Chart(
        "vega-lite",
        {"filters": filters.listed},
        spec,
        legend,
        str(state.get("legendPosition") or "right"),
        f"{_NAMES[shape]} of {' and '.join(m.label for m in metrics)}: {told}",
        table.notes,
    )


def _levels(groups: list[Column], metrics: list[Column], table: Table) -> tuple[list[_Group], list[Body]]:
    """Levels of the tree, and rows of `{keys, value, row}`; several metrics are a level of their own."""
    levels = [_Group(g, g.label) for g in groups]
    rows = []
    for row in table.rows:
        keys = [row.get(g.id) for g in groups]
        for metric in metrics:
            own = [*keys, metric.label] if len(metrics) > 1 else keys
            rows.append({"keys": own, "value": row.get(metric.id), "row": row, "metric": metric})
    if len(metrics) > 1 or not levels:
        levels.append(_Group(None, "metric"))
        if len(metrics) == 1:
            rows = [{**row, "keys": [metrics[0].label]} for row in rows]
    return levels, rows


def _tree(
    rows: list[Body],
    levels: list[_Group],
    coloured: int,
    state: Body,
    metrics: list[Column],
    table: Table,
    filters: FilterList,
) -> Part:
    colours = CategoryColours(state.get("colorMapping"))
    by_metric = state.get("colorsByDimension") or {}
    plain = by_metric.get(metrics[0].id) if len(metrics) == 1 else None
    own_colour = {m.label: by_metric[m.id] for m in metrics if m.id in by_metric}
    decimals = state.get("percentDecimals")
    total = sum(float(row["value"]) for row in rows)
    mode = str(state.get("numberDisplay") or "percent")

    def grow(inside: list[Body], depth: int, above: Part) -> None:
        if depth == len(levels):
            return
        members: dict[str, list[Body]] = {}
        for row in inside:
            members.setdefault(repr(row["keys"][depth]), []).append(row)
        for found in members.values():
            key = found[0]["keys"][depth]
            value = sum(float(row["value"]) for row in found)
            colour = above.colour
            if depth == coloured or not colour:
                colour = own_colour.get(str(key)) or plain or colours.of(key)
            share = f"{100 * value / total:.{2 if decimals is None else int(decimals)}f}%"
            text = number_text(value, found[0]["metric"])
            keys = found[0]["keys"][: depth + 1]
            tip = {g.label: g.text(k) for g, k in zip(levels, keys, strict=False) if g.column}
            part = Part(
                key,
                levels[depth].text(key),
                value,
                colour if depth >= coloured else "",
                depth,
                value / total,
                {"percent": share, "value": text, "hidden": ""}.get(mode, share),
                filters.add(_filters(found[0]["row"], levels, depth, table)),
                {**tip, str(key) if not levels[depth].column else metrics[0].label: f"{text} ({share})"},
            )
            above.parts.append(part)
            grow(found, depth + 1, part)

    whole = Part(None, "", total, "", -1, 1.0)
    grow(rows, 0, whole)
    return whole


def _filters(row: Row, levels: list[_Group], depth: int, table: Table) -> list[Body]:
    columns = [g.column.id for g in levels[: depth + 1] if g.column]
    return table.filters(row, *columns) if columns else []


def _legend(whole: Part, coloured: int, state: Body, table: Table, levels: list[_Group]) -> tuple[LegendItem, ...]:
    """One entry per value that has a colour of its own, with its share of the whole (or its number)."""
    found: dict[str, list[Part]] = {}

    def walk(part: Part) -> None:
        if part.depth == coloured:
            found.setdefault(part.label, []).append(part)
        for inner in part.parts:
            walk(inner)

    walk(whole)
    column = levels[coloured].column
    values = "value" in (state.get("legendStats") or ())
    items = []
    for label, parts in found.items():
        share = sum(p.share for p in parts)
        text = number_text(sum(p.value for p in parts)) if values else f"{share:.1%}"
        key = parts[0].key
        filters = tuple(table.filters({column.id: key}, column.id)) if column and key not in (OTHER, MISSING) else ()
        items.append(LegendItem(label, parts[0].colour, filters, text))
    return tuple(items)
