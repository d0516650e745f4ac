"""Mistakes of a value against a JSON schema, one line each, in a person's words.

A validator names every branch of a union that a value does not fit. Here the branch that was meant is chosen first, by
the keys that tell branches apart (`type`, `operation`, …), and only its mistakes are told. Knows the keywords that
`as_code.schema.json` uses; a test holds it against a full validator.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .branches import meant_branches, same
from .mistake_words import Mistake, Path, meant_key, name_of, not_one_of, one_of, shown, within

Schema = Any

TYPES: dict[str, Any] = {
    "object": dict, "array": list, "string": str, "boolean": bool, "number": (int, float), "integer": int,
    "null": type(None),
}  # fmt: skip
NAMES = {
    "object": "an object", "array": "a list", "string": "text", "boolean": "true or false", "number": "a number",
    "integer": "a whole number", "null": "nothing",
}  # fmt: skip


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
                yield Mistake(path, f"{name_of(path)} is not expected here")
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
            yield Mistake(path, f"{name_of(path)} is a combination that Kibana refuses")
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
        meant = {key: meant_key(key, [name for name in known.properties if name not in value]) for key in unknown}
        if unknown:
            listed = ", ".join(f'"{key}"' for key in unknown)
            offered = ", ".join(f'"{name}"' for name in meant.values() if name)
            place = within(value, path)
            yield Mistake(
                (*path, unknown[0]),
                f"unknown key{'s' if len(unknown) > 1 else ''} {listed}{place}",
                f"did you mean {offered}?" if offered else one_of([key for key in known.properties if key != "raw"]),
            )
        for key in known.required:
            if key not in value and key not in meant.values():
                yield Mistake(path, f'"{key}" is missing{within(value, path)}')
        for key, item in value.items():
            for part in known.properties.get(key, known.extra):
                yield from self._check(item, part, (*path, key))

    def _items(self, value: list[Any], schema: Schema, path: Path) -> Iterator[Mistake]:
        prefix = schema.get("prefixItems", ())
        told = False
        for position, item in enumerate(value):
            part = prefix[position] if position < len(prefix) else schema.get("items", True)
            if part is False:
                yield Mistake((*path, position), f"{name_of(path)} takes at most {len(prefix)} entries")
                break
            scalar = not isinstance(item, dict | list)
            for mistake in self._check(item, part, (*path, position)):
                if not (scalar and told):
                    yield mistake
                told = told or scalar
        if "contains" in schema and all(list(self._check(item, schema["contains"], path)) for item in value):
            yield Mistake(path, f"{name_of(path)} lacks an entry that it needs")

    def _scalar(self, value: Any, schema: Schema, path: Path) -> Mistake | None:
        name = name_of(path)
        types = schema.get("type")
        if types is not None:
            types = [types] if isinstance(types, str) else types
            if not any(_is(value, kind) for kind in types):
                return Mistake(path, f"{name} must be {' or '.join(NAMES[kind] for kind in types)}, not {shown(value)}")
        for key, allowed in (("const", [schema.get("const")]), ("enum", schema.get("enum"))):
            if key in schema and not any(same(value, item) for item in allowed or ()):
                return not_one_of(path, value, allowed or [])
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
            return Mistake(path, f"{name} {shown(value)} does not match {schema['pattern']}")
        return None

    def _union(self, value: Any, branches: list[Schema], path: Path, known: _Object) -> Iterator[Mistake]:
        candidates = branches
        if isinstance(value, dict):
            candidates, wrong = meant_branches(value, branches, path, self.definitions)
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


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if isinstance(value, float) and not math.isfinite(value):
        return False  # YAML has infinities, JSON has not
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, TYPES[kind])


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
        return Mistake(path, f"{name_of(path)} must be {' or '.join(dict.fromkeys(wanted))}, not {shown(value)}")
    return first[0]
