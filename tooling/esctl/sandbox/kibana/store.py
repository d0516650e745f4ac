"""Saved objects and spaces in one SQLite file."""

from __future__ import annotations

import base64
import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_TABLES = """
create table if not exists objects (
  type text not null, id text not null, space text not null, seq integer not null, title text, origin text,
  body text not null, primary key (type, id));
create index if not exists objects_by_space on objects (space, type);
create table if not exists spaces (id text primary key, body text not null);
create table if not exists counter (name text primary key, value integer not null);
insert or ignore into counter values ('seq', -1);
"""

_DEFAULT_SPACE = {
    "id": "default",
    "name": "Default",
    "description": "This is your default space!",
    "color": "#00bfb3",
    "disabledFeatures": [],
    "_reserved": True,
}


@dataclass(frozen=True)
class SavedObject:
    """One saved object as it is stored. An object lives in one space; `id` is unique over all of them."""

    type: str
    id: str
    attributes: dict[str, Any]
    references: list[dict[str, str]] = field(default_factory=list)
    space: str = "default"
    seq: int = 0
    created_at: str = ""
    updated_at: str = ""
    core_version: str = ""
    type_version: str = ""
    managed: bool = False
    origin: str | None = None
    as_code: dict[str, Any] | None = None
    """What was written through the Dashboards or Visualizations API: `attributes` hold only its title then."""

    @property
    def title(self) -> str:
        return str(self.attributes.get("name") or self.attributes.get("title") or "")

    @property
    def version(self) -> str:
        """Kibana's opaque version: base64 of `[sequence number, primary term]`."""
        return base64.b64encode(json.dumps([self.seq, 1], separators=(",", ":")).encode()).decode()

    def body(self, *, namespaces: bool = True) -> dict[str, Any]:
        """The object as the API shows it; an export leaves `namespaces` out."""
        shown: dict[str, Any] = {
            "id": self.id,
            "type": self.type,
            "updated_at": self.updated_at,
            "created_at": self.created_at,
            "version": self.version,
            "attributes": self.attributes,
            "references": self.references,
            "managed": self.managed,
            "coreMigrationVersion": self.core_version,
            "typeMigrationVersion": self.type_version,
        }
        if namespaces:
            shown["namespaces"] = [self.space]
        if self.origin:
            shown["originId"] = self.origin
        return shown


class Store:
    """One connection, guarded by a lock: requests are short, and SQLite has one writer anyway."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.execute("pragma journal_mode = wal")
        self._connection.execute("pragma synchronous = normal")
        self._connection.executescript(_TABLES)

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """All writes inside happen, or none."""
        with self._lock:
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("begin immediate")
            try:
                yield
            except BaseException:
                self._connection.execute("rollback")
                raise
            self._connection.execute("commit")

    # objects

    def get(self, type_: str, id_: str, *, space: str | None = None) -> SavedObject | None:
        """The object, or None; with `space` only when it lives there."""
        row = self._one("select body from objects where type = ? and id = ?", type_, id_)
        found = SavedObject(**json.loads(row[0])) if row else None
        return found if found and space in (None, found.space) else None

    def by_origin(self, type_: str, origin: str, space: str) -> list[SavedObject]:
        """The objects of a space that were imported under another id: `origin` was the id in the file."""
        query = "select body from objects where type = ? and origin = ? and space = ?"
        return [SavedObject(**json.loads(row[0])) for row in self._all(query, type_, origin, space)]

    def of_types(self, types: Iterable[str], space: str) -> list[SavedObject]:
        """All objects of the types in the space, ordered by type and id."""
        names = tuple(types)
        marks = ",".join("?" * len(names))
        query = f"select body from objects where space = ? and type in ({marks}) order by type, id"
        return [SavedObject(**json.loads(row[0])) for row in self._all(query, space, *names)]

    def put(self, saved: SavedObject) -> SavedObject:
        """Create or replace; sets the sequence number, `updated_at`, and `created_at` where it is empty."""
        with self.writing():
            (seq,) = self._all("update counter set value = value + 1 where name = 'seq' returning value")
            now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            values = dict(vars(saved)) | {"seq": seq[0], "updated_at": now, "created_at": saved.created_at or now}
            stored = SavedObject(**values)
            self._connection.execute(
                "insert or replace into objects values (?, ?, ?, ?, ?, ?, ?)",
                (stored.type, stored.id, stored.space, stored.seq, stored.title, stored.origin, json.dumps(values)),
            )
        return stored

    def delete(self, type_: str, id_: str) -> None:
        with self.writing():
            self._connection.execute("delete from objects where type = ? and id = ?", (type_, id_))

    # spaces

    def spaces(self) -> list[dict[str, Any]]:
        made = [json.loads(row[0]) for row in self._all("select body from spaces order by id")]
        return made if any(space["id"] == "default" for space in made) else [dict(_DEFAULT_SPACE), *made]

    def space(self, id_: str) -> dict[str, Any] | None:
        return next((space for space in self.spaces() if space["id"] == id_), None)

    def put_space(self, body: dict[str, Any]) -> None:
        with self.writing():
            self._connection.execute("insert or replace into spaces values (?, ?)", (body["id"], json.dumps(body)))

    def delete_space(self, id_: str) -> None:
        """The space and every object in it."""
        with self.writing():
            self._connection.execute("delete from objects where space = ?", (id_,))
            self._connection.execute("delete from spaces where id = ?", (id_,))

    def _one(self, query: str, *values: Any) -> tuple[Any, ...] | None:
        with self._lock:
            row: tuple[Any, ...] | None = self._connection.execute(query, values).fetchone()
            return row

    def _all(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._connection.execute(query, values).fetchall()
