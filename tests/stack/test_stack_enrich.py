"""Enrich policies: made and executed before the pipeline that uses them; a change waits until none does."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from project_place import Place

from esctl.errors import ServerError
from esctl.kinds.enrich_policy import ENRICH_POLICY
from esctl.model import Action, Address, Consequence, Request, Response

CUSTOMERS = """
kind: index
id: customers
spec: {mappings: {properties: {mail: {type: keyword}, name: {type: keyword}, city: {type: keyword}}}}
---
kind: enrich-policy
id: by-mail
spec: {match: {indices: [customers], match_field: mail, enrich_fields: [name]}}
"""
PIPELINE = """
---
kind: ingest-pipeline
id: orders
spec: {processors: [{enrich: {policy_name: by-mail, field: mail, target_field: customer, ignore_missing: true}}]}
"""
CHANGED = CUSTOMERS.replace("[name]", "[name, city]")


def test_a_document_is_enriched(place: Place) -> None:
    place.write(CUSTOMERS)
    place.apply()
    place.ask("PUT", "/customers/_doc/1?refresh=true", {"mail": "a@b.c", "name": "Ada", "city": "Rome", "age": 36})
    place.ask("PUT", "/_enrich/policy/by-mail/_execute")
    place.write(CUSTOMERS + PIPELINE)
    place.apply()
    docs = [{"_source": {"mail": "a@b.c"}}, {"_source": {"mail": "x@y.z"}}, {"_source": {"n": 1}}]
    _, answer = place.ask("POST", "/_ingest/pipeline/orders/_simulate", {"docs": docs})
    assert [one["doc"]["_source"].get("customer") for one in answer["docs"]] == [
        {"mail": "a@b.c", "name": "Ada"},
        None,
        None,
    ]


@pytest.mark.parametrize("sandbox_version", ["9.5", "8.19"], indirect=True)
def test_everything_at_once_in_the_order_that_the_server_asks_for(place: Place) -> None:
    place.write(PIPELINE.removeprefix("\n---") + "---" + CUSTOMERS)
    place.apply()
    assert place.clean()


def test_seed_documents_come_before_the_execution(place: Place) -> None:
    seeds = (
        "---\nkind: documents\nid: customers\nspec: {index: customers, documents: [{_id: a, mail: a@b.c, name: Ada}]}\n"
    )
    place.write(CUSTOMERS + PIPELINE + seeds)
    place.apply()
    assert place.clean()
    docs = {"docs": [{"_source": {"mail": "a@b.c"}}]}
    _, answer = place.ask("POST", "/_ingest/pipeline/orders/_simulate", docs)
    assert answer["docs"][0]["doc"]["_source"]["customer"] == {"mail": "a@b.c", "name": "Ada"}


def test_a_policy_that_no_pipeline_uses_is_made_anew(place: Place) -> None:
    place.write(CUSTOMERS)
    place.apply()
    place.write(CHANGED)
    change = place.change("enrich-policy/by-mail")
    assert change.consequence is Consequence.RESTART
    assert [request.method for request in change.requests] == ["DELETE", "PUT", "PUT"]
    place.apply()
    assert place.clean()
    _, answer = place.ask("GET", "/_enrich/policy/by-mail")
    assert answer["policies"][0]["config"]["match"]["enrich_fields"] == ["name", "city"]


def test_a_policy_that_a_pipeline_uses_is_undecided_and_the_way_out_works(place: Place) -> None:
    place.write(CUSTOMERS + PIPELINE)
    place.apply()
    place.write(CHANGED + PIPELINE)
    change = place.change("enrich-policy/by-mail")
    assert change.action is Action.UNDECIDED
    assert "(orders)" in change.words and "a new id" in change.words
    assert place.ask("DELETE", "/_enrich/policy/by-mail") == (
        409,
        {
            "error": {
                "root_cause": [
                    {
                        "type": "status_exception",
                        "reason": "Could not delete policy [by-mail] because a pipeline is referencing it [orders]",
                    }
                ],
                "type": "status_exception",
                "reason": "Could not delete policy [by-mail] because a pipeline is referencing it [orders]",
            },
            "status": 409,
        },
    )
    place.write((CHANGED + PIPELINE).replace("by-mail", "by-mail-2"))
    place.apply()
    _, answer = place.ask("GET", "/_ingest/pipeline/orders")
    assert answer["orders"]["processors"][0]["enrich"]["policy_name"] == "by-mail-2"


def test_a_policy_that_lost_its_index_is_executed_again(place: Place) -> None:
    place.write(CUSTOMERS)
    place.apply()
    _, state = place.ask("GET", "/_cluster/state/metadata/.enrich-*?filter_path=metadata.indices.*.aliases")
    (index,) = state["metadata"]["indices"]
    place.ask("DELETE", f"/{index}")
    change = place.change("enrich-policy/by-mail")
    assert [str(request) for request in change.requests] == [
        "PUT /_enrich/policy/by-mail/_execute?wait_for_completion=false"
    ]
    place.apply()
    assert place.clean()


def test_a_run_that_ended_before_the_execution_goes_on(place: Place) -> None:
    place.ask("PUT", "/customers", {"mappings": {"properties": {"mail": {"type": "keyword"}}}})
    policy = {"match": {"indices": ["customers"], "match_field": "mail", "enrich_fields": ["name"]}}
    place.ask("PUT", "/_enrich/policy/by-mail", policy)
    place.write(CUSTOMERS)
    change = place.change("enrich-policy/by-mail")
    assert (str(change.cause), change.action, len(change.requests)) == ("pending", Action.UPDATE, 1)


def test_a_pipeline_whose_policy_was_never_executed_is_refused(place: Place) -> None:
    policy = {"match": {"indices": ["customers"], "match_field": "mail", "enrich_fields": ["name"]}}
    place.ask("PUT", "/customers", {"mappings": {"properties": {"mail": {"type": "keyword"}}}})
    assert place.ask("PUT", "/_enrich/policy/p", policy)[0] == 200
    body = {"processors": [{"enrich": {"policy_name": "p", "field": "f", "target_field": "t"}}]}
    status, answer = place.ask("PUT", "/_ingest/pipeline/x", body)
    assert status == 500
    assert answer["error"]["caused_by"]["reason"] == "no enrich index exists for policy with name [p]"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "reason"),
    [
        ("DELETE", "/_enrich/policy/none", None, 404, "policy [none] not found"),
        ("PUT", "/_enrich/policy/none/_execute", None, 404, "policy [none] does not exist"),
        ("PUT", "/_enrich/policy/UP", {"match": {"indices": ["customers"], "match_field": "mail", "enrich_fields": []}}, 400, "Invalid policy name [UP], must be lowercase"),
        ("PUT", "/_enrich/policy/p", {"maths": {}}, 400, "unsupported policy type [maths], supported types are [match, geo_match, range]"),
        ("PUT", "/_enrich/policy/p", {"match": {"indices": ["nowhere"], "match_field": "a", "enrich_fields": ["b"]}}, 404, "no such index [nowhere]"),
        ("PUT", "/_enrich/policy/p", {"match": {"indices": ["customers"], "match_field": "a.b", "enrich_fields": ["b"]}}, 500, "Enrich policy execution for [p] failed while validating field mappings for index [customers]"),
    ],
)  # fmt: skip
def test_what_the_sandbox_refuses_in_elasticsearchs_words(place: Place, method, path, body, status, reason) -> None:  # type: ignore[no-untyped-def]
    place.ask("PUT", "/customers", {"mappings": {"properties": {"mail": {"type": "keyword"}}}})
    found, answer = place.ask(method, path, body)
    assert (found, answer["error"]["reason"]) == (status, reason)


def test_a_policy_is_written_once(place: Place) -> None:
    place.write(CUSTOMERS)
    place.apply()
    policy = {"match": {"indices": ["customers"], "match_field": "mail", "enrich_fields": ["name"]}}
    status, answer = place.ask("PUT", "/_enrich/policy/by-mail", policy)
    assert (status, answer["error"]["type"]) == (400, "resource_already_exists_exception")


class Executing:
    """A server whose task is seen `looks` times; afterwards the policy has an index, or it has not."""

    def __init__(self, looks: int, *, made: bool) -> None:
        self.looks, self.made, self.asked = looks, made, list[str]()

    def send(self, request: Request, *, accept: Iterable[int] = ()) -> Response:
        self.asked.append(f"{request.method} {request.path}")
        if request.path.startswith("/_tasks"):
            self.looks -= 1
            return Response(200, {"completed": False}) if self.looks >= 0 else Response(404, {})
        if request.path.startswith("/_cluster"):
            aliases = {"metadata": {"indices": {".enrich-p-1": {"aliases": [".enrich-p"]}}}}
            return Response(200, aliases if self.made else {})
        raise ServerError("no such index [gone]", status=404)


def test_an_execution_is_followed_until_its_task_is_gone() -> None:
    server = Executing(3, made=True)
    looks = ENRICH_POLICY.follow(Address("enrich-policy", "p"), Response(200, {"task": "n:1"}), server)
    assert len(list(looks)) == 3
    assert server.asked == ["GET /_tasks/n:1"] * 4 + ["GET /_cluster/state/metadata/.enrich-*"]


def test_an_execution_that_failed_is_asked_why() -> None:
    server = Executing(0, made=False)
    with pytest.raises(ServerError, match="no such index"):
        list(ENRICH_POLICY.follow(Address("enrich-policy", "p"), Response(200, {"task": "n:1"}), server))
    assert server.asked[-1] == "PUT /_enrich/policy/p/_execute"
