"""Watches: written whole, switched on and off without being written; their passwords never come back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from security_project import Project

from esctl.kinds import registry
from esctl.model import Action, Address, Capabilities, Live

WATCH = """
kind: watch
id: alarms
spec:
  %s
  trigger: {schedule: {interval: %s}}
  actions:
    call:
      webhook:
        url: http://127.0.0.1:9/hook
        auth: {basic: {username: u, password: "${secret.env.HOOK}"}}
"""
KIND = registry()["watch"]


@pytest.fixture
def alarms(project: Project) -> Project:
    project.environ = {"HOOK": "hook-password"}
    project.write(WATCH % ("active: true", "10m"))
    assert not project.apply().failed
    project.sent()
    return project


def test_the_password_reaches_the_server_and_does_not_come_back(alarms: Project, call: Callable[..., Any]) -> None:
    shown = call("GET", "/_watcher/watch/alarms")["watch"]["actions"]["call"]["webhook"]
    assert shown["auth"]["basic"]["password"] == "::es_redacted::"
    database = (alarms.sandbox.data / "elasticsearch.sqlite-wal").read_bytes()
    assert b"hook-password" in database  # so it was sent
    assert [change.action for change in alarms.plan().changes] == [Action.NONE]


def test_another_password_is_a_change(alarms: Project) -> None:
    alarms.environ = {"HOOK": "another-password"}
    (change,) = alarms.plan().changes
    assert change.action is Action.UPDATE
    assert "password" not in repr(change.requests).replace("'password': ***", "")


def test_switching_off_does_not_write_it_anew(alarms: Project, call: Callable[..., Any]) -> None:
    alarms.write(WATCH % ("active: false", "10m"))
    assert not alarms.apply().failed
    assert [line for line in alarms.sent() if line.startswith("PUT")] == ["PUT /_watcher/watch/alarms/_deactivate"]
    assert call("GET", "/_watcher/watch/alarms")["status"]["state"]["active"] is False
    assert [change.action for change in alarms.plan().changes] == [Action.NONE]


def test_one_that_changes_stays_switched_off(alarms: Project, call: Callable[..., Any]) -> None:
    alarms.write(WATCH % ("active: false", "20m"))
    assert not alarms.apply().failed
    found = call("GET", "/_watcher/watch/alarms")
    assert (found["status"]["state"]["active"], found["watch"]["trigger"]) == (False, {"schedule": {"interval": "20m"}})


def test_somebody_switched_it_off(alarms: Project, call: Callable[..., Any]) -> None:
    call("PUT", "/_watcher/watch/alarms/_deactivate")
    (change,) = alarms.plan().changes
    assert (change.action, [difference.dotted for difference in change.differences]) == (Action.UPDATE, ["active"])


def test_what_is_pulled_refers_to_secrets_and_names_durations(alarms: Project) -> None:
    invocation = alarms.invocation()
    address = Address("watch", "alarms")
    with invocation.cluster() as cluster:
        live = KIND.everything(cluster, cluster.capabilities)[address]
    more = Live(address, {**live.body, "throttle_period_in_millis": 300_000})
    written = KIND.written(more, Capabilities())
    password = written["actions"]["call"]["webhook"]["auth"]["basic"]["password"]
    assert password == {"$secret": "${secret.env.WATCH_ALARMS_PASSWORD}"}
    assert written["throttle_period"] == "5m"


@pytest.mark.parametrize(
    "spec",
    [
        {"trigger": {"schedule": {"hourly": {"minute": "x"}, "daily": 5, "weekly": [3], "monthly": {"on": "x"}}}},
        {
            "trigger": 4,
            "input": 3,
            "condition": [],
            "actions": {"a": 4, "b": {"webhook": {"url": "http://[", "port": "x"}}},
        },
        {"input": {"chain": {"inputs": 4}, "http": None, "search": []}, "transform": {"chain": 4}},
        {"actions": {"a": {"email": {"to": None, "attachments": {"x": 3}}, "index": 4, "logging": None}}},
    ],
)
def test_nonsense_is_brought_to_a_form_as_well(spec: dict[str, Any]) -> None:
    once = KIND.normalise(spec, Capabilities())
    assert KIND.normalise(once, Capabilities()) == once
