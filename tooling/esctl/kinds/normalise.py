"""One form for what people write and what servers answer: rules as data, each idempotent, applied to both sides."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from orjson import dumps, loads

from ..model import Body, Capabilities, Path
from ..secret import Secret
from .base import OWNER
from .changes import default_that_is_dropped, unseen_at_root

Rule = Callable[[Body, Capabilities], Body]
"""Takes a body that it may change (it is a copy) and returns it."""

# Set by the server on every index; never written by a person.
SERVER_SETTINGS = re.compile(
    r"index\.(verified_before_close|creation_date(_string)?|uuid|provided_name|version\..+|history_uuid|resize\..+"
    r"|routing\.allocation\.include\._tier_preference|routing\.allocation\.initial_recovery\..+)"
)


def copy(value: Any) -> Any:
    """A deep copy of JSON data; secrets in it stay what they are."""
    try:
        return loads(dumps(value))
    except TypeError:  # a secret, or a number of more than 64 bits
        return _copied(value)


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_copied(item) for item in value]
    return value


def get(body: Any, path: Iterable[str | int]) -> Any:
    """The value at `path`, or None."""
    for key in path:
        if not isinstance(body, dict) or key not in body:
            return None
        body = body[key]
    return body


def flat_settings(settings: Any) -> Body:
    """Nested, dotted or prefixed settings → `{"index.number_of_shards": "1"}`: values as the text that servers keep."""
    flat: Body = {}

    def walk(prefix: str, value: Any) -> None:
        if isinstance(value, dict):
            for key, item in value.items():
                walk(f"{prefix}.{key}" if prefix else str(key), item)
        else:
            name = prefix if prefix.startswith("index.") else f"index.{prefix}"
            flat[name] = [as_text(item) for item in value] if isinstance(value, list) else as_text(value)

    walk("", settings or {})
    return flat


def as_text(value: Any) -> Any:
    """How a server reads a setting back: `true` → `"true"`, 1 → `"1"`; null stays null (row 2: null → "null")."""
    if value is None or value == "null":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, Secret) else str(value)


def settings(path: Path) -> Rule:
    """Settings below `path` as flat text, without what the server sets itself (rows 1, 31)."""

    def rule(body: Body, capabilities: Capabilities) -> Body:
        parent, key = get(body, path[:-1]), path[-1]
        if isinstance(parent, dict) and isinstance(parent.get(key), dict):
            parent[key] = {k: v for k, v in flat_settings(parent[key]).items() if not SERVER_SETTINGS.fullmatch(k)}
        return body

    return rule


def mappings(path: Path) -> Rule:
    """A mapping below `path` in the form that a created index shows (rows 2–4, 9)."""

    def rule(body: Body, capabilities: Capabilities) -> Body:
        parent, key = get(body, path[:-1]), path[-1]
        if isinstance(parent, dict) and isinstance(parent.get(key), dict):
            mapping = parent[key]
            if set(mapping) == {"_doc"}:
                mapping = mapping["_doc"]
            for template in mapping.get("dynamic_templates") or []:
                for definition in template.values():
                    for name in ("match", "unmatch", "path_match", "path_unmatch", "match_mapping_type"):
                        if isinstance(definition.get(name), str):
                            definition[name] = [definition[name]]
            shown = {k: v for k, v in mapping.items() if not unseen_at_root(k, v, capabilities)}
            parent[key] = _object(shown, capabilities)
            if parent[key].get("properties") == {}:
                del parent[key]["properties"]
        return body

    return rule


def _object(mapping: Body, capabilities: Capabilities) -> Body:
    if isinstance(mapping.get("dynamic"), bool):
        mapping["dynamic"] = "true" if mapping["dynamic"] else "false"
    if isinstance(mapping.get("properties"), dict):
        mapping["properties"] = {n: _field(field, capabilities) for n, field in mapping["properties"].items()}
    return mapping


def _field(field: Any, capabilities: Capabilities) -> Any:
    if not isinstance(field, dict):
        return field
    kind = field.get("type", "object")
    field = _object(field, capabilities)
    if field.get("properties") == {}:
        del field["properties"]
    if kind == "object":  # servers tell it of objects without fields only; fields come with documents
        field["type"] = "object"
    if isinstance(field.get("copy_to"), str):
        field["copy_to"] = [field["copy_to"]]
    _as_shown(kind, field)
    if isinstance(field.get("fields"), dict):
        field["fields"] = {name: _field(sub, capabilities) for name, sub in field["fields"].items()}
    return {n: v for n, v in field.items() if not default_that_is_dropped(kind, n, v, capabilities)}


def _as_shown(kind: str, field: Body) -> None:
    """Values that servers show in another form than they were written in."""
    if isinstance(field.get("index_prefixes"), dict):
        field["index_prefixes"] = {"min_chars": 2, "max_chars": 5, **field["index_prefixes"]}
    null = field.get("null_value")
    place = re.fullmatch(r"\s*([-\d.]+)\s*,\s*([-\d.]+)\s*", null) if isinstance(null, str) else None
    if kind == "geo_point" and place:
        field["null_value"] = {"lat": float(place[1]), "lon": float(place[2])}
    if kind == "completion" and isinstance(field.get("contexts"), list):
        field["contexts"] = [{**c, "type": str(c["type"]).upper()} if "type" in c else c for c in field["contexts"]]
    for name, same in (("search_quote_analyzer", "search_analyzer"), ("search_analyzer", "analyzer")):
        if name in field and field[name] == field.get(same):
            del field[name]


def aliases(path: Path) -> Rule:
    """`routing` → `index_routing` and `search_routing` (row 8); a false `is_hidden` is not kept."""

    def rule(body: Body, capabilities: Capabilities) -> Body:
        found = get(body, path)
        for alias in (found or {}).values():
            if isinstance(alias, dict):
                if "routing" in alias:
                    routing = str(alias.pop("routing"))
                    alias.setdefault("index_routing", routing)
                    alias.setdefault("search_routing", routing)
                if alias.get("is_hidden") is False:
                    del alias["is_hidden"]
        return body

    return rule


def drop(*paths: Path) -> Rule:
    """Keys that the server adds on read."""

    def rule(body: Body, capabilities: Capabilities) -> Body:
        for path in paths:
            parent = get(body, path[:-1])
            if isinstance(parent, dict):
                parent.pop(path[-1], None)
        return body

    return rule


def drop_if(path: Path, *values: Any) -> Rule:
    """A key whose value says nothing: a default that the server adds or takes away (row 9, 28)."""

    def rule(body: Body, capabilities: Capabilities) -> Body:
        parent = get(body, path[:-1])
        if isinstance(parent, dict) and path[-1] in parent and any(_same(parent[path[-1]], v) for v in values):
            del parent[path[-1]]
        return body

    return rule


def _same(left: Any, right: Any) -> bool:
    return bool(left == right) and isinstance(left, bool) == isinstance(right, bool)


def as_list(path: Path) -> Rule:
    """A single value where a list is meant."""

    def rule(body: Body, capabilities: Capabilities) -> Body:
        parent = get(body, path[:-1])
        if isinstance(parent, dict) and path[-1] in parent and not isinstance(parent[path[-1]], list):
            parent[path[-1]] = [parent[path[-1]]]
        return body

    return rule


def without_owner(path: Path) -> Rule:
    """`_meta` without esctl's own mark, and no `_meta` where nothing else was in it."""

    def rule(body: Body, capabilities: Capabilities) -> Body:
        parent = get(body, path[:-1])
        if isinstance(parent, dict) and isinstance(parent.get(path[-1]), dict):
            meta = {key: value for key, value in parent[path[-1]].items() if key != OWNER}
            if meta:
                parent[path[-1]] = meta
            else:
                del parent[path[-1]]
        return body

    return rule


def insisted(properties: Any, written: Any, live: Any) -> Any:
    """Normalised `properties` with each parameter that was written as a default where `live` shows another value.

    A default in so many words says nothing to a server that has none; to one that has another value it says a change.
    """
    if not (isinstance(properties, dict) and isinstance(written, dict) and isinstance(live, dict)):
        return properties
    found = dict(properties)
    for name, field in properties.items():
        told, shown = written.get(name), live.get(name)
        if not (isinstance(field, dict) and isinstance(told, dict) and isinstance(shown, dict)):
            continue
        back = {key: told[key] for key in told if key not in field and key in shown and key != "type"}
        below = {
            key: insisted(field[key], told.get(key), shown.get(key)) for key in ("properties", "fields") if key in field
        }
        if back or below:
            found[name] = {**field, **below, **back}
    return found
