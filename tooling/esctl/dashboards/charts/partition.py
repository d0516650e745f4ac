"""Pie, donut, treemap, mosaic and waffle: parts of a whole ↔ the shapes of `lnsPie`."""

from __future__ import annotations

from typing import Any

from ..colors import by_category, legacy_palette, static_color
from ..colors_of import mapping_of, palette_name_of, static_of
from ..form import given
from ..lens import LAYER, LensDocument
from ..lens_state import LensState
from .appearance import LEGEND_SIZES, SIZES_OF, dropped

CHARTS = ("pie", "mosaic", "treemap", "waffle")
VISUALIZATION = "lnsPie"
SHAPES = {"donut": "pie"}
ACCESSOR = "partition_value_accessor"
HOLES = {"s": 0.3, "m": 0.54, "l": 0.7}
HOLES_OF = {ratio: name for name, ratio in HOLES.items()}
LEGEND_DISPLAY = {"auto": "default", "visible": "show", "hidden": "hide"}
LEGEND_DISPLAY_OF = {stored: name for name, stored in LEGEND_DISPLAY.items()}
DEFAULTS = {
    "layerType": "data", "legendDisplay": "default", "nestedLegend": False, "truncateLegend": True, "legendMaxLines": 1,
    "legendPosition": "right", "legendSize": None, "numberDisplay": "percent", "categoryDisplay": "default",
    "percentDecimals": 2, "collapseFns": {}, "colorsByDimension": {}, "secondaryGroups": [], "legendStats": [],
}  # fmt: skip


def build(config: dict[str, Any], document: LensDocument) -> dict[str, Any]:
    """One layer; rings nest in the order of `group_by`, then come the groups of a mosaic's other side, the metrics."""
    chart, form = config["type"], document.form
    given_metrics = [config["metric"]] if chart == "mosaic" else config["metrics"]
    metrics = {f"{ACCESSOR}_metric_{n}": metric for n, metric in enumerate(given_metrics)}
    groups = {f"{ACCESSOR}_group_by_{n}": group for n, group in enumerate(config.get("group_by", []))}
    others = {
        f"{ACCESSOR}_group_breakdown_by_{n}": group for n, group in enumerate(config.get("group_breakdown_by", []))
    }
    every = groups | others
    names = list(metrics)
    lens_layer = document.layer(LAYER, config)
    for name, group in every.items():
        lens_layer.bucket(name, group, names)
    for name, metric in metrics.items():
        lens_layer.metric(name, metric)

    styling = config.get("styling", {})
    hole = HOLES.get(styling.get("donut_hole", "none"))
    colors = {name: color for name, metric in metrics.items() if (color := static_color(metric.get("color")))}
    active = [group for group in groups.values() if "collapse_by" not in group]
    layer: dict[str, Any] = {
        "layerId": LAYER,
        "layerType": "data",
        "metrics": names,
        "primaryGroups": list(groups),
        "allowMultipleMetrics": chart != "mosaic" and (len(metrics) > 1 or bool(colors and len(active) > 1)),
        # Under its own id: what Kibana's converter counts is only the collapsed ones.
        "collapseFns": {name: group["collapse_by"] for name, group in every.items() if "collapse_by" in group},
        **_values(styling.get("values", {})),
        "categoryDisplay": _labels(chart, styling.get("labels", {})),
        **_legend(config.get("legend"), chart),
    }
    if chart == "mosaic":
        layer["secondaryGroups"] = list(others)
    if colors:
        layer["colorsByDimension"] = colors
    if hole:
        layer["emptySizeRatio"] = hole
    color = next((group["color"] for group in groups.values() if "color" in group), None)
    mapping, palette = by_category(color, form), legacy_palette(color)
    if mapping:
        layer["colorMapping"] = mapping
    visualization: dict[str, Any] = {"shape": "donut" if hole else chart, "layers": [layer]}
    return visualization | ({"palette": palette} if palette else {})


def _values(values: dict[str, Any]) -> dict[str, Any]:
    shown = {"absolute": "value", "percentage": "percent"}[values.get("mode", "percentage")]
    return {"numberDisplay": shown if values.get("visible", True) else "hidden"} | given(
        values, percent_decimals="percentDecimals"
    )


def _labels(chart: str, labels: dict[str, Any]) -> str:
    if labels.get("visible") is False:
        return "hide"
    return "inside" if chart == "pie" and labels.get("position") == "inside" else "default"


def _legend(legend: dict[str, Any] | None, chart: str) -> dict[str, Any]:
    if legend is None:
        return {"legendDisplay": "default"}
    state: dict[str, Any] = {
        "legendDisplay": LEGEND_DISPLAY[legend.get("visibility", "auto")],
        "truncateLegend": True,
        "legendMaxLines": legend.get("truncate_after_lines", 1),
    }
    if chart != "waffle":
        state["nestedLegend"] = legend.get("nested", False)
    elif legend.get("values"):
        state["legendStats"] = ["value"]
    if "size" in legend:
        state["legendSize"] = LEGEND_SIZES[legend["size"]]
    return state | given(legend, position="legendPosition")


def tidy(seen: dict[str, Any], attributes: dict[str, Any]) -> dict[str, Any]:
    """Old names as new ones, groups and metrics in the order of the columns, defaults left out."""
    shape = seen.get("shape")
    state = LensState(attributes)
    layers = []
    for layer in seen.get("layers") or ():
        layer = dict(layer)
        if "groups" in layer:
            layer.setdefault("primaryGroups", layer.pop("groups"))
        if "metric" in layer:
            metric = layer.pop("metric")
            layer.setdefault("metrics", [metric] if metric else [])
        if layer.pop("showValuesInLegend", False) and shape == "waffle":
            layer["legendStats"] = ["value"]
        layer.setdefault("primaryGroups", [])
        for key in ("primaryGroups", "secondaryGroups"):
            if layer.get(key):
                layer[key] = list(dict.fromkeys(layer[key]))
        lens_layer = state.layer(layer.get("layerId"), LAYER)
        for key in ("metrics", "primaryGroups", "secondaryGroups"):
            if layer.get(key):
                layer[key] = lens_layer.sorted(layer[key])
        collapsed = {id_: name for id_, name in (layer.get("collapseFns") or {}).items() if name}
        layer["collapseFns"] = collapsed
        layer.pop("allowMultipleMetrics", None)  # follows from metrics and colours
        if shape == "donut":
            layer.setdefault("emptySizeRatio", HOLES["s"])
        else:
            layer.pop("emptySizeRatio", None)
        if shape in ("waffle", "mosaic") or (shape == "treemap" and layer.get("categoryDisplay") != "hide"):
            layer.pop("categoryDisplay", None)
        if shape != "waffle":
            layer.pop("legendStats", None)
        if "colorMapping" in layer:
            seen = {key: value for key, value in seen.items() if key != "palette"}
        layers.append(dropped(layer, DEFAULTS))
    return seen | {"layers": layers}


def read(state: LensState) -> dict[str, Any]:
    """The chart as code."""
    seen = state.visualization
    layer = seen["layers"][0]
    shape = str(seen["shape"])
    chart = SHAPES.get(shape, shape)
    lens_layer = state.layer(layer["layerId"], LAYER)
    metrics = lens_layer.sorted(layer["metrics"])
    colors, collapsed = layer.get("colorsByDimension") or {}, layer.get("collapseFns") or {}

    def groups(key: str, part: str) -> list[dict[str, Any]]:
        ids = lens_layer.sorted(layer.get(key) or [])
        return [
            lens_layer.bucket(id_, f"{ACCESSOR}_{part}_{n}", metrics) | given(collapsed, **{id_: "collapse_by"})
            for n, id_ in enumerate(ids)
        ]

    values = [
        lens_layer.metric(id_, f"{ACCESSOR}_metric_{n}") | static_of(colors.get(id_)) for n, id_ in enumerate(metrics)
    ]
    config: dict[str, Any] = {"type": chart, **lens_layer.settings()}
    if chart == "mosaic":
        config["metric"] = {key: value for key, value in values[0].items() if key != "color"}
    else:
        config["metrics"] = values
    rings = groups("primaryGroups", "group_by")
    if rings:
        coloured = next((n for n, ring in enumerate(rings) if "collapse_by" not in ring), 0)
        rings[coloured] |= mapping_of(layer.get("colorMapping")) or palette_name_of(seen.get("palette"))
        config["group_by"] = rings
    if chart == "mosaic" and (others := groups("secondaryGroups", "group_breakdown_by")):
        config["group_breakdown_by"] = others
    config |= _styling_of(layer, chart)
    legend: dict[str, Any] = {}
    if layer.get("legendDisplay", "default") in ("show", "hide"):
        legend["visibility"] = LEGEND_DISPLAY_OF[layer["legendDisplay"]]
    legend |= {"values": ["absolute"]} if layer.get("legendStats") == ["value"] else {}
    legend |= {"nested": True} if layer.get("nestedLegend") and chart != "waffle" else {}
    legend |= given(layer, legendMaxLines="truncate_after_lines", legendPosition="position")
    legend |= {"size": SIZES_OF[layer["legendSize"]]} if layer.get("legendSize") in SIZES_OF else {}
    return config | ({"legend": legend} if legend else {})


def _styling_of(layer: dict[str, Any], chart: str) -> dict[str, Any]:
    styling: dict[str, Any] = {}
    hole = HOLES_OF.get(layer.get("emptySizeRatio", 0))
    styling |= {"donut_hole": hole} if hole and chart == "pie" else {}
    modes: dict[str, dict[str, Any]] = {"value": {"mode": "absolute"}, "hidden": {"visible": False}}
    shown = modes.get(layer.get("numberDisplay", ""), {}) | given(layer, percentDecimals="percent_decimals")
    styling |= {"values": shown} if shown else {}
    places: dict[str, dict[str, Any]] = {"hide": {"visible": False}, "inside": {"position": "inside"}}
    label = places.get(layer.get("categoryDisplay", ""))
    if label and (chart == "pie" or (chart == "treemap" and "visible" in label)):
        styling["labels"] = label
    return {"styling": styling} if styling else {}
