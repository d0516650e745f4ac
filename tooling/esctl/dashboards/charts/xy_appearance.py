"""Axes, legend and line styling of an xy chart, as Lens keeps them."""

from __future__ import annotations

from typing import Any

from ..form import given

SIDES = {"x": "x", "y": "yLeft", "y2": "yRight"}
TITLES = {"x": "xTitle", "y": "yTitle", "y2": "yRightTitle"}
ORIENTATIONS = {"horizontal": 0, "vertical": -90, "angled": -45}
EXTENTS = {"full": "full", "fit": "dataBounds", "custom": "custom"}
CURVES = {"linear": "LINEAR", "smooth": "CURVE_MONOTONE_X", "stepped": "CURVE_STEP_AFTER"}
POINTS = {"auto": "auto", "visible": "always", "hidden": "never"}
LEGEND_SIZES = {"auto": "auto", "s": "small", "m": "medium", "l": "large", "xl": "xlarge"}
STATISTICS = {
    "avg": "average",
    "last_value": "lastValue",
    "first_value": "firstValue",
    "last_non_null_value": "lastNonNullValue",
    "first_non_null_value": "firstNonNullValue",
    "current_and_last_value": "currentAndLastValue",
    "difference_percentage": "differencePercent",
    "standard_deviation": "stdDeviation",
    "distinct_count": "distinctCount",
}


def axes(axis: dict[str, Any]) -> dict[str, Any]:
    """Titles, ticks, grid lines, label orientation, extents and scales.

    The scale of x is not kept: over a data view the bucket decides, and Kibana drops the key as well.
    """
    state: dict[str, Any] = {}
    for side, title in TITLES.items():
        text = axis.get(side, {}).get("title", {}).get("text")
        if text:
            state[title] = text
    for key, setting in (
        ("title", "axisTitlesVisibilitySettings"),
        ("ticks", "tickLabelsVisibilitySettings"),
        ("grid", "gridlinesVisibilitySettings"),
    ):
        shown = {side: axis.get(side, {}).get(key, {}).get("visible") for side in SIDES}
        # Lens keeps the three sides in one object: where one is set, the others are as they would be without.
        if any(value is not None for value in shown.values()):
            state[setting] = {SIDES[side]: value is not False for side, value in shown.items()}
    turned = {side: axis.get(side, {}).get("labels", {}).get("orientation") for side in SIDES}
    if any(turned.values()):
        state["labelsOrientation"] = {
            SIDES[side]: ORIENTATIONS[value or "horizontal"] for side, value in turned.items()
        }
    for side, name in SIDES.items():
        if "domain" in axis.get(side, {}):
            state[f"{name}Extent"] = _extent(axis[side]["domain"])
    for side in ("y", "y2"):
        state |= given(axis.get(side, {}), scale=f"{SIDES[side]}Scale")
    return state


def _extent(domain: dict[str, Any]) -> dict[str, Any]:
    return {
        "mode": EXTENTS[domain["type"]],
        **given(domain, min="lowerBound", max="upperBound"),
        "niceValues": domain.get("rounding", True),
    }


def legend(legend: dict[str, Any], *, settled: bool) -> dict[str, Any]:
    """The legend; without a word about it, it is there when there is more than one series."""
    visibility = legend.get("visibility", "auto")
    state: dict[str, Any] = {"isVisible": visibility != "hidden"}
    # Up to 9.3 the flag means "even for one series"; the converter of 9.4 reads it the other way round.
    if visibility == ("auto" if settled else "visible"):
        state["showSingleSeries"] = True
    if legend.get("placement") == "inside":
        vertical, _, horizontal = legend.get("position", "top_right").partition("_")
        state |= {
            "isInside": True,
            "position": "right",
            "verticalAlignment": vertical,
            "horizontalAlignment": horizontal,
        }
        state |= given(legend, columns="floatingColumns")
    else:
        state["position"] = legend.get("position", "right")
        if "size" in legend:
            state["legendSize"] = LEGEND_SIZES[legend["size"]]
    layout = legend.get("layout", {})
    if "statistics" in legend:
        state["legendStats"] = [STATISTICS.get(statistic, statistic) for statistic in legend["statistics"]]
        state["layout"] = "table" if legend["statistics"] else "list"
    if layout.get("type") == "list":
        state["layout"] = "list"
    if "truncate" in layout:
        state["shouldTruncate"] = layout["truncate"].get("enabled", True)
        state["maxLines"] = layout["truncate"].get("max_lines", 1)
    return state | given(legend.get("series_header", {}), visible="isTitleVisible", text="title")


def styling(styling: dict[str, Any]) -> dict[str, Any]:
    """Fitting, interpolation, points, fill, bars and overlays."""
    bars, fitting, overlays = styling.get("bars", {}), styling.get("fitting", {}), styling.get("overlays", {})
    labels = bars.get("data_labels", {}).get("visible", False)
    state: dict[str, Any] = {"valueLabels": "show" if labels else "hide"}
    state |= given(bars, minimum_height="minBarHeight")
    if fitting:
        state["fittingFunction"] = fitting["type"].capitalize()
        state |= given(fitting, emphasize="emphasizeFitting")
        if "extend" in fitting:
            state["endValue"] = fitting["extend"].capitalize()
    if "interpolation" in styling:
        state["curveType"] = CURVES[styling["interpolation"]]
    if "visibility" in styling.get("points", {}):
        state["pointVisibility"] = POINTS[styling["points"]["visibility"]]
    state |= given(styling.get("areas", {}), fill_opacity="fillOpacity")
    if "visible" in overlays.get("partial_buckets", {}):
        state["hideEndzones"] = not overlays["partial_buckets"]["visible"]
    return state | given(overlays.get("current_time_marker", {}), visible="showCurrentTimeMarker")
