"""What the sandbox's machine learning answers and refuses, in Elasticsearch's words (its own REST tests, Messages.java)."""

from __future__ import annotations

from typing import Any

import pytest
from ml_place import BEGIN, HOUR, Place

JOB = {
    "analysis_config": {"bucket_span": "1h", "detectors": [{"function": "count"}]},
    "data_description": {"time_field": "time"},
}
J, F, C, L = "/_ml/anomaly_detectors", "/_ml/datafeeds", "/_ml/calendars", "/_ml/filters"


def job(**parts: Any) -> dict[str, Any]:
    return {**JOB, **parts}


def detecting(*detectors: dict[str, Any], **parts: Any) -> dict[str, Any]:
    return job(analysis_config={"bucket_span": "1h", "detectors": list(detectors), **parts})


@pytest.fixture
def learning(place: Place) -> Place:
    """A closed job `one`, an open job `two` whose datafeed runs, a filter, a calendar."""
    place.ask("PUT", "/data", {"mappings": {"properties": {"time": {"type": "date"}, "a": {"type": "keyword"}}}})
    place.ask("PUT", f"{L}/foo", {"items": ["xyz", "abc"]})
    rule = {"scope": {"a": {"filter_id": "foo"}}}
    detector = {"function": "count", "by_field_name": "a", "custom_rules": [rule]}
    assert place.ask("PUT", f"{J}/one", detecting(detector, influencers=["a"]))[0] == 200
    assert place.ask("PUT", f"{J}/two", job(groups=["web"], datafeed_config={"indexes": ["data"]}))[0] == 200
    assert place.ask("POST", f"{J}/two/_open")[1] == {"opened": True, "node": "sandbox"}
    assert place.ask("POST", f"{F}/two/_start?start=0")[1] == {"started": True, "node": "sandbox"}
    place.ask("PUT", f"{C}/advent", {"job_ids": ["one", "two"], "description": "about"})
    return place


REFUSALS: list[tuple[str, str, Any, int, str, str]] = [
    ("GET", f"{J}/non-existing", None, 404, "resource_not_found_exception", "No known job with id 'non-existing'"),
    ("GET", f"{J}/missing-*?allow_no_match=false", None, 404, "resource_not_found_exception", "No known job with id 'missing-*'"),
    ("PUT", f"{J}/one", JOB, 400, "resource_already_exists_exception", "The job cannot be created with the Id 'one'. The Id is already used."),
    ("PUT", f"{J}/x", job(job_id="y"), 400, "illegal_argument_exception", "Inconsistent job_id; 'y' specified in the body differs from 'x' specified as a URL argument"),
    ("PUT", f"{J}/X", JOB, 400, "illegal_argument_exception", "Invalid job_id; 'X' can contain lowercase alphanumeric (a-z and 0-9), hyphens or underscores; must start and end with alphanumeric"),
    ("PUT", f"{J}/x", {"data_description": {}}, 400, "illegal_argument_exception", "An analysis_config must be set"),
    ("PUT", f"{J}/x", job(speed=1), 400, "x_content_parse_exception", "[1:1] [job_details] unknown field [speed]"),
    ("PUT", f"{J}/x", job(model_snapshot_id="s"), 400, "illegal_argument_exception", "The job is configured with fields [model_snapshot_id] that are illegal to set at job creation"),
    ("PUT", f"{J}/x", detecting({"function": "max", "field_name": "a"}, {"function": "max", "field_name": "a"}), 400, "illegal_argument_exception", "Duplicate detectors are not allowed"),
    ("PUT", f"{J}/x", detecting({"function": "mean", "field_name": "time"}), 400, "illegal_argument_exception", "data_description.time_field may not be used in the analysis_config"),
    ("PUT", f"{J}/x", detecting({"function": "mean"}), 400, "illegal_argument_exception", "field_name must be set when the 'mean' function is used"),
    ("PUT", f"{J}/x", detecting({"function": "count", "field_name": "a"}), 400, "illegal_argument_exception", "field_name cannot be used with function 'count'"),
    ("PUT", f"{J}/x", detecting({"function": "guess"}), 400, "illegal_argument_exception", "Unknown function 'guess'"),
    ("PUT", f"{J}/x", detecting({"function": "count", "custom_rules": [{}]}), 400, "illegal_argument_exception", "Invalid detector rule: at least scope or a condition is required"),
    ("PUT", f"{J}/x", detecting(), 400, "illegal_argument_exception", "No detectors configured"),
    ("PUT", f"{J}/x", job(model_snapshot_retention_days=3, daily_model_snapshot_retention_after_days=4), 400, "illegal_argument_exception", "The value of daily_model_snapshot_retention_after_days [4] cannot be greater than model_snapshot_retention_days [3]"),
    ("PUT", f"{J}/x", job(daily_model_snapshot_retention_after_days=-1), 400, "illegal_argument_exception", "daily_model_snapshot_retention_after_days cannot be less than 0. Value = -1"),
    ("PUT", f"{J}/x", job(groups=["one"]), 400, "resource_already_exists_exception", "job and group names must be unique but job [one] and group [one] have the same name"),
    ("PUT", f"{J}/web", JOB, 400, "resource_already_exists_exception", "job and group names must be unique but job [web] and group [web] have the same name"),
    ("POST", f"{J}/two/_update", {"analysis_limits": {"model_memory_limit": "20mb"}}, 400, "status_exception", "Cannot update analysis_limits while the job is open"),
    ("POST", f"{J}/two/_update", {"analysis_config": {}}, 400, "x_content_parse_exception", "[1:1] [job_update] unknown field [analysis_config]"),
    ("POST", f"{J}/two/_update", {"detectors": [{"detector_index": 3}]}, 400, "status_exception", "Supplied detector_index [3] is >= the number of detectors [1]"),
    ("POST", f"{J}/two/_open", None, 409, "status_exception", "Cannot open job [two] because it has already been opened"),
    ("DELETE", f"{J}/two", None, 409, "status_exception", "Cannot delete job [two] because the job is opened"),
    ("POST", f"{J}/two/_reset", None, 409, "status_exception", "Can only reset a job when it is closed."),
    ("PUT", f"{F}/x", {"job_id": "a-missing-job", "indexes": ["data"]}, 404, "resource_not_found_exception", "No known job with id 'a-missing-job'"),
    ("PUT", f"{F}/two", {"job_id": "one", "indices": ["data"]}, 400, "resource_already_exists_exception", "A datafeed with id [two] already exists"),
    ("PUT", f"{F}/x", {"job_id": "two", "indices": ["data"]}, 409, "status_exception", "A datafeed [two] already exists for job [two]"),
    ("PUT", f"{F}/x", {"job_id": "one", "indices": ["data"], "headers": {}}, 400, "x_content_parse_exception", "[1:1] [datafeed_config] unknown field [headers]"),
    ("PUT", f"{F}/x", {"job_id": "one", "indices": ["data"], "aggs": {"a": {"terms": {"field": "a"}}}}, 400, "status_exception", "A date_histogram (or histogram) aggregation is required"),
    ("POST", f"{F}/two/_update", {"scroll_size": 5}, 409, "status_exception", "Cannot update datafeed [two] while its status is started"),
    ("DELETE", f"{F}/two", None, 409, "status_exception", "Cannot delete datafeed [two] while its status is started"),
    ("POST", f"{F}/two/_start", None, 409, "status_exception", "cannot start datafeed [two] because it has already been started"),
    ("POST", f"{F}/none/_start", None, 404, "resource_not_found_exception", "No datafeed with id [none] exists"),
    ("POST", f"{F}/two/_start?start=2017-02-01T01:00:00Z&end=2017-02-01T00:00:00Z", None, 400, "action_request_validation_exception", "Validation Failed: 1: start [1485910800000] must be earlier than end [1485907200000];"),
    ("GET", f"{L}/none", None, 404, "resource_not_found_exception", "No filter with id [none] exists"),
    ("DELETE", f"{L}/foo", None, 409, "status_exception", "Cannot delete filter [foo] currently used by jobs [one]"),
    ("POST", f"{L}/foo/_update", {"remove_items": ["not present item"]}, 400, "status_exception", "Cannot remove item [not present item] as it is not present in filter [foo]"),
    ("GET", f"{C}/unknown", None, 404, "resource_not_found_exception", "No calendar with id [unknown]"),
    ("PUT", f"{C}/advent", {}, 400, "status_exception", "Cannot create calendar with id [advent] as it already exists"),
    ("DELETE", f"{C}/advent/jobs/otter", None, 400, "status_exception", "Cannot remove [otter] as it is not present in calendar [advent]"),
    ("POST", f"{C}/advent/events", {"events": []}, 400, "action_request_validation_exception", "Validation Failed: 1: At least 1 event is required;"),
    ("GET", f"{C}/advent/events?job_id=one", None, 400, "action_request_validation_exception", "Validation Failed: 1: job_id cannot be used unless calendar_id is '_all' or '*';"),
]  # fmt: skip


@pytest.mark.parametrize("sandbox_version", ["9.5", "8.19"], indirect=True)
def test_what_is_refused_in_elasticsearchs_words(learning: Place) -> None:
    for method, path, body, status, kind, reason in REFUSALS:
        told, answer = learning.ask(method, path, body)
        assert (told, answer["error"]["type"], answer["error"]["reason"]) == (status, kind, reason), (method, path)


def test_a_datafeed_needs_an_open_job_indices_and_fields(learning: Place) -> None:
    learning.ask("PUT", f"{F}/one", {"job_id": "one", "indices": ["utopia"]})

    def refused(path: str) -> tuple[int, str]:
        status, answer = learning.ask("POST", path)
        return status, answer["error"]["reason"]

    assert refused(f"{F}/one/_start") == (409, "cannot start datafeed [one] because job [one] is closed")
    learning.ask("POST", f"{J}/one/_open")
    reason = "datafeed [one] cannot retrieve data because index [utopia] does not exist"
    assert refused(f"{F}/one/_start") == (400, reason)
    learning.ask("PUT", "/utopia", {"mappings": {"properties": {"time": {"type": "date"}}}})
    reason = "datafeed [one] cannot retrieve field [a] because it has no mappings"
    assert refused(f"{F}/one/_start") == (400, reason)
    learning.ask(
        "POST", f"{F}/one/_update", {"aggs": {"t": {"date_histogram": {"field": "time", "fixed_interval": "1h"}}}}
    )
    reason = "the esctl sandbox does not implement [aggregations] of a datafeed that runs"
    assert refused(f"{F}/one/_start") == (400, reason)
    learning.ask("PUT", f"{J}/geo", detecting({"function": "lat_long", "field_name": "a"}))
    reason = "the esctl sandbox does not implement the function [lat_long] of an anomaly job"
    assert refused(f"{J}/geo/_open") == (400, reason)


def test_defaults_come_back_as_elasticsearch_completes_them(learning: Place) -> None:
    """ml.put_job's example, jobs_crud.yml and datafeeds_crud.yml."""
    _, answer = learning.ask("GET", f"{J}/two")
    (told,) = answer["jobs"]
    assert told["analysis_limits"] == {"model_memory_limit": "1024mb", "categorization_examples_limit": 4}
    assert told["data_description"] == {"time_field": "time", "time_format": "epoch_ms"}
    assert told["analysis_config"]["detectors"] == [
        {"detector_description": "count", "function": "count", "detector_index": 0}
    ]
    assert (told["analysis_config"]["influencers"], told["analysis_config"]["model_prune_window"]) == ([], "30d")
    assert (told["results_index_name"], told["allow_lazy_open"], told["groups"]) == ("shared", False, ["web"])
    feed = told["datafeed_config"]
    assert (feed["indices"], feed["query"], feed["chunking_config"]) == (["data"], {"match_all": {}}, {"mode": "auto"})
    assert feed["indices_options"]["expand_wildcards"] == ["open"]
    status, made = learning.ask(
        "PUT",
        f"{J}/test-job1",
        job(datafeed_config={"indices": ["data"], "datafeed_id": "d"}, results_index_name="test-job1"),
    )
    assert (status, made["datafeed_config"]["query_delay"], made["results_index_name"]) == (
        200,
        "61499ms",
        "custom-test-job1",
    )
    _, answer = learning.ask("GET", f"{F}/d?exclude_generated=true")
    assert not {"query_delay", "chunking_config", "indices_options", "authorization"} & answer["datafeeds"][0].keys()


def test_closing_stops_the_datafeed_and_deleting_takes_everything_along(learning: Place) -> None:
    assert learning.ask("POST", f"{J}/two/_close")[1] == {"closed": True}
    assert learning.feed("two")["state"] == "stopped"
    assert learning.ask("DELETE", f"{J}/two")[1] == {"acknowledged": True}
    assert learning.ask("GET", f"{F}")[1]["count"] == 0
    assert learning.ask("GET", f"{C}/advent")[1]["calendars"][0]["job_ids"] == ["one"]


def test_events_by_time_job_and_page(learning: Place) -> None:
    """calendar_crud.yml."""
    days = [("event 1", 1, 2), ("event 2", 5, 6), ("event 3", 12, 13), ("event 4", 12, 15)]
    events = [
        {"description": name, "start_time": f"2017-12-{low:02}T00:00:00Z", "end_time": f"2017-12-{high:02}T00:00:00Z"}
        for name, low, high in days
    ]
    learning.ask("POST", f"{C}/advent/events", {"events": events})

    def told(query: str) -> list[str]:
        _, answer = learning.ask("GET", f"{C}/{query}")
        return [event["description"] for event in answer["events"]]

    assert told("advent/events") == ["event 1", "event 2", "event 3", "event 4"]
    assert told("advent/events?from=1&size=2") == ["event 2", "event 3"]
    assert told("advent/events?end=2017-12-12T00:00:00Z") == ["event 1", "event 2"]
    assert told("advent/events?start=2017-12-05T03:00:00Z") == ["event 2", "event 3", "event 4"]
    assert told("_all/events?job_id=two&start=2017-12-14T00:00:00Z") == ["event 4"]


def test_what_it_keeps_survives_a_restart(learning: Place) -> None:
    from esctl.sandbox.server import Sandbox

    learning.load("data", [{"time": BEGIN + n * HOUR // 2, "a": "x"} for n in range(10)])
    before = learning.job("two")["data_counts"]["processed_record_count"]
    assert before == 10
    folder = learning.root.parent / "copy"
    import shutil

    shutil.copytree(learning.root.parent / "sandbox", folder)
    with Sandbox(folder) as again:
        other = Place(learning.root, again)
        assert other.job("two")["data_counts"]["processed_record_count"] == 10
        assert other.feed("two")["state"] == "started"


def test_statistics_tell_how_far_it_is(learning: Place) -> None:
    stats = learning.feed("two")
    assert stats["running_state"]["real_time_configured"] is True
    learning.load("data", [{"time": BEGIN + n * HOUR, "a": "x"} for n in range(5)])
    counts = learning.job("two")["data_counts"]
    assert (counts["bucket_count"], counts["latest_record_timestamp"]) == (5, BEGIN + 4 * HOUR)
    assert learning.feed("two")["running_state"]["search_interval"]["end_ms"] > BEGIN
    assert learning.job("one")["state"] == "closed" and "node" not in learning.job("one")
