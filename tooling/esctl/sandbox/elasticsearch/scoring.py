"""Scores as Lucene computes them: BM25 for terms and phrases, rank_feature's four functions."""

from __future__ import annotations

import math
import struct
from typing import Any

from .analysis import analyze, search_analyzer
from .errors import illegal, parsing
from .mapping import Body, Field
from .searcher import Part, Searcher, query_failure, quoted

K1, B = 1.2, 0.75
"""BM25's parameters; Elasticsearch multiplies by k1 + 1 (LegacyBM25Similarity)."""


def idf(documents: int, frequency: int) -> float:
    """Lucene's: ln(1 + (N - n + 0.5) / (n + 0.5)), N the documents that have the field."""
    return math.log(1 + (documents - frequency + 0.5) / (frequency + 0.5))


def terms(searcher: Searcher, path: str, values: list[Any], boost: float, where: str, *, phrases: bool = False) -> str:
    """SELECT (doc, score) for a term, match or match_phrase query that matches `where`."""
    parts = []
    for part, known in searcher.fields(path):
        for value in values:
            if known.type == "text":
                parts += _text(searcher, part, known, str(value), boost, phrases)
            elif known.type in ("keyword", "flattened"):
                table = part.columns.tables.get(known.path)
                parts.append(_keyword(searcher, part, f"SELECT doc, value FROM {table}" if table else "", value, boost))
    for part in searcher.parts:
        keyed = part.index.mapping.flattened_parent(path) if part.index.mapping.field(path) is None else None
        table = part.columns.tables.get(f"{keyed[0].path}#keyed") if keyed else None
        if keyed and table:
            # One index of terms for all keys of the field: a term is the key and the value together.
            every = f"SELECT doc, key || chr(1) || value AS value FROM {table}"
            parts += [_keyword(searcher, part, every, f"{keyed[1]}\x01{value}", boost) for value in values]
    scored = " UNION ALL ".join(f"({p})" for p in parts if p)
    every = f"SELECT doc FROM ({searcher.docs}) WHERE {where}"
    if not scored:
        return f"SELECT doc, {boost!r}::DOUBLE AS score FROM ({every})"
    return (
        f"SELECT w.doc, coalesce(s.score, {boost!r}) AS score FROM ({every}) w"
        f" LEFT JOIN (SELECT doc, sum(score) AS score FROM ({scored}) GROUP BY doc) s ON s.doc = w.doc"
    )


def _keyword(searcher: Searcher, part: Part, relation: str, value: Any, boost: float) -> str:
    """A keyword has no norms: its term counts once in a field of length 1. In float32, as Lucene reckons."""
    import numpy as np

    if not relation:
        return ""
    text = quoted(str(value).lower() if isinstance(value, bool) else str(value))
    alive = f"doc IN (SELECT doc FROM {part.live})"
    ((documents, values),) = searcher.rows(f"SELECT count(DISTINCT doc), count(*) FROM ({relation}) WHERE {alive}")
    ((frequency,),) = searcher.rows(f"SELECT count(*) FROM ({relation}) WHERE value = {text} AND {alive}")
    if not frequency:
        return ""
    single = np.float32
    norm = single(1) / (single(K1) * ((single(1) - single(B)) + single(B) * single(1) / single(values / documents)))
    weight = single(boost) * single(K1 + 1) * single(idf(documents, frequency))
    score = float(weight - weight / (single(1) + norm))
    return f"SELECT doc, {score!r} AS score FROM ({relation}) WHERE value = {text}"


def _text(searcher: Searcher, part: Part, known: Field, text: str, boost: float, phrases: bool) -> list[str]:
    table, lengths = (part.columns.tables.get(f"{known.path}#{s}") for s in ("terms", "lengths"))
    found = [t for t, _ in analyze(search_analyzer(known), text)]
    if not table or not found:
        return []
    alive = f"doc IN (SELECT doc FROM {part.live})"
    ((documents, total),) = searcher.rows(f"SELECT count(*), sum(length) FROM {lengths} WHERE {alive}")
    if not documents:
        return []
    average = total / documents

    def weight(term: str) -> float:
        ((n,),) = searcher.rows(f"SELECT count(DISTINCT doc) FROM {table} WHERE term = {quoted(term)} AND {alive}")
        return idf(documents, n) if n else 0.0

    norm = f"(1 / ({K1} * ({1 - B} + {B} * l.kept / {average!r})))" if known.get("norms") else repr(1 / K1)

    def score(frequencies: str, factor: float) -> str:
        return (
            f"SELECT t.doc, {boost * (K1 + 1) * factor!r} * (1 - 1 / (1 + t.n * {norm})) AS score"
            f" FROM ({frequencies}) t JOIN {lengths} l ON l.doc = t.doc"
        )

    if phrases:
        sql = phrase(part, known, text)
        return (
            [score(f"SELECT doc, count(*) AS n FROM ({sql}) GROUP BY doc", sum(weight(t) for t in found))]
            if sql
            else []
        )
    return [
        score(f"SELECT doc, count(*) AS n FROM {table} WHERE term = {quoted(term)} GROUP BY doc", weight(term))
        for term in found
    ]


def phrase(part: Part, known: Field, text: str) -> str:
    """SELECT doc, one row for each place where the words stand one after the other."""
    table = part.columns.tables.get(f"{known.path}#terms")
    words = analyze(search_analyzer(known), text)
    if not table or not words:
        return ""
    first = words[0][1]
    joins = " ".join(
        f"JOIN {table} w{i} ON w{i}.doc = w0.doc AND w{i}.pos = w0.pos + {position - first} AND w{i}.term ="
        f" {quoted(word)}"
        for i, (word, position) in enumerate(words)
        if i
    )
    return f"SELECT w0.doc AS doc FROM {table} w0 {joins} WHERE w0.term = {quoted(words[0][0])}"


def rank_feature(searcher: Searcher, body: Body) -> str:
    """saturation (the default), log, sigmoid, linear; see Lucene's FeatureField."""
    path = body.get("field")
    if not path:
        raise parsing("[rank_feature] requires a field name")
    kinds = [k for k in ("saturation", "log", "sigmoid", "linear") if k in body]
    if len(kinds) > 1:
        raise illegal(
            f"Can only specify one of [log], [saturation], [sigmoid] and [linear] but got [{kinds[0]}] and [{kinds[1]}]"
        )
    boost = float(body.get("boost", 1.0))
    found = []
    for part, known in searcher.fields(path):
        if known.type != "rank_feature":
            reason = (
                "[rank_feature] query only works on [rank_feature] fields and features of [rank_features] fields, not"
                f" [{known.type}]"
            )
            raise query_failure(part, f"failed to create query: {reason}", illegal(reason))
        table = part.columns.tables.get(known.path)
        if table:
            formula = _formula(searcher, part, table, known, kinds[0] if kinds else "saturation", body)
            scored = f"SELECT doc, ({boost!r}::FLOAT * {formula})::DOUBLE AS score FROM {table}"
            found.append(f"{scored} WHERE doc IN (SELECT doc FROM {part.live})")
    return " UNION ALL ".join(found) or "SELECT 0::BIGINT AS doc, 0::DOUBLE AS score WHERE FALSE"


def _formula(searcher: Searcher, part: Part, table: str, known: Field, kind: str, body: Body) -> str:
    options = body.get(kind) or {}
    if kind == "linear":
        return "value::FLOAT"
    if kind == "log":
        if not known.get("positive_score_impact"):
            raise illegal(
                "Cannot use the [log] function with a field that has a negative score impact as it would trigger"
                " negative scores"
            )
        if "scaling_factor" not in options:
            raise illegal("Required [scaling_factor]")
        return f"ln(({float(options['scaling_factor'])!r}::FLOAT + value::FLOAT)::DOUBLE)::FLOAT"
    if kind == "sigmoid":
        for name in ("pivot", "exponent"):
            if name not in options:
                raise illegal(f"Required [{name}]")
        pivot, exponent = float(options["pivot"]), float(options["exponent"])
        return f"(1 - {pivot**exponent!r} / (pow(value, {exponent!r}) + {pivot**exponent!r}))::FLOAT"
    pivot = float(options["pivot"]) if "pivot" in options else _default_pivot(searcher, part, table)
    return f"(1::FLOAT - {pivot!r}::FLOAT / (value::FLOAT + {pivot!r}::FLOAT))"


def _default_pivot(searcher: Searcher, part: Part, table: str) -> float:
    """The mean of the features as they are kept: float bits without the low 15, averaged as whole numbers."""
    values = [v for (v,) in searcher.rows(f"SELECT value FROM {table} WHERE doc IN (SELECT doc FROM {part.live})")]
    if not values:
        return 1.0
    kept = [struct.unpack("<I", struct.pack("<f", v))[0] >> 15 for v in values]
    return float(struct.unpack("<f", struct.pack("<I", int(sum(kept) / len(kept)) << 15))[0])
