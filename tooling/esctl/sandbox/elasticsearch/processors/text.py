"""Processors of text: case, trim, gsub, split, join, html_strip, urldecode, bytes."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from ..mapping import Body
from .document import IngestDocument, ProcessorFailure, illegal
from .processor import FIELD, Action, Processor, refused, text_action, text_of
from .regular_expressions import UnreadableRegex, java_regex, java_replacement, java_split

if TYPE_CHECKING:
    from ..ingest import Runner


def _gsub(body: Body, extra: Body) -> Action:
    try:
        pattern = java_regex(body["pattern"])
    except UnreadableRegex as error:
        raise refused("pattern", f"Invalid regex pattern. {error}", extra) from None

    def change(text: str) -> str:
        try:
            return pattern.sub(java_replacement(body["replacement"]), text)
        except UnreadableRegex as error:
            raise illegal(str(error)) from None
        except (re.error, IndexError) as error:
            raise ProcessorFailure("index_out_of_bounds_exception", f"No group {str(error).split()[-1]}") from None

    return text_action(body, change)


def _split(body: Body, extra: Body) -> Action:
    def act(document: IngestDocument, runner: Runner) -> None:
        text = text_of(document, body, "cannot split.")
        if text is None:
            return
        try:
            parts = java_split(java_regex(body["separator"]), text, -1 if body.get("preserve_trailing") else 0)
        except UnreadableRegex as error:
            raise ProcessorFailure("pattern_syntax_exception", str(error)) from None
        document.set(str(body.get("target_field", body["field"])), parts)

    return act


def _join(body: Body, extra: Body) -> Action:
    def act(document: IngestDocument, runner: Runner) -> None:
        path = document.render(body["field"])
        items = document.get_as(path, list)
        if items is None:
            raise illegal(f"field [{path}] is null, cannot join.")
        document.set(str(body.get("target_field", path)), str(body["separator"]).join(map(_shown, items)))

    return act


def _shown(value: Any) -> str:
    """As Java prints it."""
    if value is None:
        raise ProcessorFailure("null_pointer_exception", 'Cannot invoke "Object.toString()" because "value" is null')
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}={'null' if v is None else _shown(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join("null" if v is None else _shown(v) for v in value) + "]"
    return str(value)


_INLINE = frozenset(
    "a abbr acronym b basefont bdo big cite code dfn em font i img input kbd label q s samp select small span strike"
    " strong sub sup textarea tt u var".split()
)
_MARKUP = re.compile(
    r"(?is)<!--.*?-->|<!\[CDATA\[.*?\]\]>|<(script|style)\b[^>]*>.*?</\1\s*>|<!?/?\s*([a-z][\w:-]*)[^>]*>|<\?.*?>"
)


def strip_html(text: str) -> str:
    """Tags away, a line break for those of blocks, entities as characters; text without tags stays as it is."""
    if "<" not in text or ">" not in text:
        return text

    def without(match: re.Match[str]) -> str:
        if match[1]:
            return "\n"
        return "\n" if match[2] and match[2].lower() not in _INLINE else ""

    return html.unescape(_MARKUP.sub(without, text)).replace("\xa0", " ")


def _decode(text: str) -> str:
    for place in (m.start() for m in re.finditer("%", text)):
        digits = text[place + 1 : place + 3]
        if len(digits) < 2:
            raise illegal("URLDecoder: Incomplete trailing escape (%) pattern")
        if not re.fullmatch(r"[0-9a-fA-F]{2}", digits):
            at = next(i for i, d in enumerate(digits) if d not in "0123456789abcdefABCDEF")
            raise illegal(
                f'URLDecoder: Illegal hex characters in escape (%) pattern - Error at index {at} in: "{digits}"'
            )
    return unquote_plus(text, errors="replace")


_SIZES = {"b": 0, "k": 1, "kb": 1, "m": 2, "mb": 2, "g": 3, "gb": 3, "t": 4, "tb": 4, "p": 5, "pb": 5}


def _bytes(text: str) -> int:
    found = re.fullmatch(r"(.*?)([a-z]+)", text.strip().lower(), re.DOTALL)
    if text.strip() in ("0", "-1"):
        return int(text)
    name = "failed to parse setting [Ingest Field] with value"
    if not found or found[2] not in _SIZES:
        raise ProcessorFailure(
            "parse_exception", f"{name} [{text}] as a size in bytes: unit is missing or unrecognized"
        )
    try:
        number = float(found[1].strip())
        if not math.isfinite(number):
            raise ValueError
    except ValueError:
        number_cause = {"type": "number_format_exception", "reason": f'For input string: "{found[1].strip()}"'}
        raise ProcessorFailure("parse_exception", f"failed to parse [{text}]", number_cause) from None
    return int(number * 1024 ** _SIZES[found[2]])


def _cased(change: Any) -> Processor:
    return Processor(lambda body, extra: text_action(body, change), ("field",), FIELD)


def _uri_parts(body: Body, extra: Body) -> Action:
    def act(document: IngestDocument, runner: Runner) -> None:
        text = document.get_as(body["field"], str, body.get("ignore_missing", False))
        if text is None:
            if body.get("ignore_missing"):
                return
            raise ProcessorFailure("null_pointer_exception", 'Cannot invoke "String.length()" because "s" is null')
        parts = uri_parts(text)
        if body.get("keep_original", True):
            parts["original"] = text
        target = body.get("target_field", "url")
        if body.get("remove_if_successful") and target != body["field"]:
            document.remove(body["field"])
        document.set(target, parts)

    return act


_URI = re.compile(r"(?:([a-zA-Z][\w+.-]*):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL)


def uri_parts(text: str) -> dict[str, Any]:
    """The parts of an address under the names of ECS; raises ProcessorFailure."""
    from urllib.parse import unquote

    found = _URI.fullmatch(text)
    scheme, authority, path, query, fragment = found.groups() if found else (None,) * 5
    if not found or not text or re.search(r'[\s<>"{}|\\^`]', text) or re.search(r"%(?![0-9a-fA-F]{2})", text):
        # What is no URI may still be an address of a protocol that Java knows; then nothing is decoded.
        if scheme not in ("http", "https", "ftp", "file", "jar"):
            raise illegal(f"unable to parse URI [{text}]")
        decode: Callable[[str], str] = str
    else:
        decode = unquote
    parts: dict[str, Any] = {"domain": None, "scheme": scheme}
    user, _, host = (authority or "").rpartition("@")
    port = re.fullmatch(r"(.*):(\d*)", host)
    if port and not (host.startswith("[") and not port[1].endswith("]")):
        host = port[1]
        if port[2]:
            parts["port"] = int(port[2])
    parts["domain"] = host or None
    if user:
        user = decode(user)
        parts["user_info"] = user
        if ":" in user:
            parts["username"], _, parts["password"] = user.partition(":")
    opaque = scheme is not None and authority is None and not (path or "").startswith("/")
    if not opaque:
        path = decode(path or "")
        parts["path"] = path
        last = path[path.rfind("/") :] if "/" in path else ""
        if "." in last:
            parts["extension"] = last[last.rfind(".") + 1 :]
        if query is not None:
            parts["query"] = decode(query)
    if fragment is not None:
        parts["fragment"] = decode(fragment)
    return parts


TEXT: dict[str, Processor] = {
    "lowercase": _cased(str.lower),
    "uppercase": _cased(str.upper),
    "trim": _cased(lambda text: text.strip("".join(map(chr, range(33))))),
    "html_strip": _cased(strip_html),
    "urldecode": _cased(_decode),
    "bytes": _cased(_bytes),
    "gsub": Processor(_gsub, ("field", "pattern", "replacement"), FIELD),
    "split": Processor(_split, ("field", "separator"), (*FIELD, "preserve_trailing")),
    "join": Processor(_join, ("field", "separator"), ("target_field",)),
    "uri_parts": Processor(_uri_parts, ("field",), (*FIELD, "keep_original", "remove_if_successful")),
}
