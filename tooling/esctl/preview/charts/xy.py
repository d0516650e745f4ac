"""`lnsXY`: bars, lines and areas (stacked, percentage, horizontal), two axes, reference lines and annotations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ...model import Body
from ..collapse import collapsed
from ..colours import CategoryColours, palette
from ..formats import key_text, number_text
from ..lens import Column, Lens
from ..rows import Row, Table
from .model import Chart, FilterList, LegendItem
from .xy_axes import x_encoding, y_encoding
from .xy_lines import annotation_marks, reference_marks
from .xy_marks import marks

_FILLING = {"Linear": "linear", "Carry": "carry", "Lookahead": "lookahead", "Zero": "zero", "Average": "average",
            "Nearest": "carry"}  # fmt: skip


@dataclass
class _Series:
    label: str
    colour: str
    filters: list[Body]


@dataclass
class Drawing:
    """What grows while layers are drawn: marks of both axes, the series of the legend, filters, categories of x."""

    marks: dict[str, list[Body]] = field(default_factory=lambda: {"left": [], "right": []})
    series: dict[str, _Series] = field(default_factory=dict)
    filters: FilterList = field(default_factory=FilterList)
    categories: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    extent: tuple[float, float] | None = None
    x_field: str = ""
    automatic: int = 0
    labels: dict[str, str] = field(default_factory=dict)

    def named(self, label: str, column: str) -> str:
        """A label of its own for each column: as Kibana, the second of a name is `name [1]`."""
        unique, count = label, 0
        while self.labels.setdefault(unique, column) != column:
            count += 1
            unique = f"{label} [{count}]"
        return unique

    def next_colour(self) -> str:
        self.automatic += 1
        return palette("default")[(self.automatic * 2 - 2) % 10]

    def reach(self, low: float, high: float) -> None:
        """The x that is drawn: lines that stand outside of it are left out."""
        known = self.extent or (low, high)
        self.extent = (min(known[0], low), max(known[1], high))


def xy_chart(lens: Lens, tables: Mapping[str, Table]) -> Chart:
    """Rows of the data layers, then what is drawn over them."""
    state = lens.visualization
    layers = [layer for layer in state.get("layers") or () if layer.get("layerType", "data") == "data"]
    drawing = Drawing()
    horizontal = any("horizontal" in str(layer.get("seriesType")) for layer in layers)
    if not any(
        tables[layer["layerId"]].rows and tables[layer["layerId"]].total
        for layer in layers
        if layer["layerId"] in tables
    ):
        return Chart("empty")
    for layer in layers:
        _draw_layer(layer, tables[layer["layerId"]], state, horizontal, drawing)
    for layer in state.get("layers") or ():
        table = tables.get(str(layer.get("layerId")))
        if layer.get("layerType") == "referenceLine" and table:
            _over(drawing, reference_marks(layer, table, horizontal, drawing.x_field, drawing.notes))
        elif layer.get("layerType") == "annotations":
            events = table.rows if table else ()
            drawing.notes += table.notes if table else ()
            drawing.marks["left"] += annotation_marks(events, drawing.extent, drawing.x_field, horizontal)
    sides = [{"layer": found} for found in drawing.marks.values() if found]
    spec: Body = {"layer": sides}
    if len(sides) > 1:
        spec["resolve"] = {"scale": {"x" if horizontal else "y": "independent"}}
    return Chart(
        "vega-lite",
        {"filters": drawing.filters.listed},
        spec,
        _legend(state.get("legend") or {}, drawing),
        str((state.get("legend") or {}).get("position") or "right"),
        _summary(layers, tables, drawing),
        (*(note for layer in layers for note in tables[layer["layerId"]].notes), *drawing.notes),
    )


def _over(drawing: Drawing, found: Mapping[str, list[Body]]) -> None:
    """A line of an axis that nothing is drawn on goes to the other one."""
    for side, lines in found.items():
        other = "left" if side == "right" else "right"
        drawing.marks[side if drawing.marks[side] or not drawing.marks[other] else other] += lines


def _draw_layer(layer: Body, table: Table, state: Body, horizontal: bool, drawing: Drawing) -> None:
    splits_state = _split_accessors(layer)
    if layer.get("collapseFn"):
        table = collapsed(table, {split: str(layer["collapseFn"]) for split in splits_state})
    columns = table.layer.columns
    x = columns.get(str(layer.get("xAccessor") or ""))
    splits = [columns[s] for s in splits_state if s in columns]
    config = {c.get("forAccessor"): c for c in layer.get("yConfig") or ()}
    kind = str(layer.get("seriesType") or state.get("preferredSeriesType") or "bar_stacked")
    accessors = [columns[a] for a in layer.get("accessors") or () if a in columns]
    by_side: dict[str, list[Column]] = {}
    for column in accessors:
        side = "right" if (config.get(column.id) or {}).get("axisMode") == "right" else "left"
        by_side.setdefault(side, []).append(column)
    colours = CategoryColours(layer.get("colorMapping") or _legacy(layer))
    several = bool(splits) or len(accessors) > 1
    continuous = x is not None and _is_continuous(x, table, kind, several)
    drawing.x_field = "x" if continuous else "label"
    ends = _ends(table, x) if x and continuous else {}
    if ends:
        drawing.reach(min(ends), max(ends.values()))
    for side, members in by_side.items():
        values: list[Body] = []
        for column in members:
            own = (config.get(column.id) or {}).get("color")
            found = list(_values(table, x, splits, column, own, len(accessors) > 1, colours, ends, drawing))
            values += _gaps(found, kind, state, sorted(ends))
        axes = (
            x_encoding(state, x, continuous, drawing.categories),
            y_encoding(state, members[0], side, kind),
        )
        drawing.marks[side] += marks(kind, state, values, axes, horizontal, continuous, several)


def _split_accessors(layer: Body) -> list[str]:
    """9.4+ stores a list, earlier versions one."""
    listed = layer.get("splitAccessors")
    return list(listed) if listed else [layer["splitAccessor"]] if layer.get("splitAccessor") else []


def _legacy(layer: Body) -> Body | None:
    """A named palette of before colour mappings."""
    name = (layer.get("palette") or {}).get("name")
    return {"paletteId": name} if name else None


def _is_continuous(x: Column, table: Table, kind: str, several: bool) -> bool:
    """Whether x is a number or time line; grouped bars need categories."""
    if kind.startswith("bar") and "stacked" not in kind and several:
        return False
    return bool(table.widths.get(x.id)) or x.operation == "date_histogram"


def _ends(table: Table, x: Column) -> dict[float, float]:
    """Where each bucket of x ends: its width after its start, or (calendar's months) where the next one starts."""
    keys = sorted({float(row[x.id]) for row in table.rows if isinstance(row.get(x.id), int | float)})
    width = table.widths.get(x.id)
    if width:
        return {key: key + width for key in keys}
    step = min((b - a for a, b in zip(keys, keys[1:], strict=False)), default=86_400_000.0)
    return {key: after for key, after in zip(keys, [*keys[1:], keys[-1] + step], strict=True)} if keys else {}


def _values(
    table: Table,
    x: Column | None,
    splits: list[Column],
    accessor: Column,
    own: str | None,
    several: bool,
    colours: CategoryColours,
    ends: Mapping[float, float],
    drawing: Drawing,
) -> Iterator[Body]:
    plain = None if splits else own or drawing.next_colour()
    shown = drawing.named(accessor.label, f"{table.layer.id}/{accessor.id}")
    if x:
        width = table.widths.get(x.id)
        labels = (key_text(key, x, width=width) for key in table.keys(x))
        drawing.categories += [label for label in labels if label not in drawing.categories]
    place = {s.id: {repr(key): i for i, key in enumerate(table.keys(s))} for s in splits}
    for row in sorted(table.rows, key=lambda row: [place[s.id][repr(row[s.id])] for s in splits]):
        if not isinstance(row.get(accessor.id), int | float):
            continue
        name, colour = shown, plain or ""
        if splits:
            keys = [row[s.id] for s in splits]
            name = " › ".join(
                [key_text(k, s, width=table.widths.get(s.id)) for k, s in zip(keys, splits, strict=True)]
                + ([shown] if several else [])
            )
            colour = colours.of(keys[0] if len(keys) == 1 else keys)
        if name not in drawing.series:
            drawing.series[name] = _Series(name, colour, table.filters(row, *(s.id for s in splits)) if splits else [])
        yield _value(table, row, x, splits, accessor, name, colour, ends, drawing)


def _value(
    table: Table,
    row: Row,
    x: Column | None,
    splits: list[Column],
    accessor: Column,
    name: str,
    colour: str,
    ends: Mapping[float, float],
    drawing: Drawing,
) -> Body:
    width = table.widths.get(x.id) if x else None
    label = key_text(row[x.id], x, width=width) if x else ""
    value: Body = {
        "label": label,
        "y": row[accessor.id],
        "text": number_text(row[accessor.id], accessor),
        "series": name,
        "order": list(drawing.series).index(name),
        "colour": colour,
        "filters": drawing.filters.add(table.filters(row)),
        "tip": {},
    }
    if x and isinstance(row[x.id], int | float):
        value["x"] = row[x.id]
        if row[x.id] in ends:
            value["x1"] = ends[row[x.id]]
    if x:
        value["tip"][x.label] = label
    for split in splits:
        value["tip"][split.label] = key_text(row[split.id], split, width=table.widths.get(split.id))
    value["tip"][accessor.label] = value["text"]
    return value


def _gaps(values: list[Body], kind: str, state: Body, moments: list[float]) -> list[Body]:
    """Where a line or area has no value: broken there, or filled as the chart says; stacked areas count nothing."""
    if kind.startswith("bar") or not moments:
        return values
    filling = _FILLING.get(str(state.get("fittingFunction")))
    if "stacked" in kind and filling is None:
        filling = "zero"
    if filling == "linear":
        return values
    by_series: dict[str, dict[float, Body]] = {}
    for value in values:
        by_series.setdefault(value["series"], {})[value.get("x", 0.0)] = value
    made: list[Body] = []
    for known in by_series.values():
        first = next(iter(known.values()))
        numbers = [v["y"] for v in known.values()]
        last: float | None = None
        for moment in moments:
            if moment in known:
                last = known[moment]["y"]
                made.append(known[moment])
                continue
            filled = {"zero": 0.0, "carry": last, "average": sum(numbers) / len(numbers)}.get(str(filling))
            made.append({**first, "x": moment, "y": filled, "text": "", "label": "", "tip": {}})
    return made


def _legend(state: Body, drawing: Drawing) -> tuple[LegendItem, ...]:
    if not state.get("isVisible", True) or (len(drawing.series) < 2 and not state.get("showSingleSeries")):
        return ()
    return tuple(LegendItem(s.label, s.colour, tuple(s.filters)) for s in drawing.series.values())


def _summary(layers: list[Body], tables: Mapping[str, Table], drawing: Drawing) -> str:
    """For a reader that sees no picture."""
    kinds = ", ".join(dict.fromkeys(str(layer.get("seriesType", "")).replace("_", " ") for layer in layers))
    rows = sum(len(tables[layer["layerId"]].rows) for layer in layers)
    return f"{kinds.capitalize()} chart of {', '.join(drawing.series) or 'values'}: {rows} values"
