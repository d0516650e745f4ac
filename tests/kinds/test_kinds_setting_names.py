"""Names of the cluster's settings: what is told without a server, and what real servers say of the same names."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request

import pytest
from servers.fixtures import Server

from esctl.errors import Problem, Source
from esctl.kinds import registry
from esctl.kinds.setting_names import doubt
from esctl.model import Address, Resource


@pytest.mark.parametrize(
    "name",
    [
        "indices.recovery.max_bytes_per_sec",
        "cluster.remote.dc2.seeds",
        "cluster.remote.dc2.skip_unavailable",
        "cluster.routing.allocation.awareness.force.zone.values",
        "cluster.routing.allocation.exclude._ip",
        "cluster.metadata.team.of.this",
        "logger.org.elasticsearch.discovery",
        "xpack.ml.max_open_jobs",
        "xpack.security.audit.logfile.events.include",
        "xpack.notification.slack.account.ops.message_defaults.from",
        "transport.profiles.default.xpack.security.filter.allow",
        "transport.profiles.client.xpack.security.filter.deny",
    ],
)
def test_a_known_name_is_not_doubted(name: str) -> None:
    assert doubt(name) is None


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("indices.recovery.max_byte_per_sec", "indices.recovery.max_bytes_per_sec"),
        ("cluster.routing.alocation.enable", "cluster.routing.allocation.enable"),
        ("cluster.remote.dc2.sedes", "cluster.remote.dc2.seeds"),
        ("cluster.remote.dc2.skip-unavailable", "cluster.remote.dc2.skip_unavailable"),
        (
            "cluster.routing.allocation.awareness.forc.zone.values",
            "cluster.routing.allocation.awareness.force.zone.values",
        ),
        ("loger.org.elasticsearch", "logger.org.elasticsearch"),
        ("xpack.ml.max_open_job", "xpack.ml.max_open_jobs"),
    ],
)
def test_a_slip_is_an_error_that_names_what_was_meant(slip: str, meant: str) -> None:
    found = doubt(slip)
    assert found is not None
    assert (found.severity, found.rule, found.hint) == ("error", "unknown-setting", f'did you mean "{meant}"?')


@pytest.mark.parametrize("name", ["path.data", "http.max_content_length", "node.attr.zone", "cluster.name"])
def test_a_setting_of_nodes_belongs_into_their_file(name: str) -> None:
    found = doubt(name)
    assert found is not None
    assert (found.severity, found.rule) == ("error", "static-setting")
    assert "elasticsearch.yml" in found.hint


def test_what_is_merely_unknown_is_a_warning() -> None:
    found = doubt("our_plugin.cache.size")
    assert found is not None
    assert (found.severity, found.rule) == ("warning", "unknown-setting")


def test_each_line_is_told_where_it_stands() -> None:
    written = {"persistent": {"cluster": {"routing": {"alocation.enable": "all"}}, "path.data": "/x"}}
    lines = {
        ("spec", "persistent", "cluster", "routing", "alocation.enable"): 7,
        ("spec", "persistent", "path.data"): 8,
    }
    resource = Resource(Address("cluster-settings", "all"), written, Source("all.yaml", 1), lines)
    told: list[Problem] = list(registry()["cluster-settings"].check(resource))
    assert [(problem.source and problem.source.line, problem.rule) for problem in told] == [
        (7, "unknown-setting"),
        (8, "static-setting"),
    ]


@pytest.mark.real
@pytest.mark.parametrize("server", ["elasticsearch_95", "elasticsearch_819"])
def test_real_servers_agree(server: str, request: pytest.FixtureRequest) -> None:
    """What they list is known; what counts as static is refused as such, setting by setting."""
    real: Server = request.getfixturevalue(server)
    listed = ask(real, "GET", "/_cluster/settings?include_defaults=true&flat_settings=true")
    shown = {name: value for name, value in listed["defaults"].items() if not name.startswith("index.")}
    doubted = {name: found for name in shown if (found := doubt(name)) and found.rule == "unknown-setting"}
    assert list(doubted) == []
    shown.pop("xpack.security.audit.enabled", None)  # static in 8.19, dynamic since
    wrong = {}
    for name, value in shown.items():
        sent = {"persistent": {name: value if value != "" else None}}
        answer = ask(real, "PUT", "/_cluster/settings", sent)
        refused = "not dynamically updateable" in json.dumps(answer)
        found = doubt(name)
        if refused != (found is not None and found.rule == "static-setting"):
            wrong[name] = (refused, found)
        if "error" not in answer:
            ask(real, "PUT", "/_cluster/settings", {"persistent": {name: None}})
    assert wrong == {}


def ask(server: Server, method: str, path: str, body: object = None) -> dict:
    data = json.dumps(body).encode() if body is not None else None
    login = base64.b64encode(f"{server.username}:{server.password}".encode()).decode()
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Basic {login}"} if server.username else {})
    sent = urllib.request.Request(server.url + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(sent, timeout=60) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        return json.load(error)
