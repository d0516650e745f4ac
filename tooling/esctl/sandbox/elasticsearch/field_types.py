"""The field types that the sandbox has, and each one's mapping parameters: default, and what a later change does.

Rules as measured on real 9.5.3 and 8.19.21 servers (update matrix): `fixed` parameters are refused when they change,
the others change in place; a default that is written out is dropped on read unless `kept`, one that is `shown` reads
back although nobody wrote it. Types that no server of the tests has (see the matrix) follow Elastic's documentation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Parameter:
    default: Any = None
    fixed: bool = False
    kept: bool = False
    shown: bool = False


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
_MALFORMED = {"ignore_malformed": Parameter(False, kept=True)}
SCALED_FLOAT = {**NUMBER, "scaling_factor": _fixed(kept=True)}
GEO_POINT = {
    **_ANY,
    **_STORED,
    **_MALFORMED,
    "ignore_z_value": Parameter(True, kept=True),
    "null_value": _fixed(),
    "time_series_metric": _fixed(),
}
GEO_SHAPE = {
    **_ANY,
    **_STORED,
    **_MALFORMED,
    "ignore_z_value": Parameter(True, kept=True),
    "coerce": Parameter(False, kept=True),
    "orientation": Parameter("right", kept=True),
}
RANGE = {**_ANY, **_STORED, "coerce": Parameter(True, kept=True)}
DATE_RANGE = {**RANGE, "format": _fixed(DATE_FORMAT), "locale": _fixed("en")}
DATE_NANOS = {**DATE, "format": _fixed("strict_date_optional_time_nanos||epoch_millis")}
UNSIGNED_LONG = {
    **_ANY,
    **_STORED,
    **_SERIES,
    **_MALFORMED,
    "null_value": _fixed(),
    "time_series_metric": _fixed(),
}
WILDCARD = {**_ANY, "ignore_above": Parameter(2147483647), "null_value": _fixed()}
CONSTANT_KEYWORD = {"meta": Parameter({}), "value": _fixed()}
MATCH_ONLY_TEXT = {
    **_ANY,
    "analyzer": _fixed("default", kept=True),
    "search_analyzer": Parameter(),
    "search_quote_analyzer": Parameter(),
}
SEARCH_AS_YOU_TYPE = {
    **_ANY,
    "doc_values": Parameter(False, True, True, shown=True),
    "max_shingle_size": Parameter(3, True, True, shown=True),
    **{k: v for k, v in TEXT.items() if k not in ("fielddata", "index_phrases", "eager_global_ordinals")},
}
TOKEN_COUNT = {
    **_ANY,
    **_STORED,
    "analyzer": _fixed(kept=True),
    "null_value": _fixed(),
    "enable_position_increments": Parameter(True),
}
COMPLETION = {
    **_ANY,
    "analyzer": Parameter("simple", True, True, shown=True),
    "search_analyzer": Parameter("simple"),
    "preserve_separators": Parameter(True, True, True, shown=True),
    "preserve_position_increments": Parameter(True, True, True, shown=True),
    "max_input_length": Parameter(50, False, True, shown=True),
    "contexts": _fixed(),
}
SEMANTIC_TEXT = {
    "meta": Parameter({}),
    "inference_id": Parameter(kept=True),
    "search_inference_id": Parameter(kept=True),
    "model_settings": Parameter(kept=True),
    "chunking_settings": Parameter(kept=True),
    "index_options": Parameter(kept=True),
}
SPARSE_VECTOR = {**_ANY, "store": _fixed(False), "index_options": Parameter(kept=True)}
JOIN = {
    "meta": Parameter({}),
    "relations": Parameter(kept=True),
    "eager_global_ordinals": Parameter(True, False, True, shown=True),
}
AGGREGATE_METRIC = {
    "meta": Parameter({}),
    **_MALFORMED,
    "metrics": _fixed(kept=True),
    "default_metric": _fixed(kept=True),
    "time_series_metric": _fixed(),
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
    "scaled_float": SCALED_FLOAT,
    "geo_point": GEO_POINT,
    "geo_shape": GEO_SHAPE,
    **dict.fromkeys(("integer_range", "long_range", "float_range", "double_range", "ip_range"), RANGE),
    "date_range": DATE_RANGE,
    "date_nanos": DATE_NANOS,
    "unsigned_long": UNSIGNED_LONG,
    "wildcard": WILDCARD,
    "constant_keyword": CONSTANT_KEYWORD,
    "match_only_text": MATCH_ONLY_TEXT,
    "search_as_you_type": SEARCH_AS_YOU_TYPE,
    "token_count": TOKEN_COUNT,
    "version": {**_ANY},
    "completion": COMPLETION,
    "semantic_text": SEMANTIC_TEXT,
    "sparse_vector": SPARSE_VECTOR,
    "rank_features": {**_ANY, "positive_score_impact": _fixed(True)},
    "histogram": {"meta": Parameter({}), **_MALFORMED, "time_series_metric": _fixed()},
    "aggregate_metric_double": AGGREGATE_METRIC,
    "join": JOIN,
    "percolator": {**_ANY},
}

KEPT = frozenset(
    "geo_point geo_shape integer_range long_range float_range double_range ip_range date_range date_nanos unsigned_long"
    " wildcard constant_keyword match_only_text search_as_you_type token_count version completion semantic_text"
    " sparse_vector rank_features histogram aggregate_metric_double join percolator".split()
)
"""Types whose values are checked and kept, and counted by `exists`; any other query on them is refused by name."""

INTEGERS = {"long": 63, "integer": 31, "short": 15, "byte": 7}
"""Type → bits: the range is -2**bits … 2**bits - 1."""
FLOATS = ("double", "float", "half_float", "scaled_float")

ELSEWHERE = frozenset(
    "shape point exponential_histogram tdigest rank_vectors murmur3 annotated_text counted_keyword pattern_text"
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
