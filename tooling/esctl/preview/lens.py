"""Lens state as saved → layers and columns: what the other files of this room read charts from.

Both generations of the state are read (8.x: `splitAccessor`, stored labels, expanded formulas; 9.4+: none of these).
Source: `formBased` layers and `references` as Kibana writes them into lens saved objects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from ..errors import EsctlError
from ..model import Body
from .formula import Formula, parse_formula

RECORDS = "___records___"
_PARTS_OF_FORMULAS = ("math",)


@dataclass(frozen=True)
class DataView:
    """An `index-pattern` saved object, or an ad-hoc one inside a chart.

    `formats`: by field, how its values are written (`{id, params}`); `runtime`: runtime fields as a search takes them.
    """

    id: str
    title: str
    name: str = ""
    time_field: str | None = None
    formats: Mapping[str, Body] = field(default_factory=dict)
    runtime: Mapping[str, Body] = field(default_factory=dict)


class NotDrawn(EsctlError):
    """What this room does not draw: told with the definition, instead of as an error."""


@dataclass(frozen=True)
class Column:
    """One column of a layer: a bucket, a metric, or a part of a formula (`hidden`)."""

    id: str
    state: Body
    formula: Formula | None = None
    hidden: bool = False

    @property
    def operation(self) -> str:
        return str(self.state.get("operationType", ""))

    @property
    def bucketed(self) -> bool:
        return bool(self.state.get("isBucketed"))

    @property
    def field(self) -> str:
        return str(self.state.get("sourceField") or "")

    @property
    def params(self) -> Body:
        return self.state.get("params") or {}

    @property
    def references(self) -> tuple[str, ...]:
        """The columns that this one is worked out from."""
        return tuple(str(name) for name in self.state.get("references") or ())

    @property
    def shift(self) -> str:
        """How far back its documents lie: `1w`, `previous`; empty where they do not."""
        return str(self.state.get("timeShift") or "")

    @property
    def label(self) -> str:
        """The stored label; where Kibana stores none (9.4+), the one that it computes."""
        if self.state.get("customLabel"):
            return str(self.state.get("label") or "")
        return str(self.state.get("label") or default_label(self))


@dataclass(frozen=True)
class Layer:
    """A layer of data; `columns` in nesting order, parts of formulas last. A `textBased` one has `esql`, its query."""

    id: str
    columns: Mapping[str, Column]
    data_view: str
    ignore_global_filters: bool = False
    sampling: float = 1.0
    esql: str = ""
    time_field: str | None = None

    @cached_property
    def buckets(self) -> tuple[Column, ...]:
        return tuple(c for c in self.columns.values() if c.bucketed)

    @cached_property
    def metrics(self) -> tuple[Column, ...]:
        return tuple(c for c in self.columns.values() if not c.bucketed)


@dataclass(frozen=True)
class Lens:
    """The attributes of a lens saved object, opened."""

    title: str
    chart: str
    visualization: Body
    layers: Mapping[str, Layer]
    data_views: Mapping[str, DataView]
    filters: tuple[Body, ...] = ()
    query: Body | None = None
    references: Mapping[str, str] = field(default_factory=dict)
    """Ids of data views by the name that the chart has for them."""


def read_lens(attributes: Mapping[str, Any], *, data_views: Mapping[str, DataView] | None = None) -> Lens:
    """Open lens attributes; their `references` must name data views by id. Raises EsctlError for what has no layers."""
    state = attributes.get("state") or {}
    sources = state.get("datasourceStates") or {}
    views = dict(data_views or {})
    for view_id, spec in (state.get("adHocDataViews") or {}).items():
        if spec:
            views[view_id] = _ad_hoc(view_id, spec)
    references = {
        r["name"]: r["id"] for r in (*(attributes.get("references") or ()), *(state.get("internalReferences") or ()))
    }
    layers = {}
    form_based = sources.get("formBased") or sources.get("indexpattern") or {}
    for layer_id, layer in (form_based.get("layers") or {}).items():
        view_id = references.get(f"indexpattern-datasource-layer-{layer_id}") or layer.get("indexPatternId") or ""
        layers[layer_id] = Layer(
            layer_id,
            _columns(layer, views.get(view_id)),
            view_id,
            bool(layer.get("ignoreGlobalFilters")),
            float(layer.get("sampling") or 1),
        )
    visualization = state.get("visualization") or {}
    for layer_id, layer in ((sources.get("textBased") or {}).get("layers") or {}).items():
        layers[layer_id] = _text_based(layer_id, layer, visualization)
    filters = tuple(_with_index(f, references) for f in state.get("filters") or ())
    return Lens(
        str(attributes.get("title") or ""),
        str(attributes.get("visualizationType") or ""),
        visualization,
        layers,
        views,
        filters,
        state.get("query"),
        references,
    )


def _ad_hoc(view_id: str, spec: Body) -> DataView:
    return DataView(
        view_id,
        str(spec.get("title") or view_id),
        str(spec.get("name") or ""),
        spec.get("timeFieldName"),
        spec.get("fieldFormats") or {},
        spec.get("runtimeFieldMap") or {},
    )


def _text_based(layer_id: str, layer: Body, visualization: Body) -> Layer:
    """Columns of ES|QL: dimensions are those that the chart uses as such, or whose values are no numbers."""
    dimensions = _dimensions(visualization)
    columns = {}
    for stored in layer.get("columns") or ():
        name, kind = str(stored.get("columnId")), str((stored.get("meta") or {}).get("type") or "")
        bucketed = name in dimensions or (kind not in ("number", "") and not stored.get("inMetricDimension"))
        state = {
            **stored,
            "operationType": "esql",
            "isBucketed": bucketed,
            "sourceField": str(stored.get("fieldName") or name),
            "label": stored.get("label") or str(stored.get("fieldName") or name),
        }
        columns[name] = Column(name, state)
    query = layer.get("query") or {}
    ordered = dict(sorted(columns.items(), key=lambda item: not item[1].bucketed))
    ignore = bool(layer.get("ignoreGlobalFilters"))
    return Layer(
        layer_id,
        ordered,
        str(layer.get("index") or ""),
        ignore,
        1.0,
        str(query.get("esql") or ""),
        layer.get("timeField"),
    )


_DIMENSIONS = (
    "xAccessor", "yAccessor", "splitAccessor", "splitAccessors", "breakdownByAccessor", "tagAccessor", "regionAccessor",
    "primaryGroups", "secondaryGroups", "groups",
)  # fmt: skip


def _dimensions(visualization: Body) -> set[str]:
    """Ids of columns that a chart groups by."""
    found: set[str] = set()
    for place in (visualization, *(visualization.get("layers") or ())):
        for key in _DIMENSIONS:
            value = place.get(key)
            found |= set(value) if isinstance(value, list) else {value} if value else set()
        listed = place.get("columns") or ()
        found |= {c["columnId"] for c in listed if c.get("isTransposed") or c.get("isMetric") is False}
    return found


def _with_index(stored: Body, references: Mapping[str, str]) -> Body:
    meta = dict(stored.get("meta") or {})
    name = str(meta.pop("indexRefName", None) or meta.get("index") or "")
    if name in references:
        meta["index"] = references[name]
    return {**stored, "meta": meta}


def _columns(layer: Mapping[str, Any], view: DataView | None) -> dict[str, Column]:
    stored = {c: _with_format(state, view) for c, state in (layer.get("columns") or {}).items()}
    order = [c for c in layer.get("columnOrder") or () if c in stored]
    order += [c for c in stored if c not in order]
    parts = _parts_of_formulas(stored)
    columns = {c: Column(c, stored[c]) for c in order if c not in parts}
    hidden: dict[str, Column] = {}
    for column in list(columns.values()):
        if column.operation == "formula":
            formula = parse_formula(str(column.params.get("formula") or ""))
            columns[column.id] = replace(column, formula=formula)
            for name, state in formula.parts.items():
                hidden[f"{column.id}:{name}"] = Column(
                    f"{column.id}:{name}", _inherited(state, column.state), hidden=True
                )
    return {**columns, **hidden}


_KEEP_FORMAT = ("sum", "min", "max", "average", "median", "percentile", "last_value", "terms", "range")


def _with_format(state: Body, view: DataView | None) -> Body:
    """A column without a format of its own has the one that the data view gives its field."""
    stored = (view.formats if view else {}).get(str(state.get("sourceField") or ""))
    if not stored or state.get("operationType") not in _KEEP_FORMAT or (state.get("params") or {}).get("format"):
        return state
    return {**state, "params": {**(state.get("params") or {}), "format": stored}}


def _parts_of_formulas(stored: Mapping[str, Body]) -> set[str]:
    """Columns that only exist because a formula was expanded (8.x); the formula's text says the same."""
    parts: set[str] = set()
    pending = [r for c in stored.values() if c.get("operationType") == "formula" for r in c.get("references") or ()]
    while pending:
        name = pending.pop()
        if name in stored and name not in parts:
            parts.add(name)
            pending.extend(stored[name].get("references") or ())
    return parts | {name for name, c in stored.items() if c.get("operationType") in _PARTS_OF_FORMULAS}


def _inherited(state: Body, owner: Body) -> Body:
    """A formula's own filter and time apply to each of its parts that has none."""
    shared = {k: owner[k] for k in ("filter", "timeShift", "reducedTimeRange") if owner.get(k) and not state.get(k)}
    return {**state, **shared}


def default_label(column: Column) -> str:
    """The label that Kibana shows for a column without one."""
    field, params = column.field, column.params
    match column.operation:
        case "differences" | "moving_average" | "cumulative_sum" | "counter_rate" as name:
            words = {"differences": "Differences", "moving_average": "Moving average", "counter_rate": "Counter rate"}
            return f"{words.get(name, 'Cumulative sum')} of {field or ', '.join(column.references)}"
        case "count":
            return "Count of records" if field in ("", RECORDS) else f"Count of {field}"
        case "unique_count":
            return f"Unique count of {field}"
        case "min" | "max" | "sum" | "average" | "median" | "standard_deviation" as name:
            words = {"min": "Minimum", "max": "Maximum", "standard_deviation": "Standard deviation"}
            return f"{words.get(name, name.capitalize())} of {field}"
        case "last_value":
            return f"Last value of {field}"
        case "percentile":
            rank = params.get("percentile", 95)
            return f"{rank}{_ordinal(rank)} percentile of {field}"
        case "percentile_rank":
            return f"Percentile rank ({params.get('value', 0)}) of {field}"
        case "formula":
            return str(params.get("formula") or "Formula")
        case "static_value":
            return f"Static value: {params.get('value')}"
        case "terms":
            size, more = params.get("size", 5), len(params.get("secondaryFields") or ())
            if more:
                return f"Top values of {field} + {more} other{'s' if more > 1 else ''}"
            return f"Top {size} values of {field}" if size != 1 else f"Top value of {field}"
        case "filters":
            return "Filters"
        case "date_histogram" | "range":
            return field
    return column.id


def _ordinal(rank: Any) -> str:
    if not isinstance(rank, int) or 10 <= rank % 100 <= 20:
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(rank % 10, "th")
