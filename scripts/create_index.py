"""Learns the clusters of `image_vectors.csv`, and creates the pipeline that assigns them and the indices they go to.

    python scripts/create_index.py [VECTORS] [MODEL]

MODEL is the file that keeps the centroids (`image_pipeline.kmeans.json` beside VECTORS). What the indices and the
pipeline hold stands in `mappings/*.yaml`. `esctl images fit` and `esctl apply` do the same, and show first what would
change.
"""

from pathlib import Path

import connect

from esctl.images.kmeans import fit_if_needed
from esctl.images.processor import compile_processor, parse_processor
from esctl.images.store import read_vectors
from esctl.kinds import NAMES
from esctl.model import Request
from esctl.project import load_resources


def main(vectors: str = "image_vectors.csv", model: str | None = None) -> None:
    table = read_vectors(Path(vectors))
    embedding = {"dims": table.dims, "name": "unknown", "identity": "unknown"}
    if table.embedding:
        embedding |= {"name": table.embedding.name, "identity": table.embedding.identity}
    resources = load_resources(connect.settings(), values={"embedding": embedding}, kinds=NAMES).resources
    specs = {str(resource.address): resource.spec for resource in resources}

    pipeline = specs["ingest-pipeline/image_pipeline"]
    parameters = parse_processor(pipeline["processors"][0]["k-means"])
    fitted, _ = fit_if_needed(table, parameters, connect.model_path(vectors, model))

    with connect.cluster() as cluster:
        body = {**pipeline, "processors": compile_processor(parameters, fitted)}
        cluster.send(Request("elasticsearch", "PUT", "/_ingest/pipeline/image_pipeline", body=body))
        print(f"image_pipeline: {fitted.k} clusters of {fitted.images} images, inertia {fitted.inertia:.4g}")
        for index in ("image_data", "image_clusters"):
            if cluster.send(Request("elasticsearch", "HEAD", f"/{index}"), accept=[404]).status == 200:
                print(f"{index}: exists already")
            else:
                cluster.send(Request("elasticsearch", "PUT", f"/{index}", body=specs[f"index/{index}"]))
                print(f"{index}: created")


if __name__ == "__main__":
    connect.run(main, __doc__)
