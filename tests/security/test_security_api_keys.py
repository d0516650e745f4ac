"""API keys over their life: made, told once, changed, renewed, expired, made again, invalidated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from security_project import Project

from esctl.errors import Refused
from esctl.model import Action, Cause, Consequence

KEY = """
kind: api-key
id: loader
spec:
  %s
  role_descriptors: {loader: {cluster: [monitor], indices: [{names: [a-*], privileges: [%s]}]}}
"""


def keys(call: Callable[..., Any]) -> list[dict[str, Any]]:
    return call("GET", "/_security/api_key?active_only=true&name=loader")["api_keys"]


def test_the_secret_is_told_once_and_works(project: Project, call: Callable[..., Any]) -> None:
    project.write(KEY % ("write_to: keys/loader", "read"))
    done = project.apply()
    (told,) = done.produced
    assert (str(told.address), told.write_to, str(told.secret)) == ("api-key/loader", "keys/loader", "***")
    answer = call("GET", "/_security/_authenticate", headers={"Authorization": f"ApiKey {told.secret.reveal()}"})
    assert answer["api_key"]["name"] == "loader"
    assert not project.apply().produced
    assert [change.action for change in project.plan().changes] == [Action.NONE]


def test_its_roles_change_in_place(project: Project, call: Callable[..., Any]) -> None:
    project.write(KEY % ("expiration: 30d", "read"))
    project.apply()
    (before,) = keys(call)
    project.write(KEY % ("expiration: 30d", "read, index"))
    done = project.apply()
    (after,) = keys(call)
    assert not done.failed and not done.produced
    assert after["id"] == before["id"] and after["expiration"] == before["expiration"]
    assert after["role_descriptors"]["loader"]["indices"][0]["privileges"] == ["read", "index"]


def test_another_lifetime_renews_it_and_then_the_plan_is_empty(project: Project, call: Callable[..., Any]) -> None:
    project.write(KEY % ("expiration: 30d", "read"))
    project.apply()
    (before,) = keys(call)
    project.write(KEY % ("expiration: 60d", "read"))
    assert not project.apply().failed
    (after,) = keys(call)
    assert after["id"] == before["id"] and after["expiration"] > before["expiration"] + 29 * 86_400_000
    assert [change.action for change in project.plan().changes] == [Action.NONE]


def test_an_invalidated_key_counts_as_gone(project: Project, call: Callable[..., Any]) -> None:
    project.write(KEY % ("metadata: {a: 1}", "read"))
    project.apply()
    (before,) = keys(call)
    call("DELETE", "/_security/api_key", {"ids": [before["id"]]})
    (change,) = project.plan().changes
    assert (change.action, change.cause) == (Action.CREATE, Cause.DELETED)
    assert "made again" in change.words
    assert len(project.apply().produced) == 1
    assert keys(call)[0]["id"] != before["id"]


def test_an_expired_key_counts_as_gone(project: Project, call: Callable[..., Any]) -> None:
    import time

    project.write(KEY % ("expiration: 1ms", "read"))
    project.apply()
    time.sleep(0.01)
    (change,) = project.plan().changes
    assert (change.action, change.cause) == (Action.CREATE, Cause.DELETED)


def test_without_an_end_it_is_another_key(project: Project, call: Callable[..., Any]) -> None:
    project.write(KEY % ("expiration: 30d", "read"))
    project.apply()
    (before,) = keys(call)
    project.write(KEY % ("metadata: {a: 1}", "read"))
    (change,) = project.plan().changes
    assert (change.action, change.consequence) == (Action.REPLACE, Consequence.IRREVERSIBLE)
    with pytest.raises(Refused, match="a new key is made, and the old one is invalidated"):
        project.apply()
    assert len(project.apply("irreversible").produced) == 1
    (after,) = keys(call)
    assert after["id"] != before["id"] and "expiration" not in after


def test_two_active_keys_of_one_name_are_refused(project: Project, call: Callable[..., Any]) -> None:
    project.write(KEY % ("metadata: {a: 1}", "read"))
    project.apply()
    call("POST", "/_security/api_key", {"name": "loader"})
    (change,) = project.plan().changes
    assert change.action is Action.UNDECIDED
    assert "2 active keys have this name" in change.words


def test_to_collect_them_tells_which_are_nobodys(project: Project, call: Callable[..., Any]) -> None:
    for body in (
        {"name": "twice"},
        {"name": "twice"},
        {"name": "alerting", "metadata": {"managed": True, "managed_by": "alerting"}},
        {"name": "own", "metadata": {"purpose": "x"}, "expiration": "10d"},
    ):
        call("POST", "/_security/api_key", body)
    invocation = project.invocation()
    kind = invocation.kinds["api-key"]
    with invocation.cluster() as cluster:
        found = {address.id: live for address, live in kind.everything(cluster, cluster.capabilities).items()}
    assert kind.foreign(found["twice"]) == "2 active keys have this name"
    assert kind.foreign(found["alerting"]) == "managed by alerting"
    assert kind.foreign(found["own"]) is None
    assert kind.written(found["own"], invocation_capabilities()) == {"metadata": {"purpose": "x"}, "expiration": "10d"}


def invocation_capabilities() -> Any:
    from esctl.model import Capabilities

    return Capabilities()
