"""The project's own resources, rendered; and its dashboard in a sandbox with images that really were clustered."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from esctl.images.evaluation import Evaluation

ROOT = Path(__file__).resolve().parents[2]
NAME = "efficientnet-lite0 (imagenet)"
DIMS, CLUSTERS = 16, 6


def rendered(dims: int = 1280, **variables: str) -> dict[str, dict[str, Any]]:
    """The specs of the project's resources by address, as `esctl render` shows them."""
    from esctl.project.load import load_resources
    from esctl.project.settings import load_settings

    settings = load_settings(ROOT, variables=variables, environ={})
    kinds = ["index", "ingest-pipeline", "data-view", "dashboard"]
    values = {"embedding": {"dims": dims, "name": NAME, "identity": "0"}}
    loaded = load_resources(settings, values=values, kinds=kinds)
    assert loaded.warnings == ()
    return {str(resource.address): resource.spec for resource in loaded.resources}


@dataclass(frozen=True)
class Loaded:
    """`root` is the address of `/app`; `sources` are the images' documents."""

    root: str
    elasticsearch: str
    sources: list[dict[str, Any]]
    evaluation: Evaluation

    def panel(self, name: str, **scope: Any) -> dict[str, Any]:
        """What the page is told about a panel."""
        wanted = {"dashboard": "image-recognition", "panel": name, **scope}
        answer = requests.post(f"{self.root}/viewer/api/panel", json=wanted, timeout=30)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


@contextmanager
def loaded_dashboard(folder: Path) -> Iterator[Loaded]:
    """61 images in six clusters, one of them alone in its own, loaded through the pipeline and evaluated."""
    from elasticsearch import Elasticsearch

    from esctl.images.evaluate import evaluate
    from esctl.images.kmeans import fit
    from esctl.images.load import load
    from esctl.images.processor import compile_processor, parse_processor
    from esctl.sandbox.server import Sandbox
    from esctl.viewer import viewer_app

    table = _table()
    model = fit(table, parse_processor({"k": CLUSTERS}))
    assert 1 in model.sizes
    with Sandbox(folder, mount=viewer_app) as sandbox, Elasticsearch(sandbox.elasticsearch_url) as client:
        resources = rendered(dims=DIMS)
        client.ingest.put_pipeline(id="image_pipeline", processors=compile_processor(model.parameters, model))
        for index in ("image_data", "image_clusters"):
            client.indices.create(index=index, **resources[f"index/{index}"])
        _show(sandbox.kibana_url, resources)
        cluster = SimpleNamespace(elasticsearch=client)
        assert load(cluster, table, model).sent == len(table.file_names)
        evaluation = evaluate(cluster, model=model, table=table)
        sources = [hit["_source"] for hit in client.search(index="image_data", size=100)["hits"]["hits"]]
        yield Loaded(f"{sandbox.kibana_url}/app", sandbox.elasticsearch_url, sources, evaluation)


def _table() -> Any:
    import numpy as np

    from esctl.images.identity import Embedding
    from esctl.images.store import VectorTable

    random = np.random.default_rng(3)
    centres = random.normal(size=(CLUSTERS - 1, DIMS))
    vectors = centres[np.arange(61) % (CLUSTERS - 1)] + random.normal(size=(61, DIMS)) * 0.3
    vectors[60] = -4 * centres[0]
    names = [f"of holidays/group {i % (CLUSTERS - 1)}/{i:03}.jpg" for i in range(61)]
    thumbnails = [base64.b64encode(bytes([i * 4, 90, 160]) * 576).decode() for i in range(61)]
    embedding = Embedding("test", "random:1", "0" * 64, DIMS, "none", "none")
    return VectorTable(names, vectors.astype(np.float32), thumbnails, embedding, Path("image_vectors.csv"))


def _show(kibana: str, resources: dict[str, dict[str, Any]]) -> None:
    from esctl.dashboards.convert import to_saved_objects

    headers = {"kbn-xsrf": "true"}
    for id_ in ("image-data", "image-clusters"):
        view = {"data_view": resources[f"data-view/{id_}"] | {"id": id_}, "override": True}
        requests.post(f"{kibana}/api/data_views/data_view", json=view, headers=headers, timeout=30).raise_for_status()
    spec = resources["dashboard/image-recognition"]
    file = (
        "board.ndjson",
        "\n".join(json.dumps(o) for o in to_saved_objects(spec, id="image-recognition", version=(9, 5, 3))),
    )
    url = f"{kibana}/api/saved_objects/_import?overwrite=true"
    answer = requests.post(url, files={"file": file}, headers=headers, timeout=30).json()
    assert answer["success"] is True, answer
