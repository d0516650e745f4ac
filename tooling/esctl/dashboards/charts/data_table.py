"""Data table: rows, metrics, and metrics split into columns ↔ `lnsDatatable`."""

from __future__ import annotations

from typing import Any

from ..colors import by_category, by_value, legacy_palette
from ..colors_of import mapping_of, palette_name_of, value_of
from ..columns_of import Inexpressible
from ..form import Form, given
from ..lens import LAYER, LensDocument
from ..lens_state import LayerState, LensState
from .appearance import dropped

CHART = "data_table"
VISUALIZATION = "lnsDatatable"
METRIC, ROW, SPLIT = (f"datatable_accessor_{part}" for part in ("metric", "row", "split_metric_by"))
COLOR_MODES = {"value": "text", "badge": "badge", "background": "cell"}
COLOR_MODES_OF = {stored: name for name, stored in COLOR_MODES.items()}
DEFAULTS = {"layerType": "data", "density": "normal", "showRowNumbers": False}
COLUMN_DEFAULTS = {
    "isMetric": False, "isTransposed": False, "hidden": False, "colorMode": "none", "summaryRow": "none",
    "collapseFn": "",
}  # fmt: skip
PAGES = (10, 20, 30, 50, 100)


def build(config: dict[str, Any], document: LensDocument) -> dict[str, Any]:
    """One layer; columns nest as splits, rows, metrics; the table itself lists rows, splits, metrics."""
    form = document.form
    metrics = {f"{METRIC}_{n}": metric for n, metric in enumerate(config.get("metrics", []))}
    rows = {f"{ROW}_{n}": row for n, row in enumerate(config.get("rows", []))}
    splits = {f"{SPLIT}_{n}": split for n, split in enumerate(config.get("split_metrics_by", []))}
    layer = document.layer(LAYER, config)
    for name, bucket in {**splits, **rows}.items():
        layer.bucket(name, bucket, list(metrics))
    for name, metric in metrics.items():
        layer.metric(name, metric)
        if layer.esql is not None:
            layer.columns[name]["inMetricDimension"] = True
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


def tidy(seen: dict[str, Any], attributes: dict[str, Any]) -> dict[str, Any]:
    """Columns in the order of the layer (rows, splits, metrics), each marked as what it is; defaults left out."""
    seen = dropped(seen, DEFAULTS)
    state = LensState(attributes)
    layer = state.layer(seen.get("layerId"), LAYER)
    found: dict[str, list[dict[str, Any]]] = {"row": [], "split": [], "metric": []}
    by_id = {one.get("columnId"): one for one in seen.get("columns") or ()}
    for id_ in layer.sorted([id_ for id_ in by_id if id_ in layer.columns]):
        column = by_id[id_]
        # Where a column does not say, its operation does; a transposed one is split by, whatever it says.
        metric = (
            column.get("isMetric", not layer.bucketed(id_))
            if layer.esql is None
            else column.get("isMetric", layer.columns[id_].get("inMetricDimension", False))
        )
        if layer.esql is None:
            metric = not layer.bucketed(id_)
        kind = "metric" if metric else "split" if column.get("isTransposed") else "row"
        column = dropped(column, COLUMN_DEFAULTS)
        column |= {"isMetric": True} if kind == "metric" else {"isTransposed": True} if kind == "split" else {}
        if kind == "metric":
            column.pop("isTransposed", None)
        if "colorMode" not in column:
            column.pop("palette", None)
            column.pop("colorMapping", None)
        if "colorMapping" in column and not (column.get("palette") or {}).get("params"):
            column.pop("palette", None)
        if "summaryRow" not in column:
            column.pop("summaryLabel", None)
        found[kind].append(column)
    seen["columns"] = found["row"] + found["split"] + found["metric"]
    if not (seen.get("sorting") or {}).get("columnId") or seen["sorting"].get("direction") == "none":
        seen.pop("sorting", None)
    if not (seen.get("paging") or {}).get("enabled"):
        seen.pop("paging", None)
    if "fitRowToContent" in seen:
        seen.setdefault("rowHeight", "auto" if seen.pop("fitRowToContent") else "single")
    for name in ("rowHeight", "headerRowHeight"):
        if seen.get(name) == "single":
            seen |= {name: "custom", f"{name}Lines": 1}
        if seen.get(name) != "custom":
            seen.pop(f"{name}Lines", None)
    return seen


def read(state: LensState) -> dict[str, Any]:
    """The chart as code."""
    seen = state.visualization
    layer = state.layer(seen["layerId"], LAYER)
    columns = seen["columns"]
    metrics = [one for one in columns if one.get("isMetric")]
    splits = [one for one in columns if one.get("isTransposed")]
    rows = [one for one in columns if one not in metrics and one not in splits]
    ids = [one["columnId"] for one in metrics]
    config: dict[str, Any] = {"type": CHART, **layer.settings()}
    made = [
        layer.metric(one["columnId"], f"{METRIC}_{n}") | _appearance_of(one, layer, metric=True) | _summary(one)
        for n, one in enumerate(metrics)
    ]
    if not made and layer.esql is None:
        raise Inexpressible("a table without metrics has no form as code")
    config |= {"metrics": made} if made else {}
    for key, name, some in (("rows", ROW, rows), ("split_metrics_by", SPLIT, splits)):
        buckets = [
            layer.bucket(one["columnId"], f"{name}_{n}", ids)
            | (_appearance_of(one, layer, metric=False) if key == "rows" else {})
            | (given(one, oneClickFilter="click_filter", collapseFn="collapse_by") if key == "rows" else {})
            for n, one in enumerate(some)
        ]
        config |= {key: buckets} if buckets else {}
    styling = _styling_of(seen, ids, [one["columnId"] for one in rows], len(splits))
    return config | ({"styling": styling} if styling else {})


def _appearance_of(column: dict[str, Any], layer: LayerState, *, metric: bool) -> dict[str, Any]:
    found = given(column, alignment="alignment", width="width")
    found |= {"visible": not column["hidden"]} if "hidden" in column else {}
    if column.get("colorMode") in COLOR_MODES_OF:
        found["apply_color_to"] = COLOR_MODES_OF[column["colorMode"]]
    color = mapping_of(column.get("colorMapping"))
    if not color and (metric or layer.esql is not None):
        color = value_of(column.get("palette"))
    palette = column.get("palette") or {}
    if not color and palette and not palette.get("params"):
        color = palette_name_of(palette)
    return found | color


def _summary(column: dict[str, Any]) -> dict[str, Any]:
    summary = given(column, summaryRow="type", summaryLabel="label")
    return {"summary": summary} if summary else {}


def _styling_of(seen: dict[str, Any], metrics: list[str], rows: list[str], splits: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    density: dict[str, Any] = given(seen, density="mode")
    for key, name, lines in (("value", "rowHeight", "lines"), ("header", "headerRowHeight", "max_lines")):
        if name in seen:
            height = {"type": seen[name]} | given(seen, **{f"{name}Lines": lines})
            density.setdefault("height", {})[key] = height
    found |= {"density": density} if density else {}
    size = (seen.get("paging") or {}).get("size")
    found |= {"paging": size} if size in PAGES else {}
    if "sorting" in seen:
        *values, column = seen["sorting"]["columnId"].split("---")
        sort: dict[str, Any] = {"direction": seen["sorting"].get("direction", "asc")}
        if column in rows and not values:
            found["sort_by"] = {"column_type": "row", "index": rows.index(column)} | sort
        elif column in metrics and not values:
            found["sort_by"] = {"column_type": "metric", "index": metrics.index(column)} | sort
        elif column in metrics and len(values) == splits:
            index = metrics.index(column)
            found["sort_by"] = {"column_type": "pivoted_metric", "index": index, "values": values} | sort
    return found | ({"row_numbers": {"visible": True}} if seen.get("showRowNumbers") else {})
