"""Bodies as a person would write them: settings without their prefix, text that says a number or a truth as such.

Whatever is done here, the kind's own `normalise` undoes: the tidy form and what the server shows are equal to a plan.
"""

from __future__ import annotations

import re
from typing import Any

from ..model import Body, Path
from .normalise import as_text, copy, get

OF_AN_INDEX = {"number_of_shards": 1, "number_of_replicas": 1}
"""Settings that every index shows, with the value that Elasticsearch gives them where nobody says another."""

NESTED = ("analysis.", "similarity.")
"""Settings that people write as mappings inside mappings; the others stay on one line each, with dots."""


def tidy(body: Body, settings: Path, mappings: Path, *, defaults: bool = False) -> Body:
    """`body` with the settings and the mapping at these paths made tidy; without defaults, where told to drop them."""
    body = copy(body)
    parent = get(body, settings[:-1])
    if isinstance(parent, dict) and isinstance(parent.get(settings[-1]), dict):
        parent[settings[-1]] = tidy_settings(parent[settings[-1]], defaults=defaults)
        if not parent[settings[-1]] and defaults:
            del parent[settings[-1]]
    mapping = get(body, mappings)
    if isinstance(mapping, dict):
        _tidy_mapping(mapping)
    return body


def tidy_settings(settings: Body, *, defaults: bool = False) -> Body:
    """`{"index.number_of_shards": "3"}` → `{number_of_shards: 3}`."""
    found: Body = {}
    for name, value in settings.items():
        name, value = name.removeprefix("index."), _value(value)
        if defaults and OF_AN_INDEX.get(name) == value:
            continue
        if not name.startswith(NESTED):
            found[name] = value
            continue
        *parents, last = name.split(".")
        at = found
        for key in parents:
            at = at.setdefault(key, {})
        at[last] = value
    return found


def _value(value: Any) -> Any:
    if isinstance(value, list):
        return [_value(item) for item in value]
    if value in ("true", "false"):
        return value == "true"
    if isinstance(value, str) and re.fullmatch(r"-?(0|[1-9][0-9]{0,17})", value) and as_text(int(value)) == value:
        return int(value)
    return value


def _tidy_mapping(mapping: Body) -> None:
    if mapping.get("dynamic") in ("true", "false"):
        mapping["dynamic"] = mapping["dynamic"] == "true"
    for template in mapping.get("dynamic_templates") or ():
        for definition in template.values() if isinstance(template, dict) else ():
            for name in ("match", "unmatch", "path_match", "path_unmatch", "match_mapping_type"):
                if isinstance(definition.get(name), list) and len(definition[name]) == 1:
                    definition[name] = definition[name][0]
    for key in ("properties", "fields"):
        for field in (mapping.get(key) or {}).values():
            if isinstance(field, dict):
                _tidy_mapping(field)
                if field.get("type") == "object" and "properties" in field:
                    del field["type"]
                if isinstance(field.get("copy_to"), list) and len(field["copy_to"]) == 1:
                    field["copy_to"] = field["copy_to"][0]


def settings_like(settings: Body, model: Body, *, defaults: bool = False) -> Body:
    """Tidy `settings` nested as `model` nests them: a name that `model` writes stands where it does there.

    `defaults`: they are an index's, which leaves out what is as Elasticsearch sets it; `model` may name such a setting.
    """
    places = {name: place for name, place in _places(model)}
    prefix: Path = ("index",) if isinstance(model.get("index"), dict) else ()
    values = {name: get(settings, written) for name, written in _places(settings)}
    if defaults:
        values |= {name: value for name, value in OF_AN_INDEX.items() if name in places and name not in values}
    found: Body = {}
    for name, value in values.items():
        place = places.get(name)
        if place is None:
            known = [(n, p) for n, p in places.items() if len(p) > len(prefix) + 1 and _family(n) == _family(name)]
            # A new setting joins the mapping in which its nearest relations stand.
            place = (*known[0][1][:-1], name.removeprefix(_family(name))) if known else (*prefix, name)
        at = found
        for key in place[:-1]:
            at = at.setdefault(str(key), {})
        at[str(place[-1])] = value
    return found


def _family(name: str) -> str:
    return name.rpartition(".")[0] + "." if "." in name else ""


def _places(model: Any, path: Path = (), dotted: str = "") -> Any:
    """Name of a setting (without `index.`) → where `model` writes it."""
    for key, value in model.items():
        name = f"{dotted}.{key}" if dotted else str(key)
        if isinstance(value, dict) and value:
            yield from _places(value, (*path, key), name)
        else:
            yield name.removeprefix("index."), (*path, key)
