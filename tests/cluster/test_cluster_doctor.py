"""The doctor: what it finds, and that every finding that is not ok has a remedy."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest
from scripted import KIBANA, root

from esctl.cluster import OWN_INDICES, Check, Connection, diagnose
from esctl.kinds.index import OURS


def found(connection, **more) -> dict[str, Check]:
    checks = diagnose(connection, **more)
    for check in checks:
        assert check.detail and "\n" not in check.detail
        assert (check.state == "ok") == (not check.remedy), check
    return {check.name: check for check in checks}


@pytest.fixture
def healthy(fake):
    """Everything as it should be."""
    fake.answer("GET /_license", body={"license": {"type": "trial", "status": "active", "expiry_date": "2030"}})
    fake.answer("GET /_nodes/_local/stats/os", body={"nodes": {"n": {"timestamp": time.time() * 1000}}})
    answer = {"username": "u", "has_all_requested": True, "cluster": {}, "index": {}}
    fake.answer("POST /_security/user/_has_privileges", body=answer)
    kibana(fake)
    return fake


def kibana(fake, number="9.5.3", level="available", status=200):
    overall = {"level": level, "summary": "Elasticsearch is away"}
    body = {"version": {"number": number}, "status": {"overall": overall}}
    fake.answers["GET /api/status"] = (status, body, KIBANA)


def test_all_is_well(healthy):
    checks = found(Connection(healthy.url, healthy.url), gallery="pixels", extra=[Check("model", "ok", "in the cache")])
    assert list(checks) == ["elasticsearch", "licence", "privileges", "clock", "kibana", "gallery", "model"]
    assert {check.state for check in checks.values()} == {"ok"}
    assert checks["elasticsearch"].detail == f'9.5.3 at {healthy.url}, cluster "c"'
    assert checks["licence"].detail == "trial, until 2030"
    assert not [one for one in healthy.seen if one.method in ("PUT", "DELETE")]


def test_nothing_answers():
    checks = found(Connection("http://127.0.0.1:9", "http://127.0.0.1:9"))
    assert {name: check.state for name, check in checks.items()} == {"elasticsearch": "failed", "kibana": "failed"}


def test_an_old_server(healthy):
    healthy.answer("GET /", body=root("7.17.1"))
    check = found(Connection(healthy.url))["elasticsearch"]
    assert (check.state, check.remedy) == ("failed", "upgrade the server")


def test_missing_privileges_are_listed(healthy):
    answer = {
        "username": "u",
        "has_all_requested": False,
        "cluster": {"monitor": True, "manage_ilm": False},
        "index": {
            "esctl-ledger": {"read": True},
            "esctl-history": {"read": True, "write": False},
            "logs": {"read": False, "write": False},
        },
    }
    healthy.answer("POST /_security/user/_has_privileges", body=answer)
    check = found(Connection(healthy.url), indices=["logs"])["privileges"]
    lacks = "cluster: manage_ilm; esctl-history: write; logs: read, write"
    assert (check.state, check.detail) == ("failed", f'user "u" lacks {lacks}')
    asked = json.loads(healthy.requests("POST /_security/user/_has_privileges")[0].body)["index"]
    assert [one["names"] for one in asked] == [["esctl-ledger", "esctl-history"], ["logs"]]
    assert set(OWN_INDICES) == OURS, "what no project may write, and what esctl needs privileges on"


def test_a_licence_that_lapsed(healthy):
    healthy.answer("GET /_license", body={"license": {"type": "trial", "status": "expired"}})
    assert found(Connection(healthy.url))["licence"].detail == "trial, expired"


@pytest.mark.parametrize("ahead, state", [(0.0, "ok"), (29.0, "ok"), (45.0, "warning"), (-45.0, "warning")])
def test_clocks_that_differ(healthy, ahead, state):
    now = 1_800_000_000.0
    healthy.answer("GET /_nodes/_local/stats/os", body={"nodes": {"n": {"timestamp": (now + ahead) * 1000}}})
    check = found(Connection(healthy.url), clock=lambda: now)["clock"]
    assert check.state == state
    told = (
        f"is {abs(ahead):.1f} s {'ahead' if ahead > 0 else 'behind'}"
        if ahead
        else "agrees with this machine's within 1 s"
    )
    assert check.detail == f"the server's clock {told}"


@pytest.mark.parametrize(
    "number, state", [("9.5.0", "ok"), ("9.4.9", "warning"), ("9.6.0", "failed"), ("8.19.1", "failed")]
)
def test_kibanas_version_and_elasticsearchs(healthy, number, state):
    kibana(healthy, number)
    assert found(Connection(healthy.url, healthy.url))["kibana"].state == state


def test_kibana_that_is_not_well(healthy):
    where = Connection(healthy.url, healthy.url, timeout=1)
    kibana(healthy, level="critical", status=503)
    assert "is critical: Elasticsearch is away" in found(where)["kibana"].detail
    healthy.answers["GET /api/status"] = (503, b"Kibana server is not ready yet", {"content-type": "text/plain"})
    assert "is still starting" in found(where)["kibana"].detail
    healthy.answers["GET /api/status"] = (401, {"message": "no"}, KIBANA)
    assert "asks for credentials" in found(where)["kibana"].detail
    healthy.answers["GET /api/status"] = (200, {"status": {"overall": {"level": "available"}}}, KIBANA)
    assert found(where)["kibana"].state == "warning"
    healthy.answers["GET /api/status"] = (200, {"hello": 1}, KIBANA)
    assert "does not answer /api/status as Kibana does" in found(where)["kibana"].detail


def test_images_by_address_need_a_setting(healthy):
    check = found(Connection(healthy.url, healthy.url), gallery="http")["gallery"]
    assert check.state == "warning" and "vis_type_vega.enableExternalUrls: true" in check.remedy


def test_servers_for_real(connection):
    checks = found(connection, indices=["image_data"])
    assert {name: check.state for name, check in checks.items() if name != "kibana"} == {
        "elasticsearch": "ok",
        "licence": "ok",
        "privileges": "ok",
        "clock": "ok",
    }


@pytest.mark.real
def test_a_user_who_may_hardly_do_anything(elasticsearch_819):
    server = elasticsearch_819
    connection = Connection(server.url, username="reader", password=server.password)
    check = found(connection)["privileges"]
    assert check.state == "failed" and "manage_ingest_pipelines" in check.detail
    check = found(replace(connection, password="wrong"))["elasticsearch"]
    assert check.detail == f'Elasticsearch at {server.url} does not accept user "reader"'
