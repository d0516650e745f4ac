"""The sandbox's data stream endpoints: required keys of Elastic's specification, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from esctl.sandbox.server import Sandbox

TEMPLATE = {"index_patterns": ["st-*"], "data_stream": {}, "template": {"lifecycle": {"data_retention": "7d"}}}
# Required of a data stream and of one of its indices by Elastic's specification (indices._types.DataStream).
STREAM = {"generation", "hidden", "indices", "name", "next_generation_managed_by", "prefer_ilm", "rollover_on_write"}
STREAM |= {"settings", "status", "template", "timestamp_field"}
INDEX = {"index_name", "index_uuid"}


class Client:
    def __init__(self, url: str) -> None:
        self.url = url

    def __call__(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        answer = requests.request(method, self.url + path, json=body, timeout=30)
        return answer.status_code, answer.json()


@pytest.fixture
def ask(fresh_sandbox: Sandbox) -> Client:
    client = Client(fresh_sandbox.elasticsearch_url)
    assert client("PUT", "/_index_template/st", TEMPLATE)[0] == 200
    return client


@pytest.mark.parametrize("sandbox_version", ["9.5", "8.19"], indirect=True)
def test_made_read_rolled_and_deleted(ask: Client) -> None:
    assert ask("PUT", "/_data_stream/st-a") == (200, {"acknowledged": True})
    (stream,) = ask("GET", "/_data_stream/st-a")[1]["data_streams"]
    assert stream.keys() >= STREAM
    assert stream["indices"][0].keys() >= INDEX
    assert (stream["template"], stream["generation"], stream["status"]) == ("st", 1, "YELLOW")
    assert stream["next_generation_managed_by"] == "Data stream lifecycle"
    assert stream["lifecycle"]["effective_retention"] == "7d"
    assert ask("POST", "/st-a/_rollover")[1]["rolled_over"] is True
    assert ask("PUT", "/st-a/_create/1?refresh=true", {"@timestamp": "2024-01-01"})[0] == 201
    stats = ask("GET", "/_data_stream/st-a/_stats")[1]
    assert stats["data_streams"][0]["maximum_timestamp"] == 1704067200000
    assert stats["backing_indices"] == 2
    assert ask("DELETE", "/_data_stream/st-*") == (200, {"acknowledged": True})
    assert ask("GET", "/_data_stream")[1] == {"data_streams": []}
    assert ask("GET", "/_cat/indices/.ds-*?format=json&expand_wildcards=all")[1] == []


def test_backing_indices_are_taken_out_and_put_in(ask: Client) -> None:
    ask("PUT", "/_data_stream/st-a")
    ask("POST", "/st-a/_rollover")
    first, second = (one["index_name"] for one in ask("GET", "/_data_stream/st-a")[1]["data_streams"][0]["indices"])
    out = {"actions": [{"remove_backing_index": {"data_stream": "st-a", "index": first}}]}
    assert ask("POST", "/_data_stream/_modify", out)[0] == 200
    status, body = ask("POST", "/_data_stream/_modify", out)
    assert (status, body["error"]["reason"]) == (400, f"index [{first}] is not part of data stream [st-a]")
    last = {"actions": [{"remove_backing_index": {"data_stream": "st-a", "index": second}}]}
    assert "because it is the write index" in ask("POST", "/_data_stream/_modify", last)[1]["error"]["reason"]
    assert ask("DELETE", f"/{first}")[0] == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "reason"),
    [
        ("PUT", "/_data_stream/elsewhere", None, 400, "no matching index template found for data stream [elsewhere]"),
        ("PUT", "/_data_stream/st-b", None, 400, "data_stream [st-b] already exists"),
        ("PUT", "/_data_stream/ST-c", None, 400, "data_stream [ST-c] must be lowercase"),
        ("PUT", "/_data_stream/.ds-x", None, 400, "data_stream [.ds-x] must not start with '.ds-'"),
        ("GET", "/_data_stream/none", None, 404, "no such index [none]"),
        ("DELETE", "/_data_stream/none", None, 404, "no such index [none]"),
        ("PUT", "/_data_stream/none/_lifecycle", {}, 404, "no such index [none]"),
        ("PUT", "/_data_stream/st-b/_lifecycle", {"nonsense": 1}, 400, "unknown field [nonsense]"),
        (
            "PUT",
            "/_data_stream/st-b/_lifecycle",
            {"data_retention": "x"},
            400,
            "failed to parse field [data_retention]",
        ),
        ("PUT", "/_data_stream/st-b/_lifecycle", {"downsampling": []}, 400, "at least one round configured"),
        ("PUT", "/_data_stream/st-b/_options", {"failure_store": {}}, 400, "at least one non-null configuration value"),
        ("PUT", "/_data_stream/st-b/_options", {"nonsense": 1}, 400, "unknown field [nonsense]"),
    ],
)
def test_refused(ask: Client, method: str, path: str, body: Any, status: int, reason: str) -> None:
    ask("PUT", "/_data_stream/st-b")
    found, answer = ask(method, path, body)
    assert found == status
    assert reason in answer["error"]["reason"]


def test_a_failure_store_is_not_made_up(ask: Client) -> None:
    ask("PUT", "/_data_stream/st-a")
    ask("PUT", "/_data_stream/st-a/_options", {"failure_store": {"enabled": True}})
    status, body = ask("PUT", "/st-a/_create/1", {"n": 1})
    assert status == 400
    assert "the esctl sandbox does not implement" in body["error"]["reason"]
