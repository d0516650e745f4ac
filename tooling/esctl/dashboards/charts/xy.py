"""Bars, lines, areas and reference lines → `lnsXY`; how the axes look stands in `xy_appearance`."""

from __future__ import annotations

from typing import Any

from ..colors import by_category, legacy_palette, static_color
from ..columns import Column, bucket_column, metric_column
from ..form import given
from ..lens import LensDocument
from .operations import Unsupported, in_data_source, in_operation, in_operations
from .xy_appearance import axes, legend, styling

CHART = "xy"
VISUALIZATION = "lnsXY"
REFERENCE_LINES = "reference_lines"
ANNOTATIONS = ("annotations", "annotation_group")
SIDES = {"y": "left", "y2": "right", "x": "bottom"}
ICONS = {
    "editor_comment": "editorComment", "map_marker": "mapMarker", "pin_filled": "pinFilled",
    "star_empty": "starEmpty", "star_filled": "starFilled",
}  # fmt: skip


def unsupported(config: dict[str, Any]) -> Unsupported:
    """Annotations, and whatever operations and sources are not converted."""
    for position, layer in enumerate(config["layers"]):
        path = ("layers", position)
        if layer["type"] in ANNOTATIONS:
            yield (*path, "type"), f'layer "{layer["type"]}"'
            continue
        if layer["data_source"]["type"] != "esql":
            for key in ("x", "breakdown_by"):
                yield from in_operation(layer[key], (*path, key)) if key in layer else ()
            for key in ("y", "thresholds"):
                yield from (((*path, *place), name) for place, name in in_operations(layer, key))
        yield from in_data_source(layer["data_source"], (*path, "data_source"))
    if "fill" in config.get("styling", {}).get("areas", {}):
        yield ("styling", "areas", "fill"), '"fill" of areas'


def build(config: dict[str, Any], document: LensDocument) -> dict[str, Any]:
    """One Lens layer for each layer, named `<type>_<position>`."""
    layers = [
        (_reference_lines if layer["type"] == REFERENCE_LINES else _data)(
            layer, f"{layer['type']}_{position}", document
        )
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


def _data(layer: dict[str, Any], name: str, document: LensDocument) -> dict[str, Any]:
    form = document.form
    metrics = {f"{name}_y_{n}": metric for n, metric in enumerate(layer["y"])}
    x, split = layer.get("x"), layer.get("breakdown_by")
    buckets: dict[str, Column] = {}
    if x:
        buckets[f"{name}_x"] = bucket_column(x, list(metrics), form)
    if split:
        column = {f"{name}_breakdown": bucket_column(split, list(metrics), form)}
        buckets = column | buckets if split.get("aggregate_first") or not x else buckets | column
    columns = buckets | {key: metric_column(metric, form) for key, metric in metrics.items()}
    document.add_layer(name, layer["data_source"], columns, layer)

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


def _reference_lines(layer: dict[str, Any], name: str, document: LensDocument) -> dict[str, Any]:
    lines = {f"{name}_threshold_{n}": line for n, line in enumerate(layer["thresholds"])}
    columns = {key: metric_column(line, document.form) for key, line in lines.items()}
    document.add_layer(name, layer["data_source"], columns, layer)
    config = []
    for key, line in lines.items():
        state = _y_config(key, line)
        state |= given(line, stroke_width="lineWidth", stroke_dash="lineStyle", fill="fill", position="iconPosition")
        if "icon" in line:
            state["icon"] = ICONS.get(line["icon"], line["icon"])
        if "text" in line:
            state["textVisibility"] = line["text"]["visible"]
        config.append(state)
    return {"layerId": name, "layerType": "referenceLine", "accessors": list(lines), "yConfig": config}
