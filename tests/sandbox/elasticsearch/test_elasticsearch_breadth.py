"""Field types and analysis that the sandbox keeps: what it does with them, and what it refuses to answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from esctl.sandbox.server import Sandbox


def call(sandbox: Sandbox, method: str, path: str, body: Any = None) -> Any:
    return requests.request(method, sandbox.elasticsearch_url + path, json=body, timeout=30)


def test_scaled_float_is_searched_as_it_is_kept(sandbox: Sandbox) -> None:
    mapping = {"properties": {"price": {"type": "scaled_float", "scaling_factor": 100}}}
    assert call(sandbox, "PUT", "/breadth-price", {"mappings": mapping}).status_code == 200
    read = call(sandbox, "GET", "/breadth-price/_mapping").json()["breadth-price"]["mappings"]
    assert read["properties"]["price"] == {"type": "scaled_float", "scaling_factor": 100.0}
    for id, price in (("1", 9.994), ("2", "12.5"), ("3", 3)):
        call(sandbox, "PUT", f"/breadth-price/_doc/{id}?refresh=true", {"price": price})
    body: dict[str, Any] = {
        "query": {"range": {"price": {"gte": 9.99}}},
        "sort": [{"price": "desc"}],
        "aggs": {"total": {"sum": {"field": "price"}}},
    }
    answer = call(sandbox, "POST", "/breadth-price/_search", body).json()
    assert [hit["_id"] for hit in answer["hits"]["hits"]] == ["2", "1"]
    assert answer["aggregations"]["total"]["value"] == pytest.approx(22.49)
    found = call(sandbox, "POST", "/breadth-price/_count", {"query": {"term": {"price": 9.991}}}).json()
    assert found["count"] == 1


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"type": "scaled_float"}, "Field [scaling_factor] is required"),
        ({"type": "scaled_float", "scaling_factor": -1}, "[scaling_factor] must be a positive number, got [-1.0]"),
        ({"type": "token_count"}, "Analyzer must be set for field [f] but wasn't."),
        ({"type": "aggregate_metric_double"}, "Property [metrics] is required for field [f]."),
        ({"type": "wildcard", "index": False}, "unknown parameter [index] on mapper [f] of type [wildcard]"),
    ],
)
def test_parameters_are_checked(sandbox: Sandbox, parameters: dict[str, Any], reason: str) -> None:
    answer = call(sandbox, "PUT", "/breadth-refused", {"mappings": {"properties": {"f": parameters}}})
    assert answer.status_code == 400
    assert answer.json()["error"]["reason"] == f"Failed to parse mapping: {reason}"


KEPT: dict[str, tuple[dict[str, Any], Any, Any]] = {
    "wildcard": ({}, "any text", {"a": 1}),
    "constant_keyword": ({"value": "x"}, "x", "y"),
    "match_only_text": ({}, "some text", {"a": 1}),
    "version": ({}, "1.2.3", {"a": 1}),
    "unsigned_long": ({}, 18446744073709551615, -1),
    "histogram": ({}, {"values": [1, 2], "counts": [3, 4]}, {"values": [1], "counts": [1, 2]}),
    "aggregate_metric_double": (
        {"metrics": ["min", "max"], "default_metric": "max"},
        {"min": 1, "max": 2},
        {"min": 1},
    ),
    "join": ({"relations": {"question": "answer"}}, "question", "nonsense"),
    "geo_shape": ({}, {"type": "Point", "coordinates": [1, 2]}, {"coordinates": [1, 2]}),
    "rank_features": ({}, {"a": 1.5}, {"a": -1}),
    "token_count": ({"analyzer": "standard"}, "some text", {"a": 1}),
}


@pytest.mark.parametrize("kind", KEPT)
def test_kept_types_are_checked_and_counted_but_not_searched(sandbox: Sandbox, kind: str) -> None:
    parameters, right, wrong = KEPT[kind]
    index = f"/breadth-{kind}"
    mapping = {"properties": {"f": {"type": kind, **parameters}}}
    assert call(sandbox, "PUT", index, {"mappings": mapping}).status_code == 200
    assert call(sandbox, "PUT", f"{index}/_doc/1?refresh=true", {"f": right}).status_code == 201
    refused = call(sandbox, "PUT", f"{index}/_doc/2", {"f": wrong})
    assert refused.status_code == 400
    assert refused.json()["error"]["type"] == "document_parsing_exception"
    assert call(sandbox, "GET", f"{index}/_doc/1").json()["_source"] == {"f": right}
    assert call(sandbox, "POST", f"{index}/_count", {"query": {"exists": {"field": "f"}}}).json()["count"] == 1
    for body in ({"query": {"term": {"f": "a"}}}, {"sort": ["f"]}, {"aggs": {"a": {"terms": {"field": "f"}}}}):
        answer = call(sandbox, "POST", f"{index}/_search", body)
        assert answer.status_code == 400
        assert f"does not implement searches of fields of the type [{kind}]" in answer.text


def test_what_cannot_be_analysed_is_not_searched(sandbox: Sandbox) -> None:
    body = {
        "settings": {
            "analysis": {
                "analyzer": {"folded": {"tokenizer": "standard", "filter": ["lowercase", "asciifolding"]}},
                "normalizer": {"small": {"type": "custom", "filter": ["lowercase", "trim"]}},
            }
        },
        "mappings": {
            "properties": {
                "own": {"type": "text", "analyzer": "folded", "fields": {"plain": {"type": "text"}}},
                "german": {"type": "text", "analyzer": "german"},
                "key": {"type": "keyword", "normalizer": "small"},
            }
        },
    }
    assert call(sandbox, "PUT", "/breadth-analysis", body).status_code == 200
    document = {"own": "Über", "german": "Häuser", "key": " A "}
    assert call(sandbox, "PUT", "/breadth-analysis/_doc/1?refresh=true", document).status_code == 201
    for field, named in (("own", "analyzer [folded]"), ("german", "analyzer [german]"), ("key", "normalizer [small]")):
        counted = call(sandbox, "POST", "/breadth-analysis/_count", {"query": {"exists": {"field": field}}})
        assert counted.json()["count"] == 1
        answer = call(sandbox, "POST", "/breadth-analysis/_search", {"query": {"match": {field: "a"}}})
        assert answer.status_code == 400
        assert f"does not implement searches through the {named}" in answer.text
    found = call(sandbox, "POST", "/breadth-analysis/_count", {"query": {"match": {"own.plain": "über"}}}).json()
    assert found["count"] == 1
