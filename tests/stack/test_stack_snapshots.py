"""Snapshot repositories and policies: registered, referred to, taken back; on real servers too."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from project_place import Place

from esctl.cluster import WRITING, Cluster, Connection
from esctl.errors import EsctlError
from esctl.kinds.base import Context
from esctl.kinds.differences import differences
from esctl.kinds.snapshots import SLM_POLICY, SNAPSHOT_REPOSITORY
from esctl.model import Address, Capabilities, Request, Response

NIGHTLY = """
kind: snapshot-repository
id: nightly
spec: {type: fs, settings: {location: nightly, compress: true}}
---
kind: slm-policy
id: every-night
spec: {name: "<n-{now/d}>", schedule: 0 30 1 * * ?, repository: nightly, retention: {expire_after: 30d}}
---
kind: ilm-policy
id: logs
spec:
  policy:
    phases:
      delete: {min_age: 30d, actions: {wait_for_snapshot: {policy: every-night}, delete: {}}}
"""


@pytest.mark.parametrize("sandbox_version", ["9.5", "8.19"], indirect=True)
def test_in_the_order_in_which_they_refer_to_each_other(place: Place) -> None:
    place.write("\n---\n".join(reversed(NIGHTLY.split("\n---\n"))))
    place.apply()
    assert place.clean()
    _, answer = place.ask("GET", "/_slm/policy/every-night")
    assert answer["every-night"]["policy"]["config"] == {"metadata": {"esctl": {"project": "placed"}}}


def test_a_near_miss_of_a_repository_is_told(place: Place) -> None:
    place.write(NIGHTLY.replace("repository: nightly", "repository: nigthly"))
    with pytest.raises(EsctlError, match='no snapshot-repository "nigthly" here; did you mean "nightly"?'):
        place.plan()


def test_it_is_registered_without_a_trial_where_told(place: Place) -> None:
    place.write("kind: snapshot-repository\nid: a\nspec: {type: fs, settings: {location: a}, verify: false}")
    (request,) = place.change("snapshot-repository/a").requests
    assert str(request) == "PUT /_snapshot/a?verify=false"
    assert request.body == {"type": "fs", "settings": {"location": "a"}}
    place.apply()
    assert place.clean()


def test_credentials_belong_to_the_keystore(place: Place) -> None:
    place.write("kind: snapshot-repository\nid: a\nspec: {type: s3, settings: {bucket: b, client: eu, secret_key: x}}")
    with pytest.raises(EsctlError, match=r'all.yaml:3.*secret_key does not belong here.*"s3.client.eu.secret_key"'):
        place.plan()


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "reason"),
    [
        ("PUT", "/_slm/policy/p", {"name": "a", "schedule": "1h"}, 400, "Required [repository]"),
        ("PUT", "/_slm/policy/p", {"name": "a", "schedule": "1h", "repository": "none"}, 400, "no such repository [none]"),
        ("PUT", "/_slm/policy/p", {"name": "a", "schedule": "often", "repository": "none"}, 400, "Validation Failed: 1: invalid schedule [often]: must be a valid cron expression or time unit;"),
        ("DELETE", "/_slm/policy/p", None, 404, "snapshot lifecycle policy not found: p"),
        ("PUT", "/_snapshot/a/one", {}, 400, "the esctl sandbox does not implement snapshots"),
        ("PUT", "/_slm/policy/p/_execute", None, 400, "the esctl sandbox does not implement taking snapshots"),
        ("PUT", "/_snapshot/a", {"type": "s3", "settings": {"bucket": "b"}}, 400, "the esctl sandbox does not implement snapshot repositories of type [s3]"),
    ],
)  # fmt: skip
def test_what_the_sandbox_refuses(place: Place, method, path, body, status, reason) -> None:  # type: ignore[no-untyped-def]
    found, answer = place.ask(method, path, body)
    assert (found, answer["error"]["reason"]) == (status, reason)


class Failing:
    """A server whose policy took a snapshot at 1 and failed at `failed`."""

    def __init__(self, failed: int) -> None:
        self.failed = failed

    def send(self, request: Request, *, accept: Iterable[int] = ()) -> Response:
        failure = {"snapshot_name": "n-2", "time": self.failed, "details": "no space left"}
        return Response(200, {"p": {"last_success": {"snapshot_name": "n-1", "time": 1}, "last_failure": failure}})


@pytest.mark.parametrize(("failed", "told"), [(0, []), (2, ["its last snapshot, n-2, failed: no space left"])])
def test_verify_tells_of_a_snapshot_that_failed(failed: int, told: list[str]) -> None:
    assert list(SLM_POLICY.verify(Address("slm-policy", "p"), {}, Failing(failed), Capabilities())) == told


@pytest.mark.real
@pytest.mark.parametrize("edition", ["9.5"])
def test_a_repository_is_read_back_on_a_real_server(edition: str, tmp_path: Path) -> None:
    from servers.fixtures import running

    repositories = tmp_path / "repositories"
    repositories.mkdir()
    settings = [f"path.repo={repositories}"]
    with running(edition, tmp_path / "server", *settings, environment={"SHIM": "1"}) as server:
        with Cluster(Connection(server.url), guard=WRITING) as cluster:
            address, capabilities = Address("snapshot-repository", "nightly"), cluster.capabilities
            spec = {"type": "fs", "settings": {"location": "nightly", "compress": True, "max_number_of_snapshots": 100}}
            for body in (spec, {**spec, "verify": False}):
                for request in SNAPSHOT_REPOSITORY.write(address, body, None, Context()):
                    cluster.send(request)
                live = SNAPSHOT_REPOSITORY.read(cluster, [address], capabilities)[address]
                sides = [SNAPSHOT_REPOSITORY.normalise(side, capabilities) for side in (live.body, body)]
                assert differences(*sides) == ()
            for request in SNAPSHOT_REPOSITORY.delete(address, Context()):
                cluster.send(request)
            assert SNAPSHOT_REPOSITORY.read(cluster, [address], capabilities) == {}
