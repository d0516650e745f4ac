"""Whatever is written, the rules find something or nothing, and do not stumble."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from esctl.errors import Source
from esctl.kinds import NAMES
from esctl.kinds.rules import RULES, check
from esctl.model import Address, Resource
from esctl.secret import Secret

WORDS = (
    "index_patterns", "composed_of", "template", "settings", "mappings", "aliases", "properties", "type", "dense_vector",
    "dims", "fields", "object", "dynamic", "runtime", "priority", "data_stream", "lifecycle", "index.lifecycle.name",
    "default_pipeline", "policy", "phases", "hot", "warm", "min_age", "actions", "rollover", "processors", "on_failure",
    "drop", "if", "fail", "set", "field", "k-means", "script", "source", "dest", "index", "pivot", "group_by", "latest",
    "unique_key", "sort", "query", "term", "title", "timeFieldName", "data_source", "ref_id", "data_view_id", "input",
    "search", "request", "indices", "body", "is_write_index", "filter", "routing", "persistent", "documents", "_id",
    "match", "a", "b-*", "*", "", "7d", "true", "@timestamp", "index.translog.retention.age", "spec", "panels",
)  # fmt: skip
values = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 5000) | st.sampled_from(WORDS) | st.just(Secret("s", reference="r")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=20,
)
documents = st.tuples(
    st.sampled_from(NAMES),
    st.sampled_from(["a", "b-1", "B *"]),
    st.dictionaries(st.sampled_from(WORDS), values, max_size=4),
)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(st.lists(documents, max_size=5, unique_by=lambda document: document[:2]))
def test_rules_do_not_stumble(written: list) -> None:
    resources = [
        Resource(Address(kind, name), spec, Source("a.yaml", line))
        for line, (kind, name, spec) in enumerate(written, 1)
    ]
    for problem in check(resources):
        assert problem.rule in RULES and problem.message and "\n" not in str(problem)


# Bodies that look right up to one place: nearly every branch of the rules is reached by some of them.
SHAPES = (
    ("index-template", "index_patterns composed_of template.settings template.mappings template.mappings.properties "
     "template.aliases template.aliases.x template.lifecycle priority data_stream template.mappings.properties.@timestamp"),
    ("component-template", "template.settings template.mappings.properties.v template.mappings.properties"),
    ("index", "settings mappings.properties.v mappings.properties aliases aliases.x aliases.x.filter mappings.runtime"),
    ("ilm-policy", "policy policy.phases policy.phases.hot policy.phases.hot.min_age policy.phases.hot.actions"),
    ("ingest-pipeline", "processors processors.0 processors.0.drop processors.0.set on_failure"),
    ("transform", "source source.index dest dest.index pivot pivot.group_by pivot.group_by.g latest.unique_key sync"),
    ("watch", "input input.search.request input.search.request.body actions actions.x actions.x.index"),
    ("enrich-policy", "match match.indices match.enrich_fields match.query"),
    ("data-view", "title timeFieldName fieldFormats runtimeFieldMap"),
    ("dashboard", "panels panels.0 panels.0.data_source panels.0.fields panels.0.field"),
    ("alias", "indices indices.a data_streams"),
    ("documents", "index documents documents.0"),
    ("cluster-settings", "persistent persistent.a transient"),
    ("stored-script", "script script.source"),
    ("inference-endpoint", "service"),
    ("data-stream-lifecycle", "data_retention"),
    ("data-stream", "template"),
)  # fmt: skip
PLACES = [(kind, tuple(place.split("."))) for kind, places in SHAPES for place in places.split()]


def shaped(path: tuple[str, ...], value: object) -> object:
    if not path:
        return value
    return [shaped(path[1:], value)] if path[0].isdigit() else {path[0]: shaped(path[1:], value)}


@settings(max_examples=1500, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.sampled_from(PLACES), values), min_size=1, max_size=4))
def test_rules_do_not_stumble_where_one_place_is_wrong(written: list) -> None:
    resources = []
    for line, ((kind, path), value) in enumerate(written, 1):
        spec = {"index_patterns": ["a*"], "template": {}} if kind == "index-template" else {}
        resources.append(Resource(Address(kind, f"a{line}"), {**spec, **shaped(path, value)}, Source("a.yaml", line)))
    for problem in check(resources):
        assert problem.rule in RULES and "\n" not in str(problem)
