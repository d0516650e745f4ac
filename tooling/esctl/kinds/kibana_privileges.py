"""Kibana's privileges in a role: what people write (`base`, `feature`, `spaces`) and what Elasticsearch keeps of it.

Kibana keeps them as privileges of the application `kibana-.kibana` over the resources `*` and `space:<id>`.
Source of the form: PrivilegeSerializer and transformElasticsearchRoleToRole of Kibana's security plugin.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from ..model import Body, Path
from . import privileges
from .role_descriptor import as_set
from .schema import Finding
from .wording import meant

APPLICATION = "kibana-.kibana"
EVERYWHERE = "*"
BASE = ("all", "read")
KEYS = ("base", "feature", "spaces")

_FEATURE = re.compile(r"feature_([a-zA-Z0-9_-]+)\.([a-zA-Z0-9_-]+)")
_SPACE = re.compile(r"[a-z0-9_-]+")


def stored(entries: Iterable[Any]) -> list[Body]:
    """The application privileges that Kibana makes of its part of a role."""
    return [
        {
            "application": APPLICATION,
            "privileges": [_base(name, entry["spaces"]) for name in entry.get("base", ())]
            + [f"feature_{feature}.{name}" for feature, names in entry.get("feature", {}).items() for name in names],
            "resources": [_resource(space) for space in entry["spaces"]],
        }
        for entry in one_form(entries)
    ]


def read(applications: Any) -> tuple[list[Body], Any]:
    """Kibana's part of a role's application privileges, and the rest: other applications, what Kibana cannot say."""
    if not isinstance(applications, list):
        return [], applications
    entries, rest = [], []
    for application in applications:
        entry = _entry(application) if isinstance(application, dict) else None
        if entry is None:
            rest.append(application)
        else:
            entries.append(entry)
    return one_form(entries), rest


def one_form(entries: Any) -> list[Body]:
    """Entries with their sets in order, sorted by their spaces: no two of a role may name the same."""
    found = []
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, dict):
            continue
        clean = {key: value for key, value in entry.items() if key not in KEYS and not key.startswith("_")}
        if entry.get("base"):
            clean["base"] = as_set(entry["base"])
        feature = entry.get("feature")
        features = (
            {name: as_set(names) for name, names in feature.items() if names} if isinstance(feature, dict) else {}
        )
        if features:
            clean["feature"] = features
        clean["spaces"] = as_set(entry.get("spaces") or [EVERYWHERE])
        found.append(clean)
    return sorted(found, key=lambda entry: json.dumps(entry["spaces"]))


def mistakes(entries: Any) -> Iterator[Finding]:
    """What is wrong below `kibana`, in the words of the person who writes it."""
    if not isinstance(entries, list):
        yield Finding(("kibana",), "kibana must be a list", 'start each item with "-"')
        return
    seen: dict[str, int] = {}
    for position, entry in enumerate(entries):
        place: Path = ("kibana", position)
        if not isinstance(entry, dict):
            yield Finding(place, "an item of kibana must be a mapping of base or feature, and spaces")
            continue
        for key in entry:
            if key not in KEYS:
                slip, near = meant(key, KEYS)
                yield Finding((*place, key), f'unknown key "{key}" in an item of kibana', near, "error", "unknown-key")
        yield from _privileges(entry, place)
        spaces = entry.get("spaces") or [EVERYWHERE]
        for number, space in enumerate(spaces if isinstance(spaces, list) else [spaces]):
            at = (*place, "spaces", number)
            if space != EVERYWHERE and not (isinstance(space, str) and _SPACE.fullmatch(space)):
                yield Finding(at, f'"{space}" is not the id of a space', "an id has a-z, 0-9, _ and - only")
            elif space == EVERYWHERE and len(spaces) > 1:
                yield Finding(at, '"*" stands for all spaces and stands alone')
            elif space in seen:
                yield Finding(at, f'the space "{space}" is in two items of kibana', "put their privileges together")
            seen[str(space)] = position


def _privileges(entry: Body, place: Path) -> Iterator[Finding]:
    base, feature = entry.get("base"), entry.get("feature")
    if not base and not feature:
        yield Finding(place, "an item of kibana grants nothing", "write base: [read], or feature: {dashboard: [read]}")
    if base and feature:
        yield Finding(place, "an item of kibana has base or feature, not both")
    for position, name in enumerate(base if isinstance(base, list) else ()):
        if name not in BASE:
            yield Finding(
                (*place, "base", position), f'base is "all" or "read", not "{name}"', meant(str(name), BASE)[1]
            )
    known = privileges.names("kibana_features")
    for name in feature if isinstance(feature, dict) else ():
        if name not in known:
            # Features come with versions and plugins: never more than a doubt.
            hint = meant(name, known)[1] or "it is passed on; Kibana may know it"
            at = (*place, "feature", name)
            yield Finding(at, f'"{name}" is not a known feature of Kibana', hint, "warning", "unknown-feature")


def spaces_of(entries: Iterable[Body]) -> set[str]:
    """The ids of the spaces that are named."""
    return {space for entry in entries for space in entry.get("spaces", ()) if space != EVERYWHERE}


def _base(name: str, spaces: list[str]) -> str:
    return name if spaces == [EVERYWHERE] else f"space_{name}"


def _resource(space: str) -> str:
    return space if space == EVERYWHERE else f"space:{space}"


def _entry(application: Body) -> Body | None:
    """One item of `kibana`; None where Kibana could not have written it."""
    resources = application.get("resources")
    if application.get("application") != APPLICATION or not isinstance(resources, list) or not resources:
        return None
    everywhere = resources == [EVERYWHERE]
    if not everywhere and not all(isinstance(name, str) and name.startswith("space:") for name in resources):
        return None
    base: list[str] = []
    feature: dict[str, list[str]] = {}
    for name in application.get("privileges") or ():
        plain = name if everywhere else str(name).removeprefix("space_")
        if plain in BASE and (everywhere or plain != name):
            base.append(plain)
        elif found := _FEATURE.fullmatch(str(name)):
            feature.setdefault(found[1], []).append(found[2])
        else:
            return None
    if bool(base) == bool(feature):
        return None
    spaces = [EVERYWHERE] if everywhere else [name.removeprefix("space:") for name in resources]
    return {"base": base, "feature": feature, "spaces": spaces}
