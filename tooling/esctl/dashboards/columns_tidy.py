"""Columns of a Lens layer in one form: old names as new ones; defaults and what Kibana computes are left out."""

from __future__ import annotations

from typing import Any

from .columns import EMPTY_AS_NULL
from .formula import RECORDS

Body = dict[str, Any]

RENAMED = {"avg": "average", "cardinality": "unique_count", "derivative": "differences"}
"""Operations by the names they had before 7.13."""
WITHOUT_MEANING = ("scale", "isStaticValue", "meta", "orderDirection", "suggestedPriority")
PARAMS: Body = {
    "emptyAsNull": False, "showArrayValues": False, "isFormulaBroken": False, "dropPartials": False,
    "ignoreTimeRange": False, "otherBucket": False, "missingBucket": False, "accuracyMode": False, "include": [],
    "exclude": [], "includeIsRegex": False, "excludeIsRegex": False, "secondaryFields": [],
}  # fmt: skip
RANGE_FORMAT: Body = {"id": "range", "params": {"template": "arrow_right", "replaceInfinity": True}}


def tidy_column(column: Body, *, old: bool) -> Body:
    """One column; `old`: from before 8.6, when an empty row of a date histogram did not have to be asked for."""
    found = {key: value for key, value in column.items() if key not in WITHOUT_MEANING and value is not None}
    operation = RENAMED.get(found.get("operationType", ""), found.get("operationType"))
    found["operationType"] = operation
    if found.get("sourceField") == "Records":
        found["sourceField"] = RECORDS
    params = tidy_params(found.get("params") or {})
    custom = bool(found.pop("customLabel", False))
    label = found.pop("label", "")
    if operation == "formula":
        custom = custom and label != params.get("formula")
        found.pop("references", None)
        found.pop("timeShift", None)
    if custom and (label or not found.get("isBucketed")):
        found |= {"label": label, "customLabel": True}
    for key in ("timeShift", "timeScale", "reducedTimeRange", "references"):
        if not found.get(key):
            found.pop(key, None)
    if not (found.get("filter") or {}).get("query"):
        found.pop("filter", None)
    if operation == "terms":
        _terms(params)
    elif operation == "date_histogram":
        params.setdefault("includeEmptyRows", old)
        params.setdefault("interval", "auto")
        params.pop("timeZone", None)
    elif operation == "range":
        _range(params, old=old)
    elif operation == "filters":
        params["filters"] = [_filter(one) for one in params.get("filters") or ()]
    elif operation == "static_value" and "value" in params:
        params["value"] = str(params["value"])
    if operation not in EMPTY_AS_NULL:
        params.pop("emptyAsNull", None)
    if operation == "last_value":
        params.setdefault("sortField", "@timestamp")
    found.pop("params", None)
    return found | ({"params": params} if params else {})


def tidy_params(params: Body) -> Body:
    """Parameters without defaults; a format without empty words."""
    found = {
        key: value
        for key, value in params.items()
        if value is not None and not (key in PARAMS and value == PARAMS[key])
    }
    format_ = found.get("format")
    if isinstance(format_, dict):
        inner = {key: value for key, value in (format_.get("params") or {}).items() if _says(value)}
        if format_.get("id") == "custom" or inner.get("decimals") == 2:
            inner.pop("decimals", None)
        found["format"] = {"id": format_.get("id")} | ({"params": inner} if inner else {})
    return found


def _says(value: Any) -> bool:
    return value is not None and value is not False and value != ""


def _terms(params: Body) -> None:
    if not params.get("otherBucket"):
        params.pop("missingBucket", None)
    if (params.get("parentFormat") or {}).get("id") in ("terms", "multi_terms"):
        del params["parentFormat"]
    for key in ("include", "exclude"):
        if key not in params:
            params.pop(f"{key}IsRegex", None)
    order = params.get("orderBy") or {}
    if order.get("type") == "alphabetical":
        params["orderBy"] = {"type": "alphabetical"}  # `fallback` says only that nobody chose it
    if order.get("type") == "custom" and isinstance(params.get("orderAgg"), dict):
        aggregation = params["orderAgg"]
        own = {key: value for key, value in (aggregation.get("params") or {}).items() if key in ("percentile", "value")}
        kept = {key: aggregation[key] for key in ("operationType", "sourceField") if key in aggregation}
        params["orderAgg"] = kept | ({"params": own} if own else {})
    else:
        params.pop("orderAgg", None)


def _range(params: Body, *, old: bool) -> None:
    if params.get("parentFormat") == RANGE_FORMAT:
        del params["parentFormat"]
    if params.get("type") == "histogram":
        params.setdefault("includeEmptyRows", old)
        params.setdefault("maxBars", "auto")
        for key in ("ranges", "parentFormat"):
            params.pop(key, None)
    else:
        for key in ("maxBars", "includeEmptyRows"):
            params.pop(key, None)
        params["ranges"] = [
            {key: value for key, value in one.items() if value not in (None, "")} for one in params.get("ranges") or ()
        ]


def _filter(one: Body) -> Body:
    given = one.get("input") or {}
    found: Body = {"input": {"query": given.get("query", ""), "language": given.get("language", "kuery")}}
    return found if one.get("label") in (None, "", "Filter") else found | {"label": one["label"]}
