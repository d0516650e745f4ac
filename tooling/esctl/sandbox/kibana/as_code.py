"""The schema of dashboards as code, as a Kibana 9.5 applies it: what it refuses, and the defaults that it adds.

Read from the file that the package ships, by code of its own: nothing here knows what esctl's dashboards do with it.
"""

from __future__ import annotations

import copy
import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import bad_request

if TYPE_CHECKING:
    import jsonschema_rs

Schema = dict[str, Any]
Place = tuple[str | int, ...]

FILE = Path(__file__).parents[2] / "dashboards" / "as_code.schema.json"
DEFAULT_TIME_FIELD = "@timestamp"
_NEWER = re.compile(r"9\.(?:[6-9]|\d\d)")
_TYPES = {"str": "string", "bool": "boolean", "int": "number", "float": "number", "dict": "Object", "list": "Array"}


@cache
def definitions() -> dict[str, Schema]:
    """Every definition without what a later Kibana, or one with a feature flag, has."""
    loaded: dict[str, Schema] = json.loads(FILE.read_text(encoding="utf-8"))["$defs"]
    kept: dict[str, Schema] = {name: False if _later(one) else _kept(one) for name, one in loaded.items()}  # type: ignore[misc]
    return kept


def _later(schema: Any) -> bool:
    return isinstance(schema, dict) and _NEWER.match(str(schema.get("x-since", ""))) is not None


def _kept(schema: Any) -> Any:
    if isinstance(schema, list):
        return [False if _later(one) else _kept(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: _kept(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict):
        kept["properties"] = {key: _kept(one) for key, one in schema["properties"].items() if not _later(one)}
    return kept


def checked(name: str, body: Any) -> None:
    """Raises KibanaError (400), with the place of the first mistake, where `body` is not what the definition says."""
    if body is None:
        raise bad_request("[request body]: expected a plain object value, but found [null] instead.")
    errors = list(_validator(name).iter_errors(body))
    if errors:
        error = min(errors, key=lambda one: _rank(one))
        place = ".".join(("request body", *map(str, error.instance_path)))
        raise bad_request(f"[{place}]: {_words(error)}")


def _rank(error: jsonschema_rs.ValidationError) -> tuple[int, int]:
    """A key that is not known says most; then what is deepest."""
    unknown = error.kind.name in ("additionalProperties", "unevaluatedProperties")
    return 0 if unknown else 1, -len(error.instance_path)


def _words(error: jsonschema_rs.ValidationError) -> str:
    kind: Any = error.kind
    value = error.instance
    if kind.name in ("additionalProperties", "unevaluatedProperties"):
        return f"Additional properties are not allowed ({', '.join(map(repr, kind.unexpected))} unexpected)"
    if kind.name == "required":
        return f"[{kind.property}]: expected value but got [undefined]"
    if kind.name == "type":
        wanted = "|".join(kind.types) if isinstance(kind.types, list) else str(kind.types)
        return f"expected value of type [{wanted}] but got [{_TYPES.get(type(value).__name__, 'null')}]"
    if kind.name == "falseSchema":
        return "definition for this key is missing: this Kibana does not have it"
    if kind.name in ("oneOf", "anyOf") and getattr(kind, "context", None):
        branches = [min(errors, key=_rank) for errors in kind.context if errors]
        named = [f"- [{'.'.join(map(str, one.instance_path))}]: {_words(one)}" for one in branches]
        return "\n".join(("types that failed validation:", *named))
    return error.message if len(error.message) < 400 else f"{error.message[:400]}…"


@cache
def _validator(name: str) -> jsonschema_rs.Draft202012Validator:
    import jsonschema_rs

    return jsonschema_rs.Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": definitions()})


def with_defaults(name: str, body: Any) -> Any:
    """A body that was checked as Kibana shows it: with the value of every default that was left out."""
    return _filled(copy.deepcopy(body), {"$ref": f"#/$defs/{name}"})


def _filled(value: Any, schema: Any) -> Any:
    if not isinstance(schema, dict):
        return value
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        value = _filled(value, definitions()[name])
        if name == "data_source_data_view_spec":
            value.setdefault("time_field", DEFAULT_TIME_FIELD)
    for part in schema.get("allOf", ()):
        value = _filled(value, part)
    for word in ("oneOf", "anyOf"):
        fitting = next((part for part in schema.get(word, ()) if _fits(value, part)), None)
        value = _filled(value, fitting)
    if "if" in schema:
        value = _filled(value, schema.get("then" if _fits(value, schema["if"]) else "else"))
    if isinstance(value, dict):
        _fill(value, schema)
    elif isinstance(value, list):
        first, rest = schema.get("prefixItems", ()), schema.get("items")
        value = [_filled(item, first[at] if at < len(first) else rest) for at, item in enumerate(value)]
    return value


def _fill(value: dict[str, Any], schema: Schema) -> None:
    known = schema.get("properties", {})
    for key, part in known.items():
        if key not in value:
            default = _default(part)
            if default is None:
                continue
            value[key] = copy.deepcopy(default)
        value[key] = _filled(value[key], part)
    if isinstance(schema.get("additionalProperties"), dict):
        for key in value.keys() - known.keys():
            value[key] = _filled(value[key], schema["additionalProperties"])


def _default(schema: Any) -> Any:
    """The default of a property, its own or that of the definition it names."""
    while isinstance(schema, dict):
        for word in ("default", "x-read-default"):
            if word in schema:
                return schema[word]
        schema = definitions()[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else None
    return None


def _fits(value: Any, schema: Any) -> bool:
    """Whether a value is of the form; most unions are told apart by one key, which is looked at first."""
    if isinstance(schema, bool):
        return schema
    if set(schema) == {"required"}:
        return isinstance(value, dict) and all(key in value for key in schema["required"])
    for key, part in schema.get("properties", {}).items():
        if "const" in part and isinstance(value, dict) and value.get(key, part["const"]) != part["const"]:
            return False
    return _form(json.dumps(schema, sort_keys=True)).is_valid(value)


@cache
def _form(text: str) -> jsonschema_rs.Draft202012Validator:
    import jsonschema_rs

    return jsonschema_rs.Draft202012Validator({**json.loads(text), "$defs": definitions()})
