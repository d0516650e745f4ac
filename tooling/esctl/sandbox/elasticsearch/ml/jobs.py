"""Anomaly jobs and their datafeeds: made, changed, opened, started, stopped, closed, deleted; and how they stand."""

from __future__ import annotations

from ..dates import iso, now_ms
from ..errors import ElasticsearchError, illegal, validation
from ..mapping import Body
from ..node import Node
from . import datafeed_config, detection, job_config, notices, results
from .feeding import CALENDAR, FEED, FEED_STATE, JOB, JOB_STATE, NEW, STILL, catch_up, check, close, stop
from .naming import check_id, conflict, no_job, same_id

NODE: Body = {
    "id": "sandbox",
    "name": "sandbox",
    "ephemeral_id": "sandbox",
    "transport_address": "127.0.0.1:9300",
    "attributes": {},
}


def feed_of(node: Node, job: str) -> str | None:
    """The id of a job's datafeed."""
    return next((id for id, feed in node.collection(FEED).items() if feed["job_id"] == job), None)


def put_job(node: Node, id: str, body: Body) -> Body:
    config = job_config.parsed(id, body)
    if id in node.collection(JOB):
        reason = f"The job cannot be created with the Id '{id}'. The Id is already used."
        raise ElasticsearchError("resource_already_exists_exception", reason)
    job_config.check_groups(node, id, config.get("groups", []))
    feed = body.get("datafeed_config")
    if feed is not None:
        feed_id = feed.get("datafeed_id", id)
        _check_feed(node, feed_id, {**feed, "job_id": id})
        datafeed_config.parsed(feed_id, {**feed, "job_id": id}, 0)
    made = {"job_type": "anomaly_detector", "job_version": node.version.number, "create_time": now_ms()}
    node.put(JOB, id, {**made, **config})
    node.put(JOB_STATE, id, NEW)
    results.make_index(node, id, config)
    notices.tell(node, id, "Job created")
    if feed is not None:
        put_datafeed(node, feed_id, {**feed, "job_id": id})
    return shown_job(node, id)


def update_job(node: Node, id: str, body: Body) -> Body:
    job, state = node.collection(JOB)[id], node.collection(JOB_STATE)[id]
    after = job_config.updated(node, id, job, body, opened=state["state"] != "closed")
    node.put(JOB, id, after)
    notices.tell(node, id, f"Job updated: [{', '.join(sorted(key for key in body if key != 'job_id'))}]")
    return shown_job(node, id)


def shown_job(node: Node, id: str, *, generated: bool = True) -> Body:
    job = dict(node.collection(JOB)[id])
    feed = feed_of(node, id)
    if feed is not None:
        job["datafeed_config"] = shown_datafeed(node, feed, generated=generated)
    if not generated:
        for key in ("job_type", "job_version", "create_time"):
            job.pop(key)
    return {"job_id": id, **job}


def open_job(node: Node, id: str) -> None:
    state = node.collection(JOB_STATE)[id]
    if state["state"] == "opened":
        raise conflict(f"Cannot open job [{id}] because it has already been opened")
    refusal = detection.refused(node.collection(JOB)[id])
    if refusal is not None:
        raise refusal
    node.put(JOB_STATE, id, {**state, "state": "opened", "open_time": now_ms()})
    notices.tell(node, id, f"Opening job. {notices.ANOMALIES}")


def close_job(node: Node, id: str) -> None:
    """Its datafeed is stopped first, as servers since 7.14 do."""
    feed = feed_of(node, id)
    if feed is not None:
        stop(node, feed)
    close(node, id)


def delete_job(node: Node, id: str, *, force: bool) -> None:
    state, feed = node.collection(JOB_STATE)[id], feed_of(node, id)
    if state["state"] != "closed" and not force:
        raise conflict(f"Cannot delete job [{id}] because the job is {state['state']}")
    if feed is not None:
        delete_datafeed(node, feed, force=force)
    results.forget(node, id, node.collection(JOB)[id], aliases=True)
    for name, calendar in list(node.collection(CALENDAR).items()):
        if id in calendar["job_ids"]:
            left = [job for job in calendar["job_ids"] if job != id]
            node.put(CALENDAR, name, {**calendar, "job_ids": left})
    node.remove(JOB, id)
    node.remove(JOB_STATE, id)
    notices.tell(node, id, "Job deleted")


def reset_job(node: Node, id: str) -> None:
    if node.collection(JOB_STATE)[id]["state"] != "closed":
        raise conflict("Can only reset a job when it is closed.")
    results.forget(node, id, node.collection(JOB)[id], aliases=False)
    node.put(JOB_STATE, id, NEW)
    notices.tell(node, id, "Job has been reset")


# datafeeds


def put_datafeed(node: Node, id: str, body: Body) -> Body:
    _check_feed(node, id, body)
    job = body.get("job_id")
    if job not in node.collection(JOB):
        raise no_job(str(job))
    other = feed_of(node, str(job))
    if other is not None:
        raise conflict(f"A datafeed [{other}] already exists for job [{job}]")
    node.put(FEED, id, datafeed_config.parsed(id, body, datafeed_config.default_delay(str(job))))
    node.put(FEED_STATE, id, STILL)
    return shown_datafeed(node, id)


def _check_feed(node: Node, id: str, body: Body) -> None:
    check_id(id, "datafeed_id")
    same_id(body, id, "datafeed_id")
    if "job_id" not in body:
        raise illegal("Required [job_id]")
    if id in node.collection(FEED):
        raise ElasticsearchError("resource_already_exists_exception", f"A datafeed with id [{id}] already exists")


def update_datafeed(node: Node, id: str, body: Body) -> Body:
    state = node.collection(FEED_STATE)[id]["state"]
    if state != "stopped":
        raise conflict(f"Cannot update datafeed [{id}] while its status is {state}")
    node.put(FEED, id, datafeed_config.updated(node.collection(FEED)[id], body))
    return shown_datafeed(node, id)


def shown_datafeed(node: Node, id: str, *, generated: bool = True) -> Body:
    feed = dict(node.collection(FEED)[id])
    if generated:
        head = {key: feed.pop(key) for key in ("datafeed_id", "job_id")}
        return {**head, "authorization": {"roles": ["superuser"]}, **feed}
    usual = {
        "query_delay": f"{datafeed_config.default_delay(feed['job_id'])}ms",
        "chunking_config": {"mode": "auto"},
        "indices_options": datafeed_config.parsed(id, {"job_id": "", "indices": ["a"]}, 0)["indices_options"],
    }
    return {key: value for key, value in feed.items() if key not in usual or value != usual[key]}


def start_datafeed(node: Node, id: str, start: int | None, end: int | None) -> None:
    if end is not None and (start or 0) >= end:
        raise validation(f"start [{start or 0}] must be earlier than end [{end}]")
    feed, state = node.collection(FEED)[id], node.collection(FEED_STATE)[id]
    job_state = node.collection(JOB_STATE)[feed["job_id"]]["state"]
    if job_state != "opened":
        raise conflict(f"cannot start datafeed [{id}] because job [{feed['job_id']}] is {job_state}")
    if state["state"] != "stopped":
        raise conflict(f"cannot start datafeed [{id}] because it has already been started")
    check(node, id)
    node.put(FEED_STATE, id, {**state, "state": "started", "start": start, "end": end})
    ends = "real-time" if end is None else iso(end)
    notices.tell(node, feed["job_id"], f"Datafeed started (from: {iso(start or 0)} to: {ends})")
    catch_up(node, id)


def delete_datafeed(node: Node, id: str, *, force: bool) -> None:
    state = node.collection(FEED_STATE)[id]["state"]
    if state != "stopped" and not force:
        raise conflict(f"Cannot delete datafeed [{id}] while its status is {state}")
    node.remove(FEED, id)
    node.remove(FEED_STATE, id)


# how they stand


def job_stats(node: Node, id: str) -> Body:
    feed = feed_of(node, id)
    if feed is not None:
        catch_up(node, feed)
    state, job = node.collection(JOB_STATE)[id], node.collection(JOB)[id]
    series = len(state["model"])
    size = 0 if not state["records"] else 4096 + 512 * series
    counts: Body = {
        "job_id": id,
        "processed_record_count": state["records"],
        "processed_field_count": state["fields"] - state["missing"],
        "input_bytes": state["bytes"],
        "input_field_count": state["fields"],
        "invalid_date_count": state["invalid"],
        "missing_field_count": state["missing"],
        "out_of_order_timestamp_count": 0,
        "empty_bucket_count": state["empty"],
        "sparse_bucket_count": 0,
        "bucket_count": state["buckets"],
        "input_record_count": state["records"],
        "log_time": state["last_data"] or node.started,
    }
    for key, name in (
        ("earliest", "earliest_record_timestamp"),
        ("latest", "latest_record_timestamp"),
        ("last_data", "last_data_time"),
        ("latest_bucket", "latest_bucket_timestamp"),
    ):
        if state[key] is not None:
            counts[name] = state[key]
    limit = int(job["analysis_limits"]["model_memory_limit"].removesuffix("mb")) << 20
    memory: Body = {
        "job_id": id,
        "result_type": "model_size_stats",
        "model_bytes": size,
        "model_bytes_memory_limit": limit,
        "total_by_field_count": series,
        "total_over_field_count": 0,
        "total_partition_field_count": 0,
        "bucket_allocation_failures_count": 0,
        "memory_status": "ok",
        "categorized_doc_count": 0,
        "total_category_count": 0,
        "frequent_category_count": 0,
        "rare_category_count": 0,
        "dead_category_count": 0,
        "failed_category_count": 0,
        "categorization_status": "ok",
        "log_time": state["last_data"] or node.started,
    }
    told: Body = {
        "job_id": id,
        "data_counts": counts,
        "model_size_stats": memory,
        "forecasts_stats": {"total": 0, "forecasted_jobs": 0},
        "state": state["state"],
    }
    if state["state"] == "opened":
        told["node"] = NODE
        told["open_time"] = f"{(now_ms() - state['open_time']) // 1000}s"
    told["timing_stats"] = {"job_id": id, "bucket_count": state["buckets"], "total_bucket_processing_time_ms": 0.0}
    return told


def datafeed_stats(node: Node, id: str) -> Body:
    catch_up(node, id)
    state, job = node.collection(FEED_STATE)[id], node.collection(FEED)[id]["job_id"]
    told: Body = {"datafeed_id": id, "state": state["state"]}
    if state["state"] == "started":
        told["node"] = NODE
        told["assignment_explanation"] = ""
    told["timing_stats"] = {
        "job_id": job,
        "search_count": state["searches"],
        "bucket_count": node.collection(JOB_STATE)[job]["buckets"],
        "total_search_time_ms": 0.0,
        "exponential_average_search_time_per_hour_ms": 0.0,
    }
    if state["state"] == "started":
        lasting = state["end"] is None
        told["running_state"] = {"real_time_configured": lasting, "real_time_running": lasting}
        if state["searched"]:
            told["running_state"]["search_interval"] = state["searched"]
    return told
