"""The ingest processors that the sandbox has: what each takes, and what it does to a document."""

from __future__ import annotations

from .document import IngestDocument, ProcessorFailure
from .extraction import EXTRACTION
from .fields import FIELDS
from .flow import FLOW
from .grok import GROK
from .processor import Action, Processor
from .text import TEXT
from .times import TIMES
from .values import VALUES

PROCESSORS: dict[str, Processor] = {**FIELDS, **TEXT, **VALUES, **TIMES, **EXTRACTION, **GROK, **FLOW}

ELSEWHERE = frozenset(
    "attachment circle community_id geo_grid geoip inference ip_location network_direction normalize_for_stream"
    " recover_failure_document redact registered_domain set_security_user terminate user_agent".split()
)
"""Processor types that Elasticsearch has and the sandbox refuses by name."""

__all__ = ["ELSEWHERE", "PROCESSORS", "Action", "IngestDocument", "Processor", "ProcessorFailure"]
