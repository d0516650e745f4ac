"""The schema of dashboards as code: Kibana's own, and the few forms that esctl adds to it.

Added: a panel without `grid` (it flows into the layout), and a Vega `spec` as text or data without `{format, value}`
around it.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

Schema = dict[str, Any]


@cache
def as_code_schema() -> Schema:
    """The schema, read on first use. Source: `as_code.schema.json` beside this file says where each part was read."""
    from importlib import resources

    text = resources.files(__package__).joinpath("as_code.schema.json").read_text(encoding="utf-8")
    schema: Schema = json.loads(text)
    definitions = schema["$defs"]
    for name, definition in definitions.items():
        if name.startswith("panel_") and "grid" in definition.get("required", ()):
            definition["required"].remove("grid")
    definitions["vega_spec"] = {"type": ["string", "object"]}
    for name in ("vega_by_value", "vega_by_reference"):
        # Kibana drops unknown keys here without a word; a person wants the word.
        definitions[name]["additionalProperties"] = False
    definitions["vega_visualization"] = {
        "type": "object",
        "properties": {
            "type": {"const": "vega"},
            "title": {"type": "string", "minLength": 1},
            "description": {"type": "string"},
            "spec": {"$ref": "#/$defs/vega_spec"},
        },
        "required": ["type", "title", "spec"],
        "additionalProperties": False,
    }
    return schema
