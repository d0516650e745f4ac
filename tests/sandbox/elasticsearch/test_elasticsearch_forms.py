"""The sandbox's own side: that it says what it is, refuses by name, and keeps what pages are read from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from esctl.sandbox.server import Sandbox

BOTH = pytest.mark.parametrize("sandbox_version", ["9.5", "8.19"], indirect=True)


def call(sandbox: Sandbox, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
    url = sandbox.elasticsearch_url + path
    return requests.request(method, url, json=body, headers=headers or None, timeout=20)


@BOTH
def test_root(sandbox: Sandbox, sandbox_version: str) -> None:
    answer = call(sandbox, "GET", "/")
    body = answer.json()
    assert answer.headers["X-Elastic-Product"] == "Elasticsearch"
    assert body["sandbox"] is True
    assert body["tagline"] == "You Know, for Search"
    assert body["version"]["number"].startswith(sandbox_version)
    assert call(sandbox, "HEAD", "/").text == ""
    assert call(sandbox, "GET", "/").json()["cluster_uuid"] == body["cluster_uuid"]


@BOTH
def test_compatible_with(sandbox: Sandbox, sandbox_version: str) -> None:
    media = "application/vnd.elasticsearch+json; compatible-with={}"
    assert call(sandbox, "GET", "/", Accept=media.format(8)).ok
    nine = call(sandbox, "GET", "/", Accept=media.format(9))
    if sandbox_version == "8.19":
        error = nine.json()["error"]
        assert (nine.status_code, error["type"]) == (400, "media_type_header_exception")
    else:
        assert nine.headers["Content-Type"] == "application/vnd.elasticsearch+json;compatible-with=9"


def test_filter_path_and_pretty(sandbox: Sandbox) -> None:
    found = call(sandbox, "GET", "/_nodes/_local/stats/os?filter_path=nodes.*.timestamp").json()
    (node,) = found["nodes"].values()
    assert set(node) == {"timestamp"}
    assert call(sandbox, "GET", "/_cluster/health?filter_path=-status,-*shards*").json().keys() & {"status"} == set()
    assert call(sandbox, "GET", "/_cluster/health?filter_path=nonsense").json() == {}
    assert "\n" in call(sandbox, "GET", "/?pretty").text


@pytest.mark.parametrize(
    ("method", "path", "body", "named"),
    [
        ("POST", "/forms/_search", {"query": {"query_string": {"query": "a"}}}, "[query_string]"),
        ("POST", "/forms/_search", {"query": {"function_score": {}}}, "[function_score]"),
        ("POST", "/forms/_search", {"aggs": {"a": {"significant_terms": {"field": "k"}}}}, "[significant_terms]"),
        ("POST", "/forms/_search", {"collapse": {"field": "k"}}, "[collapse]"),
        ("POST", "/forms/_search", {"highlight": {"fields": {}}}, "[highlight]"),
        ("POST", "/forms/_search", {"suggest": {}}, "[suggest]"),
        ("PUT", "/forms-geo", {"mappings": {"properties": {"g": {"type": "shape"}}}}, "[shape]"),
        ("PUT", "/forms-an", {"settings": {"similarity": {"x": {"type": "BM25"}}}}, "index.similarity"),
        ("PUT", "/_ingest/pipeline/forms", {"processors": [{"geoip": {"field": "a"}}]}, "[geoip]"),
        ("PUT", "/forms/_doc/1?routing=x", {"a": 1}, "routing"),
    ],
)
def test_what_is_missing_is_refused_by_name(
    sandbox: Sandbox, method: str, path: str, body: dict[str, Any], named: str
) -> None:
    call(sandbox, "PUT", "/forms", {"mappings": {"properties": {"k": {"type": "keyword"}}}})
    answer = call(sandbox, method, path, body)
    reason = answer.json()["error"]["reason"]
    assert answer.status_code == 400
    assert "esctl sandbox does not implement" in reason
    assert named in reason


@pytest.mark.parametrize(
    "path", ["/_autoscaling/policy/x", "/_rollup/job", "/_cat/shards", "/_nonsense/x", "/_security/oidc"]
)
def test_an_endpoint_that_is_missing(sandbox: Sandbox, path: str) -> None:
    answer = call(sandbox, "GET", path)
    assert (answer.status_code, answer.json()) == (
        400,
        {"error": f"no handler found for uri [{path}] and method [GET]"},
    )


def test_policy_reads_as_the_server_reads_it(sandbox: Sandbox) -> None:
    path = "/_ilm/policy/forms-policy"
    policy = {"phases": {"hot": {"actions": {"rollover": {"max_age": "7d"}}}, "delete": {"actions": {"delete": {}}}}}
    assert call(sandbox, "PUT", path, {"policy": policy}).json() == {"acknowledged": True}
    read = call(sandbox, "GET", path).json()["forms-policy"]
    assert read["version"] == 1
    assert read["policy"] == {
        "phases": {
            "hot": {"min_age": "0ms", "actions": {"rollover": {"max_age": "7d"}}},
            "delete": {"min_age": "0ms", "actions": {"delete": {"delete_searchable_snapshot": True}}},
        }
    }
    assert read["in_use_by"] == {"indices": [], "data_streams": [], "composable_templates": []}
    call(sandbox, "PUT", path, {"policy": policy})
    assert call(sandbox, "GET", path).json()["forms-policy"]["version"] == 1
    wrong = {"phases": {"hot": {"actions": {"nonsense": {}}}}}
    assert "unknown field [nonsense]" in call(sandbox, "PUT", path, {"policy": wrong}).text
    assert call(sandbox, "DELETE", path).ok
    assert call(sandbox, "GET", path).status_code == 404


def test_a_point_in_time_and_a_scroll_see_what_was(sandbox: Sandbox) -> None:
    call(sandbox, "DELETE", "/forms-pit")
    for number in range(5):
        call(sandbox, "PUT", f"/forms-pit/_doc/{number}", {"n": number})
    pit = call(sandbox, "POST", "/forms-pit/_pit?keep_alive=1m").json()["id"]
    page = call(sandbox, "POST", "/forms-pit/_search?scroll=1m", {"size": 2, "sort": ["n"]}).json()
    call(sandbox, "PUT", "/forms-pit/_doc/4", {"n": 100})
    call(sandbox, "DELETE", "/forms-pit/_doc/3")
    call(sandbox, "PUT", "/forms-pit/_doc/9", {"n": 9})
    asked = {"pit": {"id": pit}, "sort": ["n"], "size": 10}
    seen = call(sandbox, "POST", "/_search", asked).json()
    assert [h["_source"]["n"] for h in seen["hits"]["hits"]] == [0, 1, 2, 3, 4]
    scrolled = [h["_source"]["n"] for h in page["hits"]["hits"]]
    while page["hits"]["hits"]:
        page = call(sandbox, "POST", "/_search/scroll", {"scroll": "1m", "scroll_id": page["_scroll_id"]}).json()
        scrolled += [h["_source"]["n"] for h in page["hits"]["hits"]]
    assert scrolled == [0, 1, 2, 3, 4]
    assert call(sandbox, "DELETE", "/_pit", {"id": pit}).json() == {"succeeded": True, "num_freed": 1}
    assert call(sandbox, "POST", "/_search", asked).status_code == 404
    assert call(sandbox, "DELETE", "/_search/scroll", {"scroll_id": page["_scroll_id"]}).ok
    now = call(sandbox, "POST", "/forms-pit/_search", {"sort": ["n"]}).json()
    assert [h["_source"]["n"] for h in now["hits"]["hits"]] == [0, 1, 2, 9, 100]


def test_delete_by_query(sandbox: Sandbox) -> None:
    for number in range(4):
        call(sandbox, "PUT", f"/forms-dbq/_doc/{number}", {"n": number})
    answer = call(sandbox, "POST", "/forms-dbq/_delete_by_query", {"query": {"range": {"n": {"gte": 2}}}}).json()
    assert (answer["total"], answer["deleted"], answer["failures"]) == (2, 2, [])
    assert call(sandbox, "GET", "/forms-dbq/_count").json()["count"] == 2


def test_msearch_answers_each(sandbox: Sandbox) -> None:
    call(sandbox, "PUT", "/forms-ms/_doc/1", {"n": 1})
    lines = '{"index": "forms-ms"}\n{"size": 0}\n{"index": "forms-none"}\n{}\n'
    answer = requests.post(
        f"{sandbox.elasticsearch_url}/_msearch",
        data=lines,
        headers={"Content-Type": "application/x-ndjson"},
        timeout=20,
    ).json()
    assert [r["status"] for r in answer["responses"]] == [200, 404]
    assert answer["responses"][0]["hits"]["total"]["value"] == 1


def test_pipeline_dates_and_versions(sandbox: Sandbox) -> None:
    path = "/_ingest/pipeline/forms-cas"
    call(sandbox, "DELETE", path)
    body = {"version": 1, "processors": [], "_meta": {"by": "me"}}
    assert call(sandbox, "PUT", path, body).ok
    first = call(sandbox, "GET", path).json()["forms-cas"]
    assert call(sandbox, "PUT", path, body).ok
    assert call(sandbox, "GET", path).json()["forms-cas"] == first
    assert call(sandbox, "PUT", f"{path}?if_version=1", {**body, "version": 2}).ok
    late = call(sandbox, "PUT", f"{path}?if_version=1", {**body, "version": 2})
    assert "required version [1] for pipeline [forms-cas] but current version is [2]" in late.json()["error"]["reason"]


@pytest.mark.parametrize("sandbox_version", ["8.19"], indirect=True)
def test_819_shows_no_dates_and_keeps_vectors_in_source(sandbox: Sandbox) -> None:
    call(sandbox, "PUT", "/_ingest/pipeline/forms-old", {"processors": []})
    assert call(sandbox, "GET", "/_ingest/pipeline/forms-old").json() == {"forms-old": {"processors": []}}
    call(sandbox, "PUT", "/forms-old", {"mappings": {"properties": {"v": {"type": "dense_vector", "dims": 2}}}})
    call(sandbox, "PUT", "/forms-old/_doc/1", {"v": [0.1, 3]})
    assert call(sandbox, "GET", "/forms-old/_doc/1").json()["_source"] == {"v": [0.1, 3]}
    near = {"knn": {"field": "v", "query_vector": [0.1, 3], "k": 1, "num_candidates": 5}}
    assert call(sandbox, "POST", "/forms-old/_search", near).json()["hits"]["hits"][0]["_score"] == 1.0
