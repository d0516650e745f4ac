"""Data table: rows, metrics, and metrics split into columns → `lnsDatatable`."""

from __future__ import annotations

from typing import Any

from ..colors import by_category, by_value, legacy_palette
from ..columns import Column, bucket_column, metric_column
from ..form import Form, given
from ..lens import LAYER, LensDocument
from .operations import Unsupported, in_data_source, in_operations

CHART = "data_table"
VISUALIZATION = "lnsDatatable"
COLOR_MODES = {"value": "text", "badge": "badge", "background": "cell"}


def unsupported(config: dict[str, Any]) -> Unsupported:
    """Whatever operations and sources are not converted."""
    yield from in_data_source(config["data_source"])
    if config["data_source"]["type"] != "esql":
        yield from in_operations(config, "metrics", "rows", "split_metrics_by")


def build(config: dict[str, Any], document: LensDocument) -> dict[str, Any]:
    """One layer; columns nest as splits, rows, metrics; the table itself lists rows, splits, metrics."""
    form = document.form
    metrics = {f"datatable_accessor_metric_{n}": metric for n, metric in enumerate(config["metrics"])}
    rows = {f"datatable_accessor_row_{n}": row for n, row in enumerate(config.get("rows", []))}
    splits = {
        f"datatable_accessor_split_metric_by_{n}": split for n, split in enumerate(config.get("split_metrics_by", []))
    }

    columns: dict[str, Column] = {}
    for name, bucket in {**splits, **rows}.items():
        columns[name] = bucket_column(bucket, list(metrics), form)
    for name, metric in metrics.items():
        columns[name] = metric_column(metric, form)
    document.add_layer(LAYER, config["data_source"], columns, config)

    return {
        "layerId": LAYER,
        "layerType": "data",
        "columns": [
            *(_row(name, row, form) for name, row in rows.items()),
            *({"columnId": name, "isTransposed": True, "isMetric": False} for name in splits),
            *(_metric(name, metric, form) for name, metric in metrics.items()),
        ],
        **_styling(config.get("styling", {}), list(metrics), list(rows)),
    }


def _row(name: str, row: dict[str, Any], form: Form) -> dict[str, Any]:
    column = {"columnId": name, "isTransposed": False, "isMetric": False} | _appearance(row, form)
    return column | given(row, click_filter="oneClickFilter", collapse_by="collapseFn")


def _metric(name: str, metric: dict[str, Any], form: Form) -> dict[str, Any]:
    column = {"columnId": name, "isTransposed": False, "isMetric": True} | _appearance(metric, form)
    return column | given(metric.get("summary", {}), type="summaryRow", label="summaryLabel")


def _appearance(entry: dict[str, Any], form: Form) -> dict[str, Any]:
    state = given(entry, alignment="alignment", width="width")
    if "visible" in entry:
        state["hidden"] = not entry["visible"]
    if "apply_color_to" in entry:
        state["colorMode"] = COLOR_MODES[entry["apply_color_to"]]
    color = entry.get("color")
    palette = by_value(color) or legacy_palette(color)
    mapping = by_category(color, form)
    state |= {"palette": palette} if palette else {}
    return state | ({"colorMapping": mapping} if mapping else {})


def _styling(styling: dict[str, Any], metrics: list[str], rows: list[str]) -> dict[str, Any]:
    state: dict[str, Any] = {}
    density = styling.get("density", {})
    if "mode" in density:
        state["density"] = "normal" if density["mode"] == "default" else density["mode"]
    for key, name, lines, default in (
        ("value", "rowHeight", "lines", 1),
        ("header", "headerRowHeight", "max_lines", 3),
    ):
        height = density.get("height", {}).get(key)
        if height:
            state[name] = height["type"]
            if height["type"] == "custom":
                state[f"{name}Lines"] = height.get(lines, default)
    if "paging" in styling:
        state["paging"] = {"size": styling["paging"], "enabled": True}
    sort = styling.get("sort_by")
    if sort:
        column = (rows if sort["column_type"] == "row" else metrics)[int(sort["index"])]
        state["sorting"] = {"columnId": "---".join([*sort.get("values", []), column]), "direction": sort["direction"]}
    if "row_numbers" in styling:
        state["showRowNumbers"] = styling["row_numbers"]["visible"]
    return state
