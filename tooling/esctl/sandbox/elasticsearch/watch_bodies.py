"""Watches as Watcher parses and prints them: shorthand written out, defaults filled in, durations in milliseconds.

Source of words and forms: Watcher's parsers of triggers, inputs, conditions, transforms and actions.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from .dates import duration_ms
from .errors import ElasticsearchError, unsupported
from .mapping import Body
from .role_bodies import parse_failure, token
from .watch_schedules import as_list, parse_trigger

REDACTED = "::es_redacted::"
_TOP = "trigger input condition transform throttle_period throttle_period_in_millis actions metadata status _status"
_COMPARES = ("eq", "not_eq", "lt", "lte", "gt", "gte")


def parse_watch(id: str, body: Body) -> Body:
    """The watch as it is stored and read back, but for redaction."""
    failing = f"could not parse watch [{id}]."
    for key in body:
        if key not in _TOP.split():
            raise parse_failure(f"{failing} unexpected field [{key}]")
    if "trigger" not in body:
        raise parse_failure(f"{failing} missing required field [trigger]")
    watch: Body = {
        "trigger": parse_trigger(id, body["trigger"]),
        "input": _input(id, body.get("input", {"none": {}})),
        "condition": _condition(id, body.get("condition", {"always": {}})),
    }
    if "transform" in body:
        watch["transform"] = _transform(id, body["transform"])
    _duration(body, watch, "throttle_period", "throttle_period_in_millis", f"{failing} failed to parse time value")
    watch["actions"] = {name: _action(id, name, action) for name, action in body.get("actions", {}).items()}
    if "metadata" in body:
        watch["metadata"] = body["metadata"]
    return watch


def redacted(value: Any, within: str = "") -> Any:
    """Without passwords: those of `basic` and of an email."""
    if isinstance(value, dict):
        hidden = within in ("basic", "email")
        return {key: REDACTED if hidden and key == "password" else redacted(part, key) for key, part in value.items()}
    return [redacted(part, within) for part in value] if isinstance(value, list) else value


def kept(value: Any, before: Any) -> Any:
    """With the passwords of the watch that was there where the new one is redacted."""
    if value == REDACTED:
        return before if isinstance(before, str) else value
    if isinstance(value, dict):
        old = before if isinstance(before, dict) else {}
        return {key: kept(part, old.get(key)) for key, part in value.items()}
    return value


def holds_redacted(value: Any) -> bool:
    if isinstance(value, dict):
        return any(holds_redacted(part) for part in value.values())
    return any(holds_redacted(part) for part in value) if isinstance(value, list) else value == REDACTED


def _one(body: Any, what: str, id: str) -> tuple[str, Any]:
    if not isinstance(body, dict) or not body:
        found = "an empty object" if body == {} else f"[{token(body)}]"
        raise parse_failure(
            f"could not parse {what} for watch [{id}]. expected field indicating the {what} type, but found {found}"
            " instead"
        )
    return next(iter(body.items()))


def _duration(given: Body, found: Body, human: str, machine: str, failing: str) -> None:
    if machine in given:
        found[machine] = given[machine]
    if human in given:
        try:
            found[machine] = duration_ms(given[human], human)
        except ElasticsearchError as error:
            raise parse_failure(f"{failing} for field [{human}]", cause=error) from None


# inputs, conditions, transforms


def _input(id: str, body: Any) -> Body:
    kind, value = _one(body, "input", id)
    if kind == "search":
        return {kind: _search(id, value, "input")}
    if kind == "http":
        found = {"request": _http(value.get("request"), id)}
        more = {key: value[key] for key in ("response_content_type", "extract") if key in value}
        return {kind: {**found, **more}}
    if kind == "chain":
        return {kind: {"inputs": [{name: _input(id, one)} for item in value["inputs"] for name, one in item.items()]}}
    if kind not in ("none", "simple", "transform"):
        raise parse_failure(f"could not parse input for watch [{id}]. unknown input type [{kind}]")
    return {kind: value}


def _search(id: str, value: Body, what: str) -> Body:
    failing = f"could not parse [search] {what} for watch [{id}]."
    if "request" not in value:
        raise parse_failure(f"{failing} missing required [request] field")
    found: Body = {"request": _search_request(value["request"])}
    for key in value:
        if key not in ("request", "extract", "timeout", "timeout_in_millis", "dynamic_name_timezone"):
            raise parse_failure(f"{failing} unexpected token [{token(value[key])}]")
    if "extract" in value:
        found["extract"] = value["extract"]
    _duration(value, found, "timeout", "timeout_in_millis", failing)
    return {**found, **{key: value[key] for key in ("dynamic_name_timezone",) if key in value}}


def _search_request(request: Body) -> Body:
    for key, value in request.items():
        known = ("indices", "body", "indices_options", "template", "search_type", "rest_total_hits_as_int")
        if key not in known:
            kinds = {dict: "object", list: "array", bool: "boolean"}
            raise parse_failure(
                f"could not read search request. unexpected {kinds.get(type(value), 'string')} field [{key}]"
            )
    indices = request.get("indices", [])
    found: Body = {
        "search_type": str(request.get("search_type", "query_then_fetch")).lower(),
        "indices": re.split(r"\s*,\s*", indices) if isinstance(indices, str) else indices,
        "rest_total_hits_as_int": request.get("rest_total_hits_as_int", True),
    }
    if request.get("body") is not None:
        found["body"] = request["body"]
    lenient: Body = {"expand_wildcards": ["open"], "ignore_unavailable": True, "allow_no_indices": True}
    options = {**lenient, "ignore_throttled": False, **request.get("indices_options", {})}
    options["expand_wildcards"] = as_list(options["expand_wildcards"])
    if {**lenient, "ignore_throttled": False} != options:
        found["indices_options"] = options
    if "template" in request:
        found["template"] = _script(request["template"], "mustache")
    return found


def _http(request: Any, id: str) -> Body:
    failing = "could not parse http request template."
    if not isinstance(request, dict):
        raise parse_failure(f"could not parse [http] input for watch [{id}]. missing required [request] field")
    known = (
        "url scheme host port method path params headers auth body proxy connection_timeout"
        " connection_timeout_in_millis read_timeout read_timeout_millis"
    ).split()
    for key, value in request.items():
        if key not in known:
            kind = {dict: "object", int: "numeric"}.get(type(value), "string")
            raise parse_failure(f"{failing} unexpected {kind} field [{key}]")
    found: Body = {"scheme": "http", "host": None, "port": 0, "method": "get"}
    params: Body = {}
    if "url" in request:
        parts = urlsplit(request["url"])
        if not parts.scheme:
            raise parse_failure(f"URL [{request['url']}] does not contain a scheme")
        found |= {"scheme": parts.scheme, "host": parts.hostname}
        found["port"] = parts.port or {"https": 443}.get(parts.scheme, 80)
        if parts.path:
            found["path"] = parts.path
        params = dict(parse_qsl(parts.query, keep_blank_values=True))
    for key in ("scheme", "host", "port", "method", "path"):
        if key in request:
            found[key] = str(request[key]).lower() if key in ("scheme", "method") else request[key]
    if found["host"] is None:
        raise parse_failure(f"{failing} missing required [host] string field")
    if int(found["port"]) <= 0:
        raise parse_failure(f"{failing} wrong port for [port]")
    found["params"] = {**params, **request.get("params", {})}
    found["headers"] = request.get("headers", {})
    for key in ("auth", "body"):
        if key in request:
            found[key] = request[key]
    for human, machine in (
        ("connection_timeout", "connection_timeout_in_millis"),
        ("read_timeout", "read_timeout_millis"),
    ):
        _duration(request, found, human, machine, f"{failing} invalid time value")
    return {**found, **({"proxy": request["proxy"]} if "proxy" in request else {})}


def _condition(id: str, body: Any) -> Body:
    kind, value = _one(body, "condition", id)
    if kind == "script":
        return {kind: _script(value, "painless")}
    if kind == "compare":
        operation = next(iter(next(iter(value.values()), {})), "")
        if operation not in _COMPARES:
            raise parse_failure(
                f"could not parse [compare] condition for watch [{id}]. unknown comparison operator [{operation}]"
            )
    elif kind not in ("always", "never", "array_compare"):
        raise parse_failure(f"could not parse condition for watch [{id}]. unknown condition type [{kind}]")
    return {kind: value}


def _script(value: Any, lang: str) -> Body:
    if isinstance(value, str):
        return {"source": value, "lang": lang}
    shown = {key: part for key, part in value.items() if not (key in ("params", "options") and not part)}
    return {**shown, "lang": value.get("lang", lang)} if "source" in value else shown


def _transform(id: str, body: Any) -> Body:
    kind, value = _one(body, "transform", id)
    if kind == "script":
        return {kind: _script(value, "painless")}
    if kind == "search":
        return {kind: _search(id, value, "transform")}
    if kind == "chain":
        return {kind: [_transform(id, item) for item in value]}
    raise parse_failure(f"could not parse [transform] for watch [{id}]. unknown transform type [{kind}]")


# actions


def _action(id: str, name: str, action: Body) -> Body:
    found: Body = {}
    failing = f"could not parse action [{id}/{name}]."
    _duration(action, found, "throttle_period", "throttle_period_in_millis", f"{failing} failed to parse field")
    kinds = 0
    for key, value in action.items():
        if key in ("throttle_period", "throttle_period_in_millis"):
            continue
        if key == "condition":
            found[key] = _condition(id, value)
        elif key == "transform":
            found[key] = _transform(id, value)
        elif key == "foreach":
            found[key] = value
            found["max_iterations"] = action.get("max_iterations", 100)
        elif key == "max_iterations":
            found[key] = value
        elif key in _ACTIONS:
            found[key] = _ACTIONS[key](id, name, value)
            kinds += 1
        elif key in ("slack", "pagerduty", "jira"):
            raise unsupported(f"watch actions of type [{key}]")
        else:
            raise parse_failure(f"{failing} unknown action type [{key}]")
    if not kinds:
        raise parse_failure(f"could not parse watch action [{id}/{name}]. missing action type")
    return found


def _email(id: str, name: str, value: Body) -> Body:
    known = (
        "account user password profile attach_data attachments from reply_to to cc bcc subject body priority".split()
    )
    for key, part in value.items():
        if key not in known:
            kind = "string field" if isinstance(part, str) else "token"
            what = key if isinstance(part, str) else token(part)
            raise parse_failure(f"could not parse [email] action [{id}/{name}]. unexpected {kind} [{what}]")
    found: Body = {key: value[key] for key in ("account", "user", "password") if key in value}
    found["profile"] = str(value.get("profile", "standard")).lower()
    found |= {key: value[key] for key in ("attach_data", "attachments", "from") if key in value}
    found |= {key: as_list(value[key]) for key in ("reply_to",) if key in value}
    found |= {key: value[key] for key in ("priority",) if key in value}
    found |= {key: as_list(value[key]) for key in ("to", "cc", "bcc") if key in value}
    found |= {key: value[key] for key in ("subject",) if key in value}
    if "body" in value:
        found["body"] = {"text": value["body"]} if isinstance(value["body"], str) else value["body"]
    return found


def _index(id: str, name: str, value: Body) -> Body:
    failing = f"could not parse [index] action [{id}/{name}]."
    known = "index doc_id op_type execution_time_field timeout timeout_in_millis dynamic_name_timezone refresh".split()
    for key in value:
        if key not in known:
            raise parse_failure(f"{failing} unexpected string field [{key}]")
    found: Body = {key: value[key] for key in ("index", "doc_id") if key in value}
    if "op_type" in value:
        found["op_type"] = str(value["op_type"]).lower()
        if found["op_type"] not in ("index", "create"):
            raise parse_failure(f"{failing} op_type value for field [op_type] must be [index] or [create]")
    found |= {key: value[key] for key in ("execution_time_field",) if key in value}
    _duration(value, found, "timeout", "timeout_in_millis", failing)
    return found | {key: value[key] for key in ("dynamic_name_timezone", "refresh") if key in value}


def _logging(id: str, name: str, value: Body) -> Body:
    failing = f"failed to parse [logging] action [{id}/{name}]."
    for key in value:
        if key not in ("text", "level", "category"):
            raise parse_failure(f"{failing} unexpected string field [{key}]")
    level = str(value.get("level", "info")).lower()
    if level not in ("error", "warn", "info", "debug", "trace"):
        raise parse_failure(f"{failing} unknown logging level [{value['level']}]")
    if "text" not in value:
        raise parse_failure(f"{failing} missing required [text] field")
    return {**({"category": value["category"]} if "category" in value else {}), "level": level, "text": value["text"]}


def _webhook(id: str, name: str, value: Body) -> Body:
    return _http(value, id)


_ACTIONS = {"email": _email, "index": _index, "logging": _logging, "webhook": _webhook}
