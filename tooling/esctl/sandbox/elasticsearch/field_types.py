"""The field types that the sandbox has, and each one's mapping parameters: default, and what a later change does.

Rules as measured on real 9.5.3 and 8.19.21 servers (update matrix): `fixed` parameters are refused when they change,
the others change in place; a default that is written out is dropped on read unless `kept`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Parameter:
    default: Any = None
    fixed: bool = False
    kept: bool = False


def _fixed(default: Any = None, *, kept: bool = False) -> Parameter:
    return Parameter(default, True, kept)


_ANY = {"meta": Parameter({}), "copy_to": Parameter([])}
_STORED = {"index": _fixed(True), "doc_values": _fixed(True), "store": _fixed(False)}
_SERIES = {"time_series_dimension": _fixed(False)}
_TERMS = {
    "eager_global_ordinals": Parameter(False),
    "similarity": _fixed(),
}

KEYWORD = {
    **_ANY,
    **_STORED,
    **_TERMS,
    **_SERIES,
    "null_value": _fixed(),
    "ignore_above": Parameter(2147483647),
    "index_options": _fixed("docs"),
    "norms": _fixed(False),
    "normalizer": _fixed(),
    "split_queries_on_whitespace": Parameter(False),
}
TEXT = {
    **_ANY,
    **_TERMS,
    "index": _fixed(True),
    "store": _fixed(False),
    "analyzer": _fixed("default", kept=True),
    "search_analyzer": Parameter(),
    "search_quote_analyzer": Parameter(),
    "norms": _fixed(True),
    "index_options": _fixed("positions"),
    "position_increment_gap": _fixed(100),
    "index_phrases": _fixed(False),
    "fielddata": Parameter(False),
    "term_vector": _fixed("no"),
}
NUMBER = {
    **_ANY,
    **_STORED,
    **_SERIES,
    "coerce": Parameter(True, kept=True),
    "ignore_malformed": Parameter(False, kept=True),
    "null_value": _fixed(),
    "time_series_metric": _fixed(),
}
BOOLEAN = {
    **_ANY,
    **_STORED,
    **_SERIES,
    "null_value": _fixed(),
    "ignore_malformed": Parameter(False, kept=True),
}
DATE_FORMAT = "strict_date_optional_time||epoch_millis"
DATE = {
    **_ANY,
    **_STORED,
    "null_value": _fixed(),
    "ignore_malformed": Parameter(False),
    "format": _fixed(DATE_FORMAT),
    "locale": _fixed("en"),
}
IP = {**BOOLEAN, "ignore_malformed": Parameter(False)}
BINARY = {**_ANY, "doc_values": _fixed(False), "store": _fixed(False)}
FLATTENED = {
    **_TERMS,
    "meta": Parameter({}),
    "index": _fixed(True),
    "doc_values": _fixed(True),
    "null_value": _fixed(),
    "ignore_above": Parameter(2147483647),
    "index_options": _fixed("docs"),
    "depth_limit": Parameter(20),
    "split_queries_on_whitespace": Parameter(False),
}
DENSE_VECTOR = {
    **_ANY,
    "dims": _fixed(kept=True),
    "element_type": _fixed("float"),
    "index": _fixed(True, kept=True),
    "similarity": _fixed("cosine", kept=True),
    "index_options": _fixed(kept=True),
}
RANK_FEATURE = {**_ANY, "positive_score_impact": _fixed(True), "null_value": _fixed()}

TYPES: dict[str, dict[str, Parameter]] = {
    "keyword": KEYWORD,
    "text": TEXT,
    **dict.fromkeys(("long", "integer", "short", "byte", "double", "float", "half_float"), NUMBER),
    "boolean": BOOLEAN,
    "date": DATE,
    "ip": IP,
    "binary": BINARY,
    "flattened": FLATTENED,
    "dense_vector": DENSE_VECTOR,
    "rank_feature": RANK_FEATURE,
    "alias": {"path": Parameter(kept=True)},
}

INTEGERS = {"long": 63, "integer": 31, "short": 15, "byte": 7}
"""Type → bits: the range is -2**bits … 2**bits - 1."""
FLOATS = ("double", "float", "half_float")

ELSEWHERE = frozenset(
    "date_nanos scaled_float unsigned_long wildcard constant_keyword match_only_text semantic_text search_as_you_type"
    " token_count geo_point geo_shape shape point version histogram exponential_histogram tdigest"
    " aggregate_metric_double join percolator completion sparse_vector rank_features rank_vectors integer_range"
    " long_range float_range double_range date_range ip_range murmur3 annotated_text counted_keyword pattern_text"
    " icu_collation_keyword passthrough".split()
)
"""Types that Elasticsearch has and the sandbox refuses by name."""

SUPPORTED_ANALYZERS = frozenset({"default", "standard", "simple", "whitespace", "keyword", "stop"})

VECTOR_INDEX_TYPES = (
    "flat",
    "int4_flat",
    "int8_flat",
    "bbq_flat",
    "hnsw",
    "int4_hnsw",
    "int8_hnsw",
    "bbq_hnsw",
    "bbq_disk",
)
VECTOR_UPGRADES: dict[str, frozenset[str]] = {
    "flat": frozenset(VECTOR_INDEX_TYPES),
    "int8_flat": frozenset({"int8_flat", "int4_flat", "bbq_flat", "hnsw", "int4_hnsw", "int8_hnsw", "bbq_hnsw"}),
    "int4_flat": frozenset({"int4_flat", "bbq_flat", "hnsw", "int4_hnsw", "int8_hnsw", "bbq_hnsw"}),
    "hnsw": frozenset({"hnsw", "int4_hnsw", "int8_hnsw", "bbq_hnsw"}),
    "int8_hnsw": frozenset({"int8_hnsw", "int4_hnsw", "bbq_hnsw"}),
    "int4_hnsw": frozenset({"int4_hnsw", "bbq_hnsw"}),
    "bbq_flat": frozenset({"bbq_flat", "bbq_hnsw"}),
    "bbq_hnsw": frozenset({"bbq_hnsw"}),
    "bbq_disk": frozenset({"bbq_disk"}),
}
"""index_options type → the types it may become in place."""
