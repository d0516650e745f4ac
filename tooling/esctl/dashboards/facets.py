"""A chart as code in short phrases, each with the place it speaks of: `("group_by", 0, "limit")` → `top 10`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from .mistake_words import Path

BUCKETS = ("terms", "date_histogram", "histogram", "range", "filters")
METRICS = {
    "unique_count": "unique {field}", "median": "median {field}", "average": "average {field}", "sum": "sum of {field}",
    "min": "least {field}", "max": "greatest {field}", "standard_deviation": "standard deviation of {field}",
    "last_value": "last {field}", "percentile": "{percentile}th percentile of {field}",
    "percentile_rank": "percentile rank of {rank} in {field}", "cumulative_sum": "running sum of {field}",
    "counter_rate": "rate of {field}", "static_value": "{value}", "formula": "{formula}",
    "differences": "change of {of}", "moving_average": "moving average of {of}",
}  # fmt: skip
DEFAULTS = {"percentile": 95, "rank": 0, "value": 100}
SERIES = {
    "bar": "bars", "bar_stacked": "stacked bars", "bar_percentage": "bars in percent",
    "bar_horizontal": "horizontal bars", "bar_horizontal_stacked": "stacked horizontal bars",
    "bar_horizontal_percentage": "horizontal bars in percent", "line": "lines", "area": "areas",
    "area_stacked": "stacked areas", "area_percentage": "areas in percent", "reference_lines": "reference lines",
    "annotations": "annotations", "annotation_group": "annotations of a group",
}  # fmt: skip
CHARTS = {
    "data_table": "table", "legacy_metric": "metric", "tag_cloud": "tag cloud", "region_map": "region map",
    "heatmap": "heat map", "raw": "chart",
}  # fmt: skip
ROLES = {
    "x": "over", "breakdown_by": "split by", "group_by": "by", "group_breakdown_by": "and by", "rows": "by",
    "split_metrics_by": "across", "tag_by": "of", "region": "by", "min": "from", "max": "up to", "goal": "goal",
}  # fmt: skip
"""The word before a dimension, by its key; metrics have none."""
UNITS = {"s": "second", "m": "minute", "h": "hour", "d": "day"}


def kind_of_chart(config: dict[str, Any]) -> str:
    """`donut`, `bar`, `table`: what a person calls the chart."""
    kind = str(config.get("type", "chart"))
    if kind == "pie":
        return "donut" if config.get("styling", {}).get("donut_hole", "none") != "none" else "pie"
    if kind == "xy":
        series = str((config.get("layers") or [{}])[0].get("type", "xy"))
        return next((name for name in ("bar", "line", "area") if series.startswith(name)), "xy")
    return CHARTS.get(kind, kind)


def facets(config: dict[str, Any]) -> dict[Path, str]:
    """Each phrase by the place that it speaks of; the kind of the chart stands under `("type",)`."""
    found: dict[Path, str] = {("type",): kind_of_chart(config)}
    if config.get("type") == "pie":
        found["styling", "donut_hole"] = found["type",]
    found |= dict(_facets(config, ()))
    return found


def _facets(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, list):
        for position, item in enumerate(value):
            yield from _facets(item, (*path, position))
        return
    if not isinstance(value, dict):
        return
    key = next((part for part in reversed(path) if isinstance(part, str)), "")
    if key == "layers" and "type" in value:
        yield (*path, "type"), SERIES.get(value["type"], str(value["type"]))
    if key == "data_source":
        yield path, source(value)
        return
    if "operation" in value or ("column" in value and key not in ("color", "sort_by")):
        yield path, dimension(value, key if key != "y" or "operation" in value and _is_bucket(value) else "")
        if value.get("operation") == "terms":
            yield (*path, "limit"), f"top {value.get('limit', 5)}"
        return
    for name, item in value.items():
        if name not in ("styling", "legend", "axis", "filters", "color"):
            yield from _facets(item, (*path, name))


def dimension(value: dict[str, Any], role: str = "") -> str:
    """`count`, `average price`, `by cluster`: one metric or bucket, with the word for what it does there."""
    text = bucket(value) if _is_bucket(value) else metric(value)
    word = ROLES.get(role, "by" if role == "y" else "")
    return f"{word} {text}" if word else text


def metric(value: dict[str, Any]) -> str:
    """`average price where status : "paid", a week earlier`."""
    if "operation" not in value:
        return str(value.get("column", ""))
    operation = value["operation"]
    if operation == "count":
        text = f"count of {value['field']}" if value.get("field") else "count"
    else:
        words: dict[str, Any] = {**DEFAULTS, "field": "", **value}
        if isinstance(words.get("of"), dict):
            words["of"] = metric(words["of"])
        pattern = METRICS.get(operation, operation)
        text = pattern.format_map({key: _number(item) for key, item in words.items()})
    if isinstance(value.get("filter"), dict) and value["filter"].get("expression"):
        text += f" where {value['filter']['expression']}"
    if value.get("time_scale"):
        text += f" per {UNITS.get(value['time_scale'], value['time_scale'])}"
    if value.get("time_shift"):
        text += f", {value['time_shift']} earlier"
    if value.get("reduced_time_range"):
        text += f", last {value['reduced_time_range']}"
    return text


def bucket(value: dict[str, Any]) -> str:
    """`cluster and label`, `at per 1d`, `price in 3 ranges`."""
    operation = value.get("operation")
    if operation == "terms":
        fields = value.get("fields") or [value.get("field", "")]
        return " and ".join(str(field) for field in fields)
    if operation == "date_histogram":
        interval = value.get("suggested_interval", "auto")
        return f"{value.get('field')}" + (f" per {interval}" if interval != "auto" else "")
    if operation == "histogram":
        return f"{value.get('field')} in steps"
    if operation == "range":
        return f"{value.get('field')} in {_counted(value.get('ranges') or (), 'range')}"
    if operation == "filters":
        return _counted(value.get("filters") or (), "filter")
    return str(value.get("column", ""))


def source(value: dict[str, Any]) -> str:
    """Where rows come from."""
    kind = value.get("type")
    if kind == "data_view_reference":
        return f"data view {json.dumps(value.get('ref_id'), ensure_ascii=False)}"
    if kind == "esql":
        return f"ES|QL {_short(' '.join(str(value.get('query', '')).split()))}"
    return f"index {value.get('index_pattern')}"


def sentence(config: dict[str, Any]) -> str:
    """`count by cluster (top 10)`: what the chart shows; each layer of an xy chart after the other."""
    if config.get("type") == "raw":
        return "as Kibana stores it"
    if "layers" in config:
        several = len(config["layers"]) > 1
        return "; ".join(_layer(layer, several) for layer in config["layers"])
    return _sentence(config)


def _layer(layer: dict[str, Any], several: bool) -> str:
    kind = layer.get("type", "")
    if "y" in layer:
        text = _sentence(layer)
        return f"{SERIES.get(kind, kind)}: {text}" if several or kind not in ("bar", "line", "area") else text
    if kind == "reference_lines":
        return f"reference lines {', '.join(metric(one) for one in layer.get('thresholds', ()))}"
    if kind == "annotations":
        return _counted(layer.get("events") or (), "annotation")
    return SERIES.get(kind, str(kind))


def _sentence(config: dict[str, Any]) -> str:
    parts = []
    for key in ("metrics", "metric"):
        if key in config:
            parts.append(", ".join(metric(one) for one in _listed(config[key])))
    if "y" in config and "metric" not in config:
        parts.append(", ".join(metric(one) for one in _listed(config["y"])))
    for key in ("min", "max", "goal"):
        holder = config.get("metric")
        if isinstance(holder, dict) and isinstance(holder.get(key), dict):
            parts.append(dimension(holder[key], key))
    for key in ("x", "y", "tag_by", "region", "group_by", "group_breakdown_by", "rows", "split_metrics_by",
                "breakdown_by"):  # fmt: skip
        if key not in config or (key == "y" and "metric" not in config):
            continue
        items = _listed(config[key])
        said = ", ".join(bucket(one) + _limit(one) for one in items)
        if said:
            parts.append(f"{ROLES.get(key, 'by')} {said}")
    return " ".join(part for part in parts if part)


def _limit(value: dict[str, Any]) -> str:
    return f" (top {value.get('limit', 5)})" if value.get("operation") == "terms" else ""


def _is_bucket(value: dict[str, Any]) -> bool:
    return value.get("operation") in BUCKETS


def _listed(value: Any) -> list[dict[str, Any]]:
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]


def _counted(items: Any, noun: str) -> str:
    return f"{len(items)} {noun}" if len(items) == 1 else f"{len(items)} {noun}s"


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"
