"""Hand-written saved objects: one dashboard of eleven panels and a control, as Kibana 9.4+ and as 8.x store it."""

from __future__ import annotations

import json
from typing import Any

COLOURS = ["#3078d0", "#f87848", "#108000", "#b03880", "#18a8c8"]


def mapping(new: bool) -> dict[str, Any]:
    """Cluster i has colour i: raw rules with numbers, or the older `matchExactly` with text."""

    def rule(i: int) -> dict[str, Any]:
        if new:
            return {"rules": [{"type": "raw", "value": i}]}
        return {"rule": {"type": "matchExactly", "values": [str(i)]}}

    colours = [
        {**rule(i), "color": {"type": "colorCode", "colorCode": c}, "touched": False} for i, c in enumerate(COLOURS)
    ]
    special = {"color": {"type": "loop"}, "touched": False}
    special |= {"rules": [{"type": "other"}]} if new else {"rule": {"type": "other"}}
    return {
        "paletteId": "default",
        "colorMode": {"type": "categorical"},
        "assignments": colours,
        "specialAssignments": [special],
    }


def terms(field: str, size: int = 100, order: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    params = {"size": size, "orderBy": order or {"type": "alphabetical"}, "orderDirection": "asc", **more}
    return {
        "operationType": "terms",
        "sourceField": field,
        "dataType": "string",
        "isBucketed": True,
        "label": "",
        "params": params,
    }


def metric(kind: str, field: str = "___records___", label: str = "", **more: Any) -> dict[str, Any]:
    column = {"operationType": kind, "sourceField": field, "dataType": "number", "isBucketed": False, "params": {}}
    return {**column, "label": label, "customLabel": bool(label), **more}


def lens(
    chart: str, visualization: Any, columns: dict[str, Any], *, view: str = "image-data", ignore: bool = False
) -> dict[str, Any]:
    layer_id = (visualization.get("layers") or [visualization])[0]["layerId"]
    layer = {"columnOrder": list(columns), "columns": columns, "ignoreGlobalFilters": ignore, "sampling": 1}
    return {
        "title": "",
        "visualizationType": chart,
        "references": [{"type": "index-pattern", "id": view, "name": f"indexpattern-datasource-layer-{layer_id}"}],
        "state": {
            "datasourceStates": {"formBased": {"layers": {layer_id: layer}}},
            "visualization": visualization,
            "filters": [],
            "query": {"query": "", "language": "kuery"},
        },
    }


def newest(field: str, label: str) -> dict[str, Any]:
    attributes = lens(
        "lnsMetric",
        {"layerId": "layer_0", "layerType": "data", "metricAccessor": "m", "subtitle": "newest run"},
        {
            "m": metric(
                "last_value",
                field,
                label,
                params={"sortField": "@timestamp"},
                filter={"query": "type: run", "language": "kuery"},
            )
        },
        view="image-clusters",
        ignore=True,
    )
    return attributes


def charts(new: bool) -> dict[str, dict[str, Any]]:
    split = {"splitAccessors": ["b"]} if new else {"splitAccessor": "b"}
    bar = {
        "layerId": "bar_stacked_0",
        "layerType": "data",
        "seriesType": "bar_stacked",
        "xAccessor": "x",
        "accessors": ["y"],
    }
    bar |= {"colorMapping": mapping(new), "yConfig": [{"forAccessor": "y", "axisMode": "left"}], **split}
    bars = {
        "preferredSeriesType": "bar_stacked",
        "legend": {"isVisible": False},
        "layers": [bar],
        "valueLabels": "show",
    }
    pie = {
        "layerId": "layer_0", "layerType": "data", "primaryGroups": ["g"], "metrics": ["m"], "numberDisplay": "percent",
        "percentDecimals": 0, "categoryDisplay": "default", "legendDisplay": "show", "colorMapping": mapping(new),
    }  # fmt: skip
    table = {
        "layerId": "layer_0",
        "layerType": "data",
        "columns": [
            {"columnId": "f", "isMetric": False, "isTransposed": False},
            {"columnId": "v", "isMetric": False, "isTransposed": False},
            {
                "columnId": "c",
                "isMetric": False,
                "isTransposed": False,
                "colorMode": "cell",
                "colorMapping": mapping(new),
            },
            {"columnId": "s", "isMetric": True, "isTransposed": False, "summaryRow": "avg"},
        ],
        "paging": {"enabled": True, "size": 20},
    }
    number = {"format": {"id": "number", "params": {"decimals": 3}}}
    return {
        "images": newest("images", "Images"),
        "k": newest("k", "Clusters"),
        "silhouette": newest("silhouette_simplified", "Mean silhouette"),
        "davies-bouldin": newest("davies_bouldin_centroids", "Davies–Bouldin"),
        "pie": lens(
            "lnsPie", {"shape": "donut", "layers": [pie]}, {"g": terms("cluster"), "m": metric("count", label="Images")}
        ),
        "sizes": lens(
            "lnsXY", bars, {"x": terms("cluster"), "b": terms("cluster"), "y": metric("count", label="Images")}
        ),
        "silhouettes": lens(
            "lnsXY",
            {**bars, "layers": [{**bar, "seriesType": "bar_horizontal_stacked"}]},
            {
                "x": terms("cluster"),
                "b": terms("cluster"),
                "y": metric("average", "silhouette_simplified", params=number),
            },
        ),
        "table": lens(
            "lnsDatatable",
            table,
            {
                "f": {**terms("file_name", 1000), "label": "File", "customLabel": True},
                "v": {**terms("vector_preview", 1), "label": "Vector", "customLabel": True},
                "c": {**terms("cluster"), "label": "Cluster", "customLabel": True},
                "s": metric("average", "silhouette_simplified", "Silhouette", params=number),
            },
        ),
    }


MARKDOWN = """## About
Images by **cluster**. <b>Not bold</b>, [a link](https://example.org/), `code`.

- filter by click
- zoom"""
SCATTER = """{
  $schema: https://vega.github.io/schema/vega/v5.json
  data: [{
    name: points
    url: {"%context%": true, index: "image_data", body: {size: 1000, _source: ["x", "y", "cluster"]}}
    format: {property: "hits.hits"}
  }]
  signals: [
    {name: "span", value: 2.2, on: [{events: "wheel!", update: "clamp(span * pow(1.001, event.deltaY), 0.1, 9)"}]}
    {name: "picked", on: [{
      events: "@dots:click", update: "kibanaAddFilter({match_phrase: {cluster: datum._source.cluster}}, 'image_data')"
    }]}
  ]
  scales: [
    {name: "x", domain: {signal: "[-span, span]"}, range: "width"}
    {name: "y", domain: {signal: "[-span, span]"}, range: "height"}
    {name: "c", type: "ordinal", domain: [0, 1, 2, 3, 4], range: COLOURS}
  ]
  axes: [{scale: "x", orient: "bottom"}, {scale: "y", orient: "left"}]
  marks: [{
    type: "symbol", name: "dots", clip: true, from: {data: "points"}
    encode: {update: {
      x: {scale: "x", field: "_source.x"}, y: {scale: "y", field: "_source.y"}, size: {value: 90}
      fill: {scale: "c", field: "_source.cluster"}, tooltip: {signal: "{cluster: datum._source.cluster}"}
      cursor: {value: "pointer"}
    }}
  }]
}""".replace("COLOURS", json.dumps(COLOURS))
LITE = """{
  $schema: https://vega.github.io/schema/vega-lite/v5.json
  data: {
    url: {"%context%": true, index: "image_data", body: {size: 0, aggs: {l: {terms: {field: "label"}}}}}
    format: {property: "aggregations.l.buckets"}
  }
  mark: bar
  encoding: {x: {field: "key", type: "nominal", axis: {title: "label"}}, y: {field: "doc_count", type: "quantitative"}}
}"""
GRIDS = {
    "images": (0, 0, 9, 6), "k": (9, 0, 9, 6), "silhouette": (18, 0, 9, 6), "davies-bouldin": (27, 0, 9, 6),
    "help": (36, 0, 12, 22), "scatter": (0, 6, 22, 16), "pie": (22, 6, 14, 16),
    "sizes": (0, 22, 24, 11), "silhouettes": (24, 22, 24, 11),
    "lite": (0, 33, 26, 24), "table": (26, 33, 22, 24),
}  # fmt: skip
TITLES = {
    "help": "Help", "scatter": "Images by x and y", "pie": "Images per cluster", "sizes": "Size of each cluster",
    "silhouettes": "Mean silhouette of each cluster", "lite": "Labels", "table": "Images and clusters",
}  # fmt: skip


def dashboard(new: bool = True) -> list[dict[str, Any]]:
    """Eleven panels and one control: as 9.4+ stores them (`new`), or as 8.x does."""
    panels, references = [], []
    for panel_id, (x, y, w, h) in GRIDS.items():
        attributes = charts(new).get(panel_id)
        panel: dict[str, Any] = {"panelIndex": panel_id, "gridData": {"x": x, "y": y, "w": w, "h": h, "i": panel_id}}
        title = {"title": TITLES[panel_id]} if panel_id in TITLES else {}
        if attributes:
            references += [{**r, "name": f"{panel_id}:{r['name']}"} for r in attributes["references"]]
            panel |= {"type": "vis" if new else "lens", "embeddableConfig": {**title, "attributes": attributes}}
        elif panel_id == "help":
            vis = {
                "type": "markdown",
                "title": "",
                "params": {"markdown": MARKDOWN, "fontSize": 12, "openLinksInNewTab": False},
            }
            config = {"content": MARKDOWN} if new else {"savedVis": vis}
            panel |= {"type": "markdown" if new else "visualization", "embeddableConfig": {**title, **config}}
        else:
            spec = SCATTER if panel_id == "scatter" else LITE
            vis = {
                "type": "vega",
                "title": "",
                "params": {"spec": spec},
                "uiState": {},
                "data": {"aggs": [], "searchSource": {}},
            }
            panel |= {"type": "legacy_vis" if new else "visualization", "embeddableConfig": {**title, "savedVis": vis}}
        panels.append(panel)
    attributes = {
        "title": "Image recognition",
        "description": "",
        "panelsJSON": json.dumps(panels),
        "optionsJSON": json.dumps({"useMargins": True, "hidePanelTitles": False}),
        "timeRestore": False,
        "kibanaSavedObjectMeta": {
            "searchSourceJSON": json.dumps({"query": {"query": "", "language": "kuery"}, "filter": []})
        },
    }
    if new:
        config = {
            "field_name": "cluster",
            "title": "Cluster",
            "dataViewRefName": "c1:optionsListDataView",
            "sort": {"by": "_key", "direction": "asc"},
        }
        attributes["pinned_panels"] = {
            "panels": {
                "c1": {"order": 0, "type": "options_list_control", "width": "medium", "grow": False, "config": config}
            }
        }
        references.append({"type": "index-pattern", "id": "image-data", "name": "c1:optionsListDataView"})
    else:
        explicit = {
            "id": "c1",
            "fieldName": "cluster",
            "title": "Cluster",
            "selectedOptions": [],
            "sort": {"by": "_key", "direction": "asc"},
        }
        control = {
            "c1": {
                "type": "optionsListControl",
                "order": 0,
                "width": "medium",
                "grow": False,
                "explicitInput": explicit,
            }
        }
        attributes["controlGroupInput"] = {"controlStyle": "oneLine", "panelsJSON": json.dumps(control)}
        references.append({"type": "index-pattern", "id": "image-data", "name": "controlGroup_c1:optionsListDataView"})
    views = [
        {"type": "index-pattern", "id": view, "attributes": {"title": index, "name": index}, "references": []}
        for view, index in (("image-data", "image_data"), ("image-clusters", "image_clusters"))
    ]
    return [
        *views,
        {
            "type": "dashboard",
            "id": "image-recognition",
            "attributes": attributes,
            "references": references,
            "version": "WzEsMV0=",
        },
    ]
