"""A search over some indices at one moment: their live documents, and fields as SQL relations of (doc, value)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .analysis_settings import unsearched
from .columns import Columns, IndexColumns
from .dates import now_ms
from .errors import ElasticsearchError, illegal, unsupported
from .field_types import FLOATS, INTEGERS, KEPT
from .mapping import Field
from .node import Index, Node


@dataclass(frozen=True)
class Part:
    """One index of a search; `live` is the table of documents seen (a point in time has its own)."""

    index: Index
    columns: IndexColumns
    live: str


@dataclass(frozen=True)
class Column:
    """A field over all indices that have it: `sql` selects (doc, value); `field` is its definition in the first one."""

    sql: str
    field: Field

    @property
    def type(self) -> str:
        return self.field.type

    @property
    def numeric(self) -> bool:
        return self.type in INTEGERS or self.type in FLOATS or self.type in ("date", "boolean")

    @property
    def floating(self) -> bool:
        return self.type in FLOATS


def quoted(value: Any) -> str:
    """A value as an SQL literal."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, (int, float)):
        if value != value or value in (float("inf"), float("-inf")):
            return f"'{value}'::DOUBLE"
        return f"({value!r})"
    return "'" + str(value).replace("'", "''") + "'"


def query_failure(part: Part, reason: str, cause: ElasticsearchError | None = None) -> ElasticsearchError:
    return ElasticsearchError(
        "query_shard_exception", reason, cause=cause, index_uuid=part.index.uuid, index=part.index.name
    )


class Searcher:
    """Holds temporary tables; call `close` when the answer is made."""

    def __init__(self, node: Node, indices: list[Index], live: dict[str, str] | None = None) -> None:
        self.node = node
        self.columns: Columns = node.columns
        self.now = now_ms()
        self.parts = []
        for index in indices:
            columns = self.columns.refreshed(index)
            self.parts.append(Part(index, columns, (live or {}).get(index.uuid, columns.live)))
        self._temporary: list[str] = []

    def close(self) -> None:
        for table in self._temporary:
            self.columns.db.execute(f"DROP TABLE IF EXISTS {table}")
        self._temporary.clear()

    @property
    def docs(self) -> str:
        """SELECT (doc, part)."""
        selects = [f"SELECT doc, {n} AS part FROM {p.live}" for n, p in enumerate(self.parts)]
        return " UNION ALL ".join(selects) or "SELECT 0::BIGINT AS doc, 0 AS part WHERE FALSE"

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.columns.rows(sql)

    def make(self, sql: str) -> str:
        """A temporary table of a query's rows."""
        name = f"temporary_{self.columns.number()}"
        self.columns.db.execute(f"CREATE TABLE {name} AS {sql}")
        self._temporary.append(name)
        return name

    def load(self, columns: dict[str, tuple[str, Iterable[Any]]]) -> str:
        """A temporary table of Python values."""
        name = f"temporary_{self.columns.number()}"
        self._temporary.append(name)
        return self.columns.table(name, columns)

    def fields(self, path: str) -> list[tuple[Part, Field]]:
        """The field's definition in each index that has it."""
        found = []
        for part in self.parts:
            known = part.index.mapping.field(path)
            if known is not None:
                _check_searched(part, known, path)
                found.append((part, known))
        return found

    def nested(self, path: str) -> bool:
        return any(path.startswith(n + ".") for p in self.parts for n in p.index.mapping.nested)

    def column(self, path: str, purpose: str = "aggregations") -> Column | None:
        """The doc values of a field, or None where no index has it; raises for a field without doc values."""
        selects, first = [], None
        for part in self.parts:
            known = part.index.mapping.field(path)
            table = None
            if known is None:
                keyed = part.index.mapping.flattened_parent(path)
                if keyed is None:
                    continue
                known = Field(path, "keyword", {"type": "keyword"})
                table = part.columns.tables.get(f"{keyed[0].path}#keyed")
                if table:
                    selects.append(f"SELECT doc, value FROM {table} WHERE key = {quoted(keyed[1])}")
                first = first or known
                continue
            self._check_doc_values(part, known, path)
            if first is not None and (first.type in ("keyword", "ip")) != (
                known.type in ("keyword", "ip", "flattened")
            ):
                raise illegal(f"the esctl sandbox does not search [{path}] with different types in one request")
            first = first or known
            table = part.columns.tables.get(known.path)
            if table:
                selects.append(f"SELECT doc, value FROM {table}")
        if first is None:
            return None
        empty = (
            "VARCHAR"
            if first.type in ("keyword", "ip", "flattened")
            else "DOUBLE"
            if first.type in FLOATS
            else "BIGINT"
        )
        return Column(
            " UNION ALL ".join(selects) or f"SELECT 0::BIGINT AS doc, NULL::{empty} AS value WHERE FALSE", first
        )

    def _check_doc_values(self, part: Part, known: Field, path: str) -> None:
        _check_searched(part, known, path)
        if known.type == "text":
            raise illegal(
                f"Fielddata is disabled on [{path}] in [{part.index.name}]. Text fields are not optimised for"
                " operations that require per-document field data like aggregations and sorting, so these operations"
                " are disabled by default. Please use a keyword field instead. Alternatively, set fielddata=true on"
                f" [{path}] in order to load field data by uninverting the inverted index. Note that this can use"
                " significant memory."
            )
        if known.type in ("dense_vector", "rank_feature", "binary"):
            raise illegal(f"[{known.type}] fields do not support sorting, scripting or aggregating")
        if known.get("doc_values") is False:
            raise illegal(
                f"Can't load fielddata on [{path}] because fielddata is unsupported on fields of type [{known.type}]."
                " Use doc values instead."
            )


def _check_searched(part: Part, known: Field, path: str) -> None:
    if known.type in KEPT:
        raise unsupported(f"searches of fields of the type [{known.type}] (field [{path}])")
    lacking = unsearched(known, part.index.settings)
    if lacking:
        raise unsupported(f"searches through {lacking} (field [{path}])")
