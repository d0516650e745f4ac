"""The Dashboards and Visualizations API of the embedded Kibana: strict, defaults added, warnings, excluded exports."""

from __future__ import annotations

import json

import pytest
import requests

BOARDS, CHARTS = "/api/dashboards", "/api/visualizations"
SOURCE = {"type": "data_view_spec", "index_pattern": "shop-orders"}
METRIC = {"type": "metric", "data_source": SOURCE, "metrics": [{"type": "primary", "operation": "count"}]}
PANEL = {"type": "vis", "id": "orders", "grid": {"x": 0, "y": 0, "w": 24, "h": 8}, "config": METRIC}
BOARD = {"title": "Shop", "panels": [PANEL]}


def exported(answer):
    return [json.loads(line) for line in answer.text.splitlines()]


def test_a_dashboard_is_made_by_a_put_and_read_with_defaults(kibana):
    made = kibana("PUT", f"{BOARDS}/shop", BOARD)
    assert made.status_code == 201 and made.json()["id"] == "shop"
    assert kibana("PUT", f"{BOARDS}/shop", BOARD).status_code == 200
    answer = kibana("GET", f"{BOARDS}/shop").json()
    assert set(answer) == {"id", "data", "meta"} and answer["meta"]["managed"] is False
    data = answer["data"]
    assert data["description"] == "" and data["options"]["use_margins"] is True and data["pinned_panels"] == []
    (panel,) = data["panels"]
    assert panel["id"] == "orders"
    assert panel["config"]["data_source"] == {**SOURCE, "time_field": "@timestamp"}
    assert panel["config"]["metrics"][0]["empty_as_null"] is False and panel["config"]["sampling"] == 1
    # What was read can be written again, and changes nothing.
    assert kibana("PUT", f"{BOARDS}/shop", data).json()["data"] == data


def test_ids_are_made_where_none_is_given_and_sections_come_last(kibana):
    section = {"title": "More", "grid": {"y": 0}, "panels": [{k: v for k, v in PANEL.items() if k != "id"}]}
    made = kibana("POST", BOARDS, {"title": "Shop", "panels": [section, PANEL], "tags": ["a", "a"]})
    assert made.status_code == 201 and made.json()["id"]
    data = made.json()["data"]
    assert [item.get("type") for item in data["panels"]] == ["vis", None]
    assert data["panels"][1]["id"] and data["panels"][1]["panels"][0]["id"] and data["tags"] == ["a"]


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({**BOARD, "colour": 1}, "[request body]: Additional properties are not allowed ('colour' unexpected)"),
        ({"panels": []}, "[request body]: [title]: expected value but got [undefined]"),
        ({"title": 3}, "[request body.title]: expected value of type [string] but got [number]"),
        ({"title": "a", "panels": [{**PANEL, "type": "map"}]}, "[request body.panels.0.type]"),
        (
            {"title": "a", "panels": [{**PANEL, "type": "vega", "config": {"spec": "{}"}}]},
            "[request body.panels.0]: definition for this key is missing",
        ),
        (
            {"title": "a", "panels": [{**PANEL, "config": {**METRIC, "raw": {}}}]},
            "[request body.panels.0.config]: types that failed validation:",
        ),
    ],
)
def test_what_the_schema_does_not_have_is_refused_with_its_place(kibana, body, place):
    answer = kibana("POST", BOARDS, body)
    assert answer.status_code == 400 and answer.json()["message"].startswith(place)
    assert kibana("GET", BOARDS).json()["total"] == 0


def test_an_export_excludes_what_was_written_as_code(kibana):
    kibana("PUT", f"{BOARDS}/shop", BOARD)
    kibana.load({"type": "dashboard", "id": "old", "attributes": {"title": "Old"}, "references": []})
    excluded = [{"id": "shop", "type": "dashboard", "reason": "excluded"}]
    for body in (
        {"type": ["dashboard"]},
        {"objects": [{"type": "dashboard", "id": "shop"}, {"type": "dashboard", "id": "old"}]},
    ):
        old, details = exported(kibana("POST", "/api/saved_objects/_export", body))
        assert old["id"] == "old" and details["exportedCount"] == 1
        assert details["excludedObjects"] == excluded and details["excludedObjectsCount"] == 1
    assert kibana("GET", "/api/saved_objects/dashboard/shop").status_code == 501
    listed = kibana("GET", "/api/saved_objects/_find", params={"type": "dashboard"}).json()
    assert [one["attributes"]["title"] for one in listed["saved_objects"]] == ["Old", "Shop"]
    # An import replaces it, and then it is a saved object.
    kibana.load({"type": "dashboard", "id": "shop", "attributes": {"title": "New"}, "references": []}, overwrite="true")
    (new, _) = exported(
        kibana("POST", "/api/saved_objects/_export", {"objects": [{"type": "dashboard", "id": "shop"}]})
    )
    assert new["attributes"] == {"title": "New"}


def test_panels_that_no_kibana_shows_as_code_are_dropped_with_a_warning(kibana):
    vega = {"type": "visualization", "panelIndex": "v", "embeddableConfig": {"savedVis": {"type": "vega"}}}
    attributes = {"title": "Vega", "panelsJSON": json.dumps([vega]), "optionsJSON": '{"useMargins":false}'}
    kibana.load({"type": "dashboard", "id": "vega", "attributes": attributes, "references": []})
    answer = kibana("GET", f"{BOARDS}/vega").json()
    assert answer["data"]["panels"] == [] and answer["data"]["options"]["use_margins"] is False
    (warning,) = answer["warnings"]
    assert warning["type"] == "dropped_panel" and warning["panel_type"] == "visualization"
    assert warning["panel_config"] == vega["embeddableConfig"]


def test_what_the_sandbox_cannot_show_as_code_is_refused_by_name(kibana):
    attributes = {"title": "Lens", "panelsJSON": json.dumps([{"type": "lens", "panelIndex": "a"}])}
    kibana.load({"type": "dashboard", "id": "lens", "attributes": attributes, "references": []})
    answer = kibana("GET", f"{BOARDS}/lens")
    assert answer.status_code == 501 and "a panel of type lens" in answer.json()["message"]


def test_dashboards_are_searched_by_title_and_tag(kibana):
    kibana("PUT", f"{BOARDS}/a", {**BOARD, "tags": ["t"], "time_range": {"from": "now-1d", "to": "now"}})
    kibana("PUT", f"{BOARDS}/b", {"title": "Images"})
    answer = kibana("GET", BOARDS, params={"tags": "t"}).json()
    assert answer["total"] == 1 and answer["page"] == 1
    assert answer["dashboards"][0]["data"] == {
        "title": "Shop",
        "tags": ["t"],
        "time_range": {"from": "now-1d", "to": "now"},
    }
    assert [one["id"] for one in kibana("GET", BOARDS, params={"query": "images"}).json()["dashboards"]] == ["b"]
    assert kibana("GET", BOARDS, params={"perPage": "1"}).status_code == 400


def test_charts_have_an_api_alike(kibana):
    assert kibana("PUT", f"{CHARTS}/orders", METRIC).status_code == 201
    answer = kibana("GET", f"{CHARTS}/orders").json()
    assert answer["data"]["type"] == "metric" and answer["data"]["data_source"]["time_field"] == "@timestamp"
    assert kibana("GET", CHARTS).json()["meta"] == {"page": 1, "per_page": 20, "total": 1}
    esql = {
        **METRIC,
        "data_source": {"type": "esql", "query": "FROM a"},
        "metrics": [{"type": "primary", "column": "a"}],
    }
    assert kibana("PUT", f"{CHARTS}/orders", esql).status_code == 400
    assert kibana("DELETE", f"{CHARTS}/orders").status_code == 204
    assert kibana("GET", f"{CHARTS}/orders").status_code == 404


def test_a_space_has_its_own(kibana):
    kibana("POST", "/api/spaces/space", {"id": "team", "name": "Team"})
    kibana("PUT", f"/s/team{BOARDS}/shop", BOARD)
    assert kibana("GET", f"{BOARDS}/shop").status_code == 404
    assert kibana("GET", f"/s/team{BOARDS}/shop").json()["id"] == "shop"
    assert kibana("DELETE", f"/s/team{BOARDS}/shop").status_code == 204


def test_headers_are_asked_for(kibana):
    answer = kibana("GET", BOARDS, headers={"elastic-api-version": "2020-01-01"})
    assert answer.status_code == 400 and "Available versions are: [2023-10-31]" in answer.json()["message"]
    answer = requests.put(f"{kibana.url}{BOARDS}/a", json=BOARD, timeout=5)
    assert (answer.status_code, answer.json()["message"]) == (400, "Request must contain a kbn-xsrf header.")


@pytest.mark.parametrize("sandbox_version", ["8.19"], indirect=True)
@pytest.mark.parametrize(("method", "path"), [("GET", BOARDS), ("PUT", f"{BOARDS}/a"), ("GET", f"{CHARTS}/a")])
def test_an_older_kibana_has_neither(kibana, method, path):
    answer = kibana(method, path, BOARD if method == "PUT" else None)
    assert (answer.status_code, answer.json()["message"]) == (404, "Not Found")
