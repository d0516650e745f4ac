"""The datafeed of an anomaly job: one form for what is written and read, and what changes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..model import Body
from .differences import same
from .durations import milliseconds, shortest
from .ml_times import told
from .normalise import copy

OWN = ("state", "start", "end")
"""Keys beside Elastic's body: whether it runs, and what it is started with."""

CLEARED: Body = {
    "query": {"match_all": {}},
    "script_fields": {},
    "runtime_mappings": {},
    "scroll_size": 1000,
    "max_empty_searches": -1,
    "delayed_data_check_config": {"enabled": True},
    "indices_options": {
        "expand_wildcards": ["open"],
        "ignore_unavailable": False,
        "allow_no_indices": True,
        "ignore_throttled": True,
    },
}
"""What `_update` is told for a part that is no longer written."""

LASTING = ("frequency", "aggregations", "chunking_config")
"""What no `_update` takes away: the datafeed is made anew. Its position is the job's, and stays."""

_WILDCARDS = ("open", "closed", "hidden")


def normalised(feed: Body, job: Any) -> Body:
    """One form (row 14); `job` is the job's id where it is known: the default of `query_delay` follows from it."""
    feed = {key: value for key, value in feed.items() if value is not None}
    for key in ("job_id", "authorization", "headers", "config_type", "create_time"):
        feed.pop(key, None)
    if "indexes" in feed:
        feed.setdefault("indices", feed.pop("indexes"))
    if isinstance(feed.get("indices"), str):
        feed["indices"] = feed["indices"].split(",")
    if "aggs" in feed:
        feed.setdefault("aggregations", feed.pop("aggs"))
    if "aggregations" in feed:
        feed["aggregations"] = _aggregations(feed["aggregations"])
    if "query" in feed:
        feed["query"] = query(feed["query"])
    for key in ("query_delay", "frequency"):
        length = milliseconds(feed.get(key))
        if length is not None:
            feed[key] = shortest(length)
    if isinstance(job, str) and feed.get("query_delay") == shortest(default_delay(job)):
        del feed["query_delay"]
    for key in ("start", "end"):
        if key in feed:
            feed[key] = told(feed[key])
    if isinstance(feed.get("script_fields"), dict):
        feed["script_fields"] = {name: _script_field(field) for name, field in feed["script_fields"].items()}
    if isinstance(feed.get("runtime_mappings"), dict):
        feed["runtime_mappings"] = {name: _scripted(field) for name, field in feed["runtime_mappings"].items()}
    if isinstance(feed.get("indices_options"), dict):
        feed["indices_options"] = _options(feed["indices_options"])
    for key, default in (*CLEARED.items(), ("chunking_config", {"mode": "auto"}), ("indices_options", {})):
        if key in feed and same(feed[key], default):
            del feed[key]
    return feed


def default_delay(job: str) -> int:
    """The `query_delay` in milliseconds that Elasticsearch gives a job's datafeed: 60 to 120 s, by the hash of its id.

    `new Random(jobId.hashCode()).longs(60000, 120000).findFirst()`, with Java's linear congruential generator.
    """
    hashed = 0
    units = job.encode("utf-16-be")
    for high, low in zip(units[::2], units[1::2], strict=True):
        hashed = (31 * hashed + (high << 8 | low)) & 0xFFFFFFFF
    signed = hashed - (1 << 32) if hashed >> 31 else hashed
    seed = (signed ^ 0x5DEECE66D) & ((1 << 48) - 1)
    span = 60_000
    while True:
        seed = (seed * 0x5DEECE66D + 0xB) & ((1 << 48) - 1)
        upper = _signed(seed >> 16)
        seed = (seed * 0x5DEECE66D + 0xB) & ((1 << 48) - 1)
        bits = ((upper << 32) + _signed(seed >> 16) & (1 << 64) - 1) >> 1
        found = bits % span
        if bits + span - 1 - found < 1 << 63:
            return 60_000 + found


def _signed(value: int) -> int:
    return value - (1 << 32) if value >> 31 else value


def query(value: Any) -> Any:
    """A query in its short form: servers write shorthands out and add a boost of 1."""
    if not isinstance(value, dict) or len(value) != 1:
        return value
    ((kind, body),) = value.items()
    if not isinstance(body, dict):
        return value
    body = {key: part for key, part in body.items() if not (key == "boost" and part == 1)}
    if kind == "bool":
        short: Body = {}
        for key, part in body.items():
            if key in ("must", "filter", "should", "must_not"):
                parts = part if isinstance(part, list) else [part]
                if parts:
                    short[key] = [query(one) for one in parts]
            elif not (key == "adjust_pure_negative" and part is True):
                short[key] = part
        return {"bool": short}
    if kind in ("constant_score", "nested") and "filter" in body:
        return {kind: {**body, "filter": query(body["filter"])}}
    if len(body) == 1 and kind in _SHORT:
        ((field, part),) = body.items()
        if isinstance(part, dict) and set(part) - {"boost"} == {_SHORT[kind]} and part.get("boost", 1) == 1:
            return {kind: {field: part[_SHORT[kind]]}}
    if kind == "range" and len(body) == 1:
        ((field, part),) = body.items()
        return {"range": {field: {k: v for k, v in part.items() if not (k == "boost" and v == 1)}}}
    return {kind: body}


_SHORT = {"term": "value", "prefix": "value", "wildcard": "value", "match": "query", "match_phrase": "query"}


def _aggregations(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    found = {}
    for name, aggregation in value.items():
        if isinstance(aggregation, dict):
            aggregation = dict(aggregation)
            if "aggs" in aggregation:
                aggregation.setdefault("aggregations", aggregation.pop("aggs"))
            if "aggregations" in aggregation:
                aggregation["aggregations"] = _aggregations(aggregation["aggregations"])
        found[name] = aggregation
    return found


def _scripted(field: Any) -> Any:
    if not isinstance(field, dict) or "script" not in field:
        return field
    script = field["script"]
    if isinstance(script, str):
        script = {"source": script}
    if isinstance(script, dict) and script.get("lang") == "painless":
        script = {key: value for key, value in script.items() if key != "lang"}
    return {**field, "script": script}


def _script_field(field: Any) -> Any:
    field = _scripted(field)
    if isinstance(field, dict) and field.get("ignore_failure") is False:
        field = {key: value for key, value in field.items() if key != "ignore_failure"}
    return field


def _options(options: Body) -> Body:
    kept = dict(options)
    wildcards = kept.get("expand_wildcards")
    if wildcards is not None:
        listed = wildcards.split(",") if isinstance(wildcards, str) else list(wildcards)
        named = _WILDCARDS if "all" in listed else [name for name in _WILDCARDS if name in listed]
        kept["expand_wildcards"] = list(named)
    defaults = CLEARED["indices_options"]
    return {key: value for key, value in kept.items() if key not in defaults or value != defaults[key]}


def update(before: Body, after: Body, written: Body, job: str) -> Body | None:
    """What `_update` is told, from one normal form to another; None where the datafeed has to be made anew."""
    told_: Body = {}
    for key in _changed(before, after):
        if key == "datafeed_id" or (key not in after and key in LASTING):
            return None
        if key in after:
            told_[key] = copy(after[key] if key == "indices" else written.get(key, after[key]))
        else:
            told_[key] = copy(CLEARED[key]) if key in CLEARED else f"{default_delay(job)}ms"
    return told_


def _changed(before: Body, after: Body) -> Iterator[str]:
    for key in [*after, *(key for key in before if key not in after)]:
        if key not in OWN and not same(before.get(key), after.get(key)):
            yield key
