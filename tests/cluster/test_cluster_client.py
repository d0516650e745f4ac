"""What goes over the wire: versions in headers, bodies, uploads, counting, repetitions; against a scripted server."""

from __future__ import annotations

import json
import time
import warnings

import pytest
from scripted import KIBANA, PRODUCT, root

from esctl.cluster import READ_ONLY, WRITING, Cluster, Connection, GuardError, KibanaAccess
from esctl.cluster.retries import Retries, repeatable
from esctl.errors import ServerError
from esctl.model import Request

FAST = Retries(first=0.001, sleep=lambda seconds: None)


def reading(fake, **more):
    return Cluster(Connection(fake.url, fake.url, **more), retries=FAST)


def writing(fake, **more):
    return Cluster(Connection(fake.url, fake.url, **more), guard=WRITING, retries=FAST)


@pytest.mark.parametrize("number, major", [("9.5.3", 9), ("8.19.21", 8), ("10.0.0-SNAPSHOT", 9)])
def test_headers_speak_the_servers_version_after_one_plain_probe(fake, number, major):
    fake.answer("GET /", body=root(number))
    fake.answer("POST /i/_search", body={"hits": {}})
    cluster = reading(fake)
    for _ in range(3):
        cluster.send(Request("elasticsearch", "POST", "/i/_search", body={"size": 0}))
    probes = fake.requests("GET /")
    assert [one.headers["accept"] for one in probes] == ["application/json"]
    search = fake.requests("POST /i/_search")[0].headers
    spoken = f"application/vnd.elasticsearch+json; compatible-with={major}"
    assert (search["accept"], search["content-type"]) == (spoken, spoken)
    assert cluster.sent == 4


def test_the_official_client_speaks_the_same_and_cannot_pass_the_guard(fake):
    fake.answer("GET /", body=root("8.19.21"))
    fake.answer("GET /_index_template", body={"index_templates": []})
    client = reading(fake).elasticsearch
    assert client.indices.get_index_template().body == {"index_templates": []}
    assert fake.seen[-1].headers["accept"].endswith("compatible-with=8")
    with pytest.raises(GuardError):
        client.indices.create(index="x")
    assert not [one for one in fake.seen if one.method == "PUT"]


def test_bulk_helper_sends_ndjson_in_the_servers_version(fake):
    from elasticsearch.helpers import bulk

    fake.answer("GET /", body=root("8.19.21"))
    fake.answer("PUT /_bulk", body={"errors": False, "items": [{"index": {"_id": "1", "status": 201}}]})
    assert bulk(writing(fake).elasticsearch, [{"_index": "i", "_id": "1", "a": 1}]) == (1, [])
    assert fake.seen[-1].headers["content-type"] == "application/vnd.elasticsearch+x-ndjson; compatible-with=8"
    assert [json.loads(line) for line in fake.seen[-1].body.splitlines()] == [
        {"index": {"_index": "i", "_id": "1"}},
        {"a": 1},
    ]


def test_serverless_is_spoken_to_without_versions(fake):
    body = root("9.9.0")
    body["version"]["build_flavor"] = "serverless"
    fake.answer("GET /", body=body)
    fake.answer("GET /_index_template", body={})
    fake.answer("GET /_license", 410)
    cluster = reading(fake)
    cluster.get("/_index_template")
    headers = fake.seen[-1].headers
    assert (headers["accept"], headers["elastic-api-version"]) == ("application/json", "2023-10-31")
    assert cluster.capabilities.serverless


def test_a_kibana_upload_is_a_file_named_import(fake):
    fake.answers["POST /s/shop/api/saved_objects/_import"] = (200, {"success": True}, KIBANA)
    objects = [{"type": "dashboard", "id": "ä"}, {"type": "lens", "id": "b"}]
    path = "/s/shop/api/saved_objects/_import"
    answer = writing(fake).send(Request("kibana", "POST", path, {"overwrite": "true"}, objects, "file"))
    assert answer.body == {"success": True}
    sent = fake.seen[-1]
    assert sent.path.endswith("_import?overwrite=true")
    assert sent.headers["kbn-xsrf"] == "true"
    assert sent.headers["content-type"].startswith("multipart/form-data")
    assert b'name="file"; filename="import.ndjson"' in sent.body
    assert '{"type":"dashboard","id":"ä"}\n{"type":"lens","id":"b"}\n'.encode() in sent.body


def test_an_export_is_a_list_of_objects_and_reads_only(fake):
    lines = b'{"id":"a","x":"\xc3\xa4\xe2\x80\xa8"}\n{"id":"b"}\n'
    fake.answers["POST /api/saved_objects/_export"] = (200, lines, KIBANA | {"content-type": "application/ndjson"})
    answer = reading(fake).send(Request("kibana", "POST", "/api/saved_objects/_export", body={"type": ["dashboard"]}))
    assert answer.body == [{"id": "a", "x": "ä\u2028"}, {"id": "b"}]
    assert "elastic-api-version" not in fake.seen[-1].headers


def test_only_versioned_paths_of_kibana_carry_their_version(fake):
    fake.answers["GET /api/dashboards/d"] = (200, {}, KIBANA)
    reading(fake).get("/api/dashboards/d", service="kibana")
    assert fake.seen[-1].headers["elastic-api-version"] == "2023-10-31"
    assert "kbn-xsrf" not in fake.seen[-1].headers


@pytest.mark.parametrize(
    "credentials, header",
    [
        ({"username": "u", "password": "pä:"}, "Basic dTpww6Q6"),
        ({"api_key": "id:key"}, "ApiKey aWQ6a2V5"),
        ({"api_key": "aWQ6a2V5", "username": "u"}, "ApiKey aWQ6a2V5"),
        ({"bearer": "t"}, "Bearer t"),
    ],
)
def test_credentials_go_to_both_servers_and_never_to_a_repr(fake, credentials, header):
    fake.answer("GET /_license", body={"license": {"type": "trial"}})
    fake.answers["GET /api/status"] = (200, {"version": {"number": "9.4.1"}}, KIBANA)
    cluster = reading(fake, **credentials)
    assert cluster.capabilities.licence == "trial"
    assert cluster.capabilities.kibana_version == (9, 4, 1)
    assert [one.headers.get("authorization") for one in fake.seen] == [header] * 3
    assert not [secret for secret in ("pä:", "id:key", "aWQ6a2V5") if secret in repr(cluster.connection)]


def test_kibana_may_have_credentials_of_its_own(fake):
    fake.answers["GET /api/spaces/space"] = (200, [], KIBANA)
    fake.answer("GET /_ilm/policy")
    cluster = reading(fake, username="u", password="p", kibana=KibanaAccess(api_key="k"))
    cluster.get("/api/spaces/space", service="kibana")
    cluster.get("/_ilm/policy")
    assert fake.requests("GET /api/spaces/space")[0].headers["authorization"] == "ApiKey k"
    assert fake.requests("GET /_ilm/policy")[0].headers["authorization"] == "Basic dTpw"


def test_credentials_inside_an_address_are_used_and_not_shown(fake):
    url = fake.url.replace("//", "//us%40er:p%2Fw@")
    fake.answer("GET /_ilm/policy")
    cluster = Cluster(Connection(url))
    cluster.get("/_ilm/policy")
    assert fake.seen[-1].headers["authorization"] == "Basic dXNAZXI6cC93"
    assert cluster.connection.place("elasticsearch") == fake.url
    assert repr(cluster.connection) == f"Connection('{fake.url}', user \"us@er\")"


def test_a_netrc_file_is_not_asked(fake, tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login other password x\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    fake.answers["GET /api/spaces/space"] = (200, [], KIBANA)
    reading(fake, username="u", password="p").get("/api/spaces/space", service="kibana")
    assert fake.seen[-1].headers["authorization"] == "Basic dTpw"


def test_capabilities_take_three_requests_and_less_licence_than_asked_is_basic(fake):
    fake.answer("GET /", body=root(sandbox=True))
    fake.answer("GET /_license", 405)
    fake.answers["GET /api/status"] = (200, {"version": {"number": "9.5.3"}}, KIBANA)
    cluster = reading(fake)
    assert cluster.capabilities is cluster.capabilities
    assert (cluster.capabilities.licence, cluster.capabilities.sandbox, cluster.sent) == ("basic", True, 3)


def test_a_kibana_that_is_away_does_not_hinder_elasticsearch(fake):
    fake.answer("GET /_license")
    cluster = Cluster(Connection(fake.url, "http://127.0.0.1:9"), retries=FAST)
    assert cluster.capabilities.kibana_version == (9, 5, 3)
    with pytest.raises(ServerError, match="Kibana at http://127.0.0.1:9 cannot be reached: connection refused"):
        cluster.get("/api/spaces/space", service="kibana")


def test_warnings_of_the_server_are_kept_and_not_raised(fake):
    fake.answer("GET /_ilm/policy", warning='299 Elasticsearch-9.5.3-abc "this is \\"old\\", use new"')
    cluster = reading(fake)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cluster.get("/_ilm/policy")
        cluster.get("/_ilm/policy")
    assert cluster.warnings == ('this is \\"old\\", use new',)


BUSY = (503, {"error": {"type": "unavailable", "reason": "no"}}, PRODUCT)
SILENT = 5
DONE = (200, {"acknowledged": True}, PRODUCT)


@pytest.mark.parametrize("failure", [BUSY, (429, {}, PRODUCT), (502, b"<html>", {"content-type": "text/html"}), "drop"])
def test_what_may_be_repeated_is_repeated(fake, failure):
    fake.answers["PUT /_ingest/pipeline/p"] = [failure, failure, DONE]
    answer = writing(fake).send(Request("elasticsearch", "PUT", "/_ingest/pipeline/p", body={"processors": []}))
    assert answer.body == {"acknowledged": True}
    assert len(fake.requests("PUT /_ingest/pipeline/p")) == 3


@pytest.mark.parametrize("failure", [BUSY, "drop", SILENT])
def test_what_may_not_be_repeated_is_sent_once(fake, failure):
    fake.answers["POST /i/_doc"] = [failure, DONE]
    with pytest.raises(ServerError):
        writing(fake, timeout=0.2).send(Request("elasticsearch", "POST", "/i/_doc", body={}))
    assert len(fake.requests("POST /i/_doc")) == 1


@pytest.mark.parametrize("line", ["GET /_ilm/policy", "POST /i/_search", "PUT /_ilm/policy/p", "DELETE /_ilm/policy/p"])
def test_what_was_not_answered_in_time_is_sent_once_more(fake, line):
    fake.answers[line] = [SILENT, DONE]
    method, path = line.split()
    answer = writing(fake, timeout=0.2).send(
        Request("elasticsearch", method, path, body={} if method != "GET" else None)
    )
    assert answer.body == {"acknowledged": True}
    assert len(fake.requests(line)) == 2


def test_kibana_is_asked_once_more_too_and_the_official_client_asks(fake):
    fake.answers["GET /api/spaces/space"] = [(200, [], KIBANA), SILENT, (200, [], KIBANA)]
    cluster = writing(fake, timeout=30, kibana=KibanaAccess(timeout=0.2))
    assert [cluster.get("/api/spaces/space", service="kibana") for _ in range(2)] == [[], []]
    fake.answers["POST /i/_search"] = [SILENT, DONE]
    client = reading(fake, timeout=0.2).elasticsearch
    assert client.search(index="i").body == {"acknowledged": True}
    assert len(fake.requests("POST /i/_search")) == 2


def test_nobody_waits_longer_than_twice_the_timeout(fake):
    fake.answers["GET /_ilm/policy"] = SILENT
    for cluster in (reading(fake, timeout=0.3), Cluster(Connection(fake.url, timeout=0.3))):
        began = time.monotonic()
        with pytest.raises(ServerError, match=r"did not answer within 0\.3 s(, asked twice)?;") as told:
            cluster.get("/_ilm/policy")
        assert told.value.kind == "timeout"
        assert time.monotonic() - began < 2 * 0.3 + 0.5
    assert len(fake.requests("GET /_ilm/policy")) == 3, "a pause of 0.25 s leaves too little of 0.6 s"


class Passing:
    """A clock that requests and pauses move."""

    def __init__(self) -> None:
        self.now, self.waits, self.pauses = 0.0, [], []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


@pytest.mark.parametrize(
    "takes, after, waits, pauses",
    [
        ([30.0, 30.0], "", [30.0, 29.75], [0.25]),  # times out, and once more
        ([1.0, 1.0, 1.0, 1.0], "", [30.0, 30.0, 30.0, 30.0], [0.25, 0.5, 1.0]),  # is busy at once
        ([27.0, 27.0], "", [30.0, 30.0], [0.25]),  # is busy after long: the third would have less than a quarter
        ([1.0] * 4, "10", [30.0, 30.0, 30.0, 26.0 + 1.0], [10.0] * 3),
        ([1.0] * 4, "3600", [30.0, 30.0, 30.0, 26.0 + 1.0], [10.0] * 3),  # nobody waits an hour
    ],
)
def test_all_tries_and_pauses_end_within_twice_the_timeout(takes, after, waits, pauses):
    clock = Passing()
    left = list(takes)

    class Busy:
        status = 503
        headers = {"retry-after": after} if after else {}

    def send(seconds: float) -> Busy:
        clock.waits.append(seconds)
        took = left.pop(0)
        clock.now += min(took, seconds)
        if took >= seconds:
            raise TimeoutError
        return Busy()

    try:
        Retries(sleep=clock.sleep, clock=clock).run(send, timeout=30.0, broken=(TimeoutError,))
    except TimeoutError:
        pass
    assert (clock.waits, clock.pauses) == (waits, pauses)
    assert clock.now <= 60.0


def test_repetitions_end_and_wait_longer_each_time(fake):
    waited: list[float] = []
    fake.answers["GET /_ilm/policy"] = BUSY
    cluster = Cluster(Connection(fake.url), retries=Retries(sleep=waited.append))
    with pytest.raises(ServerError, match="answered 503, unavailable: no"):
        cluster.get("/_ilm/policy")
    assert waited == [0.25, 0.5, 1.0]


def test_retry_after_is_waited_for(fake):
    waited: list[float] = []
    fake.answers["GET /api/spaces/space"] = [(429, {}, {"retry-after": "3"} | KIBANA), (200, [], KIBANA)]
    cluster = Cluster(Connection(fake.url, fake.url), retries=Retries(sleep=waited.append))
    assert cluster.get("/api/spaces/space", service="kibana") == []
    assert waited == [3.0]


@pytest.mark.parametrize(
    "line, expected",
    [
        ("GET /i", True),
        ("PUT /_ingest/pipeline/p", True),
        ("PUT /_ingest/pipeline/p?if_version=3", False),
        ("PUT /i/_doc/1", True),
        ("PUT /i/_doc/1?if_seq_no=1&if_primary_term=1", False),
        ("PUT /i/_create/1", False),
        ("PUT /_bulk", False),
        ("DELETE /i", True),
        ("POST /i/_search", True),
        ("POST /_ingest/pipeline/_simulate", True),
        ("POST /i/_bulk", False),
        ("POST /_aliases", False),
    ],
)
def test_what_counts_as_repeatable(line, expected):
    method, _, target = line.partition(" ")
    path, _, query = target.partition("?")
    params = dict(part.split("=") for part in query.split("&") if part)
    assert repeatable("elasticsearch", method, path, params) is expected


def test_eight_threads_share_one_probe(fake):
    from concurrent.futures import ThreadPoolExecutor

    fake.answer("GET /_ilm/policy", body={"p": 1})
    fake.answers["GET /api/spaces/space"] = (200, [], KIBANA)
    cluster = reading(fake)

    def ask(number: int):
        if number % 2:
            return cluster.get("/_ilm/policy")
        return cluster.get("/api/spaces/space", service="kibana")

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(80))) == [[], {"p": 1}] * 40
    assert len(fake.requests("GET /")) == 1
    assert cluster.sent == len(fake.seen) == 81


def test_importing_the_room_loads_no_http_library():
    import subprocess
    import sys

    code = "import sys, esctl.cluster; print([m for m in ('elasticsearch', 'requests', 'urllib3') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_read_only_is_the_default():
    assert Cluster(Connection("http://127.0.0.1:9")).guard is READ_ONLY
