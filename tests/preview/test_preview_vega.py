"""Vega specs as Kibana takes them: data sources, marks in bodies, sizes, mistakes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from esctl.errors import EsctlError
from esctl.preview import Scope, TimeRange, phrase_filter, vega_filled, vega_ready

VEGA = "https://vega.github.io/schema/vega/v5.json"
LITE = "https://vega.github.io/schema/vega-lite/v5.json"
CLUSTER = phrase_filter("cluster", 3, index="image-data")
SCOPE = Scope((CLUSTER,), (), TimeRange("now-24h", "now"))


def ready(url: Any, scope: Scope = SCOPE, **more: Any) -> Any:
    data = [{"name": "points", "url": url, "format": {"property": "hits.hits"}}]
    return vega_ready(json.dumps({"$schema": VEGA, "data": data, **more}), scope)


def test_hjson_with_comments_and_context() -> None:
    text = """
    # a comment
    {
      $schema: https://vega.github.io/schema/vega/v5.json
      data: [{
        name: "points", url: {"%context%": true, index: "images", body: {size: 7}}, format: {property: "hits.hits"}
      }]
      signals: [{name: "s", on: [{events: "click", update: "1"}]}]
    }
    """
    found = vega_ready(text, SCOPE)
    (search,) = found.searches
    assert search.index == "images"
    assert search.body == {
        "size": 7,
        "query": {"bool": {"filter": [{"match_phrase": {"cluster": 3}}], "must_not": []}},
    }
    assert found.mode == "vega" and found.resize
    assert found.spec["autosize"] == {"type": "fit", "contains": "padding"}
    filled = vega_filled(found, {search.path: {"hits": {"hits": [1]}}})
    assert filled["data"][0] == {
        "name": "points",
        "format": {"type": "json", "property": "hits.hits"},
        "values": {"hits": {"hits": [1]}},
    }
    assert filled["signals"] == [{"name": "s", "on": [{"events": "click", "update": "1"}]}]
    assert "$schema" not in filled


def test_vega_lite_data_of_every_view() -> None:
    url = {"index": "a", "body": {}}
    layers = {"data": {"url": url}, "layer": [{"mark": "bar", "data": {"url": {**url, "index": "b"}}}]}
    found = vega_ready(json.dumps({"$schema": LITE, **layers}), Scope())
    assert [s.index for s in found.searches] == ["a", "b"]
    assert found.mode == "vega-lite"


def test_time_field_and_marks_inside_a_query() -> None:
    body = ready({"index": "a", "%timefield%": "t", "body": {}}).searches[0].body
    assert body["query"]["bool"]["filter"] == [
        {"range": {"t": {"gte": "now-24h", "lte": "now", "format": "strict_date_optional_time"}}}
    ]
    query = {
        "bool": {
            "filter": ["%dashboard_context-filter_clause%", {"range": {"t": {"%timefilter%": True, "shift": -1}}}],
            "must_not": ["%dashboard_context-must_not_clause%"],
        }
    }
    aggs = {
        "d": {"date_histogram": {"field": "t", "interval": {"%autointerval%": True}}},
        "m": {"date_histogram": {"field": "t", "interval": "1M"}},
    }
    body = ready({"index": "a", "body": {"query": query, "aggs": aggs}}).searches[0].body
    earlier = {"gte": "now-24h-1d", "lte": "now-1d", "format": "strict_date_optional_time"}
    assert body["query"]["bool"] == {
        "filter": [{"match_phrase": {"cluster": 3}}, {"range": {"t": earlier}}],
        "must_not": [],
    }
    assert body["aggs"]["d"]["date_histogram"] == {"field": "t", "fixed_interval": "30m"}
    assert body["aggs"]["m"]["date_histogram"] == {"field": "t", "calendar_interval": "1M"}


@pytest.mark.parametrize(
    ("more", "autosize", "resize"),
    [
        ({"width": 300}, {"type": "fit", "contains": "padding"}, True),
        ({"autosize": "none"}, {"type": "none", "contains": "padding"}, False),
        ({"autosize": {"type": "pad", "resize": True}}, {"type": "pad", "contains": "padding", "resize": True}, True),
        ({"autosize": {"signal": "s"}}, {"signal": "s"}, False),
    ],
)
def test_sizes_follow_the_panel(more: dict[str, Any], autosize: dict[str, Any], resize: bool) -> None:
    found = vega_ready(json.dumps({"$schema": VEGA, **more}), Scope())
    assert (found.spec["autosize"], found.resize) == (autosize, resize)


def test_composed_vega_lite_keeps_its_own_size() -> None:
    spec = {"$schema": LITE, "encoding": {"row": {"field": "a"}}, "mark": "bar"}
    assert not vega_ready(json.dumps(spec), Scope()).resize
    assert not vega_ready(json.dumps({"$schema": LITE, "hconcat": []}), Scope()).resize


def test_kibanas_own_scheme_and_config_are_resolved() -> None:
    scales = [{"name": "c", "type": "ordinal", "range": {"scheme": "elastic"}}]
    found = vega_ready(
        json.dumps({"$schema": VEGA, "scales": scales, "config": {"kibana": {"hideWarnings": True}}}), Scope()
    )
    assert found.spec["scales"][0]["range"][0] == "#54B399"
    assert found.spec["config"] == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "the Vega spec is not HJSON"),
        ("marks: []", "must stand in braces"),
        ('{"marks": []}', "the Vega spec has no $schema"),
        ("[]", "the Vega spec is not an object"),
        (f'{{"$schema": "{VEGA}", "config": {{"kibana": {{"type": "map"}}}}}}', "a Vega map is not drawn"),
    ],
)
def test_specs_that_cannot_be_read(text: str, words: str) -> None:
    with pytest.raises(EsctlError) as caught:
        vega_ready(text, Scope())
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://example.org/x.json", "data \"points\": 'https://example.org/x.json' is not loaded here"),
        ({"body": {}}, 'data "points": url names no index'),
        ({"index": "a", "bdy": {}}, 'data "points": unknown key "bdy" in url; did you mean "body"?'),
        ({"index": "a", "%type%": "emsfile"}, "%type% 'emsfile' loads from the network"),
        ({"index": "a", "%context%": True, "body": {"query": {}}}, "must not be used when url.body.query is set"),
    ],
)
def test_data_that_cannot_be_resolved_is_an_error(url: Any, words: str) -> None:
    with pytest.raises(EsctlError) as caught:
        ready(url)
    assert words in str(caught.value)


def test_time_filter_without_a_time_range_is_an_error() -> None:
    body = {"query": {"range": {"t": {"%timefilter%": True}}}}
    with pytest.raises(EsctlError, match="needs a time range"):
        ready({"index": "a", "body": body}, Scope())
