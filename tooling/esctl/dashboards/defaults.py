"""A chart as code without what Kibana would take anyway: the schema's own defaults, and what absence means beside them.

Kibana's API writes its defaults into what it gives back; two charts are the same when they are equal without them.
"""

from __future__ import annotations

from typing import Any

from .as_code import as_code_schema
from .branches import meant_branches, same

Body = dict[str, Any]
_MISSING = object()

_FALSE = (
    "disabled", "negate", "is_multi_index", "drop_partial_intervals", "use_original_time_range", "increase_accuracy",
    "as_regex", "empty_as_null", "multi_value", "ignore_global_filters", "nested", "compact", "aggregate_first",
    "open_in_new_tab", "click_filter",
)  # fmt: skip
BESIDE: tuple[tuple[str, tuple[str, ...], Any], ...] = (
    *(("", (key,), False) for key in _FALSE),
    *(("", (key,), "") for key in ("title", "description", "subtitle", "text")),
    *(("", (key,), []) for key in ("gradient", "mapping", "filters", "references")),
    *(("xy", (key,), {"visible": True}) for key in ("ticks", "grid")),
    *(("pie", ("styling", "labels", key), value) for key, value in (("position", "outside"), ("visible", True))),
    *(("", ("compare", key), value) for key, value in (("icon", True), ("value", True), ("palette", "compare_to"))),
    *(("heatmap", ("axis", "*", "title", key), value) for key, value in (("visible", False), ("text", ""))),
    ("", ("time_field",), "@timestamp"),
    ("", ("rank_by",), {"type": "metric", "direction": "desc"}),
    ("", ("color",), {"type": "none"}),
    ("", ("palette",), "default"),
    ("", ("decimals",), 2),
    ("", ("sort",), "asc"),
    ("", ("row_numbers",), {"visible": False}),
    ("", ("legend", "visibility"), "auto"),
    ("", ("legend", "position"), "right"),
    ("", ("legend", "placement"), "outside"),
    ("", ("layout",), {"type": "grid"}),
    ("", ("layout",), {"type": "grid", "truncate": {"enabled": True}}),
    ("", ("labels", "orientation"), "horizontal"),
    ("", ("axis", "x", "scale"), "ordinal"),
    ("", ("styling", "orientation"), "horizontal"),
    ("", ("styling", "density"), "default"),
    ("", ("styling", "donut_hole"), "none"),
    ("", ("values", "visible"), True),
    ("", ("values", "mode"), "percentage"),
    ("heatmap", ("axis", "*", "labels", "visible"), True),
    ("heatmap", ("legend", "visibility"), "visible"),
    ("heatmap", ("cells", "labels", "visible"), False),
    ("treemap", ("styling", "labels", "visible"), True),
    ("xy", ("axis", "*", "title", "visible"), True),
    ("xy", ("legend", "position"), "top_right"),
    ("xy", ("truncate", "enabled"), True),
    ("xy", ("axis", "*", "scale"), "linear"),
    ("xy", ("events", "*", "visible"), True),
    ("xy", ("events", "*", "label"), "Event"),
    ("xy", ("data_labels", "visible"), False),
    ("xy", ("current_time_marker", "visible"), False),
    ("xy", ("fitting", "emphasize"), False),
)
"""Defaults that the schema does not name: chart (empty: any), end of the path (`*`: any key), value. Source: Kibana's
converter."""


def without_defaults(config: Body, definition: str = "vis_by_value") -> Body:
    """The config of a chart without its defaults; what is empty then goes, too."""
    found = _stripped(config, {"$ref": f"#/$defs/{definition}"}, (str(config.get("type")),))
    return found if isinstance(found, dict) else {}


def _stripped(value: Any, schema: Any, path: tuple[str, ...]) -> Any:
    definitions = as_code_schema()["$defs"]
    if isinstance(value, list):
        item, prefix = _items(schema, value, definitions)
        return [_stripped(one, prefix[n] if n < len(prefix) else item, (*path, "*")) for n, one in enumerate(value)]
    if not isinstance(value, dict):
        return value
    properties = _properties(value, schema, definitions, path)
    found: Body = {}
    for key, item in value.items():
        at = (*path, key)
        part, required = properties.get(key, ({}, False))
        given, item = item, _stripped(item, part, at)
        if not required and (_default(part, definitions, (given, item), at) or _beside(at, item)):
            continue
        if item == {} and not required:
            continue
        found[key] = item
    return found


def _default(schema: Any, definitions: Body, items: tuple[Any, Any], path: tuple[str, ...]) -> bool:
    whole = schema
    while isinstance(schema, dict):
        if "default" in schema:
            default = schema["default"]
            return any(same(item, value) for item in items for value in (default, _stripped(default, whole, path)))
        if "$ref" not in schema:
            return False
        schema = definitions[schema["$ref"].removeprefix("#/$defs/")]
    return False


def _beside(path: tuple[str, ...], item: Any) -> bool:
    for chart, end, default in BESIDE:
        tail = path[-len(end) :]
        if (
            chart in ("", path[0])
            and len(tail) == len(end)
            and same(item, default)
            and all(a in (b, "*") for a, b in zip(end, tail, strict=True))
        ):
            return True
    return False


def _properties(value: Body, schema: Any, definitions: Body, path: tuple[str, ...]) -> dict[str, tuple[Any, bool]]:
    found: dict[str, tuple[Any, bool]] = {}
    if not isinstance(schema, dict):
        return found
    if "$ref" in schema:
        found |= _properties(value, definitions[schema["$ref"].removeprefix("#/$defs/")], definitions, path)
    for part in schema.get("allOf", ()):
        if "if" in part:
            wanted = part["if"].get("properties", {}).get("type", {}).get("const", _MISSING)
            part = part.get("then", {}) if value.get("type") == wanted else part.get("else", {})
        found |= _properties(value, part, definitions, path)
    for union in ("oneOf", "anyOf"):
        if union in schema:
            fitting, _ = meant_branches(value, schema[union], (), definitions)
            for part in fitting[:1]:
                found |= _properties(value, part, definitions, path)
    required = schema.get("required", ())
    for key, part in schema.get("properties", {}).items():
        found[key] = (part, key in required)
    return found


def _items(schema: Any, value: list[Any], definitions: Body) -> tuple[Any, list[Any]]:
    while isinstance(schema, dict) and "$ref" in schema:
        schema = definitions[schema["$ref"].removeprefix("#/$defs/")]
    if not isinstance(schema, dict):
        return {}, []
    return schema.get("items", {}), schema.get("prefixItems", [])
