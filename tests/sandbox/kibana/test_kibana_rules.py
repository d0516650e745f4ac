"""Connectors, rules, SLOs, windows and settings of the embedded Kibana: what it refuses, in Kibana's words."""

from __future__ import annotations

import pytest

UUID = "6b1c0f0a-3d3e-4a6b-8f5d-2b8f0a1d9c77"
CONNECTOR, RULE = f"/api/actions/connector/{UUID}", "/api/alerting/rule/r"
INDEX = {"name": "A", "connector_type_id": ".index", "config": {"index": "alerts"}}
PARAMS = {
    "index": ["a"],
    "timeField": "at",
    "timeWindowSize": 5,
    "timeWindowUnit": "m",
    "threshold": [1],
    "thresholdComparator": ">",
}
BODY = {
    "name": "A",
    "rule_type_id": ".index-threshold",
    "consumer": "stackAlerts",
    "schedule": {"interval": "1m"},
    "params": PARAMS,
}
SLOS, SLO = (
    "/api/observability/slos",
    {
        "id": "orders-in-time",
        "name": "A",
        "description": "",
        "indicator": {
            "type": "sli.kql.custom",
            "params": {"index": "a", "good": "x", "total": "y", "timestampField": "at"},
        },
        "timeWindow": {"duration": "30d", "type": "rolling"},
        "budgetingMethod": "occurrences",
        "objective": {"target": 0.9},
    },
)
WINDOW = {"title": "A", "schedule": {"custom": {"start": "2030-01-01T00:00:00Z", "duration": "1h"}}}


def refusal(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["message"]


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        ("/api/actions/connector/ops", INDEX, 400, "Predefined IDs are not allowed"),
        (CONNECTOR, {**INDEX, "connector_type_id": ".nope"}, 400, 'Action type ".nope" is not registered.'),
        (CONNECTOR, {**INDEX, "config": {}}, 400, "error validating connector type config: [index]"),
        (CONNECTOR, {"name": "A", "connector_type_id": ".slack"}, 400, "error validating connector type secrets"),
        (CONNECTOR, {**INDEX, "x": 1}, 400, "[request body.x]: definition for this key is missing"),
        (RULE, {**BODY, "rule_type_id": "x"}, 400, 'Rule type "x" is not registered.'),
        (RULE, {**BODY, "schedule": {"interval": "soon"}}, 400, "string is not a valid duration: soon"),
        (RULE, {**BODY, "params": {}}, 400, "params invalid: [index]"),
        (
            RULE,
            {**BODY, "actions": [{"id": UUID, "frequency": {"summary": False, "notify_when": "onActiveAlert"}}]},
            400,
            f"Saved object [action/{UUID}] not found",
        ),
        (SLOS, {**SLO, "id": "short"}, 400, "between 8 and 48"),
        (SLOS, {**SLO, "objective": {"target": 99}}, 400, "[request body.objective.target]"),
        (SLOS, {**SLO, "budgetingMethod": "timeslices"}, 400, "timesliceTarget"),
        ("/api/maintenance_window", {**WINDOW, "id": "a"}, 400, "[request body.id]: definition for this key"),
        ("/api/kibana/settings", {"changes": {"buildNum": 1}}, 400, "read-only"),
    ],
)
def test_a_refusal_says_why(kibana, path, body, status, words):
    answer = kibana("POST", path, body)
    assert answer.status_code == status and words in answer.json()["message"]


def test_an_id_is_taken_in_every_space(kibana):
    kibana("POST", "/api/spaces/space", {"id": "team", "name": "Team"})
    assert kibana("POST", CONNECTOR, INDEX).status_code == 200
    assert refusal(kibana("POST", "/s/team" + CONNECTOR, INDEX)) == (409, f"Saved object [action/{UUID}] conflict")
    assert refusal(kibana("GET", "/s/team" + CONNECTOR)) == (404, f"Saved object [action/{UUID}] not found")


def test_a_type_stays_and_secrets_that_are_not_sent_again_are_gone(kibana):
    slack = {"name": "A", "connector_type_id": ".slack", "secrets": {"webhookUrl": "https://x"}}
    assert "secrets" not in kibana("POST", CONNECTOR, slack).json()
    assert kibana("PUT", CONNECTOR, slack).status_code == 400
    assert "webhookUrl" in kibana("PUT", CONNECTOR, {"name": "A"}).json()["message"]


def test_a_rule_shows_what_it_adds_and_refuses_what_cannot_change(kibana):
    kibana("POST", CONNECTOR, INDEX)
    made = kibana("POST", RULE, BODY).json()
    assert made["params"]["aggType"] == "count" and made["enabled"] is True and made["throttle"] is None
    body = {key: value for key, value in BODY.items() if key not in ("rule_type_id", "consumer")}
    assert kibana("PUT", RULE, BODY).status_code == 400
    assert kibana("PUT", RULE, body).json()["revision"] == 1
    assert kibana("POST", RULE + "/_disable").status_code == 204
    found = kibana("GET", "/api/alerting/rules/_find", params={"per_page": 1}).json()
    assert found["total"] == 1 and found["data"][0]["enabled"] is False and found["data"][0]["api_key_owner"] is None


def test_an_slo_has_a_new_revision_where_it_is_rolled_up_again(kibana):
    assert kibana("POST", SLOS, SLO).json() == {"id": "orders-in-time"}
    assert refusal(kibana("POST", SLOS, SLO))[0] == 409
    path = f"{SLOS}/orders-in-time"
    assert kibana("PUT", path, {"name": "B"}).json()["revision"] == 1
    assert kibana("PUT", path, {"groupBy": "city"}).json()["revision"] == 2
    (found,) = kibana("GET", f"{SLOS}/_definitions").json()["results"]
    assert found["settings"] == {"syncDelay": "1m", "frequency": "1m", "preventInitialBackfill": False}


def test_windows_are_listed_otherwise_before_9(kibana):
    made = kibana("POST", "/api/maintenance_window", WINDOW).json()
    assert made["status"] == "upcoming" and made["enabled"] is True
    (found,) = kibana("GET", "/api/maintenance_window/_find").json()["maintenanceWindows"]
    assert found == made
    assert kibana("GET", "/internal/alerting/rules/maintenance_window/_find").status_code == 404


def test_the_first_data_view_made_by_its_api_is_the_default(kibana):
    for name in ("a", "b"):
        kibana("POST", "/api/data_views/data_view", {"data_view": {"id": name, "title": name}})
    assert kibana("GET", "/api/data_views/default").json() == {"data_view_id": "a"}
    kibana("POST", "/api/data_views/default", {"data_view_id": "b"})
    assert kibana("GET", "/api/data_views/default").json() == {"data_view_id": "a"}  # not without force
    kibana("POST", "/api/data_views/default", {"data_view_id": "b", "force": True})
    assert kibana("GET", "/api/kibana/settings").json()["settings"]["defaultIndex"] == {"userValue": "b"}
