"""A fitted k-means model and the file it is kept in: JSON that a reviewer can read, arrays as base64."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import EsctlError
from .files import replacing
from .processor import FIT_AGAIN, KMeansParameters, ProcessorError, parse_processor

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FORMAT = "esctl k-means model 1"


@dataclass(frozen=True)
class KMeansModel:
    """Centroids and where they come from.

    Arrays are kept as base64 of big-endian float32, which is what the pipeline's script takes: planning needs no numpy.
    `embedding` is the identity of the model that made the vectors (`Embedding.to_dict()`), None where it is unknown.
    """

    parameters: KMeansParameters
    embedding: Mapping[str, Any] | None
    dims: int
    images: int
    sizes: tuple[int, ...]
    inertia: float
    iterations: int
    vectors_hash: str
    scikit_learn: str
    centroids_base64: tuple[str, ...]
    mean_base64: str
    components_base64: tuple[str, str]

    @property
    def k(self) -> int:
        return self.parameters.k

    @property
    def normalise(self) -> str:
        return self.parameters.normalise

    @property
    def identity(self) -> str | None:
        """The embedding's identity, where it is known."""
        return str(self.embedding["identity"]) if self.embedding and "identity" in self.embedding else None

    @cached_property
    def hash(self) -> str:
        """16 hex digits of what decides the fields that the pipeline writes; where it came from does not change it."""
        return _digest(
            [self.dims, self.normalise, self.centroids_base64, self.mean_base64, self.components_base64]
        )[:16]

    @cached_property
    def centroids(self) -> NDArray[np.float32]:
        """(k, dims) float32, of the normalised vectors."""
        return _rows(self.centroids_base64)

    @cached_property
    def mean(self) -> NDArray[np.float32]:
        """(dims,) float32: the origin of x and y."""
        return _rows((self.mean_base64,))[0]

    @cached_property
    def components(self) -> NDArray[np.float32]:
        """(2, dims) float32: the first two principal components."""
        return _rows(self.components_base64)


def encode(vector: NDArray[np.float32]) -> str:
    """Base64 of big-endian float32."""
    return base64.b64encode(vector.astype(">f4").tobytes()).decode("ascii")


def write_model(model: KMeansModel, path: Path) -> None:
    """Write the file whole or not at all; the same model gives the same bytes."""
    body = _body(model)
    text = json.dumps({**body, "checksum": _digest(body)}, indent=2, ensure_ascii=False) + "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as new:
        new.write_text(text, encoding="utf-8")


def read_model(path: Path) -> KMeansModel:
    """Read what `write_model` wrote; raises EsctlError for a missing, damaged or edited file."""
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise EsctlError(f"there is no k-means model {path.name}", hint=FIT_AGAIN) from None
    except (OSError, ValueError) as error:
        raise EsctlError(f"{path.name} cannot be read: {error}", hint=FIT_AGAIN) from None
    if not isinstance(body, dict) or body.get("format") != FORMAT:
        raise EsctlError(f'{path.name} is not an "{FORMAT}"', hint=FIT_AGAIN)
    if body.pop("checksum", None) != _digest(body):
        raise EsctlError(f"{path.name} was edited or damaged: its checksum does not match", hint=FIT_AGAIN)
    try:
        model = KMeansModel(
            parameters=parse_processor(body["parameters"]),
            embedding=body["embedding"],
            dims=body["dims"],
            images=body["images"],
            sizes=tuple(body["sizes"]),
            inertia=body["inertia"],
            iterations=body["iterations"],
            vectors_hash=body["vectors_hash"],
            scikit_learn=body["scikit_learn"],
            centroids_base64=tuple(body["centroids"]),
            mean_base64=body["mean"],
            components_base64=(body["components"][0], body["components"][1]),
        )
    except (KeyError, TypeError, IndexError, ProcessorError) as error:
        raise EsctlError(f"{path.name} is not a k-means model: {error}", hint=FIT_AGAIN) from None
    return model


def _body(model: KMeansModel) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "hash": model.hash,
        "parameters": model.parameters.to_dict(),
        "embedding": dict(model.embedding) if model.embedding else None,
        "dims": model.dims,
        "images": model.images,
        "sizes": list(model.sizes),
        "inertia": model.inertia,
        "iterations": model.iterations,
        "vectors_hash": model.vectors_hash,
        "scikit_learn": model.scikit_learn,
        "arrays": "base64 of big-endian float32",
        "mean": model.mean_base64,
        "components": list(model.components_base64),
        "centroids": list(model.centroids_base64),
    }


def _rows(texts: tuple[str, ...]) -> NDArray[np.float32]:
    import numpy as np

    return np.stack([np.frombuffer(base64.b64decode(text), dtype=">f4").astype(np.float32) for text in texts])


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
