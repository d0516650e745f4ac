"""The schema of dashboards as code: Kibana's own, and the few forms that esctl adds to it.

Added: `managed`; a panel without `grid` (it flows into the layout); a Vega `spec` as text or data without `{format,
value}` around it; and `raw`, what the format cannot say: on a chart, a panel and a dashboard (`left_over`), and a panel
or chart of that type.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

Schema = dict[str, Any]

RAW: Schema = {
    "type": "object",
    "properties": {
        "set": {"type": "object"},
        "remove": {"type": "array", "items": {"type": "string"}},
    },
    "additionalProperties": False,
}
RAW_PANEL: Schema = {
    "type": "object",
    "properties": {
        "type": {"const": "raw"},
        "id": {"type": "string"},
        "grid": {"$ref": "#/$defs/panel_grid"},
        "config": {
            "type": "object",
            "properties": {
                "panel": {
                    "type": "object",
                    "properties": {"type": {"type": "string", "minLength": 1}},
                    "required": ["type"],
                },
                "references": {"type": "array", "items": {"$ref": "#/$defs/reference"}},
            },
            "required": ["panel"],
            "additionalProperties": False,
        },
    },
    "required": ["type", "config"],
    "additionalProperties": False,
}
"""A panel as Kibana stores it, apart from its id and its place."""
RAW_CHART: Schema = {
    "type": "object",
    "properties": {
        "type": {"const": "raw"},
        **{key: {"type": "string"} for key in ("title", "description")},
        **{key: {"type": "boolean"} for key in ("hide_title", "hide_border")},
        "time_range": {"$ref": "#/$defs/time_range"},
        "drilldowns": {"$ref": "#/$defs/drilldowns_vis"},
        "raw": {"type": "object"},
    },
    "required": ["type", "raw"],
    "additionalProperties": False,
}
"""A chart of which nothing can be said as code: its Lens attributes."""
MANAGED: Schema = {"type": "boolean"}
"""Whether Kibana shows it read-only: a property of the saved object."""
VEGA_VISUALIZATION: Schema = {
    "type": "object",
    "properties": {
        "type": {"const": "vega"},
        "title": {"type": "string", "minLength": 1},
        "description": {"type": "string"},
        "spec": {"$ref": "#/$defs/vega_spec"},
        "managed": MANAGED,
    },
    "required": ["type", "title", "spec"],
    "additionalProperties": False,
}


def official_schema() -> Schema:
    """Kibana's own, as it stands in `as_code.schema.json`, which says where each part was read."""
    from importlib import resources

    text = resources.files(__package__).joinpath("as_code.schema.json").read_text(encoding="utf-8")
    schema: Schema = json.loads(text)
    return schema


@cache
def as_code_schema() -> Schema:
    """The schema with what esctl adds, read on first use."""
    schema = official_schema()
    definitions = schema["$defs"]
    definitions |= {
        "raw": RAW,
        "panel_raw": RAW_PANEL,
        "chart_raw": RAW_CHART,
        "vega_visualization": VEGA_VISUALIZATION,
    }
    for name, definition in definitions.items():
        if name.startswith("panel_") and "grid" in definition.get("required", ()):
            definition["required"].remove("grid")
        if _takes_raw(name, definition):
            definition["properties"]["raw"] = {"$ref": "#/$defs/raw"}
    for union, added in (("panel", "panel_raw"), ("vis_by_value", "chart_raw")):
        definitions[union]["properties"]["type"]["enum"].append("raw")
        condition = {"properties": {"type": {"const": "raw"}}, "required": ["type"]}
        definitions[union]["allOf"].append({"if": condition, "then": {"$ref": f"#/$defs/{added}"}})
    definitions["dashboard"]["properties"]["managed"] = MANAGED
    definitions["vega_spec"] = {"type": ["string", "object"]}
    for name in ("vega_by_value", "vega_by_reference"):
        # Kibana drops unknown keys here without a word; a person wants the word.
        definitions[name]["additionalProperties"] = False
    return schema


def _takes_raw(name: str, definition: Schema) -> bool:
    if name in ("panel_raw", "chart_raw", "panel_grid"):
        return False
    panel = name.startswith("panel_")
    chart = name.startswith("chart_") and name.endswith(("_dsl", "_esql"))
    return (panel or chart or name == "dashboard") and "properties" in definition
