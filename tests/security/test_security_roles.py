"""Roles: which API writes them, what either leaves there, and what pulling makes of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from security_project import Project

from esctl.kinds import registry
from esctl.kinds.role import elasticsearch_form
from esctl.model import Action, Address, Capabilities, Live

ANALYSTS = """
kind: role
id: analysts
spec:
  elasticsearch: {cluster: [monitor], indices: [{names: logs-*, privileges: [read], query: {term: {team: web}}}]}
  kibana: [{spaces: [default], feature: {dashboard_v2: [read]}}]
"""
ROLE = registry()["role"]


@pytest.mark.parametrize("sandbox_version", ["9.5", "8.19"], indirect=True)
def test_with_kibana_it_goes_through_kibana(project: Project, call: Callable[..., Any]) -> None:
    project.write(ANALYSTS)
    assert not project.apply().failed
    assert [line for line in project.sent() if line.startswith("PUT")] == ["PUT /api/security/role/analysts"]
    role = call("GET", "/_security/role/analysts")["analysts"]
    assert role["applications"] == [
        {"application": "kibana-.kibana", "privileges": ["feature_dashboard_v2.read"], "resources": ["space:default"]}
    ]
    assert role["indices"][0]["query"] == '{"term":{"team":"web"}}'
    assert [change.action for change in project.plan().changes] == [Action.NONE]


def test_privileges_of_another_application_do_not_stay(project: Project, call: Callable[..., Any]) -> None:
    project.write(ANALYSTS)
    project.apply()
    role = call("GET", "/_security/role/analysts")["analysts"]
    shop = {"application": "shop", "privileges": ["read"], "resources": ["*"]}
    kept = {key: role[key] for key in ("cluster", "indices", "metadata")}
    call("PUT", "/_security/role/analysts", {**kept, "applications": [*role["applications"], shop]})
    project.sent()
    assert not project.apply().failed
    assert [line for line in project.sent() if line.startswith("PUT")] == [
        "PUT /_security/role/analysts",
        "PUT /api/security/role/analysts",
    ]
    assert [change.action for change in project.plan().changes] == [Action.NONE]


def test_a_role_of_elasticsearch_alone_needs_no_kibana(project: Project) -> None:
    project.write("kind: role\nid: shippers\nspec:\n  indices: [{names: [logs-*], privileges: [create_doc]}]\n")
    assert not project.apply().failed
    assert [line for line in project.sent() if line.startswith("PUT")] == ["PUT /_security/role/shippers"]


@pytest.mark.parametrize(
    "spec",
    [
        {"cluster": ["monitor"], "indices": [{"names": ["a"], "privileges": ["read"]}]},
        {"elasticsearch": {"run_as": ["x"]}, "kibana": [{"base": ["all"], "spaces": ["*"]}], "description": "d"},
        {"kibana": [{"feature": {"ml": ["read"]}, "spaces": ["a", "b"]}], "metadata": {"team": "web"}},
        {"applications": [{"application": "kibana-.kibana", "privileges": ["reserved_ml"], "resources": ["*"]}]},
        {
            "applications": [
                {"application": "kibana-.kibana", "privileges": ["space_read"], "resources": ["space:a"]},
                {"application": "shop", "privileges": ["read"], "resources": ["*"]},
            ],
            "global": {"application": {"manage": {"applications": ["shop"]}}},
        },
    ],
    ids=["elasticsearch", "kibana", "features", "reserved", "other applications"],
)
def test_what_is_pulled_says_the_same(spec: dict[str, Any]) -> None:
    normal = ROLE.normalise(spec, Capabilities())
    written = ROLE.written(Live(Address("role", "x"), elasticsearch_form(normal)), Capabilities())
    assert ROLE.normalise(written, Capabilities()) == normal


def test_an_unknown_space_is_found_after_the_apply(project: Project) -> None:
    project.write(ANALYSTS.replace("[default]", "[default, sales]"))
    project.apply()
    invocation = project.invocation()
    (resource,) = invocation.loaded.resources
    with invocation.cluster() as cluster:
        said = list(ROLE.verify(resource.address, resource.spec, cluster, cluster.capabilities))
    assert said == ['it gives privileges in the space "sales", which Kibana does not have']


def test_reserved_roles_are_not_a_projects(project: Project) -> None:
    invocation = project.invocation()
    with invocation.cluster() as cluster:
        found = ROLE.everything(cluster, cluster.capabilities)
    assert ROLE.foreign(found[Address("role", "superuser")]) == "reserved by Elasticsearch"
