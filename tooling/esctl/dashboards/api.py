"""What Kibana's Dashboards and Visualizations APIs take, and what of a dashboard they would lose."""

from __future__ import annotations

from functools import cache
from typing import Any

from .as_code import official_schema
from .charts import WHOLE, chart_of
from .describe import named, quoted
from .form import Version
from .panels import RAW
from .words import held, panel_code

Body = dict[str, Any]
SINCE: Version = (9, 4, 0)
"""The first Kibana with these APIs."""
PANELS_OF_94 = 100
"""How many panels 9.4 takes; later ones take 1,000."""
ATTRIBUTES = {
    "title", "description", "panelsJSON", "sections", "pinned_panels", "optionsJSON", "timeRestore", "timeFrom",
    "timeTo", "refreshInterval", "kibanaSavedObjectMeta", "projectRouting", "isApproximate",
}  # fmt: skip


def beyond_api(normal: Body, version: Version) -> str | None:
    """Why a dashboard or chart in normal form cannot go through the API without loss: the panel and the property.

    None where it can. `version` is that of the Kibana.
    """
    if version < SINCE:
        return f"Kibana {version[0]}.{version[1]} has no API for it"
    if normal.get("managed"):
        return "the API does not set `managed`"
    if normal.get("type") == "visualization":
        return "it is Vega, which the API lacks"
    attributes = normal.get("attributes") or {}
    if normal.get("type") == "lens":
        return _chart({**attributes, "references": normal.get("references") or []}, library=True)
    for key in attributes:
        if key not in ATTRIBUTES:
            return f"the API lacks its attribute {quoted(key)}"
    panels = attributes.get("panelsJSON") or {}
    if not isinstance(panels, dict):
        return "some of its panels have no id, or share one"
    if version < (9, 5, 0) and len(panels) > PANELS_OF_94:
        return f"it has {len(panels)} panels, and Kibana 9.4 takes {PANELS_OF_94}"
    options = attributes.get("optionsJSON") or {}
    if unknown := set(options) - _options() if isinstance(options, dict) else {"optionsJSON"}:
        return f"the API lacks its option {quoted(sorted(unknown)[0])}"
    for id, panel in panels.items():
        if why := _panel(panel, version):
            return f"{named(panel_code(panel, id))}: {why}"
    for control in held(attributes.get("pinned_panels")).values():
        if (control.get("config") or {}).get("values_source") == "esql" and version < (9, 5, 0):
            return f"{named(control)}: the API takes values from ES|QL from Kibana 9.5 on"
    return None


def beyond_code(spec: Body) -> str | None:
    """The same of a dashboard or chart as code: what of it stands under `raw`."""
    if RAW in spec:
        return f"the API would lose {_first(spec[RAW])}"
    for entry in spec.get("panels") or ():
        for panel in (entry, *(entry.get("panels") or ())):
            if panel.get("type") == RAW:
                return f"{named(panel)}: the API would not keep it as it is"
            if RAW in panel or RAW in (panel.get("config") or {}):
                return f"{named(panel)}: the API would lose {_first(panel.get(RAW) or panel['config'][RAW])}"
    return None


def _first(raw: Body) -> str:
    places = [*raw.get("set", ()), *raw.get("remove", ())]
    place = next((one for one in places if one.startswith("/state/visualization/")), places[0] if places else "")
    return quoted(place.strip("/").replace("/", "."))


def _panel(panel: Body, version: Version) -> str | None:
    kind = str(panel.get("type"))
    if "attributes" not in panel and panel.get("config") is None:
        return f"the API lacks panels of type {kind}"
    if panel.get("left"):
        return f"the API would lose {', '.join(quoted(key) for key in sorted(panel['left']))}"
    if "attributes" in panel:
        return _chart(panel["attributes"], library=False)
    since = _panels().get(kind)
    if since is None:
        return f"the API lacks panels of type {kind}"
    return f"the API has such panels from Kibana {since[0]}.{since[1]} on" if version < since else None


def _chart(attributes: Body, *, library: bool) -> str | None:
    config, left = chart_of(attributes, attributes.get("references") or [])
    if config["type"] == WHOLE:
        return f"the API lacks charts such as this {attributes.get('visualizationType')}"
    if left:
        return f"the API would lose {_first(left)}"
    sources = [config.get("data_source"), *(layer.get("data_source") for layer in config.get("layers", ()))]
    if library and any(source and source.get("type") == "esql" for source in sources):
        return "the API takes no ES|QL in the library"
    return None


@cache
def _panels() -> dict[str, Version]:
    """The types of panel that the API has, with the Kibana that first had each; those behind a switch are left out."""
    definitions = official_schema()["$defs"]
    found = {}
    for name, definition in definitions.items():
        kind = definition.get("properties", {}).get("type", {}).get("const")
        if name.startswith("panel_") and kind and kind != "vega":
            major, minor = str(definition.get("x-since", "9.4")).split(".")
            found[kind] = (int(major), int(minor), 0)
    return found


@cache
def _options() -> frozenset[str]:
    from .convert import OPTIONS

    return frozenset(name for name, _ in OPTIONS.values() if name != "showHintBar")
