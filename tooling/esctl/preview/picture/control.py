"""A control as Kibana shows it: name at the left, what is chosen at the right."""

from __future__ import annotations

from ..dashboard import Control
from .look import Look
from .svg import box, line, write
from .text import text_width


def draw_control(title: str, chosen: str, width: float, look: Look) -> str:
    """One control: 34 pixels high."""
    label = min(text_width(title, 12, bold=True) + 20, width * 0.6)
    return (
        box(0.5, 0.5, width - 1, 33, look.surface, stroke=look.strong, rx=6)
        + write(title, 10, 21, 12, look.ink, room=label - 12, bold=True)
        + line(label, 1, label, 33, look.line)
        + write(chosen, label + 8, 21, 12, look.quiet, room=width - label - 18)
    )


def chosen_text(control: Control) -> str:
    """What a control has chosen, in words."""
    settings = control.settings
    match control.kind:
        case "range_slider_control":
            value = settings.get("value") or []
            return " – ".join(str(v) for v in value) if value else "Any"
        case "time_slider_control":
            start, end = (settings.get(f"{n}_percentage_of_time_range") for n in ("start", "end"))
            return "whole range" if start is None else f"{float(start):.0%} – {float(end or 1):.0%}"
    if settings.get("exists_selected"):
        return "Does not exist" if settings.get("exclude") else "Exists"
    chosen = ", ".join(str(v) for v in settings.get("selected_options") or ())
    return f"not {chosen}" if chosen and settings.get("exclude") else chosen or "Any"
