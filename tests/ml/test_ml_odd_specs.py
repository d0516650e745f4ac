"""Specs of any shape: told about, never a traceback; what is normalised once stays; what is pulled is as it was."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ml_place import Place

from esctl.errors import Source
from esctl.kinds import registry
from esctl.kinds.base import Context
from esctl.kinds.differences import differences
from esctl.model import Address, Capabilities, Live, Resource

KINDS = ("ml-filter", "ml-calendar", "ml-anomaly-job", "ml-data-frame-analytics")
EXAMPLES = Path(__file__).parents[2] / "docs" / "kinds"
KEYS = (
    "description items job_ids events start_time end_time skip_result analysis_config detectors function custom_rules"
    " scope conditions filter_id actions influencers bucket_span model_prune_window latency per_partition_categorization"
    " categorization_analyzer char_filter filter tokenizer analysis_limits model_memory_limit data_description"
    " time_format model_plot_config enabled custom_settings esctl datafeed indices query bool term aggs script_fields"
    " indices_options expand_wildcards runtime_mappings script query_delay state start end groups results_index_name"
    " source dest index analysis outlier_detection regression analyzed_fields includes _source"
    " background_persist_interval"
).split()
WORDS = ["", "a", "1m", "60s", "1gb", "opened", "closed", "started", "stopped", "2026-01-01T00:00:00Z", "ml_standard"]

values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 1 << 60) | st.floats(allow_nan=False) | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=10,
)
specs = st.dictionaries(st.sampled_from(KEYS), values, max_size=6)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.sampled_from(KINDS), specs)
def test_checking_never_fails(name: str, spec: dict[str, Any]) -> None:
    kind = registry()[name]
    resource = Resource(Address(name, "a"), spec, Source("a.yaml", 1))
    assert all(str(problem) for problem in kind.check(resource))
    assert all(reference.target.kind for reference in kind.references(resource))
    kind.render(resource, Context("p"))


BASES: dict[str, dict[str, Any]] = {
    "ml-filter": {"description": "a", "items": ["a"]},
    "ml-calendar": {
        "description": "a",
        "job_ids": ["a"],
        "events": [{"description": "x", "start_time": 0, "end_time": 1}],
    },
    "ml-anomaly-job": {
        "description": "a",
        "groups": ["a"],
        "state": "opened",
        "analysis_config": {
            "bucket_span": "15m",
            "detectors": [
                {"function": "count", "custom_rules": [{"scope": {"a": {"filter_id": "f"}}, "conditions": []}]}
            ],
            "influencers": ["a"],
            "per_partition_categorization": {"enabled": True},
            "categorization_analyzer": {"tokenizer": "ml_standard", "char_filter": ["a"], "filter": [{"type": "stop"}]},
        },
        "analysis_limits": {"model_memory_limit": "1gb"},
        "data_description": {"time_field": "t"},
        "model_plot_config": {"enabled": True},
        "custom_settings": {"a": 1},
        "results_index_name": "x",
        "datafeed": {
            "indices": ["a"],
            "query": {"bool": {"filter": [{"term": {"a": {"value": 1}}}]}},
            "aggs": {"a": {"aggs": {"b": {"max": {"field": "t"}}}}},
            "script_fields": {"a": {"script": {"source": "1"}}},
            "runtime_mappings": {"a": {"type": "long", "script": "1"}},
            "indices_options": {"expand_wildcards": ["open"]},
            "query_delay": "60s",
            "start": 0,
            "state": "started",
        },
    },
    "ml-data-frame-analytics": {
        "source": {"index": ["a"], "query": {"match_all": {}}, "_source": {"includes": ["a"]}},
        "dest": {"index": "b", "results_field": "ml"},
        "analysis": {"regression": {"dependent_variable": "a"}},
        "analyzed_fields": {"includes": ["a"]},
        "model_memory_limit": "1gb",
        "_meta": {"a": 1},
    },
}


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, part in below for place in places(part, (*path, key)))]


def with_nothing(base: dict[str, Any], path: tuple[Any, ...], nothing: Any) -> dict[str, Any]:
    spec = copy.deepcopy(base)
    *parents, last = path
    target: Any = spec
    for key in parents:
        target = target[key]
    target[last] = nothing
    return spec


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("nothing", [None, {}, [], ""], ids=["null", "mapping", "list", "text"])
def test_nothing_anywhere_can_be_compared_and_sent(name: str, nothing: Any) -> None:
    """A plan is made of what `validate` lets pass."""
    kind, now, base = registry()[name], Capabilities(), BASES[name]
    context, address = Context("p", now), Address(name, "a")
    whole = kind.render(Resource(address, base, Source("a.yaml", 1)), context)
    live = Live(address, {**whole, "calendar_id": "a", "events": []} if name == "ml-calendar" else whole)  # type: ignore
    for path in places(base)[1:]:
        spec = with_nothing(base, path, nothing)
        resource = Resource(address, spec, Source("a.yaml", 1))
        told = [problem for problem in kind.check(resource) if problem.severity == "error"]
        assert list(kind.references(resource)) is not None
        if told:
            continue
        rendered = kind.render(resource, context)
        once = kind.normalise(rendered, now)  # type: ignore[arg-type]
        assert kind.normalise(once, now) == once, path
        before = kind.normalise(live.body, now)
        kind.cost(before, once, now)
        kind.cost(once, before, now)
        kind.write(address, rendered, live, context)  # type: ignore[arg-type]
        kind.write(address, rendered, None, context)  # type: ignore[arg-type]
        if hasattr(kind, "ours"):
            kind.ours(before, once, before)
        if hasattr(kind, "refuses"):
            kind.refuses(address, rendered, live, context)


@pytest.mark.parametrize("sandbox_version", ["9.5", "8.19"], indirect=True)
@pytest.mark.parametrize("name", KINDS)
def test_what_is_pulled_is_what_was_there(name: str, place: Place) -> None:
    place.write((EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8"))
    place.apply()
    kind = registry()[name]
    resources = {r.address: r for r in place.invocation.loaded.resources if r.address.kind == name}
    with place.invocation.cluster() as cluster:
        live = kind.everything(cluster, cluster.capabilities)
        assert live.keys() == resources.keys()
        for address, one in live.items():
            assert kind.foreign(one) is None
            spec = kind.written(one, cluster.capabilities)
            assert not {"job_id", "create_time", "observed", "version", "id", "filter_id", "calendar_id"} & spec.keys()
            rendered = kind.render(Resource(address, spec, Source("a.yaml", 1)), Context("learning"))
            again = kind.normalise(rendered, cluster.capabilities)
            assert differences(kind.normalise(one.body, cluster.capabilities), again) == ()
