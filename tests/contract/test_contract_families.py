"""Enough cases for each family of the API, and a comparison that sees every difference."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from contract_cases import comparable
from families import ENOUGH, FAMILIES, PAGE, counts, exchanges, family, page

COUNTS = counts()


@pytest.mark.parametrize("name", [name for name, _ in FAMILIES])
def test_a_family_has_enough_cases(name: str) -> None:
    cases, errors, versions = COUNTS[name]
    assert cases >= ENOUGH, f"{name}: {cases} cases"
    assert 2 * errors >= cases, f"{name}: {errors} of {cases} cases are errors"
    assert versions


def test_a_family_is_found_by_its_first_pattern() -> None:
    assert family("PUT", "/case-a", "{}") == "indices"
    assert family("POST", "/case-a/_search", '{"aggs": {}}') == "aggregations"
    assert family("POST", "/case-a/_search", '{"query": {}}') == "search"
    assert family("POST", "/_refresh", "") is None


def test_the_page_is_as_generated() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python tests/contract/families.py"


def mutations(value: Any) -> Iterator[Any]:
    """`value` with one leaf changed, for every leaf; an empty object or list is one, too."""
    if isinstance(value, dict | list) and value:
        for key in value if isinstance(value, dict) else range(len(value)):
            for mutated in mutations(value[key]):
                changed = copy.copy(value)
                changed[key] = mutated
                yield changed
    elif isinstance(value, bool) or value is None or isinstance(value, dict | list):
        yield "mutated"
    elif isinstance(value, int | float):
        yield value + 1
    else:
        yield f"{value} mutated"


def test_every_changed_leaf_of_every_answer_is_seen() -> None:
    """What is compared is `comparable(answer) == recorded`: no leaf of a recorded answer may be blind."""
    seen = 0
    for case, version, step, answer in exchanges():
        assert comparable(answer["body"]) == answer["body"], f"{case.name} {step[:2]}: not in the form that is compared"
        for mutated in mutations(answer):
            changed = {"status": mutated["status"], "body": comparable(mutated["body"])}
            assert changed != answer, f"{version} {case.name}: a change is not seen in the answer to {step[:2]}"
            seen += 1
    assert seen > 10_000
