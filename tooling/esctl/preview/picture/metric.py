"""Big numbers, drawn: one tile per value, with bar or trend behind it where the chart has one."""

from __future__ import annotations

from math import ceil

from ...model import Body
from .look import Look
from .svg import box, element, group, write
from .text import text_width

_PAD = 14


def draw_metric(model: Body, width: float, height: float, look: Look) -> str:
    """Tiles in rows of at most `columns`; those that have no room are told."""
    tiles = model["tiles"]
    columns = max(1, min(int(model["columns"]), len(tiles)))
    rows = ceil(len(tiles) / columns)
    fits = max(1, int(height // 64))
    shown = tiles[: columns * min(rows, fits)]
    rows = ceil(len(shown) / columns)
    w, h = width / columns, height / rows
    drawn = [group(_tile(tile, w, h, look), x=(i % columns) * w, y=(i // columns) * h) for i, tile in enumerate(shown)]
    if len(shown) < len(tiles):
        text = f"{len(tiles) - len(shown)} more"
        drawn.append(write(text, width - 6, height - 5, 11, look.quiet, anchor="end"))
    return "".join(drawn)


def _tile(tile: Body, w: float, h: float, look: Look) -> str:
    ground = tile["background"]
    ink = tile["ink"] or look.ink
    quiet = ink if ground else look.quiet
    parts = [box(0, 0, w, h, ground or look.surface)]
    if tile.get("trend"):
        parts.append(_trend(tile["trend"], w, h, tile["ink"] or tile["colour"] or look.accent))
    parts.append(box(0.5, 0.5, w - 1, h - 1, stroke=look.line))
    room = w - 2 * _PAD
    parts.append(write(tile["title"], _PAD, 24, 14, ink, room=room, bold=True))
    if tile["subtitle"] and h > 70:
        parts.append(write(str(tile["subtitle"]), _PAD, 41, 12, quiet, room=room))
    size = min(56.0, 0.44 * h, room / max(text_width(tile["text"], 1, bold=True), 0.5))
    bottom = h - (14 if tile["progress"] is not None else 12)
    if tile["secondary"] and h > 90:
        parts.append(_secondary(tile["secondary"], w - _PAD, bottom - size * 0.86 - 6, room, quiet, ink))
    parts.append(write(tile["text"], w - _PAD, bottom, size, tile["colour"] or ink, anchor="end", bold=True))
    if tile["progress"] is not None:
        share = min(max(float(tile["progress"]), 0.0), 1.0)
        parts += [box(0, h - 6, w, 6, look.hover), box(0, h - 6, w * share, 6, tile["colour"] or look.accent)]
    return "".join(parts)


def _secondary(secondary: Body, right: float, y: float, room: float, quiet: str, ink: str) -> str:
    text, label = str(secondary["text"]), str(secondary["label"] or "")
    colour = secondary.get("colour")
    number = write(text, right, y, 13, colour or ink, anchor="end", bold=True)
    taken = text_width(text, 13, bold=True) + 6
    return number + write(label, right - taken, y, 12, quiet, anchor="end", room=max(room - taken, 0))


def _trend(values: list[float | None], w: float, h: float, colour: str) -> str:
    """The lower half of the tile as an area: the metric over time, without axes."""
    known = [v for v in values if v is not None]
    if len(known) < 2:
        return ""
    low, high = min(*known, 0), max(known)
    span, step = (high - low) or 1.0, w / (len(values) - 1)
    points = [(i * step, h - (v - low) / span * h * 0.5) for i, v in enumerate(values) if v is not None]
    path = " L".join(f"{x:.1f},{y:.1f}" for x, y in points)
    area = f"M{points[0][0]:.1f},{h:.1f} L{path} L{points[-1][0]:.1f},{h:.1f} Z"
    return element("path", d=area, fill=colour, opacity=0.14) + element(
        "path", d=f"M{path}", fill="none", stroke=colour, stroke_width=1.2, opacity=0.4
    )
