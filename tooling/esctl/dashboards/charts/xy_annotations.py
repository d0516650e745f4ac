"""Annotations of an xy chart: points in time, ranges, found by a query, or a group kept in the library."""

from __future__ import annotations

from typing import Any

from ..colors import static_color
from ..colors_of import static_of
from ..columns_of import inverted
from ..filters_of import query_of
from ..form import given, query_state
from ..lens import LensDocument
from ..lens_state import ANNOTATION_REFERENCE, LensState
from .appearance import dropped, put

ICONS = {
    "editor_comment": "editorComment", "map_marker": "mapMarker", "pin_filled": "pinFilled",
    "star_empty": "starEmpty", "star_filled": "starFilled",
}  # fmt: skip
DEFAULTS = {"isHidden": False, "icon": "empty", "outside": False, "extraFields": []}


def build_layer(layer: dict[str, Any], name: str, document: LensDocument) -> dict[str, Any]:
    """A layer of annotations; over ES|QL it has no data source of its own."""
    if "data_source" in layer:
        document.refer(layer["data_source"], f"{ANNOTATION_REFERENCE}{name}")
    return {
        "layerId": name,
        "layerType": "annotations",
        "ignoreGlobalFilters": layer.get("ignore_global_filters", False),
        "annotations": [_event(event, f"annotations_event_{n}") for n, event in enumerate(layer["events"])],
    }


def build_group(layer: dict[str, Any], name: str, document: LensDocument) -> dict[str, Any]:
    """A group of annotations from the library."""
    reference = f"ref-{name}"
    document.references.append({"type": "event-annotation-group", "id": layer["group_id"], "name": reference})
    return {
        "layerId": name,
        "layerType": "annotations",
        "persistanceType": "byReference",
        "annotationGroupRef": reference,
    }


def _event(event: dict[str, Any], id_: str) -> dict[str, Any]:
    state: dict[str, Any] = {
        "id": id_,
        "label": event.get("label", "Event"),
        "isHidden": not event.get("visible", True),
    }
    color = static_color(event.get("color"))
    state |= {"color": color} if color else {}
    if event["type"] == "range":
        interval = event["interval"]
        key = {"type": "range", "timestamp": interval["from"], "endTimestamp": interval["to"]}
        return state | {"type": "manual", "key": key, "outside": event.get("fill", "inside") == "outside"}
    state |= given(event.get("line", {}), stroke_width="lineWidth", stroke_dash="lineStyle")
    if "icon" in event:
        state["icon"] = ICONS.get(event["icon"], event["icon"])
    if "text" in event:
        state["textVisibility"] = event["text"]["visible"]
    if event["type"] == "point":
        return state | {"type": "manual", "key": {"type": "point_in_time", "timestamp": event["timestamp"]}}
    state |= {"type": "query", "key": {"type": "point_in_time"}, "timeField": event["time_field"]}
    state["filter"] = {"type": "kibana_query", **query_state(event["query"])}
    return state | given(event.get("text", {}), field="textField") | given(event, extra_fields="extraFields")


def tidy_layer(layer: dict[str, Any]) -> dict[str, Any]:
    """Ids of events and copies of what stands in the library left out, and defaults."""
    if layer.get("persistanceType") == "byReference":
        kept = ("layerId", "layerType", "persistanceType", "annotationGroupRef")
        return {key: layer[key] for key in kept if key in layer}
    layer = {key: value for key, value in layer.items() if key not in ("persistanceType", "indexPatternId", "hide")}
    events = []
    for event in layer.get("annotations") or ():
        event = dropped({"label": "Event", **event}, DEFAULTS)
        event.pop("id", None)
        key = event.get("key") or {}
        if key.get("type") != "range":
            event.pop("outside", None)
        # Objects from before 8.5 do not say which kind they are.
        event.setdefault("type", "query" if "filter" in event else "manual")
        for name, usual in (("lineWidth", 1), ("lineStyle", "solid")):
            if "lineWidth" not in event and "lineStyle" not in event:
                break
            event.setdefault(name, usual)
        events.append(event)
    return dropped(layer | {"annotations": events}, {"ignoreGlobalFilters": False, "simpleView": False})


def read_layer(state: LensState, layer: dict[str, Any], name: str) -> dict[str, Any]:
    """The layer as code."""
    state.layer_names[layer["layerId"]] = name
    if layer.get("persistanceType") == "byReference":
        return {"type": "annotation_group", "group_id": state.ids[layer["annotationGroupRef"]]}
    found: dict[str, Any] = {"type": "annotations"}
    reference = f"{ANNOTATION_REFERENCE}{layer['layerId']}"
    over_data_view = any(
        one.get("layerType", "data") == "data" and one.get("layerId") in state.form_layers
        for one in state.visualization["layers"]
    )
    if over_data_view or reference in state.ids or reference in state.internal:
        found["data_source"] = state.source(reference, layer)
    found |= {"ignore_global_filters": True} if layer.get("ignoreGlobalFilters") else {}
    return found | {"events": [_event_of(event) for event in layer["annotations"]]}


def _event_of(state: dict[str, Any]) -> dict[str, Any]:
    key = state["key"]
    found: dict[str, Any] = {}
    if key["type"] == "range":
        found |= {"type": "range", "interval": {"from": key["timestamp"], "to": key["endTimestamp"]}}
        found |= {"fill": "outside"} if state.get("outside") else {}
    elif state["type"] == "query":
        query = query_of(state.get("filter"))
        found |= {
            "type": "query",
            "query": query or {"expression": ""},
            "time_field": state.get("timeField", "@timestamp"),
        }
        found |= given(state, extraFields="extra_fields")
    else:
        found |= {"type": "point", "timestamp": key["timestamp"]}
    found |= given(state, label="label") if state.get("label") != "Event" else {}
    found |= {"visible": False} if state.get("isHidden") else {}
    found |= static_of(state.get("color"))
    if found["type"] == "range":
        return found
    if "icon" in state:
        found["icon"] = inverted(ICONS).get(state["icon"], state["icon"])
    if "lineWidth" in state:
        found["line"] = {"stroke_width": state["lineWidth"], "stroke_dash": state["lineStyle"]}
    text: dict[str, Any] = {}
    put(text, state, "textVisibility", "visible")
    if found["type"] == "query" and "textField" in state:
        text = {"visible": state.get("textVisibility", False), "field": state["textField"]}
    return found | ({"text": text} if text else {})
