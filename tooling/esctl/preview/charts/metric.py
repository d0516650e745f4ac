"""`lnsMetric`: big numbers, one tile per value of the breakdown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...model import Body
from ..buckets import OTHER
from ..collapse import collapsed
from ..colours import colour_by_number, text_on
from ..formats import key_text, number_text
from ..lens import Column, Lens
from ..rows import Row, Table
from .model import Chart

_BETTER, _WORSE = "#24C292", "#F6726A"


def metric_chart(lens: Lens, tables: Mapping[str, Table]) -> Chart:
    """One tile per row; a colour by value is looked up in the palette, against `max` or the largest value."""
    state = lens.visualization
    table = tables.get(str(state.get("layerId"))) or next(iter(tables.values()))
    if state.get("collapseFn") and state.get("breakdownByAccessor"):
        table = collapsed(table, {str(state["breakdownByAccessor"]): str(state["collapseFn"])})
    metric = table.layer.columns[str(state.get("metricAccessor") or state.get("accessor"))]
    values = [row.get(metric.id) for row in table.rows]
    numbers = [v for v in values if isinstance(v, int | float)]
    if not table.rows:
        return Chart("empty")
    extent = (min(numbers, default=0.0), max(numbers, default=0.0))
    trends = _trends(state, tables)
    tiles = []
    for row in table.rows:
        own = repr(row.get(str(state.get("breakdownByAccessor")))) if table.layer.buckets else ""
        tiles.append({**_tile(state, table, row, extent), "trend": trends.get(own)})
    summary = "; ".join(f"{t['title']}: {t['text']}" for t in tiles)
    return Chart(
        "metric", {"tiles": tiles, "columns": int(state.get("maxCols") or 3)}, summary=summary, notes=table.notes
    )


def legacy_metric_chart(lens: Lens, tables: Mapping[str, Table]) -> Chart:
    """`lnsLegacyMetric`: the same number, with its own words for where the colour goes."""
    state = lens.visualization
    colour = {"Background": {"applyColorTo": "background"}, "Labels": {"applyColorTo": "value"}}
    mode = colour.get(str(state.get("colorMode")), {"palette": None})
    return metric_chart(replace(lens, visualization={**state, **mode}), tables)


def _tile(state: Body, table: Table, row: Row, extent: tuple[float, float]) -> Body:
    columns = table.layer.columns
    metric = columns[str(state.get("metricAccessor") or state.get("accessor"))]
    breakdown = columns.get(str(state.get("breakdownByAccessor") or ""))
    value = row.get(metric.id)
    limit = row.get(str(state.get("maxAccessor"))) if state.get("maxAccessor") else None
    colour = _colour(state, value, (0.0, float(limit)) if isinstance(limit, int | float) else extent)
    on_background = bool(colour) and state.get("applyColorTo", "background") != "value" and not state.get("showBar")
    title = key_text(row[breakdown.id], breakdown) if breakdown else metric.label
    return {
        "title": title,
        "subtitle": state.get("subtitle") or (metric.label if breakdown else ""),
        "value": value,
        "text": "N/A" if value is None else number_text(value, metric),
        "background": colour if on_background else None,
        "ink": text_on(colour) if on_background and colour else None,
        "colour": None if on_background else colour,
        "secondary": _secondary(state, table, row),
        "progress": value / limit if state.get("showBar") and isinstance(value, int | float) and limit else None,
        "filters": table.filters(row) if breakdown and row[breakdown.id] != OTHER else [],
    }


def _colour(state: Body, value: Any, extent: tuple[float, float]) -> str | None:
    if state.get("palette") and isinstance(value, int | float):
        return colour_by_number(state["palette"], value, *extent)
    return state.get("color")


def _secondary(state: Body, table: Table, row: Row) -> Body | None:
    column = table.layer.columns.get(str(state.get("secondaryMetricAccessor") or ""))
    if not column:
        return None
    label = state.get("secondaryLabel", state.get("secondaryPrefix"))
    value = row.get(column.id)
    text, colour = number_text(value, column), None
    trend = state.get("secondaryTrend") or {}
    match trend.get("type"):
        case "static":
            colour = trend.get("color")
        case "dynamic":
            text, colour = _compared(trend, value, row, column, state)
    return {"label": column.label if label is None else label, "text": text, "colour": colour}


def _compared(trend: Body, value: Any, row: Row, column: Column, state: Body) -> tuple[str, str | None]:
    """Which way it went: against the primary metric (how far that is from it), or against a number."""
    baseline = trend.get("baselineValue")
    primary = row.get(str(state.get("metricAccessor") or state.get("accessor")))
    if not isinstance(value, int | float):
        return number_text(value, column), None
    shown: float = value
    if baseline == "primary":
        if not isinstance(primary, int | float):
            return number_text(value, column), None
        shown = primary - value
        change = shown
    else:
        change = value - float(baseline or 0)
    sign = "↑" if change > 0 else "↓" if change < 0 else "="
    up = (change > 0) != bool(trend.get("reversed"))
    colour = None if change == 0 else _BETTER if up else _WORSE
    text = number_text(shown, column)
    visuals = str(trend.get("visuals") or "both")
    return {"icon": sign, "value": text}.get(visuals, f"{text} {sign}"), colour


def _trends(state: Body, tables: Mapping[str, Table]) -> dict[str, list[Any]]:
    """The metric over time, by the value of the breakdown ("" without one): the layer behind the tiles."""
    table = tables.get(str(state.get("trendlineLayerId") or ""))
    metric = str(state.get("trendlineMetricAccessor") or "")
    if table is None or metric not in table.layer.columns:
        return {}
    breakdown = str(state.get("trendlineBreakdownByAccessor") or "")
    found: dict[str, list[Any]] = {}
    for row in table.rows:
        key = repr(row[breakdown]) if breakdown in row else ""
        value = row.get(metric)
        found.setdefault(key, []).append(value if isinstance(value, int | float) else None)
    return found
