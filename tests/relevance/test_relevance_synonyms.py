"""Synonym sets and query rulesets: ids from texts, pages, words, and what the servers refuse."""

from __future__ import annotations

from typing import Any

import pytest
from project_place import Place

from esctl.errors import Source
from esctl.kinds import registry
from esctl.model import Address, Capabilities, Request, Resource, Response

SET = """
kind: synonym-set
id: words
spec:
  synonyms_set:
    - synonyms: tv, television
    - {id: a, synonyms: cup => mug}
"""
RULES = """
kind: query-ruleset
id: rules
spec:
  rules:
    - {rule_id: a, type: pinned, criteria: {type: exact, metadata: q, values: [x]}, actions: {ids: ["1"]}}
"""


@pytest.mark.parametrize("sandbox_version", ["9.5", "8.19"], indirect=True)
def test_a_rule_without_an_id_stays_the_same_rule(place: Place) -> None:
    place.applied(SET)
    before = place.ask("GET", "/_synonyms/words")[1]
    place.applied(SET.replace("cup => mug", "cup => beaker"))
    after = place.ask("GET", "/_synonyms/words")[1]
    assert [rule["id"] for rule in before["synonyms_set"]] == [rule["id"] for rule in after["synonyms_set"]]
    assert after["count"] == 2


def test_a_change_of_rules_is_told_in_words(place: Place) -> None:
    place.applied(SET)
    place.write(SET.replace("cup => mug", "cup => beaker").replace("tv, television", "tv, telly"))
    words = place.change("synonym-set/words").words
    assert "cup => mug becomes cup => beaker" in words
    assert "adds tv, telly" in words and "takes out tv, television" in words


def test_what_somebody_else_adds_is_drift(place: Place) -> None:
    place.applied(SET)
    place.ask("PUT", "/_synonyms/words", {"synonyms_set": [{"synonyms": "other, another"}]})
    assert place.change("synonym-set/words").cause == "drifted"


class Pages:
    """A set of more rules than one answer holds."""

    def __init__(self, rules: int) -> None:
        self.rules = [{"id": f"{number:06}", "synonyms": f"a{number}, b{number}"} for number in range(rules)]
        self.sent: list[Request] = []

    def send(self, request: Request, *, accept: Any = ()) -> Response:
        self.sent.append(request)
        after = request.params.get("search_after", "")
        page = [rule for rule in self.rules if rule["id"] > after][: int(request.params["size"])]
        return Response(200, {"count": len(self.rules), "synonyms_set": page})


def test_more_rules_than_one_answer_holds_are_read_page_by_page() -> None:
    kind, address, pages = registry()["synonym-set"], Address("synonym-set", "large"), Pages(20_001)
    found = kind.read(pages, [address], Capabilities())
    assert found[address].body["synonyms_set"] == pages.rules
    assert len(pages.sent) == 3


def test_unchanged_sets_take_one_request_each_and_no_list(place: Place) -> None:
    kind = registry()["synonym-set"]
    addresses = [Address("synonym-set", f"set-{number}") for number in range(5)]
    pages = Pages(3)
    assert set(kind.read(pages, addresses, Capabilities())) == set(addresses)
    assert sorted(request.path for request in pages.sent) == [f"/_synonyms/set-{number}" for number in range(5)]


@pytest.mark.parametrize(
    ("synonyms", "said"),
    [
        ("", "empty"),
        ("bye => => goodbye", 'more than one "=>"'),
        (" => goodbye", "lacks a word"),
        ("bye, goodbye,  ", "lacks a word"),
        ("foo => bar => baz", 'more than one "=>"'),
    ],
)
def test_a_mistake_that_elasticsearch_refuses_is_told_before(place: Place, synonyms: str, said: str) -> None:
    """The cases of 10_synonyms_put.yml among Elasticsearch's own tests."""
    spec = {"synonyms_set": [{"synonyms": synonyms}]}
    resource = Resource(Address("synonym-set", "s"), spec, Source("s.yaml", 1))
    assert any(said in problem.message for problem in registry()["synonym-set"].check(resource))
    status, kind, reason = place.refused("PUT", "/_synonyms/s", spec)
    assert (status, kind) == (400, "action_request_validation_exception") and reason.startswith("Validation Failed: 1")


@pytest.mark.parametrize("synonyms", ["i-pod, i pod => ipod", r"a\,b => c", "foo", "=> x"])
def test_what_elasticsearch_takes_is_not_complained_of(place: Place, synonyms: str) -> None:
    spec = {"synonyms_set": [{"synonyms": synonyms}]}
    resource = Resource(Address("synonym-set", "s"), spec, Source("s.yaml", 1))
    assert list(registry()["synonym-set"].check(resource)) == []
    assert place.ask("PUT", "/_synonyms/s", spec)[0] == 201


def test_the_same_rule_twice_is_told() -> None:
    spec = {"synonyms_set": [{"synonyms": "a, b"}, {"synonyms": "a, b"}, {"id": "x", "synonyms": "c, d"}]}
    resource = Resource(Address("synonym-set", "s"), spec, Source("s.yaml", 1))
    (problem,) = registry()["synonym-set"].check(resource)
    assert "more than once" in problem.message


def test_refusals_of_synonyms_and_rules(place: Place) -> None:
    missing = (404, "resource_not_found_exception")
    assert place.refused("GET", "/_synonyms/none") == (*missing, "synonyms set [none] not found")
    assert place.refused("DELETE", "/_synonyms/none") == (*missing, "synonyms set [none] not found")
    assert place.refused("GET", "/_query_rules/none") == (*missing, "none")
    assert place.refused("PUT", "/_synonyms/s", {"sets": []})[2] == "[1:1] [synonyms_set] unknown field [sets]"
    rule = {"rule_id": "a", "type": "pinned", "criteria": [{"type": "always"}], "actions": {"ids": ["1"]}}
    for wrong, said in (
        ({"criteria": [{"type": "exact", "values": ["x"]}]}, "criteriaMetadata cannot be blank"),
        ({"criteria": [{"type": "exact", "metadata": "m"}]}, "criteriaValues cannot be null or empty"),
        (
            {"actions": {"ids": ["1"], "docs": []}},
            "pinned query rule actions must contain only one of either ids or docs",
        ),
        ({"actions": {"ids": []}}, "pinned query rule actions cannot be empty"),
        ({"priority": -1}, "Priority was -1, must be between 0 and 1000000"),
        ({"type": "boost"}, "Unknown QueryRuleType: boost"),
    ):
        status, kind, reason = place.refused("PUT", "/_query_rules/r", {"rules": [{**rule, **wrong}]})
        assert (status, kind) == (400, "x_content_parse_exception") and reason.endswith(said)


@pytest.mark.parametrize("sandbox_version", ["9.5", "8.19"], indirect=True)
def test_rules_are_planned_applied_and_pulled(place: Place) -> None:
    place.applied(RULES)
    status, body = place.ask("GET", "/_query_rules")
    assert status == 200 and body["results"] == [
        {
            "ruleset_id": "rules",
            "rule_total_count": 1,
            "rule_criteria_types_counts": {"exact": 1},
            "rule_type_counts": {"pinned": 1},
        }
    ]
    kind = registry()["query-ruleset"]
    with place.invocation.cluster() as cluster:
        (live,) = kind.everything(cluster, cluster.capabilities).values()
        written = kind.written(live, cluster.capabilities)
    place.write(RULES.split("spec:")[0] + f"spec: {written}")
    assert place.clean()


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"actions": {"ids": ["1"], "docs": [{"_id": "1"}]}}, "one of the two"),
        ({"actions": {"ids": [str(number) for number in range(101)]}}, "1 to 100 documents"),
        ({"priority": 1_000_001}, "not between 0 and 1000000"),
        ({"criteria": [{"type": "exact", "values": ["x"]}]}, "needs metadata"),
    ],
)
def test_mistakes_in_rules_are_told_before(rule: dict, said: str) -> None:
    good = {"rule_id": "a", "type": "pinned", "criteria": [{"type": "always"}], "actions": {"ids": ["1"]}}
    resource = Resource(Address("query-ruleset", "r"), {"rules": [{**good, **rule}]}, Source("r.yaml", 1))
    assert any(said in problem.message for problem in registry()["query-ruleset"].check(resource))


def test_a_rule_comes_after_the_index_of_its_documents() -> None:
    actions = {"docs": [{"_index": "pages", "_id": "1"}]}
    spec = {"rules": [{"rule_id": "a", "type": "pinned", "criteria": [{"type": "always"}], "actions": actions}]}
    resource = Resource(Address("query-ruleset", "r"), spec, Source("r.yaml", 1))
    (reference,) = registry()["query-ruleset"].references(resource)
    assert reference.target == Address("index", "pages") and reference.soft
