"""A datafeed's configuration as PUT and _update read it, with the defaults that servers add."""

from __future__ import annotations

from typing import Any

from ..dates import duration_ms
from ..errors import ElasticsearchError, illegal, unknown_field
from ..mapping import Body
from .naming import bad_request

_KEYS = frozenset(
    "datafeed_id job_id indices indexes query_delay frequency query aggregations aggs script_fields scroll_size"
    " chunking_config delayed_data_check_config max_empty_searches indices_options runtime_mappings".split()
)
_OPTIONS: Body = {
    "expand_wildcards": ["open"],
    "ignore_unavailable": False,
    "allow_no_indices": True,
    "ignore_throttled": True,
}
_ORDER = (
    "datafeed_id job_id query_delay chunking_config indices_options query frequency indices aggregations script_fields"
    " scroll_size delayed_data_check_config max_empty_searches runtime_mappings"
).split()


def _read(body: Body, parser: str) -> Body:
    """The keys that are written, in the form in which they are kept."""
    for key in body:
        if key not in _KEYS:
            raise unknown_field(parser, key)
    if "aggs" in body and "aggregations" in body:
        raise illegal("Found two aggregation definitions: [aggs] and [aggregations]")
    kept = {{"indexes": "indices", "aggs": "aggregations"}.get(key, key): value for key, value in body.items()}
    if "indices" in kept:
        kept["indices"] = [kept["indices"]] if isinstance(kept["indices"], str) else list(kept["indices"] or ())
    if "query" in kept and (not isinstance(kept["query"], dict) or len(kept["query"]) != 1):
        raise ElasticsearchError("x_content_parse_exception", f"[1:1] [{parser}] failed to parse field [query]")
    for key in ("query_delay", "frequency"):
        if key in kept:
            duration_ms(kept[key], key)
    most = kept.get("max_empty_searches")
    if most is not None and (most < -1 or most == 0):
        raise bad_request(f"Invalid max_empty_searches value '{most}' in datafeed configuration")
    if "scroll_size" in kept and kept["scroll_size"] < 0:
        raise bad_request(f"Invalid scroll_size value '{kept['scroll_size']}' in datafeed configuration")
    if kept.get("script_fields") and kept.get("aggregations"):
        raise bad_request("script_fields cannot be used in combination with aggregations")
    if "aggregations" in kept:
        _histogram(kept["aggregations"])
    if "script_fields" in kept:
        kept["script_fields"] = {name: _script_field(field) for name, field in kept["script_fields"].items()}
    if "indices_options" in kept:
        kept["indices_options"] = _options(kept["indices_options"])
    return kept


def _histogram(aggregations: Any) -> None:
    histogram: Body = next(iter(aggregations.values()), {}) if isinstance(aggregations, dict) else {}
    kinds = set(histogram) - {"aggs", "aggregations", "meta"}
    if not kinds & {"date_histogram", "histogram", "composite"}:
        raise bad_request("A date_histogram (or histogram) aggregation is required")


def _script_field(field: Body) -> Body:
    script = field.get("script")
    whole = {"source": script} if isinstance(script, str) else dict(script or {})
    whole.setdefault("lang", "painless")
    return {"script": whole, "ignore_failure": field.get("ignore_failure", False)}


def _options(written: Body) -> Body:
    found = {**_OPTIONS, **written}
    wildcards = found["expand_wildcards"]
    listed = wildcards.split(",") if isinstance(wildcards, str) else wildcards
    known = ("open", "closed", "hidden")
    found["expand_wildcards"] = list(known) if "all" in listed else [name for name in known if name in listed]
    return found


def parsed(id: str, body: Body, delay: int) -> Body:
    """A new datafeed; `delay` is the default of `query_delay` in milliseconds."""
    kept = _read(body, "datafeed_config")
    if not kept.get("indices"):
        raise bad_request("Invalid indices value '[]' in datafeed configuration")
    if kept.get("max_empty_searches") == -1:
        del kept["max_empty_searches"]
    whole = {
        "query_delay": f"{delay}ms",
        "chunking_config": {"mode": "auto"},
        "indices_options": dict(_OPTIONS),
        "query": {"match_all": {}},
        "scroll_size": 1000,
        "delayed_data_check_config": {"enabled": True},
        **{key: value for key, value in kept.items() if value is not None},
        "datafeed_id": id,
    }
    if not whole.get("runtime_mappings"):
        whole.pop("runtime_mappings", None)
    return {key: whole[key] for key in _ORDER if key in whole}


def updated(feed: Body, body: Body) -> Body:
    kept = _read(body, "datafeed_update")
    if kept.get("job_id", feed["job_id"]) != feed["job_id"]:
        raise bad_request("Datafeed's job_id cannot be changed.")
    whole = {**feed, **{key: value for key, value in kept.items() if value is not None}}
    if whole.get("max_empty_searches") == -1:
        del whole["max_empty_searches"]
    if not whole.get("runtime_mappings"):
        whole.pop("runtime_mappings", None)
    return {key: whole[key] for key in _ORDER if key in whole}


def default_delay(job: str) -> int:
    """60 to 120 seconds, always the same for a job: Java's `new Random(id.hashCode()).longs(60000, 120000)`."""
    hashed = 0
    for letter in job:
        hashed = (31 * hashed + ord(letter)) & 0xFFFFFFFF
    state = ((hashed - (1 << 32) if hashed >> 31 else hashed) ^ 0x5DEECE66D) & ((1 << 48) - 1)
    halves = []
    for _ in range(2):
        state = (state * 0x5DEECE66D + 0xB) & ((1 << 48) - 1)
        half = state >> 16
        halves.append(half - (1 << 32) if half >> 31 else half)
    return 60_000 + (((halves[0] << 32) + halves[1]) % (1 << 64) >> 1) % 60_000
