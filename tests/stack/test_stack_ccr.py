"""Cross-cluster replication and Logstash pipelines: what changes in place, what is paused, what is made anew."""

from __future__ import annotations

import pytest
from project_place import Place

from esctl.errors import EsctlError
from esctl.kinds.ccr import CCR_FOLLOWER
from esctl.model import Action, Capabilities, Consequence

REMOTE = """
kind: cluster-settings
id: remotes
spec: {persistent: {cluster.remote.hq.seeds: ["hq.example.org:9300"]}}
"""
FOLLOWER = """
---
kind: ccr-follower
id: products
depends_on: [cluster-settings/remotes]
spec: {remote_cluster: hq, leader_index: products}
"""
PATTERN = """
---
kind: ccr-auto-follow
id: orders
depends_on: [cluster-settings/remotes]
spec: {remote_cluster: hq, leader_index_patterns: ["orders-*"]}
"""
LOGSTASH = """
kind: logstash-pipeline
id: web
spec: {pipeline: "input {}"}
"""


def lines(place: Place, address: str) -> list[str]:
    return [str(request) for request in place.change(address).requests]


def test_a_followers_parameters_change_by_pausing_it(place: Place) -> None:
    place.write(REMOTE + FOLLOWER)
    place.apply()
    assert place.clean()
    place.write(REMOTE + FOLLOWER.replace("leader_index: products", "leader_index: products, read_poll_timeout: 30s"))
    assert place.change("ccr-follower/products").consequence is Consequence.RESTART
    assert lines(place, "ccr-follower/products") == [
        "POST /products/_ccr/pause_follow",
        "POST /products/_ccr/resume_follow",
    ]
    place.apply()
    assert place.clean()


def test_a_follower_is_paused_and_resumed(place: Place) -> None:
    place.write(REMOTE + FOLLOWER)
    place.apply()
    place.write(REMOTE + FOLLOWER.replace("leader_index: products", "leader_index: products, state: paused"))
    assert lines(place, "ccr-follower/products") == ["POST /products/_ccr/pause_follow"]
    place.apply()
    assert place.clean()
    place.write(REMOTE + FOLLOWER)
    assert lines(place, "ccr-follower/products") == ["POST /products/_ccr/resume_follow"]
    place.apply()
    assert place.clean()


def test_another_leader_is_another_index(place: Place) -> None:
    place.write(REMOTE + FOLLOWER)
    place.apply()
    place.write(REMOTE + FOLLOWER.replace("leader_index: products", "leader_index: articles"))
    change = place.change("ccr-follower/products")
    assert (change.action, change.consequence) == (Action.REPLACE, Consequence.IRREVERSIBLE)
    place.apply("irreversible")
    assert place.clean()


def test_a_follower_taken_out_goes_only_when_allowed() -> None:
    cost = CCR_FOLLOWER.cost({}, None, Capabilities())
    assert (cost.consequence, "the leader keeps them" in cost.words) == (Consequence.IRREVERSIBLE, True)


def test_a_pattern_changes_in_place_and_stays_paused(place: Place) -> None:
    place.write(REMOTE + PATTERN.replace('"]}', '"], state: paused}'))
    place.apply()
    assert place.clean()
    place.write(REMOTE + PATTERN.replace('"]}', '", "returns-*"], state: paused}'))
    assert lines(place, "ccr-auto-follow/orders") == [
        "PUT /_ccr/auto_follow/orders",
        "POST /_ccr/auto_follow/orders/pause",
    ]
    place.apply()
    place.write(REMOTE + PATTERN.replace('"]}', '", "returns-*"]}'))
    assert lines(place, "ccr-auto-follow/orders") == ["POST /_ccr/auto_follow/orders/resume"]
    place.apply()
    assert place.clean()


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "reason"),
    [
        ("PUT", "/a/_ccr/follow", {"remote_cluster": "x", "leader_index": "a"}, 404, "no such remote cluster: [x]"),
        ("PUT", "/_ccr/auto_follow/a", {"remote_cluster": "x", "leader_index_patterns": ["a*"]}, 404, "no such remote cluster: [x]"),
        ("PUT", "/_ccr/auto_follow/a", {"remote_cluster": "hq"}, 400, "Validation Failed: 1: [leader_index_patterns] is missing;"),
        ("PUT", "/a/_ccr/follow", {"remote_cluster": "hq", "leader_index": "a", "max_write_buffer_count": 0}, 400, "Validation Failed: 1: max_write_buffer_count must be larger than 0;"),
        ("POST", "/products/_ccr/unfollow", None, 400, "cannot convert the follower index [products] to a non-follower, because it has not been closed"),
        ("POST", "/plain/_ccr/unfollow", None, 400, "index [plain] is not a follower index"),
        ("GET", "/products/_ccr/stats", None, 400, "the esctl sandbox does not implement following: it keeps what is to be followed, and copies no document"),
        ("POST", "/_ccr/auto_follow/none/pause", None, 404, "auto-follow pattern [none] is missing"),
    ],
)  # fmt: skip
def test_what_the_sandbox_refuses_in_elasticsearchs_words(place: Place, method, path, body, status, reason) -> None:  # type: ignore[no-untyped-def]
    place.write(REMOTE + FOLLOWER)
    place.apply()
    place.ask("PUT", "/plain")
    found, answer = place.ask(method, path, body)
    assert (found, answer["error"]["reason"]) == (status, reason)


def test_a_state_that_is_misspelt_is_told(place: Place) -> None:
    place.write(REMOTE + FOLLOWER.replace("leader_index: products", "leader_index: products, state: pause"))
    with pytest.raises(EsctlError, match='state: "pause" is not known'):
        place.plan()


def test_a_logstash_pipeline_carries_who_and_when(place: Place) -> None:
    place.write(LOGSTASH)
    (request,) = place.change("logstash-pipeline/web").requests
    assert request.body["username"] == "esctl"
    assert request.body["last_modified"].endswith("Z")
    place.apply()
    assert place.clean()
    status, answer = place.ask("PUT", "/_logstash/pipeline/web", {"pipeline": "input {}"})
    assert (status, answer["error"]["reason"]) == (
        400,
        "Required [last_modified, pipeline_metadata, username, pipeline_settings]",
    )
