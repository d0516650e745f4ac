"""How good a clustering is: figures from sums per cluster, whoever did the sums."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .model_file import KMeansModel
    from .store import VectorTable


@dataclasses.dataclass(frozen=True)
class ClusterSums:
    """What is added up over the images of one cluster; `labelled` of them carry a label, `top` the commonest one."""

    cluster: int
    size: int
    silhouette: float
    distance: float
    distance_squared: float
    labelled: int = 0
    top: int = 0
    top_label: str | None = None


@dataclasses.dataclass(frozen=True)
class ClusterFigures:
    """One cluster; a cluster without images has no silhouettes and no scatter (mean distance to the centroid)."""

    cluster: int
    size: int
    share: float
    silhouette_simplified: float | None
    silhouette_exact: float | None
    scatter: float | None
    nearest_cluster: int
    nearest_distance: float
    top_label: str | None
    purity: float | None
    centroid_preview: str


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """The figures of one run. `run` is its id in the clusters index, empty where nothing was written.

    `written` counts the documents written to the clusters index, `updated` the images whose exact silhouette was.
    """

    model_hash: str
    embedding: str | None
    embedding_name: str | None
    k: int
    images: int
    inertia: float
    silhouette_simplified: float
    davies_bouldin_centroids: float | None
    purity: float | None
    clusters: tuple[ClusterFigures, ...]
    silhouette_exact: float | None = None
    davies_bouldin_exact: float | None = None
    run: str = ""
    written: int = 0
    updated: int = 0
    warnings: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data, keys as the fields."""
        return dataclasses.asdict(self)


def figures(sums: Sequence[ClusterSums], model: KMeansModel) -> Evaluation:
    """The figures that `sums` (clusters that hold images, at least one) give with the model's centroids.

    Davies–Bouldin (Davies, Bouldin 1979) with the model's centroids in place of the images' means: the mean over the
    clusters i that hold images of max over j of (s[i] + s[j]) / m[i][j]; None where fewer than two do. The silhouette
    of a cluster's only image counts 0.
    """
    import numpy as np

    from .twin import preview

    centroids = model.centroids.astype(np.float64)
    apart = np.stack([np.sqrt(np.square(centroids - one).sum(axis=1)) for one in centroids])
    by_cluster = {one.cluster: one for one in sums}
    scatter = {one.cluster: one.distance / one.size for one in sums}
    images = sum(one.size for one in sums)
    labelled = sum(one.labelled for one in sums)
    worst = [
        max((scatter[i] + scatter[j]) / _divisor(float(apart[i, j])) for j in scatter if j != i)
        for i in scatter
        if len(scatter) > 1
    ]
    clusters = []
    for cluster in range(model.k):
        one = by_cluster.get(cluster, ClusterSums(cluster, 0, 0.0, 0.0, 0.0))
        others = np.where(np.arange(model.k) == cluster, np.inf, apart[cluster])
        clusters.append(
            ClusterFigures(
                cluster=cluster,
                size=one.size,
                share=one.size / images,
                silhouette_simplified=_mean_silhouette(one) if one.size else None,
                silhouette_exact=None,
                scatter=scatter.get(cluster),
                nearest_cluster=int(others.argmin()),
                nearest_distance=float(others.min()),
                top_label=one.top_label,
                purity=one.top / one.labelled if one.labelled else None,
                centroid_preview=preview(model.centroids[cluster]),
            )
        )
    return Evaluation(
        model_hash=model.hash,
        embedding=model.identity,
        embedding_name=str(model.embedding["name"]) if model.embedding and "name" in model.embedding else None,
        k=model.k,
        images=images,
        inertia=sum(one.distance_squared for one in sums),
        silhouette_simplified=sum(_mean_silhouette(one) * one.size for one in sums) / images,
        davies_bouldin_centroids=sum(worst) / len(worst) if worst else None,
        purity=sum(one.top for one in sums) / labelled if labelled else None,
        clusters=tuple(clusters),
    )


def evaluate_locally(table: VectorTable, model: KMeansModel) -> Evaluation:
    """The figures without a cluster: the twin's distances, and scikit-learn's exact figures."""
    from .load import check_embedding
    from .silhouette import exact
    from .twin import assign

    warnings = check_embedding(table, model)
    assignment = assign(model, table.vectors)
    sums = []
    for cluster in sorted(set(assignment.cluster.tolist())):
        mine = assignment.cluster == cluster
        rows = mine.nonzero()[0].tolist()
        labels = Counter(label for row in rows if (label := table.label(row)))
        # Of labels that are equally common the first by name, as a terms aggregation orders them.
        top_label, top = min(labels.items(), key=lambda item: (-item[1], item[0]), default=(None, 0))
        sums.append(
            ClusterSums(
                cluster=cluster,
                size=len(rows),
                silhouette=math.fsum(assignment.silhouette_simplified[mine]),
                distance=math.fsum(assignment.distance[mine]),
                distance_squared=math.fsum(assignment.distance[mine] ** 2),
                labelled=labels.total(),
                top=top,
                top_label=top_label,
            )
        )
    found = exact(table.vectors, assignment.cluster, model.normalise)
    evaluation = with_exact(figures(sums, model), found, assignment.cluster)
    return dataclasses.replace(evaluation, warnings=warnings)


def with_exact(evaluation: Evaluation, found: Any, labels: Any) -> Evaluation:
    """`evaluation` with the exact figures of `silhouette.exact`, for vectors whose clusters are `labels` (n)."""
    clusters = evaluation.clusters
    if found.samples is not None:
        clusters = tuple(
            dataclasses.replace(one, silhouette_exact=float(found.samples[labels == one.cluster].mean()))
            if (labels == one.cluster).any()
            else one
            for one in clusters
        )
    return dataclasses.replace(
        evaluation,
        clusters=clusters,
        silhouette_exact=found.silhouette,
        davies_bouldin_exact=found.davies_bouldin,
    )


def _mean_silhouette(one: ClusterSums) -> float:
    return one.silhouette / one.size if one.size > 1 else 0.0


def _divisor(distance: float) -> float:
    return distance or math.inf
