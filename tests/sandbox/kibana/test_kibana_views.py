"""Data views, spaces, status, and the checks before any route."""

from __future__ import annotations

import base64
import json

import pytest
import requests

PATH = "/api/data_views/data_view"


def test_a_data_view_is_a_saved_object(kibana):
    answer = kibana("POST", PATH, {"data_view": {"id": "v", "title": "logs-*", "timeFieldName": "@timestamp"}})
    view = answer.json()["data_view"]
    assert view.pop("version")
    assert view == {
        "id": "v",
        "title": "logs-*",
        "name": "logs-*",
        "timeFieldName": "@timestamp",
        "sourceFilters": [],
        "fields": {},
        "fieldFormats": {},
        "runtimeFieldMap": {},
        "fieldAttrs": {},
        "allowNoIndex": False,
        "allowHidden": False,
        "namespaces": ["default"],
    }
    saved = kibana("GET", "/api/saved_objects/index-pattern/v").json()
    assert saved["attributes"] == {
        "title": "logs-*",
        "name": "logs-*",
        "timeFieldName": "@timestamp",
        "sourceFilters": "[]",
        "fields": "[]",
        "fieldFormatMap": "{}",
        "fieldAttrs": "{}",
        "runtimeFieldMap": "{}",
        "allowHidden": False,
    }
    sequence, term = json.loads(base64.b64decode(saved["version"]))
    assert sequence >= 0 and term == 1
    assert kibana("GET", "/api/data_views").json() == {
        "data_view": [
            {"id": "v", "namespaces": ["default"], "title": "logs-*", "name": "logs-*", "timeFieldName": "@timestamp"}
        ]
    }


def test_an_imported_view_is_read_by_the_other_api(kibana):
    formats = {"bytes": {"id": "bytes"}}
    attributes = {"title": "logs-*", "fieldFormatMap": json.dumps(formats)}
    kibana.load({"type": "index-pattern", "id": "v", "attributes": attributes, "references": []})
    assert kibana("GET", f"{PATH}/v").json()["data_view"]["fieldFormats"] == formats


def test_names_are_what_makes_a_duplicate(kibana):
    assert kibana("POST", PATH, {"data_view": {"id": "a", "title": "logs-*", "name": "Logs"}}).ok
    assert kibana(
        "POST", PATH, {"data_view": {"id": "b", "title": "logs-*", "name": "Other"}}
    ).ok  # the title may repeat
    answer = kibana("POST", PATH, {"data_view": {"id": "c", "title": "x", "name": "Logs"}})
    assert answer.json() == {"statusCode": 400, "error": "Bad Request", "message": "Duplicate data view: Logs"}
    assert kibana("POST", PATH, {"data_view": {"id": "c", "title": "x", "name": "Logs"}, "override": True}).ok
    assert {one["id"] for one in kibana("GET", "/api/data_views").json()["data_view"]} == {"b", "c"}  # a is gone
    answer = kibana("POST", PATH, {"data_view": {"id": "c", "title": "y", "name": "New"}})
    assert answer.status_code == 400 and answer.json()["message"] == "Saved object [index-pattern/c] conflict"


def test_an_update_changes_what_it_names(kibana):
    kibana("POST", PATH, {"data_view": {"id": "v", "title": "logs-*", "fieldFormats": {"a": {"id": "bytes"}}}})
    answer = kibana("POST", f"{PATH}/v", {"data_view": {"name": "Logs"}})
    assert answer.json()["data_view"]["name"] == "Logs"
    assert answer.json()["data_view"]["fieldFormats"] == {"a": {"id": "bytes"}}
    answer = kibana("POST", f"{PATH}/v", {"data_view": {"fieldFormats": {}}})
    assert answer.json()["data_view"]["fieldFormats"] == {}
    assert kibana("DELETE", f"{PATH}/v").text == ""
    answer = kibana("POST", f"{PATH}/v", {"data_view": {"name": "Logs"}})
    assert answer.json()["message"] == "Saved object [index-pattern/v] not found" and answer.status_code == 404


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "[request body.data_view]: expected value of type [object] but got [undefined]"),
        ({"data_view": {}}, "[request body.data_view.title]: expected value of type [string] but got [undefined]"),
        (
            {"data_view": {"title": 1}},
            "[request body.data_view.title]: expected value of type [string] but got [number]",
        ),
        ({"data_view": {"title": "x", "time_field": "t"}}, "[request body.data_view.time_field]: definition"),
        ({"data_view": {"title": "x", "timeFieldName": None}}, "expected value of type [string] but got [null]"),
    ],
)
def test_views_that_do_not_fit(kibana, body, message):
    answer = kibana("POST", PATH, body)
    assert answer.status_code == 400 and message in answer.json()["message"]


def test_spaces_hold_objects_apart(kibana):
    board = {"type": "dashboard", "id": "d", "attributes": {"title": "D"}, "references": []}
    assert kibana.load(board, path="/s/team").status_code == 404  # no such space
    assert kibana("POST", "/api/spaces/space", {"id": "team", "name": "Team"}).json()["id"] == "team"
    assert kibana("POST", "/api/spaces/space", {"id": "team", "name": "Team"}).status_code == 409
    assert kibana.load(board).json()["success"]
    # The id is taken in the default space: the space gets a copy under another id, which remembers where it came from.
    (result,) = kibana.load(board, path="/s/team").json()["successResults"]
    copy = kibana("GET", f"/s/team/api/saved_objects/dashboard/{result['destinationId']}").json()
    assert copy["originId"] == "d" and copy["namespaces"] == ["team"]
    assert kibana.load(board, path="/s/team").json()["errors"][0]["error"]["type"] == "conflict"
    (again,) = kibana.load(board, path="/s/team", overwrite="true").json()["successResults"]
    assert again["overwrite"] and again["destinationId"] == result["destinationId"]
    assert kibana("GET", "/s/team/api/saved_objects/dashboard/d").status_code == 404
    assert kibana("GET", "/api/saved_objects/_find?type=dashboard").json()["total"] == 1

    assert kibana("PUT", "/api/spaces/space/team", {"id": "team", "name": "The team"}).json()["name"] == "The team"
    assert [one["id"] for one in kibana("GET", "/api/spaces/space").json()] == ["default", "team"]
    assert kibana("DELETE", "/api/spaces/space/team").status_code == 204
    assert kibana("GET", "/s/team/api/saved_objects/_find?type=dashboard").status_code == 404
    assert kibana("DELETE", "/api/spaces/space/default").status_code == 400


@pytest.mark.parametrize("sandbox_version", ["9.5", "8.19"], indirect=True)
def test_status_says_version_and_sandbox(kibana, sandbox_version):
    answer = kibana("GET", "/api/status").json()
    assert answer["version"]["number"].startswith(sandbox_version)
    assert answer["status"]["overall"]["level"] == "available" and answer["sandbox"] is True


def test_what_kibana_asks_of_every_request(kibana):
    url = kibana.url + PATH
    assert requests.post(url, json={}, timeout=5).json() == {
        "statusCode": 400,
        "error": "Bad Request",
        "message": "Request must contain a kbn-xsrf header.",
    }
    answer = requests.post(url, json={}, headers={"kbn-version": "7.0.0"}, timeout=5).json()
    assert answer["message"].startswith("Browser client is out of date") and answer["attributes"]["got"] == "7.0.0"
    answer = requests.get(kibana.url + "/api/data_views", headers={"elastic-api-version": "1999-01-01"}, timeout=5)
    assert answer.status_code == 400 and "Available versions are: [2023-10-31]" in answer.json()["message"]
    assert kibana("GET", "/api/features").json() == {"statusCode": 404, "error": "Not Found", "message": "Not Found"}
    assert kibana("PATCH", PATH).status_code == 404
    answer = requests.post(url, data="{", headers={"kbn-xsrf": "1", "content-type": "application/json"}, timeout=5)
    assert answer.status_code == 400 and answer.json()["message"] == "Invalid request payload JSON format"
