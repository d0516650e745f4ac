"""One panel, drawn: frame, title, what its chart is, and what is to be said of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...errors import EsctlError
from ..charts import Chart
from ..dashboard import Panel
from .control import chosen_text, draw_control
from .look import Look
from .markdown import draw_markdown
from .metric import draw_metric
from .svg import box, element, group, nested, write
from .table import draw_table
from .text import text_width
from .vega_svg import lens_svg, vega_svg
from .words import draw_definition, draw_image, draw_legend, draw_links, draw_note, draw_problem, draw_tags, legend_room

TITLE = 30.0


@dataclass(frozen=True)
class Drawn:
    """A panel with its chart, or with the one line that says why there is none."""

    panel: Panel
    chart: Chart | None
    problem: str = ""
    notes: tuple[str, ...] = ()


def draw_panel(drawn: Drawn, width: float, height: float, look: Look, *, hide_title: bool, border: bool = True) -> str:
    """A group of `width` × `height` at the origin. Never raises: a problem is drawn too."""
    panel, chart = drawn.panel, drawn.chart
    titled = bool(panel.title) and not panel.hide_title and not hide_title
    top = TITLE if titled else 0.0
    parts = [box(0.5, 0.5, width - 1, height - 1, look.surface, stroke=look.line if border else None, rx=6)]
    notes = drawn.notes + (chart.notes if chart else ())
    if titled:
        room = width - 24 - (_notes_width(notes) if notes else 0)
        parts.append(write(panel.title, 12, 20, 13, look.ink, room=room, bold=True))
    if notes:
        parts.append(_notes(notes, width, look))
    parts.append(group(draw_chart(drawn, width - 2, height - top - 2, look), x=1, y=top + 1))
    identity = element("title", _plain(f"{panel.title}: {chart.summary}"[:300])) if chart and chart.summary else ""
    return element("g", identity, *parts, role="group")


def _plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").strip(": ")


def draw_chart(drawn: Drawn, width: float, height: float, look: Look) -> str:
    """What stands below the title."""
    if drawn.problem or drawn.chart is None:
        return draw_problem(drawn.problem or "not drawn", width, height, look)
    chart, prefix = drawn.chart, f"p{drawn.panel.id}"
    try:
        match chart.kind:
            case "metric":
                return draw_metric(chart.model, width, height, look)
            case "table":
                return draw_table(chart.model, width, height, look)
            case "tags":
                return draw_tags(chart.model, width, height, look)
            case "markdown":
                return draw_markdown(chart.model["content"], width, height, look)
            case "vega-lite":
                return _lens(chart, width, height, look, prefix)
            case "vega":
                mode, resize = chart.model["mode"], chart.model["resize"]
                picture = vega_svg(chart.spec or {}, mode, resize, width - 8, height - 6, look)
                return element("g", nested(picture, 4, 2, prefix))
            case "image":
                return draw_image(chart.model, width, height, look)
            case "links":
                return draw_links(chart.model, width, height, look)
            case "control":
                control = chart.model["control"]
                return group(draw_control(control.title, chosen_text(control), width - 16, look), x=8, y=4)
            case "undrawn":
                return draw_definition(chart.model["reason"], chart.model["definition"], width, height, look)
    except EsctlError as error:
        return draw_problem(str(error), width, height, look)
    return draw_note("No results found", width, height, look.quiet)


def _lens(chart: Chart, width: float, height: float, look: Look, prefix: str) -> str:
    position = chart.legend_position
    beside, under = legend_room(chart.legend, position, width - 8, height)
    w, h = width - 8 - beside, height - 6 - under
    x = 4 + (beside if position == "left" else 0)
    y = 2 + (under if position == "top" else 0)
    parts = [nested(lens_svg(chart.spec or {}, w, h, look), x, y, prefix)]
    if chart.legend:
        at = {"left": (4.0, 6.0), "top": (4.0, 2.0), "bottom": (4.0, height - under)}.get(position, (x + w, 6.0))
        room = (width - 8, under) if position in ("top", "bottom") else (beside, height - 8)
        parts.append(group(draw_legend(chart.legend, position, *room, look), x=at[0], y=at[1]))
    return "".join(parts)


def _notes_width(notes: Sequence[str]) -> float:
    return text_width(_note_text(notes), 11) + 24


def _note_text(notes: Sequence[str]) -> str:
    return notes[0] if len(notes) == 1 and len(notes[0]) < 60 else f"{len(notes)} note{'s' if len(notes) > 1 else ''}"


def _notes(notes: Sequence[str], width: float, look: Look) -> str:
    """A mark at the right of the title: what the chart would show and this picture does not."""
    text = _note_text(notes)
    wide = text_width(text, 11) + 14
    whole = element("title", _plain("\n".join(notes)))
    label = box(width - wide - 8, 6, wide, 19, look.warning_soft, rx=4)
    return element("g", whole, label, write(text, width - 15, 19.5, 11, look.warning, anchor="end"))
