"""Processors that no server of the tests has, held to Elastic's documentation; and what they do to an index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from esctl.sandbox.server import Sandbox


def call(sandbox: Sandbox, method: str, path: str, body: Any = None) -> Any:
    return requests.request(method, sandbox.elasticsearch_url + path, json=body, timeout=30)


def simulate(sandbox: Sandbox, processor: dict[str, Any], source: dict[str, Any]) -> Any:
    body = {"pipeline": {"processors": [processor]}, "docs": [{"_index": "logs-a-b", "_source": source}]}
    answer = call(sandbox, "POST", "/_ingest/pipeline/_simulate", body).json()
    if "docs" not in answer:
        return answer["error"]["reason"]
    (shown,) = answer["docs"]
    return shown["error"]["reason"] if "error" in shown else shown["doc"]["_source"]


def test_fingerprint_of_elastics_own_example(sandbox: Sandbox) -> None:
    source = {"user": {"last_name": "Smith", "first_name": "John", "date_of_birth": "1980-01-15", "is_active": True}}
    found = simulate(sandbox, {"fingerprint": {"fields": ["user"]}}, source)
    assert found["fingerprint"] == "WbSUPW4zY1PBPehh2AA/sSxiRjw="
    assert "must be one of" in simulate(sandbox, {"fingerprint": {"fields": ["user"], "method": "CRC"}}, source)
    assert simulate(sandbox, {"fingerprint": {"fields": ["a"]}}, {}) == "missing field [a] when calculating fingerprint"


def test_uri_parts_of_elastics_own_example(sandbox: Sandbox) -> None:
    address = "http://myusername:mypassword@www.example.com:80/foo.gif?key1=val1&key2=val2#fragment"
    found = simulate(sandbox, {"uri_parts": {"field": "u", "remove_if_successful": True}}, {"u": address})
    assert found == {
        "url": {
            "path": "/foo.gif",
            "fragment": "fragment",
            "extension": "gif",
            "password": "mypassword",
            "original": address,
            "scheme": "http",
            "port": 80,
            "user_info": "myusername:mypassword",
            "domain": "www.example.com",
            "query": "key1=val1&key2=val2",
            "username": "myusername",
        }
    }
    assert simulate(sandbox, {"uri_parts": {"field": "u"}}, {"u": "not an address"}) == (
        "unable to parse URI [not an address]"
    )


def test_grok_in_the_names_of_ecs(sandbox: Sandbox) -> None:
    line = '10.0.0.1 - kate [19/Jul/2015:08:13:42 +0000] "GET /a.png HTTP/1.1" 200 1717 "-" "curl/8"'
    processor = {"grok": {"field": "m", "patterns": ["%{COMBINEDAPACHELOG}"], "ecs_compatibility": "v1"}}
    found = simulate(sandbox, processor, {"m": line})
    assert found["source"] == {"address": "10.0.0.1"}
    assert found["http"]["response"] == {"status_code": 200, "body": {"bytes": 1717}}
    assert found["user"] == {"name": "kate"}
    assert found["user_agent"] == {"original": "curl/8"}


def test_every_pattern_of_both_banks_can_be_read() -> None:
    from esctl.sandbox.elasticsearch.processors.grok import compile_grok, pattern_bank

    for mode in ("disabled", "v1"):
        bank = pattern_bank(mode)
        assert len(bank) > 300
        for name in bank:
            assert compile_grok(f"%{{{name}}}", bank).regex.pattern


@pytest.mark.parametrize(
    ("condition", "source", "failure"),
    [
        ("ctx.a.b == 1", {}, "cannot access method/field [b] from a null def reference"),
        ("ctx.n > 1", {}, 'Cannot invoke "Object.getClass()" because "leftObject" is null'),
        ("ctx.a", {"a": "x"}, "Cannot cast from [java.lang.String] to [boolean]."),
    ],
)
def test_a_condition_that_fails(sandbox: Sandbox, condition: str, source: dict[str, Any], failure: str) -> None:
    body = {
        "pipeline": {
            "processors": [{"set": {"if": condition, "field": "r", "value": 1, "ignore_failure": True}}],
            "on_failure": [{"set": {"field": "error", "value": "{{{_ingest.on_failure_message}}}"}}],
        },
        "docs": [{"_source": source}],
    }
    (shown,) = call(sandbox, "POST", "/_ingest/pipeline/_simulate", body).json()["docs"]
    assert shown["doc"]["_source"] == {**source, "error": failure}


def test_a_condition_that_fails_is_told_step_by_step(sandbox: Sandbox) -> None:
    processors = [{"set": {"field": "a", "value": 1}}, {"set": {"if": "ctx.b.c == 1", "field": "r", "value": 1}}]
    body = {"pipeline": {"processors": processors}, "docs": [{"_source": {}}]}
    (shown,) = call(sandbox, "POST", "/_ingest/pipeline/_simulate?verbose=true", body).json()["docs"]
    assert [step["status"] for step in shown["processor_results"]] == ["success", "error"]
    assert shown["processor_results"][1]["error"]["type"] == "script_exception"


def test_a_condition_that_cannot_be_read_is_refused(sandbox: Sandbox) -> None:
    for source in ("if (ctx.a == 1) { return true } return false", "ctx.a.hashCode() == 1", "params.a == 1"):
        reason = call(
            sandbox,
            "PUT",
            "/_ingest/pipeline/unread",
            {"processors": [{"set": {"if": source, "field": "r", "value": 1}}]},
        ).json()["error"]
        assert reason["type"] == "script_exception"
        assert "esctl sandbox does not compile Painless" in reason["caused_by"]["reason"]


def test_documents_are_routed_and_parsed(sandbox: Sandbox) -> None:
    call(sandbox, "PUT", "/_ingest/pipeline/routed-from", {"processors": [{"reroute": {"destination": "routed-to"}}]})
    call(sandbox, "PUT", "/_ingest/pipeline/routed-seen", {"processors": [{"set": {"field": "seen", "value": True}}]})
    call(sandbox, "PUT", "/routed", {"settings": {"default_pipeline": "routed-from"}})
    call(sandbox, "PUT", "/routed-to", {"settings": {"default_pipeline": "routed-seen"}})
    answer = call(sandbox, "PUT", "/routed/_doc/1?refresh=true", {"a": 1}).json()
    assert answer["_index"] == "routed-to"
    assert call(sandbox, "GET", "/routed-to/_doc/1").json()["_source"] == {"a": 1, "seen": True}

    monthly = {"field": "d", "index_name_prefix": "monthly-", "date_rounding": "M", "date_formats": ["yyyy-MM-dd"]}
    call(sandbox, "PUT", "/_ingest/pipeline/monthly", {"processors": [{"date_index_name": monthly}]})
    answer = call(sandbox, "PUT", "/any/_doc/1?pipeline=monthly", {"d": "2024-03-15"}).json()
    assert answer["_index"] == "monthly-2024-03-01"


def test_reroute_names_the_parts(sandbox: Sandbox) -> None:
    found = simulate(
        sandbox, {"reroute": {"dataset": ["{{service.name}}", "generic"]}}, {"service": {"name": "My-App"}}
    )
    assert found["data_stream"] == {"type": "logs", "dataset": "my_app", "namespace": "b"}
    assert "disallowed" in simulate(sandbox, {"reroute": {"dataset": "a-b"}}, {})
