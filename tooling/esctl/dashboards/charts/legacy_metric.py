"""Legacy metric: one number as Kibana drew it first ↔ `lnsLegacyMetric`."""

from __future__ import annotations

from typing import Any

from ..colors import by_value
from ..colors_of import value_of
from ..form import given
from ..lens import LAYER, LensDocument
from ..lens_state import LensState
from .appearance import dropped

CHART = "legacy_metric"
VISUALIZATION = "lnsLegacyMetric"
METRIC = "legacy_metric_accessor"
COLOR_MODES = {"background": "Background", "value": "Labels"}
COLOR_MODES_OF = {stored: name for name, stored in COLOR_MODES.items()}
DEFAULTS = {
    "layerType": "data",
    "colorMode": "None",
    "titlePosition": "top",
    "textAlign": "left",
    "autoScaleMetricAlignment": None,
}


def build(config: dict[str, Any], document: LensDocument) -> dict[str, Any]:
    """One layer with one column."""
    metric = config["metric"]
    document.layer(LAYER, config).metric(METRIC, metric)
    state: dict[str, Any] = {"layerId": LAYER, "layerType": "data", "accessor": METRIC}
    state |= given(metric, size="size")
    state |= given(metric.get("labels", {}), alignment="titlePosition")
    state |= given(metric.get("values", {}), alignment="textAlign")
    state["colorMode"] = COLOR_MODES.get(metric.get("apply_color_to", ""), "None")
    palette = by_value(metric.get("color"))
    return state | ({"palette": palette} if palette else {})


def tidy(seen: dict[str, Any], attributes: dict[str, Any]) -> dict[str, Any]:
    """Defaults left out."""
    return dropped(seen, DEFAULTS)


def read(state: LensState) -> dict[str, Any]:
    """The chart as code."""
    seen = state.visualization
    layer = state.layer(seen["layerId"], LAYER)
    metric = layer.metric(seen["accessor"], METRIC) | given(seen, size="size")
    for key, name in (("titlePosition", "labels"), ("textAlign", "values")):
        metric |= {name: {"alignment": seen[key]}} if key in seen else {}
    if seen.get("colorMode") in COLOR_MODES_OF:
        metric["apply_color_to"] = COLOR_MODES_OF[seen["colorMode"]]
    color = value_of(seen.get("palette"))
    if color and color["color"]["range"] == "absolute":
        metric |= color
    return {"type": CHART, **layer.settings(), "metric": metric}
