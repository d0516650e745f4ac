"""Says how good the clusters in `image_data` are, and keeps the figures in `image_clusters` for the dashboard.

    python scripts/evaluate_clusters.py [VECTORS] [MODEL]

The simplified silhouette and Davies-Bouldin come from aggregations over what the pipeline wrote, the exact ones from
scikit-learn and VECTORS. `esctl images evaluate` does the same.
"""

from pathlib import Path

import connect

from esctl.images.evaluate import evaluate
from esctl.images.model_file import read_model
from esctl.images.store import read_vectors


def main(vectors: str = "image_vectors.csv", model: str | None = None) -> None:
    table = read_vectors(Path(vectors))
    with connect.cluster() as cluster:
        found = evaluate(cluster, model=read_model(connect.model_path(vectors, model)), table=table)

    print(f"{found.images} images in {found.k} clusters, inertia {found.inertia:.4g}")
    print(f"silhouette      {shown(found.silhouette_simplified)} simplified, {shown(found.silhouette_exact)} exact")
    of_centroids, exact = shown(found.davies_bouldin_centroids), shown(found.davies_bouldin_exact)
    print(f"Davies-Bouldin  {of_centroids} with the model's centroids, {exact} exact")
    for one in found.clusters:
        silhouette = shown(one.silhouette_simplified)
        print(f"cluster {one.cluster}: {one.size} images, silhouette {silhouette}, mostly {one.top_label}")


def shown(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


if __name__ == "__main__":
    connect.run(main, __doc__)
