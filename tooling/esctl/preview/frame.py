"""The rows of a layer as columns of numbers, and what is worked out along their series: differences, averages, sums."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Numbers = list[float | None]


@dataclass(frozen=True)
class Frame:
    """`series`: row numbers of each series, in the order of its x; `interval`: seconds between two of its rows;
    `span`: seconds of the time range; `now`: epoch milliseconds."""

    size: int
    series: tuple[tuple[int, ...], ...]
    interval: float | None = None
    span: float | None = None
    now: float = 0.0

    def along(self, values: Numbers, work: Callable[[Numbers], Numbers]) -> Numbers:
        """`work` done to each series by itself."""
        made: Numbers = [None] * self.size
        for rows in self.series:
            for row, value in zip(rows, work([values[r] for r in rows]), strict=True):
                made[row] = value
        return made


def differences(values: Numbers) -> Numbers:
    """Each less the one before it; the first has none."""
    return [None] + [
        b - a if a is not None and b is not None else None for a, b in zip(values, values[1:], strict=False)
    ]


def cumulative_sum(values: Numbers) -> Numbers:
    total = 0.0
    made: Numbers = []
    for value in values:
        total += value or 0.0
        made.append(total if value is not None else None)
    return made


def counter_rate(values: Numbers) -> Numbers:
    """The increase since the row before; after a reset, the value itself."""
    made: Numbers = [None]
    for a, b in zip(values, values[1:], strict=False):
        made.append(None if a is None or b is None else b - a if b >= a else b)
    return made if values else []


def moving_average(window: int) -> Callable[[Numbers], Numbers]:
    """The mean of the last `window` values before each one, itself left out: as Kibana's expression does it."""

    def work(values: Numbers) -> Numbers:
        made: Numbers = []
        before: list[float] = []
        for value in values:
            made.append(sum(before) / len(before) if before and value is not None else None)
            if value is not None:
                before = [*before, value][-window:]
        return made

    return work


def overall(reduce: Callable[[Sequence[float]], float]) -> Callable[[Numbers], Numbers]:
    """One number for the whole series, on each of its rows."""

    def work(values: Numbers) -> Numbers:
        known = [v for v in values if v is not None]
        return [reduce(known) if known else None] * len(values)

    return work


UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def scaled(values: Numbers, unit: str, frame: Frame) -> Numbers:
    """Per second, minute, hour or day: by the width of the date buckets, or by the whole time range."""
    width = frame.interval or frame.span
    if not width or unit not in UNITS:
        return values
    return [None if v is None else v * UNITS[unit] / width for v in values]


def frame_of(rows: Sequence[dict[str, Any]], along: str | None, others: Sequence[str], **more: Any) -> Frame:
    """`along` is the column of x, `others` those whose values part the series."""
    series: dict[str, list[int]] = {}
    for i, row in enumerate(rows):
        series.setdefault(repr([row.get(name) for name in others]), []).append(i)
    return Frame(len(rows), tuple(tuple(found) for found in series.values()), **more)
