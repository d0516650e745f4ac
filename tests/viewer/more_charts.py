"""Hand-written Lens attributes: charts and options that the image dashboard does not use."""

from __future__ import annotations

import json
from typing import Any

from dashboard_objects import dashboard, lens, mapping, metric, terms

STOPS = [{"color": "#209280", "stop": 50}, {"color": "#d6bf57", "stop": 100}, {"color": "#cc5642", "stop": 200}]
PALETTE = {"params": {"rangeType": "number", "stops": STOPS, "continuity": "all"}}


def _static(value: int) -> dict[str, Any]:
    params = {"value": str(value)}
    return {"operationType": "static_value", "isBucketed": False, "references": [], "params": params}


def _xy(series: str, **layer: Any) -> dict[str, Any]:
    layer = {"layerId": "l", "seriesType": series, "xAccessor": "x", "accessors": ["y"], **layer}
    state = {"layers": [layer], "legend": {"isVisible": True, "position": "bottom"}}
    columns = {"x": terms("label"), "s": terms("cluster"), "y": metric("average", "distance"), "z": metric("count")}
    used = {*layer["accessors"], "x", *layer.get("splitAccessors", [])}
    return lens("lnsXY", state, {name: column for name, column in columns.items() if name in used})


def _gauge(shape: str, **state: Any) -> dict[str, Any]:
    state |= {"layerId": "layer_0", "shape": shape, "metricAccessor": "m", "maxAccessor": "top", "goalAccessor": "g"}
    return lens("lnsGauge", state, {"m": metric("count"), "top": _static(200), "g": _static(150)})


def more_charts() -> dict[str, dict[str, Any]]:
    split = {"splitAccessors": ["s"], "colorMapping": mapping(True)}
    rings = {"layerId": "layer_0", "primaryGroups": ["g", "f"], "metrics": ["m"], "colorMapping": mapping(True)}
    rings |= {"categoryDisplay": "hide", "numberDisplay": "hidden"}
    heat = {"layerId": "layer_0", "valueAccessor": "m", "xAccessor": "x", "yAccessor": "y"}
    tiles = {"layerId": "layer_0", "metricAccessor": "m", "breakdownByAccessor": "b", "secondaryMetricAccessor": "n"}
    shown = [{"columnId": "r"}, {"columnId": "s", "isTransposed": True}]
    shown.append({"columnId": "m", "isMetric": True, "colorMode": "text", "palette": PALETTE, "summaryRow": "sum"})
    counted = {"m": metric("count")}
    return {
        "heat": lens(
            "lnsHeatmap",
            {**heat, "gridConfig": {"isCellLabelVisible": True}},
            {"y": terms("label"), "x": terms("cluster"), **counted},
        ),
        "bullet": _gauge("horizontalBullet", colorMode="palette", palette=PALETTE),
        "arc": _gauge("semiCircle", colorMode="palette", palette=PALETTE),
        "circle": _gauge("circle", labelMajorMode="none"),
        "upright": _gauge("verticalBullet"),
        "tags": lens(
            "lnsTagcloud",
            {"layerId": "layer_0", "tagAccessor": "t", "valueAccessor": "m"},
            {"t": terms("label"), **counted},
        ),
        "rings": lens(
            "lnsPie",
            {"shape": "pie", "layers": [rings]},
            {"g": terms("cluster"), "f": terms("file_name", 1000), **counted},
        ),
        "tiles": lens(
            "lnsMetric",
            {**tiles, "palette": PALETTE, "maxCols": 3},
            {"b": terms("label"), **counted, "n": metric("average", "distance")},
        ),
        "lines": _xy("line", accessors=["y", "z"], yConfig=[{"forAccessor": "z", "axisMode": "right"}]),
        "area": _xy("area_stacked", **split),
        "grouped": _xy("bar", **split),
        "percent": _xy("bar_horizontal_percentage_stacked", **split),
        "mosaic": lens("lnsPie", {"shape": "spiral", "layers": [{"layerId": "layer_0"}]}, counted),
        "split": lens(
            "lnsDatatable",
            {"layerId": "layer_0", "showRowNumbers": True, "columns": shown},
            {"s": terms("cluster"), "r": terms("label"), **counted},
        ),
    }


def gallery() -> list[dict[str, Any]]:
    """A dashboard of them all; the second half stands in a section."""
    panels, references = [], []
    for i, (name, attributes) in enumerate(more_charts().items()):
        grid: dict[str, Any] = {"x": i % 4 * 12, "y": i % 8 // 4 * 13, "w": 12, "h": 13, "i": name}
        if i >= 8:
            grid["sectionId"] = "s"
        config = {"title": name, "attributes": attributes}
        panels.append({"type": "lens", "panelIndex": name, "gridData": grid, "embeddableConfig": config})
        references += [{**r, "name": f"{name}:{r['name']}"} for r in attributes["references"]]
    sections = [{"title": "More", "gridData": {"y": 26, "i": "s"}}]
    attributes = {"title": "Charts", "panelsJSON": json.dumps(panels), "optionsJSON": "{}", "sections": sections}
    stored = {"type": "dashboard", "id": "charts", "attributes": attributes, "references": references}
    return [o for o in dashboard() if o["type"] == "index-pattern"] + [stored]
