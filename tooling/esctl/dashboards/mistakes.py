"""Mistakes of a value against a JSON schema, one line each, in a person's words.

A validator names every branch of a union that a value does not fit. Here the branch that was meant is chosen first, by
the keys that tell branches apart (`type`, `operation`, …), and only its mistakes are told. Knows the keywords that
`as_code.schema.json` uses; a test holds it against a full validator.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..errors import did_you_mean, nearest

Path = tuple[str | int, ...]
Schema = Any

RENAMED = {
    "colour": "color", "size": "limit", "field": "fields", "gte": "gt", "lt": "lte", "dataset": "data_source",
    "index": "index_pattern", "breakdown": "breakdown_by", "groups": "group_by", "metric": "metrics", "uid": "id",
    "position": "grid", "gridData": "grid", "embeddableConfig": "config", "extent": "domain", "left": "y",
    "right": "y2", "sort_by": "time_field", "show_array_values": "multi_value", "spec": "config",
    "query": "expression", "timeFieldName": "time_field", "timeRange": "time_range",
}  # fmt: skip
"""Words that older versions of the format, or Kibana's stored form, use for a key: offered where the key exists."""
TYPES: dict[str, Any] = {
    "object": dict, "array": list, "string": str, "boolean": bool, "number": (int, float), "integer": int,
    "null": type(None),
}  # fmt: skip
NAMES = {
    "object": "an object", "array": "a list", "string": "text", "boolean": "true or false", "number": "a number",
    "integer": "a whole number", "null": "nothing",
}  # fmt: skip


class Mistake(NamedTuple):
    """Where, what is wrong, and what was probably meant."""

    path: Path
    message: str
    hint: str | None = None


@dataclass
class _Object:
    """What a schema, with its references and unions resolved for one value, says about an object's keys."""

    properties: dict[str, list[Schema]] = field(default_factory=dict)
    required: list[str] = field(default_factory=list)
    closed: bool = False
    extra: list[Schema] = field(default_factory=list)
    unjudged: bool = False
    """True where no branch of a union could be chosen: then nothing can be said about keys."""


class Checker:
    """Finds mistakes against one schema document, whose `$ref`s point into its `$defs`."""

    def __init__(self, schema: Schema) -> None:
        self.definitions: dict[str, Schema] = schema["$defs"]

    def mistakes(self, value: Any, definition: str) -> list[Mistake]:
        """The mistakes of `value` against `#/$defs/<definition>`."""
        return list(self._check(value, {"$ref": f"#/$defs/{definition}"}, ()))

    def _check(self, value: Any, schema: Schema, path: Path) -> Iterator[Mistake]:
        known = _Object()
        found = list(self._walk(value, schema, path, known))
        yield from found
        if isinstance(value, dict) and not known.unjudged and not any(mistake.path == path for mistake in found):
            yield from self._keys(value, known, path)

    def _walk(self, value: Any, schema: Schema, path: Path, known: _Object) -> Iterator[Mistake]:
        """Mistakes of the value itself; what the schema says about keys is collected in `known`."""
        if schema is True or schema is False:
            if schema is False:
                yield Mistake(path, f"{_name(path)} is not expected here")
            return
        if "$ref" in schema:
            yield from self._walk(value, self.definitions[schema["$ref"].removeprefix("#/$defs/")], path, known)
        for part in schema.get("allOf", ()):
            yield from self._walk(value, part, path, known)
        if "if" in schema:
            holds = not list(self._check(value, schema["if"], path))
            branch = schema.get("then" if holds else "else")
            if branch is not None:
                yield from self._walk(value, branch, path, known)
        for union in ("oneOf", "anyOf"):
            if union in schema:
                yield from self._union(value, schema[union], path, known)
        if "not" in schema and not list(self._check(value, schema["not"], path)):
            yield Mistake(path, f"{_name(path)} is a combination that Kibana refuses")
        wrong = self._scalar(value, schema, path)
        if wrong:
            yield wrong
            return
        if isinstance(value, dict):
            for key, part in schema.get("properties", {}).items():
                known.properties.setdefault(key, []).append(part)
            known.required += [key for key in schema.get("required", ()) if key not in known.required]
            for key, needed in schema.get("dependentRequired", {}).items():
                known.required += [name for name in needed if key in value and name not in known.required]
            closed = (schema.get("additionalProperties"), schema.get("unevaluatedProperties"))
            known.closed = known.closed or False in closed
            if isinstance(schema.get("additionalProperties"), dict):
                known.extra.append(schema["additionalProperties"])
        elif isinstance(value, list):
            yield from self._items(value, schema, path)

    def _keys(self, value: dict[str, Any], known: _Object, path: Path) -> Iterator[Mistake]:
        unknown = [key for key in value if known.closed and key not in known.properties and not known.extra]
        meant = {key: _meant(key, [name for name in known.properties if name not in value]) for key in unknown}
        if unknown:
            listed = ", ".join(f'"{key}"' for key in unknown)
            offered = ", ".join(f'"{name}"' for name in meant.values() if name)
            place = _within(value, path)
            yield Mistake(
                (*path, unknown[0]),
                f"unknown key{'s' if len(unknown) > 1 else ''} {listed}{place}",
                f"did you mean {offered}?" if offered else _one_of(list(known.properties)),
            )
        for key in known.required:
            if key not in value and key not in meant.values():
                yield Mistake(path, f'"{key}" is missing{_within(value, path)}')
        for key, item in value.items():
            for part in known.properties.get(key, known.extra):
                yield from self._check(item, part, (*path, key))

    def _items(self, value: list[Any], schema: Schema, path: Path) -> Iterator[Mistake]:
        prefix = schema.get("prefixItems", ())
        told = False
        for position, item in enumerate(value):
            part = prefix[position] if position < len(prefix) else schema.get("items", True)
            if part is False:
                yield Mistake((*path, position), f"{_name(path)} takes at most {len(prefix)} entries")
                break
            scalar = not isinstance(item, dict | list)
            for mistake in self._check(item, part, (*path, position)):
                if not (scalar and told):
                    yield mistake
                told = told or scalar
        if "contains" in schema and all(list(self._check(item, schema["contains"], path)) for item in value):
            yield Mistake(path, f"{_name(path)} lacks an entry that it needs")

    def _scalar(self, value: Any, schema: Schema, path: Path) -> Mistake | None:
        name = _name(path)
        types = schema.get("type")
        if types is not None:
            types = [types] if isinstance(types, str) else types
            if not any(_is(value, kind) for kind in types):
                return Mistake(
                    path, f"{name} must be {' or '.join(NAMES[kind] for kind in types)}, not {_shown(value)}"
                )
        for key, allowed in (("const", [schema.get("const")]), ("enum", schema.get("enum"))):
            if key in schema and not any(_same(value, item) for item in allowed or ()):
                return _not_one_of(path, value, allowed or [])
        if isinstance(value, int | float) and not isinstance(value, bool):
            if "minimum" in schema and value < schema["minimum"]:
                return Mistake(path, f"{name} must be at least {schema['minimum']}, not {value}")
            if "maximum" in schema and value > schema["maximum"]:
                return Mistake(path, f"{name} must be at most {schema['maximum']}, not {value}")
        if isinstance(value, str | list):
            unit = "characters" if isinstance(value, str) else "entries"
            low, high = ("minLength", "maxLength") if isinstance(value, str) else ("minItems", "maxItems")
            if len(value) < schema.get(low, 0):
                return Mistake(
                    path, f"{name} must not be empty" if schema[low] == 1 else f"{name} needs {schema[low]} {unit}"
                )
            if high in schema and len(value) > schema[high]:
                return Mistake(path, f"{name} has {len(value)} {unit}, at most {schema[high]} are allowed")
        if isinstance(value, str) and "pattern" in schema and not re.search(schema["pattern"], value):
            return Mistake(path, f"{name} {_shown(value)} does not match {schema['pattern']}")
        return None

    def _union(self, value: Any, branches: list[Schema], path: Path, known: _Object) -> Iterator[Mistake]:
        candidates = branches
        if isinstance(value, dict):
            candidates, wrong = self._meant_branches(value, branches, path)
            if wrong:
                yield wrong
                known.unjudged = True
                return
        if len(candidates) == 1:
            yield from self._walk(value, candidates[0], path, known)
            return
        attempts = []
        for branch in candidates:
            mine = _Object()
            found = list(self._walk(value, branch, path, mine))
            inner = list(self._keys(value, mine, path)) if isinstance(value, dict) and not found else []
            attempts.append((len(found) * 10 + len(inner), found, mine))
            if not found and not inner:
                break
        cost, found, mine = min(attempts, key=lambda attempt: attempt[0])
        if cost and not isinstance(value, dict) and len(attempts) > 1:
            yield _scalar_alternatives(path, value, [found for _, found, _ in attempts])
            return
        yield from found
        for key, parts in mine.properties.items():
            known.properties.setdefault(key, []).extend(parts)
        known.required += [key for key in mine.required if key not in known.required]
        known.closed = known.closed or mine.closed
        known.extra += mine.extra
        known.unjudged = known.unjudged or mine.unjudged

    def _meant_branches(
        self, value: dict[str, Any], branches: list[Schema], path: Path
    ) -> tuple[list[Schema], Mistake | None]:
        """The branches that fit the value's telling keys; a mistake where none does."""
        left = [(branch, self._telling(branch)) for branch in branches]
        keys = [key for key in dict.fromkeys(key for _, telling in left for key in telling) if "." not in key]
        nested = [key for key in dict.fromkeys(key for _, telling in left for key in telling) if "." in key]
        for key in (*keys, *nested):
            if sum(key in telling for _, telling in left) < 2 and len(left) > 1 and key not in value:
                continue
            present, item = _look(value, key)
            if not present:
                continue
            fitting = [(b, t) for b, t in left if key not in t or any(_same(item, allowed) for allowed in t[key])]
            if not fitting:
                if "." in key:
                    continue  # told where it stands
                allowed = list(dict.fromkeys(word for _, telling in left for word in telling.get(key, ())))
                return [], _not_one_of((*path, key), item, allowed)
            left = fitting
        for key in keys:
            lacking = [(b, t) for b, t in left if key in t and key in self._required(b)]
            if key not in value and len(lacking) == len(left) > 1:
                words = list(dict.fromkeys(word for _, telling in left for word in telling[key]))
                if len(words) > 1:
                    return [], Mistake(path, f'"{key}" is missing{_within(value, path)}', _one_of(words))
            elif key not in value and lacking and len(lacking) < len(left):
                left = [(b, t) for b, t in left if (b, t) not in lacking]
        return [branch for branch, _ in left], None

    def _telling(self, schema: Schema, depth: int = 0) -> dict[str, list[Any]]:
        """Keys with a fixed set of words in this branch: `{"type": ["pie"], "data_source.type": ["esql"]}`."""
        telling: dict[str, list[Any]] = {}
        if not isinstance(schema, dict):
            return telling
        if "$ref" in schema:
            telling |= self._telling(self.definitions[schema["$ref"].removeprefix("#/$defs/")], depth)
        for part in schema.get("allOf", ()):
            telling |= self._telling(part, depth)
        for union in ("oneOf", "anyOf"):
            if union in schema:
                parts = [self._telling(part, depth) for part in schema[union]]
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
                for inner, words in self._telling(part, 1).items():
                    telling[f"{key}.{inner}"] = words
        return telling

    def _required(self, schema: Schema) -> set[str]:
        if not isinstance(schema, dict):
            return set()
        needed = set(schema.get("required", ()))
        if "$ref" in schema:
            needed |= self._required(self.definitions[schema["$ref"].removeprefix("#/$defs/")])
        for part in schema.get("allOf", ()):
            needed |= self._required(part)
        if "oneOf" in schema:
            needed |= set.intersection(*(self._required(part) for part in schema["oneOf"]))
        return needed


def _look(value: dict[str, Any], key: str) -> tuple[bool, Any]:
    for part in key.split("."):
        if not isinstance(value, dict) or part not in value:
            return False, None
        value = value[part]
    return True, value


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, TYPES[kind])


def _same(value: Any, other: Any) -> bool:
    return bool(value == other) and isinstance(value, bool) is isinstance(other, bool)


def _name(path: Path) -> str:
    words = [str(part) for part in path[-2:]]
    if not words:
        return "the value"
    return f'"{".".join(words)}"' if words[-1].isdigit() else f'"{words[-1]}"'


def _within(value: dict[str, Any], path: Path) -> str:
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


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _meant(key: str, known: list[str]) -> str | None:
    renamed = RENAMED.get(key)
    return renamed if renamed in known else nearest(key, known)


def _one_of(words: list[Any]) -> str | None:
    return f"one of {', '.join(str(word) for word in words)}" if words and len(words) <= 24 else None


def _not_one_of(path: Path, value: Any, allowed: list[Any]) -> Mistake:
    name = str(path[-1]) if path else "value"
    if len(allowed) == 1:
        return Mistake(path, f"{_name(path)} must be {_shown(allowed[0])} here, not {_shown(value)}")
    hint = did_you_mean(value, [str(word) for word in allowed]) if isinstance(value, str) else None
    return Mistake(path, f"unknown {name} {_shown(value)}", hint or _one_of(allowed))


def _scalar_alternatives(path: Path, value: Any, attempts: list[list[Mistake]]) -> Mistake:
    """One line for a value that fits none of several plain forms."""
    first = min(attempts, key=lambda found: len(found[0].path) if found else 0)
    deeper = [found for found in attempts if found and len(found[0].path) > len(path)]
    if isinstance(value, list) and deeper:
        return deeper[0][0]
    wanted = []
    for found in attempts:
        match = re.search(r"must be (.+?)(?: here)?, not ", found[0].message) if found else None
        if match:
            wanted.append(match[1])
    if len(wanted) > 1:
        return Mistake(path, f"{_name(path)} must be {' or '.join(dict.fromkeys(wanted))}, not {_shown(value)}")
    return first[0]
