"""Commands that only look: against servers that have one resource of every kind, nothing they send writes.

What writes is decided here by the methods of HTTP and Elastic's reference, not by the guard's tables; and the servers
hold, byte for byte, what they held before.
"""

from __future__ import annotations

import contextlib
import io
import re
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

sys.path.insert(0, str(Path(__file__).parent))

from scenarios import applied
from trials import ALL, Place, Scenario, opened

from esctl import cli
from esctl.cluster import READ_ONLY
from esctl.cluster.guard import Row
from esctl.kinds import registry

READING_POSTS = re.compile(
    r"(/_search|/_msearch|/_count|/_mget|/_field_caps|/_pit|/_explain|/_simulate|/_simulate/\w+|/_simulate_index/[^/]+"
    r"|/_security/_query/(api_key|user|role)|/_security/user/_has_privileges|/_watcher/_query/watches"
    r"|/_render/template(/[^/]+)?|/_transform(/[^/]+)?/_preview|/_analyze|/_validate/query|/_query"
    r"|/_ml/anomaly_detectors/_estimate_model_memory|/_ml/data_frame/analytics(/[^/]+)?/_(explain|preview)"
    r"|/_ml/datafeeds(/[^/]+)?/_preview|/_ml/anomaly_detectors/[^/]+/(results/\w+|model_snapshots)"
    r"|/api/saved_objects/(_export|_bulk_get|_bulk_resolve))$"
)
"""POSTs that Elastic documents as reading: searches, lists with a body, and what is only tried out."""

WRITING_GETS = re.compile(
    r"(/_refresh|/_flush|/_cache/clear|/_forcemerge|/ml/saved_objects/sync|/_security/.*/_?logout)$"
)
"""GETs that Elastic documents as changing something."""

COMMANDS = (
    "plan", "plan --prune --force", "plan --adopt *", "plan --out plan.json", "plan --explain index/f-shops", "diff",
    "drift", "drift --accept ilm-policy/f-policy", "validate", "render", "pull", "pull --group kind", "verify",
    "snapshot --out snapshot.json", "plan --against snapshot.json", "history", "history 1", "rollback 1 --plan",
    "explain bad-name", "graph", "test", "test --on project", "doctor", "cleanup", "adopt --all",
)  # fmt: skip
"""`cleanup` and `adopt --all` only show what they would do where nobody confirms it."""

CODES = {"cleanup": (0, 5), "adopt --all": (0, 5), "test": (0, 1), "verify": (0, 1)}
"""`test` alone asks no server of the project: its own has no enrich index; `verify` finds jobs without a document."""
CASE = "docs: [{city: Berlin}]\nexpected: [{city: Berlin, shop: {city: Berlin, name: Shop Berlin}}]\n"


def writes(line: str) -> bool:
    """Whether a line of the access log (time, service, method, path, …) is of a request that changes something."""
    _, service, method, target, *_ = line.split()
    path, _, query = target.partition("?")
    if method == "GET" and path.endswith("/ml/saved_objects/sync"):
        return "simulate=true" not in query
    if method in ("GET", "HEAD"):
        return bool(WRITING_GETS.search(path))
    if method == "POST":
        return not READING_POSTS.search(path)
    return not (method == "DELETE" and path == "/_pit")


def test_the_decision_itself():
    for method, target in (
        ("PUT", "/logs"), ("POST", "/logs/_doc"), ("POST", "/_bulk"), ("POST", "/_reindex"), ("DELETE", "/logs"),
        ("GET", "/logs/_refresh"), ("GET", "/api/ml/saved_objects/sync"), ("POST", "/_aliases"),
        ("GET", "/api/ml/saved_objects/sync?simulate=false"), ("POST", "/api/saved_objects/_import?overwrite=true"),
    ):  # fmt: skip
        assert writes(f"now elasticsearch {method} {target} 200 1 1"), target
    for method, target in (
        ("GET", "/logs"), ("POST", "/logs/_search?size=0"), ("POST", "/_ingest/pipeline/p/_simulate"),
        ("GET", "/api/ml/saved_objects/sync?simulate=true"), ("POST", "/s/shop/api/saved_objects/_export"),
    ):  # fmt: skip
        assert not writes(f"now kibana {method} {target} 200 1 1"), target


NOT_IN_THE_SANDBOX = {
    "GET /{pattern}/_field_caps",
    "POST /{pattern}/_field_caps",
    "GET /_security/user/_has_privileges",
    "POST /_security/user/_has_privileges",
    "POST /_query",
    "GET /_ml/memory/_stats",
    "GET /_ml/anomaly_detectors/{pattern}/model_snapshots",
    "POST /_ml/anomaly_detectors/_estimate_model_memory",
    "POST /_ml/datafeeds/_preview",
}
"""Rows of the guard that the sandbox does not answer: the viewer asks for fields, the doctor for privileges, and what
machine learning would need is asked of the servers that have it."""

BY_ITSELF = frozenset({"ml_datafeed_state"})
"""What goes on without anybody asking: a datafeed that was started searches what is new."""


def everything_kept(folder: Path) -> dict[str, list[Any]]:
    """All rows of all tables of the sandbox's files."""
    rows = {}
    for path in sorted(folder.glob("*.sqlite")):
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as base:
            for (table,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                found = base.execute(f"SELECT * FROM {table}").fetchall()
                rows[f"{path.name} {table}"] = [row for row in found if row[0] not in BY_ITSELF]
    return rows


@pytest.fixture(scope="module")
def filled() -> Iterator[tuple[Place, Any]]:
    """One resource of every kind, some of which changed on the servers since, and one that the files no longer name."""

    def before(place: Place) -> None:
        applied(place)
        place.write("---\n".join(part for part in ALL.split("---\n") if "id: f-search" not in part))
        case = place.root / "tests/pipelines/f-orders/one.yaml"
        case.parent.mkdir(parents=True)
        case.write_text(CASE, encoding="utf-8")

    with opened(Scenario("looking", ("plan",), before)) as (place, proxy):
        policy = {"policy": {"phases": {"hot": {"min_age": "0ms", "actions": {"rollover": {"max_age": "9d"}}}}}}
        assert requests.put(place.direct[0] + "/_ilm/policy/f-policy", json=policy, timeout=30).status_code == 200
        urls = f"elasticsearch: {{url: '{place.urls[0]}'}}\nkibana: {{url: '{place.urls[1]}'}}\n"
        settings = place.root / "esctl.yaml"
        settings.write_text(settings.read_text(encoding="utf-8") + urls, encoding="utf-8")
        yield place, proxy


def test_the_project_has_every_kind():
    written = set(re.findall(r"^kind: (\S+)$", ALL, re.MULTILINE))
    assert written >= set(registry())


@pytest.mark.parametrize("words", COMMANDS)
def test_nothing_is_written(words: str, filled, monkeypatch: pytest.MonkeyPatch) -> None:
    place, proxy = filled
    kept = place.root.parent / "sandbox"
    monkeypatch.chdir(place.root)
    before = everything_kept(kept)
    proxy.reset(None)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.run(words.split())
    said = out.getvalue() + err.getvalue()
    lines = [f"now any {line} 200" for line in proxy.lines]
    assert [line for line in lines if writes(line)] == []
    assert everything_kept(kept) == before
    assert "Traceback" not in said and "fault of esctl" not in said and "was not sent" not in said, said
    assert code in CODES.get(words, (0, 2, 3, 4)), said


def example(row: Row) -> str:
    names = {"{name}": "f-shops", "{names}": "f-shops,f-none", "{pattern}": "f-*", "{id}": "f-orders"}
    if "/_nodes/" in row.route:
        names["{id}"] = "_local"
    return "/".join(names.get(segment, segment) for segment in row.segments)


def test_every_row_that_reads_is_tried_and_changes_nothing(filled):
    """Each row of the guard of commands that only look, sent as it stands: a route that exists, and nothing changes."""
    place, _ = filled
    kept = place.root.parent / "sandbox"
    before, unknown = everything_kept(kept), []
    for row in READ_ONLY.rows:
        for method in row.methods:
            path = example(row)
            query = "&".join(f"{key}={value}" for key, value in row.required.items())
            assert not writes(f"now {row.service} {method} {path}?{query} 200"), row
            url = place.direct[row.service == "kibana"] + path
            body = None if method in ("GET", "HEAD") else {}
            answer = requests.request(
                method, url, params=dict(row.required), json=body, headers={"kbn-xsrf": "true"}, timeout=30
            )
            if answer.status_code == 405 or "no handler found" in answer.text:
                unknown.append(f"{method} {row.route}")
            assert everything_kept(kept) == before, row
    assert set(unknown) <= NOT_IN_THE_SANDBOX
