"""Region map: regions of Elastic's maps coloured by a number ↔ `lnsChoropleth`."""

from __future__ import annotations

from typing import Any

from ..lens import LAYER, LensDocument
from ..lens_state import LensState
from .appearance import dropped

CHART = "region_map"
VISUALIZATION = "lnsChoropleth"
METRIC, REGION = "region_map_accessor_metric", "region_map_accessor_region"


def build(config: dict[str, Any], document: LensDocument) -> dict[str, Any]:
    """One layer of the region and its number."""
    layer = document.layer(LAYER, config)
    layer.bucket(REGION, config["region"], [METRIC])
    layer.metric(METRIC, config["metric"])
    state = {"layerId": LAYER, "layerType": "data", "valueAccessor": METRIC, "regionAccessor": REGION}
    ems = config["region"].get("ems")
    return state | ({"emsLayerId": ems["boundaries"], "emsField": ems["join"]} if ems else {})


def tidy(seen: dict[str, Any], attributes: dict[str, Any]) -> dict[str, Any]:
    """Defaults left out."""
    return dropped(seen, {"layerType": "data"})


def read(state: LensState) -> dict[str, Any]:
    """The chart as code."""
    seen = state.visualization
    layer = state.layer(seen["layerId"], LAYER)
    region = layer.bucket(seen["regionAccessor"], REGION, [seen["valueAccessor"]])
    if layer.esql is not None:
        region.pop("format", None)
    if seen.get("emsLayerId") and seen.get("emsField"):
        region["ems"] = {"boundaries": seen["emsLayerId"], "join": seen["emsField"]}
    return {"type": CHART, **layer.settings(), "metric": layer.metric(seen["valueAccessor"], METRIC), "region": region}
