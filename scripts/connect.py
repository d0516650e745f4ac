"""What the scripts of this folder share: the project, its Elasticsearch, and where the centroids are kept.

Elasticsearch is where `esctl.yaml` says, or ESCTL_ELASTICSEARCH_URL and its companions.
"""

from pathlib import Path

from esctl.cluster import WRITING, Cluster, Connection
from esctl.project import Settings, load_settings

HERE = Path(__file__).parents[1]


def model_path(vectors: str, model: str | None) -> Path:
    """The model file: the one given, else `image_pipeline.kmeans.json` beside the vectors."""
    return Path(model) if model else Path(vectors).with_name("image_pipeline.kmeans.json")


def settings() -> Settings:
    return load_settings(HERE)


def cluster() -> Cluster:
    server = settings().elasticsearch
    return Cluster(
        Connection(
            server.url,
            username=server.username,
            password=server.password.reveal() if server.password else None,
            api_key=server.api_key.reveal() if server.api_key else None,
            bearer=server.bearer.reveal() if server.bearer else None,
            ca_certs=server.ca_certs,
            verify=server.verify,
        ),
        guard=WRITING,
    )
