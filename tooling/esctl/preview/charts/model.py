"""What a chart is, ready to be drawn by a page: plain JSON, every text already formatted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from ...model import Body


@dataclass(frozen=True)
class LegendItem:
    """One entry of a legend; `filters` is what a click on it adds (none: not clickable)."""

    label: str
    colour: str
    filters: tuple[Body, ...] = ()
    value: str = ""


@dataclass(frozen=True)
class Chart:
    """`kind` says who draws it.

    `metric`: model `{tiles: [{title, subtitle, value, text, colour, background, secondary, progress, filters}]}`;
    `table`: model `{columns, rows: [[{value, text, colour, background, filters}]], page_size, sorting, row_numbers}`;
    `vega-lite`: `spec`, whose data rows carry `filters`, a position in the model's `filters`;
    `tags`: model `{tags: [{text, value, size, colour, filters}], caption}`;
    `vega`: a spec of the user's own, model `{mode, resize}`; `markdown`: model `{content}`;
    `image`: model `{src, fit, background, alt}`; `links`: model `{layout, links: [{label, destination, inside}]}`;
    `control`: model `{control}`;
    `empty`: nothing matched; `undrawn`: model `{reason, definition}`.
    """

    kind: Literal[
        "metric", "table", "tags", "vega-lite", "vega", "markdown", "image", "links", "control", "empty", "undrawn"
    ]
    model: Body = field(default_factory=dict)
    spec: Body | None = None
    legend: tuple[LegendItem, ...] = ()
    legend_position: str = "right"
    summary: str = ""
    notes: tuple[str, ...] = ()
    scoped: bool = True
    """Whether the dashboard's filters change it."""

    def as_json(self) -> dict[str, Any]:
        legend = [
            {"label": i.label, "colour": i.colour, "filters": list(i.filters), "value": i.value} for i in self.legend
        ]
        return {
            "kind": self.kind,
            "model": self.model,
            "spec": self.spec,
            "legend": legend,
            "legend_position": self.legend_position,
            "summary": self.summary,
            "notes": list(self.notes),
        }


class FilterList:
    """Filters by position: rows of a Vega-Lite chart carry the number, the page looks the filters up."""

    def __init__(self) -> None:
        self.listed: list[list[Body]] = []
        self._places: dict[str, int] = {}

    def add(self, filters: list[Body]) -> int:
        place = self._places.setdefault(repr(filters), len(self.listed))
        if place == len(self.listed):
            self.listed.append(filters)
        return place
