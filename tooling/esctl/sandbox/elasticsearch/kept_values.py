"""Values of the field types that the sandbox keeps and does not search: checked as the server checks them.

What is right is counted by `exists` and stays in `_source`; what is wrong is refused with the server's reason.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import Any

from .dates import parse_date
from .errors import ElasticsearchError, illegal
from .field_values import as_text, ip_key
from .mapping import Field

_GEOHASH = "0123456789bcdefghjkmnpqrstuvwxyz"
_POINT = re.compile(r"(?i)POINT\s*Z?\s*\(\s*(-?[\d.]+)\s+(-?[\d.]+)(?:\s+-?[\d.]+)?\s*\)")


def _parse_exception(reason: str) -> ElasticsearchError:
    return ElasticsearchError("parse_exception", reason)


def _point(known: Field, value: Any) -> None:
    lat, lon = _coordinates(value)
    if known.get("ignore_malformed"):
        return
    if not -90 <= lat <= 90:
        raise illegal(f"illegal latitude value [{lat}] for {known.path}")
    if not -180 <= lon <= 180:
        raise illegal(f"illegal longitude value [{lon}] for {known.path}")


def _coordinates(value: Any) -> tuple[float, float]:
    if isinstance(value, list):
        numbers = [float(v) for v in value if isinstance(v, (int, float)) and not isinstance(v, bool)]
        if len(numbers) != len(value) or not 2 <= len(numbers) <= 3:
            raise _parse_exception("[geo_point] field type does not accept more than 3 values")
        return numbers[1], numbers[0]
    if isinstance(value, dict):
        return _of_object(value)
    if not isinstance(value, str):
        raise _parse_exception("geo_point expected")
    if "," in value:
        parts = value.split(",")
        names = ("latitude", "longitude")
        if len(parts) > 3:
            raise _parse_exception(f"failed to parse [{value}], expected 2 or 3 coordinates but found: [{len(parts)}]")
        found = []
        for name, part in zip(names, parts, strict=False):
            try:
                found.append(float(part))
            except ValueError:
                raise _parse_exception(f"{name} must be a number") from None
        return found[0], found[1]
    point = _POINT.fullmatch(value.strip())
    if point:
        return float(point[2]), float(point[1])
    for letter in value:
        if letter.lower() not in _GEOHASH:
            reason = f"unsupported symbol [{letter}] in geohash [{value}]"
            error = _parse_exception(reason)
            error.cause = {"type": "illegal_argument_exception", "reason": reason}
            raise error
    return 0.0, 0.0


def _of_object(value: dict[str, Any]) -> tuple[float, float]:
    for name in value:
        if name not in ("lon", "lat", "z", "type", "coordinates", "geohash"):
            raise _parse_exception(f"field [{name}] not supported - must be one of: lon, lat, z, type, coordinates")
    if "geohash" in value:
        return _coordinates(str(value["geohash"]))
    if "coordinates" in value:
        return _coordinates(value["coordinates"])
    found = []
    for name, long in (("lat", "latitude"), ("lon", "longitude")):
        if name not in value:
            raise _parse_exception(f"Required [{name}]")
        try:
            found.append(float(value[name]))
        except (TypeError, ValueError):
            raise _parse_exception(f"[{long}] must be a valid double value") from None
    return found[0], found[1]


_SHAPES = frozenset(
    "point linestring polygon multipoint multilinestring multipolygon geometrycollection envelope circle".split()
)


def _shape(known: Field, value: Any) -> None:
    if isinstance(value, str):
        found = re.match(r"\s*([A-Za-z]+)", value)
        if not found or found[1].lower().replace("bbox", "envelope") not in _SHAPES:
            raise illegal(f"Unknown geometry type: {found[1].lower() if found else value}")
    elif not isinstance(value, dict):
        raise _parse_exception("shape must be an object consisting of type and coordinates")
    elif "type" not in value:
        raise _parse_exception("Required [type]")
    elif str(value["type"]).lower() not in _SHAPES:
        raise illegal(f"unknown geometry type: {value['type']}")
    elif "coordinates" not in value and "geometries" not in value:
        raise _parse_exception("shape's coordinates are missing")


def _range(known: Field, value: Any) -> None:
    kind = known.type.removesuffix("_range")
    if not isinstance(value, dict):
        if kind == "ip" and isinstance(value, str):
            if not re.fullmatch(r"[0-9a-fA-F:.]+/\d+", value):
                raise illegal(f"Expected [ip/prefix] but was [{value}]")
            return
        raise _wrong(f"error parsing field [{known.path}], expected an object but got {known.path.split('.')[-1]}")
    bounds: dict[str, float] = {}
    for name, bound in value.items():
        if name not in ("gt", "gte", "lt", "lte"):
            raise _Shown(as_text(bound), _wrong(f"error parsing field [{known.path}], with unknown parameter [{name}]"))
        if bound is None:
            continue
        try:
            number = _bound(known, kind, bound)
        except ElasticsearchError as error:
            raise _Shown(as_text(bound), error) from None
        if number is not None:
            step = 1 if kind in ("integer", "long", "date") else 0
            bounds[name[:2]] = number + (step if name == "gt" else -step if name == "lt" else 0)
    if len(bounds) == 2 and bounds["gt"] > bounds["lt"]:
        raise _Shown("null", illegal(f"min value ({bounds['gt']}) is greater than max value ({bounds['lt']})"))


def _bound(known: Field, kind: str, bound: Any) -> float | None:
    if kind == "ip":
        ip_key(str(bound))
        return None
    if kind == "date":
        names = str(known.get("format"))
        try:
            return parse_date(as_text(bound), names)
        except ElasticsearchError as error:
            raise ElasticsearchError(
                "parse_exception",
                f"failed to parse date field [{bound}] with format [{names}]: [{error.reason}]",
                cause=error,
            ) from None
    try:
        number = float(bound) if not isinstance(bound, int) else bound
    except (TypeError, ValueError):
        raise ElasticsearchError("number_format_exception", f'For input string: "{bound}"') from None
    return int(number) if kind in ("integer", "long") else number


class _Shown(Exception):
    """A failure of a part of the value, which is what the error shows."""

    def __init__(self, shown: str, error: ElasticsearchError) -> None:
        super().__init__(error.reason)
        self.shown, self.error = shown, error


def _wrong(reason: str) -> ElasticsearchError:
    return ElasticsearchError("document_parsing_exception", f"[1:1] {reason}")


def _nanos(known: Field, value: Any) -> None:
    if isinstance(value, dict):
        raise illegal("Cannot parse object or array as a date value")
    parse_date(as_text(value), str(known.get("format")))


def _text(known: Field, value: Any) -> None:
    if isinstance(value, dict):
        raise illegal("Expected text at 1:1 but found START_OBJECT")


def _constant(known: Field, value: Any) -> None:
    wanted = known.body.get("value")
    if wanted is not None and as_text(value) != wanted:
        raise illegal(
            f"[constant_keyword] field [{known.path}] only accepts values that are equal to the value defined in the"
            f" mappings [{wanted}], but got [{as_text(value)}]"
        )


def _unsigned(known: Field, value: Any) -> None:
    try:
        number = int(value) if not isinstance(value, float) else value
    except (TypeError, ValueError):
        raise ElasticsearchError("number_format_exception", f'For input string: "{as_text(value)}"') from None
    if isinstance(value, bool) or not 0 <= number < 1 << 64:
        raise illegal(f"Value [{as_text(value)}] is out of range for unsigned long")


def _completion(known: Field, value: Any) -> None:
    if isinstance(value, str):
        return
    if not isinstance(value, dict):
        token = "VALUE_BOOLEAN" if isinstance(value, bool) else "VALUE_NUMBER"
        reason = f"failed to parse [{known.path}]: expected text or object, but got {token}"
        raise ElasticsearchError("parsing_exception", reason, line=1, col=1)
    for name in value:
        if name not in ("input", "weight", "contexts"):
            raise illegal(f"unknown field name [{name}], must be one of [input, weight, contexts]")
    weight = value.get("weight")
    if weight is not None and not 0 <= float(weight) <= 2147483647:
        raise illegal(f"weight must be in the interval [0..2147483647], but was [{weight}]")


def _features(known: Field, value: Any) -> None:
    kind = known.type
    if not isinstance(value, dict):
        token = {str: "VALUE_STRING", bool: "VALUE_BOOLEAN"}.get(type(value), "VALUE_NUMBER")
        raise illegal(f"[{kind}] fields must be json objects, expected a START_OBJECT but got: {token}")
    for name, weight in value.items():
        try:
            number = float(weight)
        except (TypeError, ValueError):
            raise ElasticsearchError("number_format_exception", f'For input string: "{as_text(weight)}"') from None
        if not math.isfinite(number) or number < 1.1754944e-38:
            raise illegal(
                f"featureValue must be a positive normal float, got: {number} for feature {name} on field {known.path}"
                " which is less than the minimum positive normal float: 1.1754944E-38"
            )


def _histogram(known: Field, value: Any) -> None:
    if not isinstance(value, dict) or not {"values", "counts"} <= value.keys():
        missing = "values" if not isinstance(value, dict) or "values" not in value else "counts"
        raise illegal(f"error parsing field [{known.path}], expected field called [{missing}]")
    if len(value["values"]) != len(value["counts"]):
        raise illegal(
            f"error parsing field [{known.path}], expected same length from [values] and [counts] but got"
            f" [{len(value['values'])} != {len(value['counts'])}]"
        )


def _metric(known: Field, value: Any) -> None:
    if not isinstance(value, dict):
        raise illegal(f"Failed to parse object: expecting token of type [START_OBJECT] but found [{as_text(value)}]")
    for name in known.body.get("metrics", []):
        if name not in value:
            raise illegal(f"Aggregate metric field [{known.path}] must contain all metrics {known.body['metrics']}")


def _join(known: Field, value: Any) -> None:
    name = value.get("name") if isinstance(value, dict) else value
    relations = known.body.get("relations", {})
    children = [c for v in relations.values() for c in (v if isinstance(v, list) else [v])]
    if name not in relations and name not in children:
        raise illegal(f"unknown join name [{name}] for field [{known.path}]")
    if name in children and (not isinstance(value, dict) or "parent" not in value):
        raise illegal(f"[parent] is missing for join field [{known.path}]")


def _stored_query(known: Field, value: Any) -> None:
    if not isinstance(value, dict):
        raise illegal("query malformed, must start with start_object")


_CHECKS: dict[str, Callable[[Field, Any], None]] = {
    "geo_point": _point,
    "geo_shape": _shape,
    **dict.fromkeys(("integer_range", "long_range", "float_range", "double_range", "ip_range", "date_range"), _range),
    "date_nanos": _nanos,
    **dict.fromkeys(
        ("wildcard", "match_only_text", "search_as_you_type", "version", "token_count", "semantic_text"), _text
    ),
    "constant_keyword": _constant,
    "unsigned_long": _unsigned,
    "completion": _completion,
    **dict.fromkeys(("rank_features", "sparse_vector"), _features),
    "histogram": _histogram,
    "aggregate_metric_double": _metric,
    "join": _join,
    "percolator": _stored_query,
}
_SHORT = frozenset({"geo_point", "geo_shape"})
_LONG = frozenset(
    "integer_range long_range float_range double_range ip_range date_range date_nanos wildcard match_only_text"
    " search_as_you_type version token_count constant_keyword unsigned_long join".split()
)
"""How the server wraps the reason: with the field and its type, also with the document and the value, or bare."""


def items(known: Field, value: Any) -> Iterator[Any]:
    """The single values of a field: an array of numbers is one point."""
    if not isinstance(value, list):
        yield value
    elif known.type == "geo_point" and value and not isinstance(value[0], (list, dict, str)):
        yield value
    else:
        for item in value:
            yield from items(known, item)


def check(known: Field, value: Any) -> tuple[str, str, ElasticsearchError] | None:
    """None where the value is right; else (how it is wrapped: short, long, bare; the value to show; the reason)."""
    try:
        _CHECKS[known.type](known, value)
    except _Shown as failure:
        return "long", failure.shown, failure.error
    except ElasticsearchError as error:
        of_array = known.type == "geo_point" and isinstance(value, list)
        wrap = "bare" if of_array else "short" if known.type in _SHORT else "long" if known.type in _LONG else "bare"
        return wrap, as_text(value), error
    return None
