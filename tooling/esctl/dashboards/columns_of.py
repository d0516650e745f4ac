"""Columns of a Lens layer → operations as code: the way back of `columns` and `buckets`.

Reads columns in their normal form (`lens_normal`): defaults and texts that Kibana computes are gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .columns import METRICS, REFERRING
from .filters_of import query_of
from .form import given
from .formats import format_of
from .formula import RECORDS

Body = dict[str, Any]
RANKING = (
    "min", "max", "average", "median", "standard_deviation", "unique_count", "sum", "last_value", "count",
    "percentile", "percentile_rank",
)  # fmt: skip
"""Operations by which the terms of a column may be ranked without being shown."""


class Inexpressible(Exception):
    """There is no form as code for it at all."""


def inverted(names: dict[str, str]) -> dict[str, str]:
    """Stored name → name as code."""
    return {stored: name for name, stored in names.items()}


def metric_of(column: Body, behind: Body | None = None) -> Body:
    """One metric column; `behind`: the hidden column that it refers to. Raises Inexpressible."""
    operation, params = column.get("operationType"), column.get("params") or {}
    if operation not in METRICS:
        raise Inexpressible(f'the operation "{operation}" has no form as code')
    found: Body = {"operation": operation}
    if operation == "static_value":
        found["value"] = _number(params.get("value", 100))
    elif operation == "formula":
        found["formula"] = params.get("formula", "")
    elif operation in REFERRING:
        found |= _referring(str(operation), params, behind)
    elif "sourceField" not in column:
        raise Inexpressible(f'a column of the operation "{operation}" has no field')
    elif column["sourceField"] != RECORDS:
        found["field"] = column["sourceField"]
    if params.get("emptyAsNull"):
        found["empty_as_null"] = True
    if operation == "last_value":
        found["time_field"] = params.get("sortField", "@timestamp")
        found |= {"multi_value": True} if params.get("showArrayValues") else {}
    elif operation == "percentile":
        found["percentile"] = params.get("percentile", 95)
    elif operation == "percentile_rank":
        found["rank"] = params.get("value", 0)
    found |= _formatted(params)
    if operation != "static_value":
        if filter_ := query_of(column.get("filter")):
            found["filter"] = filter_
        found |= given(column, timeScale="time_scale", reducedTimeRange="reduced_time_range")
        found |= given(column, timeShift="time_shift") if operation != "formula" else {}
    return found | ({"label": column["label"]} if column.get("customLabel") else {})


def _referring(operation: str, params: Body, behind: Body | None) -> Body:
    if behind is None:
        raise Inexpressible(f'a column of the operation "{operation}" refers to nothing')
    if operation in ("cumulative_sum", "counter_rate"):
        inner = behind.get("operationType")
        if inner not in (("max",) if operation == "counter_rate" else ("sum", "count")):
            raise Inexpressible(f'"{operation}" over the operation "{inner}" has no form as code')
        field = behind.get("sourceField")
        return {} if field in (None, RECORDS) else {"field": field}
    found = {"of": metric_of(behind)}
    if found["of"]["operation"] in ("formula", "static_value", *REFERRING):
        raise Inexpressible(f'"{operation}" over the operation "{found["of"]["operation"]}" has no form as code')
    return found | (given(params, window="window") if operation == "moving_average" else {})


def _number(text: Any) -> Any:
    try:
        number = float(text)
    except (TypeError, ValueError):
        return 0
    return int(number) if number.is_integer() and "." not in str(text) else number


def _formatted(params: Body) -> Body:
    format_ = format_of(params.get("format"))
    return {"format": format_} if format_ else {}


def bucket_of(column: Body, metrics: Sequence[str]) -> Body:
    """One bucket column. `metrics` are the ids of the layer's metric columns, in order. Raises Inexpressible."""
    operation, params = column.get("operationType"), column.get("params") or {}
    if operation == "terms":
        found = _terms(column, params, metrics)
    elif operation == "date_histogram":
        found = {"operation": operation, "field": column["sourceField"]}
        for key, name, default in (
            ("interval", "suggested_interval", "auto"),
            ("includeEmptyRows", "include_empty_rows", True),
            ("dropPartials", "drop_partial_intervals", False),
            ("ignoreTimeRange", "use_original_time_range", False),
        ):
            found |= {name: params[key]} if params.get(key, default) != default else {}
    elif operation == "range" and params.get("type") == "histogram":
        found = {"operation": "histogram", "field": column["sourceField"]}
        bars = params.get("maxBars", "auto")
        found |= {"granularity": bars} if bars != "auto" and 1 <= bars <= 7 else {}
        found |= {"include_empty_rows": False} if params.get("includeEmptyRows") is False else {}
    elif operation == "range":
        ranges = [{"gt": one.get("from"), "lte": one.get("to"), "label": one.get("label")} for one in params["ranges"]]
        ranges = [{key: value for key, value in one.items() if value not in (None, "")} for one in ranges]
        found = {"operation": "range", "field": column["sourceField"], "ranges": ranges}
    elif operation == "filters":
        filters = []
        for one in params["filters"]:
            query = query_of(one.get("input"))
            if query is None:
                raise Inexpressible("one of the filters of a column has no form as code")
            filters.append({"filter": query} | ({"label": one["label"]} if one.get("label") else {}))
        found = {"operation": "filters", "filters": filters}
    else:
        raise Inexpressible(f'the operation "{operation}" has no form as code')
    found |= _formatted(params) if operation not in ("filters", "date_histogram") else {}
    return found | ({"label": column["label"]} if column.get("customLabel") else {})


def _terms(column: Body, params: Body, metrics: Sequence[str]) -> Body:
    found: Body = {"operation": "terms", "fields": [column["sourceField"], *(params.get("secondaryFields") or ())]}
    found |= {"limit": params["size"]} if params.get("size", 5) != 5 else {}
    rank = _rank(params, metrics)
    found |= {"rank_by": rank} if rank else {}
    if params.get("otherBucket"):
        found["other_bucket"] = {"include_documents_without_field": bool(params.get("missingBucket"))}
    found |= given(params, accuracyMode="increase_accuracy")
    for state, key in (("include", "includes"), ("exclude", "excludes")):
        if params.get(state):
            found[key] = {"values": params[state]} | ({"as_regex": True} if params.get(f"{state}IsRegex") else {})
    return found


def _rank(params: Body, metrics: Sequence[str]) -> Body | None:
    order, direction = params.get("orderBy") or {}, params.get("orderDirection", "desc")
    usual = {} if direction == ("desc" if metrics else "asc") else {"direction": direction}
    match order.get("type"):
        case "column" if order.get("columnId") in metrics:
            index = list(metrics).index(order["columnId"])
            return {"type": "metric", "metric_index": index, "direction": direction} if index or usual else None
        case "alphabetical":
            return {"type": "alphabetical", "direction": direction} if usual or metrics else None
        case "rare":
            return {"type": "rare", "max": order.get("maxDocCount", 1000)}
        case "significant":
            return {"type": "significant"}
        case "custom" if (params.get("orderAgg") or {}).get("operationType") in RANKING:
            aggregation = params["orderAgg"]
            found: Body = {"type": "custom", "operation": aggregation["operationType"]}
            if aggregation.get("sourceField", RECORDS) != RECORDS:
                found["field"] = aggregation["sourceField"]
            own = aggregation.get("params") or {}
            return found | given(own, percentile="percentile", value="rank") | {"direction": direction}
    return None
