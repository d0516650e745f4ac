"""Kibana's kinds on the sandbox: what changes in place, what is made anew, what is taken back, what stays others'."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from project_place import Place

from esctl.errors import EsctlError, Refused, ServerError

BOTH = pytest.mark.parametrize("sandbox_version", ["9.5", "8.19"], indirect=True)
ID = "6b1c0f0a-3d3e-4a6b-8f5d-2b8f0a1d9c77"
CONNECTOR = f"""
kind: action-connector
id: {ID}
spec:
  name: Hook
  connector_type_id: .webhook
  config: {{url: "https://hooks.example.com/a"}}
  secrets: {{user: kibana, password: "${{secret.env.HOOK}}"}}
"""
INDEX_CONNECTOR = f"""
kind: action-connector
id: {ID}
spec: {{name: Into an index, connector_type_id: .index, config: {{index: alerts}}}}
"""
RULE = f"""{INDEX_CONNECTOR}---
kind: alerting-rule
id: few-orders
spec:
  name: Few orders
  rule_type_id: .index-threshold
  consumer: stackAlerts
  schedule: {{interval: 5m}}
  tags: [shop]
  params:
    {{index: [orders], timeField: at, timeWindowSize: 5, timeWindowUnit: m, threshold: [9], thresholdComparator: "<"}}
  actions:
    - id: {ID}
      group: threshold met
      frequency: {{summary: false, notify_when: onActiveAlert}}
      params: {{documents: [{{a: 1}}]}}
"""
WINDOW = """
kind: maintenance-window
id: Night
spec: {schedule: {custom: {start: "2030-01-07T02:00:00Z", duration: 1h}}}
"""
SETTINGS = """
kind: kibana-settings
id: look
spec: {changes: {"dateFormat:tz": Europe/Berlin, "discover:sampleSize": 200}}
"""
VIEWS = """
kind: data-view
id: first
spec: {title: first-*}
---
kind: data-view
id: second
spec: {title: second-*}
"""


def kibana(place: Place, method: str, path: str, body: Any = None) -> Any:
    url = place.sandbox.kibana_url + path
    answer = requests.request(method, url, json=body, headers={"kbn-xsrf": "true"}, timeout=10)
    assert answer.status_code < 300, answer.text
    return answer.json() if answer.text else None


@pytest.fixture
def shop(place: Place) -> Place:
    place.environ["HOOK"] = "hush-hook-4711"
    return place


@BOTH
def test_a_connector_is_changed_with_its_secrets_sent_again(shop: Place) -> None:
    shop.applied(CONNECTOR)
    shop.environ["HOOK"] = "hush-another-4712"
    change = shop.change(f"action-connector/{ID}")
    assert change.action == "update" and [d.dotted for d in change.differences] == ["secrets.password"]
    assert "4712" not in str(change.differences) + change.words
    shop.applied(CONNECTOR)
    shop.applied(CONNECTOR.replace("/a", "/b"))
    found = kibana(shop, "GET", f"/api/actions/connector/{ID}")
    assert found["config"]["url"].endswith("/b") and "secrets" not in found


def test_a_connector_of_another_type_needs_to_be_told(shop: Place) -> None:
    shop.applied(CONNECTOR)
    shop.write(INDEX_CONNECTOR)
    assert shop.change(f"action-connector/{ID}").consequence == "irreversible"
    with pytest.raises(Refused, match="cannot become one of type .index"):
        shop.apply()
    shop.applied(INDEX_CONNECTOR, "irreversible")


@BOTH
def test_a_rule_is_switched_off_and_changed_and_muting_stays(shop: Place) -> None:
    shop.applied(RULE)
    shop.applied(RULE.replace("schedule: {interval: 5m}", "schedule: {interval: 5m}\n  enabled: false"))
    rule = kibana(shop, "GET", "/api/alerting/rule/few-orders")
    assert rule["enabled"] is False and rule["tags"] == ["shop"]
    shop.write(RULE.replace("interval: 5m", "interval: 1m"))
    assert "a new API key" in shop.change("alerting-rule/few-orders").words
    shop.apply()
    rule = kibana(shop, "GET", "/api/alerting/rule/few-orders")
    assert (rule["enabled"], rule["schedule"]) == (True, {"interval": "1m"})
    kibana(shop, "POST", "/api/alerting/rule/few-orders/_disable")
    assert str(shop.change("alerting-rule/few-orders").cause) == "drifted"


def test_what_a_rule_no_longer_says_is_taken_back(shop: Place) -> None:
    shop.applied(RULE)
    shop.applied(RULE.replace("  tags: [shop]\n", ""))
    assert kibana(shop, "GET", "/api/alerting/rule/few-orders")["tags"] == []


def test_a_rule_stands_behind_its_connector_and_one_that_is_missing_is_told(shop: Place) -> None:
    shop.write(RULE)
    assert [change.address.kind for change in shop.plan().changes] == ["action-connector", "alerting-rule"]
    shop.write(RULE.split("---")[1])
    with pytest.raises(EsctlError, match=f"action-connector/{ID} is neither written in this project nor on the server"):
        shop.plan()


@BOTH
def test_a_window_is_known_by_its_title(shop: Place) -> None:
    shop.applied(WINDOW)
    scoped = WINDOW.replace("1h}}}", "2h}}, scope: {alerting: {query: {kql: 'a: 1'}}}, enabled: false}")
    shop.applied(scoped)
    path = "/api/maintenance_window"
    (listed,) = (
        kibana(shop, "GET", "/internal/alerting/rules/maintenance_window/_find")["data"]
        if (shop.sandbox.version == "8.19")
        else kibana(shop, "GET", f"{path}/_find")["maintenanceWindows"]
    )
    assert kibana(shop, "GET", f"{path}/{listed['id']}")["schedule"]["custom"]["duration"] == "2h"
    body = {"title": "Night", "schedule": {"custom": {"start": "2031-01-01T00:00:00Z", "duration": "1h"}}}
    twin = kibana(shop, "POST", path, body)
    (change,) = shop.plan().changes
    assert change.action == "undecided" and "2 windows have this title" in change.words
    kibana(shop, "POST", f"{path}/{twin['id']}/_archive")
    assert shop.clean()


def test_settings_that_are_no_longer_written_go_back_and_others_stay(shop: Place) -> None:
    kibana(shop, "POST", "/api/kibana/settings", {"changes": {"theme:darkMode": True}})
    shop.applied(SETTINGS)
    shop.applied(SETTINGS.replace(', "discover:sampleSize": 200', ""))
    found = kibana(shop, "GET", "/api/kibana/settings")["settings"]
    assert {key: one["userValue"] for key, one in found.items() if key != "buildNum"} == {
        "theme:darkMode": True,
        "dateFormat:tz": "Europe/Berlin",
    }


def test_settings_of_two_spaces_are_apart_and_a_space_comes_first(shop: Place) -> None:
    text = SETTINGS.replace("id: look", "id: look\nspace: [default, team]")
    shop.applied(text + "---\nkind: space\nid: team\nspec: {name: Team}\n")
    assert kibana(shop, "GET", "/s/team/api/kibana/settings")["settings"]["dateFormat:tz"]["userValue"]


@BOTH
def test_the_default_data_view_is_named_and_otherwise_left_alone(shop: Place) -> None:
    default = "/api/data_views/default"
    shop.applied(VIEWS)
    assert kibana(shop, "GET", default) == {"data_view_id": None}
    kibana(shop, "POST", default, {"data_view_id": "first", "force": True})
    assert shop.clean()
    named = VIEWS.replace("{title: second-*}", "{title: second-*, default: true}")
    shop.applied(named)
    assert kibana(shop, "GET", default) == {"data_view_id": "second"}
    shop.applied(VIEWS)  # taken out: it stays as it is
    shop.applied(VIEWS.replace("{title: second-*}", "{title: second-*, default: false}"))
    assert kibana(shop, "GET", default) == {"data_view_id": None}


@BOTH
def test_what_a_data_view_no_longer_says_is_gone(shop: Place) -> None:
    """Row 18 of what servers rewrite."""
    full = "{title: first-*, timeFieldName: at, fieldFormats: {b: {id: bytes}}, runtimeFieldMap: {d: {type: keyword}}}"
    shop.applied(VIEWS.replace("{title: first-*}", full))
    shop.applied(VIEWS)
    view = kibana(shop, "GET", "/api/data_views/data_view/first")["data_view"]
    assert "timeFieldName" not in view and view["fieldFormats"] == view["runtimeFieldMap"] == {}


def test_a_space_that_goes_takes_everything_with_it(shop: Place) -> None:
    shop.applied("kind: space\nid: team\nspec: {name: Team}\n---\nkind: tag\nid: a\nspace: team\n"
                 "spec: {name: Blue, color: '#0000ff'}\n")  # fmt: skip
    kind = shop.invocation.kinds["space"]
    cost = kind.cost({"name": "Team"}, None, None)
    assert cost.consequence == "irreversible" and "everything" in cost.words


def test_a_kibana_that_lists_no_windows_is_told() -> None:
    from esctl.kinds import registry
    from esctl.model import Address, Capabilities

    with pytest.raises(ServerError, match="Kibana 9.1 lists no maintenance windows"):
        registry()["maintenance-window"].read(
            None, [Address("maintenance-window", "Night")], Capabilities(kibana_version=(9, 1, 0))
        )


def test_what_a_dashboard_points_to_comes_first_and_dashboards_may_lead_to_each_other(shop: Place) -> None:
    shop.applied("""
kind: dashboard
id: orders
spec:
  title: Orders
  tags: [blue]
  panels:
    - {type: links, id: nav, grid: {x: 0, y: 0, w: 24, h: 4}, config: {ref_id: navigation}}
    - {type: discover_session, id: late, grid: {x: 0, y: 4, w: 24, h: 8}, config: {ref_id: late}}
---
kind: links
id: navigation
spec: {title: Shop, links: [{type: dashboardLink, destination: orders}]}
---
kind: discover-session
id: late
spec: {title: Late, tabs: [{data_source: {type: data_view_spec, index_pattern: orders}}]}
---
kind: tag
id: blue
spec: {name: Blue, color: "#0000ff"}
""")
    shop.write(
        shop.root.joinpath("mappings/all.yaml")
        .read_text(encoding="utf-8")
        .replace("destination: orders", "destination: order")
    )
    with pytest.raises(EsctlError, match='no dashboard "order" here; did you mean "orders"'):
        shop.plan()
