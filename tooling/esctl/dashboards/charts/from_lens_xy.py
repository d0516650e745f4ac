"""The state of `lnsXY` → the chart as code: the way back of `xy` and `xy_appearance`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..columns_of import fixed_color, inverted, mapping_of, palette_of
from ..form import given
from . import xy, xy_appearance

if TYPE_CHECKING:
    from .from_lens import LensState

Body = dict[str, Any]


def xy_of(state: LensState) -> Body:
    """Layers, axes, legend, styling."""
    seen = state.visualization
    layers = []
    for layer in seen["layers"]:
        if layer["layerType"] == "referenceLine":
            layers.append(_lines(state, layer))
        elif layer["layerType"] == "data":
            layers.append(_data(state, layer))
        else:
            raise state.refuse(f"a layer of {layer['layerType']} has no form as code yet")
    config: Body = {"type": "xy", "layers": layers}
    for key, part in (("axis", _axes(seen)), ("legend", _legend(seen, state.settled)), ("styling", _styling(seen))):
        config |= {key: part} if part else {}
    return config


def _data(state: LensState, layer: Body) -> Body:
    id_, metrics = layer["layerId"], layer["accessors"]
    kind = layer["seriesType"]
    split = (layer.get("splitAccessors") or [None])[0] or layer.get("splitAccessor")
    configs = {one["forAccessor"]: one for one in layer.get("yConfig") or ()}
    found: Body = {"type": kind.removesuffix("_stacked") if "_percentage" in kind else kind, **state.source(id_)}
    if x := layer.get("xAccessor"):
        found["x"] = state.bucket(id_, x, metrics)
    found["y"] = [state.metric(id_, one) | _side(configs.get(one) or {}) for one in metrics]
    if split:
        order = state.layers[id_]["columnOrder"]
        bucket = state.bucket(id_, split, metrics) | given(layer, collapseFn="collapse_by")
        bucket |= mapping_of(layer.get("colorMapping"), numbers=state.numbers(id_, split))
        bucket |= palette_of(layer.get("palette"), state.refuse)
        if x and order.index(split) < order.index(x):
            bucket["aggregate_first"] = True
        found["breakdown_by"] = bucket
    return found


def _side(config: Body) -> Body:
    side = inverted(xy.SIDES).get(config.get("axisMode", "left"), "y")
    return ({} if side == "y" else {"axis": side}) | fixed_color(config.get("color"))


def _lines(state: LensState, layer: Body) -> Body:
    id_ = layer["layerId"]
    configs = {one["forAccessor"]: one for one in layer.get("yConfig") or ()}
    lines = []
    for one in layer["accessors"]:
        config = configs.get(one) or {}
        line = state.metric(id_, one) | _side(config)
        line |= given(config, lineWidth="stroke_width", lineStyle="stroke_dash", fill="fill", iconPosition="position")
        line |= {"icon": inverted(xy.ICONS).get(config["icon"], config["icon"])} if "icon" in config else {}
        lines.append(line | ({"text": {"visible": config["textVisibility"]}} if "textVisibility" in config else {}))
    return {"type": xy.REFERENCE_LINES, **state.source(id_), "thresholds": lines}


def _axes(seen: Body) -> Body:
    found: dict[str, Body] = {}
    for side, name in xy_appearance.SIDES.items():
        axis: Body = {}
        title = {"text": seen[xy_appearance.TITLES[side]]} if xy_appearance.TITLES[side] in seen else {}
        for key, setting in (
            ("title", "axisTitlesVisibilitySettings"),
            ("ticks", "tickLabelsVisibilitySettings"),
            ("grid", "gridlinesVisibilitySettings"),
        ):
            if setting in seen:
                shown = {"visible": seen[setting][name]}
                title, axis = (title | shown, axis) if key == "title" else (title, axis | {key: shown})
        axis |= {"title": title} if title else {}
        if "labelsOrientation" in seen:
            turned = {angle: word for word, angle in xy_appearance.ORIENTATIONS.items()}
            axis["labels"] = {"orientation": turned[seen["labelsOrientation"][name]]}
        if f"{name}Extent" in seen:
            extent = seen[f"{name}Extent"]
            axis["domain"] = {
                "type": inverted(xy_appearance.EXTENTS)[extent["mode"]],
                **given(extent, lowerBound="min", upperBound="max", niceValues="rounding"),
            }
        if side != "x":
            axis |= given(seen, **{f"{name}Scale": "scale"})
        found |= {side: axis} if axis else {}
    return found


def _legend(seen: Body, settled: bool) -> Body:
    stored = seen.get("legend") or {}
    if not stored.get("isVisible", True):
        found: Body = {"visibility": "hidden"}
    elif bool(stored.get("showSingleSeries")) is settled:
        found = {}
    else:
        found = {"visibility": "visible"}
    if stored.get("isInside"):
        found |= {"placement": "inside", "position": f"{stored['verticalAlignment']}_{stored['horizontalAlignment']}"}
        found |= given(stored, floatingColumns="columns")
    else:
        found |= {"position": stored["position"]} if stored.get("position", "right") != "right" else {}
        found |= {"size": inverted(xy_appearance.LEGEND_SIZES)[stored["legendSize"]]} if "legendSize" in stored else {}
    layout: Body = {}
    if "legendStats" in stored:
        names = inverted(xy_appearance.STATISTICS)
        found["statistics"] = [names.get(one, one) for one in stored["legendStats"]]
    if stored.get("layout") == "list" and not ("legendStats" in stored and not stored["legendStats"]):
        layout["type"] = "list"
    if "shouldTruncate" in stored:
        layout["truncate"] = {"enabled": stored["shouldTruncate"], "max_lines": stored["maxLines"]}
        layout.setdefault("type", "grid")
    found |= {"layout": layout} if layout else {}
    header = given(stored, isTitleVisible="visible", title="text")
    return found | ({"series_header": header} if header else {})


def _styling(seen: Body) -> Body:
    found: Body = {}
    bars: Body = {"data_labels": {"visible": True}} if seen.get("valueLabels") == "show" else {}
    bars |= given(seen, minBarHeight="minimum_height")
    found |= {"bars": bars} if bars else {}
    if "fittingFunction" in seen:
        fitting = {"type": seen["fittingFunction"].lower()} | given(seen, emphasizeFitting="emphasize")
        found["fitting"] = fitting | ({"extend": seen["endValue"].lower()} if "endValue" in seen else {})
    if "curveType" in seen:
        found["interpolation"] = inverted(xy_appearance.CURVES)[seen["curveType"]]
    if "pointVisibility" in seen:
        found["points"] = {"visibility": inverted(xy_appearance.POINTS)[seen["pointVisibility"]]}
    found |= {"areas": {"fill_opacity": seen["fillOpacity"]}} if "fillOpacity" in seen else {}
    overlays: Body = {}
    if "hideEndzones" in seen:
        overlays["partial_buckets"] = {"visible": not seen["hideEndzones"]}
    if "showCurrentTimeMarker" in seen:
        overlays["current_time_marker"] = {"visible": seen["showCurrentTimeMarker"]}
    return found | ({"overlays": overlays} if overlays else {})
