"""Tables, drawn: header, rows as far as there is room, what is left out in words, summaries."""

from __future__ import annotations

from ...model import Body
from .look import Look
from .svg import box, line, write
from .text import text_width

_SIZE, _PAD = 13.0, 10.0
_ROW = {"compact": 22.0, "normal": 27.0, "expanded": 36.0}
_MOST = 340.0
"""No column is wider on its own account."""


def draw_table(model: Body, width: float, height: float, look: Look) -> str:
    """The first page of the table, sorted as the chart says."""
    columns, rows = model["columns"], sorted_rows(model)
    row_height = _ROW.get(model["density"], 27.0)
    summed = any(c["summary"] for c in columns)
    room = height - 30 - (28 if summed else 0)
    page = min(len(rows), model["page_size"] or len(rows))
    fits = max(int(room // row_height), 1)
    if len(rows) > min(page, fits):
        fits = max(int((room - 22) // row_height), 1)
    shown = rows[: min(page, fits)]
    numbers = model["row_numbers"]
    left = 34.0 if numbers else 0.0
    widths = _widths(columns, shown, width - left)
    parts = [_header(columns, widths, left, look, model["sorting"])]
    y = 30.0
    for i, row in enumerate(shown):
        if numbers:
            parts.append(write(str(i + 1), left - 8, y + row_height / 2 + 4.5, 12, look.quiet, anchor="end"))
        x = left
        for cell, column, w in zip(row, columns, widths, strict=True):
            parts.append(_cell(cell, column, x, y, w, row_height, look))
            x += w
        y += row_height
        parts.append(line(0, y, width, y, look.line))
    if len(shown) < len(rows):
        parts.append(write(f"{len(shown)} of {len(rows)} rows", width - _PAD, y + 16, 11, look.quiet, anchor="end"))
    if summed:
        parts.append(_summaries(columns, widths, left, height - 28, width, look))
    return "".join(parts)


def sorted_rows(model: Body) -> list[list[Body]]:
    """The rows in the stored order of a column; values that are missing come last."""
    sorting, columns = model["sorting"] or {}, [c["id"] for c in model["columns"]]
    rows: list[list[Body]] = list(model["rows"])
    if sorting.get("column") not in columns or sorting.get("direction") not in ("asc", "desc"):
        return rows
    at = columns.index(sorting["column"])
    known = [row for row in rows if row[at]["value"] is not None]
    missing = [row for row in rows if row[at]["value"] is None]
    down = sorting["direction"] == "desc"
    if len({isinstance(row[at]["value"], str) for row in known}) > 1:
        known.sort(key=lambda row: str(row[at]["value"]), reverse=down)
    else:
        known.sort(key=lambda row: row[at]["value"], reverse=down)
    return known + missing


def _widths(columns: list[Body], rows: list[list[Body]], room: float) -> list[float]:
    """As wide as the content asks, stretched or squeezed to the room; stored widths are kept."""
    wanted = []
    for i, column in enumerate(columns):
        longest = max((text_width(str(row[i]["text"]), _SIZE) for row in rows), default=0.0)
        own = min(max(longest + (16 if column["badge"] else 0), text_width(column["label"], _SIZE, bold=True)), _MOST)
        wanted.append(float(column["width"]) if column["width"] else own + 2 * _PAD)
    total = sum(wanted)
    if total <= room:
        more = (room - total) / max(len(wanted), 1)
        return [w + more for w in wanted]
    # Narrow columns keep what they need; the wide ones share what is left.
    fair = room / max(len(wanted), 1)
    small = sum(w for w in wanted if w <= fair)
    large = sum(w for w in wanted if w > fair)
    return [w if w <= fair else w * max(room - small, 1) / large for w in wanted]


def _place(alignment: str, x: float, w: float) -> tuple[float, str]:
    if alignment == "right":
        return x + w - _PAD, "end"
    return (x + w / 2, "middle") if alignment == "center" else (x + _PAD, "start")


def _header(columns: list[Body], widths: list[float], left: float, look: Look, sorting: Body | None) -> str:
    parts, x = [], left
    for column, w in zip(columns, widths, strict=True):
        at, anchor = _place(column["alignment"], x, w)
        arrow = ""
        if sorting and sorting.get("column") == column["id"]:
            arrow = {"asc": " ↑", "desc": " ↓"}.get(str(sorting.get("direction")), "")
        parts.append(
            write(column["label"] + arrow, at, 20, _SIZE, look.ink, room=w - 2 * _PAD + 2, anchor=anchor, bold=True)
        )
        x += w
    return "".join(parts) + line(0, 30, x, 30, look.strong)


def _cell(cell: Body, column: Body, x: float, y: float, w: float, h: float, look: Look) -> str:
    at, anchor = _place(column["alignment"], x, w)
    ink = cell.get("colour") or look.ink
    ground = ""
    if cell.get("background"):
        if column["badge"]:
            wide = min(text_width(str(cell["text"]), _SIZE) + 16, w - 6)
            start = {"end": at - wide + 8, "middle": at - wide / 2, "start": at - 8}[anchor]
            ground = box(start, y + 4, wide, h - 8, cell["background"], rx=(h - 8) / 2)
        else:
            ground = box(x, y, w, h, cell["background"])
    text = str(cell["text"]).replace("\n", " ")
    return ground + write(text, at, y + h / 2 + 4.6, _SIZE, ink, room=w - 2 * _PAD + 2, anchor=anchor)


def _summaries(columns: list[Body], widths: list[float], left: float, y: float, width: float, look: Look) -> str:
    parts, x = [box(0, y, width, 28, look.surface), line(0, y, width, y, look.strong)], left
    for column, w in zip(columns, widths, strict=True):
        at, anchor = _place(column["alignment"], x, w)
        parts.append(write(column["summary"], at, y + 19, 12, look.ink, room=w - _PAD, anchor=anchor, bold=True))
        x += w
    return "".join(parts)
