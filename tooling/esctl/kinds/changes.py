"""What a change of an index costs: looked up in the matrix measured on real servers, never guessed.

The matrix (`data/update-matrix.json`) holds, per mapping parameter and setting, what 9.5.3 and 8.19.21 did.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from ..model import Difference

Verdict = Literal["in place", "reopen", "remake", "stays", "unknown"]
"""in place · reopen: index closed for a moment · remake: only a new index takes it · stays: cannot be removed."""


@cache
def matrix() -> dict[str, Any]:
    """The reduced matrix."""
    text = files("esctl.kinds").joinpath("data/update-matrix.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def default_that_is_dropped(kind: str, parameter: str, value: Any) -> bool:
    """True where `value` is the default of a field's parameter that servers leave out when they are asked."""
    row = matrix()["mapping"].get(kind, {}).get(parameter)
    if not row or row.get("default_written") != "dropped" or "default" not in row:
        return False
    default = row["default"]
    return bool(value == default) and isinstance(value, bool) == isinstance(default, bool)


def setting(name: str) -> Verdict:
    """Whether an index setting can change on a live index."""
    known: dict[str, str] = matrix()["settings"]
    if name.startswith(("index.analysis.", "index.similarity.")):
        return "reopen"
    if name.startswith(("index.lifecycle.", "index.routing.allocation.")):
        return "in place"
    match known.get(name):
        case "dynamic":
            return "in place"
        case "closed":
            return "reopen"
        case "final" | "private" | "internal":
            return "remake"
    return "unknown"


def mapping(difference: Difference, before: dict[str, Any], after: dict[str, Any]) -> Verdict:
    """Whether one difference between two normalised mappings can be made in place; paths start below `mappings`."""
    path = difference.path
    if path[0] != "properties":
        if path[0] == "runtime":
            return "in place"
        return _row(matrix()["root"].get(str(path[0])), difference.before, difference.after)
    place, rest = _field_path(path)
    if not rest:
        return "in place" if difference.before is None else "stays" if difference.after is None else "remake"
    field = _get(after, place) or _get(before, place) or {}
    kind = str(field.get("type", "object"))
    if rest[0] == "type":
        return "remake"
    if kind == "dense_vector" and rest[0] == "index_options":
        return _index_options(_get(before, place) or {}, field, rest)
    old, new = (_get(_get(side, place) or {}, rest[:1]) for side in (before, after))
    return _row(matrix()["mapping"].get(kind, {}).get(str(rest[0])), old, new)


def _field_path(path: tuple[str | int, ...]) -> tuple[tuple[str | int, ...], tuple[str | int, ...]]:
    """Split behind the innermost field: `properties.a.fields.raw.norms` → (`properties.a.fields.raw`, `norms`)."""
    end = 0
    while end + 1 < len(path) and path[end] in ("properties", "fields"):
        end += 2
    return path[:end], path[end:]


def _get(value: Any, path: Iterable[str | int]) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _row(row: dict[str, Any] | None, before: Any, after: Any) -> Verdict:
    if row is None:
        return "unknown"
    word = row.get("add" if before is None else "remove" if after is None else "change")
    if isinstance(word, dict):
        pair = _word(after) if before is None else _word(before) if after is None else f"{_word(before)}→{_word(after)}"
        word = word.get(pair, word.get("*"))
    match word:
        case "in_place" | "merged":
            return "in place"
        case "ignored":
            return "stays"
        case "rejected":
            return "remake"
    return "unknown"


def _index_options(before: dict[str, Any], after: dict[str, Any], rest: tuple[str | int, ...]) -> Verdict:
    old, new = (side.get("index_options") or {} for side in (before, after))
    if old.get("type") == new.get("type"):
        if rest[1:] == ("m",):
            return "in place" if (new.get("m") or 16) >= (old.get("m") or 16) else "remake"
        return "in place"
    table = matrix()["index_options"].get(after.get("element_type", "float"), {})
    row = table.get(old.get("type", "(absent)"), {})
    target = new.get("type", "(absent)")
    return (
        "in place"
        if target in row.get("in_place", ())
        else "remake"
        if target in row.get("rejected", ())
        else "unknown"
    )


def _word(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
