"""`filter_path`: keeps (with a leading `-`: drops) the parts of an answer that match dotted paths with wildcards."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any


def filter_path(body: Any, patterns: list[str]) -> Any:
    """`nodes.*.timestamp`, `**._id`, `-took`. Nothing left gives `{}`."""
    keep = [p.split(".") for p in patterns if not p.startswith("-")]
    drop = [p[1:].split(".") for p in patterns if p.startswith("-")]
    if keep:
        found, body = _keep(body, keep)
        if not found:
            return {}
    return _drop(body, drop) if drop else body


def _steps(patterns: list[list[str]], key: str) -> list[list[str]]:
    """What remains of the patterns below `key`."""
    rest = []
    for pattern in patterns:
        head = pattern[0] if pattern else ""
        if head == "**":
            rest.append(pattern)
            if len(pattern) > 1 and fnmatchcase(key, pattern[1]):
                rest.append(pattern[2:])
        elif head and fnmatchcase(key, head):
            rest.append(pattern[1:])
    return rest


def _done(patterns: list[list[str]]) -> bool:
    return any(not p or p == ["**"] for p in patterns)


def _keep(value: Any, patterns: list[list[str]]) -> tuple[bool, Any]:
    if _done(patterns):
        return True, value
    if isinstance(value, dict):
        kept = {}
        for key, child in value.items():
            rest = _steps(patterns, key)
            if rest:
                found, inner = _keep(child, rest)
                if found:
                    kept[key] = inner
        return bool(kept), kept
    if isinstance(value, list):
        found_items = [inner for found, inner in (_keep(child, patterns) for child in value) if found]
        return bool(found_items), found_items
    return False, None


def _drop(value: Any, patterns: list[list[str]]) -> Any:
    if isinstance(value, dict):
        kept = {}
        for key, child in value.items():
            rest = _steps(patterns, key)
            if not _done(rest):
                kept[key] = _drop(child, rest) if rest else child
        return kept
    if isinstance(value, list):
        return [_drop(child, patterns) for child in value]
    return value
