"""Data frame analytics as PUT and _update read them, with the defaults that servers add."""

from __future__ import annotations

from typing import Any

from ..errors import ElasticsearchError, illegal, unknown_field, validation
from ..mapping import Body
from ..names import check_index_name, resolve
from ..node import Node
from .naming import bad_request, check_id, conflict

_KEYS = frozenset(
    "id description source dest analysis analyzed_fields model_memory_limit allow_lazy_start max_num_threads _meta"
    " config_type".split()
)
_UPDATE = frozenset("id description model_memory_limit allow_lazy_start max_num_threads".split())
_SOURCE = frozenset({"index", "query", "_source", "runtime_mappings"})
_TREES = frozenset(
    "dependent_variable prediction_field_name training_percent randomize_seed lambda gamma eta max_trees alpha"
    " feature_bag_fraction num_top_feature_importance_values eta_growth_rate_per_tree soft_tree_depth_limit"
    " soft_tree_depth_tolerance downsample_factor max_optimization_rounds_per_hyperparameter early_stopping_enabled"
    " feature_processors maximum_number_trees".split()
)
_ANALYSES = {
    "outlier_detection": frozenset(
        "n_neighbors method feature_influence_threshold compute_feature_influence outlier_fraction"
        " standardization_enabled".split()
    ),
    "regression": _TREES | {"loss_function", "loss_function_parameter"},
    "classification": _TREES | {"class_assignment_objective", "num_top_classes"},
}
_BOUNDS: dict[str, tuple[float, float, str]] = {
    "lambda": (0, float("inf"), "a non-negative double"),
    "gamma": (0, float("inf"), "a non-negative double"),
    "alpha": (0, float("inf"), "a non-negative double"),
    "eta": (0.001, 1, "a double in [0.001, 1]"),
    "max_trees": (1, 2000, "an integer in [1, 2000]"),
    "num_top_feature_importance_values": (0, float("inf"), "a non-negative integer"),
    "eta_growth_rate_per_tree": (0.5, 2, "a double in [0.5, 2.0]"),
    "training_percent": (1e-9, 100, "a positive double in (0, 100]"),
    "outlier_fraction": (0, 1, "in [0, 1]"),
    "feature_influence_threshold": (0, 1, "in [0, 1]"),
    "n_neighbors": (1, float("inf"), "a positive integer"),
}
_METHODS = ("lof", "ldof", "distance_kth_nn", "distance_knn")


def parsed(id: str, body: Body) -> Body:
    """The configuration as it is kept; raises ElasticsearchError."""
    for key in body:
        if key not in _KEYS:
            raise unknown_field("data_frame_analytics_config", key)
    if body.get("id", id) != id:
        raise illegal(
            f"Inconsistent id; '{body['id']}' specified in the body differs from '{id}' specified as a URL argument"
        )
    try:
        check_id(id, "id")
    except ElasticsearchError as error:
        raise validation(error.reason) from None
    for key in ("source", "dest", "analysis"):
        if not isinstance(body.get(key), dict):
            raise illegal(f"[{key}] must not be null")
    kept: Body = {"description": body["description"]} if body.get("description") is not None else {}
    kept["source"] = _source(body["source"])
    kept["dest"] = _dest(body["dest"])
    kept["analysis"] = _analysis(body["analysis"])
    if body.get("analyzed_fields") is not None:
        kept["analyzed_fields"] = _fields(body["analyzed_fields"])
    kept["model_memory_limit"] = body.get("model_memory_limit") or "1gb"
    kept["allow_lazy_start"] = body.get("allow_lazy_start", False)
    kept["max_num_threads"] = _threads(body.get("max_num_threads", 1))
    if body.get("_meta") is not None:
        kept["_meta"] = body["_meta"]
    return kept


def _threads(value: int) -> int:
    if value < 1:
        raise bad_request("[max_num_threads] must be a positive integer")
    return value


def _source(body: Body) -> Body:
    for key in body:
        if key not in _SOURCE:
            raise unknown_field("data_frame_analytics_source", key)
    if "index" not in body:
        raise illegal("Required [index]")
    listed = [body["index"]] if isinstance(body["index"], str) else list(body["index"] or ())
    if not listed:
        raise bad_request("source.index must specify at least one index")
    if not all(listed):
        raise bad_request("source.index must contain non-null and non-empty strings")
    kept = {"index": listed, "query": body.get("query") or {"match_all": {}}}
    if body.get("_source") is not None:
        kept["_source"] = _fields(body["_source"])
    if body.get("runtime_mappings"):
        kept["runtime_mappings"] = body["runtime_mappings"]
    return kept


def _dest(body: Body) -> Body:
    for key in body:
        if key not in ("index", "results_field"):
            raise unknown_field("data_frame_analytics_dest", key)
    if "index" not in body:
        raise illegal("Required [index]")
    if not body["index"]:
        raise bad_request("[index] must be non-empty")
    if body["index"] != body["index"].lower():
        raise validation(f"Destination index [{body['index']}] must be lowercase")
    check_index_name(body["index"])
    return {"index": body["index"], "results_field": body.get("results_field") or "ml"}


def _fields(value: Any) -> Body:
    if isinstance(value, str):
        value = [value]
    if isinstance(value, list):
        value = {"includes": value}
    listed = {key: [part] if isinstance(part, str) else list(part or ()) for key, part in value.items()}
    return {"includes": listed.get("includes", []), "excludes": listed.get("excludes", [])}


def _analysis(body: Body) -> Body:
    if len(body) != 1:
        raise ElasticsearchError("parsing_exception", "Failed to parse object: expecting one analysis", line=1, col=1)
    ((name, options),) = body.items()
    if name not in _ANALYSES:
        raise ElasticsearchError("named_object_not_found_exception", f"[1:1] unknown field [{name}]")
    options = options or {}
    for key, value in options.items():
        if key not in _ANALYSES[name]:
            raise unknown_field(name, key)
        low, high, what = _BOUNDS.get(key, (0, 0, ""))
        if what and value is not None and not low <= value <= high:
            raise bad_request(f"[{key}] must be {what}")
    given = {key: value for key, value in options.items() if value is not None}
    if name == "outlier_detection":
        if "method" in given and given["method"] not in (*_METHODS, "ensemble"):
            raise illegal(f"No enum constant OutlierDetection.Method.{str(given['method']).upper()}")
        defaults: Body = {"compute_feature_influence": True, "outlier_fraction": 0.05, "standardization_enabled": True}
        return {name: {**defaults, **given}}
    if "dependent_variable" not in given:
        raise illegal("Required [dependent_variable]")
    variable = given["dependent_variable"]
    defaults = {"prediction_field_name": f"{variable}_prediction", "training_percent": 100.0}
    if name == "regression":
        defaults["loss_function"] = "mse"
    else:
        defaults |= {"class_assignment_objective": "maximize_minimum_recall", "num_top_classes": 2}
    defaults |= {"randomize_seed": _seed(variable), "early_stopping_enabled": True}
    return {name: {**defaults, **given}}


def _seed(text: str) -> int:
    """Servers draw one at random; here the same configuration always has the same."""
    from zlib import crc32

    return crc32(text.encode())


def updated(config: Body, body: Body, *, running: bool, id: str) -> Body:
    for key in body:
        if key not in _UPDATE:
            raise unknown_field("data_frame_analytics_config_update", key)
    after = {**config, **{key: value for key, value in body.items() if value is not None and key != "id"}}
    _threads(after["max_num_threads"])
    changed = [key for key in ("model_memory_limit", "max_num_threads") if after[key] != config[key]]
    if running and changed:
        raise conflict(f"Cannot update analytics [{id}] unless it's stopped")
    return after


def validate(node: Node, config: Body) -> None:
    """Sources are there, the destination is none of them."""
    for name in config["source"]["index"]:
        if ":" in name:
            raise _failed("remote source indices are not supported")
        if "*" not in name:
            try:
                resolve(node, [name])
            except ElasticsearchError:
                raise _failed(f"no such index [{name}]") from None
    dest, expression = config["dest"]["index"], ",".join(config["source"]["index"])
    holders = [index for index in node.indices.values() if dest == index.name or dest in index.aliases]
    if len(holders) > 1:
        raise _failed(f"no write index is defined for alias [{dest}]")
    for index in resolve(node, config["source"]["index"]):
        if index in holders:
            raise _failed(f"Destination index [{index.name}] is included in source expression [{expression}]")


def _failed(reason: str) -> ElasticsearchError:
    return ElasticsearchError("validation_exception", f"Validation Failed: 1: {reason};")
