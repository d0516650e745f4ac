"""Transforms: made, run, changed in place, stopped, made anew; and what the sandbox makes of a pivot."""

from __future__ import annotations

import pytest
from project_place import Place

from esctl.cluster import Cluster
from esctl.kinds.transform import TRANSFORM
from esctl.model import Action, Address, Capabilities, Consequence

SALES = """
kind: index
id: sales
spec: {mappings: {properties: {"@timestamp": {type: date}, shop: {type: keyword}, amount: {type: double}}}}
"""
BY_DAY = """
---
kind: transform
id: by-day
spec:
  source: {index: sales}
  dest: {index: sales-by-day}
  sync: {time: {field: "@timestamp"}}
  pivot:
    group_by:
      shop: {terms: {field: shop}}
      day: {date_histogram: {field: "@timestamp", calendar_interval: 1d}}
    aggs:
      turnover: {sum: {field: amount}}
      best: {max: {field: amount}}
      sales: {value_count: {field: amount}}
      last: {max: {field: "@timestamp"}}
"""
BATCH = """
---
kind: transform
id: last
spec: {source: {index: sales}, dest: {index: last-sales}, latest: {unique_key: [shop], sort: "@timestamp"}}
"""


def sell(place: Place) -> None:
    for number, (shop, day, amount) in enumerate([("a", 1, 2.0), ("a", 1, 3.0), ("a", 2, 5.0), ("b", 1, 7.0)]):
        stamp = f"2026-01-0{day}T1{number}:00:00.000Z"
        place.ask("PUT", f"/sales/_doc/{number}?refresh=true", {"@timestamp": stamp, "shop": shop, "amount": amount})


def found(place: Place, index: str) -> list[dict[str, object]]:
    _, answer = place.ask("GET", f"/{index}/_search?size=100")
    return [hit["_source"] for hit in answer["hits"]["hits"]]


def test_a_pivot_really_runs(place: Place) -> None:
    place.write(SALES)
    place.apply()
    sell(place)
    place.write(SALES + BY_DAY)
    place.apply()
    assert place.clean()
    made = sorted(found(place, "sales-by-day"), key=lambda one: (str(one["shop"]), str(one["day"])))
    assert made[0] == {
        "shop": "a",
        "day": "2026-01-01T00:00:00.000Z",
        "turnover": 5.0,
        "best": 3.0,
        "sales": 2,
        "last": "2026-01-01T11:00:00.000Z",
    }
    assert [(one["shop"], one["turnover"]) for one in made] == [("a", 5.0), ("a", 5.0), ("b", 7.0)]
    _, answer = place.ask("GET", "/sales-by-day/_mapping")
    properties = answer["sales-by-day"]["mappings"]["properties"]
    assert {name: field["type"] for name, field in properties.items()} == {
        "shop": "keyword", "day": "date", "turnover": "double", "best": "double", "sales": "long", "last": "date",
    }  # fmt: skip


def test_new_documents_come_with_the_next_checkpoint(place: Place) -> None:
    place.write(SALES + BY_DAY)
    place.apply()
    assert found(place, "sales-by-day") == []
    sell(place)
    place.ask("POST", "/_transform/by-day/_schedule_now")
    assert len(found(place, "sales-by-day")) == 3


def test_what_is_too_old_goes(place: Place) -> None:
    place.write(SALES + BY_DAY + "  retention_policy: {time: {field: day, max_age: 1d}}\n")
    place.apply()
    sell(place)
    place.ask("PUT", "/sales/_doc/new?refresh=true", {"@timestamp": "2999-01-01T00:00:00Z", "shop": "c", "amount": 1.0})
    place.ask("POST", "/_transform/by-day/_schedule_now")
    assert [one["shop"] for one in found(place, "sales-by-day")] == ["c"]


def test_a_batch_runs_once_and_counts_as_started(place: Place) -> None:
    place.write(SALES)
    place.apply()
    sell(place)
    place.write(SALES + BATCH)
    place.apply()
    assert place.clean()
    assert {(one["shop"], one["amount"]) for one in found(place, "last-sales")} == {("a", 5.0), ("b", 7.0)}
    _, answer = place.ask("GET", "/_transform/last/_stats")
    assert answer["transforms"][0]["state"] == "stopped"


def test_a_batch_that_was_never_run_is_not_clean(place: Place) -> None:
    place.write(SALES + BATCH.replace('sort: "@timestamp"}}', 'sort: "@timestamp"}, state: stopped}'))
    place.apply()
    assert place.clean()
    place.write(SALES + BATCH)
    change = place.change("transform/last")
    assert [str(request) for request in change.requests] == ["POST /_transform/last/_start"]


def test_stopped_by_hand_is_drift_and_started_again(place: Place) -> None:
    place.write(SALES + BY_DAY)
    place.apply()
    place.ask("POST", "/_transform/by-day/_stop")
    change = place.change("transform/by-day")
    assert (str(change.cause), change.action) == ("drifted", Action.UPDATE)
    assert [str(request) for request in change.requests] == ["POST /_transform/by-day/_start"]
    place.apply()
    assert place.clean()


def test_a_run_that_ended_before_the_start_goes_on(place: Place) -> None:
    place.write(SALES + BY_DAY)
    place.apply()
    place.ask("POST", "/_transform/by-day/_stop")
    place.ask("POST", "/_transform/by-day/_update", {"frequency": "10m"})
    place.write(SALES + BY_DAY + "  frequency: 10m\n")
    change = place.change("transform/by-day")
    assert (str(change.cause), [str(r) for r in change.requests]) == ("pending", ["POST /_transform/by-day/_start"])


def test_what_update_takes_changes_in_place_and_back(place: Place) -> None:
    extra = "  description: By day\n  frequency: 5m\n  settings: {docs_per_second: 100}\n"
    extra += "  retention_policy: {time: {field: day, max_age: 30d}}\n  _meta: {team: shops}\n"
    place.write(SALES + BY_DAY)
    place.apply()
    place.write(SALES + BY_DAY + extra)
    change = place.change("transform/by-day")
    assert change.consequence is Consequence.INSTANT
    assert "from its next checkpoint on" in change.words
    assert [str(request) for request in change.requests] == ["POST /_transform/by-day/_update"]
    place.apply()
    assert place.clean()
    place.write(SALES + BY_DAY)
    (request,) = place.change("transform/by-day").requests
    assert {key: request.body[key] for key in ("description", "frequency", "settings", "retention_policy")} == {
        "description": "",
        "frequency": "1m",
        "settings": {"docs_per_second": None},
        "retention_policy": None,
    }
    place.apply()
    assert place.clean()


def test_another_pivot_is_another_transform(place: Place) -> None:
    place.write(SALES + BY_DAY)
    place.apply()
    place.write(SALES + BY_DAY.replace("calendar_interval: 1d", "calendar_interval: 1M"))
    change = place.change("transform/by-day")
    assert (change.action, change.consequence) == (Action.REPLACE, Consequence.IRREVERSIBLE)
    assert "its destination keeps what the old one wrote" in change.words
    place.apply("irreversible")
    assert place.clean()


def test_two_requests_read_all_of_them(place: Place) -> None:
    place.write(SALES + BY_DAY + BATCH)
    place.apply()
    with place.invocation.cluster() as cluster:
        before = cluster.get("/") and cluster.sent
        live = TRANSFORM.read(cluster, {Address("transform", "by-day"), Address("transform", "last")}, Capabilities())
        assert cluster.sent - before == 2
    assert {address.id: one.body["state"] for address, one in live.items()} == {"by-day": "started", "last": "started"}


def test_verify_tells_what_does_not_work(place: Place) -> None:
    place.write(SALES + BY_DAY)
    place.apply()
    with place.invocation.cluster() as cluster:
        assert list(_verified(cluster, "by-day")) == ["its preview makes no document"]
        sell(place)
        assert list(_verified(cluster, "by-day")) == []
        assert "could not be found" in next(iter(_verified(cluster, "none")))


def _verified(cluster: Cluster, name: str):  # type: ignore[no-untyped-def]
    return TRANSFORM.verify(Address("transform", name), {}, cluster, Capabilities())


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "reason"),
    [
        ("PUT", "/_transform/t", {"dest": {"index": "d"}, "latest": {}}, 400, "Required [source]"),
        ("PUT", "/_transform/t", {"source": {"index": "sales"}, "dest": {"index": "d"}}, 400, "Transform configuration must specify exactly 1 function"),
        ("PUT", "/_transform/T!", {"source": {"index": "sales"}, "dest": {"index": "d"}, "latest": {"unique_key": ["shop"], "sort": "x"}}, 400, "Validation Failed: 1: Invalid id; 'T!' can contain lowercase alphanumeric (a-z and 0-9), hyphens or underscores; must start and end with alphanumeric;"),
        ("PUT", "/_transform/t", {"source": {"index": "nowhere"}, "dest": {"index": "d"}, "latest": {"unique_key": ["shop"], "sort": "x"}}, 400, "Validation Failed: 1: no such index [nowhere];"),
        ("PUT", "/_transform/t", {"source": {"index": "sales"}, "dest": {"index": "sales"}, "latest": {"unique_key": ["shop"], "sort": "x"}}, 400, "Validation Failed: 1: Destination index [sales] is included in source expression [sales];"),
        ("PUT", "/_transform/t", {"source": {"index": "sales"}, "dest": {"index": "d"}, "pivot": {"group_by": {"a": {"geotile_grid": {"field": "x"}}}, "aggs": {}}}, 400, "the esctl sandbox does not implement the group_by [a] of type [geotile_grid]"),
        ("PUT", "/_transform/t", {"source": {"index": "sales"}, "dest": {"index": "d"}, "pivot": {"group_by": {"a": {"terms": {"field": "shop"}}}, "aggs": {"b": {"scripted_metric": {}}}}}, 400, "the esctl sandbox does not implement the aggregation [b] of type [scripted_metric] in a transform"),
        ("PUT", "/_transform/t", {"source": {"index": "sales"}, "dest": {"index": "d"}, "pivot": {"group_by": {"a": {"terms": {"field": "shop"}}}, "aggs": {"a.b": {"sum": {"field": "amount"}}}}}, 400, "Validation Failed: 1: field [a] cannot be both an object and a field;"),
        ("PUT", "/_transform/t", {"source": {"index": "sales"}, "dest": {"index": "d"}, "speed": 1}, 400, "[1:1] [data_frame_transform_config] unknown field [speed]"),
        ("POST", "/_transform/none/_start", None, 404, "Transform with id [none] could not be found"),
        ("DELETE", "/_transform/by-day", None, 409, "Cannot delete transform [by-day] as the task is running. Stop the task first"),
        ("POST", "/_transform/by-day/_start", None, 409, "Cannot start transform [by-day] as it is already started."),
        ("POST", "/_transform/last/_update", {"sync": {"time": {"field": "x"}}}, 400, "Cannot change the current sync configuration of transform [last] from [null] to [time]"),
        ("POST", "/_transform/last/_update", {"pivot": {}}, 400, "[1:1] [data_frame_transform_config_update] unknown field [pivot]"),
    ],
)  # fmt: skip
def test_what_the_sandbox_refuses_in_elasticsearchs_words(place: Place, method, path, body, status, reason) -> None:  # type: ignore[no-untyped-def]
    place.write(SALES + BY_DAY + BATCH)
    place.apply()
    found, answer = place.ask(method, path, body)
    assert (found, answer["error"]["reason"]) == (status, reason)
