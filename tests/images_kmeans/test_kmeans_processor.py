"""The `k-means` processor: what it takes, what it refuses, and what it becomes."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from kmeans_cases import groups, table_of

from esctl.errors import EsctlError
from esctl.images.kmeans import fit
from esctl.images.model_file import KMeansModel
from esctl.images.processor import MAX_PIPELINE_BYTES, ProcessorError, compile_processor, parse_processor


def test_the_project_s_own_pipeline_is_read() -> None:
    parameters = parse_processor({"field": "vector", "k": 10, "max_iter": 100, "seed": 42, "target_field": "cluster"})
    assert parameters.of_the_fit == (10, 100, 42, "l2")
    assert (parameters.field, parameters.target_field) == ("vector", "cluster")


@pytest.mark.parametrize(
    ("written", "path", "message", "hint"),
    [
        (None, (), "takes a mapping", "write {"),
        ([], (), "takes a mapping", "write {"),
        ({}, (), 'lacks "k"', "k: 10"),
        ({"k": 10, "fields": "vector"}, ("fields",), 'no parameter "fields"', 'did you mean "field"'),
        ({"k": 10, "clusters": 3}, ("clusters",), 'no parameter "clusters"', "known are field, k"),
        ({"k": 10, 3: 3}, (3,), 'no parameter "3"', "known are"),
        ({"k": "10"}, ("k",), 'k is "10", not a whole number', "k: 10"),
        ({"k": 2.0}, ("k",), "k is 2.0, not a whole number", "k: 10"),
        ({"k": True}, ("k",), "k is true, not a whole number", "k: 10"),
        ({"k": None}, ("k",), "k is null, not a whole number", "k: 10"),
        ({"k": 1}, ("k",), "k is 1", "at least 2"),
        ({"k": -3}, ("k",), "k is -3", "at least 2"),
        ({"k": 3, "max_iter": 0}, ("max_iter",), "max_iter is 0", "at least 1"),
        ({"k": 3, "seed": -1}, ("seed",), "seed is -1", "at least 0"),
        ({"k": 3, "seed": 2**32}, ("seed",), "seed is 4294967296", "at most"),
        ({"k": 3, "normalise": "l1"}, ("normalise",), 'normalise is "l1"', "l2 or none"),
        ({"k": 3, "normalise": ["l2"]}, ("normalise",), 'normalise is ["l2"]', "l2 or none"),
        ({"k": 3, "field": 7}, ("field",), "field is 7, not the name", None),
        ({"k": 3, "field": ""}, ("field",), 'field is "", not the name', None),
        ({"k": 3, "field": "image.vector"}, ("field",), "lies inside an object", "top-level"),
        ({"k": 3, "target_field": "_id"}, ("target_field",), "is a metadata field", "of the document"),
        ({"k": 3, "target_field": "distance"}, ("target_field",), "itself reads or writes", "target_field: cluster"),
        ({"k": 3, "field": "v", "target_field": "v"}, ("target_field",), "itself reads or writes", None),
    ],
)
def test_a_mistake_is_told_with_its_place(written: Any, path: tuple[Any, ...], message: str, hint: str | None) -> None:
    with pytest.raises(ProcessorError) as caught:
        parse_processor(written)
    assert caught.value.path == path
    assert message in caught.value.message
    assert "\n" not in str(caught.value)
    if hint is not None:
        assert hint in (caught.value.hint or "")


@pytest.fixture(scope="module")
def model() -> KMeansModel:
    return fit(table_of(groups()), parse_processor({"k": 6}))


def test_it_becomes_a_json_and_a_script_processor(model: KMeansModel) -> None:
    parse, script = compile_processor(model.parameters, model)
    assert parse["json"]["field"] == "vector"
    assert parse["json"]["if"]["params"] == {"field": "vector"}
    params = script["script"]["params"]
    assert (params["dims"], params["normalise"], params["model_hash"]) == (32, True, model.hash)
    assert len(params["centroids"]) == 6


def test_the_common_keys_go_to_the_script(model: KMeansModel) -> None:
    common = {
        "if": "ctx.vector != null",
        "tag": "assign",
        "description": "clusters",
        "ignore_failure": False,
        "on_failure": [{"set": {"field": "cluster", "value": -1}}],
    }
    parse, script = compile_processor(parse_processor({"k": 6, **common}), model)
    assert {key: script["script"][key] for key in common} == common
    assert parse["json"]["tag"] == "assign-json"
    assert "on_failure" not in parse["json"], "the handlers would run twice for one document"


def test_a_model_of_other_parameters_is_refused(model: KMeansModel) -> None:
    with pytest.raises(EsctlError, match=r"fitted with k 6 \(the pipeline says 7\).*esctl images fit"):
        compile_processor(parse_processor({"k": 7}), model)


def test_another_field_needs_no_new_fit(model: KMeansModel) -> None:
    _, script = compile_processor(parse_processor({"k": 6, "field": "embedding", "target_field": "group"}), model)
    assert (script["script"]["params"]["field"], script["script"]["params"]["target_field"]) == ("embedding", "group")


def test_a_pipeline_too_large_for_the_server_says_which_k_fits(model: KMeansModel) -> None:
    def of(k: int) -> list[dict[str, Any]]:
        parameters = dataclasses.replace(model.parameters, k=k)
        text = "A" * (-(-2048 * 4 // 3) * 4)
        large = dataclasses.replace(
            model, parameters=parameters, dims=2048, centroids_base64=(text,) * k, mean_base64=text
        )
        return compile_processor(parameters, large)

    with pytest.raises(EsctlError, match=r"1\.\d MiB, more than the 1 MiB.*k can be (\d+) at most") as caught:
        of(100)
    most = int(str(caught.value).split("k can be ")[1].split()[0])
    size = len(json.dumps(of(most), separators=(",", ":"), ensure_ascii=False).encode())
    assert size <= MAX_PIPELINE_BYTES
    with pytest.raises(EsctlError):
        of(most + 1)
