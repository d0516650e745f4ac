"""What is drawn in words: tag clouds, legends, errors, empty panels, and definitions of what cannot be drawn."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ...model import Body
from ..charts.model import LegendItem
from .look import Look
from .svg import box, element, group, write
from .text import MONO, text_width, wrapped

_LEGEND_SIZE, _LEGEND_ROW = 12.0, 19.0


def draw_tags(model: Body, width: float, height: float, look: Look) -> str:
    """Words in centred lines, the caption below; the letters shrink until all of them have room."""
    caption = model["caption"]
    room = height - (24 if caption else 0)
    for scale in (1.0, 0.85, 0.7, 0.55, 0.42, 0.32, 0.24):
        lines = _tag_lines(model["tags"], width - 20, scale)
        total = sum(max(t["size"] for t in words) * scale * 1.12 for words in lines)
        if total <= room and all(w <= width - 12 for w in (_tags_width(words, scale) for words in lines)):
            break
    parts, y = [], max((room - total) / 2, 0)
    for words in lines:
        tall = max(t["size"] for t in words) * scale * 1.12
        x = (width - _tags_width(words, scale)) / 2
        for tag in words:
            size = tag["size"] * scale
            parts.append(write(tag["text"], x, y + tall * 0.8, size, tag["colour"], bold=True))
            x += text_width(tag["text"], size, bold=True) + 14
        y += tall
    if caption:
        parts.append(write(caption, width / 2, height - 8, 12, look.quiet, room=width - 20, anchor="middle"))
    return "".join(parts)


def _tag_lines(tags: list[Body], room: float, scale: float) -> list[list[Body]]:
    lines: list[list[Body]] = [[]]
    for tag in tags:
        if lines[-1] and _tags_width([*lines[-1], tag], scale) > room:
            lines.append([])
        lines[-1].append(tag)
    return lines


def _tags_width(tags: list[Body], scale: float) -> float:
    return sum(text_width(t["text"], t["size"] * scale, bold=True) for t in tags) + 14 * (len(tags) - 1)


def legend_room(legend: Sequence[LegendItem], position: str, width: float, height: float) -> tuple[float, float]:
    """What a legend takes from the chart: width beside it, or height above or below it."""
    if not legend:
        return 0.0, 0.0
    if position in ("top", "bottom"):
        lines = _rows_of_legend(legend, width)
        return 0.0, min(len(lines) * _LEGEND_ROW + 6, height * 0.3)
    wide = max(_item_width(item) for item in legend) + 10
    return min(wide, width * 0.38), 0.0


def draw_legend(legend: Sequence[LegendItem], position: str, width: float, height: float, look: Look) -> str:
    """The entries that have room, and how many have none."""
    if position in ("top", "bottom"):
        lines = _rows_of_legend(legend, width)[: max(1, int(height // _LEGEND_ROW))]
        parts = []
        for row, items in enumerate(lines):
            x = 4.0
            for item in items:
                parts.append(group(_entry(item, _item_width(item), look), x=x, y=row * _LEGEND_ROW))
                x += _item_width(item) + 6
        return "".join(parts)
    fits = max(1, int((height - 4) // _LEGEND_ROW))
    shown = legend if len(legend) <= fits else legend[: fits - 1]
    parts = [group(_entry(item, width - 6, look), y=i * _LEGEND_ROW) for i, item in enumerate(shown)]
    if len(shown) < len(legend):
        text = f"{len(legend) - len(shown)} more"
        parts.append(write(text, 18, len(shown) * _LEGEND_ROW + 14, 11, look.quiet))
    return "".join(parts)


def _rows_of_legend(legend: Sequence[LegendItem], width: float) -> list[list[LegendItem]]:
    lines: list[list[LegendItem]] = [[]]
    x = 4.0
    for item in legend:
        wide = _item_width(item) + 6
        if lines[-1] and x + wide > width:
            lines.append([])
            x = 4.0
        lines[-1].append(item)
        x += wide
    return lines


def _item_width(item: LegendItem) -> float:
    value = text_width(item.value, 11) + 10 if item.value else 0
    return text_width(item.label, _LEGEND_SIZE) + value + 22


def _entry(item: LegendItem, width: float, look: Look) -> str:
    value = text_width(item.value, 11) + 10 if item.value else 0
    parts = [box(2, 5, 10, 10, item.colour, rx=3)]
    parts.append(write(item.label, 18, 14.5, _LEGEND_SIZE, look.ink, room=max(width - 18 - value, 10)))
    if item.value:
        parts.append(write(item.value, width, 14.5, 11, look.quiet, anchor="end"))
    return "".join(parts)


def draw_note(text: str, width: float, height: float, colour: str) -> str:
    """A few words in the middle of the panel."""
    lines = list(wrapped(text, width - 32, 13))[: max(1, int(height // 18))]
    top = (height - 18 * len(lines)) / 2 + 13
    return "".join(write(row, width / 2, top + 18 * i, 13, colour, anchor="middle") for i, row in enumerate(lines))


def draw_problem(reason: str, width: float, height: float, look: Look) -> str:
    """An error, on a ground that nobody takes for a chart."""
    ground = box(8, 4, width - 16, max(height - 12, 0), look.problem_soft, rx=4)
    return ground + draw_note(f"✕ {reason}", width - 16, height, look.problem)


def draw_definition(reason: str, definition: Any, width: float, height: float, look: Look) -> str:
    """Why it is not drawn, and what it would be, as far as there is room."""
    parts = [write(reason, 12, 18, 13, look.warning, room=width - 24)]
    text = json.dumps(definition, indent=1, ensure_ascii=False, default=str)
    rows = [row for raw in text.splitlines() for row in wrapped(raw, width - 24, 11, mono=True)]
    fits = max(0, int((height - 30) // 14))
    if fits:
        parts.insert(0, box(8, 26, width - 16, height - 34, look.hover, rx=4))
    for i, row in enumerate(rows[:fits]):
        last = i == fits - 1 and len(rows) > fits
        shown = f"… {len(rows) - fits + 1} more lines" if last else row
        indent = len(shown) - len(shown.lstrip())
        parts.append(write(shown.strip(), 14 + indent * 6.6, 41 + 14 * i, 11, look.quiet, family=MONO))
    return "".join(parts)


def draw_image(model: Body, width: float, height: float, look: Look) -> str:
    """A picture that stands in the dashboard itself; one of an address is not fetched, but named."""
    if not str(model["src"]).startswith("data:image/"):
        return draw_note(f"Image: {model['src']}", width, height, look.quiet)
    ratio = {"cover": "xMidYMid slice", "fill": "none"}.get(model["fit"], "xMidYMid meet")
    ground = box(0, 0, width, height, model["background"]) if model["background"] else ""
    size = {"width": float(width), "height": float(height)}
    return ground + element("image", href=model["src"], preserveAspectRatio=ratio, **size)


def draw_links(model: Body, width: float, height: float, look: Look) -> str:
    """Links in a row, or below each other; an arrow marks those that lead out."""
    parts, x, y = [], 12.0, 22.0
    for link in model["links"]:
        text = link["label"] + ("" if link["inside"] else " ↗")
        wide = text_width(text, 13)
        if model["layout"] == "horizontal" and x > 12 and x + wide > width - 12:
            x, y = 12.0, y + 24
        parts.append(write(text, x, y, 13, look.accent, room=width - x - 8))
        if model["layout"] == "horizontal":
            x += wide + 24
        else:
            y += 24
    return "".join(parts)
