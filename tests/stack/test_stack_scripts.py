"""Stored scripts and search templates: one request reads all of them, and by id where the list is not to be had."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from project_place import Place

from esctl.errors import EsctlError
from esctl.kinds.scripts import SEARCH_TEMPLATE, STORED_SCRIPT
from esctl.model import Address, Capabilities, Request, Response

BOTH = """
kind: stored-script
id: twice
spec: {script: "return params.a * 2"}
---
kind: search-template
id: find
spec: {script: {lang: mustache, source: {query: {match: {title: "{{q}}"}}}}}
"""


class Kept:
    """A server with some scripts; `listed` is the status of its filtered cluster state."""

    def __init__(self, scripts: dict[str, Any], listed: int = 200) -> None:
        self.scripts, self.listed, self.asked = scripts, listed, list[str]()

    def send(self, request: Request, *, accept: Iterable[int] = ()) -> Response:
        self.asked.append(str(request))
        if request.path.startswith("/_cluster/state"):
            assert self.listed == 200 or self.listed in accept
            return Response(self.listed, {"metadata": {"stored_scripts": self.scripts}} if self.listed == 200 else {})
        name = request.path.rpartition("/")[2]
        if name not in self.scripts:
            return Response(404, {"_id": name, "found": False})
        return Response(200, {"_id": name, "found": True, "script": self.scripts[name]})


SCRIPTS = {
    "twice": {"lang": "painless", "source": "return params.a * 2"},
    "thrice": {"lang": "painless", "source": "return params.a * 3"},
    "find": {"lang": "mustache", "source": '{"query":{}}'},
}
WANTED = [Address("stored-script", name) for name in ("twice", "find", "none")]


def test_all_are_read_in_one_request() -> None:
    kept = Kept(SCRIPTS)
    assert [address.id for address in STORED_SCRIPT.read(kept, WANTED, Capabilities())] == ["twice"]
    assert kept.asked == ["GET /_cluster/state/metadata?filter_path=metadata.stored_scripts"]
    assert [address.id for address in SEARCH_TEMPLATE.everything(kept, Capabilities())] == ["find"]


@pytest.mark.parametrize(
    ("listed", "capabilities"), [(403, Capabilities()), (410, Capabilities()), (200, Capabilities(flavor="serverless"))]
)
def test_by_id_where_the_state_is_not_shown(listed: int, capabilities: Capabilities) -> None:
    kept = Kept(SCRIPTS, listed)
    assert [address.id for address in STORED_SCRIPT.read(kept, WANTED, capabilities)] == ["twice"]
    assert kept.asked[-3:] == [f"GET /_scripts/{address.id}" for address in WANTED]


def test_what_cannot_be_listed_is_said() -> None:
    with pytest.raises(EsctlError, match="the privilege monitor"):
        STORED_SCRIPT.everything(Kept(SCRIPTS, 403), Capabilities())
    with pytest.raises(EsctlError, match="Serverless has no list of them"):
        STORED_SCRIPT.everything(Kept(SCRIPTS), Capabilities(flavor="serverless"))


@pytest.mark.parametrize("sandbox_version", ["9.5", "8.19"], indirect=True)
def test_both_in_one_project(place: Place) -> None:
    place.write(BOTH)
    place.apply()
    assert place.clean()
    _, answer = place.ask("POST", "/_render/template", {"id": "find", "params": {"q": 'say "x"'}})
    assert answer == {"template_output": {"query": {"match": {"title": 'say "x"'}}}}
    place.write(BOTH.replace("* 2", "* 3"))
    change = place.change("stored-script/twice")
    assert [d.dotted for d in change.differences] == ["script.source"]


def test_a_script_is_compiled_for_its_context(place: Place) -> None:
    place.write(BOTH.replace("spec: {script: {lang", "spec: {context: template, script: {lang"))
    (request,) = place.change("search-template/find").requests
    assert (request.path, set(request.body)) == ("/_scripts/find/template", {"script"})
    place.apply()
    assert place.clean()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kind: stored-script\nid: a\nspec: {script: {source: '1'}}", 'a script needs "lang"'),
        ("kind: stored-script\nid: a\nspec: {script: {lang: painless}}", 'a script needs "source"'),
        (
            "kind: stored-script\nid: a\nspec: {script: {lang: mustache, source: x}}",
            "lang mustache is a search-template",
        ),
        (
            "kind: search-template\nid: a\nspec: {script: {lang: painless, source: x}}",
            "lang painless is a stored-script",
        ),
        ("kind: stored-script\nid: a\nspec: {context: score}", '"script" is missing'),
    ],
)
def test_mistakes_are_told_with_their_line(place: Place, text: str, message: str) -> None:
    place.write(text)
    with pytest.raises(EsctlError) as told:
        place.plan()
    assert message in str(told.value)
    assert "mappings/all.yaml:3" in str(told.value)


def test_verify_tells_of_a_template_that_is_none(place: Place) -> None:
    place.write(BOTH.replace('{query: {match: {title: "{{q}}"}}}', "'{{#open}}'"))
    place.apply()
    address = Address("search-template", "find")
    with place.invocation.cluster() as cluster:
        told = list(SEARCH_TEMPLATE.verify(address, {}, cluster, Capabilities()))
        assert len(told) == 1 and "Failed to close 'open' tag" in told[0]
    place.write(BOTH.replace('{query: {match: {title: "{{q}}"}}}', "'{{size}} is no JSON'"))
    place.apply()
    with place.invocation.cluster() as cluster:
        assert list(SEARCH_TEMPLATE.verify(address, {}, cluster, Capabilities())) == []
