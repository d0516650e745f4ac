"""Cluster settings over HTTP: kept, read back as text, checked as real servers were seen to check them."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import Any

from .errors import illegal, unsupported, validation
from .http import Request, Response, Route, route
from .mapping import Body
from .node import Node
from .settings import nest
from .versions import Version

Rule = list[Any]
"""Type, default and what else the type needs: the lowest value, or the error of a wrong choice and the right ones."""

# Families whose members have names that people choose.
_FAMILIES: tuple[tuple[re.Pattern[str], Rule], ...] = (
    (re.compile(r"cluster\.routing\.allocation\.(include|exclude|require)\..+"), ["text", None]),
    (re.compile(r"cluster\.routing\.allocation\.awareness\.force\..+\.values"), ["text", None]),
    (re.compile(r"cluster\.remote\.[^.]+\.(seeds|mode|proxy|proxy_address|server_name)"), ["text", None]),
    (re.compile(r"cluster\.remote\.[^.]+\.(skip_unavailable|transport\.compress)"), ["text", None]),
    (re.compile(r"cluster\.remote\.[^.]+\.(node_connections|proxy_socket_connections)"), ["integer", None, 1]),
    (re.compile(r"cluster\.metadata\..+"), ["text", None]),
    (re.compile(r"logger\..+"), ["level", None]),
)
_LEVELS = ("off", "fatal", "error", "warn", "info", "debug", "trace", "all")
_TIME = re.compile(r"-1|0|\d+(nanos|micros|ms|s|m|h|d)")
_BYTES = re.compile(r"-1|0|\d+(\.\d+)?(b|kb?|mb?|gb?|tb?|pb?)", re.IGNORECASE)


@cache
def _known(major: int) -> dict[str, Rule]:
    """Setting → rule, as the 9.5.3 and 8.19.21 servers of the tests told; `modules` are what a whole one has beside."""
    table = json.loads(files(__package__).joinpath("cluster_settings.json").read_text())
    rules = table["9.5"] | table["modules"]
    if major < 9:
        rules |= table["8.19"]
    return {key: rule for key, rule in rules.items() if rule is not None}


def _rule(key: str, version: Version) -> Rule | None:
    if key in _known(version.major):
        return _known(version.major)[key]
    return next((rule for pattern, rule in _FAMILIES if pattern.fullmatch(key)), None)


def _checked(key: str, value: Any, scope: str, version: Version) -> None:
    """Raises ElasticsearchError where a server refuses the setting."""
    rule = _rule(key, version)
    if rule is None:
        raise illegal(f"{scope} setting [{key}], not recognized")
    kind = rule[0]
    if kind == "static":
        raise illegal(f"{scope} setting [{key}], not dynamically updateable")
    if value is None or isinstance(value, list):
        return
    failed = f"Failed to parse value [{value}] for setting [{key}]"
    if kind == "boolean" and value not in ("true", "false"):
        raise illegal(f"Failed to parse value [{value}] as only [true] or [false] are allowed.")
    if kind == "time" and not _TIME.fullmatch(value):
        why = "as a time value: unit is missing or unrecognized"
        raise illegal(f"failed to parse setting [{key}] with value [{value}] {why}")
    if kind == "bytes" and not _BYTES.fullmatch(value):
        why = (
            f"failed to parse setting [{key}] with value [{value}] as a size in bytes: unit is missing or unrecognized"
        )
        raise illegal(why, cause={"type": "parse_exception", "reason": why})
    if kind in ("integer", "double"):
        try:
            number = int(value) if kind == "integer" else float(value)
        except ValueError:
            cause = {"type": "number_format_exception", "reason": f'For input string: "{value}"'}
            raise illegal(failed, cause=cause) from None
        if rule[2] is not None and number < rule[2]:
            raise illegal(f"{failed} must be >= {rule[2]}")
        if len(rule) > 3 and number > rule[3]:
            raise illegal(f"{failed} must be <= {rule[3]}")
    if kind == "choice" and value.lower() not in [str(one).lower() for one in rule[3]]:
        if rule[3] == [rule[1]]:
            raise unsupported(f"the setting [{key}] with a value that is not its default")
        raise illegal(rule[2].replace("QQQ", value.upper()).replace("qqq", value).replace("KEY", key))
    if kind == "level" and value.lower() not in _LEVELS:
        raise illegal(f"Unknown level constant [{value.upper()}].")


def _flat(body: Any, prefix: str = "") -> Body:
    found: Body = {}
    for key, value in (body or {}).items():
        if isinstance(value, dict):
            found |= _flat(value, f"{prefix}{key}.")
        else:
            found[prefix + key] = _text(value)
    return found


def _text(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    return [_text(one) for one in value] if isinstance(value, list) else str(value)


def _changed(before: Body, changes: Body) -> Body:
    after = dict(before)
    for key, value in changes.items():
        if value is not None:
            after[key] = value
        elif key.endswith("*"):
            after = {name: kept for name, kept in after.items() if not name.startswith(key[:-1])}
        else:
            after.pop(key, None)
    return after


def get_settings(node: Node, request: Request) -> Response:
    kept = node.collection("cluster_settings")
    body = {scope: kept.get(scope, {}) for scope in ("persistent", "transient")}
    if request.flag("include_defaults"):
        # Of settings that can be changed: what a node was started with is not the sandbox's to make up.
        body["defaults"] = {
            key: rule[1]
            for key, rule in _known(node.version.major).items()
            if rule[0] != "static" and not any(key in scope for scope in kept.values())
        }
    return Response(_shown(body, request))


def _shown(body: Body, request: Request) -> Body:
    if request.flag("flat_settings"):
        return {scope: dict(sorted(settings.items())) for scope, settings in body.items()}
    return {scope: nest(settings) for scope, settings in body.items()}


def put_settings(node: Node, request: Request) -> Response:
    body = request.json(required=True)
    changes = {scope: _flat(body.get(scope)) for scope in ("persistent", "transient")}
    if not any(changes.values()):
        raise validation("no settings to update")
    kept = node.collection("cluster_settings")
    for scope, settings in changes.items():
        for key, value in settings.items():
            if value is not None or not key.endswith("*"):
                _checked(key, value, scope, node.version)
    for scope, settings in changes.items():
        node.put("cluster_settings", scope, _changed(kept.get(scope, {}), settings))
    shown = {
        scope: {key: value for key, value in settings.items() if value is not None}
        for scope, settings in changes.items()
    }
    return Response({"acknowledged": True, **_shown(shown, request)})


_PARAMS = "include_defaults flat_settings master_timeout timeout"

ROUTES: list[Route] = [
    route("GET", "/_cluster/settings", get_settings, _PARAMS),
    route("PUT", "/_cluster/settings", put_settings, _PARAMS),
]
