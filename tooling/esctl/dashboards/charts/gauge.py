"""Gauge: one number on a scale, as a bullet, an arc or a circle ↔ `lnsGauge`."""

from __future__ import annotations

from typing import Any

from ..colors import by_value
from ..colors_of import value_of
from ..lens import LAYER, LensDocument
from ..lens_state import LensState
from .appearance import dropped

CHART = "gauge"
VISUALIZATION = "lnsGauge"
METRIC = "gauge_accessor_metric"
MARKS = {"min": "gauge_accessor_min", "max": "gauge_accessor_max", "goal": "gauge_accessor_goal"}
SHAPES = {"semi_circle": "semiCircle"}
DEFAULTS = {
    "layerType": "data", "colorMode": "none", "labelMajorMode": "auto", "labelMinor": "", "labelMajor": "",
    "shape": "horizontalBullet",
}  # fmt: skip


def build(config: dict[str, Any], document: LensDocument) -> dict[str, Any]:
    """One layer; its columns are the number, then the least, the most and the goal as far as they are given."""
    metric = config["metric"]
    layer = document.layer(LAYER, config)
    layer.metric(METRIC, metric)
    state: dict[str, Any] = {"layerId": LAYER, "layerType": "data", "metricAccessor": METRIC}
    for key, id_ in MARKS.items():
        if key in metric:
            layer.metric(id_, metric[key])
            state[f"{key}Accessor"] = id_
    shape = config.get("styling", {}).get("shape", {"type": "bullet"})
    if shape["type"] == "bullet":
        state["shape"] = "verticalBullet" if shape.get("orientation") == "vertical" else "horizontalBullet"
    else:
        state["shape"] = SHAPES.get(shape["type"], shape["type"])
    title, ticks = metric.get("title", {}), metric.get("ticks", {})
    state["ticksPosition"] = "hidden" if ticks.get("visible") is False else ticks.get("mode", "bands")
    if title.get("visible") is False:
        state["labelMajorMode"] = "none"
    else:
        state["labelMajorMode"] = "custom" if title.get("text") else "auto"
    if title.get("text"):
        state["labelMajor"] = title["text"]
    if metric.get("subtitle"):
        state["labelMinor"] = metric["subtitle"]
    palette = by_value(metric.get("color"))
    state["colorMode"] = "palette" if palette else "none"
    return state | ({"palette": palette} if palette else {})


def tidy(seen: dict[str, Any], attributes: dict[str, Any]) -> dict[str, Any]:
    """An old name as the new one, defaults left out."""
    seen = dict(seen)
    if "accessor" in seen:
        seen.setdefault("metricAccessor", seen.pop("accessor"))
    seen.setdefault("ticksPosition", "auto")
    if seen.get("labelMajorMode", "auto") == "auto":
        seen.pop("labelMajor", None)
    if seen.get("colorMode", "none") == "none":
        seen.pop("palette", None)
    return dropped(seen, DEFAULTS)


def read(state: LensState) -> dict[str, Any]:
    """The chart as code."""
    seen = state.visualization
    layer = state.layer(seen["layerId"], LAYER)
    metric = layer.metric(seen["metricAccessor"], METRIC)
    for key, id_ in MARKS.items():
        if seen.get(f"{key}Accessor"):
            metric[key] = layer.metric(seen[f"{key}Accessor"], id_)
            if layer.esql is not None:
                metric[key].pop("format", None)
    title: dict[str, Any] = {"visible": False} if seen.get("labelMajorMode") == "none" else {}
    title |= {"text": seen["labelMajor"]} if seen.get("labelMajor") else {}
    metric |= {"title": title} if title else {}
    metric |= {"subtitle": seen["labelMinor"]} if seen.get("labelMinor") else {}
    ticks = {"hidden": {"visible": False}, "auto": {"mode": "auto"}}.get(seen.get("ticksPosition", ""))
    metric |= {"ticks": ticks} if ticks else {}
    metric |= value_of(seen.get("palette"))
    config = {"type": CHART, **layer.settings(), "metric": metric}
    shape = seen.get("shape", "horizontalBullet")
    if shape == "verticalBullet":
        return config | {"styling": {"shape": {"type": "bullet", "orientation": "vertical"}}}
    if shape != "horizontalBullet":
        return config | {"styling": {"shape": {"type": "semi_circle" if shape == "semiCircle" else shape}}}
    return config
