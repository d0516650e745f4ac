"""Aggregations, level by level: each one runs once for all buckets of its parent, as SQL over (doc, bucket) tables."""

from __future__ import annotations

from typing import Any

from ..mapping import Body
from ..searcher import Searcher
from .level import Level
from .tree import Aggregator

__all__ = ["aggregate"]


def aggregate(searcher: Searcher, body: Any, docs: str, *, typed: bool = False) -> Body:
    """The `aggregations` of an answer over the documents that `docs` (SELECT doc) gives; raises ElasticsearchError."""
    table = searcher.make(f"SELECT doc, 0 AS bucket FROM ({docs})")
    return Aggregator(searcher, typed).tree(body, Level(table, 1))
