"""The `k-means` processor: how it is written, and the real processors that it becomes."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from ..errors import EsctlError, did_you_mean
from ..model import Path
from .painless import source

if TYPE_CHECKING:
    from .model_file import KMeansModel

MAX_PIPELINE_BYTES = 1024 * 1024
"""`ingest.pipeline.max_pipeline_size` of Serverless and of Elasticsearch to come; older servers take more, slowly."""

COMMON = ("description", "if", "ignore_failure", "on_failure", "tag")
"""What every ingest processor takes."""

OWN = ("field", "k", "max_iter", "seed", "target_field", "normalise")

WRITTEN = (
    "distance",
    "distance_second",
    "silhouette_simplified",
    "silhouette_rank",
    "vector_preview",
    "x",
    "y",
    "model_hash",
)
"""The fields that the script writes beside `target_field`."""


class ProcessorError(EsctlError):
    """A mistake in a `k-means` processor; `path` leads to it from the processor's own mapping."""

    def __init__(self, path: Path, message: str, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.path = path
        self.message = message
        self.hint = hint


@dataclasses.dataclass(frozen=True)
class KMeansParameters:
    """What stands under `k-means`: the fit's own parameters, the fields, and the keys that every processor takes."""

    field: str = "vector"
    k: int = 10
    max_iter: int = 300
    seed: int = 0
    target_field: str = "cluster"
    normalise: Literal["l2", "none"] = "l2"
    common: Mapping[str, Any] = dataclasses.field(default_factory=dict, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """The parameters without the common keys, as they would be written."""
        return {name: getattr(self, name) for name in OWN}

    @property
    def of_the_fit(self) -> tuple[int, int, int, str]:
        """Those that decide the centroids: another field name needs no new fit."""
        return (self.k, self.max_iter, self.seed, self.normalise)


def parse_processor(mapping: Any) -> KMeansParameters:
    """Read the mapping under `k-means`; raises ProcessorError for the first mistake."""
    if not isinstance(mapping, Mapping):
        raise ProcessorError((), f"k-means takes a mapping, not {_shown(mapping)}", "write {field: vector, k: 10}")
    for key in mapping:
        if key not in (*OWN, *COMMON):
            hint = did_you_mean(str(key), (*OWN, *COMMON)) or "known are " + ", ".join(OWN)
            raise ProcessorError((key,), f'k-means has no parameter "{key}"', hint)
    if "k" not in mapping:
        raise ProcessorError((), 'k-means lacks "k", the number of clusters', "for example k: 10")
    _whole(mapping, "k", least=2)
    _whole(mapping, "max_iter", least=1)
    _whole(mapping, "seed", least=0, most=2**32 - 1)
    for key in ("field", "target_field"):
        _top_level_field(mapping, key)
    normalise = mapping.get("normalise", "l2")
    if normalise not in ("l2", "none"):
        raise ProcessorError(("normalise",), f"normalise is {_shown(normalise)}", "write l2 or none")
    parameters = KMeansParameters(
        **{key: mapping[key] for key in OWN if key in mapping},
        common={key: mapping[key] for key in COMMON if key in mapping},
    )
    if parameters.target_field in (parameters.field, *WRITTEN):
        raise ProcessorError(
            ("target_field",),
            f'target_field "{parameters.target_field}" is a field that k-means itself reads or writes',
            "for example target_field: cluster",
        )
    return parameters


def compile_processor(parameters: KMeansParameters, model: KMeansModel) -> list[dict[str, Any]]:
    """The `json` and the `script` processor that assign a vector to its cluster.

    Raises EsctlError where the model was fitted with other parameters, or where the processors would be larger than
    a pipeline may be.
    """
    if model.parameters.of_the_fit != parameters.of_the_fit:
        differing = _differing(model.parameters, parameters)
        raise EsctlError(f"the k-means model was fitted with {differing}", hint=FIT_AGAIN)
    params = {
        "field": parameters.field,
        "target_field": parameters.target_field,
        "dims": model.dims,
        "normalise": parameters.normalise == "l2",
        "model_hash": model.hash,
        "centroids": list(model.centroids_base64),
        "mean": model.mean_base64,
        "components": list(model.components_base64),
    }
    common = dict(parameters.common)
    # What the json processor cannot parse is left as text: the script then fails, once, and names the image.
    parse: dict[str, Any] = {
        "field": parameters.field,
        "if": {"source": source("is_json_array"), "params": {"field": parameters.field}},
        "ignore_failure": True,
    }
    if "tag" in common:
        parse["tag"] = f"{common['tag']}-json"
    processors = [
        {"json": parse},
        {"script": {**common, "lang": "painless", "source": source("kmeans"), "params": params}},
    ]
    size = len(json.dumps(processors, separators=(",", ":"), ensure_ascii=False).encode())
    if size > MAX_PIPELINE_BYTES:
        raise EsctlError(
            f"k-means with k {parameters.k} and {model.dims} dimensions makes a pipeline of {size / 2**20:.1f} MiB, "
            f"more than the {MAX_PIPELINE_BYTES / 2**20:.0f} MiB that Elasticsearch takes",
            hint=f"k can be {_largest_k(size, model.dims, parameters.k)} at most",
        )
    return processors


FIT_AGAIN = "run: esctl images fit"


def _largest_k(size: int, dims: int, k: int) -> int:
    each = -(-dims * 4 // 3) * 4 + 3
    return k - -(-(size - MAX_PIPELINE_BYTES) // each)


def _differing(fitted: KMeansParameters, wanted: KMeansParameters) -> str:
    names = ("k", "max_iter", "seed", "normalise")
    return ", ".join(
        f"{name} {getattr(fitted, name)} (the pipeline says {getattr(wanted, name)})"
        for name in names
        if getattr(fitted, name) != getattr(wanted, name)
    )


def _whole(mapping: Mapping[str, Any], key: str, *, least: int, most: int | None = None) -> None:
    value = mapping.get(key, least)
    if not isinstance(value, int) or isinstance(value, bool):
        example = f"for example {key}: {max(least, 10)}"
        raise ProcessorError((key,), f"{key} is {_shown(value)}, not a whole number", example)
    if value < least or (most is not None and value > most):
        raise ProcessorError((key,), f"{key} is {value}", f"at least {least}" + (f", at most {most}" if most else ""))


def _top_level_field(mapping: Mapping[str, Any], key: str) -> None:
    value = mapping.get(key, "vector")
    if not isinstance(value, str) or not value:
        raise ProcessorError((key,), f"{key} is {_shown(value)}, not the name of a field")
    if "." in value:
        raise ProcessorError((key,), f'{key} "{value}" lies inside an object', "k-means takes a top-level field")
    if value.startswith("_"):
        raise ProcessorError((key,), f'{key} "{value}" is a metadata field', "k-means takes a field of the document")


def _shown(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 40 else text[:39] + "…"
