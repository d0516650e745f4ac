"""Processors that read a value as another: convert, json, fingerprint."""

from __future__ import annotations

import base64
import hashlib
import re
import struct
from typing import TYPE_CHECKING, Any

import orjson

from ..errors import ElasticsearchError
from ..field_values import ip_key
from ..mapping import Body
from .document import ABSENT, IngestDocument, ProcessorFailure, illegal
from .processor import FIELD, Action, Processor, refused, unsupported, value_of

if TYPE_CHECKING:
    from ..ingest import Runner


def _json(body: Body, extra: Body) -> Action:
    if body.get("add_to_root") and "target_field" in body:
        raise refused("target_field", "Cannot set a target field while also setting `add_to_root` to true", extra)
    strategy = body.get("add_to_root_conflict_strategy", "replace")
    if strategy not in ("replace", "merge"):
        raise refused(
            "add_to_root_conflict_strategy",
            f"conflict strategy [{strategy}] not supported, cannot convert field.",
            extra,
        )
    if body.get("allow_duplicate_keys") or body.get("strict_json_parsing") is False:
        raise unsupported("[allow_duplicate_keys] and [strict_json_parsing: false] of the json processor", extra)

    def act(document: IngestDocument, runner: Runner) -> None:
        parsed = _parsed(document.get(body["field"]))
        if not body.get("add_to_root"):
            document.set(str(body.get("target_field", body["field"])), parsed)
        elif not isinstance(parsed, dict):
            raise illegal("cannot add non-map fields to root of document")
        elif strategy == "merge":
            _merge(document.ctx, parsed)
        else:
            document.ctx.update(parsed)

    return act


def _parsed(value: Any) -> Any:
    if isinstance(value, dict):
        text = "{" + ", ".join(f"{k}={v}" for k, v in value.items()) + "}"
    elif isinstance(value, str):
        text = value
    else:
        return value
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        # Elasticsearch's parser (Jackson) has words of its own for each fault; where it stands is what both say.
        raise illegal(
            error.msg, {"type": "x_content_parse_exception", "reason": f"[{error.lineno}:{error.colno}] {error.msg}"}
        ) from None


def _merge(into: Body, new: Body) -> None:
    for name, value in new.items():
        if isinstance(value, dict) and isinstance(into.get(name), dict):
            _merge(into[name], value)
        else:
            into[name] = value


_KINDS = ("integer", "long", "float", "double", "string", "boolean", "ip", "auto")


def _convert(body: Body, extra: Body) -> Action:
    kind = body["type"]
    if str(kind).lower() not in _KINDS:
        raise refused("type", f"type [{kind}] not supported, cannot convert field.", extra)

    def act(document: IngestDocument, runner: Runner) -> None:
        value = value_of(document, body)
        if value is ABSENT:
            return
        document.set(
            str(body.get("target_field", body["field"])),
            [_converted(v, kind.lower()) for v in value]
            if isinstance(value, list)
            else _converted(value, kind.lower()),
        )

    return act


def _converted(value: Any, kind: str) -> Any:
    text = ("true" if value else "false") if isinstance(value, bool) else str(value)
    if kind == "string":
        return text
    if kind == "boolean":
        if text.lower() in ("true", "false"):
            return text.lower() == "true"
        raise illegal(f"[{text}] is not a boolean value, cannot convert to boolean")
    if kind == "ip":
        try:
            ip_key(text)
        except ElasticsearchError as error:
            raise ProcessorFailure.of(error) from None
        return text
    if kind == "auto":
        return _automatic(value)
    try:
        if kind in ("integer", "long"):
            number = int(text, 16) if re.match(r"[+-]?0[xX]", text) else int(text)
            bits = 31 if kind == "integer" else 63
            if not -(1 << bits) <= number < 1 << bits:
                raise ValueError
            return number
        return short_float(float(text)) if kind == "float" else float(text)
    except ValueError:
        raise illegal(
            f"unable to convert [{text}] to {kind}",
            {"type": "number_format_exception", "reason": f'For input string: "{text}"'},
        ) from None


def short_float(number: float) -> float:
    """A float32 in its shortest form."""
    import numpy as np

    return float(str(np.float32(number)))


def _automatic(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if value.lower() in ("true", "false"):
        return value.lower() == "true"
    for read in (int, float):
        try:
            return read(value)
        except ValueError:
            continue
    return value


_METHODS = {"MD5": hashlib.md5, "SHA-1": hashlib.sha1, "SHA-256": hashlib.sha256, "SHA-512": hashlib.sha512}


def _fingerprint(body: Body, extra: Body) -> Action:
    if not body["fields"]:
        raise refused("fields", "must specify at least one field", extra)
    method = body.get("method", "SHA-1")
    if method == "MurmurHash3":
        raise unsupported("the fingerprint method [MurmurHash3]", extra)
    if method not in _METHODS:
        raise refused(
            "method",
            f"[{method}] must be one of the supported hash methods [MD5,SHA-1,SHA-256,SHA-512,MurmurHash3]",
            extra,
        )
    fields = sorted(body["fields"])
    salt = body.get("salt", "")

    def act(document: IngestDocument, runner: Runner) -> None:
        hasher = _METHODS[method](usedforsecurity=False)
        hasher.update(salt.encode() if salt.strip() else b"")
        values = []
        for field in reversed(fields):
            value = document.found(field)
            if value is None:
                if body.get("ignore_missing"):
                    continue
                raise illegal(f"missing field [{field}] when calculating fingerprint")
            values.append(value)
        for value in reversed(values):
            for piece in _pieces(value):
                hasher.update(b"\0" + piece)
        if values:
            document.set(str(body.get("target_field", "fingerprint")), base64.b64encode(hasher.digest()).decode())

    return act


def _pieces(value: Any) -> list[bytes]:
    """What of a value goes into the hash, each after a zero byte: keys in order, values as Java's bytes of them."""
    if isinstance(value, list):
        return [piece for item in value for piece in _pieces(item)]
    if isinstance(value, dict):
        return [piece for key in sorted(value) for piece in (key.encode(), *_pieces(value[key]))]
    if isinstance(value, bool):
        return [b"\1" if value else b"\2"]
    if isinstance(value, int):
        return [struct.pack("<i" if -(1 << 31) <= value < 1 << 31 else "<q", value)]
    if isinstance(value, float):
        return [struct.pack("<d", value)]
    return [b"" if value is None else str(value).encode()]


VALUES: dict[str, Processor] = {
    "json": Processor(
        _json,
        ("field",),
        (
            "target_field",
            "add_to_root",
            "add_to_root_conflict_strategy",
            "allow_duplicate_keys",
            "strict_json_parsing",
        ),
    ),
    "convert": Processor(_convert, ("field", "type"), FIELD),
    "fingerprint": Processor(_fingerprint, ("fields",), ("target_field", "salt", "method", "ignore_missing")),
}
