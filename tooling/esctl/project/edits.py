"""What turns one document into another, as edits: keys set and removed, items of lists added, gone or changed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from ..model import Path


@dataclass(frozen=True)
class Set:
    """The value at `path` becomes `value`; keys that are missing are added."""

    path: Path
    value: Any


@dataclass(frozen=True)
class Remove:
    """The key at `path` goes."""

    path: Path


Edit = Set | Remove


def edits_between(before: Any, after: Any, path: Path = ()) -> list[Edit]:
    """The edits that make `after` of `before`: as deep as they can be; lists of other length as wholes."""
    if isinstance(before, dict) and isinstance(after, dict):
        found: list[Edit] = []
        for key in before:
            if key not in after:
                found.append(Remove((*path, key)))
            else:
                found += edits_between(before[key], after[key], (*path, key))
        return found + [Set((*path, key), after[key]) for key in after if key not in before]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return [
            edit
            for n, (old, new) in enumerate(zip(before, after, strict=True))
            for edit in edits_between(old, new, (*path, n))
        ]
    return [] if same(before, after) else [Set(path, after)]


def applied(data: Any, edits: Sequence[Edit]) -> Any:
    """`data` (which is left alone) with the edits made."""
    data = json.loads(json.dumps(data))
    for edit in edits:
        target = data
        for key in edit.path[:-1]:
            target = target[key]
        if isinstance(edit, Set):
            target[edit.path[-1]] = edit.value
        else:
            del target[edit.path[-1]]
    return data


def same(left: Any, right: Any) -> bool:
    """Equality of JSON data: `true` is not 1, and 1 is not 1.0."""
    return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)


Step = tuple[int, tuple[Any] | None, tuple[Any] | None]
"""Position in the old list; the old item and the new one, None where there is none."""


def aligned(old: list[Any], new: list[Any]) -> list[Step]:
    """How one list becomes the other, in order: items that are equal stay, like ones are changed in place."""
    steps: list[Step] = []
    for kind, i1, i2, j1, j2 in _matched(list(map(_frozen, old)), list(map(_frozen, new))):
        if kind == "equal":
            continue
        alike = _matched(list(map(_likeness, old[i1:i2])), list(map(_likeness, new[j1:j2])))
        for inner, a1, a2, b1, b2 in alike:
            if inner == "equal":
                pairs = zip(old[i1 + a1 : i1 + a2], new[j1 + b1 : j1 + b2], strict=True)
                steps += [(i1 + a1 + n, (have,), (want,)) for n, (have, want) in enumerate(pairs)]
                continue
            # Done from the end, what is added comes before what goes: the list is never empty in between.
            steps += [(i1 + n, (old[i1 + n],), None) for n in range(a1, a2)]
            steps += [(i1 + a2, None, (want,)) for want in new[j1 + b1 : j1 + b2]]
    return steps


def _matched(old: list[str], new: list[str]) -> list[tuple[str, int, int, int, int]]:
    return list(SequenceMatcher(None, old, new, autojunk=False).get_opcodes())


def _likeness(item: Any) -> str:
    if isinstance(item, dict):
        return _frozen([sorted(item), item.get("id"), item.get("name")])
    return type(item).__name__ if isinstance(item, list) else "scalar"


def _frozen(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
