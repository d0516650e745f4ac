"""Every chart drawn: rows from the embedded Elasticsearch checked against the documents, pictures against pixels."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from dashboard_objects import metric
from shop_objects import COUNT, HOURS, MAPPING, charts, dates, documents, one, panels, partition, top, xy

from esctl.errors import EsctlError
from esctl.preview import (
    Chart,
    Options,
    Question,
    Table,
    answered,
    dashboard_picture,
    dashboard_scope,
    drawn_panels,
    lens_tables,
    panel_chart,
    panel_picture,
    read_dashboard,
    read_lens,
)
from esctl.preview.picture.dashboard import dashboard_svg, laid_out
from esctl.sandbox.elasticsearch.app import elasticsearch_app

DOCS = documents()


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The embedded Elasticsearch, in this process, with the documents in it."""
    node = elasticsearch_app(Path(tmp_path_factory.mktemp("node")))
    assert node.call("PUT", "/requests", {"mappings": MAPPING})[0] == 200
    lines = "".join('{"create":{}}\n' + json.dumps(row) + "\n" for row in DOCS)
    assert node.call("POST", "/requests/_bulk", lines.encode())[1]["errors"] is False
    node.call("POST", "/requests/_refresh")

    def answer(questions: Sequence[Question]) -> list[dict[str, Any]]:
        found = []
        for question in questions:
            assert question.kind == "search"
            status, body = node.call("POST", f"/{question.index}/_search", question.body)
            if status != 200:
                raise EsctlError(json.dumps(body["error"]))
            found.append(body)
        return found

    yield answer
    node.close()


def table_of(attributes: dict[str, Any], ask: Any, layer: str = "l") -> Table:
    board = read_dashboard(panels({"only": attributes}), "all")
    lens = read_lens(board.panels[0].definition, data_views=board.data_views)
    return answered(lens_tables(lens, dashboard_scope(board)), ask)[layer]


def chart_of(attributes: dict[str, Any], ask: Any) -> Chart:
    board = read_dashboard(panels({"only": attributes}), "all")
    return answered(panel_chart(board.panels[0], board, dashboard_scope(board)), ask)


def pixels(content: bytes) -> Any:
    from PIL import Image

    return Image.open(io.BytesIO(content)).convert("RGB")


def words(svg: bytes | str) -> str:
    """Every text of an SVG, one after the other."""
    text = svg.decode() if isinstance(svg, bytes) else svg
    return " ".join(re.sub(r"<title>.*?</title>", "", t) for t in re.findall(r"<text\b[^>]*>(.*?)</text>", text, re.S))


EXPECTED = {
    "bar": ("checkout", "Requests"),
    "bar_horizontal": ("IN", "192"),
    "grouped": ("ok", "failed"),
    "percentage": ("100%",),
    "area": ("search",),
    "line": ("Average of duration",),
    "annotated": ("Limit",),
    "two_axes": ("Sum of bytes", "MB"),
    "metric": ("Duration", "since yesterday"),
    "tiles": ("checkout", "156"),
    "legacy_metric": ("Requests", "720"),
    "gauge_bullet": ("Average of duration", "goal 120"),
    "gauge_arc": ("84.5",),
    "gauge_circle": ("6.0%",),
    "heatmap": ("payments",),
    "tag_cloud": ("checkout", "images"),
    "region_map": ("a map's shapes are not offline", "US"),
    "data_table": ("Other", "Sum: 720"),
    "pie": ("Other", "checkout"),
    "donut": ("search", "US"),
    "treemap": ("payments", "US"),
    "mosaic": ("checkout", "ok"),
    "waffle": ("23.1%",),
}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", charts())
def test_a_chart_is_drawn_with_its_words_and_not_blank(name: str, theme: str, ask: Any) -> None:
    board = read_dashboard(panels({name: charts()[name]}), "all")
    (drawn,) = drawn_panels(board, ask)
    assert drawn.problem == "" and drawn.chart is not None and drawn.chart.kind not in ("undrawn", "empty")
    options = Options(theme=theme)
    told = words(panel_picture(drawn, "svg", (460, 400), options))
    for word in EXPECTED[name]:
        assert word.replace("'", "&#x27;") in told or word in told, f"{word} is not in: {told}"
    picture = pixels(panel_picture(drawn, "png", (460, 400), options))
    assert picture.size == (460, 400)
    inside = picture.crop((20, 50, 440, 380))
    colours = Counter(inside.get_flattened_data() if hasattr(inside, "get_flattened_data") else inside.getdata())
    assert len(colours) > 20, "one colour only"
    (_, ground), *_ = colours.most_common(1)
    assert ground < 0.995 * 420 * 330, "nearly everything is ground"


def test_every_chart_on_one_dashboard_has_its_place_and_its_size(ask: Any) -> None:
    board = read_dashboard(panels(charts()), "all")
    drawn = drawn_panels(board, ask)
    places, _, height = laid_out(board, 1440, 0)
    assert places["bar"].x == 16 and round(places["area"].x + places["area"].w / 2) == 720
    assert round(places["grouped"].x + places["grouped"].w) == 1424
    assert places["percentage"].y - places["bar"].y == 14 * 28
    svg = dashboard_svg(board, drawn, Options())
    found = re.match(r'<svg[^>]* width="1440" height="([\d.]+)"', svg)
    assert found and float(found[1]) > height
    assert svg.count('role="group"') == len(charts())
    ids = re.findall(r'\bid="([^"]+)"', svg)
    assert len(ids) == len(set(ids)), "pictures within the picture share no id"


# What the rows say, against the documents


def test_other_has_every_metric_of_the_documents_that_no_bucket_took(ask: Any) -> None:
    columns = {"s": top("service", 3, otherBucket=True), "n": COUNT, "b": metric("sum", "bytes")}
    table = table_of(one("lnsDatatable", {"columns": []}, columns), ask)
    counts = Counter(d["service"] for d in DOCS)
    first = [name for name, _ in counts.most_common(3)]
    rest = [d for d in DOCS if d["service"] not in first]
    assert [row["s"] for row in table.rows] == [*first, "__other__"]
    assert table.rows[-1] == {"s": "__other__", "n": len(rest), "b": sum(d["bytes"] for d in rest)}


def test_other_within_other_groups(ask: Any) -> None:
    columns = {
        "c": top("country", 2),
        "s": top("service", 2, otherBucket=True),
        "n": COUNT,
        "d": metric("max", "duration"),
    }
    table = table_of(one("lnsDatatable", {"columns": []}, columns), ask)
    for country in {row["c"] for row in table.rows}:
        own = [d for d in DOCS if d["country"] == country]
        taken = {row["s"] for row in table.rows if row["c"] == country}
        (other,) = [row for row in table.rows if row["c"] == country and row["s"] == "__other__"]
        rest = [d for d in own if d["service"] not in taken]
        assert (other["n"], other["d"]) == (len(rest), max(d["duration"] for d in rest))


def test_a_shifted_metric_stands_beside_the_same_hour_of_the_day_before(ask: Any) -> None:
    columns = {"x": dates(), "n": metric("sum", "bytes"), "w": metric("sum", "bytes", timeShift="1d")}
    rows = {row["x"]: row for row in table_of(one("lnsDatatable", {"columns": []}, columns), ask).rows}
    day = 86_400_000
    checked = 0
    for moment, row in rows.items():
        if moment - day in rows:
            assert row["w"] == rows[moment - day]["n"]
            checked += 1
    assert checked >= 48
    assert rows[min(rows)]["w"] is None


@pytest.mark.parametrize(("shift", "found"), [("previous", DOCS[0]["duration"]), ("4d", None)])
def test_a_shift_without_date_buckets(shift: str, found: float | None, ask: Any) -> None:
    """Both ends of a time range count: the first document is the end of the three days before."""
    columns = {"n": metric("average", "duration"), "w": metric("average", "duration", timeShift=shift)}
    (row,) = table_of(one("lnsDatatable", {"columns": []}, columns), ask).rows
    assert row["n"] == pytest.approx(sum(d["duration"] for d in DOCS) / len(DOCS))
    assert row["w"] == found


def hours() -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    for d in DOCS:
        moment = datetime.fromisoformat(d["@timestamp"])
        found.setdefault(int(moment.replace(minute=0).timestamp() * 1000), []).append(d)
    return found


def test_series_are_worked_out_row_by_row(ask: Any) -> None:
    columns = {
        "x": dates(),
        "n": metric("sum", "bytes"),
        "d": metric("differences", "", references=["n"]),
        "c": metric("cumulative_sum", "", references=["n"]),
        "m": metric("moving_average", "", references=["n"], params={"window": 2}),
        "r": metric("counter_rate", "", references=["n"]),
        "h": metric("count", timeScale="m"),
    }
    rows = table_of(one("lnsDatatable", {"columns": []}, columns), ask).rows
    sums = [sum(d["bytes"] for d in found) for _, found in sorted(hours().items())]
    assert [row["n"] for row in rows] == sums
    assert [row["d"] for row in rows[:3]] == [None, sums[1] - sums[0], sums[2] - sums[1]]
    assert rows[-1]["c"] == sum(sums)
    assert rows[0]["m"] is None and rows[3]["m"] == (sums[1] + sums[2]) / 2
    assert rows[1]["r"] == (sums[1] - sums[0] if sums[1] >= sums[0] else sums[1])
    assert rows[0]["h"] == pytest.approx(10 / 60)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("count(kql='status: failed') / count()", sum(d["status"] == "failed" for d in DOCS) / len(DOCS)),
        ("ifelse(count() > 100, 1, 2)", 1),
        ("clamp(average(duration), 0, 50)", 50),
        ("pick_max(1, 2) + defaults(average(bytes, kql='service: nobody'), 7)", 9),
        ("round(sum(bytes) / 1000) - overall_sum(sum(bytes)) * 0", round(sum(d["bytes"] for d in DOCS) / 1000 + 1e-9)),
        ("count(reducedTimeRange='6h')", 60),
        ("time_range() / 3600000", 72),
        ("-cbrt(8) + mod(7, 4) * square(2)", 10),
    ],
)
def test_formulas(text: str, expected: float, ask: Any) -> None:
    column = {"operationType": "formula", "isBucketed": False, "params": {"formula": text}}
    (row,) = table_of(one("lnsMetric", {"metricAccessor": "f"}, {"f": column}), ask).rows
    assert row["f"] == pytest.approx(expected)


def test_formulas_along_a_series(ask: Any) -> None:
    text = "cumulative_sum(count()) / overall_sum(count())"
    column = {"operationType": "formula", "isBucketed": False, "params": {"formula": text}}
    rows = table_of(one("lnsDatatable", {"columns": []}, {"x": dates("12h"), "f": column}), ask).rows
    assert [round(row["f"], 3) for row in rows] == [0.167, 0.333, 0.5, 0.667, 0.833, 1.0]


def test_a_collapsed_breakdown_is_one_series(ask: Any) -> None:
    columns = {"x": dates("12h"), "s": top("service", 10), "n": COUNT}
    drawn = chart_of(xy("line", columns, {"collapseFn": "sum"}), ask)
    (side,) = drawn.spec["layer"]  # type: ignore[index]
    values = side["layer"][0]["data"]["values"]
    assert [v["y"] for v in values] == [120.0] * 6
    unknown = chart_of(xy("line", columns, {"collapseFn": "mode"}), ask)
    assert unknown.kind == "undrawn" and "collapse by" in unknown.model["reason"]


def test_parts_of_a_whole_are_shares_of_it(ask: Any) -> None:
    waffle = chart_of(charts()["waffle"], ask)
    colours = Counter(v["colour"] for v in waffle.spec["data"]["values"])  # type: ignore[index]
    assert sum(colours.values()) == 100
    shares = [float(item.value.rstrip("%")) for item in waffle.legend]
    assert all(abs(colours[item.colour] - share) <= 1 for item, share in zip(waffle.legend, shares, strict=True))
    for name in ("treemap", "mosaic"):
        values = chart_of(charts()[name], ask).spec["data"]["values"]  # type: ignore[index]
        whole = 1.6 if name == "treemap" else 1.0
        leaves = [v for v in values if not v["head"]]
        assert sum(v["w"] * v["h"] for v in leaves) == pytest.approx(whole, rel=0.2 if name == "treemap" else 1e-6)
        assert all(-1e-9 <= v["x1"] <= v["x2"] <= whole + 1e-9 and v["y2"] <= 1 + 1e-9 for v in values)


def test_several_metrics_of_a_pie_are_its_innermost_parts(ask: Any) -> None:
    columns = {"n": metric("sum", "bytes", "Bytes"), "m": metric("max", "bytes", "Largest")}
    drawn = chart_of(partition("pie", [], columns, metrics=["n", "m"], legendDisplay="show"), ask)
    assert [item.label for item in drawn.legend] == ["Bytes", "Largest"]


def test_an_annotation_by_query_stands_at_each_deployment(ask: Any) -> None:
    (side,) = chart_of(charts()["annotated"], ask).spec["layer"]  # type: ignore[index]
    lines = [
        m["data"]["values"][0] for m in side["layer"] if m["mark"]["type"] == "rule" and "x" in m["data"]["values"][0]
    ]
    noons = [datetime.fromisoformat(d["@timestamp"]).timestamp() * 1000 for d in DOCS if "event" in d]
    assert [line["x"] for line in lines] == noons
    (span,) = [m for m in side["layer"] if m["mark"]["type"] == "rect" and "x2" in m["encoding"]]
    assert span["data"]["values"][0]["x2"] - span["data"]["values"][0]["x"] == 6 * 3_600_000


@pytest.mark.parametrize(("fitting", "gaps"), [(None, True), ("Zero", False), ("Carry", False), ("Linear", False)])
def test_a_line_breaks_where_there_is_nothing_unless_it_is_to_be_filled(
    fitting: str | None, gaps: bool, ask: Any
) -> None:
    failed = {"query": "status: failed", "language": "kuery"}
    columns = {"x": dates("1h"), "n": metric("average", "duration", filter=failed)}
    columns["m"] = metric("average", "duration")  # has a value at every hour
    more = {"fittingFunction": fitting} if fitting else {}
    (side,) = chart_of(xy("line", columns, {"accessors": ["n", "m"]}, **more), ask).spec["layer"]  # type: ignore[index]
    values = [v for v in side["layer"][0]["data"]["values"] if v["series"] == "Average of duration"]
    assert any(v["y"] is None for v in values) is gaps


def test_the_format_of_a_field_is_its_data_views(ask: Any) -> None:
    objects = panels({"only": one("lnsMetric", {"metricAccessor": "b"}, {"b": metric("max", "bytes", "Largest")})})
    objects[-1]["attributes"]["fieldFormatMap"] = json.dumps({"bytes": {"id": "bytes"}})
    board = read_dashboard(objects, "all")
    chart = answered(panel_chart(board.panels[0], board, dashboard_scope(board)), ask)
    assert chart.model["tiles"][0]["text"] == f"{max(d['bytes'] for d in DOCS) / 1024:.2f} KB"


# What cannot be had


def test_a_source_that_cannot_be_had_is_told_in_its_panel_and_never_an_empty_chart(ask: Any) -> None:
    objects = panels({"gone": charts()["pie"], "fine": charts()["waffle"]}, columns=2)
    objects[0]["references"][0]["id"] = "nowhere"
    drawn = {d.panel.id: d for d in drawn_panels(read_dashboard(objects, "all"), ask)}
    assert drawn["gone"].problem == 'data view "nowhere" does not exist'
    assert drawn["fine"].problem == ""
    picture = panel_picture(drawn["gone"], "svg", (460, 300), Options())
    assert "does not exist" in words(picture) and b"#fdeeed" in picture
    objects = panels({"gone": charts()["pie"]})
    objects[1]["attributes"]["title"] = "nothing"
    (missing,) = drawn_panels(read_dashboard(objects, "all"), ask)
    assert "no such index [nothing]" in missing.problem


def test_a_panel_that_is_not_drawn_shows_its_definition() -> None:
    objects = panels({})
    objects[0]["attributes"]["panelsJSON"] = [
        {"type": "ml_anomaly_swimlane", "panelIndex": "p", "gridData": {"x": 0, "y": 0, "w": 24, "h": 15, "i": "p"},
         "embeddableConfig": {"jobIds": ["spikes"]}}
    ]  # fmt: skip
    (drawn,) = drawn_panels(read_dashboard(objects, "all"), lambda questions: [])
    told = words(panel_picture(drawn, "svg", (500, 300), Options()))
    assert "cannot draw ml_anomaly_swimlane panels yet" in told and "spikes" in told


def test_a_page_holds_whole_tables_as_tables_and_charts_as_pictures(ask: Any) -> None:
    board = read_dashboard(panels({"t": charts()["data_table"], "p": charts()["pie"]}, columns=2), "all")
    page = dashboard_picture(board, drawn_panels(board, ask), "html", Options(mark="Data <from> a file")).decode()
    assert page.count("<table>") == 1 and '<td class="left">Other</td>' in page
    assert "<script" not in page and page.count("<svg") >= 2
    assert "Data &lt;from&gt; a file" in page


def test_without_a_time_range_dates_are_as_wide_as_the_documents_ask(ask: Any) -> None:
    objects = panels({"only": one("lnsDatatable", {"columns": []}, {"x": dates("auto"), "n": COUNT})})
    objects[0]["attributes"]["timeRestore"] = False
    board = read_dashboard(objects, "all")
    lens = read_lens(board.panels[0].definition, data_views=board.data_views)
    table = answered(lens_tables(lens, dashboard_scope(board)), ask)["l"]
    width = table.widths["x"]
    assert width and 20 <= HOURS * 3_600_000 / width <= 100
    assert sum(row["n"] for row in table.rows) == len(DOCS)
