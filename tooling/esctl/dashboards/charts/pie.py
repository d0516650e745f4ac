"""Pie and donut → `lnsPie`."""

from __future__ import annotations

from typing import Any

from ..colors import by_category, legacy_palette, static_color
from ..columns import Column, bucket_column, metric_column
from ..form import given
from ..lens import LAYER, LensDocument
from .operations import Unsupported, in_data_source, in_operations

CHART = "pie"
VISUALIZATION = "lnsPie"
HOLES = {"s": 0.3, "m": 0.54, "l": 0.7}
LEGEND_SIZES = {"auto": "auto", "s": "small", "m": "medium", "l": "large", "xl": "xlarge"}
LEGEND_DISPLAY = {"auto": "default", "visible": "show", "hidden": "hide"}


def unsupported(config: dict[str, Any]) -> Unsupported:
    """Whatever operations and sources are not converted."""
    yield from in_data_source(config["data_source"])
    if config["data_source"]["type"] != "esql":
        yield from in_operations(config, "metrics", "group_by")


def build(config: dict[str, Any], document: LensDocument) -> dict[str, Any]:
    """One layer; rings nest in the order of `group_by`, then the metrics."""
    form = document.form
    metrics = {f"partition_value_accessor_metric_{n}": metric for n, metric in enumerate(config["metrics"])}
    groups = {f"partition_value_accessor_group_by_{n}": group for n, group in enumerate(config.get("group_by", []))}
    columns: dict[str, Column] = {name: bucket_column(group, list(metrics), form) for name, group in groups.items()}
    columns |= {name: metric_column(metric, form) for name, metric in metrics.items()}
    document.add_layer(LAYER, config["data_source"], columns, config)

    styling = config.get("styling", {})
    hole = HOLES.get(styling.get("donut_hole", "none"))
    colors = {name: color for name, metric in metrics.items() if (color := static_color(metric.get("color")))}
    active = [group for group in groups.values() if "collapse_by" not in group]
    layer: dict[str, Any] = {
        "layerId": LAYER,
        "layerType": "data",
        "metrics": list(metrics),
        "primaryGroups": list(groups),
        "allowMultipleMetrics": len(metrics) > 1 or bool(colors and len(active) > 1),
        "collapseFns": {name: group["collapse_by"] for name, group in groups.items() if "collapse_by" in group},
        **_values(styling.get("values", {})),
        "categoryDisplay": _labels(styling.get("labels", {})),
        **_legend(config.get("legend")),
    }
    if colors:
        layer["colorsByDimension"] = colors
    if hole:
        layer["emptySizeRatio"] = hole
    color = next((group["color"] for group in groups.values() if "color" in group), None)
    mapping, palette = by_category(color, form), legacy_palette(color)
    if mapping:
        layer["colorMapping"] = mapping
    visualization: dict[str, Any] = {"shape": "donut" if hole else "pie", "layers": [layer]}
    return visualization | ({"palette": palette} if palette else {})


def _values(values: dict[str, Any]) -> dict[str, Any]:
    shown = {"absolute": "value", "percentage": "percent"}[values.get("mode", "percentage")]
    return {"numberDisplay": shown if values.get("visible", True) else "hidden"} | given(
        values, percent_decimals="percentDecimals"
    )


def _labels(labels: dict[str, Any]) -> str:
    if labels.get("visible") is False:
        return "hide"
    return "inside" if labels.get("position") == "inside" else "default"


def _legend(legend: dict[str, Any] | None) -> dict[str, Any]:
    if legend is None:
        return {"legendDisplay": "default"}
    state: dict[str, Any] = {
        "legendDisplay": LEGEND_DISPLAY[legend.get("visibility", "auto")],
        "nestedLegend": legend.get("nested", False),
        "truncateLegend": True,
        "legendMaxLines": legend.get("truncate_after_lines", 1),
    }
    if "size" in legend:
        state["legendSize"] = LEGEND_SIZES[legend["size"]]
    return state | given(legend, position="legendPosition")
