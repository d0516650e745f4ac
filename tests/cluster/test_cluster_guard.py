"""The guard: every row lets its own request pass, and what no row names is denied."""

from __future__ import annotations

import pytest

from esctl.cluster import READ_ONLY, WRITING, GuardError
from esctl.cluster.guard import Row

EXAMPLES = {"{name}": "logs", "{names}": "logs,metrics-1", "{pattern}": "logs-*,metrics", "{id}": "a%2Fb"}


def example(row: Row) -> str:
    return "/".join(EXAMPLES.get(segment, segment) for segment in row.segments)


@pytest.mark.parametrize("guard", [READ_ONLY, WRITING], ids=["read-only", "writing"])
def test_every_row_allows_its_request_and_says_why(guard):
    for row in guard.rows:
        params = {name: "1" for name in row.parameters} | dict(row.required)
        for method in row.methods:
            found = guard.check(method, example(row), params, service=row.service)
            assert found.reason, row


def test_every_row_refuses_a_parameter_that_it_does_not_name():
    for row in WRITING.rows:
        params = {"surprise": "1"} | dict(row.required)
        with pytest.raises(GuardError, match='its parameter "surprise" is not on the list'):
            WRITING.check(row.methods[0], example(row), params, service=row.service)


def test_every_writing_row_is_denied_to_commands_that_look():
    writing = [row for row in WRITING.rows if row not in READ_ONLY.rows]
    assert len(writing) > 25
    for row in writing:
        for method in row.methods:
            with pytest.raises(GuardError, match="this command only reads"):
                READ_ONLY.check(method, example(row), service=row.service)


@pytest.mark.parametrize(
    "request_line",
    [
        "GET /*",
        "GET /_all",
        "GET /logs-*",
        "GET /logs,_all",
        "GET /logs,-logs-1",
        "GET /_mapping",
        "GET /_settings",
        "GET /_alias",
        "GET /%2A",
        "GET /%5Fall",
        "GET /_cluster/state",
        "GET /_cat/indices",
        "GET /_search",
        "GET //",
        "GET /../_license",
        "GET /_index_template/",
        "POST /_sql",
        "POST /logs/_update_by_query",
        "POST /logs/_delete_by_query",
        "DELETE /*",
        "DELETE /logs-*",
        "DELETE /_all",
        "DELETE /_index_template/*",
        "DELETE /_component_template/a,b",
        "DELETE /_ingest/pipeline/%2A",
        "POST /_security/oauth2/token",
        "PUT /_license",
        "POST /_license/start_trial",
        "PUT /logs/_settings/x",
        "POST /logs-*/_close",
        "POST /logs-*,metrics/_open",
        "PUT /logs-*/_block/write",
        "POST /_close",
        "PUT /_settings",
        "PUT /_all/_settings",
        "PUT /logs-*/_settings",
        "PUT /logs-*/_mapping",
        "DELETE /logs-*/_alias/a",
        "DELETE /logs/_alias/*",
        "DELETE /_data_stream/*",
        "DELETE /_data_stream/a,b",
        "DELETE /_data_stream/logs-*/_lifecycle",
        "DELETE /_ilm/policy/*",
        "DELETE /_slm/policy/*",
        "DELETE /_snapshot/*",
        "DELETE /_snapshot/nightly/snap-1",
        "POST /_snapshot/nightly/snap-1/_restore",
        "DELETE /_enrich/policy/*",
        "DELETE /_transform/*",
        "POST /_transform/*/_stop",
        "DELETE /_security/privilege/shop/*",
        "PUT /_security/user/elastic/_password",
        "POST /_security/user/_password",
        "DELETE /_security/user",
        "POST /_tasks/_cancel",
        "POST /_cluster/reroute",
        "POST /_cluster/voting_config_exclusions",
        "PUT /_cluster/settings/x",
        "POST /_aliases/x",
        "POST /_bulk/x",
        "POST /_nodes/reload_secure_settings",
        "POST /_ilm/stop",
        "POST /_slm/stop",
        "POST /_watcher/_stop",
        "POST /_ingest/geoip/database",
        "DELETE /_search/scroll",
        "POST /logs/_forcemerge",
        "POST /logs/_rollover",
        "PUT /logs/_shrink/smaller",
        "GET /_security/user/_privileges",
        "POST /_security/api_key/grant",
        "GET /_security/enroll/node",
    ],
)
def test_elasticsearch_requests_that_nothing_may_send(request_line):
    method, path = request_line.split()
    assert not WRITING.allows(method, path)
    assert not READ_ONLY.allows(method, path)


@pytest.mark.parametrize(
    "request_line",
    [
        "PUT /_cluster/settings",
        "POST /_reindex",
        "POST /logs/_close",
        "PUT /logs/_block/write",
        "PUT /logs/_clone/logs-kept",
        "POST /_aliases",
        "POST /_bulk",
        "POST /_tasks/node:1/_cancel",
        "PUT /_enrich/policy/p/_execute",
        "POST /_transform/t/_start",
        "POST /logs/_refresh",
        "POST /_security/api_key",
    ],
)
def test_elasticsearch_requests_that_only_what_writes_may_send(request_line):
    method, path = request_line.split()
    assert WRITING.allows(method, path)
    assert not READ_ONLY.allows(method, path)


def test_a_wildcard_may_be_searched_but_not_listed():
    assert READ_ONLY.allows("POST", "/logs-*/_search")
    assert not READ_ONLY.allows("GET", "/logs-*/_mapping")


def test_an_encoded_slash_makes_no_new_segment():
    assert READ_ONLY.allows("GET", "/esctl-ledger/_doc/index%2Flogs")
    assert READ_ONLY.check("GET", "/esctl-ledger%2F_doc%2Fx").route == "/{names}"
    assert not READ_ONLY.allows("POST", "/logs%2F_search")


def test_the_get_that_writes_needs_simulate():
    path = "/api/ml/saved_objects/sync"
    assert READ_ONLY.allows("GET", path, {"simulate": "true"}, service="kibana")
    for params in ({}, {"simulate": "false"}, {"simulate": ""}):
        with pytest.raises(GuardError, match="it must carry simulate=true"):
            READ_ONLY.check("GET", path, params, service="kibana")
    assert not READ_ONLY.allows("GET", "/s/shop" + path, {}, service="kibana")


def test_spaces_and_services_are_told_apart():
    assert READ_ONLY.allows("POST", "/s/shop/api/saved_objects/_export", service="kibana")
    assert not READ_ONLY.allows("POST", "/s/shop/api/saved_objects/_import", service="kibana")
    assert not READ_ONLY.allows("POST", "/s/a%2Fb/x/api/saved_objects/_export", service="kibana")
    assert not READ_ONLY.allows("GET", "/api/status")
    assert not READ_ONLY.allows("GET", "/_license", service="kibana")
    assert not WRITING.allows("PUT", "/api/saved_objects/dashboard/x", service="kibana")


def test_the_refusal_names_the_request():
    with pytest.raises(GuardError) as refused:
        READ_ONLY.check("PUT", "/_ingest/pipeline/p")
    assert str(refused.value) == "PUT /_ingest/pipeline/p was not sent: this command only reads"
    assert refused.value.status == 0
