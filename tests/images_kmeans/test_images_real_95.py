"""A real Elasticsearch 9.5.3, which has no scripts here: documents clustered before they are sent, kNN, evaluation.

All of it through the project's own guarded connection.
"""

from __future__ import annotations

import numpy as np
import pytest
from kmeans_cases import connected, groups, spec, table_of
from servers.fixtures import Server as RealServer

from esctl.cluster import READ_ONLY, WRITING, Cluster, Connection
from esctl.errors import ServerError
from esctl.images.evaluate import evaluate
from esctl.images.evaluation import evaluate_locally
from esctl.images.find import document_id
from esctl.images.kmeans import fit
from esctl.images.load import load
from esctl.images.processor import parse_processor

pytestmark = pytest.mark.real


def test_load_search_and_evaluate(elasticsearch_95: RealServer) -> None:
    server = connected(elasticsearch_95.url, old=False)
    table = table_of(groups(300, 2048, 10))
    model = fit(table, parse_processor({"k": 10}))
    for index, mapping in ((server.images, "image_data"), (server.clusters, "image_clusters")):
        body = spec(mapping, dims=2048)
        body["settings"]["index"].pop("default_pipeline", None)
        if mapping == "image_data":  # the module of rank_feature is not published
            body["mappings"]["properties"]["silhouette_rank"] = {"type": "float"}
        server.send("PUT", f"/{index}", body)

    cluster = Cluster(Connection(server.url), guard=WRITING)

    def send() -> tuple[int, int, int]:
        report = load(cluster, table, model, index=server.images, pipeline="_none")
        return report.sent, report.unchanged, len(report.failed)

    with pytest.raises(ServerError, match="was not sent"):
        load(Cluster(Connection(server.url), guard=READ_ONLY), table, model, index=server.images, pipeline="_none")
    assert send() == (300, 0, 0)
    assert send() == (0, 300, 0)

    nearest = server.elasticsearch.search(
        index=server.images,
        knn={"field": "vector", "query_vector": table.vectors[17].tolist(), "k": 5, "num_candidates": 100},
        source=["file_name", "cluster"],
    )["hits"]["hits"]
    assert nearest[0]["_source"]["file_name"] == table.file_names[17]
    assert len({hit["_source"]["cluster"] for hit in nearest}) == 1

    remote = evaluate(cluster, index=server.images, clusters_index=server.clusters, model=model, table=table)
    local = evaluate_locally(table, model)
    for name in ("inertia", "silhouette_simplified", "davies_bouldin_centroids", "silhouette_exact", "purity"):
        assert getattr(remote, name) == pytest.approx(getattr(local, name), abs=1e-4), name
    assert (remote.written, remote.updated) == (11, 300)
    again = evaluate(cluster, index=server.images, clusters_index=server.clusters, model=model, table=table)
    assert (again.written, again.updated) == (0, 0)

    # The exact silhouette was a partial update of documents whose vectors are kept outside _source, as unit vectors and
    # lengths where the similarity is cosine: the server gives them back within float32's rounding.
    kept = server.elasticsearch.get(
        index=server.images, id=document_id(table.file_names[0]), source_exclude_vectors=False
    )["_source"]
    np.testing.assert_allclose(np.array(kept["vector"], np.float32), table.vectors[0], rtol=1e-6)
    assert "silhouette_exact" in kept
