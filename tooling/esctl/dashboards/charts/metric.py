"""Metric: one or two numbers, by category if wanted → `lnsMetric`."""

from __future__ import annotations

from typing import Any

from ..colors import by_value, static_color
from ..columns import Column, bucket_column, metric_column
from ..form import given
from ..lens import LAYER, LensDocument
from .operations import Unsupported, in_data_source, in_operation, in_operations

CHART = "metric"
VISUALIZATION = "lnsMetric"
PRIMARY, MAX = "metric_accessor_metric", "metric_accessor_max"
BREAKDOWN, SECONDARY = "metric_accessor_breakdown", "metric_accessor_secondary"
ICONS = {
    "editor_comment": "editorComment", "map_marker": "mapMarker", "sort_down": "sortDown", "sort_up": "sortUp",
    "star_empty": "starEmpty",
}  # fmt: skip


def unsupported(config: dict[str, Any]) -> Unsupported:
    """Trend lines, and whatever operations and sources are not converted."""
    yield from in_data_source(config["data_source"])
    if config["data_source"]["type"] == "esql":
        return
    yield from in_operations(config, "metrics", "breakdown_by")
    background = config["metrics"][0].get("background_chart", {})
    if background.get("type") == "trend":
        yield ("metrics", 0, "background_chart", "type"), 'background chart "trend"'
    if "max_value" in background:
        yield from in_operation(background["max_value"], ("metrics", 0, "background_chart", "max_value"))
    if "density" in config.get("styling", {}):
        yield ("styling", "density"), '"density" of a metric'


def build(config: dict[str, Any], document: LensDocument) -> dict[str, Any]:
    """One layer; columns nest as breakdown, primary, secondary, maximum."""
    form = document.form
    primary = config["metrics"][0]
    secondary = config["metrics"][1] if len(config["metrics"]) > 1 else None
    breakdown, background = config.get("breakdown_by"), primary.get("background_chart")
    metrics = [PRIMARY, SECONDARY] if secondary else [PRIMARY]

    columns: dict[str, Column] = {}
    visualization: dict[str, Any] = {
        "layerId": LAYER,
        "layerType": "data",
        "metricAccessor": PRIMARY,
        "subtitle": primary.get("subtitle", ""),
        "showBar": background is not None,
    }
    if breakdown:
        columns[BREAKDOWN] = bucket_column(breakdown, metrics, form)
        visualization |= {"breakdownByAccessor": BREAKDOWN, "maxCols": breakdown.get("columns", 3)}
        visualization |= given(breakdown, collapse_by="collapseFn")
    columns[PRIMARY] = metric_column(primary, form)
    if secondary:
        columns[SECONDARY] = metric_column(secondary, form)
        visualization["secondaryMetricAccessor"] = SECONDARY
        visualization |= _trend(secondary)
    if background:
        columns[MAX] = metric_column(background["max_value"], form)
        visualization |= {"maxAccessor": MAX, "progressDirection": background.get("orientation", "horizontal")}

    color = static_color(primary.get("color"))
    palette = by_value(primary.get("color"))
    visualization |= {"color": color} if color else {}
    visualization |= {"palette": palette} if palette else {}
    visualization |= given(primary, apply_color_to="applyColorTo")
    document.add_layer(LAYER, config["data_source"], columns, config)
    return visualization | _styling(config.get("styling", {}), settled=form.settled)


def _trend(secondary: dict[str, Any]) -> dict[str, Any]:
    color, compare = static_color(secondary.get("color")), secondary.get("compare")
    if compare:
        icon, value = compare.get("icon", True), compare.get("value", True)
        palette = compare.get("palette", "compare_to")
        return {
            "secondaryTrend": {
                "type": "dynamic",
                "baselineValue": "primary" if compare["to"] == "primary" else compare.get("baseline", 0),
                "visuals": "both" if icon and value else "icon" if icon else "value",
                "reversed": palette.endswith("_reversed"),
                "paletteId": palette.removesuffix("_reversed"),
            }
        }
    return {"secondaryTrend": {"type": "static", "color": color}} if color else {}


def _styling(styling: dict[str, Any], *, settled: bool) -> dict[str, Any]:
    primary, secondary, icon = styling.get("primary", {}), styling.get("secondary", {}), styling.get("icon")
    value, label = primary.get("value", {}), secondary.get("label", {})
    state = given(primary, position="primaryPosition")
    state |= given(primary.get("labels", {}), alignment="titlesTextAlign")
    # Kibana 8 has one alignment for all values; later ones read it where the two new ones are missing.
    state |= given(value, alignment="primaryAlign" if settled else "valuesTextAlign")
    if "sizing" in value:
        state["valueFontMode"] = "fit" if value["sizing"] == "fill" else "default"
    if label.get("visible") is False:
        state["secondaryLabel" if settled else "secondaryPrefix"] = ""
    state |= given(label, placement="secondaryLabelPosition")
    state |= given(secondary.get("value", {}), alignment="secondaryAlign")
    if icon:
        state |= {"icon": ICONS.get(icon["name"], icon["name"]), "iconAlign": icon.get("alignment", "right")}
    return state
