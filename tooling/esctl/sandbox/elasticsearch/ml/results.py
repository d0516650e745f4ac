"""What an anomaly job found, as documents of its results index: written, read back, deleted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from ..api_by_query import found
from ..documents import Operation, perform
from ..mapping import Body
from ..node import Index, Node

_KEYWORDS = (
    "job_id result_type function function_description field_name by_field_name by_field_value over_field_name"
    " over_field_value partition_field_name partition_field_value influencer_field_name influencer_field_value"
    " model_feature computed_by"
).split()
_DOUBLES = (
    "anomaly_score initial_anomaly_score record_score initial_record_score influencer_score initial_influencer_score"
    " probability actual typical model_lower model_upper model_median"
).split()
_LONGS = ("bucket_span", "event_count", "detector_index", "processing_time_ms")
COMPUTED_BY = "esctl sandbox (median and MAD)"
"""Stands in every result: these are not the scores that Elastic's models give."""


def _mapping() -> Body:
    properties: Body = {name: {"type": "keyword"} for name in _KEYWORDS}
    properties |= {name: {"type": "double"} for name in _DOUBLES}
    properties |= {name: {"type": "long"} for name in _LONGS}
    influencers = {"influencer_field_name": {"type": "keyword"}, "influencer_field_values": {"type": "keyword"}}
    inner = {"influencer_field_name": {"type": "keyword"}, "anomaly_score": {"type": "double"}}
    properties |= {
        "timestamp": {"type": "date"},
        "is_interim": {"type": "boolean"},
        "influencers": {"type": "nested", "properties": influencers},
        "bucket_influencers": {"type": "nested", "properties": inner},
    }
    return {"dynamic": "true", "properties": properties}


def name_of(node: Node, job: Body) -> str:
    name = f".ml-anomalies-{job['results_index_name']}"
    return f"{name}-000001" if node.version.major >= 9 else name


def make_index(node: Node, id: str, job: Body) -> Index:
    """The job's results index with the job's two aliases, made where it is missing."""
    name = name_of(node, job)
    if name not in node.indices:
        settings = {"index.hidden": "true", "index.number_of_replicas": "0", "index.auto_expand_replicas": "0-1"}
        node.add_index(name, settings, _mapping(), {})
    index = node.indices[name]
    filtered = {"filter": {"term": {"job_id": {"value": id}}}, "is_hidden": True}
    index.aliases[f".ml-anomalies-{id}"] = filtered
    index.aliases[f".ml-anomalies-.write-{id}"] = {"is_hidden": True}
    node.save(index)
    return index


def write(node: Node, id: str, job: Body, documents: Iterable[tuple[str, Body]]) -> None:
    index = make_index(node, id, job)
    node.store.begin()
    try:
        for key, document in documents:
            body = {"job_id": id, **document, "computed_by": COMPUTED_BY}
            perform(node, Operation("index", index.name, f"{id}_{key}", body))
        node.store.commit()
    except BaseException:
        node.store.rollback()
        raise


def forget(node: Node, id: str, job: Body, *, aliases: bool) -> None:
    """Delete a job's results; an index of its own stays, empty."""
    index = node.indices.get(name_of(node, job))
    if index is None:
        return
    for _, stored in found(node, [index], {"term": {"job_id": id}}, None):
        perform(node, Operation("delete", index.name, stored.id))
    if aliases:
        for alias in (f".ml-anomalies-{id}", f".ml-anomalies-.write-{id}"):
            index.aliases.pop(alias, None)
        node.save(index)


def read(node: Node, id: str, job: Body, kind: str, filters: list[Body]) -> list[Body]:
    index = node.indices.get(name_of(node, job))
    if index is None:
        return []
    query: dict[str, Any] = {"bool": {"filter": [{"term": {"job_id": id}}, {"term": {"result_type": kind}}, *filters]}}
    return [orjson.loads(stored.source) for _, stored in found(node, [index], query, None) if stored.source]
