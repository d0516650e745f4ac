"""Apply twice on real servers, for the kinds that they have: the second time nothing is written."""

import pytest

from esctl.apply import run
from esctl.cli.change import make_plan
from esctl.cli.invocation import Invocation
from esctl.cluster import WRITING, Cluster
from esctl.plan import counts, exit_code

pytestmark = pytest.mark.real

RESOURCES = """
kind: component-template
id: r-base
spec:
  template:
    settings: {number_of_shards: 1, index.refresh_interval: 5s}
    mappings: {dynamic: false, properties: {a: {type: keyword, index: true}, o: {type: object, properties: {b: {type: long}}}}}
    aliases: {r-all: {routing: "1"}}
---
kind: index-template
id: r-logs
spec: {index_patterns: "r-logs-*", composed_of: [r-base], priority: 10, template: {settings: {}, mappings: {}}, data_stream: {}}
---
kind: ingest-pipeline
id: r-nothing
spec: {description: nothing, processors: [], version: 3}
---
kind: index
id: r-images
spec:
  settings: {number_of_shards: 1, auto_expand_replicas: 0-1, default_pipeline: r-nothing}
  aliases: {r-alias: {filter: {term: {a: x}}}}
  mappings:
    dynamic: strict
    _meta: {team: search}
    properties:
      a: {type: keyword, index: true, copy_to: t}
      t: {type: text, fields: {raw: {type: keyword, ignore_above: 64}}}
      when: {type: date, format: "strict_date_optional_time||epoch_millis"}
      v: {type: dense_vector, dims: 2048, index: true, similarity: cosine, index_options: {type: int8_hnsw}}
      o: {type: object, properties: {b: {type: long}}}
"""


@pytest.fixture(params=["elasticsearch_95", "elasticsearch_819"])
def server(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def apply(tmp_path, server, monkeypatch):
    (tmp_path / "mappings").mkdir()
    (tmp_path / "esctl.yaml").write_text("name: r\nresources: [mappings]\n", encoding="utf-8")
    login = {"username": server.username, "password": server.password} if server.username else {}
    sent = []
    send = Cluster.send

    def recording(self, request, **options):
        reads = request.method in ("GET", "HEAD") or request.path.endswith(("/_search", "/_mget"))
        sent.extend([] if reads else [str(request)])
        return send(self, request, **options)

    monkeypatch.setattr(Cluster, "send", recording)

    def apply(text, *, allow=(), only_plan=False):
        """(the plan, the outcomes, the writes)"""
        (tmp_path / "mappings/all.yaml").write_text(text, encoding="utf-8")
        sent.clear()
        invocation = Invocation(project=tmp_path, environ={}, elasticsearch_url=server.url, **login)
        with invocation.cluster(WRITING) as cluster:
            plan = make_plan(invocation, cluster)
            done = None if only_plan else run(plan, cluster, invocation.kinds, allow=allow)
        return plan, done, list(sent)

    yield apply
    apply(RESOURCES)
    monkeypatch.undo()
    from esctl.model import Request

    invocation = Invocation(project=tmp_path, environ={}, elasticsearch_url=server.url, **login)
    with invocation.cluster(WRITING) as cluster:
        for path in (
            "/r-images",
            "/_index_template/r-logs",
            "/_component_template/r-base",
            "/_ingest/pipeline/r-nothing",
        ):
            cluster.send(Request("elasticsearch", "DELETE", path), accept=(404,))
        cluster.send(Request("elasticsearch", "DELETE", "/esctl-ledger"), accept=(404,))


def test_apply_twice_then_change_and_drift(apply):
    plan, done, writes = apply(RESOURCES)
    assert counts(plan)["create"] == 4, [(str(c.address), c.words) for c in plan.changes]
    assert [outcome.state for outcome in done.outcomes] == ["done"] * 4 and writes
    plan, done, writes = apply(RESOURCES)
    assert exit_code(plan) == 0, [(str(c.address), c.differences) for c in plan.changes if c.differences]
    assert done.outcomes == () and writes == []

    changed = RESOURCES.replace("ignore_above: 64", "ignore_above: 32").replace("priority: 10", "priority: 20")
    changed = changed.replace("description: nothing", "description: still nothing").replace("version: 3", "version: 4")
    changed = changed.replace("o: {type: object, properties: {b: {type: long}}}\n", "n: {type: integer}\n")
    plan, done, _ = apply(changed)
    assert counts(plan)["update"] == 3
    assert [outcome.state for outcome in done.outcomes] == ["done"] * 3
    assert exit_code(apply(changed)[0]) == 0

    plan, _, writes = apply(
        changed.replace("type: keyword, index: true, copy_to", "type: long, copy_to"), only_plan=True
    )
    assert {str(c.consequence) for c in plan.changes if c.differences} == {"reindex"} and writes == []
