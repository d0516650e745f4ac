"""Which branch of a union a value was meant to fit: chosen by the keys that tell branches apart (`type`, …)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .mistake_words import Mistake, Path, not_one_of, one_of, within

Schema = Any
Definitions = Mapping[str, Schema]


def meant_branches(
    value: dict[str, Any], branches: list[Schema], path: Path, definitions: Definitions
) -> tuple[list[Schema], Mistake | None]:
    """The branches that fit the value's telling keys; a mistake where none does."""
    left = [(branch, _telling(branch, definitions)) for branch in branches]
    keys = [key for key in dict.fromkeys(key for _, telling in left for key in telling) if "." not in key]
    nested = [key for key in dict.fromkeys(key for _, telling in left for key in telling) if "." in key]
    for key in (*keys, *nested):
        if sum(key in telling for _, telling in left) < 2 and len(left) > 1 and key not in value:
            continue
        present, item = _look(value, key)
        if not present:
            continue
        fitting = [(b, t) for b, t in left if key not in t or any(same(item, allowed) for allowed in t[key])]
        if not fitting:
            if "." in key:
                continue  # told where it stands
            allowed = list(dict.fromkeys(word for _, telling in left for word in telling.get(key, ())))
            return [], not_one_of((*path, key), item, allowed)
        left = fitting
    for key in keys:
        lacking = [(b, t) for b, t in left if key in t and key in _required(b, definitions)]
        if key not in value and len(lacking) == len(left) > 1:
            words = list(dict.fromkeys(word for _, telling in left for word in telling[key]))
            if len(words) > 1:
                return [], Mistake(path, f'"{key}" is missing{within(value, path)}', one_of(words))
        elif key not in value and lacking and len(lacking) < len(left):
            left = [(b, t) for b, t in left if (b, t) not in lacking]
    return [branch for branch, _ in left], None


def _telling(schema: Schema, definitions: Definitions, depth: int = 0) -> dict[str, list[Any]]:
    """Keys with a fixed set of words in this branch: `{"type": ["pie"], "data_source.type": ["esql"]}`."""
    telling: dict[str, list[Any]] = {}
    if not isinstance(schema, dict):
        return telling
    if "$ref" in schema:
        telling |= _telling(definitions[schema["$ref"].removeprefix("#/$defs/")], definitions, depth)
    for part in schema.get("allOf", ()):
        telling |= _telling(part, definitions, depth)
    for union in ("oneOf", "anyOf"):
        if union in schema:
            parts = [_telling(part, definitions, depth) for part in schema[union]]
            for key in set.intersection(*(set(part) for part in parts)) if parts else ():
                telling[key] = [word for part in parts for word in part[key]]
    for key, part in schema.get("properties", {}).items():
        if not isinstance(part, dict):
            continue
        if "const" in part:
            telling[key] = [part["const"]]
        elif "enum" in part:
            telling[key] = list(part["enum"])
        elif depth == 0 and key == "data_source":
            for inner, words in _telling(part, definitions, 1).items():
                telling[f"{key}.{inner}"] = words
    return telling


def _required(schema: Schema, definitions: Definitions) -> set[str]:
    if not isinstance(schema, dict):
        return set()
    needed = set(schema.get("required", ()))
    if "$ref" in schema:
        needed |= _required(definitions[schema["$ref"].removeprefix("#/$defs/")], definitions)
    for part in schema.get("allOf", ()):
        needed |= _required(part, definitions)
    if "oneOf" in schema:
        needed |= set.intersection(*(_required(part, definitions) for part in schema["oneOf"]))
    return needed


def _look(value: dict[str, Any], key: str) -> tuple[bool, Any]:
    for part in key.split("."):
        if not isinstance(value, dict) or part not in value:
            return False, None
        value = value[part]
    return True, value


def same(value: Any, other: Any) -> bool:
    return bool(value == other) and isinstance(value, bool) is isinstance(other, bool)
