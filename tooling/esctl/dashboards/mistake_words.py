"""A mistake, and the words for it: what a place is called, what a value is, what was probably meant."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from ..errors import did_you_mean, nearest

Path = tuple[str | int, ...]

RENAMED = {
    "colour": "color", "size": "limit", "field": "fields", "gte": "gt", "lt": "lte", "dataset": "data_source",
    "index": "index_pattern", "breakdown": "breakdown_by", "groups": "group_by", "metric": "metrics", "uid": "id",
    "position": "grid", "gridData": "grid", "embeddableConfig": "config", "extent": "domain", "left": "y",
    "right": "y2", "sort_by": "time_field", "show_array_values": "multi_value", "spec": "config",
    "query": "expression", "timeFieldName": "time_field", "timeRange": "time_range",
}  # fmt: skip
"""Words that older versions of the format, or Kibana's stored form, use for a key: offered where the key exists."""


class Mistake(NamedTuple):
    """Where, what is wrong, and what was probably meant."""

    path: Path
    message: str
    hint: str | None = None


def name_of(path: Path) -> str:
    """`"limit"`, `"values.0"`: the last key of a path, with the position where it ends in a list."""
    words = [str(part) for part in path[-2:]]
    if not words:
        return "the value"
    return f'"{".".join(words)}"' if words[-1].isdigit() else f'"{words[-1]}"'


def within(value: dict[str, Any], path: Path) -> str:
    """` in a pie`, ` in "styling"`: what the object is."""
    kind, operation = value.get("type"), value.get("operation")
    if isinstance(operation, str):
        return f' in "{operation}"'
    if isinstance(kind, str):
        source = value.get("data_source")
        suffix = " over ES|QL" if isinstance(source, dict) and source.get("type") == "esql" else ""
        noun = "xy chart" if kind == "xy" else kind.replace("_", " ")
        article = "an" if noun[:1] in "aeioux" else "a"
        return f" in {article} {noun}{suffix}"
    named = next((part for part in reversed(path) if isinstance(part, str)), None)
    return f' in "{named}"' if named else ""


def shown(value: Any) -> str:
    """A value as it was written, shortened; objects and lists by their kind."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:59]}…"


def meant_key(key: str, known: list[str]) -> str | None:
    """The known key that an unknown one probably stands for, or None."""
    renamed = RENAMED.get(key)
    return renamed if renamed in known else nearest(key, known)


def one_of(words: list[Any]) -> str | None:
    """`one of a, b`: the words that are allowed, where they are few enough to read."""
    return f"one of {', '.join(str(word) for word in words)}" if words and len(words) <= 24 else None


def not_one_of(path: Path, value: Any, allowed: list[Any]) -> Mistake:
    """The mistake of a value that is none of the allowed ones."""
    name = str(path[-1]) if path else "value"
    if len(allowed) == 1:
        return Mistake(path, f"{name_of(path)} must be {shown(allowed[0])} here, not {shown(value)}")
    hint = did_you_mean(value, [str(word) for word in allowed]) if isinstance(value, str) else None
    return Mistake(path, f"unknown {name} {shown(value)}", hint or one_of(allowed))
