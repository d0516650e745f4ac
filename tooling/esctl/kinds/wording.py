"""Words for mistakes in bodies: what was probably meant, what a value is and is called."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
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


class NearNames:
    """Names among which a slip of the pen is looked up without comparing it with each of them.

    Two words are one slip apart (a letter more, less, wrong, or two swapped) where, with one letter left out of each or
    of one, the same remains; that is looked up. Case, `-` and `_` do not count. What differs in a digit is no slip:
    `logs-1` and `logs-2` are two names.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._plain: dict[str, str] = {}
        for name in names:
            self._plain.setdefault(_plain(name), name)
        self._shortened: dict[str, list[str]] | None = None

    def slip_of(self, word: str) -> str | None:
        """The name that `word` is probably a slip of, or None."""
        plain = _plain(word)
        if plain in self._plain:
            return self._plain[plain] if self._plain[plain] != word else None
        if len(plain) < 4:
            return None
        if self._shortened is None:
            self._shortened = {}
            for name in self._plain:
                for short in _shortened(name):
                    self._shortened.setdefault(short, []).append(name)
        for short in _shortened(plain):
            for name in self._shortened.get(short, ()):
                if _digits(name) == _digits(plain) and _one_slip(name, plain):
                    return self._plain[name]
        return None


def _shortened(word: str) -> Iterator[str]:
    """The word, and the word with one letter left out."""
    yield word
    for position in range(len(word)):
        yield word[:position] + word[position + 1 :]


def _digits(word: str) -> str:
    return "".join(sign for sign in word if sign.isdigit())


def _one_slip(one: str, other: str) -> bool:
    """A letter more, less or wrong, or two neighbours swapped."""
    if len(one) != len(other):
        return abs(len(one) - len(other)) == 1
    apart = [position for position, pair in enumerate(zip(one, other, strict=True)) if pair[0] != pair[1]]
    swapped = len(apart) == 2 and one[apart[0]] == other[apart[1]] and one[apart[1]] == other[apart[0]]
    return len(apart) == 1 or (swapped and apart[1] == apart[0] + 1)


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


def with_article(name: str) -> str:
    """A kind's name with its article, by how it is said: `an index`, `an ml-filter`, `an slm-policy`."""
    return f"an {name}" if name[0] in "aeio" or name.split("-")[0] in ("ml", "slm", "slo") else f"a {name}"
