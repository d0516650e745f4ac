"""Bodies of requests, checked in the words of Kibana's schemas: unknown keys, missing ones, wrong types."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .errors import bad_request

Body = dict[str, Any]
Test = Callable[[Any], str | None]
"""What is wrong with a value of the right type, in words; None where nothing is."""

_NAMES = {str: "string", bool: "boolean", dict: "object", list: "array", int: "number", float: "number"}


@dataclass(frozen=True)
class Key:
    """One key of a body: `type_` is a Python type, or the keys of an object; `each` is the form of a list's items."""

    type_: type | Mapping[str, Key] = str
    required: bool = False
    each: Key | None = None
    nullable: bool = False
    test: Test | None = None
    default: Any = None


def checked(body: Any, keys: Mapping[str, Key], place: str = "request body") -> Body:
    """The body with the defaults of the keys that were left out; raises KibanaError (400)."""
    if not isinstance(body, dict):
        raise bad_request(f"[{place}]: expected a plain object value, but found [{_name(body)}] instead.")
    for key, value in keys.items():
        if value.required and key not in body:
            wanted = _wanted(value)
            raise bad_request(f"[{place}.{key}]: expected value of type [{wanted}] but got [undefined]")
    for key in body:
        if key not in keys:
            raise bad_request(f"[{place}.{key}]: definition for this key is missing")
    made = {key: _value(value, keys[key], f"{place}.{key}") for key, value in body.items()}
    defaults = {key: value.default for key, value in keys.items() if value.default is not None and key not in body}
    return {**made, **defaults}


def _value(value: Any, key: Key, place: str) -> Any:
    if value is None and key.nullable:
        return None
    if isinstance(key.type_, Mapping):
        return checked(value, key.type_, place)
    numbers = (int, float) if key.type_ in (int, float) else key.type_
    if not isinstance(value, numbers) or (isinstance(value, bool) and key.type_ is not bool):
        raise bad_request(f"[{place}]: expected value of type [{_wanted(key)}] but got [{_name(value)}]")
    if isinstance(value, list) and key.each:
        return [_value(item, key.each, f"{place}.{position}") for position, item in enumerate(value)]
    wrong = key.test(value) if key.test else None
    if wrong:
        raise bad_request(f"[{place}]: {wrong}")
    return value


def one_of(*known: str) -> Test:
    """Any of these words."""
    words = "\n".join(f"- expected value to equal [{one}]" for one in known)
    return lambda value: None if value in known else f"types that failed validation:\n{words}"


def _wanted(key: Key) -> str:
    return "object" if isinstance(key.type_, Mapping) else _NAMES[key.type_]


def _name(value: Any) -> str:
    return "null" if value is None else _NAMES.get(type(value), type(value).__name__)
