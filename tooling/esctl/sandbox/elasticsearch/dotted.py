"""Values of documents by their path with dots."""

from __future__ import annotations

from typing import Any

from .mapping import Body


def at(source: Any, path: str) -> Any:
    """The value at a path with dots, or at the key that is called so; None where there is none."""
    if isinstance(source, dict) and path in source:
        return source[path]
    for part in path.split("."):
        if not isinstance(source, dict) or part not in source:
            return None
        source = source[part]
    return source


def put(target: Body, path: str, value: Any) -> None:
    """Set the value at a path with dots, making the objects on the way."""
    *parents, last = path.split(".")
    for part in parents:
        target = target.setdefault(part, {})
    target[last] = value
