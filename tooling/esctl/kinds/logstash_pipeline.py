"""Logstash pipelines, kept in Elasticsearch for Logstash's central management."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from ..model import Address, Body, Capabilities, Consequence, Live, Request, Resource
from .base import OWNER, Context, Cost
from .normalise import copy, drop
from .rest import RestKind, mapped

_METADATA = {"type": "logstash_pipeline", "version": "1"}


@dataclass(frozen=True)
class LogstashPipelineKind(RestKind):
    """The API requires `last_modified` and `username` of the writer: they are added when it is sent."""

    def render(self, resource: Resource, context: Context) -> Body:
        body = copy(resource.spec)
        metadata = body.get("pipeline_metadata") or {}
        body["pipeline_metadata"] = {**_METADATA, **metadata} if isinstance(metadata, dict) else metadata
        body.setdefault("pipeline_settings", {})
        return self.marked(body, context.project)

    def normalise(self, body: Body, capabilities: Capabilities) -> Body:
        body = super().normalise(body, capabilities)
        settings = body.get("pipeline_settings") or {}
        body["pipeline_settings"] = settings
        written = body.get("pipeline_metadata") or {}
        if not isinstance(written, dict):
            return body  # the schema tells it
        metadata = {**_METADATA, **written}
        metadata["version"] = str(metadata["version"])
        metadata.pop(OWNER, None)
        body["pipeline_metadata"] = metadata
        return body

    def written(self, live: Live, capabilities: Capabilities) -> Body:
        body = self.normalise(live.body, capabilities)
        for key, default in (("pipeline_metadata", _METADATA), ("pipeline_settings", {})):
            if body.get(key) == default:
                del body[key]
        return body

    def write(self, address: Address, body: Body, live: Live | None, context: Context) -> tuple[Request, ...]:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        sent = {**body, "last_modified": now, "username": "esctl"}
        return (Request("elasticsearch", "PUT", self._path(address), body=sent),)


LOGSTASH_PIPELINE = LogstashPipelineKind(
    name="logstash-pipeline",
    stage=32,
    path="/_logstash/pipeline/{id}",
    listing="/_logstash/pipeline",
    items=mapped,
    about="A pipeline for Logstash's central management: its configuration as text, and its settings."
    " Logstash, which reads it, asks for a paid licence; Elasticsearch only keeps it.",
    api="PUT /_logstash/pipeline/{id}",
    rules=(drop(("last_modified",), ("username",)),),
    meta=("pipeline_metadata",),
    takes_effect=Cost(Consequence.INSTANT, "each Logstash that has it loads it anew"),
    deletion=Cost(Consequence.INSTANT, "each Logstash that has it stops it"),
)
