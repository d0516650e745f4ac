"""The Kibana kinds: their cases, and a round through an embedded Kibana that knows nothing of the converter."""

import uuid
from pathlib import Path

import pytest
import yaml

from esctl.errors import ServerError, Source
from esctl.kinds import registry
from esctl.kinds.base import Context, Judging, Kind, Wordy
from esctl.kinds.differences import differences
from esctl.kinds.saved_objects import refusal
from esctl.model import Address, Capabilities, Request, Resource, Response

CASES = Path(__file__).parents[1] / "cases"
KINDS = ("dashboard", "visualization", "data-view")
FILES = [path for kind in KINDS for path in sorted((CASES / kind).glob("*.yaml"))]
CAPABILITIES = Capabilities()
VEGA = {"$schema": "https://vega.github.io/schema/vega/v5.json", "data": [{"url": {"index": "shop-data"}}]}


@pytest.mark.parametrize("path", FILES, ids=[f"{path.parent.name}/{path.stem}" for path in FILES])
def test_a_case(path):
    case = yaml.safe_load(path.read_text(encoding="utf-8"))
    kind = registry()[path.parent.name]
    written, read = (kind.normalise(case[side], CAPABILITIES) for side in ("written", "read"))
    assert kind.normalise(written, CAPABILITIES) == written
    assert kind.normalise(read, CAPABILITIES) == read
    if "expect" in case:
        expected = [] if case["expect"] == "equal" else case["expect"]
        assert sorted(difference.dotted for difference in differences(read, written)) == sorted(expected)
    if "words" in case:
        assert sorted(kind.in_words(read, written)) == sorted(case["words"])
        assert sorted(kind.in_words(case["read"], case["written"])) == sorted(case["words"])
        assert list(kind.in_words(written, written)) == []


def resource(kind, spec, space=""):
    return Resource(Address(kind, f"test-{uuid.uuid4().hex[:8]}", space), spec, Source("kibana/x.yaml", 1))


def dashboard_spec(view):
    source = {"type": "data_view_reference", "ref_id": view}
    pie = {"type": "pie", "title": "P", "data_source": source, "metrics": [{"operation": "count"}]}
    return {
        "title": "Shop",
        "panels": [
            {"type": "vis", "config": pie},
            {"type": "vega", "config": {"title": "V", "spec": VEGA}},
            {"type": "markdown", "config": {"content": "hi"}},
        ],
        "pinned_panels": [{"type": "options_list_control", "config": {"data_view_id": view, "field_name": "a"}}],
    }


@pytest.mark.parametrize("sandbox_version", ["9.5", "8.19"], indirect=True)
def test_written_read_and_equal(kibana_url, sandbox_version):
    from esctl.cluster import WRITING, Cluster, Connection

    version = (9, 5, 0) if sandbox_version == "9.5" else (8, 19, 0)
    context = Context(capabilities=Capabilities(kibana_version=version))
    view = resource("data-view", {"title": "shop-data", "name": f"Shop {uuid.uuid4().hex}", "timeFieldName": "at"})
    resources = [
        view,
        resource("visualization", {"type": "vega", "title": "V", "spec": VEGA}),
        resource("visualization", {"type": "pie", "title": "P", "metrics": [{"operation": "count"}],
                                   "data_source": {"type": "data_view_reference", "ref_id": view.address.id}}),
        resource("dashboard", dashboard_spec(view.address.id)),
    ]  # fmt: skip
    with Cluster(Connection("http://127.0.0.1:9", kibana_url), guard=WRITING) as cluster:
        for one in resources:
            kind = registry()[one.address.kind]
            assert list(kind.check(one)) == []
            body = kind.render(one, context)
            assert kind.read(cluster, [one.address], context.capabilities) == {}
            for request in kind.write(one.address, body, None, context):
                assert kind.refusal(cluster.send(request)) is None
            absent = Address(one.address.kind, "not-there")
            live = kind.read(cluster, [one.address, absent], context.capabilities)
            assert list(live) == [one.address]
            desired, seen = (kind.normalise(x, context.capabilities) for x in (body, live[one.address].body))
            assert differences(seen, desired) == ()
        for one in (resources[3], view):
            kind = registry()[one.address.kind]
            before = cluster.sent
            assert list(kind.read(cluster, [one.address], context.capabilities)) == [one.address]
            assert cluster.sent == before + (2 if one is view else 1)  # which data view is the default is asked, too
            for request in kind.delete(one.address, context):
                assert kind.refusal(cluster.send(request)) is None
            assert kind.read(cluster, [one.address], context.capabilities) == {}


class Scripted:
    """Answers one after the other; remembers what was asked."""

    def __init__(self, *answers):
        self.answers, self.requests = list(answers), []

    def send(self, request, *, accept=()):
        self.requests.append(request)
        return self.answers.pop(0)


def missing(status, *objects):
    errors = [{"type": t, "id": i, "error": {"statusCode": status, "message": f"[{t}/{i}]"}} for t, i in objects]
    return Response(400, {"message": "Error fetching objects to export", "attributes": {"objects": errors}})


def test_missing_objects_are_left_out_by_a_second_request():
    """The answer of 400 is as Kibana's own API tests show it."""
    kind = registry()["dashboard"]
    a, b, c = (Address("dashboard", name) for name in "abc")
    saved = {"type": "dashboard", "id": "b", "attributes": {"title": "B", "panelsJSON": "[]"}, "references": []}
    sender = Scripted(missing(404, ("dashboard", "a"), ("dashboard", "c")), Response(200, [saved | {"version": "W"}]))
    live = kind.read(sender, [a, b, c], CAPABILITIES)
    assert list(live) == [b]
    assert live[b].version == {"version": "W"}
    assert live[b].body["attributes"]["panelsJSON"] == []
    assert sender.requests[1].body["objects"] == [{"type": "dashboard", "id": "b"}]
    assert kind.read(Scripted(missing(404, ("dashboard", "a"))), [a], CAPABILITIES) == {}
    with pytest.raises(ServerError, match=r"Kibana does not show dashboard/a"):
        kind.read(Scripted(missing(403, ("dashboard", "a"))), [a], CAPABILITIES)
    assert kind.read(Scripted(Response(404, {})), [Address("dashboard", "a", "nowhere")], CAPABILITIES) == {}
    assert kind.read(Scripted(), [], CAPABILITIES) == {}


def test_each_space_is_asked_once():
    kind = registry()["dashboard"]
    sender = Scripted(Response(200, []), Response(200, []))
    kind.read(sender, [Address("dashboard", n, s) for n in "ab" for s in ("", "team")], CAPABILITIES)
    assert [one.path for one in sender.requests] == [
        "/api/saved_objects/_export",
        "/s/team/api/saved_objects/_export",
    ]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"success": True, "successCount": 1, "successResults": [{"type": "dashboard", "id": "d"}]}, None),
        (
            {"success": False, "errors": [{"type": "dashboard", "id": "d", "error": {
                "type": "missing_references", "references": [{"type": "index-pattern", "id": "v"}]}}]},
            "dashboard/d refers to index-pattern/v, which Kibana does not have",
        ),
        (
            {"success": False, "errors": [{"type": "x", "id": "d", "error": {"type": "unsupported_type"}}]},
            "this Kibana has no saved objects of type x",
        ),
        (
            {"success": True, "successResults": [{"type": "lens", "id": "a", "destinationId": "b"}]},
            "lens/a is taken in another space; Kibana made a copy under the id b",
        ),
        ({"statuses": [{"success": True}, {"success": False, "error": {"statusCode": 404, "message": "x"}}]}, None),
        ({"statuses": [{"success": False, "error": {"statusCode": 403, "message": "no"}}]}, "no"),
        ({}, None),
    ],
)  # fmt: skip
def test_an_answer_of_200_can_be_a_refusal(body, reason):
    assert refusal(Response(200, body)) == reason


def test_counts_of_use_are_carried_over():
    kind = registry()["data-view"]
    one = resource("data-view", {"title": "a", "fieldAttrs": {"x": {"customLabel": "X"}}})
    from esctl.model import Live

    live = Live(one.address, {"title": "a", "fieldAttrs": {"x": {"count": 3}, "y": {"count": 1}}})
    (request,) = kind.write(one.address, kind.render(one, Context()), live, Context())
    attributes = request.body[0]["attributes"]
    assert attributes["fieldAttrs"] == '{"x":{"customLabel":"X","count":3},"y":{"count":1}}'
    assert request == Request(
        "kibana", "POST", "/api/saved_objects/_import", {"overwrite": "true"}, request.body, "file"
    )


def test_a_visualization_that_changes_its_type_is_made_anew():
    from esctl.model import Live

    kind = registry()["visualization"]
    one = resource("visualization", {"type": "vega", "title": "V", "spec": VEGA})
    body = kind.render(one, Context())
    requests = kind.write(one.address, body, Live(one.address, {"type": "lens"}), Context())
    assert [str(request).split("?")[0] for request in requests] == [
        "POST /api/saved_objects/_bulk_delete",
        "POST /api/saved_objects/_import",
    ]
    assert requests[0].body == [{"type": "lens", "id": one.address.id}]


def test_what_a_dashboard_points_to():
    one = resource("dashboard", dashboard_spec("orders"), space="team")
    found = {(str(r.target), r.soft, r.path) for r in registry()["dashboard"].references(one)}
    assert found == {
        ("team:data-view/orders", False, ("spec", "panels", 0, "config", "data_source", "ref_id")),
        ("index/shop-data", True, ("spec", "panels", 1, "config", "spec")),
        ("team:data-view/orders", False, ("spec", "pinned_panels", 0, "config", "data_view_id")),
    }
    by_reference = resource("dashboard", {"title": "t", "panels": [{"type": "vega", "config": {"ref_id": "g"}}]})
    (reference,) = registry()["dashboard"].references(by_reference)
    assert str(reference.target) == "visualization/g"
    view = resource("data-view", {"title": "a,b-*,-c,remote:d"})
    assert [str(r.target) for r in registry()["data-view"].references(view)] == ["index/a"]


def test_a_data_view_with_mistakes():
    one = resource("data-view", {"title": "a", "time_field": "at"})
    (problem,) = registry()["data-view"].check(one)
    assert str(problem) == 'kibana/x.yaml:1: unknown key "time_field"; did you mean "timeFieldName"?'


def test_the_kinds_have_the_abilities_that_plan_and_apply_look_for():
    for name in KINDS:
        kind: Kind = registry()[name]
        assert isinstance(kind, Judging)
        assert kind.spaced and not kind.shared
    assert isinstance(registry()["dashboard"], Wordy)
