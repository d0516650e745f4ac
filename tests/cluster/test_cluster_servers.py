"""The clients against servers: the same steps on the sandbox and on real ones, and what real security says."""

from __future__ import annotations

import pytest

from esctl.cluster import WRITING, Cluster, Connection, GuardError
from esctl.errors import ServerError
from esctl.model import Request


@pytest.fixture
def index(cluster):
    """The name of an index that is away before and after."""
    drop = Request("elasticsearch", "DELETE", "/esctl-cluster-test")
    cluster.send(drop, accept=(404,))
    yield "esctl-cluster-test"
    cluster.send(drop, accept=(404,))


def test_write_and_read_through_send(cluster, index):
    mappings = {"dynamic": "strict", "properties": {"n": {"type": "integer"}}}
    made = cluster.send(Request("elasticsearch", "PUT", f"/{index}", body={"mappings": mappings}))
    assert made.body["acknowledged"] is True
    lines = [{"index": {"_id": "a/ä"}}, {"n": 1}, {"create": {"_id": "b"}}, {"n": "x"}]
    bulk = Request("elasticsearch", "POST", f"/{index}/_bulk", {"refresh": "true"}, lines, "ndjson")
    assert [item.popitem()[1]["status"] for item in cluster.send(bulk).body["items"]] == [201, 400]
    assert cluster.get(f"/{index}/_doc/a%2F%C3%A4")["_source"] == {"n": 1}
    assert cluster.send(Request("elasticsearch", "POST", f"/{index}/_count")).body["count"] == 1
    assert cluster.send(Request("elasticsearch", "HEAD", f"/{index}")).status == 200
    with pytest.raises(ServerError) as refused:
        cluster.send(Request("elasticsearch", "PUT", f"/{index}", body={}))
    assert (refused.value.status, refused.value.kind) == (400, "resource_already_exists_exception")


def test_the_official_client_and_its_bulk_helper(cluster, index):
    from elasticsearch.helpers import bulk

    client = cluster.elasticsearch
    actions = ({"_index": index, "_id": str(n), "n": n} for n in range(250))
    assert bulk(client, actions, chunk_size=100, refresh=True) == (250, [])
    answer = client.search(index=index, size=0, track_total_hits=True, aggs={"most": {"max": {"field": "n"}}})
    assert answer["hits"]["total"]["value"] == 250
    assert answer["aggregations"]["most"]["value"] == 249.0
    before = cluster.sent
    with pytest.raises(GuardError):
        client.indices.delete(index="esctl-*")
    assert cluster.sent == before


def test_commands_that_look_leave_no_trace(connection, index):
    with Cluster(connection) as looking:
        assert looking.capabilities.version[:2] in ((9, 5), (8, 19))
        assert looking.capabilities.licence == "basic"
        before = looking.sent
        with pytest.raises(GuardError):
            looking.send(Request("elasticsearch", "PUT", f"/{index}", body={}))
        assert looking.sent == before
        assert looking.send(Request("elasticsearch", "HEAD", f"/{index}"), accept=(404,)).status == 404


@pytest.mark.real
def test_real_security(elasticsearch_819):
    url, password = elasticsearch_819.url, elasticsearch_819.password
    put = Request("elasticsearch", "PUT", "/esctl-cluster-test", body={})

    def said(**credentials) -> str:
        with (
            Cluster(Connection(url, **credentials), guard=WRITING) as cluster,
            pytest.raises(ServerError) as refused,
        ):
            cluster.send(put)
        return str(refused.value)

    assert said() == (
        f"Elasticsearch at {url} asks for credentials and none were given; "
        "set ESCTL_API_KEY, or ESCTL_USERNAME and ESCTL_PASSWORD"
    )
    assert said(username="adm", password="wrong").startswith(f'Elasticsearch at {url} does not accept user "adm"; ')
    assert said(api_key="bm90OmtleQ==").startswith(f"Elasticsearch at {url} does not accept the API key; ")
    assert said(username="reader", password=password) == (
        'Elasticsearch does not let user "reader" do PUT /esctl-cluster-test; '
        'grant the index privilege one of "create_index", "manage", "all" on "esctl-cluster-test"'
    )


@pytest.mark.real
def test_a_real_old_server(elasticsearch_710):
    with Cluster(Connection(elasticsearch_710.url)) as cluster, pytest.raises(ServerError) as refused:
        cluster.get("/_ilm/policy")
    line = f"Elasticsearch at {elasticsearch_710.url} is 7.10.2, and esctl needs 8.19 or newer; upgrade the server"
    assert str(refused.value) == line
