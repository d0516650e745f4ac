"""Whatever a person writes: it is checked without a traceback, and brought to a form that stays as it is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from esctl.errors import Source
from esctl.kinds import registry
from esctl.kinds.differences import differences, same
from esctl.model import Address, Capabilities, Resource

KINDS = ("role", "role-mapping", "user", "api-key", "application-privilege", "watch")
KEYS = (
    "cluster indices index names privileges query field_security grant except run_as applications application resources"
    " global metadata description kibana elasticsearch spaces base feature remote_indices clusters restriction workflows"
    " roles role_templates template format rules any all field enabled password full_name email actions expiration"
    " role_descriptors write_to trigger schedule hourly minute weekly on at interval input search request url http chain"
    " inputs condition script transform throttle_period webhook auth basic username body active esctl creation"
).split()
TEXTS = ("", "*", "a", "read", "all", "5m", "kibana-.kibana", "space:a", "feature_a.b", '{"a": 1}', "http://a:b/", "_x")
WORDS = st.sampled_from(TEXTS)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-1, 2**41), WORDS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from([*KEYS, "a", "kibana-.kibana"]), inner, max_size=4)
    ),
    max_leaves=12,
)
SPECS = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=5)


@pytest.mark.parametrize("name", KINDS)
@settings(max_examples=150, deadline=None)
@given(spec=SPECS)
def test_any_body(name: str, spec: dict[str, Any]) -> None:
    kind, capabilities = registry()[name], Capabilities()
    before = repr(spec)
    once = kind.normalise(spec, capabilities)
    assert repr(spec) == before, "normalise changed its input"
    assert same(kind.normalise(once, capabilities), once)
    assert differences(once, once) == ()
    resource = Resource(Address(name, "a/b" if name == "application-privilege" else "a"), spec, Source("a.yaml", 1))
    for problem in kind.check(resource):
        assert problem.message and "\n" not in str(problem)
    list(kind.references(resource))
