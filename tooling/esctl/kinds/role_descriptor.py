"""Role descriptors, the body of a role and of each part of an API key: brought to one form, and checked offline."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ..model import Body, Path
from . import privileges
from .schema import Finding

RENAMED = {"index": "indices", "application": "applications"}
"""Older names that Elasticsearch still reads."""

_SETS = ("cluster", "run_as")
_GROUPS = ("indices", "remote_indices", "remote_cluster", "applications")
_SETS_OF_A_GROUP = ("names", "privileges", "clusters", "resources")
_NOTHING: tuple[Any, ...] = (None, [], {}, "")


def one_form(role: Body) -> Body:
    """A role descriptor without what servers add, sets in order; changes `role` and returns it.

    Servers keep the order of what was written and add `transient_metadata`, `run_as: []`, empty lists, an
    `allow_restricted_indices: false` to each group, and each category of `global` that they know (row 15).
    """
    for old, new in RENAMED.items():
        if old in role and not role.get(new):
            role[new] = role.pop(old)
        elif isinstance(role.get(old), list) and isinstance(role[new], list):
            role[new] = [*role.pop(old), *role[new]]
    role.pop("transient_metadata", None)
    for key in _SETS:
        if key in role:
            role[key] = as_set(role[key])
    for key in _GROUPS:
        if isinstance(role.get(key), list):
            role[key] = [_group(item) if isinstance(item, dict) else item for item in role[key]]
    if "global" in role:
        role["global"] = _without_nothing(role["global"])
    if isinstance(role.get("restriction"), dict) and "workflows" in role["restriction"]:
        role["restriction"]["workflows"] = as_set(role["restriction"]["workflows"])
    for key in [key for key, value in role.items() if value in _NOTHING and not isinstance(value, bool)]:
        del role[key]
    return role


def as_set(value: Any) -> Any:
    """A list whose order and repetitions say nothing; one value may stand for a list."""
    if isinstance(value, list):
        texts = all(isinstance(item, str) for item in value)
        return sorted(set(value)) if texts else value
    return value if value is None else [value]


def _group(group: Body) -> Body:
    for key in _SETS_OF_A_GROUP:
        if key in group:
            group[key] = as_set(group[key])
    if group.get("allow_restricted_indices") is False:
        del group["allow_restricted_indices"]
    fields = group.get("field_security")
    if isinstance(fields, dict):
        fields = {key: as_set(value) for key, value in fields.items() if value not in ([], None)}
        # All fields and no exception is what is meant without it, too: Kibana writes it.
        if fields == {"grant": ["*"]}:
            fields = {}
        group["field_security"] = fields
    if "query" in group:
        group["query"] = _query(group["query"])
    for key in ("field_security", "query"):
        if group.get(key) in _NOTHING:
            group.pop(key, None)
    return group


def _query(query: Any) -> Any:
    """A query is kept as JSON text, however it was written."""
    if isinstance(query, str):
        try:
            read = json.loads(query)
        except ValueError:
            return query
        return read if isinstance(read, dict) else query
    return query


def _without_nothing(value: Any) -> Any:
    if isinstance(value, dict):
        parts = {key: _without_nothing(part) for key, part in value.items()}
        return {key: part for key, part in parts.items() if part not in ({}, [])}
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return sorted(set(value))
    return value


def slips(role: Any, path: Path = ()) -> Iterator[Finding]:
    """Privileges that are probably misspelt, and field exceptions that grant nothing."""
    if not isinstance(role, dict):
        return
    yield from privileges.unknown("cluster", role.get("cluster"), (*path, "cluster"))
    for key, what in (
        ("indices", "index"),
        ("index", "index"),
        ("remote_indices", "index"),
        ("remote_cluster", "remote_cluster"),
    ):
        groups = role.get(key)
        for position, group in enumerate(groups if isinstance(groups, list) else ()):
            if not isinstance(group, dict):
                continue
            place = (*path, key, position)
            yield from privileges.unknown(what, group.get("privileges"), (*place, "privileges"))
            fields = group.get("field_security")
            if isinstance(fields, dict) and fields.get("except") and "grant" not in fields:
                message = "field_security with except needs grant, too"
                yield Finding((*place, "field_security"), message, 'write grant: ["*"]', "error", "missing-key")
            if key.startswith("remote_") and not group.get("clusters"):
                yield Finding(place, f'an item of {key} needs "clusters"', None, "error", "missing-key")
