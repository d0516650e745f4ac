"""What the format as code cannot say: a small patch of what a config becomes, kept under `raw` and applied last.

`{set: {pointer: value}, remove: [pointer]}`; pointers are JSON pointers (RFC 6901) into what Kibana stores. Lists are
patched entry by entry where both have the same length, else replaced as wholes.
"""

from __future__ import annotations

from typing import Any

Raw = dict[str, Any]


def difference(made: Any, given: Any) -> Raw:
    """The patch that turns `made` into `given`; empty where they are equal."""
    found: Raw = {"set": {}, "remove": []}
    _compare(made, given, "", found)
    return {key: value for key, value in found.items() if value}


def patched(made: Any, raw: Raw) -> Any:
    """`made` with the patch applied; `made` itself is left alone. A pointer that leads nowhere makes its parents."""
    for pointer in raw.get("remove", ()):
        made = _without(made, _parts(pointer))
    for pointer, value in (raw.get("set") or {}).items():
        made = _with(made, _parts(pointer), value)
    return made


def _compare(made: Any, given: Any, pointer: str, found: Raw) -> None:
    if isinstance(made, dict) and isinstance(given, dict):
        for key in made:
            if key not in given:
                found["remove"].append(f"{pointer}/{_escaped(key)}")
        for key, value in given.items():
            if key in made:
                _compare(made[key], value, f"{pointer}/{_escaped(key)}", found)
            else:
                found["set"][f"{pointer}/{_escaped(key)}"] = value
    elif isinstance(made, list) and isinstance(given, list) and len(made) == len(given):
        for position, (one, other) in enumerate(zip(made, given, strict=True)):
            _compare(one, other, f"{pointer}/{position}", found)
    elif made != given or isinstance(made, bool) is not isinstance(given, bool):
        found["set"][pointer] = given


def _with(value: Any, parts: list[str], new: Any) -> Any:
    if not parts:
        return new
    key, *rest = parts
    if isinstance(value, list) and key.isdigit() and int(key) < len(value):
        changed = list(value)
        changed[int(key)] = _with(changed[int(key)], rest, new)
        return changed
    holder = value if isinstance(value, dict) else {}
    return {**holder, key: _with(holder.get(key), rest, new)}


def _without(value: Any, parts: list[str]) -> Any:
    key, *rest = parts
    if isinstance(value, list) and key.isdigit() and int(key) < len(value):
        if not rest:
            return [one for position, one in enumerate(value) if position != int(key)]
        return [_without(one, rest) if position == int(key) else one for position, one in enumerate(value)]
    if not isinstance(value, dict) or key not in value:
        return value
    if not rest:
        return {name: one for name, one in value.items() if name != key}
    return {**value, key: _without(value[key], rest)}


def _parts(pointer: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
