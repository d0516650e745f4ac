"""Machine learning over HTTP: what there is, filters, calendars with their events and jobs."""

from __future__ import annotations

from typing import Any

from .dates import now_ms, parse_date
from .documents import auto_id
from .errors import ElasticsearchError, illegal, unknown_field, validation
from .http import Request, Response, Route, route
from .mapping import Body
from .ml.feeding import CALENDAR, EVENT, FILTER, JOB
from .ml.naming import bad_request, check_id, chosen, conflict, no_calendar, no_filter, same_id
from .node import Node

_MOST = 10_000


def info(node: Node, request: Request) -> Response:
    detectors = {
        "model_memory_limit": "1gb",
        "categorization_examples_limit": 4,
        "model_snapshot_retention_days": 10,
        "daily_model_snapshot_retention_after_days": 1,
    }
    return Response(
        {
            "defaults": {"anomaly_detectors": detectors, "datafeeds": {"scroll_size": 1000}},
            "upgrade_mode": False,
            "native_code": {"version": "esctl sandbox", "build_hash": "none"},
            "limits": {},
        }
    )


def page(request: Request, found: list[Any]) -> list[Any]:
    """The part of a list that is asked for."""
    first, size = request.number("from") or 0, request.number("size")
    size = 100 if size is None else size
    if first < 0 or size < 0:
        name, value = ("from", first) if first < 0 else ("size", size)
        raise illegal(f"Parameter [{name}] cannot be < 0")
    return found[first : first + size]


# filters


def _filter(node: Node, request: Request) -> str:
    id = request.values["id"]
    if id not in node.collection(FILTER):
        raise no_filter(id)
    return id


def _shown_filter(node: Node, id: str) -> Body:
    return {"filter_id": id, **node.collection(FILTER)[id]}


def _keep_filter(node: Node, id: str, description: Any, items: Any) -> Response:
    if len(items) > _MOST:
        raise bad_request(f"Filter [{id}] contains too many items; up to [{_MOST}] items are allowed")
    told = {"description": description} if description is not None else {}
    node.put(FILTER, id, {**told, "items": sorted(set(items))})
    return Response(_shown_filter(node, id))


def put_filter(node: Node, request: Request) -> Response:
    id, body = request.values["id"], request.json(required=True)
    for key in body:
        if key not in ("filter_id", "description", "items"):
            raise unknown_field("ml_filter_params", key)
    same_id(body, id, "filter_id")
    check_id(id, "filter_id")
    if id in node.collection(FILTER):
        raise ElasticsearchError("resource_already_exists_exception", f"A filter with id [{id}] already exists")
    return _keep_filter(node, id, body.get("description"), [str(item) for item in body.get("items") or ()])


def update_filter(node: Node, request: Request) -> Response:
    id, body = _filter(node, request), request.json(required=True)
    for key in body:
        if key not in ("filter_id", "description", "add_items", "remove_items"):
            raise unknown_field("update_filter_params", key)
    kept = node.collection(FILTER)[id]
    items = {*kept["items"], *(body.get("add_items") or ())}
    for item in body.get("remove_items") or ():
        if item not in items:
            raise bad_request(f"Cannot remove item [{item}] as it is not present in filter [{id}]")
        items.discard(item)
    return _keep_filter(node, id, body.get("description", kept.get("description")), items)


def get_filters(node: Node, request: Request) -> Response:
    ids = chosen(node.collection(FILTER), request, "id", no_filter)
    return Response({"count": len(ids), "filters": [_shown_filter(node, id) for id in page(request, ids)]})


def delete_filter(node: Node, request: Request) -> Response:
    id = _filter(node, request)
    users = sorted(name for name, job in node.collection(JOB).items() if id in _filters_of(job))
    if users:
        raise conflict(f"Cannot delete filter [{id}] currently used by jobs [{', '.join(users)}]")
    node.remove(FILTER, id)
    return Response({"acknowledged": True})


def _filters_of(job: Body) -> set[str]:
    return {
        scope["filter_id"]
        for detector in job["analysis_config"]["detectors"]
        for rule in detector.get("custom_rules", ())
        for scope in (rule.get("scope") or {}).values()
    }


# calendars


def _calendar(node: Node, request: Request) -> str:
    id = request.values["id"]
    if id not in node.collection(CALENDAR):
        raise no_calendar(id)
    return id


def _shown_calendar(node: Node, id: str) -> Body:
    return {"calendar_id": id, **node.collection(CALENDAR)[id]}


def put_calendar(node: Node, request: Request) -> Response:
    id, body = request.values["id"], request.json()
    for key in body:
        if key not in ("calendar_id", "description", "job_ids"):
            raise unknown_field("calendar", key)
    same_id(body, id, "calendar_id")
    check_id(id, "calendar_id")
    if id in node.collection(CALENDAR):
        raise bad_request(f"Cannot create calendar with id [{id}] as it already exists")
    told = {"description": body["description"]} if body.get("description") is not None else {}
    node.put(CALENDAR, id, {"job_ids": list(dict.fromkeys(body.get("job_ids") or ())), **told})
    return Response(_shown_calendar(node, id))


def get_calendars(node: Node, request: Request) -> Response:
    ids = chosen(node.collection(CALENDAR), request, "id", no_calendar)
    return Response({"count": len(ids), "calendars": [_shown_calendar(node, id) for id in page(request, ids)]})


def delete_calendar(node: Node, request: Request) -> Response:
    id = _calendar(node, request)
    for event_id, event in list(node.collection(EVENT).items()):
        if event["calendar_id"] == id:
            node.remove(EVENT, event_id)
    node.remove(CALENDAR, id)
    return Response({"acknowledged": True})


def put_calendar_jobs(node: Node, request: Request) -> Response:
    id = _calendar(node, request)
    kept = node.collection(CALENDAR)[id]
    jobs = list(dict.fromkeys([*kept["job_ids"], *request.names("jobs")]))
    node.put(CALENDAR, id, {**kept, "job_ids": jobs})
    return Response(_shown_calendar(node, id))


def delete_calendar_jobs(node: Node, request: Request) -> Response:
    id = _calendar(node, request)
    kept = node.collection(CALENDAR)[id]
    jobs = list(kept["job_ids"])
    for job in request.names("jobs"):
        if job not in jobs:
            raise bad_request(f"Cannot remove [{job}] as it is not present in calendar [{id}]")
        jobs.remove(job)
    node.put(CALENDAR, id, {**kept, "job_ids": jobs})
    return Response(_shown_calendar(node, id))


def post_events(node: Node, request: Request) -> Response:
    id, body = request.values["id"], request.json(required=True)
    events = body.get("events")
    if not events:
        raise validation("At least 1 event is required")
    _calendar(node, request)
    made = [_event(id, event) for event in events]
    for event in made:
        node.put(EVENT, auto_id(), event)
    return Response({"events": made})


def _event(calendar: str, body: Body) -> Body:
    for key in body:
        if (
            key
            not in (
                "description start_time end_time calendar_id skip_result skip_model_update force_time_shift event_id"
            ).split()
        ):
            raise unknown_field("scheduled_event", key)
    if body.get("calendar_id", calendar) != calendar:
        raise illegal(
            f"Inconsistent calendar_id; '{body['calendar_id']}' specified in the body differs from '{calendar}'"
            " specified as a URL argument"
        )
    for key in ("description", "start_time", "end_time"):
        if body.get(key) is None:
            raise bad_request(f"Field [{key}] cannot be null")
    start, end = (moment(body[key], key) for key in ("start_time", "end_time"))
    if start is None or end is None or start >= end:
        raise bad_request(f"Event start time [{body['start_time']}] must come before end time [{body['end_time']}]")
    told: Body = {
        "description": body["description"],
        "start_time": start,
        "end_time": end,
        "skip_result": body.get("skip_result", True),
        "skip_model_update": body.get("skip_model_update", True),
    }
    if body.get("force_time_shift") is not None:
        told["force_time_shift"] = body["force_time_shift"]
    return {**told, "calendar_id": calendar}


def moment(value: Any, name: str) -> int | None:
    """Milliseconds of a time in a body or parameter: ISO 8601, a number, `now`."""
    if value in (None, ""):
        return None
    if value == "now":
        return now_ms()
    try:
        return parse_date(value, "epoch_millis||strict_date_optional_time")
    except ElasticsearchError:
        raise ElasticsearchError(
            "parse_exception",
            f"Query param [{name}] with value [{value}] cannot be parsed as a date or converted to a number (epoch).",
        ) from None


def get_events(node: Node, request: Request) -> Response:
    job = request.params.get("job_id")
    if job is not None and request.values["id"] not in ("_all", "*"):
        raise validation("job_id cannot be used unless calendar_id is '_all' or '*'")
    ids = chosen(node.collection(CALENDAR), request, "id", no_calendar)
    if job is not None:
        names = {job, *node.collection(JOB).get(job, {}).get("groups", ())}
        ids = [id for id in ids if names & set(node.collection(CALENDAR)[id]["job_ids"])]
    after, before = (moment(request.params.get(key), key) for key in ("start", "end"))
    events = [
        {**event, "event_id": event_id}
        for event_id, event in node.collection(EVENT).items()
        if event["calendar_id"] in ids
        and (after is None or event["end_time"] > after)
        and (before is None or event["start_time"] < before)
    ]
    events.sort(key=lambda event: (event["start_time"], event["description"]))
    return Response({"count": len(events), "events": page(request, events)})


def delete_event(node: Node, request: Request) -> Response:
    id, event_id = _calendar(node, request), request.values["event"]
    event = node.collection(EVENT).get(event_id)
    if event is None:
        raise ElasticsearchError("resource_not_found_exception", f"No event with id [{event_id}]", status=404)
    if event["calendar_id"] != id:
        raise bad_request(f"Event [{event_id}] is not in calendar [{id}]")
    node.remove(EVENT, event_id)
    return Response({"acknowledged": True})


_PAGE = "from size"

ROUTES: list[Route] = [
    route("GET", "/_ml/info", info),
    route("GET", "/_ml/filters", get_filters, _PAGE),
    route("GET", "/_ml/filters/{id}", get_filters, _PAGE),
    route("PUT", "/_ml/filters/{id}", put_filter),
    route("DELETE", "/_ml/filters/{id}", delete_filter),
    route("POST", "/_ml/filters/{id}/_update", update_filter),
    route("GET POST", "/_ml/calendars", get_calendars, _PAGE),
    route("GET POST", "/_ml/calendars/{id}", get_calendars, _PAGE),
    route("PUT", "/_ml/calendars/{id}", put_calendar),
    route("DELETE", "/_ml/calendars/{id}", delete_calendar),
    route("PUT", "/_ml/calendars/{id}/jobs/{jobs}", put_calendar_jobs),
    route("DELETE", "/_ml/calendars/{id}/jobs/{jobs}", delete_calendar_jobs),
    route("POST", "/_ml/calendars/{id}/events", post_events),
    route("GET", "/_ml/calendars/{id}/events", get_events, f"{_PAGE} start end job_id"),
    route("DELETE", "/_ml/calendars/{id}/events/{event}", delete_event),
]
