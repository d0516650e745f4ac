"""A whole dashboard, drawn as Kibana lays it out: header, filters, pinned controls, 48 columns, sections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..dashboard import COLUMNS, Control, Dashboard, Panel
from ..pills import pill_text
from .control import chosen_text, draw_control
from .look import LOOKS, Look
from .panel import Drawn, draw_panel
from .svg import box, document, element, group, line, pill, write
from .text import text_width

ROW = 20.0
_GAP, _EDGE, _SECTION = 8.0, 16.0, 36.0
_CONTROL = {"small": 150.0, "medium": 240.0, "large": 380.0}


@dataclass(frozen=True)
class Box:
    """Pixels."""

    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True)
class Options:
    """How a picture is made: `width` in pixels, the height follows; `mark` is written across the top (sample data)."""

    width: int = 1440
    theme: str = "light"
    mark: str = ""
    expand: bool = False


def dashboard_svg(dashboard: Dashboard, panels: Sequence[Drawn], options: Options) -> str:
    """The dashboard as one SVG document."""
    look = LOOKS[options.theme]
    width = float(options.width)
    header, y = _header(dashboard, width, look, options.mark)
    parts = [header]
    places, headings, height = laid_out(dashboard, width, y, expand=options.expand)
    hide = bool(dashboard.options.get("hidePanelTitles"))
    border = not dashboard.options.get("hidePanelBorders")
    for drawn in panels:
        place = places.get(drawn.panel.id)
        if place:
            picture = draw_panel(drawn, place.w, place.h, look, hide_title=hide, border=border)
            parts.append(group(picture, x=place.x, y=place.y))
    parts += [_heading(text, folded, place, look) for text, folded, place in headings]
    words = "; ".join(
        f"{d.panel.title or d.panel.kind}: {d.problem or (d.chart.summary if d.chart else '')}" for d in panels
    )
    return document("".join(parts), width, height, background=look.page, title=dashboard.title, words=words)


def panel_svg(drawn: Drawn, width: int, height: int, options: Options) -> str:
    """One panel alone: a visualization of the library."""
    look = LOOKS[options.theme]
    marked = 26.0 if options.mark else 0.0
    picture = group(draw_panel(drawn, float(width), height - marked, look, hide_title=False), y=marked)
    banner = _mark(options.mark, float(width), look) if options.mark else ""
    words = drawn.problem or (drawn.chart.summary if drawn.chart else "")
    return document(
        banner + picture, float(width), float(height), background=look.page, title=drawn.panel.title, words=words
    )


Heading = tuple[str, bool, Box]
"""A section's words, whether it is folded, and its place."""


def laid_out(
    dashboard: Dashboard, width: float, top: float, *, expand: bool = False
) -> tuple[dict[str, Box], list[Heading], float]:
    """Where each panel stands, each section's heading, the height of all. Panels of folded sections have no place."""
    gap = _GAP if dashboard.options.get("useMargins", True) else 0.0
    column = (width - 2 * _EDGE + gap) / COLUMNS
    places: dict[str, Box] = {}
    headings: list[Heading] = []

    def grid(panels: list[Panel], y: float) -> float:
        bottom = y
        for panel in panels:
            g = panel.grid
            tall = g.h * ROW + (g.h - 1) * gap
            at = Box(_EDGE + g.x * column, y + g.y * (ROW + gap), g.w * column - gap, tall)
            places[panel.id] = at
            bottom = max(bottom, at.y + at.h)
        return bottom

    known = {section.id for section in dashboard.sections}
    free = [p for p in dashboard.panels if p.section not in known]
    # Sections and what stands above and between them, in the order of their rows.
    y, floor = top, 0
    for section in sorted(dashboard.sections, key=lambda s: s.y):
        above = [p for p in free if floor <= p.grid.y < section.y]
        if above:
            y = grid([_lifted(p, floor) for p in above], y) + gap
        floor = section.y
        inside = [p for p in dashboard.panels if p.section == section.id]
        folded = section.collapsed and not expand
        count = f" ({len(inside)} panel{'s' if len(inside) != 1 else ''})" if folded else ""
        headings.append((section.title + count, folded, Box(_EDGE, y, width - 2 * _EDGE, _SECTION)))
        y += _SECTION + 4
        if not folded and inside:
            y = grid(inside, y) + gap
    rest = [p for p in free if p.grid.y >= floor]
    if rest:
        first = min(p.grid.y for p in rest) if dashboard.sections else 0
        y = grid([_lifted(p, first) for p in rest], y)
    return places, headings, y + _EDGE


def _lifted(panel: Panel, rows: int) -> Panel:
    from dataclasses import replace

    return replace(panel, grid=replace(panel.grid, y=panel.grid.y - rows)) if rows else panel


def _heading(text: str, folded: bool, place: Box, look: Look) -> str:
    x, y = place.x, place.y
    arrow = "M0,-4 L5,0 L0,4" if folded else "M-1,-2.5 L3,2.5 L7,-2.5"
    place_of_mark = f"translate({x + 5:g},{y + 18:g})"
    mark = element("path", d=arrow, transform=place_of_mark, fill="none", stroke=look.quiet, stroke_width=1.6)
    under = line(x, y + place.h - 1, x + place.w, y + place.h - 1, look.line)
    return mark + write(text, x + 20, y + 23, 15, look.ink, room=place.w - 30, bold=True) + under


def _header(dashboard: Dashboard, width: float, look: Look, mark: str) -> tuple[str, float]:
    """Title and time range, filters and query, controls; and where the panels begin."""
    parts = []
    y = 0.0
    if mark:
        parts.append(_mark(mark, width, look))
        y = 26.0
    span = dashboard.time_range
    when = f"{span.start} → {span.end}" if span else ""
    room = width - 2 * _EDGE - (text_width(when, 13) + 24 if when else 0)
    parts.append(write(dashboard.title, _EDGE, y + 32, 20, look.ink, room=room, bold=True))
    if when:
        parts.append(write(when, width - _EDGE, y + 31, 13, look.quiet, anchor="end"))
    y += 44
    if dashboard.description:
        parts.append(write(dashboard.description.split("\n")[0], _EDGE, y + 10, 13, look.quiet, room=width - 2 * _EDGE))
        y += 20
    pills = _pills(dashboard, look, width)
    if pills:
        parts.append(group(pills, x=_EDGE, y=y + 2))
        y += 30
    if dashboard.controls:
        drawn, tall = _controls(dashboard.controls, width - 2 * _EDGE, look)
        parts.append(group(drawn, x=_EDGE, y=y + 2))
        y += tall + 4
    return "".join(parts), y + 6


def _mark(text: str, width: float, look: Look) -> str:
    ground = box(0, 0, width, 22, "#fec514")
    return ground + write(text, width / 2, 15.5, 12, "#1d2a3e", anchor="middle", bold=True, letter_spacing="0.06em")


def _pills(dashboard: Dashboard, look: Look, width: float) -> str:
    parts, x = [], 0.0
    query = dashboard.query.get("query") if dashboard.query else ""
    if query:
        text = query if isinstance(query, str) else "query"
        drawn, wide = pill(text, x, 0, 12, ink=look.ink, ground=look.hover, room=width / 2)
        parts.append(drawn)
        x += wide + 6
    for stored in dashboard.filters:
        meta = stored.get("meta") or {}
        ink = look.problem if meta.get("negate") else look.accent
        ground = look.problem_soft if meta.get("negate") else look.accent_soft
        drawn, wide = pill(pill_text(stored), x, 0, 12, ink=look.quiet if meta.get("disabled") else ink, ground=ground)
        if x + wide > width - 2 * _EDGE:
            break
        parts.append(drawn)
        x += wide + 6
    return "".join(parts)


def _controls(controls: Sequence[Control], width: float, look: Look) -> tuple[str, float]:
    """Kibana's row of controls: name at the left, what is chosen at the right."""
    rows: list[list[tuple[Control, float]]] = [[]]
    for control in controls:
        wide = _CONTROL.get(str(control.settings.get("width")), 240.0)
        if rows[-1] and sum(w + 8 for _, w in rows[-1]) + wide > width:
            rows.append([])
        rows[-1].append((control, wide))
    parts = []
    for i, row in enumerate(rows):
        growing = [c for c, _ in row if c.settings.get("grow")]
        spare = max(width - sum(w for _, w in row) - 8 * (len(row) - 1), 0) / max(len(growing), 1)
        x = 0.0
        for control, wide in row:
            w = wide + (spare if control in growing else 0)
            parts.append(group(draw_control(control.title, chosen_text(control), w, look), x=x, y=i * 42))
            x += w + 8
    return "".join(parts), 42.0 * len(rows)
