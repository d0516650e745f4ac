"""The kinds of resource that esctl knows, by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .base import Kind

_PLACES = {
    # name of the kind: module of this room, attribute
    "cluster-settings": "cluster_settings:CLUSTER_SETTINGS",
    "stored-script": "scripts:STORED_SCRIPT",
    "search-template": "scripts:SEARCH_TEMPLATE",
    "synonym-set": "synonym_set:SYNONYM_SET",
    "query-ruleset": "query_ruleset:QUERY_RULESET",
    "inference-endpoint": "inference_endpoint:INFERENCE_ENDPOINT",
    "snapshot-repository": "snapshots:SNAPSHOT_REPOSITORY",
    "slm-policy": "snapshots:SLM_POLICY",
    "ilm-policy": "rest:ILM_POLICY",
    "component-template": "rest:COMPONENT_TEMPLATE",
    "enrich-policy": "enrich_policy:ENRICH_POLICY",
    "ingest-pipeline": "ingest_pipeline:INGEST_PIPELINE",
    "logstash-pipeline": "logstash_pipeline:LOGSTASH_PIPELINE",
    "index-template": "rest:INDEX_TEMPLATE",
    "index": "index:INDEX",
    "data-stream": "data_stream:DATA_STREAM",
    "data-stream-lifecycle": "data_stream:DATA_STREAM_LIFECYCLE",
    "alias": "alias:ALIAS",
    "documents": "documents:DOCUMENTS",
    "transform": "transform:TRANSFORM",
    "ml-filter": "ml_filter:ML_FILTER",
    "ml-anomaly-job": "ml_anomaly_job:ML_ANOMALY_JOB",
    "ml-calendar": "ml_calendar:ML_CALENDAR",
    "ml-data-frame-analytics": "ml_analytics:ML_DATA_FRAME_ANALYTICS",
    "ccr-auto-follow": "ccr:CCR_AUTO_FOLLOW",
    "ccr-follower": "ccr:CCR_FOLLOWER",
    "watch": "watch:WATCH",
    "search-connector": "search_connector:SEARCH_CONNECTOR",
    "application-privilege": "application_privilege:APPLICATION_PRIVILEGE",
    "role": "role:ROLE",
    "role-mapping": "role_mapping:ROLE_MAPPING",
    "user": "user:USER",
    "api-key": "api_key:API_KEY",
    "space": "space:SPACE",
    "tag": "library:TAG",
    "data-view": "data_view:DATA_VIEW",
    "action-connector": "action_connector:ACTION_CONNECTOR",
    "slo": "slo:SLO",
    "alerting-rule": "alerting_rule:ALERTING_RULE",
    "maintenance-window": "maintenance_window:MAINTENANCE_WINDOW",
    "kibana-settings": "kibana_settings:KIBANA_SETTINGS",
    "discover-session": "library:DISCOVER_SESSION",
    "map": "library:MAP",
    "visualization": "visualization:VISUALIZATION",
    "dashboard": "dashboard:DASHBOARD",
    "links": "library:LINKS",
    "saved-object": "library:SAVED_OBJECT",
}

NAMES = tuple(_PLACES)


class _Registry(Mapping[str, "Kind"]):
    """Every kind by its name, its module imported when it is asked for: dashboards bring a large schema."""

    def __getitem__(self, name: str) -> Kind:
        return _kind(name)

    def __contains__(self, name: object) -> bool:
        return name in _PLACES

    def __iter__(self) -> Iterator[str]:
        return iter(_PLACES)

    def __len__(self) -> int:
        return len(_PLACES)


@cache
def _kind(name: str) -> Kind:
    module, attribute = _PLACES[name].split(":")
    kind: Kind = getattr(import_module(f".{module}", __name__), attribute)
    return kind


def registry() -> Mapping[str, Kind]:
    """Every kind by its name."""
    return _Registry()
