"""A dashboard with every kind of control, pinned and in the grid, a chart over time and one in ES|QL."""

from __future__ import annotations

import json
from typing import Any

VIEW = "orders"


def attributes() -> dict[str, Any]:
    """Charts over time and by city of `orders`, as Lens stores them."""
    columns = {
        "x": {
            "operationType": "date_histogram",
            "sourceField": "ordered",
            "label": "ordered",
            "dataType": "date",
            "isBucketed": True,
            "scale": "interval",
            "params": {"interval": "1d"},
        },
        "y": {
            "operationType": "count",
            "sourceField": "___records___",
            "label": "Orders",
            "dataType": "number",
            "isBucketed": False,
            "scale": "ratio",
            "params": {},
        },
    }
    layer = {"layerId": "l", "layerType": "data", "seriesType": "bar_stacked", "xAccessor": "x", "accessors": ["y"]}
    state = {
        "datasourceStates": {"formBased": {"layers": {"l": {"columnOrder": ["x", "y"], "columns": columns}}}},
        "visualization": {"preferredSeriesType": "bar_stacked", "legend": {"isVisible": False}, "layers": [layer]},
        "filters": [],
        "query": {"query": "", "language": "kuery"},
    }
    references = [{"type": "index-pattern", "id": VIEW, "name": "indexpattern-datasource-layer-l"}]
    return {
        "title": "Orders over time",
        "visualizationType": "lnsXY",
        "type": "lens",
        "state": state,
        "references": references,
    }


def with_controls() -> list[dict[str, Any]]:
    """The data view and the dashboard `controls`, in the form of 9.5."""
    grid = {"x": 0, "y": 0, "w": 48, "h": 15, "i": "time"}
    placed = {"x": 0, "y": 15, "w": 12, "h": 4, "i": "placed"}
    panels = [
        {"type": "lens", "panelIndex": "time", "gridData": grid, "embeddableConfig": {"attributes": attributes()}},
        {
            "type": "optionsListControl",
            "panelIndex": "placed",
            "gridData": placed,
            "embeddableConfig": {"title": "Town", "fieldName": "city", "dataViewRefName": "optionsListDataView"},
        },
    ]
    pinned = {
        "city": {"type": "options_list_control", "order": 0, "config": {"title": "City", "field_name": "city", "dataViewRefName": "city:optionsListDataView"}},
        "price": {"type": "range_slider_control", "order": 1, "config": {"title": "Price", "field_name": "price", "dataViewRefName": "price:rangeSliderDataView"}},
        "when": {"type": "time_slider_control", "order": 2, "config": {"title": "When"}},
        "size": {"type": "esql_control", "order": 3, "config": {"title": "Size", "variable_name": "size", "variable_type": "values", "control_type": "STATIC_VALUES", "available_options": ["10", "20"], "selected_options": ["10"], "single_select": True}},
    }  # fmt: skip
    stored = {
        "title": "Controls", "panelsJSON": json.dumps(panels), "optionsJSON": "{}", "pinned_panels": {"panels": pinned},
        "timeRestore": True, "timeFrom": "2026-01-01T00:00:00.000Z", "timeTo": "2026-01-11T00:00:00.000Z",
        "kibanaSavedObjectMeta": {"searchSourceJSON": "{}"},
    }  # fmt: skip
    references = [
        {"type": "index-pattern", "id": VIEW, "name": name}
        for name in (
            "time:indexpattern-datasource-layer-l",
            "placed:optionsListDataView",
            "city:optionsListDataView",
            "price:rangeSliderDataView",
        )
    ]
    view = {
        "type": "index-pattern",
        "id": VIEW,
        "attributes": {"title": VIEW, "timeFieldName": "ordered"},
        "references": [],
    }
    return [view, {"type": "dashboard", "id": "controls", "attributes": stored, "references": references}]


def orders() -> list[dict[str, Any]]:
    """Two hundred orders of ten days."""
    cities = ["Bern", "Oslo", "Rome", "Wien"]
    return [
        {
            "ordered": f"2026-01-{1 + i % 10:02}T{i % 24:02}:00:00.000Z",
            "city": cities[i % 7 % 4],
            "price": round(i * 0.5, 2),
        }
        for i in range(200)
    ]
