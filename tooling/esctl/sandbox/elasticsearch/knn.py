"""Nearest neighbours: exact, over all vectors, with the scores that Elasticsearch derives from each similarity."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .errors import ElasticsearchError, illegal, parsing, unsupported
from .mapping import Body, Field
from .searcher import Part, Searcher, query_failure

if TYPE_CHECKING:
    import numpy

_KEYS = frozenset(
    "field query_vector query_vector_builder k num_candidates filter similarity boost _name rescore_vector"
    " visit_percentage inner_hits".split()
)


def nearest(searcher: Searcher, body: Body, where: Callable[[Any], str], *, size: int | None = None) -> str:
    """A temporary table (doc, score) of the k nearest.

    With `size` it is the query `knn`: k defaults to the request's size, and a flat index is searched whole. Without,
    the `knn` section of a search, whose k is given.
    """
    import numpy as np

    for key in body:
        if key not in _KEYS:
            raise parsing(f"[knn] query does not support [{key}]")
    for key in ("query_vector_builder", "inner_hits", "visit_percentage"):
        if key in body:
            raise unsupported(f"[{key}] of knn")
    if "field" not in body:
        raise illegal("Required [field]")
    if body.get("query_vector") is None:
        raise illegal("either [query_vector_builder] or [query_vector] must be provided")
    k = body.get("k")
    if k is None and size is not None:
        k = max(1, min(size, body.get("num_candidates", 10_000)))
    candidates = body.get("num_candidates", min(10_000, max(int(1.5 * k), k)) if k else 10)
    if k is not None and k < 1:
        raise illegal("[k] must be greater than 0")
    if candidates > 10_000:
        raise illegal("[num_candidates] cannot exceed [10000]")
    if k is not None and candidates < k:
        raise illegal(f"[num_candidates] cannot be less than [k], [k]=[{k}], [num_candidates]=[{candidates}]")
    filters = body.get("filter") or []
    filters = filters if isinstance(filters, list) else [filters]
    condition = " AND ".join(f"({where(f)})" for f in filters) or "TRUE"
    fields = searcher.fields(body["field"])
    if not fields and searcher.parts and size is None:
        reason = f"field [{body['field']}] does not exist in the mapping"
        raise query_failure(searcher.parts[0], f"failed to create query: {reason}", illegal(reason))
    docs, scores = np.zeros(0, np.int64), np.zeros(0)
    for part, known in fields:
        allowed = {d for (d,) in searcher.rows(f"SELECT doc FROM {part.live} WHERE {condition}")}
        found, similar = _scored(searcher, part, known, body)
        keep = np.fromiter((d in allowed for d in found.tolist()), dtype=bool, count=len(found))
        found, similar = found[keep], similar[keep]
        # Each index gives its own candidates; the k best of all are kept.
        flat = size is not None and str(known.body.get("index_options", {}).get("type")) == "flat"
        best = np.lexsort((found, -similar))[: None if flat else min(k, candidates) if size is not None else candidates]
        docs, scores = np.concatenate([docs, found[best]]), np.concatenate([scores, similar[best]])
    if size is None:
        best = np.lexsort((docs, -scores))[:k]
        docs, scores = docs[best], scores[best]
    return searcher.load({"doc": ("BIGINT", docs.tolist()), "score": ("DOUBLE", scores.tolist())})


def _query_vector(value: Any) -> numpy.ndarray:
    import numpy as np

    if isinstance(value, str):
        try:
            raw = bytes.fromhex(value)
            return np.frombuffer(raw, dtype=np.int8).astype(np.float32)
        except ValueError:
            try:
                return np.frombuffer(base64.b64decode(value, validate=True), dtype=">f4").astype(np.float32)
            except ValueError:
                raise illegal(
                    f"failed to parse field [query_vector]: [{value[:40]}] is neither hexadecimal nor base64"
                ) from None
    if not isinstance(value, list) or any(type(v) not in (int, float) for v in value):
        raise ElasticsearchError("x_content_parse_exception", "[1:1] [knn] failed to parse field [query_vector]")
    return np.array(value, dtype=np.float32)


def _scored(searcher: Searcher, part: Part, known: Field, body: Body) -> tuple[numpy.ndarray, numpy.ndarray]:
    import numpy as np

    if known.type != "dense_vector":
        reason = "[knn] queries are only supported on [dense_vector] fields"
        raise query_failure(part, f"failed to create query: {reason}", illegal(reason))
    if not known.get("index"):
        reason = f"to perform knn search on field [{known.path}], its mapping must have [index] set to [true]"
        raise query_failure(part, f"failed to create query: {reason}", illegal(reason))
    query = _query_vector(body["query_vector"])
    dims = known.get("dims")
    if dims is not None and len(query) != dims:
        reason = (
            f"The query vector has a different number of dimensions [{len(query)}] than the document vectors [{dims}]."
        )
        raise query_failure(part, f"failed to create query: {reason}", illegal(reason))
    docs, matrix = searcher.columns.vectors(part.index, known.path)
    similarity = known.body.get("similarity", "cosine")
    if similarity == "cosine" and not query.any():
        reason = "The [cosine] similarity does not support vectors with zero magnitude."
        raise query_failure(part, f"failed to create query: {reason}", illegal(reason))
    if not len(docs):
        return docs, np.zeros(0)
    if similarity == "l2_norm":
        distance = ((matrix - query) ** 2).sum(axis=1, dtype=np.float64)
        scores, raw, near = 1 / (1 + distance), np.sqrt(distance), False
    else:
        raw = (matrix @ query).astype(np.float64)
        if similarity == "cosine":
            raw = raw / (np.linalg.norm(matrix, axis=1).astype(np.float64) * float(np.linalg.norm(query)))
        near = True
        if similarity == "max_inner_product":
            scores = np.where(raw < 0, 1 / (1 - raw), raw + 1)
        else:
            scores = np.maximum((1 + raw) / 2, 0)
    if body.get("similarity") is not None:
        keep = raw >= body["similarity"] if near else raw <= body["similarity"]
        return docs[keep], scores[keep]
    return docs, scores
