"""Mapping parameters that one type alone has: checked, and in the form that reads back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .errors import ElasticsearchError, illegal

Body = dict[str, Any]


def _illegal(reason: str) -> ElasticsearchError:
    """A value that the parameter's own check refuses."""
    whole = f"Failed to parse mapping: {reason}"
    return ElasticsearchError("mapper_parsing_exception", whole, cause=illegal(reason))


def _refused(reason: str) -> ElasticsearchError:
    """A value that the type's parser refuses."""
    error = ElasticsearchError("mapper_parsing_exception", f"Failed to parse mapping: {reason}")
    error.root = [{"type": "mapper_parsing_exception", "reason": reason}]
    error.cause = {"type": "mapper_parsing_exception", "reason": reason}
    return error


def _scaled_float(name: str, path: str, parsed: Body) -> None:
    if parsed.get("scaling_factor") is None:
        raise _illegal("Field [scaling_factor] is required")
    factor = float(parsed["scaling_factor"])
    if not 0 < factor < float("inf"):
        raise _illegal(f"[scaling_factor] must be a positive number, got [{factor}]")
    parsed["scaling_factor"] = factor
    if "null_value" in parsed:
        parsed["null_value"] = float(parsed["null_value"])


def _geo_point(name: str, path: str, parsed: Body) -> None:
    value = parsed.get("null_value")
    if isinstance(value, str) and "," in value:
        lat, lon = value.split(",")[:2]
        value = {"lat": float(lat), "lon": float(lon)}
    elif isinstance(value, list):
        value = {"lat": float(value[1]), "lon": float(value[0])}
    elif isinstance(value, dict):
        value = {"lat": float(value["lat"]), "lon": float(value["lon"])}
    if value is not None:
        parsed["null_value"] = value


def _token_count(name: str, path: str, parsed: Body) -> None:
    if parsed.get("analyzer") is None:
        raise _refused(f"Analyzer must be set for field [{name}] but wasn't.")


def _search_as_you_type(name: str, path: str, parsed: Body) -> None:
    if parsed["doc_values"]:
        raise _refused("Cannot set [doc_values] on field of type [search_as_you_type]")
    size = int(parsed["max_shingle_size"])
    if not 2 <= size <= 4:
        raise _refused(f"[max_shingle_size] must be at least [2] and at most [4], got [{size}]")


def _completion(name: str, path: str, parsed: Body) -> None:
    if int(parsed["max_input_length"]) <= 0:
        raise _illegal(f"[max_input_length] must be > 0 but was [{parsed['max_input_length']}]")
    for context in parsed.get("contexts", []):
        context["type"] = str(context.get("type")).upper()


_METRICS = ("min", "max", "sum", "value_count")


def _aggregate_metric(name: str, path: str, parsed: Body) -> None:
    metrics = parsed.get("metrics")
    if not metrics:
        raise _illegal(f"Property [metrics] is required for field [{name}].")
    for metric in metrics:
        if metric not in _METRICS:
            raise _illegal(f"Metric [{metric}] is not supported.")
    parsed["metrics"] = [m for m in _METRICS if m in metrics]
    if "default_metric" not in parsed:
        raise _illegal(f"Property [default_metric] is required for field [{name}].")
    if parsed["default_metric"] not in metrics:
        raise _illegal(
            f"Property [default_metric: {parsed['default_metric']}] is not a valid metric of field [{name}]."
        )


def _constant_keyword(name: str, path: str, parsed: Body) -> None:
    value = parsed.get("value")
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise _refused(f"Property [value] on field [{name}] must be a number or a string, but got [{value}]")
    parsed["value"] = str(value)


CHECKS: dict[str, Callable[[str, str, Body], None]] = {
    "scaled_float": _scaled_float,
    "geo_point": _geo_point,
    "token_count": _token_count,
    "search_as_you_type": _search_as_you_type,
    "completion": _completion,
    "aggregate_metric_double": _aggregate_metric,
    "constant_keyword": _constant_keyword,
}
