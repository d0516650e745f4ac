"""Kibana's filters, queries and time ranges → one `bool` query; and the filters that a click makes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from ..errors import EsctlError
from ..model import Body
from .kql import kql_query


@dataclass(frozen=True)
class TimeRange:
    """Both ends as Elasticsearch's date math or ISO 8601: `now-15m`, `now`."""

    start: str
    end: str


_RELATIVE = re.compile(r"now(?:([+-])(\d+)([smhdwMy]))?(?:/[smhdwMy])?")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "M": 2592000, "y": 31536000}


def span_of(time_range: TimeRange) -> float | None:
    """Seconds between both ends, where no server is needed to read them: ISO dates, `now`, `now-15m`; not rounded."""
    now = datetime.now(UTC)
    start, end = instant(time_range.start, now), instant(time_range.end, now)
    return abs((end - start).total_seconds()) if start and end else None


def instant(text: str, now: datetime) -> datetime | None:
    """A time as a dashboard stores it; None for date math that only a server reads."""
    relative = _RELATIVE.fullmatch(text)
    if relative:
        seconds = int(relative[2] or 0) * _SECONDS[relative[3] or "s"]
        return now + timedelta(seconds=seconds if relative[1] == "+" else -seconds)
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Scope:
    """What a dashboard applies to its panels: stored filters (Kibana's form), queries (`{query, language}`), time.

    `variables` are the values that controls give to `?name` in ES|QL.
    """

    filters: tuple[Body, ...] = ()
    queries: tuple[Body, ...] = ()
    time_range: TimeRange | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)

    def without_globals(self) -> Scope:
        """For a layer that ignores global filters; the time range stays, as in Kibana."""
        return Scope(time_range=self.time_range, variables=self.variables)


def scope_query(scope: Scope, *, time_field: str | None = None) -> Body:
    """`bool` with `filter` and `must_not`. Raises EsctlError for a filter or query that cannot be read."""
    wanted: list[Body] = []
    unwanted: list[Body] = []
    for query in scope.queries:
        if any(query.get("query") or ()):
            wanted.append(query_clause(query))
    for stored in scope.filters:
        meta = stored.get("meta") or {}
        if meta.get("disabled"):
            continue
        (unwanted if meta.get("negate") else wanted).append(filter_clause(stored))
    if scope.time_range and time_field:
        bounds = {"gte": scope.time_range.start, "lte": scope.time_range.end, "format": "strict_date_optional_time"}
        wanted.append({"range": {time_field: bounds}})
    return {"bool": {"filter": wanted, "must_not": unwanted}}


def query_clause(query: Mapping[str, Any]) -> Body:
    """The clause of a stored query `{query, language}`; Lucene goes to `query_string`, a dict is taken as it is."""
    text = query.get("query") or ""
    if isinstance(text, dict):
        return text
    if query.get("language", "kuery") == "lucene":
        return {"query_string": {"query": text, "analyze_wildcard": True}}
    return kql_query(text)


def filter_clause(stored: Mapping[str, Any]) -> Body:
    """The clause of one stored filter, not negated: `query`, or `meta.params` for combined ones and phrases."""
    meta = stored.get("meta") or {}
    if meta.get("type") == "combined":
        parts = [_signed(part) for part in meta.get("params") or ()]
        if str(meta.get("relation", "AND")).upper() == "OR":
            return {"bool": {"should": parts, "minimum_should_match": 1}}
        return {"bool": {"filter": parts}}
    query = stored.get("query")
    if isinstance(query, dict) and query:
        return query
    for old in (
        "range",
        "exists",
        "match_all",
        "match_phrase",
        "bool",
        "script",
    ):  # before 7.x the clause stood beside `meta`
        if old in stored:
            return {old: stored[old]}
    raise EsctlError(f'filter "{meta.get("alias") or meta.get("key") or "?"}" has no query')


def _signed(stored: Mapping[str, Any]) -> Body:
    clause = filter_clause(stored)
    return {"bool": {"must_not": [clause]}} if (stored.get("meta") or {}).get("negate") else clause


def phrase_filter(field: str, value: Any, *, index: str) -> Body:
    """`field` is `value`, in the form that Kibana stores; `index` is the data view's id."""
    meta = {
        "index": index,
        "type": "phrase",
        "key": field,
        "params": {"query": value},
        "negate": False,
        "disabled": False,
    }
    return {"meta": meta, "query": {"match_phrase": {field: value}}}


def phrases_filter(field: str, values: Iterable[Any], *, index: str) -> Body:
    """`field` is one of `values`."""
    listed = list(values)
    meta = {"index": index, "type": "phrases", "key": field, "params": listed, "negate": False, "disabled": False}
    query = {"bool": {"should": [{"match_phrase": {field: v}} for v in listed], "minimum_should_match": 1}}
    return {"meta": meta, "query": query}


def range_filter(field: str, bounds: Mapping[str, Any], *, index: str) -> Body:
    """`field` lies within `bounds` (`gte`, `gt`, `lt`, `lte`)."""
    given = {name: bound for name, bound in bounds.items() if bound is not None}
    meta = {"index": index, "type": "range", "key": field, "params": given, "negate": False, "disabled": False}
    return {"meta": meta, "query": {"range": {field: given}}}


def exists_filter(field: str, *, index: str, negate: bool = False) -> Body:
    """`field` has a value (or none, with `negate`)."""
    meta = {"index": index, "type": "exists", "key": field, "negate": negate, "disabled": False}
    return {"meta": meta, "query": {"exists": {"field": field}}}


def custom_filter(query: Body, *, index: str, label: str) -> Body:
    """Any clause, under a name."""
    return {
        "meta": {"index": index, "type": "custom", "alias": label, "negate": False, "disabled": False},
        "query": query,
    }
