"""Anomaly jobs: made and run, changed in place or with a stop, never begun from zero again; cut off and carried on."""

from __future__ import annotations

import pytest
from ml_place import BEGIN, HOUR, Place

from esctl.apply import run
from esctl.cli.change import make_plan
from esctl.cluster import WRITING
from esctl.errors import Refused, ServerError
from esctl.model import Action, Consequence, Request

INDEX = """
kind: index
id: requests
spec:
  mappings: {properties: {"@timestamp": {type: date}, service: {type: keyword}, duration: {type: double}}}
"""
JOB = """
---
kind: ml-anomaly-job
id: load
spec:
  description: Load of the services
  analysis_config:
    bucket_span: 1h
    detectors:
      - {function: high_count, partition_field_name: service}
      - {function: mean, field_name: duration, by_field_name: service}
    influencers: [service]
  data_description: {time_field: "@timestamp"}
  analysis_limits: {model_memory_limit: 20mb}
  datafeed:
    indices: [requests]
"""
ADDRESS = "ml-anomaly-job/load"
API = "/_ml/anomaly_detectors/load"
FEED = "/_ml/datafeeds/datafeed-load"


@pytest.fixture
def running(place: Place) -> Place:
    """The job has seen two days, and runs."""
    place.write(INDEX)
    place.apply()
    place.requests_per_hour()
    place.write(INDEX + JOB)
    place.apply()
    return place


def latest(hour: int) -> int:
    return BEGIN + hour * HOUR + 9 * 30_000


def test_it_is_made_opened_started_and_finds_what_is_unusual(running: Place) -> None:
    stats = running.job("load")
    assert stats["state"] == "opened"
    assert stats["data_counts"]["latest_record_timestamp"] == latest(47)
    assert stats["data_counts"]["bucket_count"] == 48
    _, answer = running.ask("GET", f"{API}/results/records")
    assert {record["timestamp"] for record in answer["records"]} == {BEGIN + 40 * HOUR}
    by_function = {record["function"]: record for record in answer["records"]}
    assert (by_function["high_count"]["actual"], by_function["high_count"]["typical"]) == ([100.0], [10.0])
    assert by_function["mean"]["by_field_value"] == "web"
    assert all(record["computed_by"].startswith("esctl sandbox") for record in answer["records"])
    _, answer = running.ask("GET", f"{API}/results/buckets?anomaly_score=50")
    assert [bucket["timestamp"] for bucket in answer["buckets"]] == [BEGIN + 40 * HOUR]
    _, answer = running.ask("GET", f"{API}/results/influencers")
    assert [one["influencer_field_value"] for one in answer["influencers"]] == ["web"]
    _, answer = running.ask("GET", "/.ml-anomalies-load/_search?size=0")
    assert answer["hits"]["total"]["value"] > 48
    _, answer = running.ask("GET", "/.ml-notifications-*/_search?size=20")
    told = [hit["_source"]["message"] for hit in answer["hits"]["hits"]]
    assert "Job created" in told and any("median and MAD" in message for message in told)


def test_three_lists_read_all_jobs(running: Place) -> None:
    log = running.root.parent / "sandbox" / "access.log"
    log.write_text("", encoding="utf-8")
    running.plan()
    lines = log.read_text(encoding="utf-8").splitlines()
    assert len([line for line in lines if "/_ml/" in line]) == 3


IN_PLACE = [
    ("description: Load of the services", "description: How busy it is", {"description": "How busy it is"}),
    ("spec:\n  description", "spec:\n  groups: [web]\n  description", {"groups": ["web"]}),
    ("spec:\n  description", "spec:\n  results_retention_days: 90\n  description", {"results_retention_days": 90}),
    (
        "partition_field_name: service}",
        "partition_field_name: service, custom_rules: [{conditions: [{applies_to: actual, operator: lt, value: 50}]}]}",
        {"detectors": [{"detector_index": 0, "custom_rules": [{"conditions": [{"applies_to": "actual", "operator": "lt", "value": 50}]}]}]},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "body"), IN_PLACE, ids=["description", "groups", "retention", "rules"])
def test_what_update_takes_changes_while_it_runs(running: Place, before: str, after: str, body: dict) -> None:
    running.write(INDEX + JOB.replace(before, after, 1))
    change = running.change(ADDRESS)
    assert change.consequence is Consequence.INSTANT
    assert [(str(request), request.body) for request in change.requests] == [(f"POST {API}/_update", body)]
    running.apply()
    assert running.feed("datafeed-load")["state"] == "started"


def test_another_query_stops_and_goes_on_from_where_it_was(running: Place) -> None:
    running.write(INDEX + JOB + "    query: {term: {service: web}}\n")
    change = running.change(ADDRESS)
    assert change.consequence is Consequence.RESTART
    assert "goes on from where it was" in change.words
    start = "2026-01-02T23:04:30.001Z"  # one millisecond behind the last record
    assert [str(request) for request in change.requests] == [
        f"POST {FEED}/_stop",
        f"POST {FEED}/_update",
        f"POST {FEED}/_start?start={start}",
    ]
    running.apply()
    counts = running.job("load")["data_counts"]
    running.requests_per_hour(hours=2, first=48)
    after = running.job("load")["data_counts"]
    assert after["processed_record_count"] == counts["processed_record_count"] + 20
    assert after["latest_record_timestamp"] == latest(49)


def test_more_memory_closes_it_and_opens_it_again(running: Place) -> None:
    running.write(INDEX + JOB.replace("20mb", "30mb"))
    assert running.requests(ADDRESS) == [
        f"POST {FEED}/_stop",
        f"POST {API}/_close",
        f"POST {API}/_update",
        f"POST {API}/_open",
        f"POST {FEED}/_start?start=2026-01-02T23:04:30.001Z",
    ]
    before = running.job("load")["data_counts"]["processed_record_count"]
    running.apply()
    assert running.job("load")["data_counts"]["processed_record_count"] == before


def test_a_frequency_that_is_taken_away_makes_the_datafeed_anew_and_nothing_else(running: Place) -> None:
    running.write(INDEX + JOB + "    frequency: 10m\n")
    running.apply()
    running.write(INDEX + JOB)
    told = running.requests(ADDRESS)
    assert told[:3] == [f"POST {FEED}/_stop", f"DELETE {FEED}?force=true", f"PUT {FEED}"]
    assert told[3].startswith(f"POST {FEED}/_start?start=2026-01-02T23:04:30.001Z")
    before = running.job("load")["data_counts"]["processed_record_count"]
    running.apply()
    assert running.job("load")["data_counts"]["processed_record_count"] == before


def test_what_was_set_and_is_taken_away_goes_back_to_its_default(running: Place) -> None:
    extra = "    query: {term: {service: web}}\n    query_delay: 90s\n    scroll_size: 500\n    max_empty_searches: 5\n"
    extra += "    indices_options: {ignore_unavailable: true}\n    delayed_data_check_config: {enabled: false}\n"
    extra += "  groups: [a]\n  model_plot_config: {enabled: true}\n  custom_settings: {team: web}\n"
    extra += "  model_snapshot_retention_days: 3\n  allow_lazy_open: true\n"
    running.write(INDEX + JOB + extra)
    running.apply()
    running.write(INDEX + JOB)
    running.apply()


def test_what_no_request_takes_away_is_refused_in_one_line(running: Place) -> None:
    running.write(INDEX + JOB.replace("spec:\n  description", "spec:\n  results_retention_days: 90\n  description", 2))
    running.write(INDEX + JOB + "  results_retention_days: 90\n")
    running.apply()
    running.write(INDEX + JOB)
    change = running.change(ADDRESS)
    assert change.action is Action.UNDECIDED
    assert change.words == "no request takes results_retention_days away again: write a value (it is 90 on the server)"


def test_another_detector_is_another_job_and_has_to_be_allowed(running: Place) -> None:
    running.write(INDEX + JOB.replace("high_count", "count"))
    change = running.change(ADDRESS)
    assert (change.action, change.consequence) == (Action.REPLACE, Consequence.IRREVERSIBLE)
    assert "analysis_config.detectors.0.function cannot change in place" in change.words
    assert "model snapshots go: results of 2 days, from 1,050 records" in change.words
    with pytest.raises(Refused, match="analysis_config.detectors.0.function"):
        running.apply()
    assert running.job("load")["data_counts"]["bucket_count"] == 48
    running.apply("irreversible")
    assert running.job("load")["data_counts"]["bucket_count"] == 48  # begun anew, with the same data


def test_stopped_by_hand_is_drift_and_goes_on(running: Place) -> None:
    running.ask("POST", f"{API}/_close")
    change = running.change(ADDRESS)
    assert str(change.cause) == "drifted"
    assert running.requests(ADDRESS) == [f"POST {API}/_open", f"POST {FEED}/_start?start=2026-01-02T23:04:30.001Z"]
    running.apply()


def test_stopped_as_written_and_started_again(running: Place) -> None:
    running.write(INDEX + JOB + "    state: stopped\n")
    assert running.requests(ADDRESS) == [f"POST {FEED}/_stop"]
    running.apply()
    running.write(INDEX + JOB + "  state: closed\n")
    assert running.requests(ADDRESS) == [f"POST {API}/_close"]
    running.apply()
    running.write(INDEX + JOB)
    running.apply()
    assert running.job("load")["data_counts"]["processed_record_count"] == 1050


def test_a_start_counts_for_a_new_job_and_is_remembered_as_written(place: Place) -> None:
    """elastic/terraform-provider-elasticstack#2353: servers tell moments of their own."""
    place.write(INDEX)
    place.apply()
    place.requests_per_hour()
    job = INDEX + JOB + "    start: 2026-01-02T00:23:23.935Z\n"
    place.write(job)
    place.apply()
    assert place.job("load")["data_counts"]["earliest_record_timestamp"] >= BEGIN + 24 * HOUR
    place.write(job.replace("2026-01-02", "2026-01-01"))
    change = place.change(ADDRESS)
    assert "start counts only as long as the job has seen no data" in change.words
    assert [str(request) for request in change.requests] == [f"POST {API}/_update"]
    place.apply()
    assert place.job("load")["data_counts"]["earliest_record_timestamp"] >= BEGIN + 24 * HOUR


def test_with_an_end_it_runs_once_and_counts_as_started(place: Place) -> None:
    place.write(INDEX)
    place.apply()
    place.requests_per_hour()
    job = INDEX + JOB + "    start: 2026-01-01T00:00:00Z\n    end: 2026-01-02T00:00:00Z\n"
    place.write(job)
    place.apply()
    assert place.job("load")["state"] == "closed"
    assert place.job("load")["data_counts"]["bucket_count"] == 24
    place.write(job.replace("end: 2026-01-02", "end: 2026-01-03"))
    told = place.requests(ADDRESS)
    assert told[:2] == [
        f"POST {API}/_open",
        f"POST {FEED}/_start?start=2026-01-01T23:04:30.001Z&end=2026-01-03T00:00:00Z",
    ]
    place.apply()
    assert place.job("load")["data_counts"]["bucket_count"] == 48
    place.write(job.replace("    end: 2026-01-02T00:00:00Z\n", ""))
    place.apply()
    assert place.feed("datafeed-load")["state"] == "started"
    assert place.job("load")["data_counts"]["processed_record_count"] == 1050


def test_without_its_datafeed_it_keeps_its_results(running: Place) -> None:
    running.write(INDEX + JOB[: JOB.index("  datafeed:")])
    assert running.requests(ADDRESS) == [f"POST {FEED}/_stop", f"DELETE {FEED}?force=true"]
    running.apply()
    assert running.job("load")["data_counts"]["bucket_count"] == 48
    running.write(INDEX + JOB)
    running.apply()
    assert running.job("load")["data_counts"]["processed_record_count"] == 1050


CHANGED = JOB.replace("20mb", "30mb").replace("Load of", "Work of") + "    query: {term: {service: web}}\n"
ANEW = JOB.replace("Load of", "Work of")


@pytest.mark.parametrize("given", range(7))
@pytest.mark.parametrize(
    ("first", "then"), [(JOB, CHANGED), (JOB + "    frequency: 10m\n", ANEW)], ids=["update", "anew"]
)
def test_cut_off_anywhere_it_goes_on_from_where_it_was(place: Place, first: str, then: str, given: int) -> None:
    """The process dies after `given` of its requests for the job: the next apply ends with the job running."""
    place.write(INDEX)
    place.apply()
    place.requests_per_hour(hours=12, loud=99)
    place.write(INDEX + first)
    place.apply()
    place.write(INDEX + then)
    _die_after(place, given)
    plan = place.plan()
    assert all(change.action != Action.UNDECIDED for change in plan.changes), [c.words for c in plan.changes]
    place.apply()
    assert place.feed("datafeed-load")["state"] == "started"
    counts = place.job("load")["data_counts"]
    assert counts["processed_record_count"] == 240  # nothing was read twice
    place.requests_per_hour(hours=1, loud=99, first=12)
    web_only = "query" in then
    assert place.job("load")["data_counts"]["processed_record_count"] == 240 + (10 if web_only else 20)


class Dead(Exception):
    pass


def _die_after(place: Place, given: int) -> None:
    """Apply, and die before the request for the job that comes after `given` of them."""
    invocation = place.invocation
    with invocation.cluster(WRITING) as cluster:
        plan, send, sent = make_plan(invocation, cluster), cluster.send, []

        def dying(request: Request, **rest):  # type: ignore[no-untyped-def]
            if "/_ml/" in request.path and request.method != "GET":
                if len(sent) >= given:
                    raise Dead
                sent.append(request)
            return send(request, **rest)

        cluster.send = dying  # type: ignore[method-assign]
        try:
            run(plan, cluster, invocation.kinds)
        except (Dead, ServerError):
            pass
        finally:
            cluster.send = send  # type: ignore[method-assign]
