"""One look for Lens charts and Vega panels: Vega's `config` for a light and a dark page."""

from __future__ import annotations

from typing import Literal

from ..model import Body
from .colours import BOREALIS

Theme = Literal["light", "dark"]
FONT = 'Inter, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "Liberation Sans", sans-serif'
# Text, quiet text, grid, lines, and the ground that slices are parted by.
_INK = {
    "light": ("#1D2A3E", "#5A6D8C", "#E3E8F2", "#CAD3E2", "#FFFFFF"),
    "dark": ("#DFE5EF", "#98A8C3", "#2B394F", "#3F4F69", "#0E1A2D"),
}


def vega_config(theme: Theme) -> Body:
    """Text, axes, grids and default mark colours; the background stays the page's own."""
    text, quiet, grid, line, ground = _INK[theme]
    title = {"color": text, "font": FONT, "fontWeight": 600, "fontSize": 13}
    return {
        "background": "transparent",
        "font": FONT,
        "view": {"stroke": None},
        "title": {**title, "subtitleColor": quiet, "subtitleFont": FONT},
        "axis": {
            "labelColor": quiet,
            "titleColor": text,
            "labelFont": FONT,
            "titleFont": FONT,
            "labelFontSize": 11,
            "titleFontSize": 12,
            "titleFontWeight": 500,
            "titlePadding": 8,
            "domainColor": line,
            "tickColor": line,
            "gridColor": grid,
            "labelPadding": 4,
        },
        "legend": {
            "labelColor": text,
            "titleColor": text,
            "labelFont": FONT,
            "titleFont": FONT,
            "titleFontWeight": 500,
        },
        "header": {"labelColor": text, "titleColor": text, "labelFont": FONT, "titleFont": FONT},
        "style": {
            "part": {"stroke": ground},
            "guide-label": {"fill": quiet, "font": FONT},
            "guide-title": {"fill": text, "font": FONT},
            "group-title": {"fill": text, "font": FONT},
        },
        "text": {"fill": text, "color": text, "font": FONT},
        "range": {"category": list(BOREALIS)},
        "mark": {"color": BOREALIS[0]},
        **{mark: {"fill": BOREALIS[0]} for mark in ("area", "rect", "symbol", "bar")},
        "arc": {"fill": BOREALIS[0], "stroke": ground},
        "line": {"stroke": BOREALIS[0]},
        "rule": {"stroke": line},
    }
