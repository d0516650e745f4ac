"""Columns that no aggregation gives: static values, formulas, differences and sums along a series, rates per unit."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import EsctlError
from .filters import TimeRange, span_of
from .frame import (
    Frame,
    Numbers,
    counter_rate,
    cumulative_sum,
    differences,
    frame_of,
    moving_average,
    scaled,
)
from .lens import Column, Layer
from .operations import COMPUTED, SERIES

Row = dict[str, Any]


def with_computed(
    layer: Layer, rows: Sequence[Row], widths: Mapping[str, float | None], time_range: TimeRange | None
) -> tuple[Row, ...]:
    """The rows with every column that the layer has, hidden parts taken away."""
    wanted = [c for c in layer.metrics if c.operation in COMPUTED or c.state.get("timeScale")]
    if not wanted:
        return tuple(rows)
    frame = _frame(layer, rows, widths, time_range)
    done: dict[str, Numbers] = {}
    for column in wanted:
        _work_out(column, layer, rows, frame, done, ())
    hidden = {c.id for c in layer.metrics if c.hidden}
    made = []
    for i, row in enumerate(rows):
        full = {name: value for name, value in row.items() if name not in hidden}
        full.update({name: values[i] for name, values in done.items() if name not in hidden})
        made.append(full)
    return tuple(made)


def _frame(layer: Layer, rows: Sequence[Row], widths: Mapping[str, float | None], span: TimeRange | None) -> Frame:
    """Series run along the date histogram, else along a histogram, else along the innermost bucket."""
    buckets = layer.buckets
    dates = [c for c in buckets if c.operation == "date_histogram"]
    numbers = [c for c in buckets if widths.get(c.id)]
    along = next(iter(dates or numbers or buckets[-1:]), None)
    others = [c.id for c in buckets if c is not along]
    interval = None
    if dates:
        width = widths.get(dates[0].id) or _usual_step([row.get(dates[0].id) for row in rows])
        interval = width / 1000 if width else None
    seconds = span_of(span) if span else None
    return frame_of(rows, along.id if along else None, others, interval=interval, span=seconds, now=time.time() * 1000)


def _usual_step(keys: list[Any]) -> float | None:
    """The smallest step between two dates: what a calendar's bucket is about as wide as."""
    known = sorted({k for k in keys if isinstance(k, int | float)})
    steps = [b - a for a, b in zip(known, known[1:], strict=False)]
    return min(steps) if steps else None


def _work_out(
    column: Column, layer: Layer, rows: Sequence[Row], frame: Frame, done: dict[str, Numbers], above: tuple[str, ...]
) -> Numbers:
    if column.id in done:
        return done[column.id]
    if column.id in above:
        raise EsctlError(f'column "{column.label}" is worked out from itself')
    if column.operation == "static_value":
        values: Numbers = [float(column.params.get("value") or 0)] * frame.size
    elif column.formula:
        parts = {}
        for name in column.formula.parts:
            part = layer.columns[f"{column.id}:{name}"]
            parts[name] = _work_out(part, layer, rows, frame, done, (*above, column.id))
        values = column.formula.evaluate(parts, frame)
    elif column.operation in SERIES:
        source = layer.columns.get(column.references[0]) if column.references else None
        if source is None:
            raise EsctlError(f'column "{column.label}" refers to a column that does not exist')
        below = _work_out(source, layer, rows, frame, done, (*above, column.id))
        work = {"differences": differences, "cumulative_sum": cumulative_sum, "counter_rate": counter_rate}
        average = moving_average(int(column.params.get("window") or 5))
        values = frame.along(below, work.get(column.operation, average))
    else:
        values = [v if isinstance(v := row.get(column.id), int | float) else None for row in rows]
        if not column.state.get("timeScale"):
            return values
    if column.state.get("timeScale"):
        values = scaled(values, str(column.state["timeScale"]), frame)
    done[column.id] = values
    return values
