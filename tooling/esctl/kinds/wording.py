"""Words for mistakes in bodies: what was probably meant, what a value is and is called."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from ..model import Path


def meant(word: str, known: Iterable[str]) -> tuple[bool, str | None]:
    """Whether `word` is probably a slip of a known word, and the question that names the nearest one."""
    names = list(known)
    plain = _plain(word)
    for name in names:
        if _plain(name) == plain:
            return True, f'did you mean "{name}"?'
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if not near:
        return False, None
    ratio = difflib.SequenceMatcher(None, word, near[0]).ratio()
    swapped = sorted(word) == sorted(near[0])
    return ratio >= 0.75 or swapped, f'did you mean "{near[0]}"?'


def _plain(word: str) -> str:
    return word.lower().replace("_", "").replace("-", "")


def numeric(text: str) -> bool:
    """Whether a server would read `text` as a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def name_of(path: Path) -> str:
    """What a value is called: its key, or the list it stands in."""
    names = [part for part in path if isinstance(part, str)]
    if not names:
        return "the spec"
    return f"an item of {names[-1]}" if isinstance(path[-1], int) else names[-1]


def in_words(value: Any) -> str:
    """What a value is: "a list", "text", …"""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true" if value else "false"
    words = {dict: "a mapping", list: "a list", str: "text", int: "a number", float: "a number"}
    return words.get(type(value), type(value).__name__)


def nesting_hint(value: Any) -> str | None:
    """A mapping that is empty has often lost what stands below it."""
    return "is what belongs to it indented too little?" if value is None else None
