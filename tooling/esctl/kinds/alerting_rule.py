"""Alerting rules: a query on a schedule, and what is sent where it finds something.

A rule runs with an API key that Kibana makes for whoever writes it: after every update it reads with the privileges of
the one who applied it. Muting and snoozing are its users' and stay as they are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import Problem
from ..model import Address, Body, Capabilities, Consequence, Live, Request, Resource, Sender
from .base import Context, Cost, Reference
from .chart_references import index_names
from .kibana_api import ANYTHING, FLAG, NAME, NUMBER, TEXTS, ApiKind, Found, closed, lacking, without_nothing
from .normalise import copy, get

PAGE = 1000
FIXED = ("rule_type_id", "consumer")
CHANGEABLE = (
    "name",
    "schedule",
    "params",
    "actions",
    "tags",
    "throttle",
    "notify_when",
    "alert_delay",
    "flapping",
    "artifacts",
)
KEY = "Kibana makes it a new API key: it runs with the privileges of whoever applies this"

_WINDOW = ("timeWindowSize", "timeWindowUnit", "threshold", "thresholdComparator")
_SEARCH = {
    "esQuery": ("index", "timeField", "esQuery"),
    "searchSource": ("searchConfiguration",),
    "esqlQuery": ("esqlQuery",),
}
_PARAMS = {
    ".index-threshold": ("index", "timeField", *_WINDOW),
    "slo.rules.burnRate": ("sloId", "windows"),
}
"""What the params of the most usual types must hold (Kibana's `rule_type_params`); those of others Kibana checks."""

_LENGTH = {"type": "string", "pattern": "^[1-9][0-9]*[smhd]$"}
_MAYBE_LENGTH = {"anyOf": [_LENGTH, {"type": "null"}]}
_NOTIFY = {"enum": ["onActiveAlert", "onActionGroupChange", "onThrottleInterval"]}
_FORM = {
    "body": closed(
        ("name", "rule_type_id", "consumer", "schedule", "params"),
        name=NAME,
        rule_type_id=NAME,
        consumer=NAME,
        enabled=FLAG,
        schedule=closed(("interval",), interval=_LENGTH),
        params=ANYTHING,
        tags=TEXTS,
        throttle=_MAYBE_LENGTH,
        notify_when={"anyOf": [_NOTIFY, {"type": "null"}]},
        alert_delay=closed(("active",), active=NUMBER),
        flapping=closed(
            ("look_back_window", "status_change_threshold"),
            enabled=FLAG,
            look_back_window={"type": "number", "minimum": 2, "maximum": 20},
            status_change_threshold={"type": "number", "minimum": 2, "maximum": 20},
        ),
        artifacts=ANYTHING,
        actions={"type": "array", "items": {"$ref": "#/$defs/action"}},
    ),
    "action": closed(
        ("id", "params"),
        id=NAME,
        group=NAME,
        params=ANYTHING,
        uuid=NAME,
        use_alert_data_for_template=FLAG,
        frequency=closed(("summary", "notify_when"), summary=FLAG, notify_when=_NOTIFY, throttle=_MAYBE_LENGTH),
        alerts_filter=closed(query=ANYTHING, timeframe=ANYTHING),
    ),
}


@dataclass(frozen=True)
class AlertingRuleKind(ApiKind):
    """Made by POST under its id, changed by PUT, switched on and off by requests of their own."""

    def check(self, resource: Resource) -> Iterator[Problem]:
        yield from super().check(resource)
        spec = resource.spec
        params, type_ = spec.get("params"), spec.get("rule_type_id")
        if isinstance(type_, str):
            yield from lacking(resource, ("params",), _needed(type_, params), type_)
        actions = spec.get("actions")
        whole = [key for key in ("notify_when", "throttle") if spec.get(key)]
        for position, action in enumerate(actions if isinstance(actions, list) else ()):
            if not isinstance(action, dict):
                continue
            if whole and "frequency" in action:
                place = resource.at("spec", "actions", position, "frequency")
                message = f"an action has no frequency of its own where the rule has {whole[0]}"
                yield Problem(message, place, f"leave out {whole[0]} or the frequency of each action")
            elif not whole and "frequency" not in action:
                hint = "write frequency: {summary: false, notify_when: onActionGroupChange}"
                yield Problem(
                    "the action does not say when it is taken", resource.at("spec", "actions", position), hint
                )

    def references(self, resource: Resource) -> Iterator[Reference]:
        spec, space = resource.spec, resource.address.space
        actions = spec.get("actions")
        for position, action in enumerate(actions if isinstance(actions, list) else ()):
            if isinstance(action, dict) and isinstance(action.get("id"), str):
                path = ("spec", "actions", position, "id")
                yield Reference(Address("action-connector", action["id"], space), path)
        index = get(spec, ("params", "index"))
        for name in index if isinstance(index, list) else [index]:
            for one in index_names(name):
                yield Reference(Address("index", one), ("spec", "params", "index"), soft=True)
        view = get(spec, ("params", "searchConfiguration", "index"))
        if isinstance(view, str):
            yield Reference(Address("data-view", view, space), ("spec", "params", "searchConfiguration", "index"))
        objective = get(spec, ("params", "sloId"))
        if isinstance(objective, str):
            yield Reference(Address("slo", objective, space), ("spec", "params", "sloId"))
        boards = get(spec, ("artifacts", "dashboards"))
        for position, board in enumerate(boards if isinstance(boards, list) else ()):
            if isinstance(board, dict) and isinstance(board.get("id"), str):
                place = ("spec", "artifacts", "dashboards", position, "id")
                yield Reference(Address("dashboard", board["id"], space), place)

    def listed(self, sender: Sender, space: str, wanted: Collection[str] | None, capabilities: Capabilities) -> Found:
        found = self.pages(sender, "/api/alerting/rules/_find", space, "data", ("per_page", PAGE))
        return ((one["id"], one) for one in found)

    def foreign(self, live: Live) -> str | None:
        if str(live.body.get("rule_type_id")).startswith("siem."):
            return "a detection rule, which has an API of its own"
        return None

    def normalise(self, body: Body, capabilities: Capabilities) -> Body:
        found = without_nothing(body, (*FIXED, *CHANGEABLE))
        found["enabled"] = body.get("enabled", True) is not False
        if isinstance(found.get("actions"), list):
            found["actions"] = [_action(one) for one in found["actions"]]
        artifacts = found.get("artifacts")
        if isinstance(artifacts, dict):
            said = {key: value for key, value in artifacts.items() if value not in ([], {}, None)}
            found["artifacts"] = said
            if not said:
                del found["artifacts"]
        return found

    def written(self, live: Live, capabilities: Capabilities) -> Body:
        body = self.normalise(live.body, capabilities)
        if body["enabled"]:
            del body["enabled"]
        return {"params": {}} | body

    def write(self, address: Address, body: Body, live: Live | None, context: Context) -> tuple[Request, ...]:
        if live is None:
            return (self.request("POST", address, body=body),)
        before, after = (self.normalise(one, context.capabilities) for one in (live.body, body))
        requests = []
        if any(before.get(key) != after.get(key) for key in CHANGEABLE):
            # What an update leaves out is taken back.
            requests.append(self.request("PUT", address, body={key: body[key] for key in CHANGEABLE if key in body}))
        if before["enabled"] != after["enabled"]:
            requests.append(self.request("POST", address, "/_enable" if after["enabled"] else "/_disable"))
        return tuple(requests)

    def replace(self, address: Address, body: Body, live: Live, context: Context) -> tuple[Request, ...]:
        return (*self.delete(address, context), *self.write(address, body, None, context))

    def cost(self, before: Body | None, after: Body | None, capabilities: Capabilities) -> Cost:
        if before is None or after is None:
            return Cost(Consequence.INSTANT)
        for key in FIXED:
            if before.get(key) != after.get(key):
                words = f"the {key} of a rule cannot change: it is deleted with its state, and made anew"
                return Cost(Consequence.IRREVERSIBLE, words)
        written = any(before.get(key) != after.get(key) for key in CHANGEABLE)
        return Cost(Consequence.INSTANT, KEY if written or after.get("enabled") else "")

    def in_words(self, before: Body, after: Body) -> Sequence[str]:
        if before.get("enabled") == after.get("enabled"):
            return []
        return ["switched on" if after.get("enabled") else "switched off: it does not run any more"]


def _needed(type_: str, params: Any) -> tuple[str, ...]:
    """The keys that params of a rule type must hold; a query's by where it is written."""
    if type_ != ".es-query":
        return _PARAMS.get(type_, ())
    search = params.get("searchType", "esQuery") if isinstance(params, dict) else None
    return ("size", *_WINDOW, *_SEARCH[search]) if isinstance(search, str) and search in _SEARCH else ()


def _action(action: Any) -> Any:
    """An action without what Kibana adds; one that names no group is taken by the rule's first."""
    if not isinstance(action, dict):
        return action
    kept = {key: copy(value) for key, value in action.items() if key not in ("connector_type_id", "uuid")}
    if isinstance(kept.get("frequency"), dict):
        kept["frequency"] = {key: value for key, value in kept["frequency"].items() if value is not None}
    filters = kept.get("alerts_filter")
    if isinstance(filters, dict) and not any(filters.values()):
        del kept["alerts_filter"]
    if kept.get("use_alert_data_for_template") is False:
        del kept["use_alert_data_for_template"]
    return {"params": {}, **kept}


ALERTING_RULE = AlertingRuleKind(
    name="alerting-rule",
    stage=66,
    about=(
        "An alerting rule of Kibana: what is looked for, how often, and which connectors are told. "
        "It runs with the privileges of whoever applied it last."
    ),
    api="POST /api/alerting/rule/{id}",
    path="/api/alerting/rule",
    form=_FORM,
)
