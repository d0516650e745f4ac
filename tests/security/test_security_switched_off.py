"""Servers without security, or without Watcher: one line says so. The answers are those of 8.19.21 without security."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from esctl.cluster import Cluster, Connection
from esctl.errors import ServerError
from esctl.kinds import registry
from esctl.model import Address, Capabilities, Request, Response

if TYPE_CHECKING:
    from servers.fixtures import Server

WITHOUT = {
    "role": "/_security/role",
    "role-mapping": "/_security/role_mapping",
    "user": "/_security/user",
    "application-privilege": "/_security/privilege/a",
    "api-key": "/_security/_query/api_key",
    "watch": "/_watcher/_query/watches",
}
BY_METHOD = ("/_security/role", "/_security/role_mapping", "/_security/user", "/_security/privilege")


class Without:
    """Answers as such a server does, and only to what is expected."""

    def __init__(self, path: str) -> None:
        self.path = path

    def send(self, request: Request, *, accept: Any = ()) -> Response:
        assert request.path in (self.path, self.path.removesuffix("/a"))
        said = f"uri [{request.path}] and method [{request.method}]"
        if request.path in BY_METHOD:
            error = f"Incorrect HTTP method for {said}, allowed: [POST]"
            return Response(405, {"error": error, "status": 405})
        return Response(400, {"error": f"no handler found for {said}"})


@pytest.mark.parametrize("name", WITHOUT)
def test_it_is_told_in_one_line(name: str) -> None:
    what = "Watcher" if name == "watch" else "security"
    with pytest.raises(ServerError) as told:
        registry()[name].read(Without(WITHOUT[name]), [Address(name, "a/b")], Capabilities())
    assert str(told.value).startswith(f"{what} is switched off on this cluster, and {name} resources need it; xpack.")
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("name", WITHOUT)
def test_there_is_nothing_to_collect_then(name: str) -> None:
    assert registry()[name].everything(Without(WITHOUT[name]), Capabilities()) == {}


def test_another_refusal_is_not_mistaken_for_it() -> None:
    class Refusing:
        def send(self, request: Request, *, accept: Any = ()) -> Response:
            error = {"type": "illegal_argument_exception", "reason": "request contains unrecognized parameter"}
            return Response(400, {"error": error, "status": 400})

    with pytest.raises(ServerError, match="unrecognized parameter"):
        registry()["role"].read(Refusing(), [Address("role", "a")], Capabilities())


@pytest.mark.real
@pytest.mark.parametrize("name", WITHOUT)
def test_a_real_server_without_security(name: str, elasticsearch_95: Server) -> None:
    with Cluster(Connection(elasticsearch_95.url)) as cluster, pytest.raises(ServerError, match="is switched off"):
        registry()[name].read(cluster, [Address(name, "a/b")], cluster.capabilities)


@pytest.mark.real
def test_a_real_server_with_security(elasticsearch_819: Server) -> None:
    """8.19.21 reads and checks; it cannot make its security index, so there is nothing of one's own to read."""
    connection = Connection(
        elasticsearch_819.url, username=elasticsearch_819.username, password=elasticsearch_819.password
    )
    with Cluster(connection) as cluster:
        for name in ("role", "user"):
            kind = registry()[name]
            found = kind.everything(cluster, cluster.capabilities)
            assert found
            assert {kind.foreign(live) for live in found.values()} == {"reserved by Elasticsearch"}
            for live in found.values():
                normal = kind.normalise(live.body, cluster.capabilities)
                again = kind.written(live, cluster.capabilities)
                password = again.pop("password", None)  # a server shows none: a pulled user asks for it
                assert (password is not None) == (name == "user")
                assert kind.normalise(again, cluster.capabilities) == normal
        for name in ("role-mapping", "api-key", "application-privilege"):
            assert registry()[name].everything(cluster, cluster.capabilities) == {}


@pytest.mark.real
def test_a_user_who_may_not_look(elasticsearch_819: Server) -> None:
    connection = Connection(elasticsearch_819.url, username="reader", password=elasticsearch_819.password)
    with Cluster(connection) as cluster, pytest.raises(ServerError) as told:
        registry()["role"].read(cluster, [Address("role", "a")], cluster.capabilities)
    assert told.value.status == 403
    assert "read_security" in str(told.value)
