"""Dynamic mapping: the definition of a field that a document brings and the mapping lacks."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import Any

from .dates import parse_date
from .errors import ElasticsearchError
from .mapping import Body, mapping_error, parse_mapping
from .versions import Version

_DATE_FORMATS = (
    "strict_date_optional_time",
    "yyyy/MM/dd HH:mm:ss Z",
    "yyyy/MM/dd Z",
    "yyyy/MM/dd HH:mm:ss",
    "yyyy/MM/dd",
)
_DEFAULT = {"boolean": "boolean", "long": "long", "double": "float", "date": "date", "object": "object"}


def dynamic_field(root: Body, name: str, path: str, value: Any, version: Version) -> Body | None:
    """The new field in read-back form; None where the value says nothing (null, an empty array)."""
    sample = _sample(value)
    if sample is None:
        return None
    kind = _kind(root, sample)
    template = _template(root, name, path, kind)
    if template is not None:
        return _parsed(name, _filled(template, name, kind), version)
    if kind == "object":
        return {"properties": {}}
    if (
        isinstance(value, list)
        and kind == "double"
        and 128 <= len(value) <= 4096
        and all(type(x) is float for x in value)
    ):
        return _parsed(name, {"type": "dense_vector", "dims": len(value)}, version)
    if kind == "string":
        return {"type": "text", "fields": {"keyword": {"type": "keyword", "ignore_above": 256}}}
    if kind.startswith("date:"):
        return _parsed(name, {"type": "date", "format": kind[5:], "locale": ""}, version)
    return {"type": _DEFAULT[kind]}


def _parsed(name: str, definition: Body, version: Version) -> Body:
    node: Body = parse_mapping({"properties": {name: definition}}, version)["properties"][name]
    return node


def _sample(value: Any) -> Any:
    while isinstance(value, list):
        value = next((x for x in value if x is not None and x != []), None)
    return value


def _kind(root: Body, value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "long"
    if isinstance(value, float):
        return "double"
    if isinstance(value, dict):
        return "object"
    if root.get("date_detection", True) and len(value) >= 4 and value[:1].isdigit():
        own = root.get("dynamic_date_formats")
        for names in own or _DATE_FORMATS:
            if own is None and names == "strict_date_optional_time" and not re.match(r"\d{4}-\d\d", value):
                continue
            try:
                parse_date(value, names)
            except ElasticsearchError:
                continue
            if own:
                return f"date:{names}"
            return (
                "date" if names == "strict_date_optional_time" else "date:yyyy/MM/dd HH:mm:ss||yyyy/MM/dd||epoch_millis"
            )
    if root.get("numeric_detection"):
        if re.fullmatch(r"-?\d{1,18}", value):
            return "long"
        if re.fullmatch(r"-?\d+\.\d+([eE]-?\d+)?", value):
            return "double"
    return "string"


def _template(root: Body, name: str, path: str, kind: str) -> Body | None:
    kind = kind.split(":")[0]
    for one in root.get("dynamic_templates", []):
        rule = next(iter(one.values()))
        if all(_holds(rule, key, name, path, kind) for key in rule):
            mapping: Body = rule.get("mapping", {})
            return mapping
    return None


def _holds(rule: Body, key: str, name: str, path: str, kind: str) -> bool:
    wanted = rule[key] if isinstance(rule[key], list) else [rule[key]]
    if key == "match_mapping_type":
        return "*" in wanted or kind in wanted
    if key == "unmatch_mapping_type":
        return kind not in wanted
    text = path if key.startswith("path_") else name
    if key in ("match", "path_match", "unmatch", "path_unmatch"):
        if rule.get("match_pattern") == "regex" and not key.startswith("path_"):
            hit = any(re.fullmatch(p, text) for p in wanted)
        else:
            hit = any(fnmatchcase(text, p) for p in wanted)
        return hit != key.replace("path_", "").startswith("un")
    if key in ("mapping", "match_pattern"):
        return True
    raise mapping_error(f"A dynamic template has an unknown parameter [{key}]")


def _filled(definition: Any, name: str, kind: str) -> Any:
    plain = {"string": "text", "double": "double"}.get(kind.split(":")[0], kind.split(":")[0])
    if isinstance(definition, str):
        return definition.replace("{name}", name).replace("{dynamic_type}", plain)
    if isinstance(definition, dict):
        filled = {k: _filled(v, name, kind) for k, v in definition.items()}
        return filled
    return definition
