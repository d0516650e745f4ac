"""Bucket operations of a chart over a data view → columns of a Lens layer (`formBased`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .colors import numeric_mapping
from .columns import Column, labelled
from .form import Form, given, query_state
from .formats import format_state
from .formula import RECORDS
from .labels import bucket_label

BUCKETS = ("terms", "date_histogram", "histogram", "range", "filters")


def bucket_column(bucket: dict[str, Any], metrics: Sequence[str], form: Form) -> Column:
    """One bucket operation as a column. `metrics` are the ids of the layer's metric columns, in order."""
    operation = bucket["operation"]
    build = {
        "terms": _terms,
        "date_histogram": _date_histogram,
        "histogram": _histogram,
        "range": _range,
        "filters": _filters,
    }[operation]
    column = {"isBucketed": True} | build(bucket, metrics, form)
    scale = "interval" if operation in ("date_histogram", "histogram") else "ordinal"
    label = bucket.get("label")
    return labelled(column, label, bool(label), bucket_label(bucket), scale, form)


def _terms(bucket: dict[str, Any], metrics: Sequence[str], form: Form) -> Column:
    fields, other = bucket["fields"], bucket.get("other_bucket")
    params: dict[str, Any] = {
        "size": bucket.get("limit", 5),
        **_rank(bucket.get("rank_by"), metrics),
        # Written even when absent: the editor's own default is an "Other" bucket, the API's is none.
        "otherBucket": other is not None,
        "missingBucket": bool(other and other["include_documents_without_field"]),
        "parentFormat": {"id": "multi_terms" if len(fields) > 1 else "terms"},
    }
    if len(fields) > 1:
        params["secondaryFields"] = fields[1:]
    params |= given(bucket, increase_accuracy="accuracyMode")
    for key, state in (("includes", "include"), ("excludes", "exclude")):
        if key in bucket:
            params[state] = bucket[key]["values"]
            params[f"{state}IsRegex"] = bucket[key].get("as_regex", False)
    if "format" in bucket:
        params["format"] = format_state(bucket["format"])
    # Colour rules before 9.4 hold text; Kibanas that turn them into raw values ask the column's type whether to make
    # numbers of it, and the spec's own values are the only sign of what the field holds.
    number = not form.settled and len(fields) == 1 and numeric_mapping(bucket.get("color"))
    return {
        "operationType": "terms",
        "dataType": "number" if number else "string",
        "sourceField": fields[0],
        "params": params,
    }


def _rank(rank: dict[str, Any] | None, metrics: Sequence[str]) -> dict[str, Any]:
    if rank is None or rank["type"] == "metric":
        if not metrics:
            return {"orderBy": {"type": "alphabetical", "fallback": True}, "orderDirection": "asc"}
        index = int(rank.get("metric_index", 0)) if rank else 0
        direction = rank["direction"] if rank else "desc"
        return {"orderBy": {"type": "column", "columnId": metrics[index]}, "orderDirection": direction}
    direction = rank.get("direction", "desc" if metrics else "asc")
    if rank["type"] == "rare":
        return {"orderBy": {"type": "rare", "maxDocCount": rank["max"]}, "orderDirection": direction}
    if rank["type"] != "custom":
        return {"orderBy": {"type": rank["type"]}, "orderDirection": direction}
    aggregation: Column = {
        "operationType": rank["operation"],
        "sourceField": rank.get("field", RECORDS),
        "dataType": "number",
        "isBucketed": False,
        "label": "",
    }
    if rank["operation"] == "percentile":
        aggregation["params"] = {"percentile": rank.get("percentile", 95)}
    elif rank["operation"] == "percentile_rank":
        aggregation["params"] = {"value": rank.get("rank", 0)}
    return {"orderBy": {"type": "custom"}, "orderDirection": direction, "orderAgg": aggregation}


def _date_histogram(bucket: dict[str, Any], metrics: Sequence[str], form: Form) -> Column:
    return {
        "operationType": "date_histogram",
        "dataType": "date",
        "sourceField": bucket["field"],
        "params": {
            "interval": bucket.get("suggested_interval", "auto"),
            "includeEmptyRows": bucket.get("include_empty_rows", True),
            "dropPartials": bucket.get("drop_partial_intervals", False),
            "ignoreTimeRange": bucket.get("use_original_time_range", False),
        },
    }


def _histogram(bucket: dict[str, Any], metrics: Sequence[str], form: Form) -> Column:
    params: dict[str, Any] = {
        "type": "histogram",
        "maxBars": bucket.get("granularity", "auto"),
        "ranges": [],
        "includeEmptyRows": bucket.get("include_empty_rows", True),
    }
    if "format" in bucket:
        params["format"] = format_state(bucket["format"])
    return {"operationType": "range", "dataType": "number", "sourceField": bucket["field"], "params": params}


def _range(bucket: dict[str, Any], metrics: Sequence[str], form: Form) -> Column:
    params: dict[str, Any] = {
        "type": "range",
        "maxBars": "auto",
        "ranges": [
            {"from": part.get("gt"), "to": part.get("lte"), "label": part.get("label", "")} for part in bucket["ranges"]
        ],
        "parentFormat": {"id": "range", "params": {"template": "arrow_right", "replaceInfinity": True}},
    }
    if "format" in bucket:
        params["format"] = format_state(bucket["format"])
    return {"operationType": "range", "dataType": "string", "sourceField": bucket["field"], "params": params}


def _filters(bucket: dict[str, Any], metrics: Sequence[str], form: Form) -> Column:
    filters = [
        {"input": query_state(part["filter"]), "label": part.get("label", "Filter" if form.settled else "")}
        for part in bucket["filters"]
    ]
    return {"operationType": "filters", "dataType": "string", "params": {"filters": filters}}
