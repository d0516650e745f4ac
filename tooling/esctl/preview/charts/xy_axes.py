"""The axes of an xy chart: titles, ticks, grids, scales, and numbers written in the metric's format."""

from __future__ import annotations

from ...model import Body
from ..lens import Column

_TIMES = {"year": "%Y", "quarter": "%b %Y", "month": "%b %Y", "week": "%b %d", "date": "%b %d", "day": "%b %d",
          "hours": "%H:%M", "minutes": "%H:%M", "seconds": "%H:%M:%S", "milliseconds": "%H:%M:%S.%L"}  # fmt: skip
_ROTATION = {0: 0, -90: -90, -45: -45}
_SHORT = (("T", 1e12), ("B", 1e9), ("M", 1e6), ("K", 1e3))
_BYTES = (("TB", 2.0**40), ("GB", 2.0**30), ("MB", 2.0**20), ("KB", 2.0**10))
_BITS = (("Tbit", 1e12), ("Gbit", 1e9), ("Mbit", 1e6), ("kbit", 1e3))
_UNITS = {"picoseconds": 1e-12, "nanoseconds": 1e-9, "microseconds": 1e-6, "milliseconds": 1e-3, "minutes": 60,
          "hours": 3600, "days": 86400, "weeks": 604800}  # fmt: skip
_SPANS = (("d", 86400.0), ("h", 3600.0), ("min", 60.0), ("s", 1.0))


def x_encoding(state: Body, x: Column | None, continuous: bool, categories: list[str]) -> Body:
    """The place along x, without the field's end (that is the marks' work)."""
    titles = state.get("axisTitlesVisibilitySettings") or {}
    labels = state.get("tickLabelsVisibilitySettings") or {}
    angles = state.get("labelsOrientation") or {}
    title = state.get("xTitle") or (x.label if x else "")
    axis: Body = {
        "title": title if titles.get("x", True) and x else None,
        "labels": labels.get("x", True) and x is not None,
        "ticks": x is not None,
        "grid": False,
        "labelOverlap": "greedy",
    }
    if angles.get("x"):
        axis["labelAngle"] = _ROTATION.get(angles["x"], 0)
    elif not continuous:
        longest = max((len(c) for c in categories), default=0)
        axis["labelAngle"] = 0 if longest * len(categories) < 90 else -45
        axis["labelLimit"] = 140
    if not continuous:
        scale: Body = {"type": "band", "paddingInner": 0.2, "paddingOuter": 0.1}
        return {"field": "label", "type": "ordinal", "axis": axis, "sort": categories, "scale": scale}
    if x and x.operation == "date_histogram":
        axis |= {"tickCount": 8, "format": _TIMES, "labelSeparation": 8}
        return {"field": "x", "type": "temporal", "axis": axis, "scale": {"type": "utc"}}
    scale = {"zero": False, "nice": False, **_custom(state.get("xExtent") or {})}
    return {"field": "x", "type": "quantitative", "axis": axis, "scale": scale}


def y_encoding(state: Body, y: Column, side: str, kind: str) -> Body:
    """The place along y on one side."""
    titles = state.get("axisTitlesVisibilitySettings") or {}
    labels = state.get("tickLabelsVisibilitySettings") or {}
    grids = state.get("gridlinesVisibilitySettings") or {}
    here = "yLeft" if side == "left" else "yRight"
    title = state.get("yTitle" if side == "left" else "yRightTitle") or y.label
    axis: Body = {
        "title": title if titles.get(here, True) else None,
        "labels": labels.get(here, True),
        "grid": grids.get(here, True) and side == "left",
        "orient": side,
        "domain": False,
        "ticks": False,
        "tickCount": 5,
    }
    if "percentage" in kind:
        axis["format"] = "%"
    else:
        axis |= _written(y)
    extent = state.get(f"{here}Extent") or {}
    return {"field": "y", "type": "quantitative", "axis": axis, "scale": _scale(extent, state.get(f"{here}Scale"))}


def _written(y: Column) -> Body:
    """How the numbers of an axis are written: by the column's format, shorter than in a table."""
    stored = y.params.get("format") or {}
    params, kind = stored.get("params") or {}, stored.get("id")
    suffix = str(params.get("suffix") or "").replace("'", "\\'")
    match kind:
        case "percent":
            return {"format": "~%"}
        case "bytes":
            return {"labelExpr": _stepped(_BYTES, " ", "B")}
        case "bits":
            return {"labelExpr": _stepped(_BITS, " ", "bit")}
        case "duration":
            factor = _UNITS.get(str(params.get("fromUnit") or "seconds"), 1)
            return {"labelExpr": _stepped(_SPANS, " ", "s", f"datum.value * {factor}")}
        case "number" if params.get("compact"):
            return {"labelExpr": _stepped(_SHORT, "", "") + (f" + '{suffix}'" if suffix else "")}
        case "number" if suffix:
            return {"labelExpr": f"format(datum.value, ',~r') + '{suffix}'"}
    if y.operation in ("count", "unique_count"):
        return {"tickMinStep": 1}
    return {}


def _stepped(steps: tuple[tuple[str, float], ...], gap: str, smallest: str, value: str = "datum.value") -> str:
    """A Vega expression: the number in the largest unit that it reaches."""
    text = f"format({value}, ',.3~r') + '{gap if smallest else ''}{smallest}'"
    for unit, size in reversed(steps):
        text = f"abs({value}) >= {size:g} ? format({value} / {size:.0f}, ',.2~r') + '{gap}{unit}' : {text}"
    return f"({text})"


def _custom(extent: Body) -> Body:
    if extent.get("mode") != "custom":
        return {}
    bounds = (("domainMin", "lowerBound"), ("domainMax", "upperBound"))
    return {name: extent[key] for name, key in bounds if extent.get(key) is not None}


def _scale(extent: Body, kind: str | None) -> Body:
    scale: Body = {}
    if kind in ("log", "sqrt"):
        scale["type"] = {"log": "symlog", "sqrt": "sqrt"}[kind]
    if extent.get("mode") == "dataBounds":
        scale["zero"] = False
    if extent.get("mode") == "custom":
        scale |= {**_custom(extent), "nice": bool(extent.get("niceValues", False))}
    return scale
