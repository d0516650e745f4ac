"""Conditions on one value in SQL, in the field's own type: equal, between, like; `{}` stands for the value's column."""

from __future__ import annotations

import ipaddress
import re
import struct
from typing import Any

from .dates import date_math, zone
from .errors import ElasticsearchError, illegal
from .field_types import FLOATS, INTEGERS
from .field_values import ip_key, scaled
from .mapping import Body, Field
from .searcher import Part, query_failure, quoted


def wildcard_regex(text: str) -> str:
    out, i = "", 0
    while i < len(text):
        if text[i] == "\\" and i + 1 < len(text):
            out, i = out + re.escape(text[i + 1]), i + 2
            continue
        out += ".*" if text[i] == "*" else "." if text[i] == "?" else re.escape(text[i])
        i += 1
    return out


def value_table(part: Part, known: Field, suffix: str = "#terms") -> tuple[str | None, str]:
    if known.type == "text":
        return part.columns.tables.get(known.path + suffix), "term"
    return part.columns.tables.get(known.path), "value"


def numeric(part: Part, known: Field, value: Any) -> float | int:
    try:
        if isinstance(value, bool):
            raise ValueError
        number = float(value) if not isinstance(value, int) else value
    except (TypeError, ValueError):
        shown = str(value).lower() if isinstance(value, bool) else value
        cause = ElasticsearchError("number_format_exception", f'For input string: "{shown}"')
        raise query_failure(part, f"failed to create query: {cause.reason}", cause) from None
    if known.type in INTEGERS and isinstance(number, float) and number == int(number):
        return int(number)
    if known.type in ("float", "half_float"):
        code = "f" if known.type == "float" else "e"
        return float(struct.unpack(code, struct.pack(code, number))[0])
    return number


def equals(part: Part, known: Field, value: Any, case_insensitive: bool) -> str | None:
    """`{} = value` in the field's own type; None where nothing can match."""
    if known.type in ("keyword", "text", "flattened"):
        text = str(value).lower() if isinstance(value, bool) else str(value)
        if known.body.get("normalizer") == "lowercase":
            text = text.lower()
        return f"lower({{}}) = {quoted(text.lower())}" if case_insensitive else f"{{}} = {quoted(text)}"
    if known.type == "ip":
        return _ip_equals(part, str(value))
    if known.type == "boolean":
        if value in (True, False, "true", "false", ""):
            return f"{{}} = {1 if value in (True, 'true') else 0}"
        cause = illegal(f"Can't parse boolean value [{value}], expected [true] or [false]")
        raise query_failure(part, f"failed to create query: {cause.reason}", cause)
    if known.type == "date":
        low, high = (_date(part, known, value, {}, 0, up) for up in (False, True))
        return f"{{}} BETWEEN {low} AND {high}"
    if known.type in INTEGERS or known.type in FLOATS:
        number = numeric(part, known, value)
        if known.type in INTEGERS and isinstance(number, float):
            return None
        return f"{{}} = {quoted(scaled(known, number) if known.type == 'scaled_float' else number)}"
    raise query_failure(
        part, f"failed to create query: Field [{known.path}] of type [{known.type}] does not support term queries"
    )


def _ip_equals(part: Part, text: str) -> str:
    try:
        if "/" in text:
            network = ipaddress.ip_network(text, strict=False)
            return f"{{}} BETWEEN {quoted(ip_key(str(network[0])))} AND {quoted(ip_key(str(network[-1])))}"
        return f"{{}} = {quoted(ip_key(text))}"
    except (ValueError, ElasticsearchError):
        cause = illegal(f"'{text}' is not an IP string literal.")
        raise query_failure(part, f"failed to create query: {cause.reason}", cause) from None


def _date(part: Part, known: Field, value: Any, options: Body, now: int, up: bool) -> int:
    names = str(options.get("format") or known.get("format"))
    try:
        return date_math(value, names, now=now, round_up=up, tz=zone(options.get("time_zone")))
    except ElasticsearchError as error:
        raise ElasticsearchError(
            "parse_exception",
            f"failed to parse date field [{value}] with format [{names}]: [{error.reason}]",
            cause=error,
        ) from None


def bound(part: Part, known: Field, op: str, value: Any, options: Body, now: int) -> str:
    sign = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}[op]
    if known.type == "date":
        return f"{{}} {sign} {_date(part, known, value, options, now, op in ('gt', 'lte'))}"
    if known.type == "ip":
        return f"{{}} {sign} {quoted(ip_key(str(value)))}"
    if known.type in ("keyword", "text", "flattened"):
        return f"{{}} {sign} {quoted(value)}"
    if known.type == "boolean":
        return f"{{}} {sign} {1 if value in (True, 'true') else 0}"
    if known.type in INTEGERS or known.type in FLOATS:
        return f"{{}} {sign} {quoted(numeric(part, known, value))}"
    raise query_failure(
        part, f"failed to create query: Field [{known.path}] of type [{known.type}] does not support range queries"
    )
