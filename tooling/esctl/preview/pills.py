"""Stored filters in words: what Kibana's filter pills say."""

from __future__ import annotations

from typing import Any

from ..model import Body


def pill_text(stored: Body) -> str:
    """`cluster: 3`, `NOT cluster: is one of 3, 4`, `bytes: 10 to 20`; a filter's own name where it has one."""
    meta = stored.get("meta") or {}
    if meta.get("alias"):
        return str(meta["alias"])
    sign = "NOT " if meta.get("negate") else ""
    key, params = str(meta.get("key") or meta.get("field") or ""), meta.get("params")
    match meta.get("type"):
        case "phrase":
            return f"{sign}{key}: {_value(params.get('query') if isinstance(params, dict) else meta.get('value'))}"
        case "phrases":
            values = params if isinstance(params, list) else []
            return f"{sign}{key}: is one of {', '.join(_value(v) for v in values)}"
        case "range":
            return f"{sign}{key}: {_bounds(params or (stored.get('query') or {}).get('range', {}).get(key) or {})}"
        case "exists":
            return f"{sign}{key}: exists"
        case "combined":
            word = f" {meta.get('relation') or 'AND'} "
            return sign + word.join(pill_text(part) for part in params or ())
    return f"{sign}{key or 'filter'}"


def _bounds(bounds: dict[str, Any]) -> str:
    low, high = bounds.get("gte", bounds.get("gt")), bounds.get("lte", bounds.get("lt"))
    if low is None:
        return f"{'<' if 'lt' in bounds else '≤'} {_value(high)}"
    return f"{_value(low)} to {_value(high)}" if high is not None else f"{'>' if 'gt' in bounds else '≥'} {_value(low)}"


def _value(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
