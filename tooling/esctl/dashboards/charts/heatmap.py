"""Heatmap: a grid of cells coloured by a number ↔ `lnsHeatmap`."""

from __future__ import annotations

from typing import Any

from ..colors import by_value
from ..colors_of import value_of
from ..form import given
from ..lens import LAYER, LensDocument
from ..lens_state import LensState
from .appearance import LEGEND_SIZES, ORIENTATIONS, ORIENTATIONS_OF, SIZES_OF, dropped, put

CHART = "heatmap"
VISUALIZATION = "lnsHeatmap"
VALUE, X, Y = (f"heatmap_value_accessor_{part}" for part in ("value", "x", "y"))
SCALES = {"temporal": "date", "linear": "number", "ordinal": "string"}
SCALES_OF = {stored: name for name, stored in SCALES.items()}
DEFAULTS = {"layerType": "data", "shape": "heatmap"}
GRID = {
    "isCellLabelVisible": False, "isXAxisLabelVisible": True, "isXAxisTitleVisible": False,
    "isYAxisLabelVisible": True, "isYAxisTitleVisible": False, "xTitle": "", "yTitle": "",
}  # fmt: skip
LEGEND = {"isVisible": True, "position": "right"}


def build(config: dict[str, Any], document: LensDocument) -> dict[str, Any]:
    """One layer, whose columns nest as y, x, number."""
    axis, legend, metric = config.get("axis", {}), config.get("legend", {}), config["metric"]
    x, y = axis.get("x", {}), axis.get("y", {})
    layer = document.layer(LAYER, config)
    if "y" in config:
        layer.bucket(Y, config["y"], [VALUE])
    layer.bucket(X, config["x"], [VALUE], SCALES[x.get("scale", "ordinal")])
    layer.metric(VALUE, metric)
    grid: dict[str, Any] = {
        "type": "heatmap_grid",
        "isCellLabelVisible": config.get("styling", {}).get("cells", {}).get("labels", {}).get("visible", False),
    }
    for side, part in (("X", x), ("Y", y)):
        title, labels = part.get("title", {}), part.get("labels", {})
        grid[f"is{side}AxisLabelVisible"] = labels.get("visible", True)
        grid[f"is{side}AxisTitleVisible"] = title.get("visible", False)
        grid |= given(title, text=f"{side.lower()}Title") | given(part, sort=f"{side.lower()}SortPredicate")
        if "orientation" in labels:
            grid[f"{side.lower()}AxisLabelRotation"] = ORIENTATIONS[labels["orientation"]]
    legend_state: dict[str, Any] = {
        "type": "heatmap_legend",
        "isVisible": legend.get("visibility") != "hidden",
        "position": legend.get("position", "right"),
    }
    if "size" in legend:
        legend_state["legendSize"] = LEGEND_SIZES[legend["size"]]
    if "truncate_after_lines" in legend:
        legend_state |= {"maxLines": legend["truncate_after_lines"], "shouldTruncate": True}
    state: dict[str, Any] = {
        "layerId": LAYER,
        "layerType": "data",
        "shape": "heatmap",
        "valueAccessor": VALUE,
        "xAccessor": X,
        **({"yAccessor": Y} if "y" in config else {}),
        "gridConfig": grid,
        "legend": legend_state,
    }
    palette = by_value(metric.get("color"))
    return state | ({"palette": palette | {"accessor": VALUE}} if palette else {})


def tidy(seen: dict[str, Any], attributes: dict[str, Any]) -> dict[str, Any]:
    """Defaults left out."""
    seen = dropped(seen, DEFAULTS)
    grid = dropped(seen.get("gridConfig") or {}, GRID)
    legend = dropped(seen.get("legend") or {}, LEGEND)
    for part in (grid, legend):
        part.pop("type", None)
    if "maxLines" not in legend or legend.get("shouldTruncate") is True:
        legend.pop("shouldTruncate", None)
    return seen | {"gridConfig": grid, "legend": legend}


def read(state: LensState) -> dict[str, Any]:
    """The chart as code."""
    seen = state.visualization
    layer = state.layer(seen["layerId"], LAYER)
    value, grid, legend = seen["valueAccessor"], seen["gridConfig"], seen["legend"]
    config: dict[str, Any] = {"type": CHART, **layer.settings()}
    config["x"] = layer.bucket(seen["xAccessor"], X, [value])
    if seen.get("yAccessor"):
        config["y"] = layer.bucket(seen["yAccessor"], Y, [value])
    config["metric"] = layer.metric(value, VALUE) | value_of(seen.get("palette"))
    axis: dict[str, Any] = {}
    for side in ("x", "y"):
        part: dict[str, Any] = {}
        put(part, grid, f"is{side.upper()}AxisTitleVisible", "title", "visible")
        put(part, grid, f"{side}Title", "title", "text")
        put(part, grid, f"is{side.upper()}AxisLabelVisible", "labels", "visible")
        if side == "x":
            put(part, grid, "xAxisLabelRotation", "labels", "orientation", words=ORIENTATIONS_OF)
        put(part, grid, f"{side}SortPredicate", "sort")
        axis |= {side: part} if part else {}
    scale = SCALES_OF.get((layer.columns[seen["xAccessor"]].get("meta") or {}).get("type", ""), "ordinal")
    scale = scale if layer.esql is not None else "ordinal"
    if "x" in axis or scale != "ordinal":
        axis["x"] = {**axis.get("x", {}), "scale": scale}
    config |= {"axis": axis} if axis else {}
    found: dict[str, Any] = {"visibility": "hidden"} if legend.get("isVisible") is False else {}
    put(found, legend, "position", "position")
    put(found, legend, "legendSize", "size", words=SIZES_OF)
    found |= given(legend, maxLines="truncate_after_lines") if "shouldTruncate" not in legend else {}
    config |= {"legend": found} if found else {}
    if grid.get("isCellLabelVisible"):
        config["styling"] = {"cells": {"labels": {"visible": True}}}
    return config
