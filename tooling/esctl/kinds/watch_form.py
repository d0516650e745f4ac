"""Watches in one form: what Watcher's parser makes of shorthand, defaults and durations when it reads a watch back.

Source: the `parse` and `toXContent` of Watcher's triggers, inputs, conditions, transforms and actions.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ..model import Body
from .durations import milliseconds, shortest

DURATIONS = {
    "throttle_period": "throttle_period_in_millis",
    "timeout": "timeout_in_millis",
    "connection_timeout": "connection_timeout_in_millis",
    "read_timeout": "read_timeout_millis",
}
"""How a duration is written: how it is read back, in ms."""

DEFAULTS: Body = {"input": {"none": {}}, "condition": {"always": {}}, "actions": {}, "metadata": {}}
DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
LAST_DAY = 32  # of a month, however long it is
LENIENT = {"ignore_unavailable": True, "allow_no_indices": True, "expand_wildcards": ["open"]}
"""Options of a search's indices that are not shown when all are so."""

Form = Callable[[Any], Any]


def one_form(watch: Body) -> Body:
    """The form; changes `watch` and returns it. Secrets are left where they are."""
    for key in ("status", "_status"):
        watch.pop(key, None)
    _durations(watch, "throttle_period")
    schedule = _mapping(watch.get("trigger")).get("schedule")
    if isinstance(schedule, dict):
        watch["trigger"]["schedule"] = _each(schedule, SCHEDULES)
    for key, form in (("input", _input), ("condition", _condition), ("transform", _transform)):
        if isinstance(watch.get(key), dict):
            watch[key] = form(watch[key])
    if isinstance(watch.get("actions"), dict):
        watch["actions"] = {name: _action(action) for name, action in watch["actions"].items()}
    defaults: tuple[tuple[str, Any], ...] = (
        ("input", {"none": {}}),
        ("condition", {"always": {}}),
        ("actions", {}),
        ("metadata", {}),
    )
    for key, nothing in defaults:
        if watch.get(key) in (nothing, None):
            watch.pop(key, None)
    if watch.get("active") is True:
        del watch["active"]
    return watch


def with_durations(value: Any) -> Any:
    """A watch as people write it: `5m` instead of 300000 ms."""
    if isinstance(value, list):
        return [with_durations(item) for item in value]
    if not isinstance(value, dict):
        return value
    written = {read: name for name, read in DURATIONS.items()}
    return {
        written.get(key, key): shortest(part) if key in written and isinstance(part, int) else with_durations(part)
        for key, part in value.items()
    }


def _mapping(value: Any) -> Body:
    return value if isinstance(value, dict) else {}


def _durations(body: Body, *names: str) -> None:
    for name in names:
        lasts = milliseconds(body.get(name))
        if lasts is not None:
            del body[name]
            body[DURATIONS[name]] = lasts


def _without(body: Body, **defaults: Any) -> Body:
    return {key: value for key, value in body.items() if not (key in defaults and value == defaults[key])}


def _each(body: Any, forms: dict[str, Form]) -> Any:
    """`{type: …}`, each type in its form."""
    if not isinstance(body, dict):
        return body
    return {key: forms[key](value) if key in forms else value for key, value in body.items()}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _in_order(values: list[Any]) -> list[Any]:
    """Times of a week, month or year are kept as a set."""
    return sorted(values, key=lambda value: json.dumps(value, sort_keys=True))


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isdigit() else value


# schedules


def _hourly(value: Any) -> Any:
    return {**_mapping(value), "minute": [_number(minute) for minute in _list(_mapping(value).get("minute", 0))]}


def _time(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: [_number(part) for part in _list(value.get(key, 0))] for key in ("hour", "minute")}


def _daily(value: Any) -> Any:
    return {**_mapping(value), "at": [_time(time) for time in _list(_mapping(value).get("at", "midnight"))]}


def _times(day: Callable[[Any], Any]) -> Form:
    """Weeks, months and years: one of them or a list, with their days, months and times."""

    def form(value: Any) -> Any:
        return [_one(item) for item in _list(value)]

    def _one(item: Any) -> Any:
        found = {}
        for key, part in _mapping(item).items():
            name = {"day": "on", "month": "in", "time": "at"}.get(key, key)
            if name == "at":
                found[name] = _in_order([_time(time) for time in _list(part)])
            elif name == "on":
                found[name] = _in_order([day(one) for one in _list(part)])
            else:
                found[name] = _in_order([str(one).lower() for one in _list(part)])
        return found

    return form


def _weekday(value: Any) -> Any:
    text = str(value).lower()
    if text.isdigit() and 1 <= int(text) <= len(DAYS):
        return DAYS[int(text) - 1]
    return next((day for day in DAYS if day == text or day[:3] == text), text)


def _monthday(value: Any) -> Any:
    text = str(value).lower()
    named = {"first_day": 1, "last_day": LAST_DAY}.get(text)
    return named or (int(text) if text.isdigit() else text)


def _cron(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


SCHEDULES: dict[str, Form] = {
    "hourly": _hourly,
    "daily": _daily,
    "weekly": _times(_weekday),
    "monthly": _times(_monthday),
    "yearly": _times(_monthday),
    "cron": _cron,
    "interval": lambda value: f"{value}s" if isinstance(value, int) else value,
}


# inputs, conditions, transforms


def _script(value: Any) -> Any:
    if isinstance(value, str):
        return {"source": value, "lang": "painless"}
    if not isinstance(value, dict) or "source" not in value:
        return value
    return {"lang": "painless", **_without(value, params={}, options={})}


def _search(value: Any) -> Any:
    value = dict(_mapping(value))
    _durations(value, "timeout")
    if isinstance(value.get("extract"), list):
        value["extract"] = sorted(value["extract"])
    request = dict(_mapping(value.get("request")))
    if isinstance(request.get("indices"), str):
        request["indices"] = [name.strip() for name in request["indices"].split(",")]
    options = dict(_mapping(request.get("indices_options")))
    if isinstance(options.get("expand_wildcards"), str):
        options["expand_wildcards"] = options["expand_wildcards"].split(",")
    options.pop("ignore_throttled", None)
    request["indices_options"] = _without(options, **LENIENT)
    value["request"] = _without(
        request, search_type="query_then_fetch", rest_total_hits_as_int=True, indices_options={}, indices=[], types=[]
    )
    return value


def _by_parts(request: Body) -> Body:
    """`url` is read into what stands for it: scheme, host, port, path and params."""
    try:
        parts = urlsplit(request.get("url", ""))
        port = parts.port
    except (ValueError, TypeError, AttributeError):  # not a URL: Watcher will say so
        return request
    if not parts.hostname:
        return request
    del request["url"]
    request |= {"scheme": parts.scheme, "host": parts.hostname}
    request["port"] = port or (443 if parts.scheme == "https" else 80)
    if parts.path:
        request["path"] = parts.path
    if parts.query:
        given = dict(parse_qsl(parts.query, keep_blank_values=True))
        request["params"] = {**given, **_mapping(request.get("params"))}
    return request


def _http_request(value: Any) -> Any:
    request = _by_parts(dict(_mapping(value)))
    for key in ("scheme", "method"):
        if isinstance(request.get(key), str):
            request[key] = request[key].lower()
    _durations(request, "connection_timeout", "read_timeout")
    return _without(request, scheme="http", method="get", params={}, headers={})


def _http(value: Any) -> Any:
    value = dict(_mapping(value))
    value["request"] = _http_request(value.get("request"))
    if isinstance(value.get("extract"), list):
        value["extract"] = sorted(value["extract"])
    return value


def _chain(value: Any) -> Any:
    inputs = _mapping(value).get("inputs")
    if not isinstance(inputs, list):
        return value
    return {**value, "inputs": [{name: _input(part) for name, part in _mapping(item).items()} for item in inputs]}


def _input(value: Any) -> Any:
    return _each(value, INPUTS)


def _condition(value: Any) -> Any:
    return _each(value, {"script": _script})


def _transform(value: Any) -> Any:
    return _each(value, TRANSFORMS)


INPUTS: dict[str, Form] = {"search": _search, "http": _http, "chain": _chain}
TRANSFORMS: dict[str, Form] = {
    "script": _script,
    "search": _search,
    "chain": lambda value: [_transform(item) for item in _list(value)],
}


# actions


def _email(value: Any) -> Any:
    email = dict(_mapping(value))
    for key in ("to", "cc", "bcc", "reply_to"):
        if key in email:
            email[key] = _list(email[key])
    if isinstance(email.get("body"), str):
        email["body"] = {"text": email["body"]}
    if isinstance(email.get("profile"), str):
        email["profile"] = email["profile"].lower()
    attachments = email.get("attachments")
    if isinstance(attachments, dict):
        email["attachments"] = {name: _each(item, {"http": _http}) for name, item in attachments.items()}
    return _without(email, profile="standard", attachments={})


def _index(value: Any) -> Any:
    action = dict(_mapping(value))
    _durations(action, "timeout")
    if isinstance(action.get("op_type"), str):
        action["op_type"] = action["op_type"].lower()
    return action


def _logging(value: Any) -> Any:
    action = dict(_mapping(value))
    if isinstance(action.get("level"), str):
        action["level"] = action["level"].lower()
    return _without(action, level="info")


def _action(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    action = dict(value)
    _durations(action, "throttle_period")
    return _without(_each(action, ACTIONS), max_iterations=100)


ACTIONS: dict[str, Form] = {
    "condition": _condition,
    "transform": _transform,
    "email": _email,
    "webhook": _http_request,
    "index": _index,
    "logging": _logging,
}
