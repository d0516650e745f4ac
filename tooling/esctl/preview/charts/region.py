"""`lnsChoropleth`: its numbers as ranked bars. The shapes of a map are Elastic's and come from the network."""

from __future__ import annotations

from collections.abc import Mapping

from ...model import Body
from ..colours import colour_by_number, default_palette
from ..formats import key_text, number_text
from ..lens import Lens
from ..rows import Table
from .model import Chart, FilterList

_MOST = 25
NO_MAP = "bars: a map's shapes are not offline"


def region_chart(lens: Lens, tables: Mapping[str, Table]) -> Chart:
    """The largest values first, in the colours that the map would have."""
    state = lens.visualization
    table = tables.get(str(state.get("layerId"))) or next(iter(tables.values()))
    region, value = (table.layer.columns[str(state.get(name))] for name in ("regionAccessor", "valueAccessor"))
    rows = [r for r in table.rows if isinstance(r.get(value.id), int | float)]
    rows.sort(key=lambda r: -float(r[value.id]))
    if not rows:
        return Chart("empty")
    numbers = [float(r[value.id]) for r in rows]
    filters = FilterList()
    values = []
    for row in rows[:_MOST]:
        name, text = key_text(row[region.id], region), number_text(row[value.id], value)
        values.append(
            {
                "name": name,
                "value": row[value.id],
                "text": text,
                "colour": colour_by_number(default_palette(), row[value.id], min(*numbers, 0), max(numbers)),
                "filters": filters.add(table.filters(row)),
                "tip": {region.label: name, value.label: text},
            }
        )
    names = [v["name"] for v in values]
    place: Body = {
        "y": {"field": "name", "type": "ordinal", "sort": names, "axis": {"title": None, "labelLimit": 160}},
        "x": {"field": "value", "type": "quantitative", "axis": {"title": value.label, "tickCount": 5}},
    }
    paint = {"color": {"field": "colour", "type": "nominal", "scale": None}, "tooltip": {"field": "tip"}}
    bars = {"mark": {"type": "bar", "cursor": "pointer"}, "encoding": {**place, **paint}}
    mark = {"type": "text", "align": "left", "dx": 4, "fontSize": 11, "tooltip": None, "interactive": False}
    spec = {
        "data": {"values": values},
        "layer": [bars, {"mark": mark, "encoding": {**place, "text": {"field": "text"}}}],
    }
    layer = f" of {state['emsLayerId']}" if state.get("emsLayerId") else ""
    rest = (f"{len(rows) - _MOST} more regions",) if len(rows) > _MOST else ()
    summary = f"{value.label} by region{layer}: " + ", ".join(f"{v['name']} {v['text']}" for v in values)
    return Chart("vega-lite", {"filters": filters.listed}, spec, summary=summary, notes=(NO_MAP, *rest, *table.notes))
