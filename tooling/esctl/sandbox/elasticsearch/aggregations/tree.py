"""Walks an aggregation body: finds each one's function, runs it, and lays pipeline aggregations over the results."""

from __future__ import annotations

import re
from typing import Any

from ..dates import duration_ms
from ..errors import (
    ElasticsearchError,
    illegal,
    not_a_number,
    parsing,
    token,
    unknown_field,
    unparsed,
    unsupported,
    validation,
)
from ..mapping import Body
from ..query import Query
from ..searcher import Column, Searcher
from . import buckets, composite, histograms, metrics, pipelines, tops
from .level import Bucket, Level

ELSEWHERE = frozenset(
    "adjacency_matrix auto_date_histogram boxplot categorize_text change_point children diversified_sampler"
    " frequent_item_sets geo_bounds geo_centroid geo_line geohash_grid geohex_grid geotile_grid inference ip_prefix"
    " ip_range matrix_stats median_absolute_deviation multi_terms nested normalize parent random_sampler rare_terms"
    " rate reverse_nested sampler significant_terms significant_text string_stats t_test time_series top_hits_"
    " variable_width_histogram moving_fn moving_percentiles percentiles_bucket serial_diff extended_stats_bucket"
    " cumulative_cardinality bucket_correlation bucket_count_ks_test".split()
)
SCRIPTED = frozenset({"bucket_script", "bucket_selector"})

KINDS = {**metrics.KINDS, **buckets.KINDS, **histograms.KINDS, **composite.KINDS, **tops.KINDS}
"""Aggregation type → function(aggregator, body, sub-aggregations, level) → one result per parent bucket."""


class Aggregator:
    """Runs a tree over a searcher."""

    def __init__(self, searcher: Searcher, typed: bool) -> None:
        self.searcher, self.typed = searcher, typed
        self.query = Query(searcher)
        self.name = ""
        """Of the aggregation that is run, for its errors."""

    def tree(self, aggregations: Any, level: Level) -> Body:
        """{name: result} of what stands at the top, where no bucket is around an aggregation."""
        for name, definition in aggregations.items() if isinstance(aggregations, dict) else ():
            kind, body, _, _ = _definition(name, definition)
            path = body.get("buckets_path")
            if kind in pipelines.PARENTS and isinstance(path, str):
                if re.split(r"[>.\[]", path)[0] not in aggregations:
                    raise validation(f"No aggregation found for path [{path}]")
        return self.children(aggregations, level)[0]

    def children(self, aggregations: Any, level: Level) -> list[Body]:
        """{name: result} for each bucket of the level."""
        if not isinstance(aggregations, dict):
            raise parsing("Expected [START_OBJECT] under [aggs]")
        results: list[Body] = [{} for _ in range(level.count)]
        later: list[tuple[str, str, Body]] = []
        for name, definition in aggregations.items():
            kind, body, subs, meta = _definition(name, definition)
            if kind in pipelines.SIBLINGS:
                later.append((name, kind, body))
                continue
            if kind in pipelines.PARENTS:
                continue  # its parent runs it, over its buckets
            inner = {n: d for n, d in subs.items()}
            self.name = name
            found = KINDS[kind](self, body, inner, level)
            for into, result in zip(results, found, strict=True):
                if meta is not None:
                    result = {"meta": meta, **result}
                into[self.shown(name, kind, body, result)] = _clean(result)
        for name, kind, body in later:
            for into in results:
                into[self.shown(name, kind, body, {})] = pipelines.sibling(kind, body, into)
        return results

    def shown(self, name: str, kind: str, body: Body, result: Body) -> str:
        """The name, with `type#` before it where the request wants typed keys."""
        if not self.typed:
            return name
        return f"{_typed(self, kind, body, result)}#{name}"

    def below(self, found: list[Bucket], subs: Body, table: str) -> None:
        """Runs the sub-aggregations over buckets that `table` numbers, and lays the results into them."""
        if not subs:
            return
        level = Level(table, len(found))
        results = self.children(subs, level)
        for bucket in found:
            bucket.body |= results[bucket.number]

    def column(self, body: Body, kind: str) -> Column | None:
        """The field of an aggregation, or None where no index has it."""
        if "script" in body:
            from ..painless import find_script

            script, _ = find_script(body["script"])
            raise unsupported(f"the script [{script.name}] in [{kind}]")
        path = body.get("field")
        if not path:
            raise illegal("Required one of fields [field, script], but none were specified.")
        return self.searcher.column(path)


def _definition(name: str, definition: Any) -> tuple[str, Body, Body, Any]:
    if any(c in name for c in "[]>"):
        raise parsing(
            f"Invalid aggregation name [{name}]. Aggregation names can contain any character except '[', ']', and '>'"
        )
    if not isinstance(definition, dict):
        # The bracket that is missing is missing there, too.
        raise parsing(
            f"Aggregation definition for [{name} starts with a [{token(definition)}], expected a [START_OBJECT]."
        )
    subs, meta, found = {}, None, []
    for key, value in definition.items():
        if key in ("aggs", "aggregations"):
            subs = value
        elif key == "meta":
            meta = value
        else:
            found.append((key, value))
    if not found:
        raise parsing(f"Missing definition for aggregation [{name}]")
    if len(found) > 1:
        raise parsing(f"Found two aggregation type definitions in [{name}]: [{found[0][0]}] and [{found[1][0]}]")
    kind, body = found[0]
    if kind in SCRIPTED:
        from ..painless import find_script

        find_script(body.get("script"))
        raise unsupported(f"the aggregation [{kind}]")
    if kind in ELSEWHERE:
        raise unsupported(f"the aggregation [{kind}]")
    if kind not in KINDS and kind not in pipelines.SIBLINGS and kind not in pipelines.PARENTS:
        cause = {"type": "named_object_not_found_exception", "reason": f"[1:1] unknown field [{kind}]"}
        raise parsing(f"Unknown aggregation type [{kind}]", cause=cause)
    if not isinstance(body, dict):
        raise parsing(f"Unexpected token VALUE_STRING [{kind}] in [{name}].")
    allowed = ALLOWED.get(kind)
    if allowed is not None:
        for key in body:
            if key not in allowed:
                raise unknown_field(kind, key, allowed)
    _check_values(name, kind, body)
    if subs and kind in metrics.KINDS:
        raise illegal(f"Aggregator [{name}] of type [{kind}] cannot accept sub-aggregations")
    return kind, body, subs, meta


def _unbuilt(kind: str, cause: ElasticsearchError) -> ElasticsearchError:
    reason = f"Failed to build [{kind}] after last required field arrived"
    return ElasticsearchError("x_content_parse_exception", reason, cause=cause)


def _check_values(name: str, kind: str, body: Body) -> None:
    """Values that are refused while the body is read."""
    wrong = None
    if kind == "terms":
        for number in ("size", "shard_size", "min_doc_count"):
            if not str(body.get(number, 1)).lstrip("-").isdigit():
                raise unparsed(kind, number, not_a_number(body[number]))
    if kind == "composite" and "sources" not in body:
        raise illegal("Required [sources]")
    if kind == "composite" and not body["sources"]:
        cause = illegal("Composite [sources] cannot be null or empty")
        raise unparsed(kind, "sources", _unbuilt(kind, cause))
    if kind == "percentiles":
        for percent in body.get("percents") or ():
            if isinstance(percent, int | float) and not 0 <= percent <= 100:
                raise _unbuilt(kind, illegal(f"percent must be in [0,100], got [{float(percent)}]: [{name}]"))
    if kind == "filters" and not body:
        raise illegal("[filters] cannot be empty.")
    if kind == "date_histogram" and {"calendar_interval", "fixed_interval"} <= body.keys():
        second = [key for key in body if key in ("calendar_interval", "fixed_interval")][1]
        first = ({"calendar_interval", "fixed_interval"} - {second}).pop()
        wrong = second, f"Cannot use [{second}] with [{first}] configuration option."
    elif kind == "date_histogram" and "fixed_interval" in body:
        try:
            duration_ms(body["fixed_interval"], "date_histogram.fixedInterval")
        except ElasticsearchError as error:
            wrong = "fixed_interval", error.reason
    if kind == "cardinality" and isinstance(body.get("precision_threshold"), int) and body["precision_threshold"] < 0:
        found = body["precision_threshold"]
        wrong = (
            "precision_threshold",
            f"[precisionThreshold] must be greater than or equal to 0. Found [{found}] in [{name}]",
        )
    if kind == "top_hits" and isinstance(body.get("size"), int) and body["size"] < 0:
        raise illegal(f"[size] must be greater than or equal to 0. Found [{body['size']}] in [{name}]")
    if kind == "terms" and isinstance(body.get("size", 1), int) and body.get("size", 1) <= 0:
        wrong = "size", f"[size] must be greater than 0. Found [{body['size']}] in [{name}]"
    elif kind == "histogram" and isinstance(body.get("interval", 1), (int, float)) and body.get("interval", 1) <= 0:
        wrong = "interval", f"[interval] must be >0 for histogram aggregation [{name}]"
    elif kind == "date_histogram" and body.get("calendar_interval", "day") not in histograms.CALENDAR:
        interval = body["calendar_interval"]
        wrong = "calendar_interval", f"The supplied interval [{interval}] could not be parsed as a calendar interval."
    if wrong:
        raise unparsed(kind, wrong[0], illegal(wrong[1]))


_METRIC = {"field", "missing", "script", "format"}
ALLOWED: dict[str, set[str]] = {
    **dict.fromkeys(("avg", "sum", "min", "max", "stats", "value_count"), _METRIC),
    "extended_stats": _METRIC | {"sigma"},
    "cardinality": _METRIC | {"precision_threshold", "execution_hint", "rehash"},
    "percentiles": _METRIC | {"percents", "keyed", "tdigest", "hdr"},
    "percentile_ranks": _METRIC | {"values", "keyed", "tdigest", "hdr"},
    "terms": {
        "field",
        "size",
        "shard_size",
        "min_doc_count",
        "shard_min_doc_count",
        "order",
        "missing",
        "include",
        "exclude",
        "script",
        "format",
        "show_term_doc_count_error",
        "collect_mode",
        "execution_hint",
        "value_type",
    },  # fmt: skip
    "histogram": {
        "field",
        "interval",
        "offset",
        "min_doc_count",
        "extended_bounds",
        "hard_bounds",
        "keyed",
        "missing",
        "order",
        "format",
        "script",
    },
    "date_histogram": {
        "field",
        "calendar_interval",
        "fixed_interval",
        "time_zone",
        "offset",
        "min_doc_count",
        "extended_bounds",
        "hard_bounds",
        "keyed",
        "missing",
        "order",
        "format",
        "script",
    },  # fmt: skip
    "range": {"field", "ranges", "keyed", "missing", "format", "script"},
    "date_range": {"field", "ranges", "keyed", "missing", "format", "time_zone", "script"},
    "missing": {"field", "missing"},
    "filters": {"filters", "other_bucket", "other_bucket_key", "keyed"},
    "composite": {"sources", "size", "after"},
    "global": set(),
}

_TYPED = {
    "date_histogram": "date_histogram",
    "percentiles": "tdigest_percentiles",
    "percentile_ranks": "tdigest_percentile_ranks",
    "cumulative_sum": "simple_value",
    "avg_bucket": "simple_value",
    "sum_bucket": "simple_value",
    "max_bucket": "bucket_metric_value",
    "min_bucket": "bucket_metric_value",
}


def _typed(aggregator: Aggregator, kind: str, body: Body, result: Body) -> str:
    if kind == "terms":
        column = aggregator.searcher.column(body["field"]) if "field" in body else None
        if column is None:
            return "umterms"
        return "dterms" if column.floating else "lterms" if column.numeric else "sterms"
    return _TYPED.get(kind, kind)


def _clean(result: Body) -> Body:
    return result
