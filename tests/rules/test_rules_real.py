"""What the rules call an error, real servers refuse; what they call good, servers take: each rule's own examples."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from esctl.kinds.rules import RULES
from esctl.project import read_yaml

pytestmark = pytest.mark.real

PATHS = {
    "index": "/{id}",
    "component-template": "/_component_template/{id}",
    "index-template": "/_index_template/{id}",
}
OURS = ("orders", "archive", "logs", "base", "extra", "shop")  # the templates' names in the examples
# What these kinds' examples show as an error, and the server answers 200 to; the rule's details say why it is one.
TAKEN = ("empty-default-pipeline",)
# The real servers here hold no x-pack: lifecycles, transforms, watches and aliases as documents are not in this list.
WITNESSED = [
    "unknown-key", "wrong-type", "refused-key", "unknown-value", "unknown-type", "unknown-setting", "out-of-range",
    "near-miss", "bad-name", "overlapping-templates", "template-conflict", "timestamp-field", "vector-dims",
    "vector-options", "two-write-indices", "empty-default-pipeline",
]  # fmt: skip


def sent(server: Any, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Status and answer of one request."""
    headers = {"Content-Type": "application/json"}
    if server.username:
        token = base64.b64encode(f"{server.username}:{server.password}".encode()).decode()
        headers["Authorization"] = f"Basic {token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(server.url + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def statuses(server: Any, text: str) -> list[int]:
    """Every document of an example sent, components first; the answers' statuses."""
    documents = [document.data for document in read_yaml(text, "example.yaml")]
    documents.sort(key=lambda document: document["kind"] != "component-template")
    return [sent(server, "PUT", PATHS[d["kind"]].format(id=d["id"]), d["spec"])[0] for d in documents]


def cleaned(server: Any) -> None:
    _, indices = sent(server, "GET", "/_cat/indices?format=json&h=index&expand_wildcards=all")
    paths = [f"/{entry['index']}" for entry in indices if not entry["index"].startswith(".")]
    for path in ("_index_template", "_component_template"):
        _, answer = sent(server, "GET", f"/{path}")
        paths += [f"/{path}/{entry['name']}" for entry in answer[f"{path[1:]}s"] if entry["name"] in OURS]
    for path in paths:
        assert sent(server, "DELETE", path)[0] == 200, path


def judged(server: Any, name: str) -> None:
    rule = RULES[name]
    cleaned(server)
    refused = any(status >= 400 for status in statuses(server, rule.bad))
    cleaned(server)
    taken = all(status == 200 for status in statuses(server, rule.good))
    assert (refused, taken) == (rule.severity == "error" and name not in TAKEN, True)


@pytest.mark.parametrize("name", WITNESSED)
def test_95(elasticsearch_95, name: str) -> None:
    judged(elasticsearch_95, name)


@pytest.mark.parametrize("name", WITNESSED)
def test_819(elasticsearch_819, name: str) -> None:
    judged(elasticsearch_819, name)


def test_every_error_of_these_kinds_is_witnessed() -> None:
    of_these = {rule.id for rule in RULES.values() if rule.kinds and set(rule.kinds) <= set(PATHS)}
    assert of_these - {"unmatched-template"} <= set(WITNESSED), Path(__file__).name
