"""The truth on disk: SQLite (WAL) with every document's newest version, and the cluster's metadata as JSON."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

_SCHEMA = """
CREATE TABLE IF NOT EXISTS metadata (kind TEXT, id TEXT, body BLOB NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS documents (
  doc INTEGER PRIMARY KEY AUTOINCREMENT,   -- grows with every write: columns are refreshed from the last one seen
  idx TEXT NOT NULL, id TEXT NOT NULL, seq INTEGER NOT NULL, term INTEGER NOT NULL, version INTEGER NOT NULL,
  source BLOB,                             -- NULL: deleted
  vectors BLOB                             -- dense vectors that are kept apart from the source
);
CREATE TABLE IF NOT EXISTS replaced (        -- older versions that an open point in time still sees
  doc INTEGER PRIMARY KEY, idx TEXT, id TEXT, seq INTEGER, term INTEGER, version INTEGER, source BLOB, vectors BLOB
);
CREATE UNIQUE INDEX IF NOT EXISTS documents_id ON documents (idx, id);
CREATE INDEX IF NOT EXISTS documents_doc ON documents (idx, doc);
"""


@dataclass(frozen=True)
class Stored:
    """One document as stored; `source` is None where it was deleted (its version goes on counting)."""

    doc: int
    id: str
    seq: int
    term: int
    version: int
    source: bytes | None
    vectors: bytes | None


_COLUMNS = "doc, id, seq, term, version, source, vectors"


class Store:
    """All reads and writes of one data folder. Used under the node's lock, from any thread."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(folder / "elasticsearch.sqlite", check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        # NORMAL: an acknowledged write survives the death of the process; a power cut may lose the last ones.
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute("PRAGMA cache_size=-65536")
        self._db.executescript(_SCHEMA)
        self.keep_replaced = False
        self.forget_replaced()

    def close(self) -> None:
        self._db.close()

    def begin(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self._db.execute("COMMIT")

    def rollback(self) -> None:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    # metadata

    def load(self, kind: str) -> dict[str, Any]:
        return {i: orjson.loads(b) for i, b in self._db.execute("SELECT id, body FROM metadata WHERE kind=?", (kind,))}

    def save(self, kind: str, id: str, body: Any) -> None:
        self._db.execute("INSERT OR REPLACE INTO metadata VALUES (?,?,?)", (kind, id, orjson.dumps(body)))

    def forget(self, kind: str, id: str) -> None:
        self._db.execute("DELETE FROM metadata WHERE kind=? AND id=?", (kind, id))

    # documents

    def forget_replaced(self) -> None:
        """No point in time is open any more."""
        self.keep_replaced = False
        self._db.execute("DELETE FROM replaced")

    def get(self, index: str, id: str) -> Stored | None:
        row = self._db.execute(f"SELECT {_COLUMNS} FROM documents WHERE idx=? AND id=?", (index, id)).fetchone()
        return Stored(*row) if row else None

    def put(
        self, index: str, id: str, seq: int, term: int, version: int, source: bytes | None, vectors: bytes | None
    ) -> None:
        if self.keep_replaced:
            self._db.execute("INSERT INTO replaced SELECT * FROM documents WHERE idx=? AND id=?", (index, id))
        self._db.execute(
            "INSERT OR REPLACE INTO documents (idx, id, seq, term, version, source, vectors) VALUES (?,?,?,?,?,?,?)",
            (index, id, seq, term, version, source, vectors),
        )

    def since(self, index: str, doc: int) -> Iterator[tuple[int, str, bytes | None]]:
        """(doc, id, source) of everything written after `doc`, in order."""
        yield from self._db.execute(
            "SELECT doc, id, source FROM documents WHERE idx=? AND doc>? ORDER BY doc", (index, doc)
        )

    def by_doc(self, docs: Iterable[int]) -> dict[int, Stored]:
        found = {}
        wanted = list(docs)
        for start in range(0, len(wanted), 500):
            part = wanted[start : start + 500]
            marks = ",".join("?" * len(part))
            for table in ("documents", "replaced") if self.keep_replaced else ("documents",):
                for row in self._db.execute(f"SELECT {_COLUMNS} FROM {table} WHERE doc IN ({marks})", part):
                    found[row[0]] = Stored(*row)
        return found

    def vectors_since(self, index: str, doc: int) -> Iterator[tuple[int, bytes | None, bytes | None]]:
        """(doc, source, vectors) of what was written after `doc`."""
        yield from self._db.execute(
            "SELECT doc, source, vectors FROM documents WHERE idx=? AND doc>? ORDER BY doc", (index, doc)
        )

    def last_seq(self, index: str) -> int:
        return self._db.execute("SELECT coalesce(max(seq), -1) FROM documents WHERE idx=?", (index,)).fetchone()[0]

    def last_doc(self, index: str) -> int:
        return self._db.execute("SELECT coalesce(max(doc), 0) FROM documents WHERE idx=?", (index,)).fetchone()[0]

    def count(self, index: str) -> tuple[int, int, int]:
        """(documents, tombstones, bytes) of an index."""
        return self._db.execute(
            "SELECT count(source), count(*) - count(source), coalesce(sum(length(source) + coalesce(length(vectors),"
            " 0)), 0) FROM documents WHERE idx=?",
            (index,),
        ).fetchone()

    def copy(self, index: str, target: str) -> None:
        """Every document of one index, as it is, into an empty other one."""
        self._db.execute(
            "INSERT INTO documents (idx, id, seq, term, version, source, vectors)"
            " SELECT ?, id, seq, term, version, source, vectors FROM documents WHERE idx=? ORDER BY doc",
            (target, index),
        )

    def drop(self, index: str) -> None:
        if self.keep_replaced:
            self._db.execute("INSERT INTO replaced SELECT * FROM documents WHERE idx=?", (index,))
        self._db.execute("DELETE FROM documents WHERE idx=?", (index,))
