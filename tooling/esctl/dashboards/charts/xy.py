"""Bars, lines, areas, reference lines and annotations ↔ `lnsXY`; how the axes look stands in `xy_appearance`."""

from __future__ import annotations

from typing import Any

from ..colors import by_category, legacy_palette, static_color
from ..colors_of import mapping_of, palette_name_of, static_of
from ..columns_of import Inexpressible, inverted
from ..form import given
from ..lens import LensDocument
from ..lens_state import LensState
from . import xy_annotations
from .appearance import dropped
from .xy_annotations import ICONS
from .xy_appearance import appearance_of, axes, legend, styling, tidy_appearance

CHART = "xy"
VISUALIZATION = "lnsXY"
REFERENCE_LINES = "reference_lines"
SIDES = {"y": "left", "y2": "right", "x": "bottom"}
SIDES_OF = {stored: name for name, stored in SIDES.items()}
KINDS = {"temporal": "date", "linear": "number", "ordinal": "string"}
KINDS_OF = {stored: name for name, stored in KINDS.items()}
LINE_DEFAULTS = {"axisMode": "left", "icon": "empty", "fill": "none"}
LAYER_DEFAULTS = {
    "layerType": "data", "collapseFn": "", "yConfig": [], "splitAccessors": [], "position": "top",
    "showGridlines": False, "simpleView": False,
}  # fmt: skip


def build(config: dict[str, Any], document: LensDocument) -> dict[str, Any]:
    """One Lens layer for each layer, named `<type>_<position>`."""
    makers = {
        REFERENCE_LINES: _reference_lines,
        "annotations": lambda layer, name, document, _: xy_annotations.build_layer(layer, name, document),
        "annotation_group": lambda layer, name, document, _: xy_annotations.build_group(layer, name, document),
    }
    kind = KINDS[config.get("axis", {}).get("x", {}).get("scale", "ordinal")]
    layers = [
        makers.get(layer["type"], _data)(layer, f"{layer['type']}_{position}", document, kind)
        for position, layer in enumerate(config["layers"])
    ]
    series = [layer["seriesType"] for layer in layers if layer["layerType"] == "data"]
    return {
        "preferredSeriesType": series[0] if series else "bar_stacked",
        "legend": legend(config.get("legend", {}), settled=document.form.settled),
        **axes(config.get("axis", {})),
        **styling(config.get("styling", {})),
        "layers": layers,
    }


def _series(kind: str) -> str:
    return f"{kind}_stacked" if kind.endswith("_percentage") else kind


def _data(layer: dict[str, Any], name: str, document: LensDocument, kind: str) -> dict[str, Any]:
    form = document.form
    metrics = {f"{name}_y_{n}": metric for n, metric in enumerate(layer["y"])}
    x, split = layer.get("x"), layer.get("breakdown_by")
    lens_layer = document.layer(name, layer)
    first = split is not None and (split.get("aggregate_first") or not x)
    if split and first:
        lens_layer.bucket(f"{name}_breakdown", split, list(metrics))
    if x:
        lens_layer.bucket(f"{name}_x", x, list(metrics), kind)
    if split and not first:
        lens_layer.bucket(f"{name}_breakdown", split, list(metrics))
    for key, metric in metrics.items():
        lens_layer.metric(key, metric)

    state: dict[str, Any] = {
        "layerId": name,
        "layerType": "data",
        "seriesType": _series(layer["type"]),
        "accessors": list(metrics),
        "yConfig": [_y_config(key, metric) for key, metric in metrics.items()],
    }
    if x:
        state["xAccessor"] = f"{name}_x"
    if split:
        state |= {"splitAccessors": [f"{name}_breakdown"]} if form.settled else {"splitAccessor": f"{name}_breakdown"}
        state |= given(split, collapse_by="collapseFn")
        mapping, palette = by_category(split.get("color"), form), legacy_palette(split.get("color"))
        state |= {"colorMapping": mapping} if mapping else {}
        state |= {"palette": palette} if palette else {}
    return state


def _y_config(name: str, metric: dict[str, Any]) -> dict[str, Any]:
    color = static_color(metric.get("color"))
    return {"forAccessor": name, "axisMode": SIDES[metric.get("axis", "y")]} | ({"color": color} if color else {})


def _reference_lines(layer: dict[str, Any], name: str, document: LensDocument, kind: str) -> dict[str, Any]:
    lines = {f"{name}_threshold_{n}": line for n, line in enumerate(layer["thresholds"])}
    lens_layer = document.layer(name, layer)
    config = []
    for key, line in lines.items():
        lens_layer.metric(key, line)
        state = _y_config(key, line)
        state |= given(line, stroke_width="lineWidth", stroke_dash="lineStyle", fill="fill", position="iconPosition")
        if "icon" in line:
            state["icon"] = ICONS.get(line["icon"], line["icon"])
        if "text" in line:
            state["textVisibility"] = line["text"]["visible"]
        config.append(state)
    return {"layerId": name, "layerType": "referenceLine", "accessors": list(lines), "yConfig": config}


def tidy(seen: dict[str, Any], attributes: dict[str, Any]) -> dict[str, Any]:
    """Old names as new ones, series in the order of the columns, defaults left out."""
    state = LensState(attributes)
    layers = []
    for layer in seen.get("layers") or ():
        kind = layer.get("layerType", "data")
        if kind == "annotations":
            layers.append(xy_annotations.tidy_layer(layer))
            continue
        layer = dict(layer)
        if "splitAccessor" in layer:
            split = layer.pop("splitAccessor")
            layer.setdefault("splitAccessors", [split] if split else [])
        if not layer.get("splitAccessors"):
            for key in ("palette", "colorMapping", "collapseFn"):
                layer.pop(key, None)
        if "colorMapping" in layer:
            layer.pop("palette", None)
        order = state.layer(layer["layerId"], "").sorted(layer.get("accessors") or [])
        layer["accessors"] = order
        configs = {one["forAccessor"]: one for one in layer.get("yConfig") or ()}
        kept = [_tidy_config(configs.get(id_) or {"forAccessor": id_}) for id_ in order]
        layer["yConfig"] = [one for one in kept if len(one) > 1]
        for key in ("isHistogram", "xScaleType"):
            layer.pop(key, None)  # said by the column of x since 8.6
        layers.append(dropped(layer, LAYER_DEFAULTS))
    seen = {key: value for key, value in seen.items() if key not in ("preferredSeriesType", "title")}
    return tidy_appearance(seen | {"layers": layers}, settled=attributes.get("version") is not None)


def _tidy_config(config: dict[str, Any]) -> dict[str, Any]:
    return dropped({**config, "axisMode": config.get("axisMode", "left").replace("auto", "left")}, LINE_DEFAULTS)


def read(state: LensState) -> dict[str, Any]:
    """The chart as code."""
    seen = state.visualization
    layers, kind = [], None
    for position, layer in enumerate(seen["layers"]):
        layer_type = layer.get("layerType", "data")
        if layer_type == "annotations":
            grouped = layer.get("persistanceType") == "byReference"
            name = f"{'annotation_group' if grouped else 'annotations'}_{position}"
            layers.append(xy_annotations.read_layer(state, layer, name))
        elif layer_type == "referenceLine":
            layers.append(_lines_of(state, layer, f"{REFERENCE_LINES}_{position}"))
        elif layer_type == "data":
            made, found = _data_of(state, layer, position)
            layers.append(made)
            kind = kind or found
        else:
            raise Inexpressible(f"a layer of {layer_type} has no form as code")
    if not layers:
        raise Inexpressible("a chart without layers has no form as code")
    config: dict[str, Any] = {"type": CHART, "layers": layers}
    return config | appearance_of(seen, KINDS_OF.get(kind or "", "ordinal"))


def _data_of(state: LensState, layer: dict[str, Any], position: int) -> tuple[dict[str, Any], str | None]:
    kind = layer["seriesType"]
    type_ = kind.removesuffix("_stacked") if "_percentage" in kind else kind
    name = f"{type_}_{position}"
    lens_layer, metrics = state.layer(layer["layerId"], name), layer["accessors"]
    split, x = next(iter(layer.get("splitAccessors") or ()), None), layer.get("xAccessor")
    configs = {one["forAccessor"]: one for one in layer.get("yConfig") or ()}
    found: dict[str, Any] = {"type": type_, **lens_layer.settings()}
    text_kind = None
    if x:
        found["x"] = lens_layer.bucket(x, f"{name}_x", metrics)
        if lens_layer.esql is not None:
            text_kind = (lens_layer.columns[x].get("meta") or {}).get("type")
    found["y"] = [
        lens_layer.metric(one, f"{name}_y_{n}") | _side(configs.get(one) or {}) for n, one in enumerate(metrics)
    ]
    if split:
        order = lens_layer.order()
        bucket = lens_layer.bucket(split, f"{name}_breakdown", metrics) | given(layer, collapseFn="collapse_by")
        bucket |= mapping_of(layer.get("colorMapping")) or palette_name_of(layer.get("palette"))
        if x and lens_layer.esql is None and order.index(split) < order.index(x):
            bucket["aggregate_first"] = True
        found["breakdown_by"] = bucket
    return found, text_kind


def _side(config: dict[str, Any]) -> dict[str, Any]:
    side = SIDES_OF.get(config.get("axisMode", "left"), "y")
    return ({} if side == "y" else {"axis": side}) | static_of(config.get("color"))


def _lines_of(state: LensState, layer: dict[str, Any], name: str) -> dict[str, Any]:
    lens_layer = state.layer(layer["layerId"], name)
    configs = {one["forAccessor"]: one for one in layer.get("yConfig") or ()}
    lines = []
    for n, one in enumerate(layer["accessors"]):
        config = configs.get(one) or {}
        line = lens_layer.metric(one, f"{name}_threshold_{n}") | _side(config)
        line |= given(config, lineWidth="stroke_width", lineStyle="stroke_dash", fill="fill")
        line |= {"position": config["iconPosition"]} if config.get("iconPosition") in ("auto", "left", "right") else {}
        line |= {"icon": inverted(ICONS).get(config["icon"], config["icon"])} if "icon" in config else {}
        lines.append(line | ({"text": {"visible": config["textVisibility"]}} if "textVisibility" in config else {}))
    return {"type": REFERENCE_LINES, **lens_layer.settings(), "thresholds": lines}
