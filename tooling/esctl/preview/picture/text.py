"""How wide a text is, and how it is cut and wrapped: SVG breaks no lines by itself.

Widths are those of Arial and of Liberation Sans, which has the same ones and travels with the renderer.
"""

from __future__ import annotations

from collections.abc import Iterator
from unicodedata import east_asian_width

FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
MONO = "Liberation Mono, DejaVu Sans Mono, Menlo, Consolas, monospace"
_FIRST = 32
# Thousandths of the font size, from the space on.
_REGULAR = (
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
    722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
    556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
    260, 334, 584,
)  # fmt: skip
_BOLD = (
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 556, 333, 333, 584, 584, 584, 611, 975, 722, 722, 722, 722, 667, 611, 778, 722, 278, 556, 722, 611, 833,
    722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333, 278, 333, 584, 556, 333, 556, 611, 556, 611,
    556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611, 611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389,
    280, 389, 584,
)  # fmt: skip
_OTHER, _MONO, _FULL = 560, 600, 1000


def text_width(text: str, size: float, *, bold: bool = False, mono: bool = False) -> float:
    """In pixels, at a font size in pixels."""
    if mono:
        return len(text) * size * _MONO / 1000
    widths = _BOLD if bold else _REGULAR
    total = 0
    for character in text:
        place = ord(character) - _FIRST
        if 0 <= place < len(widths):
            total += widths[place]
        else:
            total += _FULL if east_asian_width(character) in "WF" else _OTHER
    return total * size / 1000


def cut(text: str, room: float, size: float, *, bold: bool = False, mono: bool = False) -> str:
    """The text, ended by `…` where it has no room."""
    if text_width(text, size, bold=bold, mono=mono) <= room:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if text_width(text[:middle].rstrip() + "…", size, bold=bold, mono=mono) <= room:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + "…" if low else ""


def wrapped(text: str, room: float, size: float, *, bold: bool = False, mono: bool = False) -> Iterator[str]:
    """Lines of at most `room` pixels; a word that is longer is broken."""
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" ") if not mono else [paragraph]:
            longer = f"{line} {word}" if line else word
            if text_width(longer, size, bold=bold, mono=mono) <= room:
                line = longer
                continue
            if line:
                yield line
            while text_width(word, size, bold=bold, mono=mono) > room and len(word) > 1:
                fits = max(1, len(cut(word, room, size, bold=bold, mono=mono)) - 1)
                yield word[:fits]
                word = word[fits:]
            line = word
        yield line
