"""What dashboards, charts and data views point to: data views, what is in the library, tags, dashboards, indices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..model import Address, Path
from .base import Reference

LIBRARY = {"discover_session": "discover-session", "links": "links", "markdown": "saved-object"}
"""Panels that show something of the library which is no visualization."""


def chart_references(spec: Any, space: str, path: Path = ("spec",), panel: str = "") -> Iterator[Reference]:
    """What a dashboard or a chart as code points to, indices softly; `panel` is the type of the panel around `spec`."""
    if isinstance(spec, list):
        for position, item in enumerate(spec):
            yield from chart_references(item, space, (*path, position), panel)
        return
    if not isinstance(spec, dict):
        return
    kind, target = spec.get("type"), spec.get("ref_id")
    if isinstance(target, str):
        # `ref_id` stands in a data source, or in the config of a panel that shows something of the library.
        to = "data-view" if kind == "data_view_reference" else LIBRARY.get(panel, "visualization")
        name = f"{panel}/{target}" if to == "saved-object" else target
        yield Reference(Address(to, name, space), (*path, "ref_id"))
    if isinstance(spec.get("slo_id"), str):
        yield Reference(Address("slo", spec["slo_id"], space), (*path, "slo_id"))
    if isinstance(spec.get("dashboard_id"), str):
        yield Reference(Address("dashboard", spec["dashboard_id"], space), (*path, "dashboard_id"), loose=True)
    if path == ("spec",) and isinstance(spec.get("tags"), list):
        for position, tag in enumerate(spec["tags"]):
            if isinstance(tag, str):
                yield Reference(Address("tag", tag, space), (*path, "tags", position))
    if isinstance(spec.get("data_view_id"), str):
        yield Reference(Address("data-view", spec["data_view_id"], space), (*path, "data_view_id"))
    if kind == "data_view_spec":
        for name in index_names(spec.get("index_pattern")):
            yield Reference(Address("index", name), (*path, "index_pattern"), soft=True)
    for key, item in spec.items():
        if key == "spec":  # only Vega has one
            yield from _vega_references(item, (*path, key))
        else:
            inside = str(kind) if key == "config" and isinstance(kind, str) else panel
            yield from chart_references(item, space, (*path, key), inside)


def _vega_references(spec: Any, path: Path) -> Iterator[Reference]:
    from ..dashboards.vega import indices

    for index in indices(spec):
        for name in index_names(index):
            yield Reference(Address("index", name), path, soft=True)


def index_names(pattern: Any) -> Iterator[str]:
    """The names in an index pattern that are whole names of this cluster: no wildcard, exclusion or remote cluster."""
    for name in pattern.split(",") if isinstance(pattern, str) else ():
        name = name.strip()
        if name and not any(sign in name for sign in "*?:<") and not name.startswith("-"):
            yield name
