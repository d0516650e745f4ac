"""Axes, legend and line styling of an xy chart ↔ what Lens keeps of them."""

from __future__ import annotations

from typing import Any

from ..form import given
from .appearance import LEGEND_SIZES, ORIENTATIONS, ORIENTATIONS_OF, SIZES_OF, dropped, put

SIDES = {"x": "x", "y": "yLeft", "y2": "yRight"}
TITLES = {"x": "xTitle", "y": "yTitle", "y2": "yRightTitle"}
EXTENTS = {"full": "full", "fit": "dataBounds", "custom": "custom"}
CURVES = {"linear": "LINEAR", "smooth": "CURVE_MONOTONE_X", "stepped": "CURVE_STEP_AFTER"}
POINTS = {"auto": "auto", "visible": "always", "hidden": "never"}
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


EXTENTS_OF = {stored: name for name, stored in EXTENTS.items()}
CURVES_OF = {stored: name for name, stored in CURVES.items()}
POINTS_OF = {stored: name for name, stored in POINTS.items()}
STATISTICS_OF = {stored: name for name, stored in STATISTICS.items()}
SETTINGS = {
    "title": "axisTitlesVisibilitySettings",
    "ticks": "tickLabelsVisibilitySettings",
    "grid": "gridlinesVisibilitySettings",
}
DEFAULTS = {
    "valueLabels": "hide", "xTitle": "", "yTitle": "", "yRightTitle": "", "yLeftScale": "linear",
    "yRightScale": "linear", "curveType": "LINEAR", "pointVisibility": "auto", "fillOpacity": 0.3, "minBarHeight": 1,
    "emphasizeFitting": False, "showCurrentTimeMarker": False,
}  # fmt: skip
LEGEND_DEFAULTS = {"isVisible": True, "showSingleSeries": False, "position": "right", "isInside": False, "title": ""}


def axes(axis: dict[str, Any]) -> dict[str, Any]:
    """Titles, ticks, grid lines, label orientation, extents and scales.

    The scale of x stands in its column: over a data view the bucket decides, in ES|QL what the column holds.
    """
    state: dict[str, Any] = {}
    for side, title in TITLES.items():
        text = axis.get(side, {}).get("title", {}).get("text")
        if text:
            state[title] = text
    for key, setting in SETTINGS.items():
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
        if legend["statistics"]:
            state["layout"] = "table"
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
    state |= given(styling.get("areas", {}), fill_opacity="fillOpacity", fill="areaFill")
    if "visible" in overlays.get("partial_buckets", {}):
        state["hideEndzones"] = not overlays["partial_buckets"]["visible"]
    return state | given(overlays.get("current_time_marker", {}), visible="showCurrentTimeMarker")


def tidy_appearance(seen: dict[str, Any], *, settled: bool) -> dict[str, Any]:
    """Old words as new ones, defaults left out."""
    seen = {key: value for key, value in seen.items() if value is not None}
    if seen.pop("valuesInLegend", False):
        seen["legend"] = {"legendStats": ["currentAndLastValue"], **(seen.get("legend") or {})}
    if seen.get("valueLabels") == "inside":
        seen["valueLabels"] = "show"
    for setting in SETTINGS.values():
        if setting in seen and all(value is not False for value in seen[setting].values()):
            del seen[setting]
        elif setting in seen:
            seen[setting] = {side: seen[setting].get(side, True) for side in SIDES.values()}
    if "labelsOrientation" in seen:
        turned = {side: seen["labelsOrientation"].get(side, 0) for side in SIDES.values()}
        seen["labelsOrientation"] = turned
        if not any(turned.values()):
            del seen["labelsOrientation"]
    for name in SIDES.values():
        extent = seen.get(f"{name}Extent")
        if extent is None:
            continue
        if extent.get("mode") != "custom":
            extent = {key: extent[key] for key in ("mode", "niceValues") if key in extent}
        usual = {"mode": "full", "niceValues": True} if name != "x" else {"mode": "dataBounds"}
        if name != "x":
            extent = {"niceValues": True, **extent}
        if extent == usual:
            del seen[f"{name}Extent"]
        else:
            seen[f"{name}Extent"] = extent
    legend = dict(seen.get("legend") or {})
    if not settled and legend.get("isVisible", True):
        # The flag is read the other way round from 9.4 on.
        legend["showSingleSeries"] = not legend.get("showSingleSeries", False)
    if not legend.get("isVisible", True):
        legend.pop("showSingleSeries", None)
    if "isInside" not in legend and "legendSize" not in legend:
        legend["isInside"] = bool({"verticalAlignment", "horizontalAlignment", "floatingColumns"} & legend.keys())
    if legend.get("isInside"):
        legend = {"verticalAlignment": "top", "horizontalAlignment": "right"} | legend
        for key in ("position", "legendSize"):
            legend.pop(key, None)
    else:
        for key in ("verticalAlignment", "horizontalAlignment", "floatingColumns"):
            legend.pop(key, None)
    if "maxLines" in legend:
        legend.setdefault("shouldTruncate", True)
    if legend.get("shouldTruncate") is True and legend.get("maxLines", 1) == 1:
        del legend["shouldTruncate"]
        legend.pop("maxLines", None)
    elif "shouldTruncate" in legend:
        legend.setdefault("maxLines", 1)
    if legend.get("legendSize") == "auto" and legend.get("position") in ("top", "bottom"):
        del legend["legendSize"]
    if legend.get("layout") == "table" and legend.get("legendStats"):
        legend.pop("layout", None)
    seen["legend"] = dropped(legend, LEGEND_DEFAULTS)
    return dropped(seen, DEFAULTS)


def appearance_of(seen: dict[str, Any], scale: str) -> dict[str, Any]:
    """`axis`, `legend` and `styling` of the tidied state; `scale` is the one of x over ES|QL."""
    axis = _axes_of(seen)
    if scale != "ordinal":
        axis["x"] = {**axis.get("x", {}), "scale": scale}
    parts = {"axis": axis, "legend": _legend_of(seen.get("legend") or {}), "styling": _styling_of(seen)}
    return {key: part for key, part in parts.items() if part}


def _axes_of(seen: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for side, name in SIDES.items():
        axis: dict[str, Any] = {}
        put(axis, seen, TITLES[side], "title", "text")
        for key, setting in SETTINGS.items():
            if seen.get(setting, {}).get(name) is False:
                axis.setdefault(key, {})["visible"] = False
        angle = seen.get("labelsOrientation", {}).get(name, 0)
        if angle in ORIENTATIONS_OF and angle:
            axis["labels"] = {"orientation": ORIENTATIONS_OF[angle]}
        extent = seen.get(f"{name}Extent")
        if extent and extent.get("mode") in EXTENTS_OF and not (side == "x" and extent["mode"] == "full"):
            domain = {"type": EXTENTS_OF[extent["mode"]]}
            domain |= given(extent, lowerBound="min", upperBound="max", niceValues="rounding")
            if domain["type"] != "custom" or {"min", "max"} <= domain.keys():
                axis["domain"] = domain
        if side != "x":
            axis |= given(seen, **{f"{name}Scale": "scale"})
        found |= {side: axis} if axis else {}
    return found


def _legend_of(stored: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if stored.get("isVisible") is False:
        found["visibility"] = "hidden"
    elif not stored.get("showSingleSeries"):
        found["visibility"] = "visible"
    if stored.get("isInside"):
        found |= {"placement": "inside", "position": f"{stored['verticalAlignment']}_{stored['horizontalAlignment']}"}
        found |= given(stored, floatingColumns="columns")
    else:
        put(found, stored, "position", "position")
        if stored.get("position", "right") in ("left", "right"):
            put(found, stored, "legendSize", "size", words=SIZES_OF)
    if "legendStats" in stored:
        found["statistics"] = [STATISTICS_OF.get(one, one) for one in stored["legendStats"]]
    layout: dict[str, Any] = {}
    if stored.get("layout") == "list" and stored.get("position") != "left" and not stored.get("isInside"):
        layout["type"] = "list"
    elif "shouldTruncate" in stored:
        layout = {"type": "grid", "truncate": {"enabled": stored["shouldTruncate"], "max_lines": stored["maxLines"]}}
    found |= {"layout": layout} if layout else {}
    header = given(stored, isTitleVisible="visible", title="text")
    return found | ({"series_header": header} if header else {})


def _styling_of(seen: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if seen.get("valueLabels") == "show":
        found["bars"] = {"data_labels": {"visible": True}}
    put(found, seen, "minBarHeight", "bars", "minimum_height")
    if "fittingFunction" in seen:
        fitting = {"type": seen["fittingFunction"].lower()} | given(seen, emphasizeFitting="emphasize")
        found["fitting"] = fitting | ({"extend": seen["endValue"].lower()} if "endValue" in seen else {})
    put(found, seen, "curveType", "interpolation", words=CURVES_OF)
    put(found, seen, "pointVisibility", "points", "visibility", words=POINTS_OF)
    put(found, seen, "fillOpacity", "areas", "fill_opacity")
    put(found, seen, "areaFill", "areas", "fill")
    if "hideEndzones" in seen:
        found.setdefault("overlays", {})["partial_buckets"] = {"visible": not seen["hideEndzones"]}
    if seen.get("showCurrentTimeMarker"):
        found.setdefault("overlays", {})["current_time_marker"] = {"visible": True}
    return found
