"""Learns the centroids of a `k-means` processor, so that the same vectors give the same bytes."""

from __future__ import annotations

import dataclasses
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import EsctlError, Source
from .model_file import KMeansModel, encode, read_model, write_model
from .processor import KMeansParameters
from .twin import assign, normalised

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .store import VectorTable

__all__ = ["KMeansModel", "TooFewDistinct", "fit", "fit_if_needed"]

N_INIT = 10
"""Random starts; scikit-learn's "auto" (one k-means++ start) had 2.3 % more inertia on real embeddings."""


class TooFewDistinct(EsctlError):
    """`images` images have only `distinct` different vectors, fewer than `k`; `source` is where k was written."""

    def __init__(self, k: int, images: int, distinct: int, source: Source | None = None) -> None:
        have = "1 image has" if images == 1 else f"{images} images have"
        vectors = "1 distinct vector" if distinct == 1 else f"{distinct} distinct vectors"
        hint = f"choose k between 2 and {distinct}" if distinct >= 2 else "k-means needs two different images"
        super().__init__(f"k is {k}, but {have} {vectors}", hint=hint, source=source)
        self.k, self.images, self.distinct = k, images, distinct


def fit_if_needed(table: VectorTable, parameters: KMeansParameters, path: Path) -> tuple[KMeansModel, bool]:
    """The model of `path`, fitted and written only where vectors or parameters changed; True where it was fitted."""
    embedding = _described(table)
    if path.is_file():
        try:
            known = read_model(path)
        except EsctlError:
            known = None
        if (
            known is not None
            and known.vectors_hash == table.vectors_hash
            and known.parameters.of_the_fit == parameters.of_the_fit
            and known.embedding == embedding
        ):
            if known.parameters != parameters:
                known = dataclasses.replace(known, parameters=dataclasses.replace(parameters, common={}))
                write_model(known, path)
            return known, False
    model = fit(table, parameters)
    write_model(model, path)
    return model, True


def fit(table: VectorTable, parameters: KMeansParameters) -> KMeansModel:
    """k-means of the table's (n, dims) vectors by scikit-learn, float32, on one thread.

    Clusters are numbered by size, the largest first, then by their centroids' elements. Raises EsctlError where a
    vector is not finite, TooFewDistinct where k is not between 2 and the number of distinct (normalised) vectors.
    """
    import sklearn
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    finite = np.isfinite(table.vectors).all(axis=1)
    if not finite.all():
        raise EsctlError(f'the vector of "{table.file_names[int(np.argmin(finite))]}" holds no finite number')
    exact = normalised(table.vectors, parameters.normalise)
    vectors = exact.astype(np.float32) + np.float32(0)  # + 0 makes -0.0 and 0.0 one vector
    distinct = len({row.tobytes() for row in vectors})
    if not 2 <= parameters.k <= distinct:
        raise TooFewDistinct(parameters.k, len(vectors), distinct)
    # One thread: sums in another order are other bytes. threadpoolctl reaches OpenMP and BLAS, once they are loaded.
    with threadpool_limits(limits=1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = KMeans(
            parameters.k, n_init=N_INIT, max_iter=parameters.max_iter, random_state=parameters.seed
        ).fit(vectors)
        components = _principal(exact)
    sizes = np.bincount(found.labels_, minlength=parameters.k)
    centroids = found.cluster_centers_.astype(np.float32)
    order = sorted(range(parameters.k), key=lambda c: (-int(sizes[c]), tuple(centroids[c].tolist())))
    model = KMeansModel(
        parameters=dataclasses.replace(parameters, common={}),
        embedding=_described(table),
        dims=int(vectors.shape[1]),
        images=len(vectors),
        sizes=tuple(int(sizes[c]) for c in order),
        inertia=0.0,
        iterations=int(found.n_iter_),
        vectors_hash=table.vectors_hash,
        scikit_learn=sklearn.__version__,
        centroids_base64=tuple(encode(centroids[c]) for c in order),
        mean_base64=encode(exact.mean(axis=0).astype(np.float32)),
        components_base64=(encode(components[0]), encode(components[1])),
    )
    # In float64, of the centroids as they are kept: what the pipeline's distances add up to.
    distance = assign(model, table.vectors).distance
    return dataclasses.replace(model, inertia=round(float(np.square(distance).sum()), 9))


def _described(table: VectorTable) -> dict[str, Any] | None:
    embedding = table.embedding
    return {"identity": embedding.identity, "name": embedding.name, **embedding.to_dict()} if embedding else None


def _principal(vectors: NDArray[np.float64]) -> NDArray[np.float32]:
    """(2, dims): the first two principal components, largest element positive; zeros where there is no spread."""
    from sklearn.decomposition import PCA

    least = min(vectors.shape)
    # ARPACK from a fixed start finds two components of 2048 without the other 2046; small tables do not need it.
    solver = PCA(2, svd_solver="arpack", random_state=0) if least > 64 else PCA(min(2, least), svd_solver="full")
    found = solver.fit(vectors)
    spread = found.singular_values_
    components = np.zeros((2, vectors.shape[1]))
    for i, (size, direction) in enumerate(zip(spread, found.components_, strict=True)):
        if size > 1e-9 * max(1.0, float(spread[0])):
            components[i] = direction * np.sign(direction[np.argmax(np.abs(direction))])
    return components.astype(np.float32)
