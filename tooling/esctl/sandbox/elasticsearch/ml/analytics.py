"""Running data frame analytics: which fields, which rows, and the results beside a copy of each document.

Outliers by distances to nearest neighbours, regression and classification by gradient boosted trees: scikit-learn's,
not Elastic's own, and so said in the messages and in `_meta` of the destination.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from ..api_by_query import found
from ..api_indices import create_index
from ..dates import now_ms
from ..documents import Operation, perform
from ..dotted import at, put
from ..errors import ElasticsearchError, unsupported
from ..mapping import Body
from ..names import resolve
from ..node import Index, Node
from ..sources import whole_source
from . import notices
from .analytics_config import validate
from .naming import bad_request, conflict

CONFIG, STATE = "ml_analytics", "ml_analytics_state"
NUMBERS = ("byte", "double", "float", "half_float", "integer", "long", "scaled_float", "short", "unsigned_long")
CATEGORIES = ("ip", "keyword", "text")
COMPUTED_BY = "esctl sandbox (scikit-learn)"
NOTICE = "esctl sandbox: computed with scikit-learn, not by Elastic's own analyses"
INCREMENTAL = "ml__incremental_id"

PHASES = {
    "outlier_detection": ("reindexing", "loading_data", "computing_outliers", "writing_results"),
    "regression": (
        "reindexing",
        "loading_data",
        "feature_selection",
        "coarse_parameter_search",
        "fine_tuning_parameters",
        "final_training",
        "writing_results",
        "inference",
    ),
}
PHASES["classification"] = PHASES["regression"]
NEVER: Body = {"state": "stopped", "progress": 0, "train": 0, "test": 0, "skipped": 0, "reason": None, "elapsed": 0}


def kind_of(config: Body) -> tuple[str, Body]:
    ((name, options),) = config["analysis"].items()
    return name, options


def selection(node: Node, config: Body) -> list[Body]:
    """Every field of the source, taken or not, and why not; raises ElasticsearchError for what cannot be analyzed."""
    name, options = kind_of(config)
    indices = resolve(node, config["source"]["index"])
    types: dict[str, set[str]] = {}
    for index in indices:
        for path, field in index.mapping.fields.items():
            types.setdefault(path, set()).add(field.type)
    required = options.get("dependent_variable")
    if required is not None and required not in types:
        raise bad_request(f"no mappings could be found for required field [{required}]")
    supported = {*NUMBERS, "boolean", *(() if name == "outlier_detection" else CATEGORIES)}
    fields = config.get("analyzed_fields") or {"includes": [], "excludes": []}
    for pattern in fields["includes"]:
        if "*" not in pattern and pattern not in types:
            raise bad_request(f"No field [{pattern}] could be detected")
        if pattern in types and not types[pattern] <= supported:
            raise bad_request(
                f"field [{pattern}] has unsupported type [{', '.join(sorted(types[pattern]))}]. Supported types are"
                f" [{', '.join(sorted(supported))}]."
            )
    told = []
    for path in sorted(types):
        shown: Body = {"name": path, "mapping_types": sorted(types[path])}
        reason = _left_out(path, types, supported, fields, required)
        shown |= {"is_included": reason is None, "is_required": path == required}
        if reason is None:
            numeric = types[path] <= {*NUMBERS, "boolean"} and not (path == required and name == "classification")
            shown["feature_type"] = "numerical" if numeric else "categorical"
        else:
            shown["reason"] = reason
        told.append(shown)
    return told


def _left_out(
    path: str, types: dict[str, set[str]], supported: set[str], fields: Body, required: str | None
) -> str | None:
    if not types[path] <= supported:
        return f"unsupported type; supported types are [{', '.join(sorted(supported))}]"
    if path == required:
        return None
    if any(fnmatchcase(path, pattern) for pattern in fields["excludes"]):
        return "field in excludes list"
    if fields["includes"] and not any(fnmatchcase(path, pattern) for pattern in fields["includes"]):
        return "field not in includes list"
    if types[path] == {"text"}:
        keyword = next((other for other in types if other.startswith(f"{path}.") and types[other] == {"keyword"}), None)
        if keyword:
            return f"[{keyword}] is preferred because it is aggregatable"
    return None


def features(node: Node, config: Body) -> list[Body]:
    """What is analyzed, without the dependent variable; raises ElasticsearchError where nothing is left."""
    taken = [one for one in selection(node, config) if one["is_included"] and not one["is_required"]]
    if not taken:
        required = kind_of(config)[1].get("dependent_variable")
        excluding = f" (excluding fields [{required}])" if required else ""
        raise bad_request(f"at least one field must be included in the analysis{excluding}")
    return taken


Row = tuple[Index, Any, Body]
"""(index, stored document, its source)"""


def rows(node: Node, config: Body) -> list[Row]:
    indices = resolve(node, config["source"]["index"])
    return [(i, stored, whole_source(stored)) for i, stored in found(node, indices, config["source"]["query"], None)]


def value(source: Body, name: str) -> Any:
    """A field's value in a document; of a list there is none: analyses read no arrays."""
    told = at(source, name)
    if told is None and "." in name:
        told = at(source, name.rpartition(".")[0])
        told = None if isinstance(told, dict) else told
    return None if isinstance(told, list | dict) else told


def start(node: Node, id: str) -> None:
    """Runs to the end; raises ElasticsearchError for what a start refuses, and keeps what fails later as its state."""
    config, state = node.collection(CONFIG)[id], node.collection(STATE)[id]
    if state["progress"] == 100:
        raise bad_request("Cannot start because the job has already finished")
    validate(node, config)
    _refused(config)
    dest = config["dest"]["index"]
    holders = [index for index in node.indices.values() if dest == index.name or dest in index.aliases]
    if holders and found(node, holders, {"match_all": {}}, 1):
        raise conflict(f"dest index [{dest}] must be empty")
    taken, documents = features(node, config), rows(node, config)
    whole = [row for row in documents if _complete(config, taken, row[2])]
    if not whole:
        raise bad_request(
            f"Unable to start {id} as no documents in the source indices [{', '.join(config['source']['index'])}]"
            " contained all the fields selected for analysis. If you are relying on automatic field selection then"
            " there are currently mapped fields that do not exist in any indexed documents, and you will have to switch"
            " to explicit field selection and include only fields that exist in indexed documents."
        )
    notices.tell(node, id, f"Started analytics. {NOTICE}", kind="data_frame_analytics")
    began = now_ms()
    try:
        told = _computed(node, config, taken, documents, whole)
        _write(node, id, config, documents, told)
    except ElasticsearchError as error:
        node.put(STATE, id, {**state, "state": "failed", "reason": error.reason})
        notices.tell(node, id, error.reason, kind="data_frame_analytics", level="error")
        return
    trained = sum(result.get("is_training", True) for result in told.values())
    node.put(
        STATE,
        id,
        {
            "state": "stopped",
            "progress": 100,
            "train": trained,
            "test": len(told) - trained,
            "skipped": len(documents) - len(told),
            "reason": None,
            "elapsed": now_ms() - began,
        },
    )
    notices.tell(node, id, "Finished analysis", kind="data_frame_analytics")


def _refused(config: Body) -> None:
    name, options = kind_of(config)
    if config["source"].get("runtime_mappings"):
        raise unsupported("[runtime_mappings] of data frame analytics")
    for key in ("num_top_feature_importance_values", "feature_processors"):
        if options.get(key):
            raise unsupported(f"[{key}] of a {name}")


def _complete(config: Body, taken: list[Body], source: Body) -> bool:
    """Outlier detection needs every value; trees do without, but not without all of them."""
    given = [value(source, one["name"]) is not None for one in taken]
    return all(given) if "outlier_detection" in config["analysis"] else any(given)


def _computed(node: Node, config: Body, taken: list[Body], documents: list[Row], whole: list[Row]) -> dict[int, Body]:
    """Results by the position of their document."""
    from . import estimators

    name, options = kind_of(config)
    places = {id(row): place for place, row in enumerate(documents)}
    at_places = [places[id(row)] for row in whole]
    table = [[value(row[2], one["name"]) for one in taken] for row in whole]
    names = [one["name"] for one in taken]
    if name == "outlier_detection":
        results = estimators.outliers(table, names, options)
    else:
        wanted = [value(row[2], options["dependent_variable"]) for row in whole]
        categorical = [one["feature_type"] == "categorical" for one in taken]
        if name == "classification":
            classes = len({str(one) for one in wanted if one is not None})
            variable = options["dependent_variable"]
            if classes < 2:
                raise bad_request(
                    f"Field [{variable}] must have at least [2] distinct values but there were [{classes}]"
                )
        results = estimators.predictions(name, table, wanted, categorical, options)
    return dict(zip(at_places, results, strict=True))


def _write(node: Node, id: str, config: Body, documents: list[Row], told: dict[int, Body]) -> None:
    dest, field = config["dest"]["index"], config["dest"]["results_field"]
    _make_destination(node, id, config)
    node.store.begin()
    try:
        for place, (_, stored, source) in enumerate(documents):
            document = {**source, INCREMENTAL: place}
            if place in told:
                put(document, field, told[place])
            perform(node, Operation("index", dest, stored.id, document, pipeline="_none"))
        node.store.commit()
    except BaseException:
        node.store.rollback()
        raise


def _make_destination(node: Node, id: str, config: Body) -> None:
    dest, field = config["dest"]["index"], config["dest"]["results_field"]
    name, options = kind_of(config)
    if name == "outlier_detection":
        influence = {"feature_name": {"type": "keyword"}, "influence": {"type": "double"}}
        below: Body = {
            "outlier_score": {"type": "double"},
            "feature_influence": {"type": "nested", "dynamic": "false", "properties": influence},
        }
    else:
        kind = "double" if name == "regression" else "keyword"
        below = {options["prediction_field_name"]: {"type": kind}, "is_training": {"type": "boolean"}}
        if name == "classification":
            top = {
                "class_name": {"type": "keyword"},
                "class_probability": {"type": "double"},
                "class_score": {"type": "double"},
            }
            below |= {"prediction_probability": {"type": "double"}, "prediction_score": {"type": "double"}}
            below["top_classes"] = {"type": "nested", "properties": top}
    properties: Body = {field: {"properties": below}, INCREMENTAL: {"type": "long"}}
    holder = next((i for i in node.indices.values() if dest == i.name or dest in i.aliases), None)
    if holder is not None:
        node.put_mapping(holder, {"properties": properties})
        return
    meta = {
        "created_by": "data-frame-analytics",
        "analytics": id,
        "version": {"created": node.version.number},
        "creation_date_in_millis": now_ms(),
        "computed_by": COMPUTED_BY,
    }
    create_index(node, dest, {"settings": {"index.number_of_shards": "1", "index.number_of_replicas": "1"}})
    for index in resolve(node, config["source"]["index"]):
        own = {key: part for key, part in index.mapping.body.items() if key in ("properties", "dynamic")}
        node.put_mapping(node.indices[dest], own)
    node.put_mapping(node.indices[dest], {"_meta": meta, "properties": properties})


def stats(node: Node, id: str) -> Body:
    config, state = node.collection(CONFIG)[id], node.collection(STATE)[id]
    name, options = kind_of(config)
    told: Body = {
        "id": id,
        "state": state["state"],
        "progress": [{"phase": phase, "progress_percent": state["progress"]} for phase in PHASES[name]],
        "data_counts": {
            "training_docs_count": state["train"],
            "test_docs_count": state["test"],
            "skipped_docs_count": state["skipped"],
        },
        "memory_usage": {"peak_usage_bytes": 0, "status": "ok"},
    }
    if state["reason"]:
        told["failure_reason"] = state["reason"]
    if state["progress"] == 100:
        timing = {"timestamp": now_ms(), "timing_stats": {"elapsed_time": state["elapsed"]}}
        given = {"parameters": options} if name == "outlier_detection" else {"hyperparameters": options, "iteration": 0}
        told["analysis_stats"] = {f"{name}_stats": {**given, **timing}}
    return told
