"""Tag cloud: words as large as their number ↔ `lnsTagcloud`."""

from __future__ import annotations

from typing import Any

from ..colors import by_category, legacy_palette
from ..colors_of import mapping_of, palette_name_of
from ..lens import LAYER, LensDocument
from ..lens_state import LensState
from .appearance import dropped

CHART = "tag_cloud"
VISUALIZATION = "lnsTagcloud"
METRIC, TAG = "tagcloud_accessor_metric", "tagcloud_accessor_tag"
ORIENTATIONS = {"horizontal": "single", "vertical": "right angled", "angled": "multiple"}
ORIENTATIONS_OF = {stored: name for name, stored in ORIENTATIONS.items()}
DEFAULTS = {"layerType": "data", "orientation": "single", "minFontSize": 18, "maxFontSize": 72, "showLabel": True}


def build(config: dict[str, Any], document: LensDocument) -> dict[str, Any]:
    """One layer of the tag and its number."""
    layer = document.layer(LAYER, config)
    layer.bucket(TAG, config["tag_by"], [METRIC])
    layer.metric(METRIC, config["metric"])
    styling, color = config.get("styling", {}), config["tag_by"].get("color")
    size = styling.get("font_size", {})
    state: dict[str, Any] = {
        "layerId": LAYER,
        "valueAccessor": METRIC,
        "tagAccessor": TAG,
        "orientation": ORIENTATIONS[styling.get("orientation", "horizontal")],
        "minFontSize": size.get("min", 18),
        "maxFontSize": size.get("max", 72),
        "showLabel": styling.get("caption", {}).get("visible", True),
    }
    mapping, palette = by_category(color, document.form), legacy_palette(color)
    state |= {"colorMapping": mapping} if mapping else {}
    return state | ({"palette": palette} if palette else {})


def tidy(seen: dict[str, Any], attributes: dict[str, Any]) -> dict[str, Any]:
    """Defaults left out; a mapping of colours stands before an old palette."""
    seen = dropped(seen, DEFAULTS)
    if "colorMapping" in seen:
        seen.pop("palette", None)
    return seen


def read(state: LensState) -> dict[str, Any]:
    """The chart as code."""
    seen = state.visualization
    layer = state.layer(seen["layerId"], LAYER)
    tag = layer.bucket(seen["tagAccessor"], TAG, [seen["valueAccessor"]])
    tag |= mapping_of(seen.get("colorMapping")) or palette_name_of(seen.get("palette"))
    config = {"type": CHART, **layer.settings(), "metric": layer.metric(seen["valueAccessor"], METRIC), "tag_by": tag}
    styling: dict[str, Any] = {}
    if seen.get("orientation") in ORIENTATIONS_OF:
        styling["orientation"] = ORIENTATIONS_OF[seen["orientation"]]
    size = {name: seen[f"{name}FontSize"] for name in ("min", "max") if f"{name}FontSize" in seen}
    styling |= {"font_size": size} if size else {}
    styling |= {"caption": {"visible": seen["showLabel"]}} if "showLabel" in seen else {}
    return config | ({"styling": styling} if styling else {})
