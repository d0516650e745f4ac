"""`lnsDatatable`: columns and rows, coloured cells, summaries, metrics split by a column's values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...model import Body
from ..collapse import collapsed
from ..colours import CategoryColours, colour_by_number, text_on
from ..formats import key_text, number_text
from ..lens import Column, Lens
from ..rows import Row, Table
from .model import Chart

_MODES = {"cell": "background", "badge": "background", "text": "colour"}


@dataclass(frozen=True)
class _Shown:
    """A column as shown: where its values stand in a row, and its state in the visualization."""

    key: str
    column: Column
    label: str
    state: Body


def table_chart(lens: Lens, tables: Mapping[str, Table]) -> Chart:
    """Rows as the answer gave them; sorting and paging are the page's work."""
    state = lens.visualization
    table = tables.get(str(state.get("layerId"))) or next(iter(tables.values()))
    if not table.rows or (table.layer.buckets and not table.total):
        return Chart("empty")
    table = collapsed(table, {c["columnId"]: c.get("collapseFn") for c in state.get("columns") or ()})
    shown, rows = _columns(state, table)
    colours = {s.key: _colouring(s, rows) for s in shown}
    paging = state.get("paging") or {}
    sorting = state.get("sorting") or {}
    model = {
        "columns": [_head(s, [row.get(s.key) for row in rows]) for s in shown],
        "rows": [[_cell(s, row, table, colours[s.key]) for s in shown] for row in rows],
        "page_size": int(paging.get("size") or 10) if paging.get("enabled") else None,
        "sorting": {"column": sorting.get("columnId"), "direction": sorting.get("direction")} if sorting else None,
        "row_numbers": bool(state.get("showRowNumbers")),
        "density": state.get("density") or "normal",
    }
    summary = f"Table of {len(rows)} rows: {', '.join(s.label for s in shown)}"
    return Chart("table", model, summary=summary, notes=table.notes)


def _columns(state: Body, table: Table) -> tuple[list[_Shown], list[Row]]:
    listed = [c for c in state.get("columns") or () if c.get("columnId") in table.layer.columns]
    split = [c["columnId"] for c in listed if c.get("isTransposed")]
    listed = [c for c in listed if not c.get("hidden") and c["columnId"] not in split]
    plain = [
        _Shown(c["columnId"], table.layer.columns[c["columnId"]], table.layer.columns[c["columnId"]].label, c)
        for c in listed
    ]
    if not split:
        return plain, list(table.rows)
    return _transposed(plain, split, table)


def _transposed(plain: list[_Shown], split: list[str], table: Table) -> tuple[list[_Shown], list[Row]]:
    """Metrics side by side for each value of the split columns: `3 › Count`."""
    rows: dict[str, Row] = {}
    place = {c: {repr(key): i for i, key in enumerate(table.keys(table.layer.columns[c]))} for c in split}
    by_row = [s for s in plain if s.column.bucketed]
    metrics = [s for s in plain if not s.column.bucketed]
    in_order = sorted(table.rows, key=lambda row: [place[c][repr(row[c])] for c in split])
    groups = dict.fromkeys(" › ".join(key_text(row[c], table.layer.columns[c]) for c in split) for row in in_order)
    for row in table.rows:
        group = " › ".join(key_text(row[c], table.layer.columns[c]) for c in split)
        merged = rows.setdefault(repr([row[s.key] for s in by_row]), {s.key: row[s.key] for s in by_row})
        merged.update({f"{group}---{s.key}": row.get(s.key) for s in metrics})
    label = "{group}" if len(metrics) == 1 else "{group} › {label}"
    shown = [
        _Shown(f"{g}---{s.key}", s.column, label.format(group=g, label=s.label), s.state)
        for g in groups
        for s in metrics
    ]
    return by_row + shown, list(rows.values())


def _head(shown: _Shown, values: list[Any]) -> Body:
    numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    numeric = not shown.column.bucketed and len(numbers) == len([v for v in values if v is not None])
    return {
        "id": shown.key,
        "label": shown.label,
        "numeric": numeric,
        "alignment": shown.state.get("alignment") or ("right" if numeric else "left"),
        "width": shown.state.get("width"),
        "badge": shown.state.get("colorMode") == "badge",
        "summary": _summary(shown, numbers),
    }


def _summary(shown: _Shown, numbers: list[float]) -> str:
    kind = shown.state.get("summaryRow") or "none"
    if kind == "none" or not numbers:
        return ""
    found = {
        "sum": sum(numbers),
        "avg": sum(numbers) / len(numbers),
        "count": len(numbers),
        "min": min(numbers),
        "max": max(numbers),
    }
    if kind not in found:
        return ""
    label = shown.state.get("summaryLabel") or {"avg": "Average"}.get(kind, kind.capitalize())
    return f"{label}: {number_text(found[kind], shown.column)}"


def _colouring(shown: _Shown, rows: list[Row]) -> Any:
    """A function value → colour, or None."""
    state = shown.state
    if state.get("colorMode") not in _MODES:
        return None
    stops = (state.get("palette") or {}).get("params") or {}
    if state.get("palette") and (stops.get("stops") or stops.get("colorStops")) and not shown.column.bucketed:
        numbers = [v for row in rows if isinstance(v := row.get(shown.key), int | float)]
        low, high = min(numbers, default=0.0), max(numbers, default=0.0)
        return lambda v: colour_by_number(state["palette"], v, low, high) if isinstance(v, int | float) else None
    colours = CategoryColours(state.get("colorMapping"))
    return lambda v: None if v is None else colours.of(v)


def _cell(shown: _Shown, row: Row, table: Table, colouring: Any) -> Body:
    value = row.get(shown.key)
    width = table.widths.get(shown.column.id)
    text = key_text(value, shown.column, width=width) if shown.column.bucketed else number_text(value, shown.column)
    cell: Body = {"text": text}
    cell["value"] = value if isinstance(value, int | float | str) or value is None else cell["text"]
    colour = colouring(value) if colouring else None
    if colour:
        place = _MODES[shown.state["colorMode"]]
        cell[place] = colour
        if place == "background":
            cell["colour"] = text_on(colour)
    if shown.column.bucketed:
        cell["filters"] = table.filters(row, shown.column.id)
    return cell
