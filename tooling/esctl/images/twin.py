"""The local twin of `scripts/painless/kmeans.painless`: the same formulas in numpy, float64."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..errors import EsctlError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from .model_file import KMeansModel

ROWS_AT_ONCE = 1024
"""Keeps the float64 copies of 2048-dimensional vectors near 16 MiB."""


@dataclass(frozen=True)
class Assignment:
    """What the pipeline writes, for n vectors; every array has n elements, distances are Euclidean."""

    cluster: NDArray[np.int64]
    distance: NDArray[np.float64]
    distance_second: NDArray[np.float64]
    silhouette_simplified: NDArray[np.float64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    preview: list[str]


def assign(model: KMeansModel, vectors: ArrayLike) -> Assignment:
    """Assign (n, dims) raw vectors to the model's centroids; raises EsctlError for another shape or a non-finite value.

    The simplified silhouette is (b - a) / max(a, b) with a, b the distances to the nearest and second-nearest centroid
    (Hruschka, de Castro, Campello 2004); 0 where both are 0.
    """
    raw = np.asarray(vectors, dtype=np.float32)
    if raw.ndim != 2 or raw.shape[1] != model.dims:
        raise EsctlError(f"vectors of shape {raw.shape} do not fit a model of {model.dims} dimensions")
    if not np.isfinite(raw).all():
        raise EsctlError(f"vector {int(np.argmin(np.isfinite(raw).all(axis=1)))} holds no finite number")
    centroids = model.centroids.astype(np.float64)
    mean, components = model.mean.astype(np.float64), model.components.astype(np.float64)
    distances = np.empty((len(raw), model.k))
    plane = np.empty((len(raw), 2))
    for start in range(0, len(raw), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        some = normalised(raw[rows], model.normalise)
        for cluster, centroid in enumerate(centroids):
            difference = some - centroid
            distances[rows, cluster] = np.sqrt(np.einsum("ij,ij->i", difference, difference))
        plane[rows] = (some - mean) @ components.T
    cluster = distances.argmin(axis=1)
    nearest_two = np.partition(distances, 1, axis=1)
    first, second = nearest_two[:, 0], nearest_two[:, 1]
    silhouette = np.divide(second - first, second, out=np.zeros_like(first), where=second > 0)
    return Assignment(
        cluster=cluster,
        distance=first,
        distance_second=second,
        silhouette_simplified=silhouette,
        x=plane[:, 0],
        y=plane[:, 1],
        preview=[preview(row) for row in raw],
    )


def normalised(vectors: NDArray[np.float32], normalise: str) -> NDArray[np.float64]:
    """(n, dims) float64; with `l2` each row divided by its length, a row of zeros left as it is."""
    exact = vectors.astype(np.float64)
    if normalise == "l2":
        length = np.sqrt(np.einsum("ij,ij->i", exact, exact))
        exact /= np.where(length > 0, length, 1.0)[:, None]
    return exact


def preview(vector: NDArray[np.float32]) -> str:
    """`0.12, 0.00, 3.41, … (2048)`: the first three elements, two decimals, halves away from zero."""
    shown = ", ".join(_rounded(float(value)) for value in vector[:3])
    return f"{shown}{', …' if len(vector) > 3 else ''} ({len(vector)})"


def _rounded(value: float) -> str:
    size = abs(value)
    if size >= 1e9:
        return "<-1e9" if value < 0 else ">1e9"
    hundredths = math.floor(size * 100.0 + 0.5)
    return f"{'-' if value < 0 and hundredths else ''}{hundredths // 100}.{hundredths % 100:02d}"
