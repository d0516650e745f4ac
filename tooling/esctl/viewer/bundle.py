"""Vega, Vega-Lite and vega-embed as one file, made from an installed package: no network, no build step."""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path

from ..errors import EsctlError

# Vega 6 has no default export, so `vega` itself cannot be had from the bundle; the embedder is enough.
_SNIPPET = "window.vegaEmbed = vegaEmbed;"


def bundle_name() -> str:
    """The file's name, which changes with its content: a browser may keep it for ever."""
    return f"vega-{version('vl-convert-python')}.js"


def vega_bundle(folder: Path | None = None) -> Path:
    """The JavaScript file (0.9 MB), cached by version under the user's cache folder; the first call takes 2–3 s.

    Raises EsctlError where the folder cannot be written.
    """
    import platformdirs

    folder = folder or Path(platformdirs.user_cache_dir("esctl"))
    path = folder / bundle_name()
    if path.exists():
        return path
    import vl_convert

    text: str = vl_convert.javascript_bundle(_SNIPPET)
    part = path.with_suffix(f".{os.getpid()}.part")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise EsctlError(f"cannot keep the Vega bundle in {folder}: {error.strerror}") from None
    return path
