"""Markdown panels → safe HTML or tokens: raw HTML stays text, links open in a new tab and cannot run scripts."""

from __future__ import annotations

from functools import lru_cache
from typing import Any


def markdown_html(text: str) -> str:
    """CommonMark with tables, strikethrough and bare links; `html` is off, so that tags are shown, not obeyed."""
    rendered: str = _renderer().render(text)
    return rendered


def markdown_tokens(text: str) -> list[Any]:
    """markdown-it's tokens of the same text."""
    tokens: list[Any] = _renderer().parse(text)
    return tokens


@lru_cache(maxsize=1)
def _renderer() -> Any:
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark", {"html": False, "linkify": False, "typographer": False})
    markdown.enable(["table", "strikethrough"])
    markdown.add_render_rule("link_open", _link_open)
    return markdown


def _link_open(renderer: Any, tokens: Any, index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    if not str(token.attrGet("href") or "").startswith("#"):
        token.attrSet("target", "_blank")
        token.attrSet("rel", "noopener noreferrer")
    html: str = renderer.renderToken(tokens, index, options, env)
    return html
