"""`/api/alerting`: rules, checked and kept. None of them runs here: `execution_status` stays at pending."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from typing import Any

from . import api_connectors
from .bodies import Body, Key, checked, one_of
from .call import Call, Handler
from .errors import KibanaError, bad_request, object_not_found
from .kept import deleting, enabling, page_of
from .store import SavedObject, Store

TYPE = "alert"
NOTIFY = ("onActiveAlert", "onActionGroupChange", "onThrottleInterval")


def _duration(value: str) -> str | None:
    return None if re.fullmatch(r"[1-9]\d*[smhd]", value) else f"string is not a valid duration: {value}"


_TEXT, _LENGTH = Key(required=True), Key(required=True, test=_duration)
_FREQUENCY = {
    "summary": Key(bool, required=True),
    "notify_when": Key(required=True, test=one_of(*NOTIFY)),
    "throttle": Key(nullable=True, test=_duration),
}
_ACTION = Key(
    {
        "id": _TEXT,
        "group": Key(),
        "params": Key(dict, default={}),
        "frequency": Key(_FREQUENCY),
        "uuid": Key(),
        "alerts_filter": Key(dict),
        "use_alert_data_for_template": Key(bool),
    }
)
_FLAPPING = {
    "look_back_window": Key(int, required=True),
    "status_change_threshold": Key(int, required=True),
    "enabled": Key(bool),
}
_BOTH = {
    "name": _TEXT,
    "schedule": Key({"interval": _LENGTH}, required=True),
    "params": Key(dict, default={}),
    "actions": Key(list, each=_ACTION, default=[]),
    "tags": Key(list, each=Key(), default=[]),
    "throttle": Key(nullable=True, test=_duration),
    "notify_when": Key(nullable=True, test=one_of(*NOTIFY)),
    "alert_delay": Key({"active": Key(int, required=True)}),
    "flapping": Key(_FLAPPING, nullable=True),
    "artifacts": Key(dict),
}
_CREATE = {**_BOTH, "rule_type_id": _TEXT, "consumer": _TEXT, "enabled": Key(bool, default=True)}

GROUPS: dict[str, tuple[str, ...]] = {
    ".es-query": ("query matched", "recovered"),
    ".index-threshold": ("threshold met", "recovered"),
    "transform_health": ("transform_issue", "recovered"),
    "xpack.ml.anomaly_detection_alert": ("anomaly_score_match", "recovered"),
    "observability.rules.custom_threshold": ("custom_threshold.fired", "custom_threshold.nodata", "recovered"),
    "slo.rules.burnRate": ("slo.burnRate.alert", "slo.burnRate.high", "slo.burnRate.medium", "slo.burnRate.low"),
}
"""The rule types of the sandbox, and the groups of their actions."""
_REQUIRED = {
    ".es-query": ("timeWindowSize", "timeWindowUnit", "threshold", "thresholdComparator", "size"),
    ".index-threshold": ("index", "timeField", "timeWindowSize", "timeWindowUnit", "threshold", "thresholdComparator"),
}
_DEFAULTS: dict[str, Body] = {
    ".es-query": {"searchType": "esQuery", "aggType": "count", "groupBy": "all", "excludeHitsFromPreviousRun": True},
    ".index-threshold": {"aggType": "count", "groupBy": "all"},
}


def create(store: Store, id_: str | None, body: Any, *, space: str) -> Body:
    """`POST /api/alerting/rule/{id}`."""
    given = checked(body, _CREATE)
    id_ = id_ or str(uuid.uuid4())
    with store.writing():
        if store.get(TYPE, id_):
            raise KibanaError(409, f"Saved object [{TYPE}/{id_}] conflict")
        attributes = _attributes(store, given["rule_type_id"], given, space) | {"revision": 0}
        return _shown(store.put(SavedObject(type=TYPE, id=id_, attributes=attributes, space=space)))


def update(store: Store, id_: str, body: Any, *, space: str) -> Body:
    """`PUT /api/alerting/rule/{id}`: type, consumer and whether it is enabled stay."""
    given = checked(body, _BOTH)
    with store.writing():
        there = existing(store, id_, space)
        kept = {key: there.attributes[key] for key in ("rule_type_id", "consumer", "enabled")}
        attributes = _attributes(store, kept["rule_type_id"], given, space)
        attributes = {**attributes, **kept, "revision": there.attributes["revision"] + 1}
        return _shown(store.put(replace(there, attributes=attributes)))


def _attributes(store: Store, type_: str, given: Body, space: str) -> Body:
    if type_ not in GROUPS:
        raise bad_request(f'Rule type "{type_}" is not registered.')
    params = {**_DEFAULTS.get(type_, {}), **given["params"]}
    for key in _REQUIRED.get(type_, ()):
        if key not in params:
            raise bad_request(f"params invalid: [{key}]: expected value but got [undefined]")
    actions = [_action(store, type_, action, space) for action in given["actions"]]
    whole = any(given.get(key) for key in ("notify_when", "throttle"))
    if whole and any("frequency" in action for action in actions):
        raise bad_request(
            "Cannot specify per-action frequency params when notify_when or throttle are defined at the rule level"
        )
    if not whole and any("frequency" not in action for action in actions):
        raise bad_request("Failed to validate actions due to the following error: Actions missing frequency parameters")
    return {**given, "params": params, "actions": actions}


def _action(store: Store, type_: str, action: Body, space: str) -> Body:
    connector = store.get(api_connectors.TYPE, action["id"], space=space)
    if not connector:
        words = f"Saved object [{api_connectors.TYPE}/{action['id']}] not found"
        raise bad_request(f"Failed to load action {action['id']} (404): {words}")
    group = action.get("group", GROUPS[type_][0])
    if group not in GROUPS[type_]:
        raise bad_request(f"Invalid action groups: {group}")
    made = {"uuid": str(uuid.uuid4()), "connector_type_id": connector.attributes["connector_type_id"]}
    return {**made, **action, "group": group}


def existing(store: Store, id_: str, space: str) -> SavedObject:
    """Raises KibanaError (404) where the space has no such rule."""
    saved = store.get(TYPE, id_, space=space)
    if not saved:
        raise object_not_found(TYPE, id_)
    return saved


def _shown(saved: SavedObject) -> Body:
    kept = saved.attributes
    return {
        "id": saved.id,
        **{"throttle": None, "notify_when": None},
        **kept,
        "created_at": saved.created_at,
        "updated_at": saved.updated_at,
        "created_by": "sandbox",
        "updated_by": "sandbox",
        "api_key_owner": "sandbox" if kept["enabled"] else None,
        "api_key_created_by_user": False,
        "mute_all": False,
        "muted_alert_ids": [],
        "scheduled_task_id": saved.id if kept["enabled"] else None,
        "execution_status": {"status": "pending", "last_execution_date": saved.updated_at},
        "running": False,
    }


def _find(call: Call) -> Body:
    refusal = "[request query.per_page]: Value must be equal to or lower than [1000]."
    also = ("sort_field", "sort_order")
    return page_of(call, TYPE, _shown, noun="rules", listed="data", most=1000, refusal=refusal, also=also)


_PATH = "/api/alerting/rule"

ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/api/alerting/rules/_find", _find),
    ("POST", _PATH, lambda c: create(c.store, None, c.body, space=c.space)),
    ("GET", _PATH + "/{id}", lambda c: _shown(existing(c.store, c.id, c.space))),
    ("POST", _PATH + "/{id}", lambda c: create(c.store, c.id, c.body, space=c.space)),
    ("PUT", _PATH + "/{id}", lambda c: update(c.store, c.id, c.body, space=c.space)),
    ("POST", _PATH + "/{id}/_enable", enabling(True, existing)),
    ("POST", _PATH + "/{id}/_disable", enabling(False, existing)),
    ("DELETE", _PATH + "/{id}", deleting(TYPE, existing)),
)
