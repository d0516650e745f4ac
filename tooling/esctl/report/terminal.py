"""Colours and columns for a terminal: plain text where there is none, no library."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TextIO

CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36"}


@dataclass(frozen=True)
class Style:
    """Whether and how text is coloured."""

    colours: bool = False

    def __call__(self, text: str, *names: str) -> str:
        if not self.colours or not names or not text:
            return text
        return f"\x1b[{';'.join(CODES[name] for name in names)}m{text}\x1b[0m"


def style_for(stream: TextIO, *, no_color: bool = False) -> Style:
    """Colours only on a terminal, and not where NO_COLOR (https://no-color.org) or `--no-color` says so."""
    wanted = not no_color and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return Style(wanted and stream.isatty())


def table(rows: Iterable[Sequence[str]], *, indent: str = "", gap: str = "  ") -> list[str]:
    """Lines with columns as wide as their longest cell; the last column is not padded."""
    rows = [list(row) for row in rows]
    if not rows:
        return []
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]) - 1)]
    return [
        (indent + gap.join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]])).rstrip()
        for row in rows
    ]
