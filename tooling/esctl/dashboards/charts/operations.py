"""What the charts share: which operations and data sources are not converted yet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..columns import BUCKETS, METRICS

Unsupported = Iterator[tuple[tuple[str | int, ...], str]]


def in_operations(found: dict[str, Any], *lists: str) -> Unsupported:
    """Operations and colours below the keys `lists` of `found` (each one operation, or a list of them)."""
    for key in lists:
        value = found.get(key)
        for position, operation in enumerate(value) if isinstance(value, list) else ((None, value),):
            if operation is None:
                continue
            path: tuple[str | int, ...] = (key,) if position is None else (key, position)
            yield from in_operation(operation, path)


def in_operation(operation: dict[str, Any], path: tuple[str | int, ...]) -> Unsupported:
    """One operation and its colour."""
    if operation["operation"] not in (*METRICS, *BUCKETS):
        yield (*path, "operation"), f'operation "{operation["operation"]}"'
    color = operation.get("color")
    if isinstance(color, dict) and color.get("type") == "legacy_dynamic":
        yield (*path, "color"), 'colour "legacy_dynamic"'


def in_data_source(data_source: dict[str, Any], path: tuple[str | int, ...] = ("data_source",)) -> Unsupported:
    """ES|QL, and settings of single fields of an ad-hoc data view."""
    if data_source["type"] == "esql":
        yield (*path, "type"), "an ES|QL data source"
    if "field_settings" in data_source:
        yield (*path, "field_settings"), '"field_settings" of a data view written in place'
