"""A datafeed's work: the documents since its job's last record, in buckets, to the detection; caught up when asked."""

from __future__ import annotations

from typing import Any

from ..api_by_query import found
from ..dates import duration_ms, now_ms, parse_date
from ..dotted import at
from ..errors import ElasticsearchError, unsupported
from ..mapping import Body
from ..names import resolve
from ..node import Index, Node
from ..sources import whole_source
from . import detection, notices, results
from .job_config import span_ms
from .naming import bad_request

JOB, JOB_STATE = "ml_job", "ml_job_state"
FEED, FEED_STATE = "ml_datafeed", "ml_datafeed_state"
FILTER, CALENDAR, EVENT = "ml_filter", "ml_calendar", "ml_calendar_event"

NEW: Body = {
    "state": "closed",
    "open_time": None,
    "records": 0,
    "fields": 0,
    "bytes": 0,
    "missing": 0,
    "invalid": 0,
    "buckets": 0,
    "empty": 0,
    "earliest": None,
    "latest": None,
    "latest_bucket": None,
    "last_data": None,
    "next": None,
    "pending": [],
    "model": {},
}
STILL: Body = {"state": "stopped", "start": None, "end": None, "searches": 0, "searched": None}


def sources(node: Node, id: str) -> list[Index]:
    """The indices of a datafeed; raises ElasticsearchError where one is missing."""
    feed = node.collection(FEED)[id]
    for name in feed["indices"]:
        if "*" not in name:
            try:
                resolve(node, [name])
            except ElasticsearchError:
                reason = f"datafeed [{id}] cannot retrieve data because index [{name}] does not exist"
                raise bad_request(reason) from None
    return resolve(node, feed["indices"])


def check(node: Node, id: str) -> None:
    """Whether a datafeed can run: its indices, its fields, what the sandbox computes; raises ElasticsearchError."""
    feed = node.collection(FEED)[id]
    job = node.collection(JOB)[feed["job_id"]]
    for key in ("aggregations", "script_fields", "runtime_mappings"):
        if feed.get(key):
            raise unsupported(f"[{key}] of a datafeed that runs")
    indices = sources(node, id)
    for name in [job["data_description"]["time_field"], *detection.fields(job)]:
        if indices and not any(index.mapping.field(name) for index in indices):
            raise bad_request(f"datafeed [{id}] cannot retrieve field [{name}] because it has no mappings")


def catch_up(node: Node, id: str) -> None:
    """What a datafeed that runs has to do by now; one with an end stops there and closes its job."""
    state = node.collection(FEED_STATE)[id]
    if state["state"] != "started":
        return
    feed = node.collection(FEED)[id]
    now = now_ms()
    until = now - duration_ms(feed["query_delay"], "query_delay")
    if state["end"] is not None:
        until = min(state["end"], now)
    read(node, id, until)
    state = node.collection(FEED_STATE)[id]
    if state["end"] is not None and state["end"] <= now:
        job = feed["job_id"]
        notices.tell(node, job, "Datafeed lookback completed")
        stop(node, id)
        close(node, job)


def stop(node: Node, id: str) -> None:
    state = node.collection(FEED_STATE)[id]
    if state["state"] == "started":
        node.put(FEED_STATE, id, {**state, "state": "stopped"})
        notices.tell(node, node.collection(FEED)[id]["job_id"], "Datafeed stopped")


def close(node: Node, job: str) -> None:
    state = node.collection(JOB_STATE)[job]
    if state["state"] != "closed":
        node.put(JOB_STATE, job, {**state, "state": "closed", "open_time": None})
        notices.tell(node, job, "Job is closing")


def rows(node: Node, id: str, low: int | None, high: int) -> list[detection.Row]:
    """The documents of a datafeed from `low` up to (not with) `high`, by time; what has no time is left out."""
    feed = node.collection(FEED)[id]
    job = node.collection(JOB)[feed["job_id"]]
    time_field = job["data_description"]["time_field"]
    summed = job["analysis_config"].get("summary_count_field_name")
    bounds: Body = {"lt": high, "format": "epoch_millis", **({"gte": low} if low is not None else {})}
    query = {"bool": {"filter": [feed["query"], {"range": {time_field: bounds}}]}}
    named, told = detection.fields(job), []
    for index, stored in found(node, sources(node, id), query, None):
        source = whole_source(stored)
        definition = index.mapping.field(time_field)
        format = str(definition.get("format") or "") if definition else ""
        moment = _first(at(source, time_field))
        if moment is None:
            continue
        row = {"t": parse_date(moment, format or "strict_date_optional_time||epoch_millis"), "w": 1.0}
        for name in named:
            row[name] = _first(
                at(source, name.removesuffix(".keyword")) if at(source, name) is None else at(source, name)
            )
        if summed:
            row["w"] = float(row[summed] or 0)
        row["_bytes"] = len(stored.source or b"")
        told.append(row)
    return sorted(told, key=lambda row: row["t"])


def _first(value: Any) -> Any:
    return (value[0] if value else None) if isinstance(value, list) else value


def read(node: Node, id: str, until: int) -> None:
    """Hand over what has come since the last record; look at every bucket that is over."""
    feed, running = node.collection(FEED)[id], node.collection(FEED_STATE)[id]
    name = feed["job_id"]
    job, state = node.collection(JOB)[name], dict(node.collection(JOB_STATE)[name])
    start = running["start"]
    low = start if state["latest"] is None else max(state["latest"] + 1, start or 0)
    came = rows(node, id, low, until) if low is None or low < until else []
    state["records"] += len(came)
    state["bytes"] += sum(row.pop("_bytes") for row in came)
    values = [value for row in came for key, value in row.items() if key not in ("t", "w")]
    state["fields"] += len(values) + len(came)
    state["missing"] += sum(value is None for value in values)
    if came:
        state["earliest"] = came[0]["t"] if state["earliest"] is None else state["earliest"]
        state["latest"] = came[-1]["t"]
        state["last_data"] = now_ms()
    state["pending"] = [*state["pending"], *came]
    _finish(node, name, job, state, until)
    node.put(JOB_STATE, name, state)
    searched = {"start_ms": low if low is not None else state["earliest"] or 0, "end_ms": until}
    node.put(FEED_STATE, id, {**running, "searches": running["searches"] + 1, "searched": searched})


def _finish(node: Node, name: str, job: Body, state: Body, until: int) -> None:
    """Every bucket that ends by `until`, the empty ones between records too."""
    span, pending = span_ms(job), state["pending"]
    if not pending:
        return
    model, documents = state["model"], []
    start = pending[0]["t"] // span * span if state["next"] is None else state["next"]
    pending = [row for row in pending if row["t"] >= start]  # what comes too late for its bucket is dropped
    last = pending[-1]["t"] // span * span if pending else start - span
    skipped = _skipping(node, name, job, span)
    position = 0
    while start <= last and start + span <= until:
        end = position
        while end < len(pending) and pending[end]["t"] < start + span:
            end += 1
        inside = pending[position:end]
        position = end
        documents += detection.bucket(job, start, span, inside, model, skipped).documents
        state["buckets"] += 1
        state["empty"] += not inside
        state["latest_bucket"] = start
        start += span
    state["pending"] = pending[position:]
    state["next"] = start
    results.write(node, name, job, documents)


def _skipping(node: Node, name: str, job: Body, span: int) -> detection.Skipped:
    """Custom rules and calendars."""
    groups = {name, "_all", *job.get("groups", ())}
    calendars = {id for id, one in node.collection(CALENDAR).items() if groups & set(one["job_ids"])}
    events = [event for event in node.collection(EVENT).values() if event["calendar_id"] in calendars]

    def skipped(detector: Body, record: Body, start: float) -> tuple[bool, bool]:
        hide = unlearned = False
        for event in events:
            if event["start_time"] < start + span and start < event["end_time"]:
                hide |= event["skip_result"]
                unlearned |= event["skip_model_update"]
        for rule in detector.get("custom_rules", ()):
            if _holds(node, rule, record, start):
                hide |= "skip_result" in rule["actions"]
                unlearned |= "skip_model_update" in rule["actions"]
        return hide, unlearned

    return skipped


def _holds(node: Node, rule: Body, record: Body, start: float) -> bool:
    for field, scope in (rule.get("scope") or {}).items():
        items = node.collection(FILTER).get(scope["filter_id"], {}).get("items", ())
        value = next(
            (
                record.get(f"{p}_field_value")
                for p in ("partition", "over", "by")
                if record.get(f"{p}_field_name") == field
            ),
            None,
        )
        inside = any(str(value) == item or (item.startswith("*") and str(value).endswith(item[1:])) for item in items)
        if inside != (scope["filter_type"] == "include"):
            return False
    actual, typical = record["actual"][0], record["typical"][0]
    sides = {"actual": actual, "typical": typical, "diff_from_typical": abs(actual - typical), "time": start / 1000}
    tests = {"gt": float.__gt__, "gte": float.__ge__, "lt": float.__lt__, "lte": float.__le__}
    return all(
        tests[condition["operator"]](float(sides[condition["applies_to"]]), float(condition["value"]))
        for condition in rule.get("conditions") or ()
    )
