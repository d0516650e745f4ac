"""Users: their passwords are sent when they are new or changed, and at no other time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from security_project import Project

from esctl.model import Action

USER = """
kind: user
id: shipper
spec:
  password: ${secret.env.SHIPPER}
  roles: [%s]
"""


def signs_in(call: Callable[..., Any], password: str) -> bool:
    return "username" in call("GET", "/_security/_authenticate", auth=("shipper", password))


def test_the_password_is_sent_when_the_user_is_new(project: Project, call: Callable[..., Any]) -> None:
    project.environ = {"SHIPPER": "first-password"}
    project.write(USER % "a")
    assert not project.apply().failed
    assert signs_in(call, "first-password")
    assert [change.action for change in project.plan().changes] == [Action.NONE]


def test_another_update_leaves_a_password_alone_that_somebody_changed(
    project: Project, call: Callable[..., Any]
) -> None:
    project.environ = {"SHIPPER": "first-password"}
    project.write(USER % "a")
    project.apply()
    call("PUT", "/_security/user/shipper", {"roles": ["a"], "password": "own-password", "metadata": _mark()})
    project.write(USER % "a, b")
    assert not project.apply().failed
    assert call("GET", "/_security/user/shipper")["shipper"]["roles"] == ["a", "b"]
    assert signs_in(call, "own-password")


def test_another_password_is_sent(project: Project, call: Callable[..., Any]) -> None:
    project.environ = {"SHIPPER": "first-password"}
    project.write(USER % "a")
    project.apply()
    project.environ = {"SHIPPER": "second-password"}
    (change,) = project.plan().changes
    assert change.action is Action.UPDATE
    assert "second-password" not in repr(change) and "first-password" not in repr(change)
    assert not project.apply().failed
    assert signs_in(call, "second-password") and not signs_in(call, "first-password")


def test_deleting_a_user_has_to_be_allowed_by_name(project: Project) -> None:
    project.environ = {"SHIPPER": "first-password"}
    project.write(USER % "a")
    project.apply()
    user = project.invocation().kinds["user"]
    cost = user.cost({}, None, project.plan().capabilities)
    assert cost.consequence == "irreversible"


def test_users_of_elasticsearch_are_not_a_projects(project: Project) -> None:
    project.write(USER % "a")
    invocation = project.invocation()
    user = invocation.kinds["user"]
    with invocation.cluster() as cluster:
        found = user.everything(cluster, cluster.capabilities)
    elastic = next(live for address, live in found.items() if address.id == "elastic")
    assert user.foreign(elastic) == "reserved by Elasticsearch"


def _mark() -> dict[str, Any]:
    return {"esctl": {"project": "guarded"}}
