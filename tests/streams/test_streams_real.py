"""Aliases, seed documents and cluster settings on real servers: applied, changed, drifted, pruned; each plan then empty."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from small_project import SmallProject

from esctl.model import Cause
from esctl.plan import exit_code

if TYPE_CHECKING:
    from servers.fixtures import Server

pytestmark = pytest.mark.real

INDICES = """kind: index
id: s-1
spec: {mappings: {properties: {k: {type: keyword}, v: {type: dense_vector, dims: 3, index_options: {type: hnsw}}}}}
---
kind: index
id: s-2
spec: {}
---
"""
WRITTEN = (
    INDICES
    + """kind: alias
id: s-now
spec: {indices: {s-1: {is_write_index: true, routing: "1", filter: {term: {k: x}}}, s-2: {is_hidden: false}}}
---
kind: documents
id: s-seed
spec:
  index: s-1
  documents:
    - {_id: a, k: x, v: [0.1, 0.123456789, 3], o: {b: 1.0, c: [null, "ü"]}}
    - {_id: b, k: y}
---
kind: cluster-settings
id: s-main
spec:
  persistent:
    cluster.max_shards_per_node: 1200
    http.tracer.include: ["a*", "b*"]
    search: {max_buckets: 20000}
    cluster.routing.allocation.enable: null
"""
)


@pytest.fixture(params=["elasticsearch_95", "elasticsearch_819"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SmallProject]:
    server: Server = request.getfixturevalue(request.param)
    login = {"username": server.username, "password": server.password} if server.username else {}
    project = SmallProject(tmp_path, server.url, "streams", **login)
    yield project
    project.write(INDICES)
    project.apply(prune=True, force=True)
    for name in ("s-1", "s-2", "esctl-ledger", "esctl-history"):
        project.send("DELETE", f"/{name}")


def test_applied_changed_drifted_and_pruned(project: SmallProject) -> None:
    project.write(WRITTEN)
    assert [outcome.reason for outcome in project.apply().failed] == []
    assert exit_code(project.plan()) == 0, [change for change in project.plan().changes if change.differences]

    changed = WRITTEN.replace("    - {_id: b, k: y}\n", "").replace("20000", "30000")
    changed = changed.replace("s-2: {is_hidden: false}", "s-2: {is_write_index: true}").replace(
        "is_write_index: true, r", "r"
    )
    project.write(changed)
    assert [outcome.reason for outcome in project.apply().failed] == []
    assert exit_code(project.plan()) == 0

    project.send("PUT", "/s-1/_doc/a?refresh=true", {"k": "z"})
    project.send("DELETE", "/s-2/_alias/s-now")
    project.send("PUT", "/_cluster/settings", {"persistent": {"search.max_buckets": None}})
    drifted = {str(change.address) for change in project.plan().changes if change.cause is Cause.DRIFTED}
    assert drifted == {"documents/s-seed", "alias/s-now", "cluster-settings/s-main"}
    assert [outcome.reason for outcome in project.apply().failed] == []
    assert exit_code(project.plan()) == 0

    project.write(INDICES)
    assert [outcome.reason for outcome in project.apply(prune=True).failed] == []
    assert project.send("GET", "/_cluster/settings")["persistent"] == {}
    assert project.send("GET", "/_alias/s-now")["status"] == 404
    assert project.send("GET", "/s-1/_doc/a")["found"] is False
