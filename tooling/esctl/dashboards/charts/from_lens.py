"""Lens attributes → the chart as code that they stand for: the way back of the modules metric, pie, data table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..columns_of import (
    Refuse,
    bucket_of,
    fixed_color,
    inverted,
    mapping_of,
    metric_of,
    palette_of,
    source_of,
)
from ..filters_of import filter_of, query_of
from ..form import given
from . import data_table, metric, pie
from .from_lens_xy import xy_of

Body = dict[str, Any]


class LensState:
    """The attributes of a chart, opened."""

    def __init__(self, attributes: Body, references: Sequence[dict[str, str]], refuse: Refuse) -> None:
        self.attributes, self.references, self.refuse = attributes, references, refuse
        self.settled = attributes.get("version") == 2
        states = attributes["state"]["datasourceStates"]
        if "formBased" not in states:
            raise refuse("a chart over ES|QL has no form as code yet")
        self.layers: dict[str, Body] = states["formBased"]["layers"]
        self.visualization: Body = attributes["state"]["visualization"]

    def column(self, layer: str, id: str) -> Body:
        return dict(self.layers[layer]["columns"][id])

    def metric(self, layer: str, id: str) -> Body:
        return metric_of(self.column(layer, id), self.refuse)

    def bucket(self, layer: str, id: str, metrics: Sequence[str]) -> Body:
        return bucket_of(self.column(layer, id), metrics, self.refuse, settled=self.settled)

    def numbers(self, layer: str, id: str) -> bool:
        return self.column(layer, id).get("dataType") == "number"

    def source(self, layer: str) -> Body:
        """The data source and the settings of a layer."""
        found: Body = {"data_source": source_of(self.attributes, layer, self.references, self.refuse)}
        state = self.layers[layer]
        if state.get("sampling", 1) != 1:
            found["sampling"] = state["sampling"]
        return found | ({"ignore_global_filters": True} if state.get("ignoreGlobalFilters") else {})


def chart_of(attributes: Body, references: Sequence[dict[str, str]], refuse: Refuse) -> Body:
    """The chart's config. Raises what `refuse` makes of a reason, for what has no form."""
    kind = attributes.get("visualizationType")
    makers = {metric.VISUALIZATION: _metric, pie.VISUALIZATION: _pie, data_table.VISUALIZATION: _table, "lnsXY": xy_of}
    if kind not in makers:
        raise refuse(f"charts of type {kind} have no form as code yet")
    try:
        state = LensState(attributes, references, refuse)
        config = makers[kind](state)
    except (KeyError, IndexError, TypeError, AttributeError, ValueError):
        raise refuse(f"this chart of type {kind} has no form as code yet") from None
    head: Body = {"type": config.pop("type")}
    if attributes.get("title"):
        head["title"] = attributes["title"]
    if "description" in attributes:
        head["description"] = attributes["description"]
    query = query_of(attributes["state"].get("query"))
    if query and (query["expression"] or "language" in query):
        config["query"] = query
    if attributes["state"].get("filters"):
        config["filters"] = [filter_of(one, lambda name: None, refuse) for one in attributes["state"]["filters"]]
    return head | config


def _metric(state: LensState) -> Body:
    seen = state.visualization
    layer, first, second = seen["layerId"], seen["metricAccessor"], seen.get("secondaryMetricAccessor")
    ids = [first, second] if second else [first]
    primary = {"type": "primary", **state.metric(layer, first)}
    primary |= {"subtitle": seen["subtitle"]} if seen.get("subtitle") else {}
    if seen.get("maxAccessor"):
        primary["background_chart"] = {"type": "bar", "max_value": state.metric(layer, seen["maxAccessor"])}
        if seen.get("progressDirection", "horizontal") != "horizontal":
            primary["background_chart"]["orientation"] = seen["progressDirection"]
    primary |= fixed_color(seen.get("color")) | palette_of(seen.get("palette"), state.refuse)
    primary |= given(seen, applyColorTo="apply_color_to")
    config: Body = {"type": "metric", **state.source(layer), "metrics": [primary]}
    if second:
        config["metrics"].append({"type": "secondary", **state.metric(layer, second), **_trend(seen)})
    if breakdown := seen.get("breakdownByAccessor"):
        config["breakdown_by"] = state.bucket(layer, breakdown, ids) | given(seen, collapseFn="collapse_by")
        config["breakdown_by"] |= {"columns": seen["maxCols"]} if seen.get("maxCols", 3) != 3 else {}
    styling = _metric_styling(seen)
    return config | ({"styling": styling} if styling else {})


def _trend(seen: Body) -> Body:
    trend = seen.get("secondaryTrend") or {}
    if trend.get("type") != "dynamic":
        return fixed_color(trend.get("color"))
    baseline, visuals = trend["baselineValue"], trend["visuals"]
    compare: Body = {"to": "primary"} if baseline == "primary" else {"to": "baseline", "baseline": baseline}
    compare["palette"] = trend["paletteId"] + ("_reversed" if trend.get("reversed") else "")
    return {"compare": compare | {"icon": visuals != "value", "value": visuals != "icon"}}


def _metric_styling(seen: Body) -> Body:
    found: Body = {}

    def put(key: str, *path: str, value: Any = None) -> None:
        if key in seen:
            at = found
            for name in path[:-1]:
                at = at.setdefault(name, {})
            at[path[-1]] = seen[key] if value is None else value

    put("primaryPosition", "primary", "position")
    put("titlesTextAlign", "primary", "labels", "alignment")
    put("valuesTextAlign", "primary", "value", "alignment")
    put("primaryAlign", "primary", "value", "alignment")
    put("valueFontMode", "primary", "value", "sizing", value="fill" if seen.get("valueFontMode") == "fit" else "auto")
    for key in ("secondaryLabel", "secondaryPrefix"):
        if seen.get(key) == "":
            put(key, "secondary", "label", "visible", value=0)
            found["secondary"]["label"]["visible"] = False
    put("secondaryLabelPosition", "secondary", "label", "placement")
    put("secondaryAlign", "secondary", "value", "alignment")
    if "icon" in seen:
        found["icon"] = {"name": inverted(metric.ICONS).get(seen["icon"], seen["icon"])}
        found["icon"] |= {"alignment": seen["iconAlign"]} if seen.get("iconAlign", "right") != "right" else {}
    return found


def _pie(state: LensState) -> Body:
    seen = state.visualization
    if len(seen["layers"]) != 1 or seen["shape"] not in ("pie", "donut"):
        raise state.refuse(f"the shape {seen['shape']} has no form as code yet")
    layer = seen["layers"][0]
    id_, metrics, groups = layer["layerId"], layer["metrics"], layer.get("primaryGroups") or []
    colors, collapsed = layer.get("colorsByDimension") or {}, layer.get("collapseFns") or {}
    made = [state.bucket(id_, one, metrics) | given(collapsed, **{one: "collapse_by"}) for one in groups]
    if made and (layer.get("colorMapping") or seen.get("palette")):
        at = next((n for n, one in enumerate(groups) if state.numbers(id_, one)), 0)
        made[at] |= mapping_of(layer.get("colorMapping"), numbers=state.numbers(id_, groups[at]))
        made[at] |= palette_of(seen.get("palette"), state.refuse)
    values = [state.metric(id_, one) | fixed_color(colors.get(one)) for one in metrics]
    config: Body = {"type": "pie", **state.source(id_), "metrics": values}
    config |= {"group_by": made} if made else {}
    styling: Body = {}
    hole = {ratio: name for name, ratio in pie.HOLES.items()}.get(layer.get("emptySizeRatio"))
    styling |= {"donut_hole": hole} if hole else {}
    modes: dict[str, Body] = {"value": {"mode": "absolute"}, "hidden": {"visible": False}}
    shown = modes.get(layer.get("numberDisplay", ""), {}) | given(layer, percentDecimals="percent_decimals")
    styling |= {"values": shown} if shown else {}
    places: dict[str, Body] = {"hide": {"visible": False}, "inside": {"position": "inside"}}
    label = places.get(layer.get("categoryDisplay", ""))
    styling |= {"labels": label} if label else {}
    if "nestedLegend" in layer:
        legend: Body = {"visibility": inverted(pie.LEGEND_DISPLAY)[layer["legendDisplay"]]}
        legend |= {"nested": True} if layer["nestedLegend"] else {}
        legend |= {"truncate_after_lines": layer["legendMaxLines"]} if layer.get("legendMaxLines", 1) != 1 else {}
        legend |= {"size": inverted(pie.LEGEND_SIZES)[layer["legendSize"]]} if "legendSize" in layer else {}
        config["legend"] = legend | given(layer, legendPosition="position")
    return config | ({"styling": styling} if styling else {})


def _table(state: LensState) -> Body:
    seen = state.visualization
    layer, columns = seen["layerId"], seen["columns"]
    metrics = [one["columnId"] for one in columns if one.get("isMetric")]
    rows = [one for one in columns if not one.get("isMetric") and not one.get("isTransposed")]
    splits = [one for one in columns if one.get("isTransposed")]
    config: Body = {"type": "data_table", **state.source(layer)}
    config["metrics"] = [
        state.metric(layer, one["columnId"]) | _appearance(state, layer, one) | _summary(one)
        for one in columns
        if one.get("isMetric")
    ]
    for key, some in (("rows", rows), ("split_metrics_by", splits)):
        made = [
            state.bucket(layer, one["columnId"], metrics)
            | (_appearance(state, layer, one) if key == "rows" else {})
            | given(one, oneClickFilter="click_filter", collapseFn="collapse_by")
            for one in some
        ]
        config |= {key: made} if made else {}
    styling = _table_styling(seen, metrics, [one["columnId"] for one in rows], [one["columnId"] for one in splits])
    return config | ({"styling": styling} if styling else {})


def _appearance(state: LensState, layer: str, column: Body) -> Body:
    found = given(column, alignment="alignment", width="width")
    found |= {"visible": not column["hidden"]} if "hidden" in column else {}
    if "colorMode" in column:
        found["apply_color_to"] = inverted(data_table.COLOR_MODES)[column["colorMode"]]
    found |= palette_of(column.get("palette"), state.refuse)
    number = state.numbers(layer, column["columnId"])
    return found | mapping_of(column.get("colorMapping"), numbers=number)


def _summary(column: Body) -> Body:
    summary = given(column, summaryRow="type", summaryLabel="label")
    return {"summary": summary} if summary else {}


def _table_styling(seen: Body, metrics: list[str], rows: list[str], splits: list[str]) -> Body:
    found: Body = {}
    density: Body = {}
    if "density" in seen:
        density["mode"] = "default" if seen["density"] == "normal" else seen["density"]
    for key, name, lines in (("value", "rowHeight", "lines"), ("header", "headerRowHeight", "max_lines")):
        if name in seen:
            height = {"type": seen[name]} | given(seen, **{f"{name}Lines": lines})
            density.setdefault("height", {})[key] = height
    found |= {"density": density} if density else {}
    found |= {"paging": seen["paging"]["size"]} if (seen.get("paging") or {}).get("enabled") else {}
    if "sorting" in seen:
        *values, column = seen["sorting"]["columnId"].split("---")
        sort: Body = {"column_type": "row" if column in rows else "metric", "direction": seen["sorting"]["direction"]}
        sort["index"] = (rows if column in rows else metrics).index(column)
        if values:
            sort |= {"column_type": "pivoted_metric", "values": values}
        found["sort_by"] = sort
    return found | ({"row_numbers": {"visible": seen["showRowNumbers"]}} if "showRowNumbers" in seen else {})
