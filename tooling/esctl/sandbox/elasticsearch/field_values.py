"""Field values: one reader per type, from the JSON of a document to what the columns hold."""

from __future__ import annotations

import ipaddress
import math
import struct
from collections.abc import Callable
from typing import Any

from .dates import parse_date
from .errors import ElasticsearchError, illegal
from .field_types import FLOATS, INTEGERS
from .mapping import Field


def as_text(value: Any) -> str:
    """A JSON value as Java prints it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}={as_text(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(as_text(v) for v in value) + "]"
    return "null" if value is None else str(value)


def _keyword(known: Field, value: Any) -> str | None:
    if isinstance(value, dict):
        raise illegal("Expected text at 1:1 but found START_OBJECT")
    text = value if isinstance(value, str) else as_text(value)
    if known.body.get("normalizer") == "lowercase":
        text = text.lower()
    above = known.get("ignore_above")
    if len(text) > above:
        return None
    if len(text) > 8191 and len(text.encode()) > 32766:
        raise illegal(
            f'Document contains at least one immense term in field="{known.path}" (whose UTF8 encoding is longer than '
            "the max length 32766), all of which were skipped."
        )
    return text


def _text(known: Field, value: Any) -> str:
    if isinstance(value, dict):
        raise illegal("Expected text at 1:1 but found START_OBJECT")
    return value if isinstance(value, str) else as_text(value)


def _not_numeric(value: Any) -> ElasticsearchError:
    if isinstance(value, dict):
        return illegal("Cannot parse object as number")
    token = "VALUE_TRUE" if value else "VALUE_FALSE"
    reason = f"Current token ({token}) not numeric, can not use numeric value accessors"
    return ElasticsearchError(
        "x_content_parse_exception", reason, cause={"type": "json_parse_exception", "reason": reason}
    )


def _number_text(known: Field, value: str) -> float | int:
    if not known.get("coerce"):
        raise illegal(f"{known.type.capitalize()} value passed as String")
    try:
        return int(value)
    except ValueError:
        try:
            return float(value)
        except ValueError:
            raise ElasticsearchError(
                "number_format_exception", f'For input string: "{value}"' if value else "empty String"
            ) from None


def _integer(known: Field, value: Any) -> int | None:
    if isinstance(value, (bool, dict)):
        raise _not_numeric(value)
    if isinstance(value, str):
        if value == "" and known.get("coerce"):
            return None
        number = _number_text(known, value)
    else:
        number = value
    if isinstance(number, float):
        if not math.isfinite(number):
            raise illegal(f"[{known.type}] supports only finite values, but got [{value}]")
        if number != int(number) and not known.get("coerce"):
            raise illegal(f"{value} cannot be converted to {known.type.capitalize()} without data loss")
        number = int(number)
    bits = INTEGERS[known.type]
    if not -(1 << bits) <= number < 1 << bits:
        if bits in (7, 15, 63) or isinstance(value, str):
            kind = {7: "a byte", 15: "a short", 31: "an integer", 63: "a long"}[bits]
            raise illegal(f"Value [{value}] is out of range for {kind}")
        reason = f"Numeric value ({value}) out of range of int (-2147483648 - 2147483647)"
        raise ElasticsearchError(
            "x_content_parse_exception", reason, cause={"type": "input_coercion_exception", "reason": reason}
        )
    return number


def _float(known: Field, value: Any) -> float | None:
    if isinstance(value, (bool, dict)):
        raise _not_numeric(value)
    if isinstance(value, str) and value == "" and known.get("coerce"):
        return None
    number = float(_number_text(known, value) if isinstance(value, str) else value)
    if known.type == "scaled_float" and math.isfinite(number):
        return scaled(known, number)
    if known.type != "double" and math.isfinite(number):
        try:
            number = struct.unpack(
                "f" if known.type == "float" else "e", struct.pack("f" if known.type == "float" else "e", number)
            )[0]
        except (OverflowError, struct.error):
            number = math.inf
    if not math.isfinite(number):
        shown = float(value) if known.type == "half_float" else "Infinity" if number > 0 else value
        raise illegal(f"[{known.type}] supports only finite values, but got [{shown}]")
    return number


def scaled(known: Field, number: float) -> float:
    """A number as a scaled_float keeps it: rounded to a multiple of 1 / scaling_factor."""
    factor = float(known.body["scaling_factor"])
    return math.floor(number * factor + 0.5) / factor


def _boolean(known: Field, value: Any) -> int | None:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str):
        if value == "":
            return 0
        if value in ("true", "false"):
            return int(value == "true")
        raise illegal(f"Failed to parse value [{value}] as only [true] or [false] are allowed.")
    token = (
        "VALUE_NUMBER_INT"
        if isinstance(value, int)
        else "VALUE_NUMBER_FLOAT"
        if isinstance(value, float)
        else "START_OBJECT"
    )
    reason = f"Current token ({token}) not of boolean type"
    raise ElasticsearchError(
        "x_content_parse_exception", reason, cause={"type": "json_parse_exception", "reason": reason}
    )


def _date(known: Field, value: Any) -> int:
    if isinstance(value, dict):
        raise illegal("Expected text at 1:1 but found START_OBJECT")
    return parse_date(as_text(value), str(known.get("format")))


def _ip(known: Field, value: Any) -> str:
    return ip_key(str(value))


def ip_key(text: str) -> str:
    """An address as 32 hex digits of its IPv6 form, which sorts as Elasticsearch sorts addresses."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise illegal(f"'{text}' is not an IP string literal.") from None
    number = int(address) | (0xFFFF << 32) if address.version == 4 else int(address)
    return f"{number:032x}"


def ip_text(key: str) -> str:
    number = int(key, 16)
    if number >> 32 == 0xFFFF:
        return str(ipaddress.IPv4Address(number & 0xFFFFFFFF))
    return str(ipaddress.IPv6Address(number))


def _binary(known: Field, value: Any) -> None:
    if not isinstance(value, str):
        raise illegal("Expected text")
    return None


def _rank_feature(known: Field, value: Any) -> float:
    """Kept with 9 bits of mantissa, as Lucene's feature field does (the low 15 bits of the float are dropped)."""
    if isinstance(value, (bool, dict)):
        raise _not_numeric(value)
    number = float(_number_text(Field(known.path, "float", {}), value) if isinstance(value, str) else value)
    if not math.isfinite(number) or number < 1.17549435e-38:
        raise illegal(
            f"featureValue must be a positive normal float, got: {number} for feature {known.path} on field _feature "
            "which is less than the minimum positive normal float: 1.17549435E-38"
        )
    if not known.get("positive_score_impact"):
        number = 1 / number
    bits = struct.unpack("<I", struct.pack("<f", number))[0] >> 15 << 15
    return float(struct.unpack("<f", struct.pack("<I", bits))[0])


READERS: dict[str, Callable[[Field, Any], Any]] = {
    "keyword": _keyword,
    "text": _text,
    **dict.fromkeys(INTEGERS, _integer),
    **dict.fromkeys(FLOATS, _float),
    "boolean": _boolean,
    "date": _date,
    "ip": _ip,
    "binary": _binary,
    "rank_feature": _rank_feature,
}
