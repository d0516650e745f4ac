"""Mistakes in bodies for Elasticsearch that can be seen without a server: unknown keys, wrong types, misplaced parts.

The schema is Elastic's own, reduced (see tooling/schemas). A server takes more than a schema says, so the walk is
lenient where servers are: `"5"` is a number, `"true"` is true, one value may stand for a list. What is merely unknown
is a warning (the server may be newer, or have a plugin); what is probably a slip of a known word is an error.
"""

from __future__ import annotations

import difflib
import functools
import json
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from typing import Any, Literal, NamedTuple

from ..model import Path
from ..secret import Secret
from .wording import in_words, meant, name_of, nesting_hint, numeric

Schema = Mapping[str, Any]


class Finding(NamedTuple):
    """One mistake: where below the spec, what is wrong, what was probably meant, the id of the rule that says so."""

    path: Path
    message: str
    hint: str | None = None
    severity: Literal["error", "warning"] = "error"
    rule: str = "wrong-type"


def check(kind: str, spec: Any) -> Iterator[Finding]:
    """What is wrong with the body of one of Elasticsearch's kinds, one finding per mistake."""
    family = _file("kinds").get(kind)
    if family is not None:
        schema = _file(family)["kinds"][kind]
        yield from _value(spec, schema, (), schema["title"])


def check_query(query: Any) -> Iterator[Finding]:
    """What is wrong with a query that stands by itself: an alias's filter."""
    _file("enrich-policy")
    yield from _value(query, _definitions[QUERY], (), "a query")


QUERY = "_types.query_dsl.QueryContainer"
_definitions: dict[str, Schema] = {}
"""Of every file that was read: a name means the same in all of them."""


@functools.cache
def _file(name: str) -> Schema:
    """One file of the schema, read when a body needs it."""
    text = (resources.files(__package__) / "data" / "schema" / f"{name}.json").read_text(encoding="utf-8")
    loaded: Schema = json.loads(text)
    _definitions.update(loaded.get("$defs", {}))
    return loaded


def _known_settings() -> Schema:
    known: Schema = _file("settings")["settings"]
    return known


def _followed(schema: Schema) -> Schema:
    while "$ref" in schema:
        schema = _definitions[schema["$ref"][len("#/$defs/") :]]
    return schema


def _value(value: Any, schema: Schema, path: Path, place: str) -> Iterator[Finding]:
    """Check one value; `place` says in words what it stands in. A secret is not looked into, nor a template's hole."""
    if isinstance(value, Secret) or (isinstance(value, str) and "{{" in value):
        return
    schema = _followed(schema)
    if "oneOf" in schema:
        schema = _followed(_fitting(value, schema["oneOf"]))
        if "oneOf" in schema:
            yield Finding(path, f"{name_of(path)} must be {_expected(schema)}, not {in_words(value)}")
            return
    kind = schema.get("type")
    if "enum" in schema:
        yield from _choice(value, schema["enum"], path)
    elif kind == "array":
        if isinstance(value, list):
            for index, item in enumerate(value):
                yield from _value(item, schema["items"], (*path, index), place)
        elif _followed(schema["items"]).get("type") == "object" and "x-single" not in schema:
            hint = 'start each item with "-"' if isinstance(value, dict) else None
            yield Finding(path, f"{name_of(path)} must be a list, not {in_words(value)}", hint)
        else:
            yield from _value(value, schema["items"], path, place)
    elif kind == "object":
        if isinstance(value, dict):
            yield from _object(value, schema, path, schema.get("title", place))
        else:
            yield Finding(path, f"{name_of(path)} must be a mapping, not {in_words(value)}", nesting_hint(value))
    elif kind and value is not None:
        yield from _word(value, schema, path)


def _fitting(value: Any, forms: list[Schema]) -> Schema:
    """The form of a union that a value was written in; the union itself where none fits."""
    for form in forms:
        kind = _followed(form).get("type", "string")
        if (kind == "object") == isinstance(value, dict) and (kind == "array") == isinstance(value, list):
            return form
    lists = [form for form in forms if _followed(form).get("type") == "array"]
    return lists[0] if lists and not isinstance(value, list) else {"oneOf": forms}


def _word(value: Any, schema: Schema, path: Path) -> Iterator[Finding]:
    """Text, a number, or true or false; each may be written as text."""
    kind = schema["type"]
    wrong = isinstance(value, dict | list)
    if kind == "number" and not wrong:
        wrong = isinstance(value, bool) or (isinstance(value, str) and not numeric(value))
    elif kind == "boolean" and not wrong:
        wrong = not isinstance(value, bool) and value not in ("true", "false")
    if wrong:
        shown = f'"{value}"' if isinstance(value, str) else in_words(value)
        yield Finding(path, f"{name_of(path)} must be {_expected(schema)}, not {shown}")
    elif "minimum" in schema and float(value) < schema["minimum"]:
        yield _out_of_range(path, f"{name_of(path)} must be at least {schema['minimum']}, not {value}")
    elif "maximum" in schema and float(value) > schema["maximum"]:
        yield _out_of_range(path, f"{name_of(path)} must be at most {schema['maximum']}, not {value}")


def _out_of_range(path: Path, message: str) -> Finding:
    return Finding(path, message, rule="out-of-range")


def _unknown(path: Path, message: str, hint: str | None, slip: bool, rule: str) -> Finding:
    """A word that is not known: an error where it is probably a slip of one that is."""
    return Finding(path, message, hint, "error" if slip else "warning", rule)


def _choice(value: Any, known: list[str], path: Path) -> Iterator[Finding]:
    if isinstance(value, dict | list):
        yield Finding(path, f"{name_of(path)} must be one of {', '.join(known)}, not {in_words(value)}")
        return
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if value is None or text in known or text.lower() in [word.lower() for word in known]:
        return
    slip, near = meant(text, known)
    message = f'{name_of(path)}: "{text}" is not known'
    yield _unknown(path, message, near or f"known: {', '.join(known)}", slip, "unknown-value")


def _object(value: dict[str, Any], schema: Schema, path: Path, place: str) -> Iterator[Finding]:
    if "x-settings" in schema:
        yield from _settings(value, path)
    elif "x-by" in schema:
        yield from _by(value, schema["x-by"], path, place)
    elif "x-one-key" in schema:
        yield from _processor(value, schema["properties"], path)
    elif "properties" in schema:
        properties, also = schema["properties"], schema.get("x-also", {})
        for key in schema.get("required", ()):
            if key not in value and also.get(key) not in value and not _told_already(key, value, properties):
                yield Finding(path, f'{place} needs "{key}"', rule="missing-key")
        for key, part in value.items():
            if key in properties:
                yield from _value(part, properties[key], (*path, key), key)
            elif "additionalProperties" in schema:
                yield from _value(part, schema["additionalProperties"], (*path, key), key)
            else:
                yield _unknown_key(key, schema, (*path, key), place)
    elif "additionalProperties" in schema:
        for key, part in value.items():
            yield from _value(part, schema["additionalProperties"], (*path, key), key)


def _told_already(key: str, value: Iterable[str], properties: Mapping[str, Schema]) -> bool:
    """Whether an unknown key is a slip of `key`, or belongs below it: then it is told by itself."""
    unknown = [written for written in value if written not in properties]
    return any(meant(written, [key])[0] or _home(written, {key: properties[key]}) for written in unknown)


def _home(key: str, properties: Mapping[str, Schema]) -> str | None:
    """The property below which an unknown key would be known."""
    for name, part in properties.items():
        part = _followed(part)
        if "x-settings" in part and _is_setting(key):
            return name
        if key in part.get("properties", ()) and "x-one-key" not in part:
            return name
    return None


def _unknown_key(key: str, schema: Schema, path: Path, place: str) -> Finding:
    refused = schema.get("x-refused", {})
    if key in refused:
        return Finding(path, f'{place} cannot hold "{key}"', refused[key], rule="refused-key")
    message = f'unknown key "{key}" in {place}'
    slip, near = meant(key, schema["properties"])
    if slip:
        return _unknown(path, message, near, True, "unknown-key")
    if home := _home(key, schema["properties"]):
        return _unknown(path, message, f'did you mean "{home}.{key}"?', True, "unknown-key")
    if "x-one-of" in schema:
        of = _definitions[schema["x-one-of"]]["x-by"]["of"]
        others = [name for name, form in of.items() if key in _followed(form).get("properties", ()) and "{" not in name]
        if others:
            common = [name for name in ("text", "keyword", "long", "date", "object", *others) if name in others][:2]
            return _unknown(path, message, f"fields of type {' and '.join(common)} have it", False, "unknown-key")
    return _unknown(path, message, near or "it is passed on; the server may know it", False, "unknown-key")


def _by(value: dict[str, Any], by: Schema, path: Path, place: str) -> Iterator[Finding]:
    """An object whose form one of its keys names: a field, an analyzer, a token filter."""
    key, of = by["key"], by["of"]
    named = value.get(key)
    if named is None:
        if "default" in by and (by["default"] != "object" or "properties" in value or not value):
            named = by["default"]
        elif written := next((written for written in value if meant(written, [key])[0]), None):
            message = f'unknown key "{written}" in {place}'
            yield _unknown((*path, written), message, f'did you mean "{key}"?', True, "unknown-key")
            return
        elif by.get("default") == "object" and set(value) <= set(_followed(of["object"])["properties"]):
            named = "object"
        else:
            what = f'"{path[-1]}"' if path else place
            hint = f"for example {key}: {_example(of)}"
            yield Finding(path, f'{what} has no "{key}"', hint, rule="missing-key")
            return
    if not isinstance(named, str):
        yield Finding((*path, key), f"{key} must be text, not {in_words(named)}")
    elif named in of:
        form = _followed(of[named])
        yield from _value(value, form, path, form.get("title", f'{name_of(path)} of {key} "{named}"'))
    else:
        slip, near = meant(named, of)
        message = f'there is no {key} "{named}"'
        yield _unknown((*path, key), message, near or "a plugin may bring it", slip, "unknown-type")


def _example(of: Mapping[str, Any]) -> str:
    return next(name for name in ("keyword", "custom", "stop", "standard", "mapping", *of) if name in of)


def _processor(value: dict[str, Any], known: Mapping[str, Schema], path: Path) -> Iterator[Finding]:
    """A mapping of one key, which names the processor."""
    if not value:
        yield Finding(path, "a processor is missing its name", rule="missing-key")
    first = next((name for name in value if name in known), None)
    for name, part in value.items():
        at = (*path, name)
        if name in known:
            form = _followed(known[name])
            empty = part is None and first == name and len(value) > 1
            if not empty:  # its keys stand beside it and are told instead
                yield from _value(part, form, at, form.get("title", f"the {name} processor"))
        elif first and name in _followed(known[first]).get("properties", {}):
            hint = f'indent it below "{first}"'
            yield _unknown(at, f'"{name}" is not a processor', hint, True, "unknown-processor")
        else:
            slip, near = meant(name, known)
            message = f'there is no processor "{name}"'
            yield _unknown(at, message, near or "a plugin may bring it", slip, "unknown-processor")
    if first and len([name for name in value if name in known]) > 1:
        names = ", ".join(value)
        message = f"several processors in one item ({names})"
        yield Finding(path, message, 'start each with "-"', "warning", "several-processors")


def _settings(value: dict[str, Any], path: Path) -> Iterator[Finding]:
    """Index settings, dotted or nested, with `index.` before them or not."""
    known = _known_settings()
    analysis: dict[str, Any] = {}
    places: dict[Path, Path] = {}
    for name, part, at in _flattened(value, path, (), places):
        full = name if name.startswith("index.") else f"index.{name}"
        words = tuple(full.split("."))
        if words[1] == "analysis":
            _put(analysis, words[2:], part)
        elif full in known["server"]:
            yield Finding(at, f'"{name}" is set by the server alone', "leave it out", rule="refused-key")
        elif full in known["gone"]:
            yield Finding(at, f'there is no setting "{name}" any more', "leave it out", rule="refused-key")
        elif full in known["known"]:
            yield from _value(part, {"type": "array", "items": known["known"][full]}, at, name)
        elif not _matches_pattern(words, known["patterns"]) and part != {}:
            yield _unknown_setting(name, full, at)
    for finding in _value(analysis, _file("settings")["analysis"], (), "analysis"):
        yield finding._replace(path=_written_at(("analysis", *finding.path), places, path))


def _flattened(
    value: dict[str, Any], path: Path, above: tuple[str, ...], places: dict[Path, Path]
) -> Iterator[tuple[str, Any, Path]]:
    """Each setting's dotted name, its value, and where it stands; `places` learns where each part of a name stands."""
    for key, part in value.items():
        at = (*path, key)
        words = (*above, *key.split("."))
        for length in range(len(above) + 1, len(words) + 1):
            places.setdefault(words[words[0] == "index" : length], at)
        if isinstance(part, dict) and part:
            yield from _flattened(part, at, words, places)
        else:
            yield ".".join(words), part, at


def _written_at(found: Path, places: Mapping[Path, Path], fallback: Path) -> Path:
    for length in range(len(found), 0, -1):
        if found[:length] in places:
            return (*places[found[:length]], *found[length:])
    return fallback


def _put(target: dict[str, Any], words: tuple[str, ...], value: Any) -> None:
    for word in words[:-1]:
        inner = target.setdefault(word, {})
        if not isinstance(inner, dict):
            return
        target = inner
    if words:
        target[words[-1]] = value


def _is_setting(name: str) -> bool:
    full = name if name.startswith("index.") else f"index.{name}"
    known = _known_settings()["known"]
    return full in known or any(setting.startswith(f"{full}.") for setting in known) or full == "index.index"


def _matches_pattern(words: tuple[str, ...], patterns: Iterable[str]) -> bool:
    for pattern in patterns:
        parts = pattern.split(".")
        if len(parts) == len(words) and all(part in ("*", word) for part, word in zip(parts, words, strict=True)):
            return True
    return False


def _unknown_setting(name: str, full: str, at: Path) -> Finding:
    known = _known_settings()["known"]
    slip, _ = meant(full.removeprefix("index."), [setting.removeprefix("index.") for setting in known])
    near = difflib.get_close_matches(full, known, n=1, cutoff=0.75)
    hint = None
    if near:
        nearest = near[0] if name.startswith("index.") else near[0].removeprefix("index.")
        hint = f'did you mean "{nearest}"?'
    if slip:
        return _unknown(at, f'there is no setting "{name}"', hint, True, "unknown-setting")
    return _unknown(at, f'"{name}" is not a known setting', hint or "a plugin may bring it", False, "unknown-setting")


def _expected(schema: Schema) -> str:
    if "oneOf" in schema:
        return " or ".join(dict.fromkeys(_expected(_followed(form)) for form in schema["oneOf"]))
    words = {"object": "a mapping", "array": "a list", "number": "a number", "boolean": "true or false"}
    return words.get(schema.get("type", ""), "text")
