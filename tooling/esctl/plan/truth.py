"""Three-way truth: what was written, what was last applied, what is there → one word."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..kinds.differences import projected, same
from ..model import Body, Cause, Remembered


def decide(desired: Body | None, remembered: Remembered | None, live: Body | None, *, shared: bool) -> Cause:
    """The row of the table of three-way truth. All bodies are normalised.

    Where the kind is `shared`, only what was written (now or last) is looked at in `live`.
    """
    if desired is None:
        if remembered is None:
            return Cause.CLEAN
        if live is None:
            return Cause.GONE
        return Cause.ORPHAN if _holds(live, remembered.body, remembered, shared) else Cause.ORPHAN_DRIFTED
    if remembered is None:
        if live is None:
            return Cause.NEW
        return Cause.ADOPT if _holds(live, desired, None, shared) else Cause.FOREIGN
    if live is None:
        return Cause.DELETED
    as_desired = _holds(live, desired, remembered, shared, forgotten=True)
    if same(desired, remembered.body):
        return Cause.CLEAN if as_desired else Cause.DRIFTED
    if as_desired:
        return Cause.CLEAN
    return Cause.PENDING if _holds(live, remembered.body, remembered, shared) else Cause.BOTH


def _holds(live: Body, written: Body, remembered: Remembered | None, shared: bool, *, forgotten: bool = False) -> bool:
    """Whether `live` is what was written and, for a kind written whole, nothing more than the server's defaults."""
    if shared:
        # What was written last time and no longer is must be gone too.
        return same(projected(live, written, *([remembered.body] if forgotten and remembered else [])), written)
    return same(without_defaults(live, written, remembered.defaults if remembered else {}), written)


def seen(live: Body, desired: Body | None, remembered: Remembered | None, *, shared: bool) -> Body:
    """What of `live` is compared with `desired` in a diff."""
    if shared:
        return dict(projected(live, *(body for body in (desired, remembered and remembered.body) if body)))
    return dict(without_defaults(live, desired or {}, remembered.defaults if remembered else {}))


def added(live: Any, written: Any, pointer: str = "") -> dict[str, Any]:
    """What a server added to what was written: JSON pointer (RFC 6901) → value."""
    return dict(_added(live, written, pointer))


def _added(live: Any, written: Any, pointer: str) -> Iterator[tuple[str, Any]]:
    if isinstance(live, dict) and isinstance(written, dict):
        for key, value in live.items():
            place = f"{pointer}/{_escape(key)}"
            if key not in written:
                yield place, value
            else:
                yield from _added(value, written[key], place)
    elif isinstance(live, list) and isinstance(written, list) and len(live) == len(written):
        for position, (left, right) in enumerate(zip(live, written, strict=True)):
            yield from _added(left, right, f"{pointer}/{position}")


def without_defaults(live: Any, written: Any, defaults: dict[str, Any], pointer: str = "") -> Any:
    """`live` without those keys that `written` lacks and that still have the value the server gave them itself."""
    if not defaults:
        return live
    if isinstance(live, dict):
        below = written if isinstance(written, dict) else {}
        kept = {}
        for key, value in live.items():
            place = f"{pointer}/{_escape(key)}"
            if key not in below and place in defaults and same(defaults[place], value):
                continue
            kept[key] = without_defaults(value, below.get(key), defaults, place)
        return kept
    if isinstance(live, list) and isinstance(written, list) and len(live) == len(written):
        return [
            without_defaults(item, written[position], defaults, f"{pointer}/{position}")
            for position, item in enumerate(live)
        ]
    return live


def _escape(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
