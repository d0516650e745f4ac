"""Columns of a Lens layer, their formats, colours and data source → as code: the way back of `columns` and `colors`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .colors import LEGACY_PALETTE
from .columns import METRICS, RECORDS
from .filters_of import query_of
from .form import given
from .formats import FROM_UNITS, TO_UNITS

Body = dict[str, Any]
Refuse = Callable[[str], Exception]
"""Makes the error of what has no form as code."""


def inverted(names: dict[str, str]) -> dict[str, str]:
    """Stored name → name as code."""
    return {stored: name for name, stored in names.items()}


def _format(state: Body) -> Body:
    params = state.get("params") or {}
    found: Body = {"type": state["id"]}
    if params.get("decimals", 2) != 2:
        found["decimals"] = params["decimals"]
    if state["id"] == "duration":
        found["from"] = inverted(FROM_UNITS).get(params["fromUnit"], params["fromUnit"])
        found["to"] = inverted(TO_UNITS).get(params["toUnit"], params["toUnit"])
    return found | {key: params[key] for key in ("pattern", "compact", "suffix") if params.get(key)}


def _formatted(params: Body) -> Body:
    return {"format": _format(params["format"])} if isinstance(params.get("format"), dict) else {}


def metric_of(column: Body, refuse: Refuse) -> Body:
    """One metric column."""
    operation, params = column.get("operationType"), column.get("params") or {}
    if operation not in METRICS:
        raise refuse(f'the operation "{operation}" has no form as code yet')
    found: Body = {"operation": operation}
    if operation == "static_value":
        number = float(params.get("value", 100))
        found["value"] = int(number) if number.is_integer() and "." not in str(params.get("value")) else number
    elif column.get("sourceField") != RECORDS:
        found["field"] = column["sourceField"]
    if params.get("emptyAsNull"):
        found["empty_as_null"] = True
    if operation == "last_value":
        found["time_field"] = params["sortField"]
        found |= {"multi_value": True} if params.get("showArrayValues") else {}
    elif operation == "percentile":
        found["percentile"] = params["percentile"]
    elif operation == "percentile_rank":
        found["rank"] = params["value"]
    found |= _formatted(params)
    if filter_ := query_of(column.get("filter")):
        found["filter"] = filter_
    found |= given(column, timeScale="time_scale", timeShift="time_shift", reducedTimeRange="reduced_time_range")
    return found | ({"label": column["label"]} if column.get("customLabel") else {})


def bucket_of(column: Body, metrics: Sequence[str], refuse: Refuse, *, settled: bool) -> Body:
    """One bucket column. `metrics` are the ids of the layer's metric columns, in order."""
    operation, params = column.get("operationType"), column.get("params") or {}
    if operation == "terms":
        found = _terms(column, params, metrics, refuse)
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
        found |= {"granularity": params["maxBars"]} if params.get("maxBars", "auto") != "auto" else {}
        found |= {"include_empty_rows": False} if params.get("includeEmptyRows") is False else {}
    elif operation == "range":
        ranges = [{"gt": one.get("from"), "lte": one.get("to"), "label": one.get("label")} for one in params["ranges"]]
        ranges = [{key: value for key, value in one.items() if value not in (None, "")} for one in ranges]
        found = {"operation": "range", "field": column["sourceField"], "ranges": ranges}
    elif operation == "filters":
        unsaid = ("", "Filter") if settled else ("",)
        filters = [
            {"filter": query_of(one["input"])} | ({} if one.get("label", "") in unsaid else {"label": one["label"]})
            for one in params["filters"]
        ]
        found = {"operation": "filters", "filters": filters}
    else:
        raise refuse(f'the operation "{operation}" has no form as code yet')
    return found | _formatted(params) | ({"label": column["label"]} if column.get("customLabel") else {})


def _terms(column: Body, params: Body, metrics: Sequence[str], refuse: Refuse) -> Body:
    found: Body = {"operation": "terms", "fields": [column["sourceField"], *(params.get("secondaryFields") or ())]}
    found |= {"limit": params["size"]} if params.get("size", 5) != 5 else {}
    rank = _rank(params, metrics, refuse)
    found |= {"rank_by": rank} if rank else {}
    if params.get("otherBucket"):
        found["other_bucket"] = {"include_documents_without_field": bool(params.get("missingBucket"))}
    found |= given(params, accuracyMode="increase_accuracy")
    for state, key in (("include", "includes"), ("exclude", "excludes")):
        if params.get(state):
            found[key] = {"values": params[state]} | ({"as_regex": True} if params.get(f"{state}IsRegex") else {})
    return found


def _rank(params: Body, metrics: Sequence[str], refuse: Refuse) -> Body | None:
    order, direction = params.get("orderBy") or {}, params.get("orderDirection")
    usual = {} if direction == ("desc" if metrics else "asc") else {"direction": direction}
    match order.get("type"):
        case "column":
            if order["columnId"] not in metrics:
                raise refuse("terms ranked by a hidden column have no form as code")
            index = list(metrics).index(order["columnId"])
            return {"type": "metric", "metric_index": index, "direction": direction} if index or usual else None
        case "alphabetical":
            if order.get("fallback") and not metrics:
                return None
            return {"type": "alphabetical", "direction": direction}
        case "rare":
            return {"type": "rare", "max": order["maxDocCount"], **usual}
        case "custom":
            aggregation = params.get("orderAgg") or {}
            found: Body = {"type": "custom", "operation": aggregation["operationType"]}
            if aggregation.get("sourceField") != RECORDS:
                found["field"] = aggregation["sourceField"]
            own = aggregation.get("params") or {}
            return found | given(own, percentile="percentile", value="rank") | {"direction": direction}
    return {"type": order.get("type"), **usual}


def fixed_color(stored: Any) -> Body:
    """`{color: {type: static, …}}` where there is one."""
    return {"color": {"type": "static", "color": stored}} if isinstance(stored, str) and stored else {}


def palette_of(palette: Any, refuse: Refuse) -> Body:
    """`{color: …}` of a palette: steps by value, or an old palette by name."""
    if not isinstance(palette, dict):
        return {}
    params = palette.get("params") or {}
    if not params:
        name = f"{LEGACY_PALETTE}{palette['name']}"
        return {"color": {"mode": "categorical", "palette": name, "mapping": []}}
    if params.get("name") != "custom" or params.get("progression") != "fixed":
        raise refuse(f'the palette "{params.get("name")}" has no form as code yet')
    steps = []
    for low, high in zip(params["colorStops"], params["stops"], strict=True):
        bounds = {"gte": low.get("stop"), "lt": high.get("stop")}
        steps.append({"color": high["color"], **{key: value for key, value in bounds.items() if value is not None}})
    kind = "percentage" if params.get("rangeType") == "percent" else "absolute"
    return {"color": {"type": "dynamic", "range": kind, "steps": steps}}


def mapping_of(mapping: Any, *, numbers: bool = False) -> Body:
    """`{color: …}` of a `colorMapping`. `numbers`: the old rules, which hold text, are of a field of numbers."""
    if not isinstance(mapping, dict):
        return {}
    gradient = mapping["colorMode"]["type"] == "gradient"
    found: Body = {"mode": mapping["colorMode"]["type"], "palette": mapping["paletteId"]}
    assignments = [
        {"values": _values(one, numbers)} | ({} if gradient else {"color": _color(one["color"])})
        for one in mapping.get("assignments") or ()
    ]
    found["mapping"] = assignments
    if gradient:
        steps = [_color(step) for step in mapping["colorMode"].get("steps") or ()]
        found |= {"gradient": steps} if steps else {}
        found |= {"sort": "desc"} if mapping["colorMode"].get("sort") == "desc" else {}
    rest = (mapping.get("specialAssignments") or [{}])[0].get("color") or {"type": "loop"}
    return {"color": found | ({} if rest["type"] == "loop" else {"unassigned": _color(rest)})}


def _color(stored: Body) -> Body:
    if stored["type"] == "colorCode":
        return {"type": "color_code", "value": stored["colorCode"]}
    palette = {} if stored.get("paletteId", "default") == "default" else {"palette": stored["paletteId"]}
    return {"type": "from_palette", **palette, "index": stored["colorIndex"]}


def _values(assignment: Body, numbers: bool) -> list[Any]:
    if "rules" in assignment:
        return [_raw(rule["value"]) for rule in assignment["rules"]]
    return [_old(value, numbers) for value in assignment["rule"].get("values") or ()]


def _raw(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value["type"] == "multiFieldKey":
        return {"type": "multi_field_key", "keys": value["keys"]}
    return {"type": "range_key"} | {key: value[key] for key in ("from", "to", "ranges") if key in value}


def _old(value: Any, numbers: bool) -> Any:
    if isinstance(value, list):
        return {"type": "multi_field_key", "keys": value}
    if numbers:
        for kind in (int, float):
            try:
                return kind(value)
            except ValueError:
                continue
    return value


def source_of(attributes: Body, layer: str, references: Sequence[dict[str, str]], refuse: Refuse) -> Body:
    """The data source of a layer: a data view, or one that is written in place."""
    name = f"indexpattern-datasource-layer-{layer}"
    state = attributes["state"]
    for one in state.get("internalReferences") or ():
        if one["name"] == name:
            view = (state.get("adHocDataViews") or {})[one["id"]]
            if any(view.get(key) for key in ("fieldFormats", "runtimeFieldMap", "fieldAttrs", "sourceFilters")):
                raise refuse("a data view written in place with settings of fields has no form as code yet")
            time = view.get("timeFieldName")
            field = {} if time == "@timestamp" else {"time_field": time}
            return {"type": "data_view_spec", "index_pattern": view["title"], **field}
    for one in references:
        if one["name"] == name:
            return {"type": "data_view_reference", "ref_id": one["id"]}
    raise refuse("one of its layers has no data view")
