"""Names with `*` as Elasticsearch reads them (`Regex.simpleMatchToAutomaton`): `*` stands for any text."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator
from functools import lru_cache
from typing import TypeVar

Named = TypeVar("Named", bound=Hashable)


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)


def matches(pattern: str, name: str) -> bool:
    """Whether a pattern takes in a name."""
    if "*" not in pattern:
        return pattern == name
    return bool(_compiled(pattern).fullmatch(name))


def overlap(one: str, other: str) -> bool:
    """Whether some name matches both patterns."""
    if "*" not in other:
        return matches(one, other)
    if "*" not in one:
        return matches(other, one)
    # Which prefixes of `other` may stand against what was read of `one`: a walk through both, a row at a time.
    row = _row_of_nothing(other)
    for sign in one:
        if sign == "*":
            row = _spread(row)
            continue
        following = [False] * len(row)
        for at, there in enumerate(row):
            if there and at < len(other):
                if other[at] == "*":
                    following[at] = True
                elif other[at] == sign:
                    following[at + 1] = True
        for at, letter in enumerate(other):
            if letter == "*" and following[at]:
                following[at + 1] = True
        row = following
    return row[-1]


def _row_of_nothing(pattern: str) -> list[bool]:
    row = [True]
    for sign in pattern:
        row.append(row[-1] and sign == "*")
    return row


def _spread(row: list[bool]) -> list[bool]:
    """After a `*` everything from the first reachable place on is reachable."""
    first = row.index(True) if True in row else len(row)
    return [at >= first for at in range(len(row))]


def stem(pattern: str) -> str:
    """The text before the first `*`."""
    return pattern.partition("*")[0]


def overlapping(patterns: Iterable[tuple[str, Named]]) -> Iterator[tuple[tuple[str, Named], tuple[str, Named]]]:
    """Pairs of patterns that share a name, the later one second.

    Two patterns overlap only where the stem of one begins with the other's: those before it are looked up by its
    beginnings, so that the work grows with the pairs found and not with the square of the patterns.
    """
    by_stem: dict[str, list[tuple[str, Named]]] = {}
    below: dict[str, list[tuple[str, Named]]] = {}  # every beginning of a stem, and the patterns that have it
    for pattern, named in patterns:
        own = stem(pattern)
        near = [entry for length in range(len(own)) for entry in by_stem.get(own[:length], ())] + below.get(own, [])
        for earlier in near:
            if overlap(earlier[0], pattern):
                yield earlier, (pattern, named)
        by_stem.setdefault(own, []).append((pattern, named))
        for length in range(len(own) + 1):
            below.setdefault(own[:length], []).append((pattern, named))


class Patterns:
    """Patterns looked up by a name that they take in."""

    def __init__(self) -> None:
        self._by_stem: dict[str, list[tuple[str, object]]] = {}

    def add(self, pattern: str, what: object) -> None:
        self._by_stem.setdefault(stem(pattern), []).append((pattern, what))

    def taking(self, name: str) -> Iterator[object]:
        """What stands behind the patterns that take in `name`."""
        for length in range(len(name) + 1):
            for pattern, what in self._by_stem.get(name[:length], ()):
                if matches(pattern, name):
                    yield what
