"""What a hit shows beside its score: `_source`, `fields`, `docvalue_fields`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import orjson

from . import sources
from .dates import format_date
from .errors import ElasticsearchError, illegal, unknown_field, unsupported
from .field_types import KEPT
from .field_values import ip_text
from .mapping import Body, Field
from .searcher import Part, Searcher
from .sources import SourceFilter, unpack_vectors, whole_source
from .store import Stored


@dataclass(frozen=True)
class Fetch:
    """The part of a search body (or of top_hits) that says what to show."""

    source: SourceFilter
    fields: tuple[tuple[str, str | None], ...]
    docvalues: tuple[tuple[str, str | None], ...]
    version: bool
    seq_no: bool
    stored_none: bool

    @classmethod
    def of(cls, body: Body, *, source: SourceFilter | None = None) -> Fetch:
        if body.get("script_fields"):
            raise unsupported("[script_fields]")
        stored = body.get("stored_fields")
        if stored not in (None, "_none_", ["_none_"], [], "_source", ["_source"]):
            raise unsupported("[stored_fields]")
        hidden = stored in ("_none_", ["_none_"], []) and "_source" not in body
        return cls(
            SourceFilter(False) if hidden else source or sources.from_body(body.get("_source")),
            tuple(_named(body.get("fields", []))),
            tuple(_named(body.get("docvalue_fields", []))),
            bool(body.get("version")),
            bool(body.get("seq_no_primary_term")),
            hidden and stored in ("_none_", ["_none_"]),
        )


def _named(items: Any) -> Iterator[tuple[str, str | None]]:
    for item in items if isinstance(items, list) else [items]:
        if isinstance(item, str):
            yield item, None
        elif isinstance(item, dict) and "field" in item:
            yield item["field"], item.get("format")
        else:
            for key in item if isinstance(item, dict) else ():
                if key not in ("field", "format", "include_unmapped"):
                    raise unknown_field("fetch_field_and_format", key)
            raise illegal("[fields] takes field names or {field, format}")


def hits(searcher: Searcher, rows: Iterable[tuple[int, int, Any, list[Any] | None]], fetch: Fetch) -> list[Body]:
    """(doc, part, score, sort) → hits."""
    rows = list(rows)
    stored = searcher.node.store.by_doc(doc for doc, _, _, _ in rows)
    found = []
    for doc, number, score, sort in rows:
        document = stored.get(doc)
        if document is None:
            continue
        hit: Body = {"_index": searcher.parts[number].index.name}
        if not fetch.stored_none:
            hit["_id"] = document.id
        if fetch.version:
            hit["_version"] = document.version
        if fetch.seq_no:
            hit |= {"_seq_no": document.seq, "_primary_term": document.term}
        hit["_score"] = score
        ignored = searcher.parts[number].index.parser.ignored(orjson.loads(document.source or b"{}"))
        if ignored:
            hit["_ignored"] = sorted(ignored)
            asked = {p: v for p, v in ignored.items() if any(fnmatchcase(p, n) for n, _ in fetch.fields)}
            if asked:
                hit["ignored_field_values"] = asked
        source = fetch.source.apply(document)
        if source is not None:
            hit["_source"] = source
        fields = _fields(searcher, searcher.parts[number], document, fetch)
        if fields:
            hit["fields"] = fields
        if sort is not None:
            hit["sort"] = sort
        found.append(hit)
    return found


def _fields(searcher: Searcher, part: Part, document: Stored, fetch: Fetch) -> Body:
    if not fetch.fields and not fetch.docvalues:
        return {}
    mapping = part.index.mapping
    shown: Body = {}
    source: Body = {}
    if fetch.fields:
        source = orjson.loads(document.source or b"{}")
        if document.vectors and any(
            fnmatchcase(p, n) and n != "*" for p in unpack_vectors(document.vectors) for n, _ in fetch.fields
        ):
            source = whole_source(document)
    for pattern, format in fetch.docvalues:
        names = [p for p in mapping.fields if fnmatchcase(p, pattern)] if "*" in pattern else [pattern]
        for path in names:
            if mapping.field(path) is None:
                continue
            column = searcher.column(path, "docvalue_fields")
            if column is None:
                continue
            rows = searcher.rows(f"SELECT value FROM ({column.sql}) WHERE doc = {document.doc} ORDER BY value")
            if rows:
                shown[path] = [doc_value(column.field, v, format) for (v,) in rows]
    for pattern, format in fetch.fields:
        for path, known in mapping.fields.items():
            if not fnmatchcase(path, pattern) or (known.type == "dense_vector" and "*" in pattern):
                continue
            target = mapping.field(path) or known
            values = list(_source_values(source, (target.parent or target.path).split(".")))
            values = values or list(
                _source_values(
                    {target.parent or target.path: source.get(target.parent or target.path)},
                    [target.parent or target.path],
                )
            )
            values = [v for v in (_formatted(target, v, format) for v in values) if v is not None]
            if values:
                shown[path] = values
    return shown


def _source_values(node: Any, parts: list[str]) -> Iterator[Any]:
    if isinstance(node, list):
        for item in node:
            yield from _source_values(item, parts)
    elif not parts:
        yield node
    elif isinstance(node, dict):
        # A key may hold dots itself.
        for cut in range(1, len(parts) + 1):
            key = ".".join(parts[:cut])
            if key in node:
                yield from _source_values(node[key], parts[cut:])


_AS_SENT = frozenset("wildcard match_only_text search_as_you_type version completion percolator".split())


def _formatted(known: Field, value: Any, format: str | None) -> Any:
    """A value of `_source` in the form of its field."""
    from .field_values import READERS

    if value is None:
        value = known.body.get("null_value")
        if value is None:
            return None

    if known.type in ("dense_vector", "flattened", "text", "binary", *_AS_SENT):
        return value
    if known.type in KEPT:
        raise unsupported(f"[fields] of the type [{known.type}] (field [{known.path}])")
    try:
        read = READERS[known.type](known, value)
    except (ElasticsearchError, KeyError):
        return None
    if read is None:
        return None
    if known.type == "rank_feature":
        return value
    return doc_value(known, read, format)


def doc_value(known: Field, value: Any, format: str | None) -> Any:
    """A column's value as an answer shows it."""
    if known.type == "date":
        return format_date(value, format or str(known.get("format")))
    if known.type == "boolean":
        return bool(value)
    if known.type == "ip":
        return ip_text(value)
    if known.type == "float":
        from .sorting import short_float

        return short_float(value)
    return value
