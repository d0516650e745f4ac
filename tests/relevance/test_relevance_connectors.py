"""Connectors: each part by its own endpoint, passwords sealed, and what a connector's service does beside."""

from __future__ import annotations

from dataclasses import replace

import pytest
from project_place import Place

from esctl.errors import Source
from esctl.kinds import registry
from esctl.model import Address, Resource

ADDRESS = "search-connector/database"
CONNECTOR = """
kind: search-connector
id: database
spec:
  name: Products
  index_name: products
  service_type: postgresql
  language: en
  configuration: {host: db.example.com, port: 5432, password: "${secret.env.PASSWORD}"}
  scheduling:
    full: {enabled: true, interval: "0 0 2 * * ?"}
"""


@pytest.fixture
def keyed(place: Place) -> Place:
    return replace(place, environ={"PASSWORD": "hush-one-4711"})


@pytest.fixture
def made(keyed: Place) -> Place:
    keyed.applied(CONNECTOR)
    return keyed


def paths(place: Place) -> list[str]:
    return [f"{request.path.rpartition('/')[2]}" for request in place.change(ADDRESS).requests]


@pytest.mark.parametrize("sandbox_version", ["9.5", "8.19"], indirect=True)
@pytest.mark.parametrize(
    ("old", "new", "endpoint"),
    [
        ("name: Products", "name: Goods", "_name"),
        ("index_name: products", "index_name: goods", "_index_name"),
        ("service_type: postgresql", "service_type: mysql", "_service_type"),
        ("port: 5432", "port: 5433", "_configuration"),
        ("0 0 2 * * ?", "0 0 3 * * ?", "_scheduling"),
    ],
)
def test_only_the_part_that_changed_is_sent(made: Place, old: str, new: str, endpoint: str) -> None:
    made.write(CONNECTOR.replace(old, new))
    assert paths(made) == [endpoint]
    made.apply()
    assert made.clean()


def test_values_go_alone_once_the_settings_are_registered(made: Place) -> None:
    made.write(CONNECTOR.replace("port: 5432", "port: 5433"))
    (request,) = made.change(ADDRESS).requests
    assert request.body == {"values": {"port": 5433}}


def test_another_password_is_seen_and_sent_alone(made: Place) -> None:
    other = replace(made, environ={"PASSWORD": "hush-two-4712"})
    (request,) = other.change(ADDRESS).requests
    assert list(request.body["values"]) == ["password"]
    other.apply()
    assert other.clean()
    assert other.ask("GET", "/_connector/database")[1]["configuration"]["password"]["value"] == "hush-two-4712"


def test_no_password_is_shown_or_kept(made: Place) -> None:
    assert "hush" not in str(made.ask("GET", "/esctl-ledger/_search?size=100"))
    made.write(CONNECTOR.replace("port: 5432", "port: 5433"))
    change = made.change(ADDRESS)
    assert "hush" not in f"{change.words} {change.differences} {change.requests}"
    kind = registry()["search-connector"]
    with made.invocation.cluster() as cluster:
        (live,) = kind.everything(cluster, cluster.capabilities).values()
        written = kind.written(live, cluster.capabilities)
    assert written["configuration"]["password"] == {"$secret": "${secret.env.DATABASE_PASSWORD}"}
    assert "hush" not in str(written)


def test_what_its_service_registers_is_its_own(made: Place) -> None:
    """A service adds settings, features and a status; nothing of that is drift, and a rewrite keeps it."""
    settings = made.ask("GET", "/_connector/database")[1]["configuration"]
    settings["ssl"] = {"label": "TLS", "type": "bool", "value": False}
    made.ask("PUT", "/_connector/database/_configuration", {"configuration": settings})
    made.ask("PUT", "/_connector/database/_features", {"features": {"incremental_sync": {"enabled": True}}})
    assert made.clean()
    made.write(CONNECTOR.replace("port: 5432", "port: 5432, schema: public"))
    made.apply()
    assert made.clean()
    after = made.ask("GET", "/_connector/database")[1]["configuration"]
    assert after["ssl"]["label"] == "TLS" and after["schema"]["value"] == "public"
    assert after["password"]["value"] == "hush-one-4711"


def test_another_language_makes_it_anew(made: Place) -> None:
    made.write(CONNECTOR.replace("language: en", "language: de"))
    change = made.change(ADDRESS)
    assert change.action == "replace" and change.requests[0].path == "/_connector/database"
    made.apply("irreversible")
    assert made.clean()
    assert made.ask("GET", "/_connector/database")[1]["language"] == "de"


def test_a_part_that_is_no_longer_written_stays(made: Place) -> None:
    made.applied(CONNECTOR.partition("  scheduling:")[0])
    assert made.ask("GET", "/_connector/database")[1]["scheduling"]["full"]["enabled"] is True


@pytest.mark.parametrize("sandbox_version", ["9.5", "8.19"], indirect=True)
def test_filtering_is_active_at_once(made: Place) -> None:
    rules = """
  filtering:
    rules:
      - {id: drafts, order: 0, field: state, policy: exclude, rule: equals, value: draft}
      - {id: DEFAULT, order: 1, field: _, policy: include, rule: regex, value: .*}
"""
    made.applied(CONNECTOR.rstrip() + rules)
    (domain,) = made.ask("GET", "/_connector/database")[1]["filtering"]
    assert [rule["id"] for rule in domain["active"]["rules"]] == ["drafts", "DEFAULT"]
    assert domain["draft"]["rules"] == domain["active"]["rules"] and domain["domain"] == "DEFAULT"


def test_what_is_pulled_is_clean_at_once(made: Place) -> None:
    kind = registry()["search-connector"]
    with made.invocation.cluster() as cluster:
        (live,) = kind.everything(cluster, cluster.capabilities).values()
        written = kind.written(live, cluster.capabilities)
    assert set(written) == {"name", "index_name", "service_type", "language", "configuration", "scheduling"}
    written["configuration"]["password"] = "${secret.env.DATABASE_PASSWORD}"
    pulled = replace(made, environ={"DATABASE_PASSWORD": "hush-one-4711"})
    pulled.write(f"kind: search-connector\nid: database\nspec: {written}")
    assert pulled.plan().changes[0].action in ("none", "refresh")


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"is_native": True, "index_name": "products"}, "begins with content-"),
        ({"pipeline": {"extract_binary_content": True}}, 'needs "name"'),
        ({"configuration": {"p": {"label": "P", "sensitive": True, "value": "x"}}}, "plain text"),
    ],
)
def test_mistakes_are_told_before(spec: dict, said: str) -> None:
    resource = Resource(Address("search-connector", "c"), spec, Source("c.yaml", 1))
    assert any(said in problem.message for problem in registry()["search-connector"].check(resource))


@pytest.mark.parametrize("sandbox_version", ["9.5", "8.19"], indirect=True)
def test_refusals_of_the_server(made: Place) -> None:
    own = "/_connector/database"
    for method, path, body, status, said in (
        ("GET", "/_connector/none", None, 404, "connector [none] not found"),
        ("DELETE", "/_connector/none", None, 404, "connector [none] not found"),
        ("PUT", "/_connector/other", {"index_name": "products"}, 400, "Index name [products] is used by another"),
        ("PUT", "/_connector/other", {"index_name": "_x"}, 400, "_x"),
        ("PUT", "/_connector/other", {"colour": "red"}, 400, "unknown field [colour]"),
        ("PUT", f"{own}/_configuration", {}, 400, "[configuration] and [values] cannot both be null."),
        ("PUT", f"{own}/_configuration", {"values": {"x": 1}}, 400, "Unknown [configuration] fields"),
        ("PUT", f"{own}/_configuration", {"configuration": {"x": {"value": 1}}}, 400, "Required [label]"),
        ("PUT", f"{own}/_native", {"is_native": True}, 400, "must start with the required prefix: [content-]"),
        ("PUT", f"{own}/_pipeline", {"pipeline": {"name": "p"}}, 400, "Required [extract_binary_content"),
        ("PUT", f"{own}/_scheduling", {"scheduling": {"full": {"enabled": True, "interval": "x"}}}, 400, "cron"),
        ("PUT", f"{own}/_check_in", None, 400, "does not implement what a connector's own service writes"),
        ("POST", "/_connector/_sync_job", {"id": "database"}, 400, "does not implement the sync jobs"),
    ):
        answer = made.refused(method, path, body)
        assert answer[0] == status and said in answer[2], (path, answer)
