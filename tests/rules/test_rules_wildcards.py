"""Patterns: what overlaps is what some name matches, found by trying names."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from esctl.kinds.rules.wildcards import Patterns, matches, overlap, overlapping
from esctl.kinds.wording import NearNames

NAMES = ["".join(signs) for length in range(7) for signs in itertools.product("ab", repeat=length)]
patterns = st.text("ab*", max_size=5)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(patterns, patterns)
def test_overlap_is_what_some_name_matches(one: str, other: str) -> None:
    # Two patterns of 5 signs that overlap share a name of at most 10; of two letters and few signs 6 show nearly all.
    shared = any(matches(one, name) and matches(other, name) for name in NAMES)
    assert overlap(one, other) == overlap(other, one)
    if shared:
        assert overlap(one, other)
    if overlap(one, other) and len(one.replace("*", "")) + len(other.replace("*", "")) <= 6:
        assert shared


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(patterns, max_size=6, unique=True))
def test_pairs_are_those_of_every_two(many: list[str]) -> None:
    found = {frozenset((one, other)) for (one, _), (other, _) in overlapping((p, p) for p in many)}
    assert found == {frozenset(pair) for pair in itertools.combinations(many, 2) if overlap(*pair)}


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(patterns, max_size=6, unique=True), st.text("ab", max_size=6))
def test_looking_up_by_name(many: list[str], name: str) -> None:
    known = Patterns()
    for pattern in many:
        known.add(pattern, pattern)
    assert sorted(map(str, known.taking(name))) == sorted(p for p in many if matches(p, name))


def test_slips_of_names() -> None:
    names = NearNames(["orders-base", "logs-1", "price", "shop_orders", "ab"])
    assert names.slip_of("order-base") == "orders-base"  # a letter less
    assert names.slip_of("orders_base") == "orders-base"
    assert names.slip_of("oredrs-base") == "orders-base"  # two swapped
    assert names.slip_of("shop_ordess") == "shop_orders"
    assert names.slip_of("logs-2") is None  # another number is another name
    assert names.slip_of("price") is None
    assert names.slip_of("ac") is None
    assert names.slip_of("metrics@custom") is None
