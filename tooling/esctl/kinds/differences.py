"""Where two bodies differ: the one comparison of the project."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from orjson import OPT_SORT_KEYS, dumps

from ..model import Difference, Path


def differences(before: Any, after: Any, path: Path = ()) -> tuple[Difference, ...]:
    """Every place where `after` is not `before`, in reading order; lists of unequal length are compared as wholes."""
    return tuple(_walk(before, after, path))


def _walk(before: Any, after: Any, path: Path) -> Iterator[Difference]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*after, *(key for key in before if key not in after)]:
            if key not in after:
                yield Difference((*path, key), before[key], None)
            elif key not in before:
                yield Difference((*path, key), None, after[key])
            else:
                yield from _walk(before[key], after[key], (*path, key))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for position, (left, right) in enumerate(zip(before, after, strict=True)):
            yield from _walk(left, right, (*path, position))
    elif not same(before, after):
        yield Difference(path, before, after)


def same(left: Any, right: Any) -> bool:
    """Equality of JSON values: `true` is not 1, but 1 is 1.0."""
    if isinstance(left, dict | list) and type(left) is type(right):
        if not left or not right:
            return not left and not right
        # Written out alike is the same; most of a project is, and this is many times faster than to walk.
        with suppress(TypeError):
            if dumps(left, option=OPT_SORT_KEYS) == dumps(right, option=OPT_SORT_KEYS):
                return True
    return _same(left, right)


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    return bool(left == right)


def projected(body: Any, *onto: Any) -> Any:
    """What of `body` stands below keys that one of `onto` writes: how shared ground is looked at."""
    shapes = [shape for shape in onto if isinstance(shape, dict)]
    if not isinstance(body, dict) or not shapes:
        return body
    keys = {key for shape in shapes for key in shape}
    return {
        key: projected(value, *(shape[key] for shape in shapes if key in shape))
        for key, value in body.items()
        if key in keys
    }
