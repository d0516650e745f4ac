"""Vega and Vega-Lite specs → SVG, without a browser: nothing is loaded, Kibana's functions do nothing."""

from __future__ import annotations

import re
from typing import Any

from ...errors import EsctlError
from ...model import Body
from .look import Look

_KIBANA = re.compile(r"\bkibana(?:AddFilter|RemoveFilter|RemoveAllFilters|SetTimeFilter)\s*\(")
_NOWHERE = ["https://nothing.invalid/"]
"""The only address from which Vega may load: what a spec needs stands in it already."""


def harmless(node: Any) -> Any:
    """The spec with calls of Kibana's functions as calls of Vega's silent `debug`: they filter nothing in a picture."""
    if isinstance(node, str):
        return _KIBANA.sub("debug(", node) if "kibana" in node else node
    if isinstance(node, list):
        return [harmless(inner) for inner in node]
    if isinstance(node, dict):
        return {key: inner if key == "values" else harmless(inner) for key, inner in node.items()}
    return node


def lens_svg(spec: Body, width: float, height: float, look: Look) -> str:
    """A chart of this room, fitted to the size."""
    whole = {
        **spec,
        "width": round(width),
        "height": round(height),
        "autosize": {"type": "fit", "contains": "padding"},
        "padding": 4,
        "config": look.vega(),
    }
    return _drawn("vega-lite", whole)


def vega_svg(spec: Body, mode: str, resize: bool, width: float, height: float, look: Look) -> str:
    """A spec of the user's own, which keeps its size unless it is to be fitted. Raises EsctlError with Vega's words."""
    whole = harmless(spec)
    if resize:
        whole = {**whole, "width": round(width), "height": round(height)}
    whole["config"] = _merged(look.vega(), whole.get("config") or {})
    return _drawn(mode, whole)


def _merged(below: Body, above: Body) -> Body:
    made = dict(below)
    for key, value in above.items():
        mine = made.get(key)
        made[key] = _merged(mine, value) if isinstance(mine, dict) and isinstance(value, dict) else value
    return made


def _drawn(mode: str, spec: Body) -> str:
    import vl_convert

    try:
        if mode == "vega":
            drawn: str = vl_convert.vega_to_svg(spec, allowed_base_urls=_NOWHERE)
        else:
            drawn = vl_convert.vegalite_to_svg(spec, allowed_base_urls=_NOWHERE)
    except ValueError as error:
        raise EsctlError(f"Vega: {_first_line(str(error))}") from None
    return drawn


def _first_line(text: str) -> str:
    """The cause within the renderer's message, without its stack."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("at ")]
    told = next((line for line in lines if "Error:" in line), lines[0] if lines else "cannot be drawn")
    return re.sub(r"^.*?\b(?:\w*Error: )", "", told)
