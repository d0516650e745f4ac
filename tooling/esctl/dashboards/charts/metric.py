"""Metric: one or two numbers, by category if wanted, with a bar or a trend line behind ↔ `lnsMetric`."""

from __future__ import annotations

from typing import Any

from ..colors import by_value, static_color
from ..colors_of import static_of, value_of
from ..columns_of import inverted
from ..form import given
from ..lens import LAYER, LensDocument
from ..lens_state import LayerState, LensState
from .appearance import dropped, put

CHART = "metric"
VISUALIZATION = "lnsMetric"
PRIMARY, MAX = "metric_accessor_metric", "metric_accessor_max"
BREAKDOWN, SECONDARY = "metric_accessor_breakdown", "metric_accessor_secondary"
TREND_LAYER, TREND_TIME = f"{LAYER}_trendline", "x_date_histogram"
TREND, TREND_BREAKDOWN, TREND_SECONDARY = (
    "metric_accessor_trendline",
    "metric_accessor_breakdown_trendline",
    "metric_accessor_secondary_trendline",
)
ICONS = {
    "editor_comment": "editorComment", "map_marker": "mapMarker", "sort_down": "sortDown", "sort_up": "sortUp",
    "star_empty": "starEmpty",
}  # fmt: skip
DEFAULTS = {
    "layerType": "data", "showBar": False, "subtitle": "", "maxCols": 3, "icon": "empty", "iconAlign": "right",
    "primaryPosition": "bottom", "titlesTextAlign": "left", "primaryAlign": "right", "secondaryAlign": "right",
    "valueFontMode": "default", "secondaryLabelPosition": "before", "secondaryTrend": {"type": "none"},
    "collapseFn": "", "density": "default",
}  # fmt: skip


def build(config: dict[str, Any], document: LensDocument) -> dict[str, Any]:
    """One layer, whose columns nest as breakdown, primary, secondary, maximum; a second one for a trend line."""
    settled = document.form.settled
    primary = config["metrics"][0]
    secondary = config["metrics"][1] if len(config["metrics"]) > 1 else None
    breakdown, background = config.get("breakdown_by"), primary.get("background_chart", {})
    metrics = [PRIMARY, SECONDARY] if secondary else [PRIMARY]
    bar = background.get("type") == "bar"

    layer = document.layer(LAYER, config)
    visualization: dict[str, Any] = {
        "layerId": LAYER,
        "layerType": "data",
        "metricAccessor": PRIMARY,
        "subtitle": primary.get("subtitle", ""),
        "showBar": bar,
    }
    if breakdown:
        layer.bucket(BREAKDOWN, breakdown, metrics)
        visualization |= {"breakdownByAccessor": BREAKDOWN, "maxCols": breakdown.get("columns", 3)}
        visualization |= given(breakdown, collapse_by="collapseFn")
    layer.metric(PRIMARY, primary)
    if secondary:
        layer.metric(SECONDARY, secondary)
        visualization["secondaryMetricAccessor"] = SECONDARY
        visualization |= _comparison(secondary)
    if bar:
        layer.metric(MAX, background["max_value"])
        visualization |= {"maxAccessor": MAX, "progressDirection": background.get("orientation", "horizontal")}
    elif background:
        visualization |= _trend_line(config, document)

    color = static_color(primary.get("color"))
    palette = by_value(primary.get("color"))
    visualization |= {"color": color} if color else {}
    visualization |= {"palette": palette} if palette else {}
    visualization |= given(primary, apply_color_to="applyColorTo")
    return visualization | _styling(config.get("styling", {}), settled=settled)


def _trend_line(config: dict[str, Any], document: LensDocument) -> dict[str, Any]:
    breakdown, metrics = config.get("breakdown_by"), config["metrics"]
    layer = document.layer(TREND_LAYER, config, linked_to=LAYER)
    ids = [TREND, TREND_SECONDARY][: len(metrics)]
    state = {
        "trendlineLayerId": TREND_LAYER,
        "trendlineLayerType": "metricTrendline",
        "trendlineTimeAccessor": TREND_TIME,
        "trendlineMetricAccessor": TREND,
    }
    if breakdown:
        layer.bucket(TREND_BREAKDOWN, breakdown, ids)
        state["trendlineBreakdownByAccessor"] = TREND_BREAKDOWN
    layer.bucket(TREND_TIME, {"operation": "date_histogram", "field": layer.time_field}, ids)
    for id_, metric in zip(ids, metrics, strict=True):
        layer.metric(id_, metric)
    return state | ({"trendlineSecondaryMetricAccessor": TREND_SECONDARY} if len(ids) > 1 else {})


def _comparison(secondary: dict[str, Any]) -> dict[str, Any]:
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
    state = given(styling, density="density")
    state |= given(primary, position="primaryPosition")
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


def tidy(seen: dict[str, Any], attributes: dict[str, Any]) -> dict[str, Any]:
    """Old names as new ones, defaults left out; the text before a second number becomes that number's label."""
    seen = dict(seen)
    if "valuesTextAlign" in seen:
        align = seen.pop("valuesTextAlign")
        seen.setdefault("primaryAlign", align)
        if seen.get("secondaryMetricAccessor") and attributes.get("version") is None:
            seen["secondaryAlign"] = seen.get("secondaryAlign", "right")
    if "secondaryPrefix" in seen:
        seen.setdefault("secondaryLabel", seen.pop("secondaryPrefix"))
    label, second = seen.get("secondaryLabel"), seen.get("secondaryMetricAccessor")
    if label and second:
        for layers in attributes["state"]["datasourceStates"].values():
            column = ((layers.get("layers") or {}).get(seen.get("layerId")) or {}).get("columns") or {}
            if isinstance(column, dict) and second in column:
                column[second] = column[second] | {"label": label, "customLabel": True}
                del seen["secondaryLabel"]
    if seen.get("maxAccessor"):
        seen.setdefault("progressDirection", "vertical")
        seen["showBar"] = False
    else:
        seen.pop("progressDirection", None)
    if not seen.get("breakdownByAccessor"):
        seen.pop("maxCols", None)
    return dropped(seen, DEFAULTS)


def read(state: LensState) -> dict[str, Any]:
    """The chart as code."""
    seen = state.visualization
    layer = state.layer(seen["layerId"], LAYER)
    first, second = seen["metricAccessor"], seen.get("secondaryMetricAccessor")
    ids = [first, second] if second else [first]
    primary = {"type": "primary", **layer.metric(first, PRIMARY)}
    primary |= given(seen, subtitle="subtitle")
    if seen.get("maxAccessor"):
        primary["background_chart"] = {"type": "bar", "max_value": layer.metric(seen["maxAccessor"], MAX)}
        if seen.get("progressDirection", "horizontal") != "horizontal":
            primary["background_chart"]["orientation"] = seen["progressDirection"]
        if layer.esql is not None:
            primary["background_chart"]["max_value"].pop("format", None)
    elif seen.get("trendlineLayerId"):
        primary["background_chart"] = {"type": "trend"}
        _claim_trend(state, seen)
    primary |= static_of(seen.get("color")) | value_of(seen.get("palette"))
    primary |= given(seen, applyColorTo="apply_color_to")
    config: dict[str, Any] = {"type": CHART, **layer.settings(), "metrics": [primary]}
    if second:
        config["metrics"].append({"type": "secondary", **layer.metric(second, SECONDARY), **_comparison_of(seen)})
    if breakdown := seen.get("breakdownByAccessor"):
        config["breakdown_by"] = layer.bucket(breakdown, BREAKDOWN, ids)
        config["breakdown_by"] |= given(seen, collapseFn="collapse_by", maxCols="columns")
    styling = _styling_of(seen)
    return config | ({"styling": styling} if styling else {})


def _claim_trend(state: LensState, seen: dict[str, Any]) -> None:
    layer: LayerState = state.layer(seen["trendlineLayerId"], TREND_LAYER)
    for key, name in (
        ("trendlineTimeAccessor", TREND_TIME),
        ("trendlineMetricAccessor", TREND),
        ("trendlineSecondaryMetricAccessor", TREND_SECONDARY),
        ("trendlineBreakdownByAccessor", TREND_BREAKDOWN),
    ):
        if seen.get(key) in layer.columns:
            column = layer.claim(seen[key], name)
            for behind in column.get("references") or ():
                if behind in layer.columns:
                    layer.claim(behind, f"{name}_reference")


def _comparison_of(seen: dict[str, Any]) -> dict[str, Any]:
    trend = seen.get("secondaryTrend") or {}
    if trend.get("type") != "dynamic":
        return static_of(trend.get("color"))
    baseline, visuals = trend.get("baselineValue", 0), trend.get("visuals", "both")
    compare: dict[str, Any] = {"to": "primary"} if baseline == "primary" else {"to": "baseline", "baseline": baseline}
    compare["palette"] = trend.get("paletteId", "compare_to") + ("_reversed" if trend.get("reversed") else "")
    return {"compare": compare | {"icon": visuals != "value", "value": visuals != "icon"}}


def _styling_of(seen: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = given(seen, density="density")
    put(found, seen, "primaryPosition", "primary", "position")
    put(found, seen, "titlesTextAlign", "primary", "labels", "alignment")
    put(found, seen, "primaryAlign", "primary", "value", "alignment")
    put(found, seen, "valueFontMode", "primary", "value", "sizing", words={"fit": "fill", "default": "auto"})
    if seen.get("secondaryLabel") == "":
        found.setdefault("secondary", {}).setdefault("label", {})["visible"] = False
    put(found, seen, "secondaryLabelPosition", "secondary", "label", "placement")
    put(found, seen, "secondaryAlign", "secondary", "value", "alignment")
    if "icon" in seen:
        found["icon"] = {"name": inverted(ICONS).get(seen["icon"], seen["icon"])}
        found["icon"] |= given(seen, iconAlign="alignment")
    return found
