"""Metric operations of a chart over a data view → columns of a Lens layer (`formBased`); buckets stand in `buckets`."""

from __future__ import annotations

from typing import Any

from .form import Form, given, query_state
from .formats import format_state
from .formula import RECORDS, hidden_columns
from .labels import metric_label

METRICS = (
    "count", "unique_count", "sum", "min", "max", "average", "median", "standard_deviation", "last_value",
    "percentile", "percentile_rank", "static_value", "differences", "moving_average", "cumulative_sum",
    "counter_rate", "formula",
)  # fmt: skip
EMPTY_AS_NULL = ("count", "unique_count", "sum")
REFERRING = ("differences", "moving_average", "cumulative_sum", "counter_rate")
"""Operations over the values of another column, which is hidden."""

Column = dict[str, Any]


def metric_columns(id_: str, metric: dict[str, Any], form: Form, time_field: str) -> tuple[Column, dict[str, Column]]:
    """One metric operation as a column, and the hidden columns that it refers to, by their ids.

    Keys that belong to the chart (`color`, `axis`, …) are not looked at. `time_field` orders last values in formulas.
    """
    operation = metric["operation"]
    column = _metric_column(metric, form)
    if operation in REFERRING:
        hidden = _metric_column(referred(metric), form)
        name = f"{id_}_reference"
        column["references"] = [name]
        return column, {name: hidden}
    if operation == "formula" and not form.settled:
        parts = hidden_columns(id_, metric["formula"], column["label"], time_field, column)
        if parts:
            column["references"] = [list(parts)[-1]]
        return column, parts
    return column, {}


def referred(metric: dict[str, Any]) -> dict[str, Any]:
    """The operation whose values another one takes: `of`, or what stands behind `field`."""
    if "of" in metric:
        return dict(metric["of"])
    if metric["operation"] == "counter_rate":
        return {"operation": "max", "field": metric["field"]}
    return {"operation": "sum", "field": metric["field"]} if "field" in metric else {"operation": "count"}


def _metric_column(metric: dict[str, Any], form: Form) -> Column:
    operation = metric["operation"]
    params: dict[str, Any] = {}
    if operation in EMPTY_AS_NULL:
        params["emptyAsNull"] = metric.get("empty_as_null", False)
    elif operation == "last_value":
        params |= {"sortField": metric["time_field"], "showArrayValues": metric.get("multi_value", False)}
    elif operation == "percentile":
        params["percentile"] = metric.get("percentile", 95)
    elif operation == "percentile_rank":
        params["value"] = metric.get("rank", 0)
    elif operation == "static_value":
        params["value"] = str(metric.get("value", 100))
    elif operation == "moving_average":
        params["window"] = metric.get("window", 5)
    elif operation == "formula":
        params["formula"] = metric["formula"]
        if not form.settled:
            params["isFormulaBroken"] = False
    if "format" in metric:
        params["format"] = format_state(metric["format"])

    column: Column = {"operationType": operation, "dataType": "number", "isBucketed": False}
    if operation in ("static_value", "formula", *REFERRING):
        column["references"] = []
    else:
        column["sourceField"] = metric.get("field", RECORDS)
    if operation != "static_value":
        if "filter" in metric:
            column["filter"] = query_state(metric["filter"])
        column |= given(metric, time_scale="timeScale", time_shift="timeShift", reduced_time_range="reducedTimeRange")
    # An empty label is a label here: it hides the text. For buckets it is not.
    return labelled(column, metric.get("label"), "label" in metric, metric_label(metric), "ratio", form) | {
        "params": params
    }


def labelled(column: Column, label: str | None, custom: bool, default: str, scale: str, form: Form) -> Column:
    """The column with its label; Kibana before 9.4 wants the default label and the scale written out."""
    if form.settled:
        return column | {"label": label if custom else "", "customLabel": custom}
    return column | {"label": label if custom else default, "customLabel": custom, "scale": scale}
