"""Where the Painless sources of `scripts/painless/` are read from."""

from __future__ import annotations

from functools import cache

from ..errors import EsctlError

MAX_SOURCE_BYTES = 65_535
"""Elasticsearch's default `script.max_size_in_bytes`."""


@cache
def source(name: str) -> str:
    """The text of `<name>.painless`, exactly as it stands; EsctlError where it is missing or too long for a server."""
    from ..project.example import example_root

    path = example_root() / "scripts" / "painless" / f"{name}.painless"
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        raise EsctlError(f"the Painless script {path.name} is missing", hint="install esctl again") from None
    if len(text.encode()) > MAX_SOURCE_BYTES:
        raise EsctlError(f"{path.name} is longer than the {MAX_SOURCE_BYTES} bytes that Elasticsearch compiles")
    return text
