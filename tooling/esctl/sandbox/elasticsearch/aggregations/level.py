"""One level of an aggregation tree: which documents are in which bucket of the parent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..mapping import Body


@dataclass(frozen=True)
class Level:
    """`table` has (doc, bucket); buckets are numbered from 0 to `count` - 1, and may hold no document."""

    table: str
    count: int


@dataclass
class Bucket:
    """A bucket on its way into the answer: `parent` and `key` place it, `body` is what is shown."""

    parent: int
    key: Any
    docs: int
    body: Body = field(default_factory=dict)
    number: int = -1
    """Its number in the level below; -1 where there is none."""
