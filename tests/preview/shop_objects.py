"""Every chart of Lens, in the state that Kibana 9.5 stores, over one index of made-up web requests. Written by hand."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from dashboard_objects import metric, terms

START = datetime(2026, 3, 2, tzinfo=UTC)
HOURS = 72
SPAN = {"from": "2026-03-02T00:00:00Z", "to": "2026-03-05T00:00:00Z"}
MAPPING = {
    "properties": {
        "@timestamp": {"type": "date"},
        "service": {"type": "keyword"},
        "status": {"type": "keyword"},
        "country": {"type": "keyword"},
        "bytes": {"type": "long"},
        "duration": {"type": "double"},
        "paid": {"type": "boolean"},
        "event": {"type": "keyword"},
    }
}
SERVICES = ("checkout", "cart", "search", "payments", "accounts", "login", "images")
COUNTRIES = ("DE", "US", "FR", "IN", "BR")


def documents() -> list[dict[str, Any]]:
    """Ten in an hour, always the same; one deployment at noon of each day."""
    made = []
    for i in range(HOURS * 10):
        moment = START + timedelta(minutes=6 * i)
        wave = 1 + 0.6 * math.sin(i / 720 * 6 * math.pi)
        service = SERVICES[min(int((i * 7919 % 1000) / 1000 * len(SERVICES) * (0.4 + 0.3 * wave)), len(SERVICES) - 1)]
        made.append(
            {
                "@timestamp": moment.isoformat().replace("+00:00", "Z"),
                "service": service,
                "status": "failed" if i * 31 % 17 == 0 else "ok",
                "country": COUNTRIES[(i * i + i // 3) % len(COUNTRIES)],
                "bytes": int(2000 * wave * (1 + i * 37 % 40)),
                "duration": round(40 * wave + i * 13 % 90, 2),
                "paid": i % 3 > 0,
                **({"event": "deployment"} if moment.hour == 12 and moment.minute == 0 else {}),
            }
        )
    return made


BY_COUNT = {"type": "column", "columnId": "n"}


def top(field: str, size: int = 5, **more: Any) -> dict[str, Any]:
    return {**terms(field, size, BY_COUNT, **{"otherBucket": False, **more, "orderDirection": "desc"})}


def dates(interval: str = "1h") -> dict[str, Any]:
    params = {"interval": interval, "includeEmptyRows": True}
    return {"operationType": "date_histogram", "sourceField": "@timestamp", "dataType": "date", "isBucketed": True,
            "params": params}  # fmt: skip


def number(value: float, label: str = "") -> dict[str, Any]:
    return metric("static_value", "", label, params={"value": str(value)})


def chart(kind: str, visualization: dict[str, Any], layers: dict[str, dict[str, Any]], **state: Any) -> dict[str, Any]:
    """Lens attributes over several layers of columns by id."""
    stored = {name: {"columnOrder": list(c), "columns": c, "sampling": 1} for name, c in layers.items()}
    names = [f"indexpattern-datasource-layer-{name}" for name in layers]
    return {
        "title": "",
        "visualizationType": kind,
        "references": [{"type": "index-pattern", "id": "requests", "name": name} for name in names],
        "state": {
            "datasourceStates": {"formBased": {"layers": stored}},
            "visualization": visualization,
            "filters": [],
            "query": {"query": "", "language": "kuery"},
            **state,
        },
    }


def one(kind: str, visualization: dict[str, Any], columns: dict[str, Any], **state: Any) -> dict[str, Any]:
    return chart(kind, {"layerId": "l", "layerType": "data", **visualization}, {"l": columns}, **state)


def xy(series: str, columns: dict[str, Any], layer: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    own = {"layerId": "l", "layerType": "data", "seriesType": series, "xAccessor": "x", "accessors": ["n"]}
    own |= {"splitAccessors": ["s"]} if "s" in columns else {}
    visualization = {"preferredSeriesType": series, "legend": {"isVisible": True, "position": "right"}}
    return chart("lnsXY", {**visualization, "layers": [{**own, **(layer or {})}], **more}, {"l": columns})


def partition(shape: str, groups: list[str], columns: dict[str, Any], **more: Any) -> dict[str, Any]:
    layer = {"layerId": "l", "layerType": "data", "primaryGroups": groups, "metrics": ["n"], **more}
    layer = {"numberDisplay": "percent", "categoryDisplay": "default", "legendDisplay": "default", **layer}
    return chart("lnsPie", {"shape": shape, "layers": [layer]}, {"l": columns})


COUNT = metric("count", label="Requests")
BYTES = metric("sum", "bytes", params={"format": {"id": "bytes", "params": {"decimals": 1}}})


def charts() -> dict[str, dict[str, Any]]:
    """By name."""
    lines = {
        "l": {"x": dates(), "s": top("service", 3), "n": COUNT},
        "r": {"limit": number(6, "Limit")},
    }
    reference = {"layerId": "r", "layerType": "referenceLine", "accessors": ["limit"]}
    reference["yConfig"] = [{"forAccessor": "limit", "axisMode": "left", "color": "#F6726A", "fill": "above",
                             "lineStyle": "dashed", "lineWidth": 2, "textVisibility": True}]  # fmt: skip
    events = {
        "layerId": "a",
        "layerType": "annotations",
        "indexPatternId": "requests",
        "annotations": [
            {"type": "query", "label": "Deployment", "timeField": "@timestamp", "color": "#0B64DD",
             "filter": {"type": "kibana_query", "query": "event: deployment", "language": "kuery"}},
            {"type": "manual", "label": "Outage", "key": {"type": "range", "timestamp": "2026-03-03T02:00:00Z",
             "endTimestamp": "2026-03-03T08:00:00Z"}, "color": "#F6726A"},
        ],
    }  # fmt: skip
    data = {"layerId": "l", "layerType": "data", "seriesType": "line", "xAccessor": "x", "accessors": ["n"],
            "splitAccessors": ["s"]}  # fmt: skip
    annotated = chart("lnsXY", {"layers": [data, reference, events], "legend": {"isVisible": True}}, lines)
    two = {"x": dates("3h"), "n": COUNT, "b": BYTES}
    axes = {"accessors": ["n", "b"], "yConfig": [{"forAccessor": "n", "axisMode": "left"},
            {"forAccessor": "b", "axisMode": "right", "color": "#EE72A6"}]}  # fmt: skip
    trend = {
        "layerId": "l", "layerType": "data", "metricAccessor": "m", "secondaryMetricAccessor": "w",
        "secondaryTrend": {"type": "dynamic", "baselineValue": "primary", "visuals": "both"}, "secondaryLabel": "since yesterday",
        "trendlineLayerId": "t", "trendlineMetricAccessor": "tm", "trendlineTimeAccessor": "tx",
    }  # fmt: skip
    trends = {
        "l": {"m": metric("average", "duration", "Duration"), "w": metric("average", "duration", timeShift="1d")},
        "t": {"tx": dates("3h"), "tm": metric("average", "duration")},
    }
    share = "count(kql='status: failed') / count()"
    formula = {"operationType": "formula", "isBucketed": False, "label": "Failed", "customLabel": True,
               "params": {"formula": share, "format": {"id": "percent", "params": {"decimals": 1}}}}  # fmt: skip
    stops = [{"color": "#24C292", "stop": 0.05}, {"color": "#FCD883", "stop": 0.08}, {"color": "#F6726A", "stop": 1}]
    by_value = {"type": "palette", "name": "custom", "params": {"rangeType": "number", "stops": stops, "rangeMin": 0,
                "rangeMax": None, "continuity": "all"}}  # fmt: skip
    table_columns = [
        {"columnId": "s", "isMetric": False},
        {"columnId": "n", "isMetric": True, "summaryRow": "sum"},
        {"columnId": "b", "isMetric": True},
        {"columnId": "f", "isMetric": True, "colorMode": "cell", "palette": by_value},
    ]
    return {
        "bar": xy("bar_stacked", {"x": dates("3h"), "s": top("service"), "n": COUNT}),
        "bar_horizontal": xy("bar_horizontal", {"x": top("country"), "n": COUNT}, valueLabels="show"),
        "grouped": xy("bar", {"x": top("country"), "s": top("status", 2), "n": COUNT}),
        "percentage": xy("bar_percentage_stacked", {"x": dates("6h"), "s": top("service", 4), "n": COUNT}),
        "area": xy("area_stacked", {"x": dates(), "s": top("service", 4), "n": COUNT}),
        "line": xy("line", {"x": dates(), "n": metric("average", "duration")}, {"splitAccessors": []}),
        "annotated": annotated,
        "two_axes": xy("bar_stacked", two, axes),
        "metric": chart("lnsMetric", trend, trends),
        "tiles": one("lnsMetric", {"metricAccessor": "n", "breakdownByAccessor": "s", "maxCols": 3,
                                   "palette": {**by_value, "params": {**by_value["params"], "rangeType": "percent",
                                   "stops": [{"color": "#24C292", "stop": 33}, {"color": "#FCD883", "stop": 66}, {"color": "#F6726A", "stop": 100}]}}},
                     {"s": top("service", 6), "n": COUNT}),
        "legacy_metric": one("lnsLegacyMetric", {"accessor": "n"}, {"n": COUNT}),
        "gauge_bullet": one("lnsGauge", {"shape": "horizontalBullet", "metricAccessor": "m", "maxAccessor": "x",
                                         "goalAccessor": "g", "labelMajorMode": "auto"},
                            {"m": metric("average", "duration"), "x": number(150), "g": number(120)}),
        "gauge_arc": one("lnsGauge", {"shape": "arc", "metricAccessor": "m", "maxAccessor": "x"},
                         {"m": metric("average", "duration"), "x": number(150)}),
        "gauge_circle": one("lnsGauge", {"shape": "circle", "metricAccessor": "f", "maxAccessor": "x", "colorMode": "palette",
                                         "palette": by_value}, {"f": formula, "x": number(0.1)}),
        "heatmap": one("lnsHeatmap", {"shape": "heatmap", "xAccessor": "x", "yAccessor": "s", "valueAccessor": "n",
                                      "gridConfig": {"isCellLabelVisible": True}, "legend": {"isVisible": True}},
                       {"x": dates("12h"), "s": top("service"), "n": COUNT}),
        "tag_cloud": one("lnsTagcloud", {"tagAccessor": "s", "valueAccessor": "n", "maxFontSize": 60, "minFontSize": 16},
                         {"s": top("service", 7), "n": COUNT}),
        "region_map": one("lnsChoropleth", {"regionAccessor": "c", "valueAccessor": "n", "emsLayerId": "world_countries"},
                          {"c": top("country"), "n": COUNT}),
        "data_table": one("lnsDatatable", {"columns": table_columns, "sorting": {"columnId": "n", "direction": "desc"}},
                          {"s": top("service", 5, otherBucket=True), "n": COUNT, "b": BYTES, "f": formula}),
        "pie": partition("pie", ["s"], {"s": top("service", 4, otherBucket=True), "n": COUNT}),
        "donut": partition("donut", ["s", "c"], {"s": top("service", 3), "c": top("country", 3), "n": BYTES | {"params": {}}}),
        "treemap": partition("treemap", ["s", "c"], {"s": top("service", 4), "c": top("country", 3), "n": COUNT}),
        "mosaic": partition("mosaic", ["st"], {"st": top("status", 2), "s": top("service", 4), "n": COUNT},
                            secondaryGroups=["s"]),
        "waffle": partition("waffle", ["s"], {"s": top("service", 5), "n": COUNT}),
    }  # fmt: skip


def panels(shown: dict[str, dict[str, Any]], columns: int = 3, height: int = 14) -> list[dict[str, Any]]:
    """One dashboard of these charts, as `_export` gives it."""
    width = 48 // columns
    stored, references = [], []
    for i, (name, attributes) in enumerate(shown.items()):
        grid = {"x": (i % columns) * width, "y": (i // columns) * height, "w": width, "h": height, "i": name}
        config = {"title": name.replace("_", " ").capitalize(), "attributes": attributes}
        stored.append({"type": "lens", "panelIndex": name, "gridData": grid, "embeddableConfig": config})
        references += [{**r, "name": f"{name}:{r['name']}"} for r in attributes["references"]]
    attributes = {
        "title": "Every chart",
        "panelsJSON": stored,
        "timeRestore": True,
        "timeFrom": SPAN["from"],
        "timeTo": SPAN["to"],
    }
    view = {"title": "requests", "timeFieldName": "@timestamp"}
    return [
        {"type": "dashboard", "id": "all", "attributes": attributes, "references": references},
        {"type": "index-pattern", "id": "requests", "attributes": view},
    ]
