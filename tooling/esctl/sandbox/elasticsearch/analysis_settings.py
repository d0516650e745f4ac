"""`index.analysis.*`: own analyzers, tokenizers and filters, checked as the server checks them when an index is made.

Names that a whole Elasticsearch has built in are known: the sandbox keeps them all, and searches few (see analysis).
"""

from __future__ import annotations

from typing import Any

from .errors import ElasticsearchError, illegal
from .field_types import SUPPORTED_ANALYZERS
from .mapping import Body, Field

PREFIX = "index.analysis."
Flat = dict[str, Any]

LANGUAGES = frozenset(
    "arabic armenian basque bengali brazilian bulgarian catalan chinese cjk czech danish dutch english estonian finnish"
    " french galician german greek hindi hungarian indonesian irish italian latvian lithuanian norwegian persian"
    " portuguese romanian russian serbian sorani spanish swedish thai turkish".split()
)
ANALYZERS = SUPPORTED_ANALYZERS | LANGUAGES | {"pattern", "snowball", "fingerprint"}
TOKENIZERS = frozenset(
    "standard keyword whitespace letter lowercase ngram edge_ngram pattern path_hierarchy PathHierarchy uax_url_email"
    " classic thai simple_pattern simple_pattern_split char_group icu_tokenizer kuromoji_tokenizer nori_tokenizer"
    " smartcn_tokenizer".split()
)
CHAR_FILTERS = frozenset("html_strip mapping pattern_replace icu_normalizer kuromoji_iteration_mark".split())
_BOTH = frozenset(
    "apostrophe arabic_normalization arabic_stem asciifolding bengali_normalization brazilian_stem cjk_bigram cjk_width"
    " classic common_grams czech_stem decimal_digit delimited_payload dutch_stem edge_ngram elision fingerprint"
    " flatten_graph french_stem german_normalization german_stem hindi_normalization hunspell hyphenation_decompounder"
    " indic_normalization keep keep_types keyword_marker keyword_repeat kstem length limit lowercase min_hash"
    " ngram pattern_capture pattern_replace persian_normalization phonetic porter_stem predicate_token_filter"
    " remove_duplicates reverse russian_stem scandinavian_folding scandinavian_normalization serbian_normalization"
    " shingle snowball sorani_normalization stemmer stemmer_override stop trim truncate type_as_payload unique"
    " uppercase word_delimiter word_delimiter_graph icu_collation icu_folding icu_normalizer icu_transform"
    " kuromoji_baseform kuromoji_part_of_speech kuromoji_readingform kuromoji_stemmer ja_stop nori_part_of_speech"
    " nori_readingform nori_number persian_stem dictionary_decompounder condition multiplexer synonym synonym_graph"
    " japanese_stop".split()
)
_NORMALIZING = frozenset(
    "apostrophe arabic_normalization asciifolding bengali_normalization cjk_width decimal_digit elision"
    " german_normalization hindi_normalization indic_normalization lowercase pattern_replace persian_normalization"
    " scandinavian_folding scandinavian_normalization serbian_normalization sorani_normalization trim truncate"
    " uppercase icu_folding icu_normalizer".split()
)
"""Filters that work on single characters, which is all a normalizer may have."""
_TYPES = {"analyzer": ANALYZERS | {"custom"}, "tokenizer": TOKENIZERS, "filter": _BOTH, "char_filter": CHAR_FILTERS}


def components(settings: Flat, group: str) -> dict[str, Body]:
    """Name → its settings, for the analyzers (or tokenizers, …) that an index defines."""
    found: dict[str, Body] = {}
    prefix = f"{PREFIX}{group}."
    for key, value in settings.items():
        if key.startswith(prefix) and value is not None:
            name, _, rest = key.removeprefix(prefix).partition(".")
            found.setdefault(name, {})[rest] = value
    return found


def _listed(value: Any) -> list[str]:
    return [] if value is None else value if isinstance(value, list) else [p.strip() for p in str(value).split(",")]


def check_analysis(settings: Flat) -> None:
    """Raises illegal_argument_exception for a name or a type that there is not."""
    if not any(key.startswith(PREFIX) for key in settings):
        return
    own = {group: components(settings, group) for group in (*_TYPES, "normalizer")}
    for group in ("char_filter", "filter", "tokenizer"):
        for name, body in own[group].items():
            _check_type(group, name, body)
    _check_shingles(own["filter"], settings)
    for name, body in own["analyzer"].items():
        if name.startswith("_"):
            raise illegal(f"analyzer name must not start with '_'. got \"{name}\"")
        kind = body.get("type", "custom" if "tokenizer" in body else None)
        if kind != "custom":
            _check_type("analyzer", name, body)
            continue
        if "tokenizer" not in body:
            raise illegal(f"Custom Analyzer [{name}] must be configured with a tokenizer")
        _check_parts(name, body, own, ("tokenizer", "char_filter", "filter"))
    for name, body in own["normalizer"].items():
        if body.get("type", "custom") not in ("custom", "lowercase"):
            raise illegal(f"Unknown normalizer type [{body['type']}] for [{name}]")
        _check_parts(name, body, own, ("char_filter", "filter"))
        for filter in _listed(body.get("filter")):
            if own["filter"].get(filter, {}).get("type", filter) not in _NORMALIZING:
                raise illegal(f"Custom normalizer [{name}] may not use filter [{filter}]")


def _check_type(group: str, name: str, body: Body) -> None:
    kind = body.get("type")
    if kind is None:
        raise illegal(f"{group} [{name}] must specify either an analyzer type, or a tokenizer")
    if kind not in _TYPES[group]:
        raise illegal(f"Unknown {group} type [{kind}] for [{name}]")


def _check_parts(name: str, body: Body, own: dict[str, dict[str, Body]], groups: tuple[str, ...]) -> None:
    for group in groups:
        for part in _listed(body.get(group)):
            if part not in own[group] and part not in _TYPES[group]:
                raise illegal(f"Custom Analyzer [{name}] failed to find {group} under name [{part}]")


def _check_shingles(filters: dict[str, Body], settings: Flat) -> None:
    most = int(settings.get("index.max_shingle_diff", 3))
    for body in filters.values():
        if body.get("type") != "shingle":
            continue
        low, high = int(body.get("min_shingle_size", 2)), int(body.get("max_shingle_size", 2))
        difference = high - low + (1 if body.get("output_unigrams", "true") == "true" else 0)
        if difference > most:
            raise illegal(
                "In Shingle TokenFilter the difference between max_shingle_size and min_shingle_size (and +1 if"
                f" outputting unigrams) must be less than or equal to: [{most}] but was [{difference}]. This limit can"
                " be set by changing the [index.max_shingle_diff] index level setting."
            )


def check_analyzers(mapping: Body, settings: Flat) -> None:
    """Raises mapper_parsing_exception where a field names an analyzer or a normalizer that the index has not."""
    analyzers = ANALYZERS | components(settings, "analyzer").keys()
    normalizers = {"lowercase"} | components(settings, "normalizer").keys()

    def walk(node: Body) -> None:
        for inner in ("properties", "fields"):
            for name, child in node.get(inner, {}).items():
                _check_field(name, child, analyzers, normalizers)
                walk(child)

    walk(mapping)


def _check_field(name: str, body: Body, analyzers: frozenset[str], normalizers: set[str]) -> None:
    for key in ("analyzer", "search_analyzer", "search_quote_analyzer"):
        if key in body and body[key] not in analyzers:
            reason = f"analyzer [{body[key]}] has not been configured in mappings"
            raise ElasticsearchError(
                "mapper_parsing_exception", f"Failed to parse mapping: {reason}", cause=illegal(reason)
            )
    if body.get("normalizer") is not None and body["normalizer"] not in normalizers:
        reason = f"normalizer [{body['normalizer']}] not found for field [{name}]"
        error = ElasticsearchError("mapper_parsing_exception", f"Failed to parse mapping: {reason}")
        error.root = [{"type": "mapper_parsing_exception", "reason": reason}]
        error.cause = {"type": "mapper_parsing_exception", "reason": reason}
        raise error


def unsearched(known: Field, settings: Flat) -> str | None:
    """What of a field's analysis the sandbox cannot do, in words; None where it can."""
    if known.type == "keyword":
        normalizer = known.body.get("normalizer")
        own = components(settings, "normalizer")
        return f"the normalizer [{normalizer}]" if normalizer not in (None, "lowercase") or normalizer in own else None
    if known.type != "text":
        return None
    own = components(settings, "analyzer")
    names = {str(known.get("analyzer")), str(known.body.get("search_analyzer") or known.get("analyzer"))}
    if "default" in names and "default_search" in own:
        names.add("default_search")
    odd = sorted(name for name in names if name in own or name not in SUPPORTED_ANALYZERS)
    return f"the analyzer [{odd[0]}]" if odd else None
