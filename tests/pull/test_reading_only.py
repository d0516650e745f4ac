"""Commands that only look have a transport that cannot write: `READ_ONLY` is the guard of every request they send."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from pulling import Project

from esctl.cluster import READ_ONLY, Cluster

COMMANDS = (
    ["plan"], ["diff"], ["drift"], ["drift", "--accept", "index/mine"], ["pull"], ["verify"], ["snapshot", "--out", "snapshot.json"],
    ["test", "--on", "project"],
)  # fmt: skip
FILE = """\
kind: index
id: mine
spec: {settings: {number_of_replicas: 0}}
---
kind: ingest-pipeline
id: mine
spec: {processors: [{set: {field: a, value: 1}}]}
"""


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_the_guard_of_what_only_looks(
    words: list[str], tmp_path: Path, fresh_sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Project(tmp_path / "project", fresh_sandbox.elasticsearch_url, fresh_sandbox.kibana_url)
    place.write(FILE)
    assert place.esctl("apply", "--yes")[0] == 0
    place.send("PUT", "/mine/_settings", {"number_of_replicas": 1})
    case = place.root / "tests/pipelines/mine/one.yaml"
    case.parent.mkdir(parents=True)
    case.write_text("docs: [{b: 1}]\nexpected: [{b: 1, a: 1}]\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    guards = []
    made = Cluster.__init__

    def noting(self: Cluster, *given, **named) -> None:
        made(self, *given, **named)
        guards.append(named.get("guard", READ_ONLY))

    monkeypatch.setattr(Cluster, "__init__", noting)
    log = fresh_sandbox.data / "access.log"
    before = len(log.read_text(encoding="utf-8").splitlines())
    code, out, err = place.esctl(*words)
    assert "Traceback" not in err and "was not sent" not in out + err, out + err
    assert code in (0, 3), out + err
    assert guards and all(guard is READ_ONLY for guard in guards)
    assert len(log.read_text(encoding="utf-8").splitlines()) > before
