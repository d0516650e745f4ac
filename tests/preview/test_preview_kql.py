"""KQL → query DSL, against the bodies that Kibana sends for the same text."""

from __future__ import annotations

import pytest

from esctl.errors import EsctlError
from esctl.preview import kql_query


def should(*clauses: dict[str, object]) -> dict[str, object]:
    return {"bool": {"should": list(clauses), "minimum_should_match": 1}}


CASES = [
    ("", {"match_all": {}}),
    ("type: run", should({"match": {"type": "run"}})),
    ("cluster: 3", should({"match": {"cluster": 3}})),
    ("newest: true", should({"match": {"newest": True}})),
    ('label: "black cat"', should({"match_phrase": {"label": "black cat"}})),
    ("label: *", should({"exists": {"field": "label"}})),
    ("label: ca*", should({"wildcard": {"label": {"value": "ca*"}}})),
    ("distance >= 0.5", should({"range": {"distance": {"gte": 0.5}}})),
    ("distance<2", should({"range": {"distance": {"lt": 2}}})),
    ("not a: 1", {"bool": {"must_not": [should({"match": {"a": 1}})]}}),
    ("a: 1 and b: 2", {"bool": {"filter": [should({"match": {"a": 1}}), should({"match": {"b": 2}})]}}),
    ("a: (1 or 2)", should(should({"match": {"a": 1}}), should({"match": {"a": 2}}))),
    (
        "a: 1 OR b: 2 AND c: 3",
        should(
            should({"match": {"a": 1}}),
            {"bool": {"filter": [should({"match": {"b": 2}}), should({"match": {"c": 3}})]}},
        ),
    ),
    ("message: two words", should({"match": {"message": "two words"}})),
    ("a\\:b: 1", should({"match": {"a:b": 1}})),
    ("rocket", {"multi_match": {"type": "best_fields", "query": "rocket", "lenient": True}}),
    ("items: { a: 1 }", {"nested": {"path": "items", "query": should({"match": {"a": 1}}), "score_mode": "none"}}),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_kql(text: str, expected: dict[str, object]) -> None:
    assert kql_query(text) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cluster:", 'expected a value for "cluster" at the end'),
        ("(a: 1", 'expected ")" at the end'),
        ("a: 1)", 'did not expect this at ")"'),
        ("a >", 'expected a value after ">" at the end'),
        ("and b: 1", 'expected a field or a value at "and b: 1"'),
        ("message: not here", 'expected a value for "message" at "not here"'),
    ],
)
def test_mistakes_show_their_place(text: str, words: str) -> None:
    with pytest.raises(EsctlError, match=r'^query "') as caught:
        kql_query(text)
    assert words in str(caught.value)
