"""The real servers themselves: each starts, two fit side by side, and without what they need the tests say so."""

from __future__ import annotations

import json
import os
import urllib.request

import pytest
from servers import fixtures
from servers.fixtures import Server, running

ELASTICSEARCH = {"9.5": "elasticsearch_95", "8.19": "elasticsearch_819", "7.10": "elasticsearch_710"}


def version(server: Server) -> str:
    import base64

    request = urllib.request.Request(f"{server.url}/_nodes/_local?filter_path=nodes.*.version")
    if server.username:
        token = base64.b64encode(f"{server.username}:{server.password}".encode()).decode()
        request.add_header("authorization", f"Basic {token}")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return next(iter(json.load(answer)["nodes"].values()))["version"]


@pytest.mark.real
@pytest.mark.parametrize("name", ELASTICSEARCH)
def test_it_is_the_version_that_it_says(request, name):
    server = request.getfixturevalue(ELASTICSEARCH[name])
    assert version(server) == ".".join(map(str, server.version))


@pytest.mark.real
def test_two_of_one_version_fit_side_by_side(elasticsearch_95, tmp_path):
    with running("9.5", tmp_path) as second:
        assert second.url != elasticsearch_95.url
        assert version(second) == version(elasticsearch_95) == "9.5.3"
        for server, name in ((second, "one"), (elasticsearch_95, "two")):
            make = urllib.request.Request(f"{server.url}/only-{name}", method="PUT")
            urllib.request.urlopen(make, timeout=30).close()
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(f"{second.url}/only-two", timeout=10)
        pid = second.pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.real
def test_painless_runs_on_7_10(elasticsearch_710):
    script = {"script": {"source": "ctx.b = ctx.a * 2"}}
    body = {"pipeline": {"processors": [script]}, "docs": [{"_source": {"a": 21}}]}
    request = urllib.request.Request(
        f"{elasticsearch_710.url}/_ingest/pipeline/_simulate",
        json.dumps(body).encode(),
        {"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert json.load(answer)["docs"][0]["doc"]["_source"] == {"a": 21, "b": 42}


def test_without_maven_tests_are_skipped_loudly_and_fail_where_they_must_run(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("ESCTL_REQUIRE_REAL", raising=False)
    line = "REAL SERVER NOT TESTED: Elasticsearch 9.5: mvn is not installed"
    with pytest.warns(UserWarning, match=line), pytest.raises(pytest.skip.Exception, match=line):
        fixtures.require("9.5")
    monkeypatch.setenv("ESCTL_REQUIRE_REAL", "1")
    with pytest.raises(pytest.fail.Exception, match=line):
        fixtures.require("9.5")


def test_free_ports_differ():
    assert len(set(fixtures.free_ports(5))) == 5
