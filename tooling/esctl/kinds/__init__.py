"""The kinds of resource that esctl knows, by name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .base import Kind

NAMES = (
    "ilm-policy",
    "component-template",
    "ingest-pipeline",
    "index-template",
    "index",
    "data-view",
    "visualization",
    "dashboard",
)


@cache
def registry() -> Mapping[str, Kind]:
    """Every kind by its name; imported on first use, since dashboards bring a large schema."""
    from .dashboard import DASHBOARD
    from .data_view import DATA_VIEW
    from .index import INDEX
    from .ingest_pipeline import INGEST_PIPELINE
    from .rest import COMPONENT_TEMPLATE, ILM_POLICY, INDEX_TEMPLATE
    from .visualization import VISUALIZATION

    kinds: tuple[Kind, ...] = (
        ILM_POLICY,
        COMPONENT_TEMPLATE,
        INGEST_PIPELINE,
        INDEX_TEMPLATE,
        INDEX,
        DATA_VIEW,
        VISUALIZATION,
        DASHBOARD,
    )
    return MappingProxyType({kind.name: kind for kind in kinds})
