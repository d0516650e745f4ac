"""Collapsed groups: rows that differ only in a column that is folded away become one (Lens' "collapse by")."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ..errors import EsctlError, did_you_mean
from .rows import Row, Table

_REDUCE: Mapping[str, Callable[[list[float]], float]] = {
    "sum": math.fsum,
    "avg": lambda values: math.fsum(values) / len(values),
    "average": lambda values: math.fsum(values) / len(values),
    "min": min,
    "max": max,
}


def collapsed(table: Table, functions: Mapping[str, str | None]) -> Table:
    """`functions` by column id; columns without one stay. Raises EsctlError for a function that is not known."""
    folds = {column: name for column, name in functions.items() if name and column in table.layer.columns}
    for column, name in folds.items():
        table = _folded(table, column, name)
    return table


def _folded(table: Table, column: str, name: str) -> Table:
    if name not in _REDUCE:
        raise EsctlError(f'there is no way to collapse by "{name}"', hint=did_you_mean(name, _REDUCE))
    columns = {key: value for key, value in table.layer.columns.items() if key != column}
    layer = replace(table.layer, columns=columns)
    groups: dict[str, list[Row]] = {}
    for row in table.rows:
        groups.setdefault(repr([row.get(b.id) for b in layer.buckets]), []).append(row)
    rows = []
    for members in groups.values():
        made = {b.id: members[0].get(b.id) for b in layer.buckets}
        for metric in layer.metrics:
            made[metric.id] = _reduced([row.get(metric.id) for row in members], name)
        rows.append(made)
    widths = {key: width for key, width in table.widths.items() if key != column}
    return replace(table, layer=layer, rows=tuple(rows), widths=widths)


def _reduced(values: list[Any], name: str) -> Any:
    numbers = [float(v) for v in values if isinstance(v, int | float)]
    return _REDUCE[name](numbers) if numbers else next((v for v in values if v is not None), None)
