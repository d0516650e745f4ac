"""Open points in time and scrolls: what they saw, until they are closed or expire."""

from __future__ import annotations

import base64
import os
import time
from dataclasses import dataclass, field
from typing import Any

from .dates import duration_ms
from .errors import ElasticsearchError
from .mapping import Body
from .node import Index, Node


@dataclass
class Context:
    """`live` maps an index's uuid to the table of the documents seen; a scroll also keeps the hits still to come."""

    indices: list[Index]
    live: dict[str, str]
    expires: float
    remaining: list[Any] = field(default_factory=list)
    body: Body = field(default_factory=dict)
    total: Body = field(default_factory=dict)


class SearchContexts:
    def __init__(self) -> None:
        self._open: dict[str, Context] = {}

    def open(self, node: Node, indices: list[Index], keep_alive: str) -> tuple[str, Context]:
        """Freezes the live documents of the indices; replaced versions are kept while anything is open."""
        live = {}
        for index in indices:
            columns = node.columns.refreshed(index)
            table = f"frozen_{node.columns.number()}"
            node.columns.db.execute(f"CREATE TABLE {table} AS SELECT doc FROM {columns.live}")
            live[index.uuid] = table
        id = base64.urlsafe_b64encode(os.urandom(33)).decode()
        context = Context(indices, live, time.monotonic() + duration_ms(keep_alive, "keep_alive") / 1000)
        self._open[id] = context
        node.columns.pinned += 1
        node.store.keep_replaced = True
        return id, context

    def find(self, node: Node, id: str, keep_alive: str | None = None) -> Context:
        """Raises search_context_missing_exception where it was closed, expired or never was."""
        self.expire(node)
        context = self._open.get(id)
        if context is None:
            missing = {"type": "search_context_missing_exception", "reason": "No search context found for id [0]"}
            raise ElasticsearchError(
                "search_phase_execution_exception", "all shards failed", status=404, root=[missing], cause=missing,
                phase="query", grouped=True, failed_shards=[{"shard": -1, "index": None, "reason": missing}],
            )  # fmt: skip
        if keep_alive:
            context.expires = time.monotonic() + duration_ms(keep_alive, "keep_alive") / 1000
        return context

    def close(self, node: Node, id: str) -> bool:
        context = self._open.pop(id, None)
        if context is None:
            return False
        for table in context.live.values():
            node.columns.db.execute(f"DROP TABLE IF EXISTS {table}")
        node.columns.pinned -= 1
        if not self._open:
            node.store.forget_replaced()
        return True

    def close_all(self, node: Node) -> int:
        ids = list(self._open)
        return sum(self.close(node, id) for id in ids)

    def expire(self, node: Node) -> None:
        now = time.monotonic()
        for id in [i for i, c in self._open.items() if c.expires < now]:
            self.close(node, id)
