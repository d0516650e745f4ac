"""Columns for search, in DuckDB (in memory): derived from the store, a table per field, refreshed after a write.

A table holds (doc, value) pairs, so that a field may have many values; `doc` is the store's number of that version of
the document. Versions that were replaced stay until too many are dead: what is alive stands in the index's own table.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from .analysis import analyze, kept_length
from .document_parser import DocumentParser
from .errors import ElasticsearchError
from .field_types import FLOATS
from .mapping import Field
from .node import Index
from .sources import unpack_vectors
from .store import Store

if TYPE_CHECKING:
    import duckdb
    import numpy

_SQL_TYPES = {
    "keyword": "VARCHAR",
    "ip": "VARCHAR",
    "flattened": "VARCHAR",
    "rank_feature": "DOUBLE",
    **dict.fromkeys(FLOATS, "DOUBLE"),
}


@dataclass
class IndexColumns:
    """What DuckDB has of one index. `number` makes its tables' names; `ids` finds the live version of a document."""

    number: int
    last: int = 0
    dead: int = 0
    ids: dict[str, int] = field(default_factory=dict)
    tables: dict[str, str] = field(default_factory=dict)
    """(field path, or `path#keyed`, `path#terms`, `path#lengths`, `path#present`) → table."""

    @property
    def live(self) -> str:
        return f"live_{self.number}"


class Columns:
    def __init__(self, store: Store) -> None:
        import duckdb

        self._store = store
        self.db: duckdb.DuckDBPyConnection = duckdb.connect(":memory:", config={"threads": 2})
        self._indices: dict[str, IndexColumns] = {}
        self._vectors: dict[tuple[str, str], _Vectors] = {}
        self._numbers = 0
        self.pinned = 0
        """Open points in time: while there are any, replaced versions are kept."""

    def number(self) -> int:
        self._numbers += 1
        return self._numbers

    def drop(self, uuid: str) -> None:
        known = self._indices.pop(uuid, None)
        if known is not None and not self.pinned:
            for table in [known.live, *known.tables.values()]:
                self.db.execute(f"DROP TABLE {table}")
        for key in [k for k in self._vectors if k[0] == uuid]:
            del self._vectors[key]

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self.db.execute(sql, list(parameters)).fetchall()

    def table(self, name: str, columns: dict[str, tuple[str, Iterable[Any]]]) -> str:
        """A temporary table from Python values: {column: (SQL type, values)}."""
        types = ", ".join(f"{c} {t}" for c, (t, _) in columns.items())
        self.db.execute(f"CREATE TABLE {name} ({types})")
        self.insert(name, {c: (t, list(v)) for c, (t, v) in columns.items()})
        return name

    def insert(self, table: str, columns: dict[str, tuple[str, list[Any]]]) -> None:
        """Many rows at once, by way of lists that DuckDB unnests (no other library, and fast)."""
        if not next(iter(columns.values()))[1]:
            return
        names = ", ".join(columns)
        parts = ", ".join(f"unnest(?::{t}[])" for t, _ in columns.values())
        self.db.execute(f"INSERT INTO {table} ({names}) SELECT {parts}", [v for _, v in columns.values()])

    def refreshed(self, index: Index) -> IndexColumns:
        """The index's columns, up to date with the store."""
        known = self._indices.get(index.uuid)
        if known is None:
            known = self._indices[index.uuid] = IndexColumns(self.number())
            self.db.execute(f"CREATE TABLE {known.live} (doc BIGINT)")
        if self._store.last_doc(index.uuid) > known.last:
            if known.dead > 10_000 and known.dead > 2 * len(known.ids) and not self.pinned:
                self.drop(index.uuid)
                return self.refreshed(index)
            self._read(index, known)
        return known

    def _read(self, index: Index, known: IndexColumns) -> None:
        batch = _Batch(index.parser)
        gone: list[int] = []
        for doc, id, source in self._store.since(index.uuid, known.last):
            known.last = doc
            old = known.ids.pop(id, None)
            if old is not None:
                gone.append(old)
            if source is None:
                continue
            known.ids[id] = doc
            batch.add(doc, source)
        dead = set(gone)
        known.dead += len(gone)
        if gone:
            self.db.execute(f"DELETE FROM {known.live} WHERE doc IN (SELECT unnest(?::BIGINT[]))", [gone])
        self.insert(known.live, {"doc": ("BIGINT", [d for d in batch.docs if d not in dead])})
        for name, columns in batch.columns.items():
            table = known.tables.get(name)
            if table is None:
                table = known.tables[name] = f"column_{self.number()}"
                types = ", ".join(f"{c} {t}" for c, (t, _) in columns.items())
                self.db.execute(f"CREATE TABLE {table} ({types})")
            self.insert(table, columns)

    def vectors(self, index: Index, path: str) -> tuple[numpy.ndarray, numpy.ndarray]:
        """(doc numbers, float32 matrix) of a dense_vector field, live and replaced versions alike."""
        key = (index.uuid, path)
        known = self._vectors.setdefault(key, _Vectors())
        if self._store.last_doc(index.uuid) > known.last:
            known.read(self._store, index, path)
        return known.arrays()


class _Batch:
    """Values of new documents, gathered by table."""

    def __init__(self, parser: DocumentParser) -> None:
        self.parser = parser
        self.docs: list[int] = []
        self.columns: dict[str, dict[str, tuple[str, list[Any]]]] = {}

    def add(self, doc: int, source: bytes) -> None:
        self.docs.append(doc)
        try:
            parsed = self.parser.parse(orjson.loads(source), None)
        except ElasticsearchError:
            return  # written under other rules (`ignore_malformed` since changed): kept, but not found by its fields
        for path, values in parsed.values.items():
            found = self.parser.mapping.fields.get(path)
            if found is None:
                continue
            if found.type == "text":
                self._text(doc, found, values)
                continue
            if found.type in ("keyword", "ip", "flattened"):
                values = list(dict.fromkeys(values))
            self._values(path, _SQL_TYPES.get(found.type, "BIGINT"), doc, values)
        for path, pairs in parsed.keyed.items():
            into = self.columns.setdefault(
                f"{path}#keyed", {"doc": ("BIGINT", []), "key": ("VARCHAR", []), "value": ("VARCHAR", [])}
            )
            for key, value in dict.fromkeys(pairs):
                into["doc"][1].append(doc)
                into["key"][1].append(key)
                into["value"][1].append(value)

    def _values(self, path: str, kind: str, doc: int, values: list[Any]) -> None:
        into = self.columns.setdefault(path, {"doc": ("BIGINT", []), "value": (kind, [])})
        into["doc"][1].extend([doc] * len(values))
        into["value"][1].extend(values)

    def _text(self, doc: int, found: Field, values: list[str]) -> None:
        into = self.columns.setdefault(
            f"{found.path}#terms", {"doc": ("BIGINT", []), "term": ("VARCHAR", []), "pos": ("INTEGER", [])}
        )
        lengths = self.columns.setdefault(
            f"{found.path}#lengths", {"doc": ("BIGINT", []), "length": ("INTEGER", []), "kept": ("INTEGER", [])}
        )
        offset = total = 0
        for text in values:
            terms = analyze(str(found.get("analyzer")), text)
            into["doc"][1].extend([doc] * len(terms))
            into["term"][1].extend(t for t, _ in terms)
            into["pos"][1].extend(offset + p for _, p in terms)
            offset += (terms[-1][1] + 1 if terms else 0) + int(found.get("position_increment_gap"))
            total += len(terms)
        lengths["doc"][1].append(doc)
        lengths["length"][1].append(total)
        lengths["kept"][1].append(kept_length(total))


class _Vectors:
    """One dense_vector field, grown by blocks."""

    def __init__(self) -> None:
        self.last = 0
        self._docs: list[numpy.ndarray] = []
        self._blocks: list[numpy.ndarray] = []

    def read(self, store: Store, index: Index, path: str) -> None:
        import numpy as np

        docs, vectors = [], []
        for doc, source, packed in store.vectors_since(index.uuid, self.last):
            self.last = doc
            vector = unpack_vectors(packed).get(path)
            if vector is None and source is not None and not index.parser.version.excludes_vectors:
                try:
                    vector = index.parser.parse(orjson.loads(source), None).vectors.get(path)
                except ElasticsearchError:
                    continue
            if vector is not None:
                docs.append(doc)
                vectors.append(vector)
        if docs:
            self._docs.append(np.array(docs, dtype=np.int64))
            self._blocks.append(np.stack(vectors).astype(np.float32))

    def arrays(self) -> tuple[numpy.ndarray, numpy.ndarray]:
        import numpy as np

        if not self._docs:
            return np.zeros(0, np.int64), np.zeros((0, 0), np.float32)
        if len(self._docs) > 1:
            self._docs, self._blocks = [np.concatenate(self._docs)], [np.concatenate(self._blocks)]
        return self._docs[0], self._blocks[0]
