"""The colours and measures of a picture, light and dark: those of the viewer's page."""

from __future__ import annotations

from dataclasses import dataclass

from ...model import Body
from ..theme import Theme, vega_config
from .text import FONT


@dataclass(frozen=True)
class Look:
    """Colours by what they are for."""

    theme: Theme
    page: str
    surface: str
    ink: str
    quiet: str
    line: str
    strong: str
    accent: str
    accent_soft: str
    hover: str
    problem: str
    problem_soft: str
    warning: str
    warning_soft: str

    def vega(self) -> Body:
        """Vega's `config`, in the font whose widths are known here."""
        config: Body = _with_font(vega_config(self.theme))
        return config


LOOKS = {
    "light": Look("light", "#f4f7fc", "#ffffff", "#1d2a3e", "#5a6d8c", "#e0e6f0", "#c8d2e3", "#0b64dd", "#e8f1ff",
                  "#f1f5fb", "#b3261e", "#fdeeed", "#8a5a00", "#fff3d6"),
    "dark": Look("dark", "#07101f", "#0e1a2d", "#dfe5ef", "#98a8c3", "#22304a", "#384a69", "#61a2ff", "#12294c",
                 "#16253d", "#ff8a80", "#3a1a1e", "#facb3d", "#3a2f10"),
}  # fmt: skip


def _with_font(node: Body) -> Body:
    return {
        key: _with_font(inner) if isinstance(inner, dict) else FONT if key.lower().endswith("font") else inner
        for key, inner in node.items()
    }
