"""Data frame analytics: really computed, run once, changed in place or made anew with their results emptied."""

from __future__ import annotations

import random

import pytest
from ml_place import Place

from esctl.kinds.ml_analytics import ML_DATA_FRAME_ANALYTICS
from esctl.model import Action, Address, Capabilities, Consequence

INDEX = """
kind: index
id: houses
spec:
  mappings:
    properties:
      rooms: {type: integer}
      area: {type: float}
      town: {type: keyword}
      price: {type: float}
      shape: {type: dense_vector, dims: 3, index_options: {type: int8_hnsw}}
"""
ODD = """
---
kind: ml-data-frame-analytics
id: odd
spec:
  source: {index: houses}
  dest: {index: odd-houses}
  analysis: {outlier_detection: {}}
  analyzed_fields: {includes: [rooms, area, price]}
"""
ADDRESS = "ml-data-frame-analytics/odd"
API = "/_ml/data_frame/analytics/odd"


@pytest.fixture
def houses(place: Place) -> Place:
    place.write(INDEX)
    place.apply()
    draw = random.Random(7)
    documents = []
    for n in range(120):
        rooms = 2 + n % 5
        area = rooms * 25 + draw.uniform(-5, 5)
        town = "Rome" if n % 2 else "Oslo"
        price = area * (3000 if town == "Rome" else 5000) + draw.uniform(-100, 100)
        documents.append({"rooms": rooms, "area": area, "town": town, "price": price, "shape": [1.0, 2.0, 3.0]})
    documents.append({"rooms": 2, "area": 900.0, "town": "Rome", "price": 100.0, "shape": [1.0, 2.0, 3.0]})
    place.load("houses", documents)
    place.ask("POST", "/houses/_refresh")
    return place


def found(place: Place, index: str, query: str = "") -> list[dict]:
    _, answer = place.ask("GET", f"/{index}/_search?size=200{query}")
    return [hit["_source"] for hit in answer["hits"]["hits"]]


def test_the_house_that_does_not_belong_is_found(houses: Place) -> None:
    houses.write(INDEX + ODD)
    houses.apply()
    best = max(found(houses, "odd-houses"), key=lambda house: house["ml"]["outlier_score"])
    assert best["area"] == 900.0 and best["ml"]["outlier_score"] > 0.9
    shares = {one["feature_name"]: one["influence"] for one in best["ml"]["feature_influence"]}
    assert set(shares) == {"rooms", "area", "price"} and abs(sum(shares.values()) - 1) < 1e-6
    assert shares["area"] == max(shares.values())
    _, answer = houses.ask("GET", "/odd-houses/_mapping")
    assert answer["odd-houses"]["mappings"]["_meta"]["computed_by"] == "esctl sandbox (scikit-learn)"
    _, answer = houses.ask("GET", f"{API}/_stats")
    assert {phase["progress_percent"] for phase in answer["data_frame_analytics"][0]["progress"]} == {100}


REGRESSION = ODD.replace("{outlier_detection: {}}", "{regression: {dependent_variable: price, training_percent: 70}}")
CLASSES = ODD.replace("{outlier_detection: {}}", "{classification: {dependent_variable: town}}")


def test_a_regression_predicts(houses: Place) -> None:
    houses.write(INDEX + REGRESSION.replace("[rooms, area, price]", "[rooms, area, town, price]"))
    houses.apply()
    told = [house for house in found(houses, "odd-houses") if house["area"] < 900]
    mean = sum(house["price"] for house in told) / len(told)
    errors = sum(abs(house["ml"]["price_prediction"] - house["price"]) for house in told)
    assert errors < 0.3 * sum(abs(mean - house["price"]) for house in told)
    training = sum(house["ml"]["is_training"] for house in told)
    assert 0.5 < training / len(told) < 0.9


def test_a_classification_tells_classes_and_chances(houses: Place) -> None:
    houses.write(INDEX + CLASSES.replace("[rooms, area, price]", "[rooms, area, price, town]"))
    houses.apply()
    told = found(houses, "odd-houses")
    right = sum(house["ml"]["town_prediction"] == house["town"] for house in told)
    assert right / len(told) > 0.9
    assert abs(sum(one["class_probability"] for one in told[0]["ml"]["top_classes"]) - 1) < 1e-6


def test_another_analysis_is_made_anew_and_its_results_are_deleted_first(houses: Place) -> None:
    houses.write(INDEX + ODD)
    houses.apply()
    houses.write(INDEX + ODD.replace("outlier_detection: {}", "outlier_detection: {n_neighbors: 3}"))
    change = houses.change(ADDRESS)
    assert (change.action, change.consequence) == (Action.REPLACE, Consequence.IRREVERSIBLE)
    assert [str(request) for request in change.requests] == [
        f"DELETE {API}?force=true",
        "POST /odd-houses/_delete_by_query?refresh=true&ignore_unavailable=true&conflicts=proceed",
        f"PUT {API}",
        f"POST {API}/_start",
    ]
    houses.apply("irreversible")
    assert len(found(houses, "odd-houses")) == 121


def test_what_update_takes_changes_in_place(houses: Place) -> None:
    houses.write(INDEX + ODD)
    houses.apply()
    houses.write(INDEX + ODD + "  description: Odd ones\n  model_memory_limit: 100mb\n  max_num_threads: 2\n")
    (request,) = houses.change(ADDRESS).requests
    assert request.body == {"description": "Odd ones", "model_memory_limit": "100mb", "max_num_threads": 2}
    houses.apply()
    houses.write(INDEX + ODD)
    houses.apply()


def test_made_without_being_run_and_run_later(houses: Place) -> None:
    houses.write(INDEX + ODD + "  state: stopped\n")
    houses.apply()
    assert houses.ask("HEAD", "/odd-houses")[0] == 404
    houses.write(INDEX + ODD)
    assert houses.requests(ADDRESS) == [f"POST {API}/_start"]
    houses.apply()


def test_verify_tells_what_is_left_out(houses: Place) -> None:
    houses.write(INDEX + ODD)
    houses.apply()
    body = {"analyzed_fields": {"includes": ["area"]}}
    with houses.invocation.cluster() as cluster:
        told = ML_DATA_FRAME_ANALYTICS.verify(Address(*ADDRESS.split("/")), body, cluster, Capabilities())
        assert list(told) == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "reason"),
    [
        ("PUT", "/_ml/data_frame/analytics/x", {"dest": {"index": "d"}, "analysis": {"outlier_detection": {}}}, 400, "[source] must not be null"),
        ("PUT", "/_ml/data_frame/analytics/x", {"source": {"index": "missing"}, "dest": {"index": "d"}, "analysis": {"outlier_detection": {}}}, 400, "Validation Failed: 1: no such index [missing];"),
        ("PUT", "/_ml/data_frame/analytics/x", {"source": {"index": "houses"}, "dest": {"index": "houses"}, "analysis": {"outlier_detection": {}}}, 400, "Validation Failed: 1: Destination index [houses] is included in source expression [houses];"),
        ("PUT", "/_ml/data_frame/analytics/x", {"source": {"index": "houses"}, "dest": {"index": "Foo"}, "analysis": {"outlier_detection": {}}}, 400, "Validation Failed: 1: Destination index [Foo] must be lowercase;"),
        ("PUT", "/_ml/data_frame/analytics/x", {"source": {"index": "houses"}, "dest": {"index": "d"}, "analysis": {"outlier_detection": {"unknown_field": 42}}}, 400, "[1:1] [outlier_detection] unknown field [unknown_field]"),
        ("PUT", "/_ml/data_frame/analytics/x", {"source": {"index": "houses"}, "dest": {"index": "d"}, "analysis": {"outlier_detection": {}}, "create_time": 1}, 400, "[1:1] [data_frame_analytics_config] unknown field [create_time]"),
        ("PUT", "/_ml/data_frame/analytics/x", {"source": {"index": []}, "dest": {"index": "d"}, "analysis": {"outlier_detection": {}}}, 400, "source.index must specify at least one index"),
        ("PUT", "/_ml/data_frame/analytics/odd", {"source": {"index": "houses"}, "dest": {"index": "d"}, "analysis": {"outlier_detection": {}}}, 400, "A data frame analytics with id [odd] already exists"),
        ("POST", f"{API}/_start", None, 400, "Cannot start because the job has already finished"),
        ("POST", "/_ml/data_frame/analytics/none/_start", None, 404, "No known data frame analytics with id [none]"),
        ("POST", "/_ml/data_frame/analytics/_explain", {"source": {"index": "houses"}, "analysis": {"outlier_detection": {}}, "analyzed_fields": ["shape"]}, 400, "field [shape] has unsupported type [dense_vector]. Supported types are [boolean, byte, double, float, half_float, integer, long, scaled_float, short, unsigned_long]."),
        ("POST", "/_ml/data_frame/analytics/_explain", {"source": {"index": "houses"}, "analysis": {"regression": {"dependent_variable": "missing"}}}, 400, "no mappings could be found for required field [missing]"),
    ],
)  # fmt: skip
def test_what_the_sandbox_refuses_in_elasticsearchs_words(houses: Place, method, path, body, status, reason) -> None:  # type: ignore[no-untyped-def]
    houses.write(INDEX + ODD)
    houses.apply()
    told, answer = houses.ask(method, path, body)
    assert (told, answer["error"]["reason"]) == (status, reason)


def test_explain_says_of_each_field_whether_it_is_taken(houses: Place) -> None:
    body = {"source": {"index": "houses"}, "analysis": {"regression": {"dependent_variable": "price"}}}
    _, answer = houses.ask("POST", "/_ml/data_frame/analytics/_explain", body)
    told = {one["name"]: (one["is_included"], one.get("feature_type")) for one in answer["field_selection"]}
    assert told == {
        "area": (True, "numerical"),
        "price": (True, "numerical"),
        "rooms": (True, "numerical"),
        "shape": (False, None),
        "town": (True, "categorical"),
    }
