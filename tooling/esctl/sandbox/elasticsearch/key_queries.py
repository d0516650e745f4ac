"""Queries over API keys: the types and fields that Elasticsearch allows there."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from .dates import date_math, now_ms
from .errors import ElasticsearchError, illegal, parsing, unsupported
from .mapping import Body

_FIELDS = {
    "id": "id",
    "name": "name",
    "type": "type",
    "username": "username",
    "realm_name": "realm",
    "creation": "creation",
    "expiration": "expiration",
    "invalidated": "invalidated",
    "invalidation": "invalidation",
}
_UNSUPPORTED_QUERIES = frozenset("match_none fuzzy nested knn function_score query_string regexp".split())
_NOT_HERE = frozenset(["simple_query_string"])


def matches(key: Body, query: Body) -> bool:
    """Whether a query finds a key; raises ElasticsearchError for what Elasticsearch or the sandbox does not take."""
    kind, body = next(iter(query.items()))
    if kind == "match_all":
        return True
    if kind == "bool":
        parts = {name: body[name] if isinstance(body[name], list) else [body[name]] for name in body}
        some = [matches(key, one) for one in parts.get("should", ())]
        all_of = [*parts.get("must", ()), *parts.get("filter", ())]
        return (
            all(matches(key, one) for one in all_of)
            and not any(matches(key, one) for one in parts.get("must_not", ()))
            and (not some or any(some) or (bool(all_of) and "minimum_should_match" not in body))
        )
    if kind == "ids":
        return key.get("id") in body["values"]
    if kind == "exists":
        return _value(key, body["field"]) is not None
    if kind in ("term", "match", "terms", "prefix", "wildcard", "range"):
        field, wanted = next(iter(body.items()))
        return _fits(kind, _value(key, field), wanted)
    if kind in _UNSUPPORTED_QUERIES:
        raise illegal(f"Query type [{kind}] is not currently supported in this context")
    if kind in _NOT_HERE:
        raise unsupported(f"the query [{kind}] over API keys")
    cause = parsing(f"unknown query [{kind}]")
    cause.cause = {"type": "named_object_not_found_exception", "reason": f"[1:1] unknown field [{kind}]"}
    reason = "[1:1] [query_api_key_request_payload] failed to parse field [query]"
    raise ElasticsearchError("x_content_parse_exception", reason, cause=cause, root=[cause.head()])


def _value(key: Body, field: str) -> Any:
    if field.startswith("metadata."):
        value: Any = key["metadata"]
        for part in field.split(".")[1:]:
            value = value.get(part) if isinstance(value, dict) else None
        return value
    if field not in _FIELDS:
        raise illegal(f"Field [{field}] is not allowed for querying or aggregation")
    return key.get(_FIELDS[field])


def _fits(kind: str, value: Any, wanted: Any) -> bool:
    if kind == "terms":
        return value in wanted
    if kind == "range":
        limits = {name: date_math(limit, "epoch_millis", now=now_ms()) for name, limit in wanted.items()}
        tests = {"lt": int.__lt__, "lte": int.__le__, "gt": int.__gt__, "gte": int.__ge__}
        return value is not None and all(tests[name](value, limit) for name, limit in limits.items())
    if isinstance(wanted, dict):
        wanted = wanted.get("value", wanted.get("query"))
    if kind == "prefix":
        return str(value).startswith(str(wanted))
    if kind == "wildcard":
        return fnmatchcase(str(value), str(wanted))
    return bool(value == wanted)
