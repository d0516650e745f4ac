"""The images that an index already holds: their small fields, read page by page, never their vectors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .client_errors import told

PAGE = 5_000
IMAGES: dict[str, Any] = {"exists": {"field": "file_name"}}
"""The query that finds every image."""


@dataclass(frozen=True)
class Document:
    """One image's document; `fields` holds the asked doc values, without those that it lacks."""

    id: str
    file_name: str
    fields: dict[str, Any]


def read_documents(client: Any, index: str, fields: Sequence[str]) -> Iterator[Document]:
    """Every image of `index`, by file name, through the official client; raises ServerError."""
    after: list[Any] | None = None
    while True:
        with told(index):
            answer = client.search(
                index=index,
                query=IMAGES,
                sort=[{"file_name": "asc"}],
                search_after=after,
                size=PAGE,
                source=False,
                docvalue_fields=["file_name", *fields],
                track_total_hits=False,
            )
        hits = answer["hits"]["hits"]
        for hit in hits:
            values = {name: value[0] for name, value in hit.get("fields", {}).items() if value}
            yield Document(hit["_id"], values.pop("file_name"), values)
        if len(hits) < PAGE:
            return
        after = hits[-1]["sort"]


def loaded_here(document: Document) -> bool:
    """Whether `load` wrote it, and may delete it; `content_hash` has to be among the asked fields."""
    return "content_hash" in document.fields
