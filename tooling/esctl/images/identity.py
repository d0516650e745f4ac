"""Embedding: which model made a vector, and the identity by which vectors may be compared."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import PurePath
from typing import Any

from ..errors import EsctlError


@dataclass(frozen=True)
class Embedding:
    """What turns an image into numbers. Vectors of two embeddings mean different things, even at equal `dims`.

    `weights` is `imagenet`, `random:<seed>`, or the path of a weights file as it was given; `weights_hash` the sha256
    of the weights. `preprocessing` and `resize` are names (`caffe`, `(x-127)/128`; `pil-bilinear-antialias`), `size`
    is in pixels.
    """

    model: str
    weights: str
    weights_hash: str
    dims: int
    preprocessing: str
    resize: str
    size: int = 224

    @property
    def name(self) -> str:
        """For people: `resnet50 (imagenet)`, `resnet50 (random:7)`, `resnet50 (my.weights.h5)`."""
        return f"{self.model} ({PurePath(self.weights).name})"

    @property
    def identity(self) -> str:
        """16 hex digits over everything that decides the numbers; what the weights are called is not among it."""
        decides = {key: value for key, value in asdict(self).items() if key != "weights"}
        canonical = json.dumps(decides, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain JSON data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], *, where: str = "the embedding") -> Embedding:
        """Read `to_dict`'s form; other keys are ignored. Raises EsctlError that begins with `where`."""
        values: dict[str, Any] = {}
        for field in fields(cls):
            expected: type = int if field.type == "int" else str
            value = data.get(field.name) if isinstance(data, Mapping) else None
            if not isinstance(value, expected) or isinstance(value, bool):
                what = "a whole number" if expected is int else "text"
                raise EsctlError(f'{where}: "{field.name}" is missing or not {what}')
            values[field.name] = value
        if values["dims"] < 1:
            raise EsctlError(f'{where}: "dims" is {values["dims"]}, must be at least 1')
        return cls(**values)
