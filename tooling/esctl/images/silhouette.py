"""scikit-learn's exact silhouette and Davies–Bouldin index: over all pairs of vectors, and the images' own means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .twin import normalised

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_IMAGES = 20_000
"""All pairs: 4 s for 10,000 images, 400 s for 100,000."""


@dataclass(frozen=True)
class Exact:
    """`samples` has one silhouette per vector, rounded to 6 decimals; a None could not be worked out."""

    samples: NDArray[np.float64] | None
    silhouette: float | None
    davies_bouldin: float | None


def exact(vectors: NDArray[np.float32], labels: NDArray[np.int64], normalise: str) -> Exact:
    """Figures of (n, dims) raw vectors and their n clusters.

    Both need at least two clusters that hold images, Davies–Bouldin more images than clusters; the silhouette of a
    cluster's only image is 0 (Rousseeuw 1987).
    """
    from sklearn.metrics import davies_bouldin_score, silhouette_samples

    clusters = len(np.unique(labels))
    if clusters < 2 or len(labels) > MOST_IMAGES:
        return Exact(None, None, None)
    if clusters == len(labels):  # scikit-learn refuses this; by definition every image counts 0
        return Exact(np.zeros(len(labels)), 0.0, None)
    points = normalised(vectors, normalise)
    samples = np.round(silhouette_samples(points, labels), 6) + 0.0
    return Exact(samples, float(samples.mean()), float(davies_bouldin_score(points, labels)))
