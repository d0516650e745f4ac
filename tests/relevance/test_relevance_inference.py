"""Inference endpoints: keys that are only written, changes in place, and what uses an endpoint."""

from __future__ import annotations

from dataclasses import replace

import pytest
from project_place import Place

from esctl.errors import Source
from esctl.kinds import registry
from esctl.model import Address, Capabilities, Consequence, Resource

ADDRESS = "inference-endpoint/answers"
ENDPOINT = """
kind: inference-endpoint
id: answers
spec:
  task_type: completion
  service: openai
  service_settings:
    model_id: gpt-4o-mini
    api_key: ${secret.env.KEY}
  task_settings: {user: shop}
"""
EMBEDDINGS = """
kind: inference-endpoint
id: vectors
spec:
  task_type: text_embedding
  service: elasticsearch
  service_settings: {model_id: .multilingual-e5-small, num_threads: 1, num_allocations: 1}
"""


@pytest.fixture
def keyed(place: Place) -> Place:
    return replace(place, environ={"KEY": "hush-one-4711"})


@pytest.mark.parametrize("sandbox_version", ["9.5", "8.19"], indirect=True)
def test_another_key_is_the_only_thing_that_is_sent(keyed: Place) -> None:
    keyed.applied(ENDPOINT)
    other = replace(keyed, environ={"KEY": "hush-two-4712"})
    change = other.change(ADDRESS)
    (request,) = change.requests
    assert str(request) == "PUT /_inference/completion/answers/_update"
    assert list(request.body) == ["service_settings"] and list(request.body["service_settings"]) == ["api_key"]
    assert (change.consequence, "new key" in change.words) == (Consequence.INSTANT, True)
    other.apply()
    assert other.clean()


def test_no_key_comes_back_or_is_kept(keyed: Place) -> None:
    keyed.applied(ENDPOINT)
    assert "hush" not in str(keyed.ask("GET", "/_inference/_all"))
    assert "hush" not in str(keyed.ask("GET", "/esctl-ledger/_search?size=100"))
    assert "hush" not in repr(keyed.plan())


def test_a_key_is_left_out_where_another_setting_changes(keyed: Place) -> None:
    keyed.applied(ENDPOINT)
    keyed.write(ENDPOINT.replace("user: shop", "user: store"))
    (request,) = keyed.change(ADDRESS).requests
    assert request.body == {"task_settings": {"user": "store"}}
    keyed.apply()
    assert keyed.clean()


@pytest.mark.parametrize("sandbox_version", ["9.5", "8.19"], indirect=True)
def test_another_model_is_another_endpoint(keyed: Place) -> None:
    keyed.applied(ENDPOINT)
    keyed.write(ENDPOINT.replace("gpt-4o-mini", "gpt-4o"))
    change = keyed.change(ADDRESS)
    assert (change.action, change.consequence) == ("replace", Consequence.IRREVERSIBLE)
    assert [str(request) for request in change.requests] == [
        "DELETE /_inference/completion/answers",
        "PUT /_inference/completion/answers",
    ]
    assert "semantic_text" in change.words
    keyed.apply("irreversible")
    assert keyed.clean()
    assert keyed.ask("GET", "/_inference/answers")[1]["endpoints"][0]["service_settings"]["model_id"] == "gpt-4o"


def test_another_task_is_made_under_its_own_path(keyed: Place) -> None:
    keyed.applied(ENDPOINT)
    keyed.write(ENDPOINT.replace("task_type: completion", "task_type: chat_completion"))
    paths = [request.path for request in keyed.change(ADDRESS).requests]
    assert paths == ["/_inference/completion/answers", "/_inference/chat_completion/answers"]
    keyed.apply("irreversible")
    assert keyed.clean()


def test_allocations_change_in_place(place: Place) -> None:
    place.applied(EMBEDDINGS)
    place.write(EMBEDDINGS.replace("num_allocations: 1", "num_allocations: 3"))
    (request,) = place.change("inference-endpoint/vectors").requests
    assert request.body == {"service_settings": {"num_allocations": 3}}
    place.apply()
    assert place.clean()


@pytest.mark.parametrize(("version", "in_place"), [((8, 19, 0), False), ((9, 4, 0), False), ((9, 5, 0), True)])
def test_a_rate_limit_changes_in_place_from_9_5_on(version: tuple[int, int, int], in_place: bool) -> None:
    before, after = (
        {"service": "openai", "service_settings": {"rate_limit": {"requests_per_minute": rate}}} for rate in (1, 2)
    )
    cost = registry()["inference-endpoint"].cost(before, after, Capabilities(version=version))
    assert (cost.consequence is Consequence.INSTANT) == in_place


def test_a_task_setting_that_is_no_longer_written_cannot_go_in_place() -> None:
    """`_update` merges task settings."""
    before = {"service": "openai", "task_settings": {"user": "x"}}
    cost = registry()["inference-endpoint"].cost(before, {"service": "openai"}, Capabilities())
    assert cost.consequence is Consequence.IRREVERSIBLE


@pytest.mark.parametrize("sandbox_version", ["9.5", "8.19"], indirect=True)
def test_what_a_semantic_text_field_uses_is_not_deleted(place: Place) -> None:
    place.applied(EMBEDDINGS)
    place.ask("PUT", "/i", {"mappings": {"properties": {"t": {"type": "semantic_text", "inference_id": "vectors"}}}})
    status, kind, reason = place.refused("DELETE", "/_inference/vectors")
    assert (status, kind) == (409, "status_exception")
    assert "is being used in the mapping for indexes: [i]" in reason
    assert place.ask("DELETE", "/_inference/vectors?dry_run=true")[1]["indexes"] == ["i"]
    place.write(EMBEDDINGS.replace("num_threads: 1", "num_threads: 2"))
    (failed,) = place.failures("irreversible")
    assert "Ensure that no index mappings are using this inference endpoint" in failed
    assert place.ask("GET", "/_inference/vectors")[0] == 200, "what could not be replaced is still there"


def test_endpoints_of_elasticsearchs_own_are_foreign(place: Place) -> None:
    kind = registry()["inference-endpoint"]
    place.write(EMBEDDINGS)
    with place.invocation.cluster() as cluster:
        found = kind.everything(cluster, cluster.capabilities)
    assert found and all(kind.foreign(live) for live in found.values())


def test_what_is_pulled_names_the_keys_that_no_read_shows(keyed: Place) -> None:
    keyed.applied(ENDPOINT)
    kind = registry()["inference-endpoint"]
    with keyed.invocation.cluster() as cluster:
        live = kind.everything(cluster, cluster.capabilities)[Address("inference-endpoint", "answers")]
        written = kind.written(live, cluster.capabilities)
    assert written["service_settings"]["api_key"] == {"$secret": "${secret.env.ANSWERS_API_KEY}"}
    assert written["service_settings"]["rate_limit"] == {"requests_per_minute": 3000}
    assert written["task_type"] == "completion" and "inference_id" not in written


@pytest.mark.parametrize(
    ("spec", "id", "said"),
    [
        ({"service": "openai"}, "a", 'needs "task_type"'),
        ({"service": "openai", "task_type": "text_embeding"}, "a", 'no task type "text_embeding"'),
        ({"service": "openai", "task_type": "rerank"}, ".a", "begins with a dot"),
        ({"service": "openai", "task_type": "rerank", "service_settings": {"api_key": "x"}}, "a", "plain text"),
    ],
)
def test_mistakes_are_told_before(spec: dict, id: str, said: str) -> None:
    resource = Resource(Address("inference-endpoint", id), spec, Source("i.yaml", 1))
    assert any(said in problem.message for problem in registry()["inference-endpoint"].check(resource))


@pytest.mark.parametrize("sandbox_version", ["9.5", "8.19"], indirect=True)
def test_refusals_of_the_server(place: Place) -> None:
    good = {"service": "openai", "service_settings": {"model_id": "m", "api_key": "k"}}
    path = "/_inference/completion/a"
    for method, where, body, status, kind, said in (
        ("PUT", "/_inference/nothing/a", good, 400, "status_exception", "Unknown task_type [nothing]"),
        ("PUT", "/_inference/rerank/a", good, 400, "status_exception", "does not support task type [rerank]"),
        ("PUT", path, {"service": "x"}, 400, "status_exception", "Unknown service [x]"),
        ("PUT", path, {}, 400, "status_exception", "is missing the [service] setting"),
        ("PUT", path, {**good, "service_settings": {"model_id": "m"}}, 400, "validation_exception", "[api_key]"),
        ("PUT", path, {**good, "extra": 1}, 400, "status_exception", "[{extra=1}] unknown to the [openai] service"),
        ("PUT", "/_inference/rerank/.rerank-v1-elasticsearch", good, 400, "status_exception", "reserved inference ID"),
        (
            "PUT",
            path,
            {"service": "groq"},
            400,
            "illegal_argument_exception",
            "does not implement the inference service",
        ),
        ("GET", "/_inference/none", None, 404, "resource_not_found_exception", "Inference endpoint not found [none]"),
        ("DELETE", "/_inference/none", None, 404, "resource_not_found_exception", "not found [none]"),
    ):
        answer = place.refused(method, where, body)
        assert answer[:2] == (status, kind) and said in answer[2], answer
    assert place.ask("PUT", path, good)[0] == 200
    assert place.refused("PUT", path, good)[1] == "resource_already_exists_exception"
    assert place.refused("GET", "/_inference/rerank/a")[0] == 400
    calling = place.refused("POST", path, {"input": "hello"})
    assert calling[2] == "the esctl sandbox does not implement calling an inference endpoint"
