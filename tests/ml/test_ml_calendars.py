"""Filters and calendars: items, events and jobs come and go one by one; what they do to an anomaly job."""

from __future__ import annotations

import pytest
from ml_place import BEGIN, HOUR, Place

from esctl.model import Consequence

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
  groups: [web]
  analysis_config: {bucket_span: 1h, detectors: [{function: count, partition_field_name: service}]}
  data_description: {time_field: "@timestamp"}
  datafeed: {indices: [requests]}
"""
CALENDAR = """
---
kind: ml-calendar
id: quiet
spec:
  job_ids: [web]
  events:
    - {description: Load test, start_time: 2026-01-02T16:00:00Z, end_time: 2026-01-02T17:00:00Z}
    - {description: Release, start_time: 2026-03-01T00:00:00Z, end_time: 2026-03-01T06:00:00Z}
"""
FILTER = """
---
kind: ml-filter
id: safe
spec: {description: Known, items: [web, shop]}
"""
API = "/_ml/calendars/quiet"


def test_a_calendar_with_its_events_and_jobs(place: Place) -> None:
    place.write(CALENDAR)
    place.apply()
    _, answer = place.ask("GET", f"{API}/events")
    assert [event["description"] for event in answer["events"]] == ["Load test", "Release"]
    place.write(CALENDAR.replace("[web]", "[web, shop]").replace("Release", "Big release"))
    change = place.change("ml-calendar/quiet")
    assert change.consequence is Consequence.INSTANT
    told = [str(request) for request in change.requests]
    assert told[:2] == [f"PUT {API}/jobs/shop", f"POST {API}/events"]
    assert len(told) == 3 and told[2].startswith(f"DELETE {API}/events/")
    assert change.requests[1].body["events"][0]["description"] == "Big release"
    place.apply()
    place.write(CALENDAR.replace("spec:", "spec:\n  description: No alarms"))
    assert place.requests("ml-calendar/quiet")[:2] == [f"DELETE {API}", f"PUT {API}"]
    place.apply()
    place.write("")
    place.write(CALENDAR[: CALENDAR.index("  events:")])
    place.apply()
    _, answer = place.ask("GET", f"{API}/events")
    assert answer["count"] == 0


def test_a_hundred_and_fifty_events_are_all_read(place: Place) -> None:
    events = "".join(
        f"    - {{description: e{n}, start_time: {BEGIN + n * HOUR}, end_time: {BEGIN + (n + 1) * HOUR}}}\n"
        for n in range(150)
    )
    place.write(CALENDAR[: CALENDAR.index("    - ")] + events)
    place.apply()


def test_what_was_half_changed_is_finished(place: Place) -> None:
    place.write(CALENDAR)
    place.apply()
    place.write(CALENDAR.replace("[web]", "[web, shop]").replace("Release", "Big release"))
    place.ask("PUT", f"{API}/jobs/shop")  # what a run did before it was cut off
    assert str(place.change("ml-calendar/quiet").cause) == "pending"
    place.apply()
    place.ask("PUT", f"{API}/jobs/stranger")
    assert str(place.change("ml-calendar/quiet").cause) == "drifted"


@pytest.mark.parametrize(("calendar", "found"), [("", 1), (CALENDAR, 0)], ids=["without", "with"])
def test_while_an_event_lasts_nothing_is_reported(place: Place, calendar: str, found: int) -> None:
    place.write(INDEX + calendar)
    place.apply()
    place.requests_per_hour()
    place.write(INDEX + calendar + JOB)
    place.apply()
    place.job("load")
    _, answer = place.ask("GET", "/_ml/anomaly_detectors/load/results/records")
    assert answer["count"] == found


@pytest.mark.parametrize(("kind", "found"), [("include", 0), ("exclude", 1)])
def test_a_rule_looks_its_filter_up(place: Place, kind: str, found: int) -> None:
    rule = f"custom_rules: [{{scope: {{service: {{filter_id: safe, filter_type: {kind}}}}}}}]"
    place.write(INDEX)
    place.apply()
    place.requests_per_hour()
    place.write(INDEX + FILTER + JOB.replace("partition_field_name: service", f"partition_field_name: service, {rule}"))
    place.apply()
    place.job("load")
    _, answer = place.ask("GET", "/_ml/anomaly_detectors/load/results/records")
    assert answer["count"] == found


def test_a_filters_items_come_and_go(place: Place) -> None:
    place.write(FILTER)
    place.apply()
    place.write(FILTER.replace("[web, shop]", "[shop, pay]").replace("Known", "Trusted"))
    (request,) = place.change("ml-filter/safe").requests
    assert (str(request), request.body) == (
        "POST /_ml/filters/safe/_update",
        {"description": "Trusted", "add_items": ["pay"], "remove_items": ["web"]},
    )
    place.apply()
    place.write("kind: ml-filter\nid: safe\nspec: {items: [1, 2]}\n")
    place.apply()
