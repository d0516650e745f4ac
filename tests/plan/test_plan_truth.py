"""The table of three-way truth, row by row, and what must hold for all bodies."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from esctl.kinds.differences import differences, projected, same
from esctl.model import Address, Cause, Remembered
from esctl.plan.truth import added, decide, without_defaults

ROWS = yaml.safe_load((Path(__file__).parents[1] / "cases/truth/rows.yaml").read_text(encoding="utf-8"))
ADDRESS = Address("index", "x")

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab/~", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab/~", max_size=2), inner, max_size=3),
    max_leaves=8,
)
bodies = st.dictionaries(st.text("ab/~", min_size=1, max_size=2), json_values, max_size=3)


SIDES = [(case, shared) for case in ROWS for shared in (False, True) if case.get("shared", shared) is shared]


@pytest.mark.parametrize(
    ("case", "shared"), SIDES, ids=[f"{case['row']}, {'shared' if shared else 'whole'}" for case, shared in SIDES]
)
def test_a_row_of_the_table(case, shared):
    remembered = None if case["R"] is None else Remembered(ADDRESS, case["R"], case.get("defaults", {}))
    assert decide(case["D"], remembered, case["L"], shared=shared) == Cause(case["word"])


def test_every_word_of_the_table_has_a_row():
    assert {case["word"] for case in ROWS} | {"waiting"} == {str(cause) for cause in Cause}


@given(bodies)
def test_nothing_differs_from_itself(body):
    assert differences(body, body) == ()
    assert same(body, body)
    assert projected(body, body) == body


@given(bodies, bodies)
def test_no_difference_means_the_same(before, after):
    assert (differences(before, after) == ()) == same(before, after)


@given(bodies, bodies)
def test_what_a_server_added_is_taken_away_again(written, more):
    live = {**more, **written}
    assert same(without_defaults(live, written, added(live, written)), written)


@given(bodies, bodies)
def test_after_an_apply_the_plan_is_clean(written, more):
    live = {**more, **written}
    remembered = Remembered(ADDRESS, written, added(live, written))
    assert decide(written, remembered, live, shared=False) is Cause.CLEAN
    assert decide(written, Remembered(ADDRESS, written), live, shared=True) is Cause.CLEAN
