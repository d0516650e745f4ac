"""Where the Painless sources of `scripts/painless/` are read from."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from ..errors import EsctlError

MAX_SOURCE_BYTES = 65_535
"""Elasticsearch's default `script.max_size_in_bytes`."""


def folder() -> Path:
    """`scripts/painless`: the installed package's own copy, else the clone's."""
    packaged = Path(__file__).parents[1] / "example" / "scripts" / "painless"
    return packaged if packaged.is_dir() else Path(__file__).parents[3] / "scripts" / "painless"


@cache
def source(name: str) -> str:
    """The text of `<name>.painless`, exactly as it stands; EsctlError where it is missing or too long for a server."""
    path = folder() / f"{name}.painless"
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        raise EsctlError(f"the Painless script {path.name} is missing", hint="install esctl again") from None
    if len(text.encode()) > MAX_SOURCE_BYTES:
        raise EsctlError(f"{path.name} is longer than the {MAX_SOURCE_BYTES} bytes that Elasticsearch compiles")
    return text
