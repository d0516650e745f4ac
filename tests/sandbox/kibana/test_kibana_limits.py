"""What an import refuses as a whole, and what it keeps: its limits, and who manages an object."""

from __future__ import annotations

import requests

TAG = {"type": "tag", "id": "t", "attributes": {"name": "A", "color": "#000000"}, "references": []}


def test_more_than_ten_thousand_objects_are_refused(kibana):
    answer = kibana.load(*({**TAG, "id": str(number)} for number in range(10_001)))
    assert answer.status_code == 400 and answer.json()["message"].startswith("Can't import more than 10000 objects.")
    assert kibana("GET", "/api/saved_objects/_find", params={"type": "tag"}).json()["total"] == 0
    many = kibana.load(*({**TAG, "id": str(number)} for number in range(1000)))
    assert many.json()["successCount"] == 1000


def test_a_file_of_more_than_25_megabytes_is_refused(kibana):
    answer = kibana.load({**TAG, "attributes": {"name": "x" * 26_214_400}})
    assert answer.status_code == 413
    assert answer.json()["message"] == "Payload content length greater than maximum allowed: 26214400"


def test_managed_is_kept_and_told_by_both_apis(kibana):
    board = {"type": "dashboard", "id": "d", "attributes": {"title": "A"}, "references": [], "managed": True}
    assert kibana.load(board).json()["successResults"][0]["managed"] is True
    assert kibana("GET", "/api/saved_objects/dashboard/d").json()["managed"] is True
    assert kibana("GET", "/api/dashboards/d").json()["meta"]["managed"] is True


def test_a_route_that_kibana_lacks_is_its_404(kibana):
    for method, path in (("GET", "/api/alerting/nothing"), ("PATCH", "/api/dashboards/a"), ("GET", "/internal/x")):
        answer = requests.request(method, kibana.url + path, headers={"kbn-xsrf": "true"}, timeout=5)
        assert answer.json() == {"statusCode": 404, "error": "Not Found", "message": "Not Found"}
