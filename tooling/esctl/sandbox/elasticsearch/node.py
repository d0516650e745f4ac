"""The node: what one data folder holds, in memory beside its store: indices, templates, pipelines, policies."""

from __future__ import annotations

import base64
import threading
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .dates import now_ms
from .document_parser import DocumentParser
from .mapping import Body, Mapping
from .mapping_merge import merge_mapping
from .settings import Flat
from .store import Store
from .versions import Version

if TYPE_CHECKING:
    from .columns import Columns
    from .search_contexts import SearchContexts
    from .tasks import Tasks


def new_uuid() -> str:
    """22 characters, as Elasticsearch's own."""
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()


@dataclass
class Index:
    """One index. `settings` are flat and without what is always there (see `all_settings`)."""

    name: str
    uuid: str
    created: int
    settings: Flat
    mapping: Mapping
    aliases: dict[str, Body]
    closed: bool = False
    next_seq: int = 0
    parser: DocumentParser = field(init=False)
    created_version: str = ""

    @property
    def hidden(self) -> bool:
        return self.settings.get("index.hidden") == "true"

    def all_settings(self) -> Flat:
        return {
            "index.routing.allocation.include._tier_preference": "data_content",
            "index.number_of_shards": "1",
            "index.number_of_replicas": "1",
            **self.settings,
            "index.provided_name": self.name,
            "index.creation_date": str(self.created),
            "index.uuid": self.uuid,
            "index.version.created": self.created_version,
        }

    def body(self) -> Body:
        """What the store keeps."""
        return {
            "name": self.name,
            "uuid": self.uuid,
            "created": self.created,
            "settings": self.settings,
            "mapping": self.mapping.body,
            "aliases": self.aliases,
            "closed": self.closed,
            "created_version": self.created_version,
        }


class Node:
    """State and its persistence. Every request runs under `lock`, so that handlers need none of their own."""

    def __init__(self, data: Path, version: Version) -> None:
        self.version = version
        self.store = Store(data)
        self.lock = threading.RLock()
        self.started = now_ms()
        self.cluster_uuid = self._identity("cluster_uuid")
        self.node_id = self._identity("node_id")
        self._collections: dict[str, dict[str, Any]] = {}
        self.templates: dict[str, Body] = self.collection("index_template")
        self.components: dict[str, Body] = self.collection("component_template")
        self.pipelines: dict[str, Body] = self.collection("pipeline")
        self.policies: dict[str, Body] = self.collection("ilm_policy")
        self.indices: dict[str, Index] = {}
        for body in self.store.load("index").values():
            index = Index(
                body["name"],
                body["uuid"],
                body["created"],
                body["settings"],
                Mapping(body["mapping"]),
                body["aliases"],
                body["closed"],
                self.store.last_seq(body["uuid"]) + 1,
                created_version=body["created_version"],
            )
            index.parser = DocumentParser(index.mapping, version)
            self.indices[index.name] = index
        self._columns: Columns | None = None
        self._contexts: SearchContexts | None = None
        self._tasks: Tasks | None = None

    def close(self) -> None:
        with self.lock:
            self.store.close()

    def _identity(self, name: str) -> str:
        known = self.store.load("identity").get(name)
        if known is None:
            known = new_uuid()
            self.store.save("identity", name, known)
        return str(known)

    @property
    def columns(self) -> Columns:
        """The search side; DuckDB is imported with the first search."""
        if self._columns is None:
            from .columns import Columns

            self._columns = Columns(self.store)
        return self._columns

    @property
    def contexts(self) -> SearchContexts:
        if self._contexts is None:
            from .search_contexts import SearchContexts

            self._contexts = SearchContexts()
        return self._contexts

    @property
    def tasks(self) -> Tasks:
        if self._tasks is None:
            from .tasks import Tasks

            self._tasks = Tasks(self)
        return self._tasks

    # indices

    def add_index(self, name: str, settings: Flat, mapping: Body, aliases: dict[str, Body]) -> Index:
        index = Index(
            name, new_uuid(), now_ms(), settings, Mapping(mapping), aliases, created_version=self.version.created
        )
        index.parser = DocumentParser(index.mapping, self.version)
        self.indices[name] = index
        self.save(index)
        return index

    def save(self, index: Index) -> None:
        self.store.save("index", index.name, index.body())

    def remove_index(self, index: Index) -> None:
        del self.indices[index.name]
        self.store.forget("index", index.name)
        self.store.drop(index.uuid)
        if self._columns is not None:
            self._columns.drop(index.uuid)

    def put_mapping(self, index: Index, addition: Body) -> None:
        """Merges; raises ElasticsearchError where the change is refused."""
        merged = merge_mapping(index.mapping.body, addition, self.version)
        if merged == index.mapping.body:
            return
        index.mapping = Mapping(merged)
        index.parser = DocumentParser(index.mapping, self.version)
        self.save(index)

    # the named bodies: kind → attribute

    def put(self, kind: str, id: str, body: Body) -> None:
        self.collection(kind)[id] = body
        self.store.save(kind, id, body)

    def remove(self, kind: str, id: str) -> None:
        del self.collection(kind)[id]
        self.store.forget(kind, id)

    def collection(self, kind: str) -> dict[str, Any]:
        """The named bodies of a kind, kept on disk; a kind is made by being asked for."""
        if kind not in self._collections:
            self._collections[kind] = self.store.load(kind)
        return self._collections[kind]
