"""Role mappings and their rules as Elasticsearch parses and prints them (ExpressionRoleMapping, ExpressionParser)."""

from __future__ import annotations

import json
from typing import Any

from .errors import ElasticsearchError
from .mapping import Body
from .role_bodies import parse_failure, token

_KEYS = ("roles", "role_templates", "rules", "metadata", "enabled")


def parse_mapping(name: str, body: Any) -> Body:
    """A role mapping in the form in which it is read back."""
    found: Body = {}
    for key in body:
        if key not in (*_KEYS, "doc_type", "type"):
            raise _outer({"type": "x_content_parse_exception", "reason": f"[1:1] [role-mapping] unknown field [{key}]"})
    if "rules" in body:
        try:
            found["rules"] = _rules(name, body["rules"])
        except ElasticsearchError as error:
            raise _field("rules", error.item()) from None
    if "role_templates" in body:
        found["role_templates"] = [_template(item) for item in body["role_templates"]]
    if "roles" in body:
        found["roles"] = [body["roles"]] if isinstance(body["roles"], str) else body["roles"]
    missing = [
        key
        for key in ("roles", "rules", "enabled")
        if key not in (body if key != "roles" or "role_templates" not in body else _KEYS)
    ]
    if missing:
        reason = f"failed to parse role-mapping [{name}]. missing field [{missing[0]}]"
        raise _outer({"type": "illegal_state_exception", "reason": reason})
    first: Body = {"enabled": body["enabled"]}
    lists = {key: found[key] for key in ("roles", "role_templates") if found.get(key)}
    return {**first, **lists, "rules": found["rules"], "metadata": body.get("metadata") or {}}


def _rules(within: str, rule: Any, *, excepting: bool = False) -> Body:
    failing = "failed to parse rules expression."
    if not isinstance(rule, dict):
        raise parse_failure(f"{failing} expected [{within}] to be an object but found [{token(rule)}] instead")
    if not rule:
        raise parse_failure(f"{failing} object [{within}] does not contain any fields")
    key, value = next(iter(rule.items()))
    parsed: Any
    if key in ("any", "all"):
        if not isinstance(value, list):
            raise parse_failure(f"{failing} field [{key}] requires an array")
        parsed = [_rules(key, item, excepting=key == "all") for item in value]
    elif key == "field":
        parsed = _values(value, failing)
    elif key == "except":
        if not excepting:
            raise parse_failure(f"{failing} field [except] is not allowed within [{within}]")
        parsed = _rules("except", value)
    else:
        raise parse_failure(f"{failing} field [{key}] is not recognised in object [{within}]")
    if len(rule) > 1:
        raise parse_failure(f"{failing} object [{within}] contains multiple fields")
    return {key: parsed}


def _values(field: Any, failing: str) -> Body:
    if not isinstance(field, dict):
        raise parse_failure(f"{failing} expected an object but found [{token(field)}] instead")
    if not field:
        raise parse_failure(f"{failing} object [field] does not contain any fields")
    name, values = next(iter(field.items()))
    listed = values if isinstance(values, list) else [values]
    for value in listed:
        if isinstance(value, dict | list):
            raise parse_failure(f"{failing} expected a field value but found [{token(value)}] instead")
    if len(field) > 1:
        raise parse_failure(f"{failing} object [field] contains multiple fields")
    return {name: listed[0] if len(listed) == 1 else listed}


def _template(item: Body) -> Body:
    kind = item.get("format", "string")
    if str(kind).lower() not in ("json", "string"):
        inner = {
            "type": "x_content_parse_exception",
            "reason": f"[1:1] Invalid format [{kind}] expected one of [json,string]",
        }
        reason = "[1:1] [role-mapping-template] failed to parse field [format]"
        raise _field("role_templates", {"type": "x_content_parse_exception", "reason": reason, "caused_by": inner})
    if "template" not in item:
        raise _field("role_templates", {"type": "illegal_argument_exception", "reason": "Required [template]"})
    template = item["template"]
    text = template if isinstance(template, str) else json.dumps(template, separators=(",", ":"))
    return {"template": text, "format": str(kind).lower()}


def _field(name: str, cause: Body) -> ElasticsearchError:
    reason = f"[1:1] [role-mapping] failed to parse field [{name}]"
    return _outer({"type": "x_content_parse_exception", "reason": reason, "caused_by": cause})


def _outer(cause: Body) -> ElasticsearchError:
    return ElasticsearchError("parsing_exception", cause["reason"], cause=cause, line=1, col=1)
