"""What a change of an index costs: by the matrix measured on real servers; beyond it, by what is documented; no guess.

The matrix (`data/update-matrix.json`) holds, per mapping parameter and setting, what 9.5.3 did, and below `8.19` what
8.19.21 did otherwise.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Literal

from ..model import Capabilities, Difference, Path

Verdict = Literal["in place", "reopen", "remake", "ignored", "stays", "refused", "dangerous", "unknown"]
"""What an index that exists does with a change.

in place · reopen: the index is closed for a moment · remake: refused, only a new index takes it · ignored: answered
with 200, yet only a new index takes it · stays: cannot be removed · refused: no index takes it, or the server sets it
itself · dangerous: taken, and documents lose what cannot be had back · unknown: the matrix does not say.
"""

_NOW = Capabilities()
_ABSENT = "(absent)"
_M = 16  # of every hnsw that does not say
_EF_CONSTRUCTION = 100


@cache
def matrix(older: bool = False) -> dict[str, Any]:
    """The matrix of 9.5.3, or of 8.19.21; `same_as` is followed."""
    text = files("esctl.kinds").joinpath("data/update-matrix.json").read_text(encoding="utf-8")
    whole: dict[str, Any] = json.loads(text)
    mapping = whole["mapping"]
    for kind, rows in mapping.items():
        if "same_as" in rows:
            mapping[kind] = {**mapping[rows["same_as"]], **{k: v for k, v in rows.items() if k != "same_as"}}
    if older:
        differing = whole["8.19"]
        whole["mapping"] = {
            kind: {**rows, **differing["mapping"].get(kind, {})} for kind, rows in whole["mapping"].items()
        }
        for part in ("root", "index_options", "index_option", "type_change", "settings"):
            whole[part] = {**whole[part], **differing[part]}
    return whole


def _measured(capabilities: Capabilities) -> dict[str, Any]:
    return matrix(capabilities.version[0] < 9)


def default_that_is_dropped(kind: str, parameter: str, value: Any, capabilities: Capabilities = _NOW) -> bool:
    """True where servers leave `value` of a field's parameter out when they are asked: its default, mostly."""
    if isinstance(value, dict | list):
        return _is_dropped(kind, parameter, value, capabilities.version[0] < 9)
    return _cached_is_dropped(kind, parameter, value, type(value).__name__, capabilities.version[0] < 9)


@lru_cache(4096)
def _cached_is_dropped(kind: str, parameter: str, value: Any, _: str, older: bool) -> bool:
    return _is_dropped(kind, parameter, value, older)


def _is_dropped(kind: str, parameter: str, value: Any, older: bool) -> bool:
    row = matrix(older)["mapping"].get(kind, {}).get(parameter)
    if not row:
        return False
    if "unseen" in row and "with" not in row and _word(value) in row["unseen"]:
        return True
    if row.get("default_written") != "dropped" or "default" not in row:
        return False
    default = row["default"]
    return bool(value == default) and isinstance(value, bool) == isinstance(default, bool)


def unseen_at_root(key: str, value: Any, capabilities: Capabilities) -> bool:
    """True where a root key of a mapping, so written, is not shown by servers: it says nothing, or is not taken."""
    row = _measured(capabilities)["root"].get(key) or {}
    return _word(value) in row.get("unseen", ())


def setting(name: str, capabilities: Capabilities = _NOW) -> Verdict:
    """Whether an index setting (`index.codec`) can change on a live index."""
    if name.startswith(("index.analysis.", "index.similarity.")):
        return "reopen"
    # The measured servers have no lifecycles; Elasticsearch's LifecycleSettings declares them Dynamic.
    if re.match(r"index\.(lifecycle\.|routing\.allocation\.(include|exclude|require)\.)", name):
        return "in place"
    match _measured(capabilities)["settings"].get(name):
        case "dynamic":
            return "in place"
        case "closed":
            return "reopen"
        case "final" | "internal":
            return "remake"
        case "private" | "removed" | "refused":
            return "refused"
    return "unknown"


def mapping(
    difference: Difference,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    capabilities: Capabilities = _NOW,
    *,
    unmapped: bool = False,
) -> Verdict:
    """Whether one difference between two normalised mappings can be made in place; its path starts below `mappings`.

    `unmapped`: the index has no mapping at all yet, and takes every root key.
    """
    tables, path = _measured(capabilities), difference.path
    if unmapped:
        return "in place"
    if path[0] == "properties":
        return _field(difference, before, after, tables)
    if path[0] == "runtime":
        return "in place" if difference.after is not None or len(path) > 2 else "stays"
    key = str(path[0])
    old, new = before.get(key), after.get(key)
    verdict = _row(tables["root"].get(key), old, new)
    if key == "_source" and verdict == "in place" and _stores_source(old) and not _stores_source(new):
        return "dangerous"
    return verdict


def _field(difference: Difference, before: Mapping[str, Any], after: Mapping[str, Any], tables: Any) -> Verdict:
    place, rest = _field_path(difference.path)
    if not rest:
        return "in place" if difference.before is None else "stays" if difference.after is None else "remake"
    old, new = _get(before, place) or {}, _get(after, place) or {}
    was, kind = (str(side.get("type", "object")) for side in (old, new))
    if old and new and was != kind:
        return _type(was, kind, tables)
    name = str(rest[0])
    if name == "type":
        return "in place"  # `object`, which is shown only where there are no sub-fields
    if name in ("fields", "properties"):
        return "stays" if difference.after is None else "in place"
    if kind == "dense_vector" and name == "index_options":
        return _index_options(old, new, tables)
    return _row(tables["mapping"].get(kind, {}).get(name), old.get(name), new.get(name))


def _type(before: str, after: str, tables: Any) -> Verdict:
    if before not in tables["types"] or after not in tables["types"]:
        return "remake"  # not measured, but documented ("Update mapping" in Elastic's API): a type is final
    pair = f"{before}→{after}"
    if pair in tables["type_change"]["in_place"]:
        return "in place"
    return "ignored" if pair in tables["type_change"]["ignored"] else "remake"


def _field_path(path: Path) -> tuple[Path, Path]:
    """Split behind the innermost field: `properties.a.fields.raw.norms` → (`properties.a.fields.raw`, `norms`)."""
    end = 0
    while end + 1 < len(path) and path[end] in ("properties", "fields"):
        end += 2
    return path[:end], path[end:]


def _get(value: Any, path: Iterable[str | int]) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _row(row: dict[str, Any] | None, before: Any, after: Any) -> Verdict:
    if row is None:
        return "unknown"
    if after is None and before is not None and _word(before) == _word(row.get("always_shown")):
        return "in place"  # it was never written
    word: Any = row.get("add" if before is None else "remove" if after is None else "change")
    if before is None and _word(after) in row.get("unseen", ()):
        word = "ignored"
    if isinstance(word, dict):
        pair = _word(after) if before is None else _word(before) if after is None else f"{_word(before)}→{_word(after)}"
        word = word.get(pair, word.get("*"))
    match word:
        case "in_place" | "merged":
            return "in place"
        case "ignored":
            return "stays" if after is None else "ignored"
        case "rejected":
            return "remake"
    return "unknown"


def _index_options(before: dict[str, Any], after: dict[str, Any], tables: Any) -> Verdict:
    old, new = (side.get("index_options") or {} for side in (before, after))
    was, kind = old.get("type", _ABSENT), new.get("type", _ABSENT)
    if was == kind:
        verdicts: list[Verdict] = [
            _option(kind, name, old, new, tables) for name in {*old, *new} if old.get(name) != new.get(name)
        ]
        return "remake" if "remake" in verdicts else "unknown" if "unknown" in verdicts else "in place"
    row = (tables["index_options"].get(after.get("element_type", "float")) or {}).get(was, {})
    if kind in row.get("in_place", ()):
        both = was.endswith("hnsw") and kind.endswith("hnsw")
        return "remake" if both and new.get("m", _M) < old.get("m", _M) else "in place"
    return "remake" if kind in row.get("rejected", ()) else "unknown"


def _option(kind: str, name: str, old: dict[str, Any], new: dict[str, Any], tables: Any) -> Verdict:
    """One option of two that are of one type."""
    known = tables["index_option"]
    if name in ("m", "ef_construction"):
        default = _M if name == "m" else _EF_CONSTRUCTION
        was, value = old.get(name, default), new.get(name, default)
        if was == value:
            return "in place"
        word = known.get(f"{kind}: {name} {'up' if value > was else 'down'}")
    else:
        what = "added" if name not in old else "removed" if name not in new else "changed"
        full = "rescore_vector.oversample" if name == "rescore_vector" else name
        word = known.get(f"{kind}: {full} {what}")
    return {"in_place": "in place", "rejected": "remake"}.get(word or "", "unknown")  # type: ignore[return-value]


def _stores_source(source: Any) -> bool:
    return not isinstance(source, dict) or source.get("enabled") is not False


def _word(value: Any) -> str:
    """A value as the matrix writes it: texts bare unless they look like another value, sub-fields as `name: type`."""
    if isinstance(value, str):
        return json.dumps(value) if re.fullmatch(r"true|false|null|-?[\d.]+", value) else value
    return json.dumps(value, sort_keys=True)
