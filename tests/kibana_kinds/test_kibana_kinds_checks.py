"""What is told of Kibana's kinds without a server: one line, where it stands, what was probably meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from esctl.cli.graph import _graph
from esctl.cli.invocation import Invocation
from esctl.errors import Source
from esctl.kinds import registry
from esctl.kinds.wording import with_article
from esctl.model import Address, Resource
from esctl.report.graph import Edge

UUID = "6b1c0f0a-3d3e-4a6b-8f5d-2b8f0a1d9c77"
RULE: dict[str, Any] = {
    "name": "A",
    "rule_type_id": ".es-query",
    "consumer": "stackAlerts",
    "schedule": {"interval": "5m"},
    "params": {
        "size": 10,
        "index": ["a"],
        "timeField": "t",
        "esQuery": "{}",
        "timeWindowSize": 5,
        "timeWindowUnit": "m",
        "threshold": [1],
        "thresholdComparator": ">",
    },
}
SLO = {
    "name": "A",
    "indicator": {
        "type": "sli.kql.custom",
        "params": {"index": "a", "good": "x", "total": "y", "timestampField": "t"},
    },
    "timeWindow": {"duration": "30d", "type": "rolling"},
    "budgetingMethod": "occurrences",
    "objective": {"target": 0.99},
}
START = "2030-01-07T02:00:00Z"


def told(kind: str, id: str, spec: dict[str, Any]) -> list[str]:
    resource = Resource(Address(kind, id), spec, Source("kibana/a.yaml", 1))
    return [f"{one.message}; {one.hint or ''}" for one in registry()[kind].check(resource)]


@pytest.mark.parametrize(
    ("kind", "id", "spec", "words"),
    [
        ("space", "shop", {"name": "S", "colour": "#ffffff"}, 'unknown key "colour"; did you mean "color"?'),
        ("space", "Shop", {"name": "S"}, '"Shop" cannot be the id of a space'),
        ("space", "shop", {"name": "S", "color": "red"}, "color"),
        ("space", "shop", {"name": "S", "solution": "oblt", "disabledFeatures": ["ml"]}, "the solution oblt decides"),
        ("tag", "a", {"name": "Blue"}, '"color" is missing'),
        ("tag", "a", {"name": "Blue", "color": "#0000ff", "descripton": "x"}, 'did you mean "description"?'),
        ("action-connector", "ops", {"name": "A", "connector_type_id": ".index"}, "Kibana takes UUIDs only"),
        (
            "action-connector",
            UUID,
            {"name": "A", "connector_type_id": ".index", "config": {"indx": "a"}},
            'unknown key "indx" in the config of .index; did you mean "index"?',
        ),
        (
            "action-connector",
            UUID,
            {"name": "A", "connector_type_id": ".slack", "secrets": {"webhookUrl": "https://x"}},
            "webhookUrl in plain text",
        ),
        ("alerting-rule", "r", {**RULE, "schedule": {"interval": "5 minutes"}}, "interval"),
        ("alerting-rule", "r", {**RULE, "actions": [{"id": UUID, "params": {}}]}, "does not say when it is taken"),
        (
            "alerting-rule",
            "r",
            {
                **RULE,
                "throttle": "1h",
                "actions": [
                    {"id": UUID, "params": {}, "frequency": {"summary": False, "notify_when": "onActiveAlert"}}
                ],
            },
            "no frequency of its own",
        ),
        ("alerting-rule", "r", {**RULE, "rule_type": "x"}, 'unknown key "rule_type"'),
        ("slo", "short", SLO, "the id of an SLO has 8 to 36"),
        ("slo", "orders-slo", {**SLO, "objective": {"target": 99}}, "between 0 and 1; write target: 0.99"),
        ("slo", "orders-slo", {**SLO, "budgetingMethod": "timeslices"}, 'needs "timesliceTarget"'),
        ("slo", "orders-slo", {**SLO, "indicator": {"type": "sli.kql", "params": {}}}, "sli.kql"),
        (
            "slo",
            "orders-slo",
            {
                **SLO,
                "indicator": {
                    "type": "sli.kql.custom",
                    "params": {"index": "a", "good": "x", "total": "y", "timestamp": "t"},
                },
            },
            'sli.kql.custom has no "timestamp"; did you mean "timestampField"?',
        ),
        (
            "slo",
            "orders-slo",
            {**SLO, "indicator": {"type": "sli.synthetics.availability", "params": {"index": "a"}}},
            '"monitorIds" is missing in params: sli.synthetics.availability needs it',
        ),
        (
            "alerting-rule",
            "r",
            {**RULE, "params": {key: value for key, value in RULE["params"].items() if key != "timeField"}},
            '"timeField" is missing in params: .es-query needs it',
        ),
        (
            "alerting-rule",
            "r",
            {**RULE, "rule_type_id": "slo.rules.burnRate", "params": {"sloID": "a", "windows": []}},
            'did you mean "sloId"?',
        ),
        ("maintenance-window", "Night", {"schedule": {"custom": {"start": START, "duration": "1 hour"}}}, "duration"),
        (
            "maintenance-window",
            "Night",
            {"title": "Day", "schedule": {"custom": {"start": START, "duration": "1h"}}},
            'title "Day" is not the id "Night"',
        ),
        ("kibana-settings", "look", {"theme:darkMode": True}, "settings stand under changes"),
        ("kibana-settings", "look", {"changes": {"buildNum": 1}}, "buildNum is Kibana's own"),
        ("discover-session", "a", {"title": "A", "tabs": []}, "tabs"),
        ("discover-session", "a", {"title": "A", "tab": [{}]}, 'did you mean "tabs"?'),
        ("links", "a", {"title": "A", "links": [{"type": "dashboard", "destination": "d"}]}, "dashboard"),
        ("map", "a", {"title": "A"}, '"attributes" is missing'),
        ("saved-object", "welcome", {"attributes": {}}, "its type and its id"),
        ("saved-object", "dashboard/a", {"attributes": {}}, "a kind of their own; write kind: dashboard, id: a"),
        ("data-view", "a", {"title": "a", "fieldFormats": {"b": {"id": "byte"}}}, 'did you mean "bytes"?'),
        ("data-view", "a", {"title": "a", "runtimeFieldMap": {"b": {"typ": "keyword"}}}, "type"),
    ],
)
def test_a_mistake_is_one_line(kind: str, id: str, spec: dict[str, Any], words: str) -> None:
    (line,) = [line for line in told(kind, id, spec) if words in line] or [str(told(kind, id, spec))]
    assert words in line
    assert len(told(kind, id, spec)) <= 2


@pytest.mark.parametrize(("kind", "id", "spec"), [("slo", "orders-slo", SLO), ("alerting-rule", "r", RULE)])
def test_what_has_all_it_needs_is_right(kind: str, id: str, spec: dict[str, Any]) -> None:
    assert told(kind, id, spec) == []


@pytest.mark.parametrize(
    "kind", ["space", "tag", "slo", "alerting-rule", "links", "map", "data-view", "action-connector"]
)
def test_nothing_at_all_is_told_and_no_traceback(kind: str) -> None:
    assert told(kind, UUID, {})
    assert told(kind, UUID, {"name": {"a": [1]}, "tags": 3, "actions": {"x": 1}, "links": [None], "attributes": []})


def test_the_graph_draws_the_space_that_something_lives_in(tmp_path: Path) -> None:
    (tmp_path / "kibana").mkdir()
    (tmp_path / "esctl.yaml").write_text("name: p\nresources: [kibana]\n", encoding="utf-8")
    view = "kind: data-view\nspace: team\nid: logs\nspec: {title: logs-*}\n"
    space = "kind: space\nid: team\nspec: {name: Team}\n"
    (tmp_path / "kibana" / "all.yaml").write_text(f"{space}---\n{view}", encoding="utf-8")
    drawn = _graph(Invocation(project=tmp_path, environ={}), None)
    assert Edge(Address("data-view", "logs", "team"), Address("space", "team")) in drawn.edges
    assert Address("space", "team") not in drawn.roots


@pytest.mark.parametrize(
    ("name", "said"),
    [("ml-filter", "an ml-filter"), ("slm-policy", "an slm-policy"), ("user", "a user"), ("index", "an index")],
)
def test_a_kind_is_called_as_it_is_said(name: str, said: str) -> None:
    assert with_article(name) == said
