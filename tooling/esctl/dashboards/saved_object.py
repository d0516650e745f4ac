"""A saved object as Kibana stores it, JSON inside text, and the same opened: the form in which two are compared."""

from __future__ import annotations

import json
from typing import Any

JSON_TEXT = {
    "dashboard": ("panelsJSON", "optionsJSON", "kibanaSavedObjectMeta.searchSourceJSON",
                  "controlGroupInput.panelsJSON", "controlGroupInput.ignoreParentSettingsJSON"),
    "visualization": ("visState", "uiStateJSON", "kibanaSavedObjectMeta.searchSourceJSON"),
    "search": ("kibanaSavedObjectMeta.searchSourceJSON",),
    "index-pattern": ("fields", "fieldFormatMap", "fieldAttrs", "runtimeFieldMap", "sourceFilters", "typeMeta"),
}  # fmt: skip
"""Attributes that hold JSON as text, by the type of the object."""


def decode(saved: dict[str, Any]) -> dict[str, Any]:
    """The object with its JSON text parsed, under the same keys; text that is not a JSON object or list stays text."""
    return _converted(saved, _parsed)


def encode(decoded: dict[str, Any]) -> dict[str, Any]:
    """The inverse of `decode`: what Kibana's `_import` takes."""
    return _converted(decoded, _text)


def _converted(saved: dict[str, Any], convert: Any) -> dict[str, Any]:
    attributes = dict(saved.get("attributes", {}))
    for path in JSON_TEXT.get(saved.get("type", ""), ()):
        *parents, key = path.split(".")
        holder = attributes
        for parent in parents:
            inner = holder.get(parent)
            if not isinstance(inner, dict):
                break
            holder[parent] = inner = dict(inner)
            holder = inner
        else:
            if key in holder:
                holder[key] = convert(holder[key])
    return {**saved, "attributes": attributes}


def _parsed(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        parsed = json.loads(value)
    except ValueError:
        return value
    return parsed if isinstance(parsed, dict | list) else value


def _text(value: Any) -> Any:
    if isinstance(value, dict | list):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return value
