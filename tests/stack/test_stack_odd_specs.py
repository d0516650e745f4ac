"""Specs of any shape: told about, never a traceback; and what is normalised once stays as it is."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from esctl.errors import Source
from esctl.kinds import registry
from esctl.model import Address, Capabilities, Resource

KEYS = (
    "script lang source match indices enrich_fields query pivot latest group_by aggs dest index sync time settings"
    " config metadata repository retention type verify state pipeline pipeline_settings pipeline_metadata leader_index"
    " remote_cluster leader_index_patterns parameters options _meta frequency retention_policy"
).split()
KINDS = (
    "stored-script search-template enrich-policy transform snapshot-repository slm-policy ccr-auto-follow ccr-follower"
    " logstash-pipeline"
).split()

values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "1m", "60s", '{"a": 1}', "{"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=8,
)
specs = st.dictionaries(st.sampled_from(KEYS), values, max_size=5)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(KINDS), specs)
def test_checking_never_fails(name: str, spec: dict[str, Any]) -> None:
    kind = registry()[name]
    resource = Resource(Address(name, "a"), spec, Source("a.yaml", 1))
    assert all(str(problem) for problem in kind.check(resource))
    assert all(reference.target.id for reference in kind.references(resource) if reference.target.id)


BASES: dict[str, dict[str, Any]] = {
    "stored-script": {"script": "a"},
    "search-template": {"script": {"lang": "mustache", "source": "{}"}},
    "enrich-policy": {"match": {"indices": "a", "match_field": "m", "enrich_fields": "f"}},
    "transform": {"source": {"index": "a"}, "dest": {"index": "b"}, "latest": {"unique_key": ["k"], "sort": "t"}},
    "snapshot-repository": {"type": "fs", "settings": {"location": "a"}},
    "slm-policy": {"name": "a", "schedule": "1h", "repository": "r"},
    "ccr-auto-follow": {"remote_cluster": "r", "leader_index_patterns": "a*"},
    "ccr-follower": {"remote_cluster": "r", "leader_index": "a"},
    "logstash-pipeline": {"pipeline": "input {}"},
}
settled = st.dictionaries(st.sampled_from(KEYS), st.none() | st.just({}) | st.just([]) | st.just("1m"), max_size=4)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(KINDS), settled, settled)
def test_normalising_twice_is_once(name: str, above: dict[str, Any], below: dict[str, Any]) -> None:
    """Nothing, empty things and durations, at the top and one level down, beside what the kind needs."""
    kind, base = registry()[name], BASES[name]
    spec: dict[str, Any] = {**above, **base}
    for key, value in base.items():
        if isinstance(value, dict) and key != "script":
            spec[key] = {**below, **value}
    before = repr(spec)
    once = kind.normalise(spec, Capabilities())
    assert kind.normalise(once, Capabilities()) == once
    assert repr(spec) == before
    assert kind.cost(once, once, Capabilities()).consequence in ("instant", "restart")
