"""What indices, templates, pipelines and searches name: it comes first, it is drawn, and a slip of it is told."""

from __future__ import annotations

import pytest
from project_place import Place

from esctl.errors import Source
from esctl.kinds import registry
from esctl.model import Address, Resource
from esctl.plan.references import check

PROJECT = """
kind: search-template
id: a-search
spec:
  script:
    lang: mustache
    source:
      retriever:
        rule: {ruleset_ids: [pinned], match_criteria: {query: "{{query}}"}, retriever: {standard: {query: {match_all: {}}}}}
---
kind: index
id: a-shop
spec:
  settings:
    analysis:
      filter: {words: {type: synonym_graph, synonyms_set: z-words, updateable: true}}
      analyzer: {mine: {tokenizer: standard, filter: [words]}}
  mappings:
    properties:
      name: {type: text, search_analyzer: mine}
      about: {type: semantic_text, inference_id: z-vectors}
---
kind: synonym-set
id: z-words
spec: {synonyms_set: [{synonyms: "tv, television"}]}
---
kind: query-ruleset
id: pinned
spec: {rules: [{rule_id: one, type: pinned, criteria: [{type: always}], actions: {ids: ["1"]}}]}
---
kind: inference-endpoint
id: z-vectors
spec:
  task_type: text_embedding
  service: elasticsearch
  service_settings: {model_id: .multilingual-e5-small, num_allocations: 1, num_threads: 1}
"""

PIPELINE = """\
---
kind: ingest-pipeline
id: a-pipeline
spec:
  processors:
    - inference: {model_id: z-vectors, input_output: {input_field: name, output_field: vector}}
"""


@pytest.mark.parametrize("sandbox_version", ["9.5", "8.19"], indirect=True)
def test_what_is_named_comes_first(place: Place) -> None:
    place.write(PROJECT + PIPELINE)
    order = [str(change.address) for change in place.plan().changes]
    for later, first in (
        ("search-template/a-search", "query-ruleset/pinned"),
        ("index/a-shop", "synonym-set/z-words"),
        ("index/a-shop", "inference-endpoint/z-vectors"),
        ("ingest-pipeline/a-pipeline", "inference-endpoint/z-vectors"),
    ):
        assert order.index(first) < order.index(later), (first, later)
    place.applied(PROJECT)  # the sandbox runs no models, and so has no processor that calls one


def test_the_graph_draws_it(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    from esctl.cli.graph import Format, graph

    place.write(PROJECT + PIPELINE)
    graph(place.invocation, ["search-template/*", "index/*", "ingest-pipeline/*"], Format.DOT)
    drawn = capsys.readouterr().out
    for name in ("query-ruleset/pinned", "synonym-set/z-words", "inference-endpoint/z-vectors"):
        assert f'-> "{name}"' in drawn


SPECS = {
    "index": {"mappings": {"properties": {"a": {"type": "semantic_text", "inference_id": "vectors"}}}},
    "component-template": {
        "template": {"mappings": {"properties": {"a": {"properties": {"b": {"type": "semantic_text", "search_inference_id": "vectors"}}}}}}
    },
    "index-template": {"index_patterns": ["x-*"], "template": {"settings": {"index.analysis.filter.w.synonyms_set": "words"}}},
    "search-template": {"script": {"lang": "mustache", "source": '{"query": {"rule": {"ruleset_ids": "pins", "organic": {}}}}'}},
    "transform": {"source": {"index": "x", "query": {"sparse_vector": {"field": "v", "inference_id": "vectors", "query": "q"}}}},
    "watch": {"input": {"search": {"request": {"body": {"retriever": {"text_similarity_reranker": {"inference_id": "ranks"}}}}}}},
}  # fmt: skip
EXPECTED = {
    "index": ("inference-endpoint/vectors", "mappings.properties.a.inference_id"),
    "component-template": ("inference-endpoint/vectors", "template.mappings.properties.a.properties.b.search_inference_id"),
    "index-template": ("synonym-set/words", "template.settings.index.analysis.filter.w.synonyms_set"),
    "search-template": ("query-ruleset/pins", "script.source"),
    "transform": ("inference-endpoint/vectors", "source.query.sparse_vector.inference_id"),
    "watch": ("inference-endpoint/ranks", "input.search.request.body.retriever.text_similarity_reranker.inference_id"),
}


def resource(kind: str, spec: dict, id: str = "it") -> Resource:
    return Resource(Address(kind, id), spec, Source("a.yaml", 1))


@pytest.mark.parametrize("kind", SPECS)
def test_where_it_is_named(kind: str) -> None:
    found = [reference for reference in registry()[kind].references(resource(kind, SPECS[kind])) if not reference.soft]
    assert [(str(r.target), ".".join(map(str, r.path[1:]))) for r in found] == [EXPECTED[kind]]


@pytest.mark.parametrize("kind", SPECS)
def test_what_nobody_writes_is_a_warning_and_a_slip_an_error(kind: str) -> None:
    target = Address.parse(EXPECTED[kind][0])
    (missing,) = check([resource(kind, SPECS[kind])], registry())
    assert (missing.severity, missing.rule) == ("warning", "missing-reference")
    near = resource(target.kind, {}, target.id[:-1])
    (slip,) = check([resource(kind, SPECS[kind]), near], registry())
    assert (slip.severity, slip.rule, slip.hint) == ("error", "near-miss", f'did you mean "{near.address.id}"?')


def test_a_model_may_be_trained_and_what_begins_with_a_dot_is_elasticsearchs() -> None:
    pipeline = {"processors": [{"inference": {"model_id": "lang_ident_model_1"}}]}
    index = {"mappings": {"properties": {"a": {"type": "semantic_text", "inference_id": ".elser-2-elasticsearch"}}}}
    assert list(check([resource("ingest-pipeline", pipeline), resource("index", index)], registry())) == []
    endpoint = resource("inference-endpoint", {}, "lang-ident-model-2")
    assert list(check([resource("ingest-pipeline", pipeline), endpoint], registry())) == []
    endpoint = resource("inference-endpoint", {}, "lang_ident_modal_1")
    (slip,) = check([resource("ingest-pipeline", pipeline), endpoint], registry())
    assert slip.rule == "near-miss"


def test_a_missing_endpoint_is_an_error_of_the_plan(place: Place) -> None:
    from esctl.errors import EsctlError

    place.write("kind: index\nid: shop\nspec: {mappings: {properties: {a: {type: semantic_text, inference_id: none}}}}")
    with pytest.raises(EsctlError, match="inference-endpoint/none is neither written in this project nor on the server"):
        place.plan()
