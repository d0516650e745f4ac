"""Tables of vectors with known groups, and a server as the k-means cases see it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import requests
from elastic_transport import ApiResponseMeta, HttpHeaders, Urllib3HttpNode
from elastic_transport._node import NodeApiResponse
from elasticsearch import Elasticsearch

from esctl.images.identity import Embedding
from esctl.images.model_file import KMeansModel
from esctl.images.processor import KMeansParameters, compile_processor
from esctl.images.store import VectorTable
from esctl.project import example_root
from esctl.project.yaml import read_yaml

EMBEDDING = Embedding("test", "random:1", "0" * 64, 32, "none", "none")


def groups(images: int = 120, dims: int = 32, count: int = 6, *, seed: int = 0, spread: float = 0.4) -> np.ndarray:
    """(images, dims) float32, not negative as after a ReLU; image i belongs to group i % count."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(count, dims))
    noise = random.normal(size=(images, dims)) * spread
    return np.maximum(centres[np.arange(images) % count] + noise, 0).astype(np.float32)


def table_of(vectors: np.ndarray, *, embedding: Embedding | None = EMBEDDING, folders: int = 6) -> VectorTable:
    names = [f"group-{i % folders}/{i:03}.jpg" for i in range(len(vectors))]
    return VectorTable(names, vectors, ["AAAA"] * len(vectors), embedding, Path("image_vectors.csv"))


def first_of(table: VectorTable, count: int) -> VectorTable:
    """The table's first rows."""
    names, thumbnails = table.file_names[:count], table.thumbnails[:count]
    return VectorTable(names, table.vectors[:count], thumbnails, table.embedding, table.path)


class OldNode(Urllib3HttpNode):
    """What today's client needs to talk to 7.10: plain JSON types, and the header by which it knows Elasticsearch."""

    def perform_request(
        self, method: str, target: str, body: Any = None, headers: Any = None, request_timeout: Any = None
    ) -> NodeApiResponse:
        plain = {
            name: ("application/x-ndjson" if "ndjson" in value else "application/json")
            if name.lower() in ("accept", "content-type")
            else value
            for name, value in (headers or {}).items()
        }
        meta, raw = super().perform_request(method, target, body=body, headers=plain, request_timeout=request_timeout)
        answered = HttpHeaders({**dict(meta.headers), "x-elastic-product": "Elasticsearch"})
        return NodeApiResponse(ApiResponseMeta(meta.status, meta.http_version, answered, meta.duration, meta.node), raw)


@dataclass
class Server:
    """One server with this project's two indices and pipeline, under names of its own; it counts what writes."""

    url: str
    painless_only: bool = False
    elasticsearch: Elasticsearch = field(init=False)
    images: str = field(default_factory=lambda: f"images-{uuid4().hex[:8]}")
    writes: list[str] = field(default_factory=list)
    rejections: int = 0

    @property
    def clusters(self) -> str:
        return f"{self.images}-clusters"

    def prepare(self, model: KMeansModel) -> None:
        self.put_pipeline(model)
        settings = {"index": {"default_pipeline": self.images, "number_of_shards": 2}}
        for name, mapping in ((self.images, "image_data"), (self.clusters, "image_clusters")):
            body = spec(mapping, dims=model.dims)
            body["settings"] = settings if name == self.images else {}
            if self.painless_only and "vector" in body["mappings"]["properties"]:
                body["mappings"]["properties"]["vector"] = {"type": "object", "enabled": False}
            self.send("PUT", f"/{name}", body)

    def put_pipeline(self, model: KMeansModel, parameters: KMeansParameters | None = None) -> None:
        processors = compile_processor(parameters or model.parameters, model)
        self.send("PUT", f"/_ingest/pipeline/{self.images}", {"processors": processors})

    def send(self, method: str, path: str, body: Any = None) -> Any:
        answer = requests.request(method, self.url + path, json=body, timeout=60)
        assert answer.status_code < 300, answer.text[:500]
        return answer.json()

    def sources(self, index: str) -> dict[str, dict[str, Any]]:
        """_id → _source, read behind the official client's back."""
        body = {"size": 1000, "query": {"match_all": {}}}
        hits = self.send("POST", f"/{index}/_search", body)["hits"]["hits"]
        return {hit["_id"]: hit["_source"] for hit in hits}


def spec(name: str, *, dims: int) -> dict[str, Any]:
    text = (example_root() / "mappings" / f"{name}.yaml").read_text("utf-8")
    text = text.replace("${embedding.dims}", str(dims)).replace("${embedding.name}", "test")
    [document] = read_yaml(text, name)
    return dict(document.data["spec"])


def watched(node: type[Urllib3HttpNode], server: Server) -> type[Urllib3HttpNode]:
    """A node that counts what writes, and answers 429 for every document of the bulks that it shall reject."""

    class Watched(node):  # type: ignore[misc,valid-type]
        def perform_request(self, method: str, target: str, body: bytes | None = None, **rest: Any) -> Any:
            if "/_bulk" in target or "_refresh" in target:
                server.writes.append(f"{method} {target}")
            if "/_bulk" in target and body and server.rejections:
                server.rejections -= 1
                actions = [json.loads(line) for line in body.splitlines() if line.startswith(b'{"index":')]
                error = {"type": "es_rejected_execution_exception", "reason": "the queue is full"}
                items = [{"index": {"_id": one["index"]["_id"], "status": 429, "error": error}} for one in actions]
                headers = HttpHeaders({"content-type": "application/json", "x-elastic-product": "Elasticsearch"})
                raw = json.dumps({"took": 1, "errors": True, "items": items}).encode()
                return NodeApiResponse(ApiResponseMeta(200, "1.1", headers, 0.0, self.config), raw)
            return super().perform_request(method, target, body=body, **rest)

    return Watched


def connected(url: str, *, old: bool) -> Server:
    server = Server(url, painless_only=old)
    node = watched(OldNode if old else Urllib3HttpNode, server)
    server.elasticsearch = Elasticsearch(url, node_class=node, request_timeout=60)
    return server
