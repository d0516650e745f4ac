"""ES|QL, Vega with a server behind it, panels that are no charts, sections, controls, and rows that are made up."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from shop_objects import chart, panels

from esctl.errors import EsctlError
from esctl.preview import (
    Control,
    Drawn,
    Options,
    Panel,
    Question,
    Scope,
    TimeRange,
    answered,
    control_filters,
    dashboard_picture,
    dashboard_scope,
    documents,
    drawn_panels,
    lens_tables,
    panel_chart,
    panel_picture,
    read_dashboard,
    read_lens,
    wishes,
)
from esctl.preview.dashboard import Grid
from esctl.preview.picture.dashboard import laid_out
from esctl.preview.picture.vega_svg import harmless

SPAN = TimeRange("2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z")
QUERY = "FROM logs-* | WHERE host == ?host | STATS n = COUNT(*) BY hour = BUCKET(@timestamp, 1 hour, ?_tstart, ?_tend)"


def esql_chart(kind: str, visualization: dict[str, Any], columns: list[dict[str, Any]], query: str = QUERY) -> Any:
    attributes = chart(kind, {"layerId": "l", "layerType": "data", **visualization}, {})
    layer = {"index": "logs", "query": {"esql": query}, "timeField": "@timestamp", "columns": columns}
    attributes["state"]["datasourceStates"] = {"textBased": {"layers": {"l": layer}}}
    attributes["state"]["query"] = {"esql": query}
    return attributes


COLUMNS = [
    {"columnId": "x", "fieldName": "hour", "meta": {"type": "date"}},
    {"columnId": "y", "fieldName": "n", "meta": {"type": "number"}},
]
ANSWER = {
    "columns": [{"name": "n", "type": "long"}, {"name": "hour", "type": "date"}],
    "values": [[3, "2026-03-02T00:00:00.000Z"], [5, "2026-03-02T01:00:00.000Z"]],
}


def asked(attributes: Any, scope: Scope, answer: dict[str, Any] = ANSWER) -> tuple[list[Question], Any]:
    seen: list[Question] = []

    def ask(questions: Sequence[Question]) -> list[dict[str, Any]]:
        seen.extend(questions)
        return [answer for _ in questions]

    return seen, answered(lens_tables(read_lens(attributes), scope), ask)


def test_esql_is_asked_with_filters_time_and_what_controls_chose() -> None:
    scope = Scope(time_range=SPAN, variables={"host": "web-1"})
    seen, tables = asked(esql_chart("lnsDatatable", {"columns": []}, COLUMNS), scope)
    (question,) = seen
    assert (question.kind, question.body["query"]) == ("esql", QUERY)
    assert question.body["params"] == [
        {"host": "web-1"},
        {"_tstart": "2026-03-02T00:00:00.000+00:00".replace("+00:00", "Z")},
        {"_tend": "2026-03-03T00:00:00.000Z"},
    ]
    bounds = question.body["filter"]["bool"]["filter"][0]["range"]["@timestamp"]
    assert (bounds["gte"], bounds["lte"]) == (SPAN.start, SPAN.end)
    assert [row["y"] for row in tables["l"].rows] == [3, 5]
    assert tables["l"].widths == {"x": 3_600_000.0}


@pytest.mark.parametrize(
    ("scope", "answer", "message"),
    [
        (Scope(time_range=SPAN), ANSWER, "the query asks for ?host, and no control gives it a value"),
        (Scope(variables={"host": "a"}), ANSWER, "the query asks for ?_tstart, and the dashboard has no time range"),
        (Scope(time_range=SPAN, variables={"host": "a"}), {"columns": [], "values": []}, 'gives no column "hour"'),
    ],
)
def test_esql_that_cannot_be_asked_or_read_is_an_error(scope: Scope, answer: dict[str, Any], message: str) -> None:
    with pytest.raises(EsctlError) as caught:
        asked(esql_chart("lnsDatatable", {"columns": []}, COLUMNS), scope, answer)
    assert message in str(caught.value)


def test_charts_over_esql() -> None:
    scope = Scope(time_range=SPAN, variables={"host": "a"})
    layer = {"layerId": "l", "layerType": "data", "seriesType": "bar_stacked", "xAccessor": "x", "accessors": ["y"]}
    for kind, visualization in (
        ("lnsXY", {"layers": [layer]}),
        ("lnsMetric", {"metricAccessor": "y"}),
        ("lnsDatatable", {"columns": [{"columnId": "x"}, {"columnId": "y"}]}),
        ("lnsPie", {"shape": "pie", "layers": [{"layerId": "l", "metrics": ["y"], "primaryGroups": ["x"]}]}),
    ):
        panel = Panel("p", "lens", "", Grid(0, 0, 24, 15), esql_chart(kind, visualization, COLUMNS))
        found = answered(panel_chart(panel, read_dashboard(panels({}), "all"), scope), lambda q: [ANSWER for _ in q])
        assert found.kind not in ("undrawn", "empty"), found.model


# Vega

VEGA = {
    "$schema": "https://vega.github.io/schema/vega/v5.json",
    "width": 100,
    "height": 100,
    "signals": [{"name": "s", "on": [{"events": "rect:click", "update": "kibanaAddFilter({a: datum.a}, 'logs')"}]}],
    "data": [{"name": "t", "url": {"%type%": "esql", "query": "FROM logs | STATS n = COUNT(*) BY hour", "%context%": True}}],
    "marks": [{"type": "text", "from": {"data": "t"}, "encode": {"update": {"text": {"field": "n"}, "x": {"value": 9}, "y": {"value": 20}}}}],
}  # fmt: skip


def drawn_vega(spec: dict[str, Any], answer: dict[str, Any] = ANSWER) -> str:
    panel = Panel("p", "vega", "", Grid(0, 0, 24, 15), {"spec": json.dumps(spec)})
    found = answered(panel_chart(panel, read_dashboard(panels({}), "all"), Scope()), lambda q: [answer for _ in q])
    return panel_picture(Drawn(panel, found), "svg", (300, 200), Options()).decode()


def test_vega_reads_esql_as_rows_and_its_filters_do_nothing() -> None:
    drawn = drawn_vega(VEGA)
    assert ">3<" in drawn and ">5<" in drawn and "Vega:" not in drawn
    assert harmless({"update": "kibanaSetTimeFilter(a, b)", "values": ["kibanaAddFilter("]}) == {
        "update": "debug(a, b)",
        "values": ["kibanaAddFilter("],
    }


def test_a_mistake_in_a_spec_is_told_in_the_panel() -> None:
    broken = {**VEGA, "scales": [{"name": "x", "type": "nonsense", "domain": [0, 1]}]}
    drawn = drawn_vega(broken)
    assert "✕ Vega:" in drawn


# Panels that are no charts


def board_of(*stored: dict[str, Any], references: Sequence[dict[str, Any]] = (), **attributes: Any) -> Any:
    objects = panels({})
    grid = {"x": 0, "y": 0, "w": 24, "h": 10}
    listed = [{"gridData": {**grid, "i": p["panelIndex"]}, **p} for p in stored]
    objects[0]["attributes"] |= {"panelsJSON": listed, **attributes}
    objects[0]["references"] = list(references)
    return read_dashboard(objects, "all")


def text_of(board: Any, answers: Any = None) -> str:
    drawn = drawn_panels(board, lambda questions: [answers for _ in questions])
    return dashboard_picture(board, drawn, "svg", Options()).decode()


def test_links_and_images_and_controls_in_the_grid() -> None:
    links = [
        {"type": "dashboardLink", "label": "Other board", "destinationRefName": "link_1_dashboard"},
        {"type": "externalLink", "destination": "https://example.org"},
    ]
    pixel = "data:image/png;base64,iVBORw0KGgo="
    board = board_of(
        {"type": "links", "panelIndex": "l", "embeddableConfig": {"layout": "vertical", "links": links}},
        {"type": "image", "panelIndex": "i", "embeddableConfig": {"image_config": {"src": {"type": "url", "url": pixel}}}},
        {"type": "image", "panelIndex": "f", "embeddableConfig": {"image_config": {"src": {"type": "file", "file_id": "1"}}}},
        {"type": "optionsListControl", "panelIndex": "c", "embeddableConfig": {"fieldName": "host", "selectedOptions": ["a"]}},
        references=[{"type": "dashboard", "id": "other", "name": "l:link_1_dashboard"}],
    )  # fmt: skip
    told = text_of(board)
    assert "Other board" in told and "https://example.org ↗" in told
    assert f'href="{pixel}"' in told and "the image is a file that Kibana keeps" in told
    assert ">host<" in told and ">a<" in told


def test_a_discover_session_is_a_table_of_its_columns() -> None:
    source = {"indexRefName": "source", "query": {"query": "level: error", "language": "kuery"}}
    attributes = {
        "columns": ["level", "message"],
        "sort": [["@timestamp", "desc"]],
        "kibanaSavedObjectMeta": {"searchSourceJSON": json.dumps(source)},
    }
    board = board_of(
        {"type": "search", "panelIndex": "d", "embeddableConfig": {"attributes": attributes}},
        references=[{"type": "index-pattern", "id": "requests", "name": "d:source"}],
    )
    hit = {"fields": {"@timestamp": ["2026-03-02T01:02:03.000Z"], "level": ["error"], "message": ["no room left"]}}
    seen: list[Question] = []

    def ask(questions: Sequence[Question]) -> list[Any]:
        seen.extend(questions)
        return [{"hits": {"total": {"value": 1}, "hits": [hit]}}]

    (drawn,) = drawn_panels(board, ask)
    assert drawn.chart and [c["label"] for c in drawn.chart.model["columns"]] == ["@timestamp", "level", "message"]
    assert [c["text"] for c in drawn.chart.model["rows"][0]] == ["2026-03-02 01:02:03", "error", "no room left"]
    clauses = seen[0].body["query"]["bool"]["filter"]
    assert {"bool": {"should": [{"match": {"level": "error"}}], "minimum_should_match": 1}} in clauses


# Layout


def test_sections_have_headings_and_folded_ones_no_panels() -> None:
    def markdown(name: str, section: str | None, y: int = 0) -> dict[str, Any]:
        grid = {"x": 0, "y": y, "w": 24, "h": 10, "i": name, **({"sectionId": section} if section else {})}
        return {"type": "markdown", "panelIndex": name, "gridData": grid, "embeddableConfig": {"content": f"*{name}*"}}

    sections = [
        {"title": "Open", "gridData": {"y": 10, "i": "s1"}},
        {"title": "Folded", "collapsed": True, "gridData": {"y": 11, "i": "s2"}},
    ]
    stored = [markdown("top", None), markdown("inside", "s1"), markdown("hidden", "s2"), markdown("after", None, 12)]
    board = board_of(*stored, sections=sections)
    places, headings, _ = laid_out(board, 1000, 0)
    assert list(places) == ["top", "inside", "after"]
    assert [text for text, _, _ in headings] == ["Open", "Folded (1 panel)"]
    assert places["top"].y < headings[0][2].y < places["inside"].y < headings[1][2].y < places["after"].y
    assert "hidden" in laid_out(board, 1000, 0, expand=True)[0]
    told = text_of(board)
    assert "Folded (1 panel)" in told and ">inside<" in told and ">hidden<" not in told


def test_what_pinned_controls_choose_is_asked_for() -> None:
    def made(kind: str, **settings: Any) -> list[dict[str, Any]]:
        return list(control_filters(Control("c", kind, "", "requests", {"field_name": "f", **settings})))

    assert made("options_list_control") == [] == made("range_slider_control", value=["", ""])
    (chosen,) = made("options_list_control", selected_options=["a", "b"], exclude=True)
    assert chosen["meta"]["negate"] is True and len(chosen["query"]["bool"]["should"]) == 2
    (exists,) = made("options_list_control", exists_selected=True)
    assert exists["query"] == {"exists": {"field": "f"}}
    (between,) = made("range_slider_control", value=["1", "2.5"])
    assert between["query"] == {"range": {"f": {"gte": 1.0, "lte": 2.5}}}


# Made up


def test_rows_made_up_hold_what_the_dashboard_asks_for_and_are_always_the_same() -> None:
    filtered = {"query": "level: fatal and code >= 500", "language": "kuery"}
    columns = {"n": {"operationType": "count", "sourceField": "___records___", "isBucketed": False, "filter": filtered}}
    attributes = chart("lnsMetric", {"layerId": "l", "metricAccessor": "n"}, {"l": columns})
    board = read_dashboard(panels({"only": attributes}), "all")
    wanted = wishes(board)
    assert wanted.values["level"] == ["fatal"] and wanted.bounds["code"] == [500.0]
    fields = {
        "@timestamp": {"type": "date"},
        "level": {"type": "keyword"},
        "code": {"type": "long"},
        "v": {"type": "dense_vector"},
    }
    made = list(documents(fields, wanted, 200, board.time_range, seed="requests"))
    assert made == list(documents(fields, wanted, 200, board.time_range, seed="requests"))
    assert any(d["level"] == "fatal" for d in made) and any(d["code"] >= 500 for d in made)
    assert all("2026-03-02" <= d["@timestamp"] < "2026-03-06" and "v" not in d for d in made)
    assert dashboard_scope(board).time_range == board.time_range
