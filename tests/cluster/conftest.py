"""The scripted server, and the servers that the same tests run against."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from scripted import Fake, scripted

from esctl.cluster import WRITING, Cluster, Connection
from esctl.model import Request


@pytest.fixture
def fake() -> Iterator[Fake]:
    with scripted() as running:
        yield running


@pytest.fixture(
    params=[
        "sandbox 9.5",
        "sandbox 8.19",
        pytest.param("real 9.5", marks=pytest.mark.real),
        pytest.param("real 8.19", marks=pytest.mark.real),
    ]
)
def connection(request: pytest.FixtureRequest) -> Connection:
    """The same tests run against the sandbox and against real servers (8.19 with security on)."""
    where, version = request.param.split()
    if where == "sandbox":
        sandbox = request.getfixturevalue("_sandboxes")(version)
        return Connection(sandbox.elasticsearch_url, sandbox.kibana_url)
    server = request.getfixturevalue({"9.5": "elasticsearch_95", "8.19": "elasticsearch_819"}[version])
    return Connection(server.url, username=server.username or None, password=server.password or None)


@pytest.fixture
def connect(connection: Connection) -> Iterator[Callable[[], Cluster]]:
    """Makes clusters that may write, each with connections of its own; the ledger is away before and after."""
    made: list[Cluster] = []

    def make() -> Cluster:
        made.append(Cluster(connection, guard=WRITING))
        return made[-1]

    drop = Request("elasticsearch", "DELETE", "/esctl-ledger")
    make().send(drop, accept=(404,))
    yield make
    made[0].send(drop, accept=(404,))
    for cluster in made:
        cluster.close()


@pytest.fixture
def cluster(connect: Callable[[], Cluster]) -> Cluster:
    return connect()
