"""Which id and which place each panel of a dashboard has: given ones are kept, missing ones are derived."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

COLUMNS = 48
GRID = {"w": 24, "h": 15}
"""Size of a panel whose grid leaves it out (Kibana's own defaults)."""
FLOWING = {"metric": (12, 8), "markdown": (24, 8), "options_list_control": (12, 4)}
"""Size of a panel without a grid, by the type of its chart or its own; others are as `GRID` says."""

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Placed:
    """A panel with its id and its rectangle `{x, y, w, h}`; inside a section `y` counts from the section's top."""

    panel: dict[str, Any]
    id: str
    grid: dict[str, Any]
    path: Path
    section: str | None = None


@dataclass(frozen=True)
class Section:
    """A section with its id; `y` is its place among the top-level panels."""

    id: str
    title: str
    collapsed: bool
    y: float
    panels: tuple[Placed, ...] = field(default=())


@dataclass(frozen=True)
class Placement:
    """All panels and sections of a dashboard."""

    panels: tuple[Placed, ...]
    sections: tuple[Section, ...]

    def all(self) -> Iterator[Placed]:
        """Every panel: those at the top first, then those of each section."""
        yield from self.panels
        for section in self.sections:
            yield from section.panels


def place(spec: dict[str, Any]) -> Placement:
    """Ids and rectangles of everything in `panels`."""
    entries: list[dict[str, Any]] = spec.get("panels", [])
    taken = {str(item["id"]) for entry in entries for item in (entry, *entry.get("panels", ())) if "id" in item}
    top = [(("panels", n), entry) for n, entry in enumerate(entries) if "type" in entry]
    panels = _placed(top, taken, None)
    sections = []
    for n, entry in enumerate(entries):
        if "type" in entry:
            continue
        identity = derive_id("section", entry.get("title", ""), taken, entry.get("id"))
        inner = [(("panels", n, "panels", m), panel) for m, panel in enumerate(entry.get("panels", []))]
        collapsed, y = entry.get("collapsed", False), entry.get("grid", {}).get("y", 0)
        sections.append(Section(identity, entry.get("title", ""), collapsed, y, _placed(inner, taken, identity)))
    return Placement(panels, tuple(sections))


def derive_id(kind: str, title: str, taken: set[str], given: str | None = None) -> str:
    """`given`, or an id made of type and title (`vis-images-per-cluster`, `…-2` for the second), marked as taken.

    It does not depend on where the panel stands, so that moving a panel is not making a new one.
    """
    if given is not None:
        return given
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    if title and not words:
        words = f"{zlib.crc32(title.encode()):08x}"
    base = f"{kind}-{words}" if words else kind
    identity, ordinal = base, 1
    while identity in taken:
        ordinal += 1
        identity = f"{base}-{ordinal}"
    taken.add(identity)
    return identity


def flattened(placement: Placement) -> Iterator[Placed]:
    """Every panel in one grid, for a Kibana without sections: a section's panels stand where its header stood."""
    sections = sorted(placement.sections, key=lambda section: section.y)
    heights = [max((p.grid["y"] + p.grid["h"] for p in section.panels), default=0) for section in sections]
    for panel in placement.panels:
        above = sum(height for section, height in zip(sections, heights, strict=True) if section.y <= panel.grid["y"])
        yield _shifted(panel, above)
    for position, section in enumerate(sections):
        for panel in section.panels:
            yield _shifted(panel, section.y + sum(heights[:position]))


def _shifted(panel: Placed, rows: float) -> Placed:
    return Placed(panel.panel, panel.id, panel.grid | {"y": panel.grid["y"] + rows}, panel.path)


def _placed(entries: Iterable[tuple[Path, dict[str, Any]]], taken: set[str], section: str | None) -> tuple[Placed, ...]:
    entries = list(entries)
    fixed = [GRID | panel["grid"] for _, panel in entries if "grid" in panel]
    flow = _flow(max((grid["y"] + grid["h"] for grid in fixed), default=0))
    next(flow)
    placed = []
    for path, panel in entries:
        grid = GRID | panel["grid"] if "grid" in panel else flow.send(_size(panel))
        rectangle = {key: grid[key] for key in ("x", "y", "w", "h")}
        identity = derive_id(panel["type"], panel_title(panel), taken, panel.get("id"))
        placed.append(Placed(panel, identity, rectangle, path, section))
    return tuple(placed)


def _flow(top: float) -> Any:
    """A generator that is sent sizes and gives rectangles: rows from left to right, below everything placed by hand."""
    x: float = 0
    height: float = 0
    rectangle: dict[str, float] = {}
    while True:
        width, tall = yield rectangle
        if x + width > COLUMNS:
            top, x, height = top + height, 0, 0
        rectangle = {"x": x, "y": top, "w": width, "h": tall}
        x, height = x + width, max(height, tall)


def _size(panel: dict[str, Any]) -> tuple[int, int]:
    kind = panel.get("config", {}).get("type", panel["type"]) if panel["type"] == "vis" else panel["type"]
    return FLOWING.get(kind, (GRID["w"], GRID["h"]))


def panel_title(panel: dict[str, Any]) -> str:
    """The title in a panel's config, or nothing."""
    title = (panel.get("config") or {}).get("title", "")
    return title if isinstance(title, str) else ""
