"""Rows → charts. Vega-Lite specs are compiled and drawn by vl-convert: what it draws is what counts."""

from __future__ import annotations

import re
from typing import Any

import pytest
from dashboard_objects import COLOURS, charts, dashboard, lens, mapping, metric, terms
from fake_servers import documents, search

from esctl.preview import (
    Chart,
    DataView,
    Scope,
    TimeRange,
    lens_chart,
    lens_requests,
    lens_rows,
    read_dashboard,
    read_lens,
    vega_config,
)

VIEWS = {v: DataView(v, v.replace("-", "_")) for v in ("image-data", "image-clusters")}
BOTH = pytest.mark.parametrize("new", [True, False], ids=["9.5", "8.19"])


def draw(attributes: dict[str, Any], docs: dict[str, Any] | None = None) -> Chart:
    opened = read_lens(attributes, data_views=VIEWS)
    searches = lens_requests(opened, Scope())
    held = documents() if docs is None else docs
    answers = {s.layer: search(held[s.index], dict(s.body)) for s in searches}
    return lens_chart(opened, lens_rows(opened, searches, answers))


def svg(chart: Chart) -> str:
    import vl_convert

    assert chart.spec is not None
    spec = {**chart.spec, "width": 400, "height": 300, "config": vega_config("light")}
    drawn: str = vl_convert.vegalite_to_svg(spec)
    return drawn


def fills(drawn: str, shape: str) -> list[str]:
    """Fill colours of the marks of one kind, in drawing order."""
    found = re.search(rf'<g class="mark-{shape} role-mark[^>]*>(.*?)</g>', drawn, re.S)
    assert found, f"no {shape} in the picture"
    return [colour.lower() for colour in re.findall(r'fill="(#[0-9a-fA-F]{6})"', found[1])]


@BOTH
def test_metric_reads_the_newest_run(new: bool) -> None:
    chart = draw(charts(new)["silhouette"])
    (tile,) = chart.model["tiles"]
    assert (tile["title"], tile["text"], tile["subtitle"]) == ("Mean silhouette", "0.523", "newest run")
    assert draw(charts(new)["images"]).model["tiles"][0]["text"] == "120"


def test_metric_colours_by_value_and_breaks_down() -> None:
    stops = [{"color": "#209280", "stop": 0.53}, {"color": "#cc5642", "stop": 1}]
    palette = {"name": "custom", "params": {"rangeType": "number", "stops": stops, "continuity": "all"}}
    state = {"layerId": "layer_0", "metricAccessor": "m", "breakdownByAccessor": "b", "palette": palette, "maxCols": 2}
    chart = draw(lens("lnsMetric", state, {"b": terms("cluster"), "m": metric("average", "silhouette_simplified")}))
    tiles = chart.model["tiles"]
    assert [t["title"] for t in tiles] == ["0", "1", "2", "3", "4"]
    assert [t["background"] for t in tiles] == ["#209280" if t["value"] < 0.53 else "#cc5642" for t in tiles]
    assert {"#209280", "#cc5642"} == {t["background"] for t in tiles}
    assert tiles[3]["filters"][0]["query"] == {"match_phrase": {"cluster": 3}}


@BOTH
def test_pie_is_drawn_in_the_clusters_colours(new: bool) -> None:
    chart = draw(charts(new)["pie"])
    assert fills(svg(chart), "arc") == COLOURS
    assert [(i.label, i.colour) for i in chart.legend] == list(zip("01234", COLOURS, strict=True))
    assert chart.legend[3].filters[0]["query"] == {"match_phrase": {"cluster": 3}}
    assert chart.legend[0].value == "40.0%"


def test_two_rings_share_the_first_groups_colours() -> None:
    state = {"layerId": "layer_0", "primaryGroups": ["g", "f"], "metrics": ["m"], "colorMapping": mapping(True)}
    columns = {"g": terms("cluster"), "f": terms("file_name", 1000), "m": metric("count")}
    chart = draw(lens("lnsPie", {"shape": "pie", "layers": [state]}, columns))
    drawn = fills(svg(chart), "arc")
    assert len(drawn) == 5 + 120
    assert set(drawn) == set(COLOURS)
    leaf = next(v for v in chart.spec["data"]["values"] if v["r0"] > 0)  # type: ignore[index]
    assert [f["query"] for f in chart.model["filters"][leaf["filters"]]] == [
        {"match_phrase": {"cluster": 0}},
        {"match_phrase": {"file_name": "cat/cat-000.png"}},
    ]


@BOTH
def test_bars_are_drawn_in_the_clusters_colours(new: bool) -> None:
    for panel in ("sizes", "silhouettes"):
        chart = draw(charts(new)[panel])
        assert fills(svg(chart), "rect") == COLOURS
        assert chart.legend == ()
    values = chart.spec["layer"][0]["layer"][0]["data"]["values"]  # type: ignore[index]
    assert values[3]["tip"]["Top 100 values of cluster"] == "3"
    assert chart.model["filters"][values[3]["filters"]] == draw(charts(new)["pie"]).model["filters"][3]


@pytest.mark.parametrize(("panel", "text"), [("sizes", "1"), ("silhouettes", "0.500")], ids=["upright", "lying"])
@pytest.mark.parametrize(("clusters", "shown"), [(5, 5), (60, 0)])
def test_a_value_for_which_its_bar_has_no_room_is_not_shown(panel: str, text: str, clusters: int, shown: int) -> None:
    docs = [{"cluster": c, "silhouette_simplified": 0.5} for c in range(clusters)]
    drawn = svg(draw(charts(True)[panel], {"image_data": docs}))
    marks = re.search(r'<g class="mark-text role-mark layer[^>]*>(.*?)</g>', drawn, re.S)
    labels = re.findall(rf"<text([^>]*)>{text}</text>", marks[1] if marks else "")
    assert len(labels) == clusters and sum('opacity="0"' not in label for label in labels) == shown


@pytest.mark.parametrize(
    ("series", "shape", "marks"),
    [
        ("bar", "rect", 25),
        ("bar_percentage_stacked", "rect", 25),
        ("bar_horizontal_stacked", "rect", 25),
        ("line", "symbol", 25),
        ("area_stacked", "area", 5),
    ],
)
def test_series_types(series: str, shape: str, marks: int) -> None:
    docs = [{"cluster": c, "label": label, "x": c + i} for i, label in enumerate("abcde") for c in range(5)]
    layer = {"layerId": "l", "seriesType": series, "xAccessor": "x", "splitAccessors": ["s"], "accessors": ["y"]}
    columns = {"x": terms("label"), "s": terms("cluster"), "y": metric("average", "x")}
    chart = draw(lens("lnsXY", {"layers": [layer], "legend": {"isVisible": True}}, columns), {"image_data": docs})
    drawn = svg(chart)
    groups = re.findall(rf'<g class="mark-{shape} role-mark[^>]*>(.*?)</g>', drawn, re.S)
    assert sum(group.count("<path") for group in groups) == marks
    assert [i.label for i in chart.legend] == ["0", "1", "2", "3", "4"]


def answered(attributes: dict[str, Any], buckets: list[dict[str, Any]]) -> Chart:
    """A chart of one bucket column, from an answer written here."""
    opened = read_lens(attributes, data_views=VIEWS)
    scope = Scope(time_range=TimeRange("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"))
    searches = lens_requests(opened, scope, bounds={"l": {"x": (0.0, 10.0)}})
    answer = {"hits": {"total": {"value": 9}}, "aggregations": {"0": {"buckets": buckets}}}
    return lens_chart(opened, lens_rows(opened, searches, {"l": answer}))


def over(x: dict[str, Any] | None, series: str) -> dict[str, Any]:
    layer = {"layerId": "l", "seriesType": series, "accessors": ["y"], **({"xAccessor": "x"} if x else {})}
    return lens("lnsXY", {"layers": [layer]}, {**({"x": x} if x else {}), "y": metric("count")})


DATES = {"operationType": "date_histogram", "sourceField": "@timestamp", "isBucketed": True, "label": "", "params": {}}
NUMBERS = {"operationType": "range", "sourceField": "d", "isBucketed": True, "params": {"type": "histogram"}}


@pytest.mark.parametrize(("series", "shape"), [("bar_stacked", "rect"), ("line", "symbol")])
def test_dates_lie_on_a_time_axis_and_filter_by_range(series: str, shape: str) -> None:
    start = 1767225600000
    buckets = [{"key": start + i * 1_800_000, "doc_count": i + 1} for i in range(4)]
    chart = answered(over(DATES, series), buckets)
    assert len(fills(svg(chart), shape)) == 4
    values = chart.spec["layer"][0]["layer"][0]["data"]["values"]  # type: ignore[index]
    assert values[1]["tip"] == {"@timestamp": "01-01 00:30", "Count of records": "2"}
    (clicked,) = chart.model["filters"][values[1]["filters"]]
    assert clicked["query"]["range"]["@timestamp"] == {
        "gte": "2026-01-01T00:30:00Z",
        "lt": "2026-01-01T01:00:00Z",
        "format": "strict_date_optional_time",
    }


def test_histogram_bars_are_as_wide_as_their_interval() -> None:
    buckets = [{"key": 0.0, "doc_count": 2}, {"key": 0.2, "doc_count": 0}, {"key": 0.4, "doc_count": 5}]
    chart = answered(over(NUMBERS, "bar"), buckets)
    values = chart.spec["layer"][0]["layer"][0]["data"]["values"]  # type: ignore[index]
    assert [(v["x"], v["x1"]) for v in values] == [(0.0, 0.2), (0.2, 0.4), (0.4, pytest.approx(0.6))]
    assert len(fills(svg(chart), "rect")) == 3
    assert chart.model["filters"][values[2]["filters"]][0]["query"]["range"]["d"]["gte"] == 0.4


def test_a_bar_without_an_x_axis() -> None:
    chart = draw(over(None, "bar"))
    assert len(fills(svg(chart), "rect")) == 1


def test_second_axis_and_reference_line() -> None:
    layer = {"layerId": "l", "seriesType": "bar", "xAccessor": "x", "accessors": ["y", "z"]}
    layer["yConfig"] = [{"forAccessor": "z", "axisMode": "right", "color": "#123456"}]
    columns = {"x": terms("cluster"), "y": metric("count"), "z": metric("average", "distance")}
    attributes = lens("lnsXY", {"layers": [layer]}, columns)
    line = {"layerId": "r", "layerType": "referenceLine", "accessors": ["t"], "yConfig": [{"forAccessor": "t"}]}
    attributes["state"]["visualization"]["layers"].append(line)
    static = {"operationType": "static_value", "isBucketed": False, "params": {"value": "20"}, "references": []}
    attributes["state"]["datasourceStates"]["formBased"]["layers"]["r"] = {
        "columnOrder": ["t"],
        "columns": {"t": static},
    }
    drawn = svg(draw(attributes))
    assert "Average of distance" in drawn and "Count of records" in drawn
    assert "#123456" in drawn
    assert "mark-rule role-mark" in drawn


@BOTH
def test_table_cells_have_the_clusters_colours(new: bool) -> None:
    model = draw(charts(new)["table"]).model
    assert [c["label"] for c in model["columns"]] == ["File", "Vector", "Cluster", "Silhouette"]
    assert len(model["rows"]) == 120 and model["page_size"] == 20
    for _, _, cluster, silhouette in model["rows"]:
        assert cluster["background"] == COLOURS[cluster["value"]]
        assert re.fullmatch(r"0\.\d{3}", silhouette["text"])
    assert model["columns"][3]["summary"].startswith("Average: 0.")
    assert model["rows"][0][2]["filters"][0]["query"] == {"match_phrase": {"cluster": 0}}


def test_table_of_split_metrics() -> None:
    columns = {"s": terms("cluster"), "r": terms("label"), "m": metric("count", label="n")}
    shown = [{"columnId": "r"}, {"columnId": "s", "isTransposed": True}, {"columnId": "m", "isMetric": True}]
    model = draw(lens("lnsDatatable", {"layerId": "layer_0", "columns": shown}, columns)).model
    assert [c["label"] for c in model["columns"]][:3] == ["Top 100 values of label", "0", "1"]
    assert len(model["rows"]) == 5
    assert [cell["text"] for cell in model["rows"][0]].count("-") == 4


def test_heatmap_colours_its_cells_by_their_numbers() -> None:
    state = {"layerId": "layer_0", "valueAccessor": "m", "xAccessor": "x", "yAccessor": "y"}
    state["gridConfig"] = {"isCellLabelVisible": True}
    columns = {"y": terms("label"), "x": terms("cluster"), "m": metric("count")}
    chart = draw(lens("lnsHeatmap", state, columns))
    assert fills(svg(chart), "rect") == ["#154399", *["#bfdbff"] * 4]
    assert [i.label for i in chart.legend] == ["< 24", "≥ 24", "≥ 30", "≥ 36", "≥ 42"]
    values = chart.spec["data"]["values"]  # type: ignore[index]
    assert values[0]["tip"] == {
        "Top 100 values of cluster": "0",
        "Top 100 values of label": "cat",
        "Count of records": "48",
    }


@pytest.mark.parametrize("shape", ["horizontalBullet", "verticalBullet", "circle", "semiCircle", "arc"])
def test_gauge(shape: str) -> None:
    stops = [{"color": "#aa0000", "stop": 50}, {"color": "#00aa00", "stop": 200}]
    state = {"layerId": "layer_0", "shape": shape, "metricAccessor": "m", "maxAccessor": "top", "goalAccessor": "g"}
    state |= {"colorMode": "palette", "palette": {"params": {"rangeType": "number", "stops": stops}}}
    static = {"operationType": "static_value", "isBucketed": False, "references": []}
    columns = {
        "m": metric("count"),
        "top": {**static, "params": {"value": "200"}},
        "g": {**static, "params": {"value": "150"}},
    }
    chart = draw(lens("lnsGauge", state, columns))
    assert chart.summary == "Count of records: 120 of 200"
    assert "#00aa00" in svg(chart)


def test_tag_cloud_sizes_words_between_the_bounds() -> None:
    state = {"layerId": "layer_0", "tagAccessor": "t", "valueAccessor": "m", "minFontSize": 10, "maxFontSize": 50}
    chart = draw(lens("lnsTagcloud", state, {"t": terms("label"), "m": metric("count")}))
    assert [(t["text"], round(t["size"])) for t in chart.model["tags"]][:2] == [("cat", 50), ("coffee", 10)]
    assert chart.model["tags"][1]["filters"][0]["query"] == {"match_phrase": {"label": "coffee"}}


def test_legacy_metric() -> None:
    state = {"layerId": "layer_0", "accessor": "m", "colorMode": "None", "palette": {"params": {"stops": []}}}
    (tile,) = draw(lens("lnsLegacyMetric", state, {"m": metric("count")})).model["tiles"]
    assert (tile["text"], tile["background"]) == ("120", None)


def test_empty_answers_are_said_to_be_empty() -> None:
    nothing = {"image_data": [], "image_clusters": []}
    for panel in ("pie", "sizes", "table"):
        assert draw(charts(True)[panel], nothing).kind == "empty"
    assert draw(charts(True)["images"], nothing).model["tiles"][0]["text"] == "N/A"


def test_what_cannot_be_drawn_shows_its_definition() -> None:
    chart = draw(lens("lnsSankey", {"layerId": "layer_0"}, {"m": metric("count")}))
    assert chart.model == {"reason": "cannot draw lnsSankey yet", "definition": {"layerId": "layer_0"}}


def test_both_forms_make_the_same_charts() -> None:
    def all_charts(new: bool) -> dict[str, Any]:
        found = read_dashboard(dashboard(new), "image-recognition")
        return {p.id: draw(p.definition).as_json() for p in found.panels if p.kind == "lens"}

    assert all_charts(True) == all_charts(False)
