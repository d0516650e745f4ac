"""What charts share of how they look: sizes of legends, turned labels, defaults that are left out when read."""

from __future__ import annotations

from typing import Any

Body = dict[str, Any]

LEGEND_SIZES = {"auto": "auto", "s": "small", "m": "medium", "l": "large", "xl": "xlarge"}
SIZES_OF = {stored: name for name, stored in LEGEND_SIZES.items()}
ORIENTATIONS = {"horizontal": 0, "vertical": -90, "angled": -45}
ORIENTATIONS_OF = {angle: name for name, angle in ORIENTATIONS.items()}


def dropped(state: Body, defaults: Body) -> Body:
    """`state` without what is nothing, or what Lens would take anyway."""
    return {
        key: value
        for key, value in state.items()
        if value is not None and not (key in defaults and value == defaults[key])
    }


def put(found: Body, state: Body, key: str, *path: str, words: dict[Any, Any] | None = None) -> None:
    """Put `state[key]` at `path` of `found`; with `words`, only what they translate."""
    if key not in state or (words is not None and state[key] not in words):
        return
    for name in path[:-1]:
        found = found.setdefault(name, {})
    found[path[-1]] = state[key] if words is None else words[state[key]]
