"""Markdown, drawn as SVG: headings, paragraphs, lists, code, quotes and tables, wrapped to the panel."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from ..markdown import markdown_tokens
from .look import Look
from .svg import box, line, write
from .text import MONO, cut, text_width, wrapped

_HEADINGS = {"h1": 20.0, "h2": 17.0, "h3": 15.0}
_BODY = 13.0


@dataclass(frozen=True)
class _Run:
    """Letters of one kind; `space` where they may be parted from what stands before."""

    text: str
    bold: bool = False
    italic: bool = False
    code: bool = False
    link: bool = False
    struck: bool = False
    space: bool = False


@dataclass
class _Page:
    """Where the pen is: what is below `height` is not drawn, but counted."""

    width: float
    height: float
    look: Look
    y: float = 0.0
    hidden: int = 0

    def has_room(self, tall: float) -> bool:
        if self.y + tall <= self.height:
            return True
        self.hidden += 1
        return False


def draw_markdown(content: str, width: float, height: float, look: Look) -> str:
    """The text from the top; an arrow says where it goes on below the panel."""
    page = _Page(width - 32, height - 4, look, y=6.0)
    drawn = "".join(_blocks(_tree(markdown_tokens(content)), page, 16.0))
    more = write("▾ more", width - 10, height - 6, 11, look.quiet, anchor="end") if page.hidden else ""
    return drawn + more


@dataclass
class _Block:
    token: Any
    children: list[Any]


def _tree(tokens: list[Any]) -> list[_Block]:
    """Opening and closing tokens as nested blocks."""
    top: list[_Block] = []
    open_blocks: list[list[_Block]] = [top]
    for token in tokens:
        if token.nesting == -1:
            open_blocks.pop()
            continue
        block = _Block(token, [])
        open_blocks[-1].append(block)
        if token.nesting == 1:
            open_blocks.append(block.children)
    return top


def _blocks(blocks: list[_Block], page: _Page, x: float) -> Iterator[str]:
    for block in blocks:
        kind = block.token.type
        match kind:
            case "heading_open":
                size = _HEADINGS.get(block.token.tag, 14.0)
                page.y += 4
                runs = [replace(run, bold=True) for run in _runs(block.children[0].token)]
                yield from _flow(runs, page, x, size)
                page.y += 6
            case "paragraph_open":
                yield from _flow(list(_runs(block.children[0].token)), page, x, _BODY)
                page.y += 1 if block.token.hidden else 8
            case "bullet_list_open" | "ordered_list_open":
                yield from _list(block, page, x)
            case "blockquote_open":
                top = page.y
                yield from _blocks(block.children, page, x + 14)
                yield box(x, top, 3, max(min(page.y, page.height) - top - 6, 0), page.look.line)
            case "fence" | "code_block":
                yield from _code(block.token.content, page, x)
            case "hr":
                if page.has_room(14):
                    yield line(x, page.y + 5, page.width + 16, page.y + 5, page.look.line)
                page.y += 14
            case "table_open":
                yield from _table(block, page, x)


def _list(block: _Block, page: _Page, x: float) -> Iterator[str]:
    number = int(block.token.attrGet("start") or 1)
    for item in block.children:
        mark = "•" if block.token.type == "bullet_list_open" else f"{number}."
        number += 1
        if page.has_room(18):
            yield write(mark, x + 14, page.y + 13, _BODY, page.look.quiet, anchor="end")
        yield from _blocks(item.children, page, x + 20)
    page.y += 7


def _code(content: str, page: _Page, x: float) -> Iterator[str]:
    rows = [row for raw in content.rstrip("\n").split("\n") for row in wrapped(raw, page.width - x - 4, 12, mono=True)]
    top = page.y
    inner = []
    page.y += 6
    for row in rows:
        if page.has_room(16):
            text = row.replace(" ", "\u00a0")
            inner.append(write(text, x + 8, page.y + 12, 12, page.look.ink, family=MONO))
        page.y += 16
    yield box(x, top, page.width - x + 16, max(min(page.y + 6, page.height) - top, 0), page.look.hover, rx=4)
    yield from inner
    page.y += 14


def _table(block: _Block, page: _Page, x: float) -> Iterator[str]:
    rows: list[list[str]] = []
    for part in block.children:
        for row in part.children:
            rows.append(["".join(run.text for run in _runs(cell.children[0].token)) for cell in row.children])
    count = max((len(row) for row in rows), default=0)
    widths = [max(text_width(row[i], 12, bold=True) for row in rows if i < len(row)) + 16 for i in range(count)]
    room = page.width - x + 16
    if sum(widths) > room:
        widths = [w * room / sum(widths) for w in widths]
    for at, row in enumerate(rows):
        if page.has_room(22):
            left = x
            for text, w in zip(row, widths, strict=False):
                yield write(cut(text, w - 10, 12), left + 6, page.y + 15, 12, page.look.ink, bold=at == 0)
                left += w
            yield line(x, page.y + 21.5, left, page.y + 21.5, page.look.strong if at == 0 else page.look.line)
        page.y += 22
    page.y += 8


def _runs(inline: Any) -> Iterator[_Run]:
    """The words of an inline token, each with its looks."""
    style = _Run("")
    for token in inline.children or ():
        match token.type:
            case "strong_open" | "strong_close":
                style = replace(style, bold=token.nesting == 1)
            case "em_open" | "em_close":
                style = replace(style, italic=token.nesting == 1)
            case "s_open" | "s_close":
                style = replace(style, struck=token.nesting == 1)
            case "link_open" | "link_close":
                style = replace(style, link=token.nesting == 1)
            case "code_inline":
                yield replace(style, text=token.content, code=True, space=True)
            case "softbreak":
                yield replace(style, text="", space=True)
            case "hardbreak":
                yield replace(style, text="\n")
            case "image":
                yield replace(
                    style, text=f"[picture: {token.content or token.attrGet('src')}]", italic=True, space=True
                )
            case "text":
                for word in re.findall(r"\s+|\S+", token.content):
                    yield replace(style, text="" if word.isspace() else word, space=word.isspace())


def _flow(runs: list[_Run], page: _Page, x: float, size: float) -> Iterator[str]:
    """Words from left to right, line by line."""
    leading = size * 1.5
    right = page.width + 16
    at, gap = x, False
    fresh = page.has_room(leading)
    for run in _words(runs):
        if run.text == "\n":
            at, gap = x, False
            page.y += leading
            fresh = page.has_room(leading)
            continue
        if not run.text:
            gap = True
            continue
        glyphs = size - 1 if run.code else size
        wide = text_width(run.text, glyphs, bold=run.bold, mono=run.code) + (6 if run.code else 0)
        blank = text_width(" ", size) if gap else 0.0
        if at > x and at + blank + wide > right:
            page.y += leading
            fresh = page.has_room(leading)
            at, blank = x, 0.0
        at += blank
        if fresh:
            yield _word(run, at, page.y + size * 1.1, glyphs, wide, page.look)
        at, gap = at + wide, False
    page.y += leading


def _words(runs: list[_Run]) -> Iterator[_Run]:
    """Letters that belong together stay together: `**bold**,` is not parted before the comma."""
    for i, run in enumerate(runs):
        if run.code and i and runs[i - 1].text and not runs[i - 1].space:
            yield replace(run, space=False)
        else:
            yield run


def _word(run: _Run, x: float, y: float, size: float, wide: float, look: Look) -> str:
    ink = look.accent if run.link else look.ink
    more: dict[str, Any] = {"font_style": "italic"} if run.italic else {}
    if run.struck:
        more["text_decoration"] = "line-through"
    if not run.code:
        return write(run.text, x, y, size, ink, bold=run.bold, **more)
    ground = box(x, y - size, wide, size + 5, look.hover, stroke=look.line, rx=3)
    return ground + write(run.text, x + 3, y, size, ink, bold=run.bold, family=MONO, **more)
