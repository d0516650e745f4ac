"""SVG as text: elements, texts, boxes, and pictures within a picture."""

from __future__ import annotations

import re
from html import escape
from typing import Any

from .text import FONT, cut, text_width

_IDS = re.compile(r'\bid="([^"]+)"')
_USES = re.compile(r"url\(#([^)]+)\)")
_OPENING = re.compile(r"<svg\b[^>]*>")
_FAMILY = re.compile(r'font-family="([^"]*)"')


def element(name: str, *children: str, **attributes: Any) -> str:
    """`element("rect", width=3)`; `_` in a name is `-`, None is left out, a trailing `_` is dropped."""
    parts = [name]
    for key, value in attributes.items():
        if value is not None:
            shown = f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else escape(str(value))
            parts.append(f'{key.rstrip("_").replace("_", "-")}="{shown}"')
    inner = "".join(children)
    return f"<{' '.join(parts)}>{inner}</{name}>" if inner else f"<{' '.join(parts)}/>"


def group(*children: str, x: float = 0, y: float = 0, **attributes: Any) -> str:
    place = f"translate({x:g},{y:g})" if x or y else None
    return element("g", *children, transform=place, **attributes)


def box(x: float, y: float, w: float, h: float, fill: str = "none", **attributes: Any) -> str:
    return element(
        "rect", x=float(x), y=float(y), width=float(max(w, 0)), height=float(max(h, 0)), fill=fill, **attributes
    )


def line(x: float, y: float, x2: float, y2: float, colour: str, **attributes: Any) -> str:
    ends = {"x1": float(x), "y1": float(y), "x2": float(x2), "y2": float(y2)}
    return element("line", **ends, stroke=colour, **attributes)


def write(
    text: str,
    x: float,
    y: float,
    size: float,
    colour: str,
    *,
    room: float | None = None,
    anchor: str = "start",
    bold: bool = False,
    family: str | None = None,
    **attributes: Any,
) -> str:
    """One line of text with its baseline at `y`; cut to `room` pixels, the whole text then being its title."""
    mono = family is not None and "Mono" in family
    shown = text if room is None else cut(text, room, size, bold=bold, mono=mono)
    if not shown:
        return ""
    whole = element("title", escape(text)) if shown != text else ""
    return element(
        "text",
        whole + escape(shown, quote=False),
        x=float(x),
        y=float(y),
        font_size=float(size),
        fill=colour,
        text_anchor=None if anchor == "start" else anchor,
        font_weight=600 if bold else None,
        font_family=family,
        **attributes,
    )


def pill(
    text: str, x: float, y: float, size: float, *, ink: str, ground: str, room: float = 400.0
) -> tuple[str, float]:
    """A rounded label whose top is `y`, and its width."""
    shown = cut(text, room - 16, size)
    width = text_width(shown, size) + 16
    height = size + 10
    drawn = box(x, y, width, height, ground, rx=4) + write(shown, x + 8, y + height / 2 + size * 0.36, size, ink)
    return drawn, width


def nested(picture: str, x: float, y: float, prefix: str) -> str:
    """A whole `<svg>` within another one: moved, its ids made its own, every font with one to fall back to."""
    names = set(_IDS.findall(picture))
    picture = _IDS.sub(lambda m: f'id="{prefix}-{m[1]}"', picture)
    picture = _USES.sub(lambda m: f"url(#{prefix}-{m[1]})" if m[1] in names else m[0], picture)
    picture = picture.replace('href="#', f'href="#{prefix}-') if names else picture
    picture = _FAMILY.sub(lambda m: f'font-family="{_with_fallback(m[1])}"', picture)
    return _OPENING.sub(
        lambda m: m[0].replace("<svg", f'<svg x="{x:g}" y="{y:g}" overflow="hidden"', 1), picture, count=1
    )


def _with_fallback(family: str) -> str:
    kind = "monospace" if "mono" in family.lower() else "sans-serif"
    return family if kind in family else f"{family}, Liberation {'Mono' if kind == 'monospace' else 'Sans'}, {kind}"


def document(content: str, width: float, height: float, *, background: str, title: str = "", words: str = "") -> str:
    """The file: an `<svg>` that says what it shows to those who cannot see it."""
    label = element("title", escape(title)) if title else ""
    label += element("desc", escape(words)) if words else ""
    return element(
        "svg",
        label,
        box(0, 0, width, height, background),
        content,
        xmlns="http://www.w3.org/2000/svg",
        xmlns__xlink="http://www.w3.org/1999/xlink",
        width=float(width),
        height=float(height),
        viewBox=f"0 0 {width:g} {height:g}",
        font_family=FONT,
        role="img",
    ).replace("xmlns--xlink", "xmlns:xlink", 1)
