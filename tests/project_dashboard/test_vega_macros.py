"""The Vega macros with fields of another project: their searches, filters, words, colours, and what they refuse."""

from __future__ import annotations

import datetime
import io
import re
from pathlib import Path

import pytest
from plain_vega import drawable
from ruamel.yaml import YAML

from esctl.dashboards.vega import vega_mistakes
from esctl.errors import ProjectError
from esctl.project.templates import Templates

ROOT = Path(__file__).resolve().parents[2]
CALLS = {
    "gallery": 'gallery("shots", name="path", group="camera", word="camera", numbered=false, rank="score", order="desc",'
    ' details={"score": "score"}, pixels="small", most=300, time_field="taken")',
    "scatter": 'scatter("shots", "taken", "score", group="camera", word="camera", numbered=false, x_time=true,'
    ' noun="shots", time_field="taken")',
    "spread": 'small_multiples("shots", "camera", "score", interval=0.25, bounds=[0, 1], noun="shots")',
    "over_time": 'small_multiples("shots", "camera", "taken", time_field="taken", noun="shots", own_height=true)',
}


def made(call: str) -> dict:
    macro = call.split("(")[0]
    text = f'{{% from "{macro.replace("_", "-")}.vega.j2" import {macro} %}}{{{{ {call} }}}}'
    return YAML(typ="safe").load(io.StringIO(Templates(ROOT, "templates", {}).render(text, "here.j2").text))


def search(spec: dict) -> dict:
    (source,) = (source for source in spec["data"] if "url" in source)
    return source["url"]


def shots(n: int = 12) -> list[dict]:
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    return [
        {
            "_id": str(i),
            "_source": {
                "path": f"{i}.jpg", "camera": ("left", 'the "right"', None)[i % 3], "score": i / 12,
                "taken": (start + datetime.timedelta(hours=i)).isoformat(),
            },
        }
        for i in range(n)
    ]  # fmt: skip


def drawn(spec: dict, hits: list[dict], size=(700, 500)) -> str:
    import vl_convert

    return str(vl_convert.vega_to_svg(drawable(spec, hits, *size)))


def texts(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]+)</text>", svg)


@pytest.mark.parametrize("name", CALLS)
def test_specs_are_vega_5_with_kibanas_context(name):
    spec = made(CALLS[name])
    assert list(vega_mistakes(spec)) == []
    url = search(spec)
    assert url["%context%"] is True and url["index"] == "shots" and "query" not in url["body"]
    assert url.get("%timefield%") == (None if name == "spread" else "taken")


def test_the_searches():
    assert search(made(CALLS["gallery"]))["body"] == {
        "size": 300,
        "track_total_hits": True,
        "sort": [{"score": "desc"}, {"path": "asc"}],
        "_source": ["path", "camera", "score", "small"],
    }
    assert search(made(CALLS["scatter"]))["body"]["_source"] == ["camera", "taken", "score"]
    groups = search(made(CALLS["spread"]))["body"]["aggs"]["groups"]
    assert groups["terms"] == {"field": "camera", "size": 24}
    bounds = {"extended_bounds": {"min": 0, "max": 0.75}}
    assert groups["aggs"]["bins"] == {"histogram": {"field": "score", "interval": 0.25, "min_doc_count": 0} | bounds}
    ends = {"min": {"%timefilter%": "min"}, "max": {"%timefilter%": "max"}}
    bins = search(made(CALLS["over_time"]))["body"]["aggs"]["groups"]["aggs"]["bins"]["date_histogram"]
    assert bins["interval"] == {"%autointerval%": 40} and bins["extended_bounds"] == ends


def test_groups_that_are_words_have_colours_by_the_alphabet_and_none_is_named():
    svg = drawn(made(CALLS["gallery"]), shots())
    assert {"left", 'the "right"', "no camera", "12 images", "page 1 of 1"} <= set(texts(svg.replace("&quot;", '"')))
    assert texts(svg).count("no picture") == 12  # there are no thumbnails
    assert re.search(r'fill="#f88000"[^>]*>left<', svg) and re.search(r'fill="#3078d0"[^>]*>no camera<', svg)


def test_more_than_one_search_finds_is_told():
    few = made(CALLS["gallery"].replace("most=300", "most=5"))
    assert "first 5 of 12" in texts(drawn(few, shots()))
    dots = made(CALLS["scatter"].replace("x_time=true", "x_time=true, most=7"))
    assert "first 7 of 12" in texts(drawn(dots, shots()))


def test_dots_over_time_and_those_without_a_place():
    hits = shots()
    for hit in hits[:3]:
        del hit["_source"]["score"]
    svg = drawn(made(CALLS["scatter"]), hits)
    assert "3 without a place" in texts(svg) and svg.count('fill-opacity="0.55"') == 9 and "NaN" not in svg
    for hit in hits:
        hit["_source"].pop("score", None)
    assert "None of the shots has a place" in texts(drawn(made(CALLS["scatter"]), hits))


def test_one_chart_for_each_value():
    hits = [hit for hit in shots() if hit["_source"]["camera"]]
    svg = drawn(made(CALLS["spread"]), hits)
    assert [text.replace("&quot;", '"') for text in texts(svg) if "·" in text] == ["left · 4", 'the "right" · 4']
    assert svg.count('fill="#3078d0"') == 1 + 4 and svg.count('fill="#f88000"') == 1 + 4  # the chip, and bars
    one = made(CALLS["spread"].replace("bounds", "most=1, bounds"))
    assert "4 shots of other values are not shown" in texts(drawn(one, hits))


@pytest.mark.parametrize("name", ["gallery", "scatter", "spread"])
def test_nothing_is_said_in_words(name):
    svg = drawn(made(CALLS[name]), [])
    told = "Nothing matches the filters" if name == "spread" else "No images match the filters"
    assert told in texts(svg) and "NaN" not in svg


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ('gallery("a", pictures="http")', 'a gallery with "pictures" as "http" needs the "address" of the images'),
        ('gallery("a", most=10001)', '"most" of a gallery is 10001; one search finds 1 to 10000 images'),
        ('scatter("a", "x", "y", most=0)', '"most" of a scatter plot is 0; one search finds 1 to 10000 documents'),
        ('small_multiples("a", "b", "c", most=61)', '"most" of small multiples is 61; 1 to 60 charts have room'),
    ],
)
def test_what_cannot_be_is_refused(call, told):
    with pytest.raises(ProjectError, match=re.escape(told)):
        made(call)


def test_filters_by_a_word_by_none_and_by_number():
    (signal,) = (signal for signal in made(CALLS["gallery"])["signals"] if signal["name"] == "picked")
    assert signal["on"][0]["update"] == (
        "kibanaAddFilter(datum.group === '' ? {bool: {should: [{bool: {must_not: [{exists: {field: \"camera\"}}]}}],"
        ' minimum_should_match: 1}} : {match_phrase: {"camera": datum.group}}, "shots", "camera: " +'
        " (datum.group === '' ? 'none' : datum.group))"
    )
    numbered = next(s for s in made('gallery("a")')["signals"] if s["name"] == "picked")["on"][0]["update"]
    assert '{range: {"cluster": {lt: 0}}}' in numbered
