"""Mustache as search templates use it: variables, sections, inverted sections, toJson, join, url; output is JSON."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import orjson

from .errors import ElasticsearchError

_TAG = re.compile(r"\{\{(\{|[#^/!>&=]?)\s*([^{}]*?)\s*\}?\}\}")
_JOIN = re.compile(r"join delimiter='([^']*)'")
_ABSENT = object()


@dataclass(frozen=True)
class _Section:
    name: str
    inverted: bool
    parts: tuple[_Part, ...]
    source: str


@dataclass(frozen=True)
class _Variable:
    name: str
    escaped: bool


_Part = str | _Variable | _Section


def _refused(template: str, reason: str) -> ElasticsearchError:
    return ElasticsearchError(
        "script_exception",
        reason,
        script_stack=[],
        script=template,
        lang="mustache",
        cause={"type": "mustache_exception", "reason": reason},
    )


def compiled(template: str) -> tuple[_Part, ...]:
    """The parts of a template; raises script_exception where a section is not closed."""
    parts, position, _ = _parse(template, 0, None)
    assert position == len(template)
    return parts


def _parse(template: str, position: int, inside: str | None) -> tuple[tuple[_Part, ...], int, int]:
    """(parts, where the next text begins, where the closing tag begins)."""
    parts: list[_Part] = []
    while True:
        tag = _TAG.search(template, position)
        if tag is None:
            if inside is not None:
                line = template.count("\n") + 1
                raise _refused(template, f"Failed to close '{inside}' tag @[query-template:{line}]")
            parts.append(template[position:])
            return tuple(parts), len(template), len(template)
        parts.append(template[position : tag.start()])
        sign, name = tag[1], tag[2]
        position = tag.end()
        if sign in ("#", "^"):
            inner, after, closing = _parse(template, position, name)
            parts.append(_Section(name, sign == "^", inner, template[position:closing]))
            position = after
        elif sign == "/":
            if name not in ((inside or ""), (inside or "").split(" ")[0]):
                line = template[: tag.start()].count("\n") + 1
                raise _refused(template, f"Mismatched start/end tags: {inside} != {name} in query-template:{line}")
            return tuple(parts), position, tag.start()
        elif sign in (">", "="):
            raise _refused(template, f"the esctl sandbox does not implement {{{{{sign}}}}} of Mustache")
        elif sign != "!":
            parts.append(_Variable(name, sign == ""))


def render(template: str, params: dict[str, Any]) -> str:
    """The text of a template with its holes filled in."""
    return "".join(_rendered(part, [params]) for part in compiled(template))


def _rendered(part: _Part, scopes: list[Any]) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, _Variable):
        text = _text(_found(part.name, scopes))
        return orjson.dumps(text).decode()[1:-1] if part.escaped else text
    if part.inverted:
        return "" if _found(part.name, scopes) not in (_ABSENT, None, False, []) else _all(part, scopes)
    joined = _JOIN.fullmatch(part.name)
    if part.name == "toJson":
        value = _found(part.source.strip(), scopes)
        return "" if value is _ABSENT else orjson.dumps(value).decode()
    if part.name == "join" or joined:
        value = _found(part.source.strip(), scopes)
        items = value if isinstance(value, list) else []
        return (joined[1] if joined else ",").join(map(_text, items))
    if part.name == "url":
        return quote(_all(part, scopes), safe="")
    value = _found(part.name, scopes)
    if value in (_ABSENT, None, False):
        return ""
    if isinstance(value, list):
        return "".join(_all(part, [*scopes, item]) for item in value)
    return _all(part, [*scopes, value])


def _all(section: _Section, scopes: list[Any]) -> str:
    return "".join(_rendered(part, scopes) for part in section.parts)


def _found(name: str, scopes: list[Any]) -> Any:
    if name == ".":
        return scopes[-1]
    for scope in reversed(scopes):
        value = _below(scope, name.split("."))
        if value is not _ABSENT:
            return value
    return _ABSENT


def _below(value: Any, path: list[str]) -> Any:
    for key in path:
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        elif isinstance(value, list) and key == "size":
            value = len(value)
        else:
            return _ABSENT
    return value


def _text(value: Any) -> str:
    """As Java prints it: a list and an object are `{0=a}` and `{key=value}`."""
    if value is _ABSENT or value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "{" + ", ".join(f"{n}={_text(item)}" for n, item in enumerate(value)) + "}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={_text(item)}" for key, item in value.items()) + "}"
    return str(value)
