"""Anomaly jobs over HTTP: jobs, datafeeds, their states and statistics, and what they found."""

from __future__ import annotations

from typing import Any

from .api_ml import moment, page
from .http import Request, Response, Route, route
from .mapping import Body
from .ml import feeding, jobs, results
from .ml.feeding import FEED, FEED_STATE, JOB, JOB_STATE
from .ml.naming import chosen, no_datafeed, no_job
from .node import Node


def _job(node: Node, request: Request) -> str:
    id = request.values["id"]
    if id not in node.collection(JOB):
        raise no_job(id)
    return id


def _feed(node: Node, request: Request) -> str:
    id = request.values["id"]
    if id not in node.collection(FEED):
        raise no_datafeed(id)
    return id


def put_job(node: Node, request: Request) -> Response:
    return Response(jobs.put_job(node, request.values["id"], request.json(required=True)))


def update_job(node: Node, request: Request) -> Response:
    return Response(jobs.update_job(node, _job(node, request), request.json(required=True)))


def get_jobs(node: Node, request: Request) -> Response:
    ids, generated = chosen(node.collection(JOB), request, "id", no_job), not request.flag("exclude_generated")
    return Response({"count": len(ids), "jobs": [jobs.shown_job(node, id, generated=generated) for id in ids]})


def get_job_stats(node: Node, request: Request) -> Response:
    ids = chosen(node.collection(JOB), request, "id", no_job)
    return Response({"count": len(ids), "jobs": [jobs.job_stats(node, id) for id in ids]})


def open_job(node: Node, request: Request) -> Response:
    jobs.open_job(node, _job(node, request))
    return Response({"opened": True, "node": "sandbox"})


def close_job(node: Node, request: Request) -> Response:
    for id in chosen(node.collection(JOB), request, "id", no_job):
        jobs.close_job(node, id)
    return Response({"closed": True})


def delete_job(node: Node, request: Request) -> Response:
    jobs.delete_job(node, _job(node, request), force=request.flag("force"))
    return Response({"acknowledged": True})


def reset_job(node: Node, request: Request) -> Response:
    jobs.reset_job(node, _job(node, request))
    return Response({"acknowledged": True})


def put_datafeed(node: Node, request: Request) -> Response:
    return Response(jobs.put_datafeed(node, request.values["id"], request.json(required=True)))


def update_datafeed(node: Node, request: Request) -> Response:
    return Response(jobs.update_datafeed(node, _feed(node, request), request.json(required=True)))


def get_datafeeds(node: Node, request: Request) -> Response:
    ids, generated = chosen(node.collection(FEED), request, "id", no_datafeed), not request.flag("exclude_generated")
    shown = [jobs.shown_datafeed(node, id, generated=generated) for id in ids]
    return Response({"count": len(ids), "datafeeds": shown})


def get_datafeed_stats(node: Node, request: Request) -> Response:
    ids = chosen(node.collection(FEED), request, "id", no_datafeed)
    return Response({"count": len(ids), "datafeeds": [jobs.datafeed_stats(node, id) for id in ids]})


def start_datafeed(node: Node, request: Request) -> Response:
    id, body = _feed(node, request), request.json()
    start, end = (moment(request.params.get(key, body.get(key)), key) for key in ("start", "end"))
    jobs.start_datafeed(node, id, start, end)
    return Response({"started": True, "node": "sandbox"})


def stop_datafeed(node: Node, request: Request) -> Response:
    for id in chosen(node.collection(FEED), request, "id", no_datafeed):
        feeding.catch_up(node, id)
        lookback = node.collection(FEED_STATE)[id]["end"] is not None
        feeding.stop(node, id)
        if lookback:  # a datafeed with an end closes its job however it stops
            feeding.close(node, node.collection(FEED)[id]["job_id"])
    return Response({"stopped": True})


def delete_datafeed(node: Node, request: Request) -> Response:
    jobs.delete_datafeed(node, _feed(node, request), force=request.flag("force"))
    return Response({"acknowledged": True})


def preview_datafeed(node: Node, request: Request) -> Response:
    id = _feed(node, request)
    feeding.check(node, id)
    time_field = node.collection(JOB)[node.collection(FEED)[id]["job_id"]]["data_description"]["time_field"]
    start, end = (moment(request.params.get(key), key) for key in ("start", "end"))
    found = feeding.rows(node, id, start, end if end is not None else 1 << 53)[:1000]
    shown = [{time_field: row["t"], **{k: v for k, v in row.items() if k not in ("t", "w", "_bytes")}} for row in found]
    return Response(shown)


_SORTS = {"bucket": "timestamp", "record": "record_score", "influencer": "influencer_score"}


def _results(kind: str, key: str, score: str) -> Any:
    def handler(node: Node, request: Request) -> Response:
        id, body = _job(node, request), request.json()

        def asked(name: str) -> Any:
            return request.params.get(name, body.get(name))

        feed = jobs.feed_of(node, id)
        if feed is not None:
            feeding.catch_up(node, feed)
        low, high = (moment(asked(name), name) for name in ("start", "end"))
        filters: list[Body] = []
        if low is not None or high is not None:
            bounds = {k: v for k, v in (("gte", low), ("lt", high)) if v is not None}
            filters.append({"range": {"timestamp": {**bounds, "format": "epoch_millis"}}})
        if asked(score) is not None:
            filters.append({"range": {score: {"gte": float(asked(score))}}})
        if "at" in request.values:
            at = moment(request.values["at"], "timestamp")
            filters.append({"range": {"timestamp": {"gte": at, "lte": at, "format": "epoch_millis"}}})
        found = results.read(node, id, node.collection(JOB)[id], kind, filters)
        sort = asked("sort") or _SORTS[kind]
        down = str(asked("desc")).lower() == "true" if asked("desc") is not None else kind != "bucket"
        found.sort(key=lambda one: (one.get(sort) or 0, one["timestamp"]), reverse=down)
        shown = page(request, found)
        if isinstance(body.get("page"), dict):
            first = body["page"].get("from", 0)
            shown = found[first : first + body["page"].get("size", 100)]
        return Response({"count": len(found), key: shown})

    return handler


def _flushed(node: Node, request: Request) -> Response:
    id = _job(node, request)
    feed = jobs.feed_of(node, id)
    if feed is not None:
        feeding.catch_up(node, feed)
    latest = node.collection(JOB_STATE)[id]["latest_bucket"]
    return Response({"flushed": True, **({"last_finalized_bucket_end": latest} if latest is not None else {})})


_JOB, _FEED = "/_ml/anomaly_detectors", "/_ml/datafeeds"
_READ = "allow_no_match exclude_generated"
_INDICES = "allow_no_indices expand_wildcards ignore_throttled ignore_unavailable"
_FOUND = "desc end exclude_interim from size sort start anomaly_score record_score influencer_score expand"

ROUTES: list[Route] = [
    route("GET", _JOB, get_jobs, _READ),
    route("GET", f"{_JOB}/_stats", get_job_stats, _READ),
    route("GET", f"{_JOB}/{{id}}", get_jobs, _READ),
    route("PUT", f"{_JOB}/{{id}}", put_job, _INDICES),
    route("DELETE", f"{_JOB}/{{id}}", delete_job, "force delete_user_annotations wait_for_completion"),
    route("GET", f"{_JOB}/{{id}}/_stats", get_job_stats, _READ),
    route("POST", f"{_JOB}/{{id}}/_update", update_job),
    route("POST", f"{_JOB}/{{id}}/_open", open_job, "timeout"),
    route("POST", f"{_JOB}/{{id}}/_close", close_job, "allow_no_match force timeout"),
    route("POST", f"{_JOB}/{{id}}/_reset", reset_job, "wait_for_completion delete_user_annotations"),
    route("POST", f"{_JOB}/{{id}}/_flush", _flushed, "advance_time calc_interim end skip_time start"),
    route("GET POST", f"{_JOB}/{{id}}/results/buckets", _results("bucket", "buckets", "anomaly_score"), _FOUND),
    route("GET POST", f"{_JOB}/{{id}}/results/buckets/{{at}}", _results("bucket", "buckets", "anomaly_score"), _FOUND),
    route("GET POST", f"{_JOB}/{{id}}/results/records", _results("record", "records", "record_score"), _FOUND),
    route(
        "GET POST",
        f"{_JOB}/{{id}}/results/influencers",
        _results("influencer", "influencers", "influencer_score"),
        _FOUND,
    ),
    route("GET", _FEED, get_datafeeds, _READ),
    route("GET", f"{_FEED}/_stats", get_datafeed_stats, _READ),
    route("GET", f"{_FEED}/{{id}}", get_datafeeds, _READ),
    route("PUT", f"{_FEED}/{{id}}", put_datafeed, _INDICES),
    route("DELETE", f"{_FEED}/{{id}}", delete_datafeed, "force"),
    route("GET", f"{_FEED}/{{id}}/_stats", get_datafeed_stats, _READ),
    route("POST", f"{_FEED}/{{id}}/_update", update_datafeed, _INDICES),
    route("POST", f"{_FEED}/{{id}}/_start", start_datafeed, "start end timeout"),
    route("POST", f"{_FEED}/{{id}}/_stop", stop_datafeed, "allow_no_match force timeout close_job"),
    route("GET POST", f"{_FEED}/{{id}}/_preview", preview_datafeed, "start end"),
]
