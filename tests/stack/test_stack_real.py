"""What the stack's kinds rely on, asked of real servers: scripts of 7.10, the cluster's state of 9.5."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from esctl.errors import Source
from esctl.kinds.base import Context
from esctl.kinds.differences import differences
from esctl.kinds.enrich_policy import _executed
from esctl.kinds.scripts import SEARCH_TEMPLATE, STORED_SCRIPT
from esctl.model import Address, Capabilities, Request, Resource, Response

if TYPE_CHECKING:
    from servers.fixtures import Server

pytestmark = pytest.mark.real


class Plain:
    """A sender without esctl's client, which refuses servers as old as 7.10."""

    def __init__(self, url: str) -> None:
        self.url = url

    def send(self, request: Request, *, accept: Iterable[int] = ()) -> Response:
        query = f"?{urlencode(request.params)}" if request.params else ""
        data = json.dumps(request.body).encode() if request.body is not None else None
        sent = urllib.request.Request(self.url + request.path + query, method=request.method, data=data)
        sent.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(sent, timeout=30) as answer:
                raw = answer.read()
                # A template that is not filled in can be rendered to what is no JSON: it is answered all the same.
                shown = json.loads(raw) if b"template_output" not in raw else raw.decode()
                return Response(answer.status, shown)
        except urllib.error.HTTPError as error:
            assert error.code in accept, error.read()
            return Response(error.code, json.loads(error.read()))


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        (STORED_SCRIPT, {"script": "return params.a * 2"}),
        (STORED_SCRIPT, {"script": {"lang": "painless", "source": "return 1;\nreturn 2;\n", "params": {"a": 1}}}),
        (STORED_SCRIPT, {"script": {"lang": "painless", "source": "return 1"}, "context": "score"}),
        (SEARCH_TEMPLATE, {"script": {"lang": "mustache", "source": {"query": {"term": {"é": "{{q}}"}}, "size": 1.5}}}),
        (SEARCH_TEMPLATE, {"script": {"lang": "mustache", "source": '{"size": {{n}}}'}}),
        (SEARCH_TEMPLATE, {"script": '{"query": {"match_all": {}}}'}),
    ],
    ids=["text", "params", "context", "object", "template text", "template as text alone"],
)
def test_scripts_read_back_as_they_were_written(kind: Any, spec: dict[str, Any], elasticsearch_710: Server) -> None:
    sender, address = Plain(elasticsearch_710.url), Address(kind.name, "stack-é one")
    body = kind.render(Resource(address, spec, Source("a.yaml", 1)), Context())
    try:
        for request in kind.write(address, body, None, Context()):
            sender.send(request)
        live = kind.read(sender, [address], Capabilities())[address]
        sides = [kind.normalise(side, Capabilities()) for side in (live.body, body)]
        assert differences(*sides) == ()
        assert list(kind.verify(address, body, sender, Capabilities())) == [] if kind is SEARCH_TEMPLATE else True
    finally:
        for request in kind.delete(address, Context()):
            sender.send(request, accept=(404,))
    assert kind.read(sender, [address], Capabilities()) == {}


def test_the_state_names_the_aliases_of_enrich_indices(elasticsearch_95: Server) -> None:
    sender = Plain(elasticsearch_95.url)
    body = {"aliases": {".enrich-stack": {}}, "settings": {"index.hidden": True}}
    assert _executed(sender, Capabilities()) == set()
    sender.send(Request("elasticsearch", "PUT", "/.enrich-stack-1", body=body))
    try:
        assert _executed(sender, Capabilities()) == {"stack"}
    finally:
        sender.send(Request("elasticsearch", "DELETE", "/.enrich-stack-1"))
