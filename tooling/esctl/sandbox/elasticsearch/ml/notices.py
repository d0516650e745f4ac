"""Messages of jobs and analyses, in the index where Kibana looks for them."""

from __future__ import annotations

from ..dates import now_ms
from ..documents import Operation, auto_id, perform
from ..mapping import Body
from ..node import Index, Node

INDEX = ".ml-notifications-000002"
_FIELDS: Body = {
    "job_id": {"type": "keyword"},
    "level": {"type": "keyword"},
    "message": {"type": "text", "fields": {"raw": {"type": "keyword", "ignore_above": 1024}}},
    "timestamp": {"type": "date"},
    "node_name": {"type": "keyword"},
    "job_type": {"type": "keyword"},
}
ANOMALIES = "esctl sandbox: anomalies are found by median and MAD of earlier buckets, not by Elastic's models"


def index(node: Node) -> Index:
    if INDEX not in node.indices:
        settings = {"index.hidden": "true", "index.number_of_replicas": "0", "index.auto_expand_replicas": "0-1"}
        node.add_index(INDEX, settings, {"dynamic": "false", "properties": _FIELDS}, {})
    return node.indices[INDEX]


def tell(node: Node, job: str, message: str, *, kind: str = "anomaly_detector", level: str = "info") -> None:
    """Keep one message."""
    place = index(node)
    document = {
        "job_id": job,
        "message": message,
        "level": level,
        "timestamp": now_ms(),
        "node_name": "sandbox",
        "job_type": kind,
    }
    perform(node, Operation("index", place.name, auto_id(), document))
