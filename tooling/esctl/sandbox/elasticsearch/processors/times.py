"""Processors of time: date, date_index_name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..dates import date_math, format_date, now_ms, parse_date, zone
from ..errors import ElasticsearchError
from ..mapping import Body
from .document import IngestDocument, illegal
from .processor import Action, Processor, unsupported

if TYPE_CHECKING:
    from datetime import tzinfo

    from ..ingest import Runner

_NAMED = {"ISO8601": "strict_date_optional_time", "UNIX": "epoch_second", "UNIX_MS": "epoch_millis"}
_TAI_BEFORE_UTC = 10_000
"""Milliseconds: TAI64N labels are ten seconds ahead, as Elasticsearch reads them."""


def _check_locale(body: Body, extra: Body) -> None:
    if str(body.get("locale", "ENGLISH")).upper() not in ("ENGLISH", "EN", "ROOT", "EN-US", "EN-GB"):
        raise unsupported(f"[locale: {body['locale']}] of processors", extra)


def _read(text: str, formats: list[str], tz: tzinfo) -> int:
    """Milliseconds; the formats are tried in turn. Raises ProcessorFailure."""
    first: Body | None = None
    for name in formats:
        if name == "TAI64N":
            if re.fullmatch(r"@?[0-9a-fA-F]{24}", text):
                return _tai(text.lstrip("@"))
            continue
        try:
            return parse_date(text, _NAMED.get(name, name), tz=tz)
        except ElasticsearchError as error:
            first = first or error.item()
    raise illegal(f"unable to parse date [{text}]", first)


def _tai(text: str) -> int:
    seconds, nanos = int(text[1:16], 16), int(text[16:], 16)
    return seconds * 1000 - _TAI_BEFORE_UTC + nanos // 1_000_000


def _date(body: Body, extra: Body) -> Action:
    _check_locale(body, extra)

    def act(document: IngestDocument, runner: Runner) -> None:
        value = document.get(document.render(body["field"]))
        tz = zone(document.render(body.get("timezone", "UTC")))
        ms = _read(str(value), body["formats"], tz)
        out = body.get("output_format", "yyyy-MM-dd'T'HH:mm:ss.SSSXXX")
        document.set(str(body.get("target_field", "@timestamp")), format_date(ms, out, tz))

    return act


def _date_index_name(body: Body, extra: Body) -> Action:
    _check_locale(body, extra)
    timezone = body.get("timezone", "UTC")
    tz = zone(timezone)
    formats = body.get("date_formats") or ["yyyy-MM-dd'T'HH:mm:ss.SSSXX"]

    def act(document: IngestDocument, runner: Runner) -> None:
        value: Any = document.get(body["field"])
        ms = _read(str(value), formats, tz)
        prefix, rounding, names = (
            document.render(body.get(key, default))
            for key, default in (("index_name_prefix", ""), ("date_rounding", ""), ("index_name_format", "yyyy-MM-dd"))
        )
        document.ctx["_index"] = f"<{prefix}{{{format_date(ms, names, tz)}||/{rounding}{{{names}|{timezone}}}}}>"

    return act


_DATE_MATH = re.compile(r"<([^{}<>]*)\{([^{}]+)\{([^{}|]+)(?:\|([^{}]+))?\}\}([^{}<>]*)>")


def resolved_index(name: str) -> str:
    """`<logs-{2024-03-15||/M{yyyy-MM-dd|UTC}}>` → `logs-2024-03-01`; any other name as it is."""
    found = _DATE_MATH.fullmatch(name)
    if not found:
        return name
    prefix, math, names, timezone, suffix = found.groups()
    tz = zone(timezone)
    return prefix + format_date(date_math(math, names, now=now_ms(), tz=tz), names, tz) + suffix


TIMES: dict[str, Processor] = {
    "date": Processor(_date, ("field", "formats"), ("target_field", "timezone", "locale", "output_format")),
    "date_index_name": Processor(
        _date_index_name,
        ("field", "date_rounding"),
        ("date_formats", "index_name_prefix", "index_name_format", "timezone", "locale"),
    ),
}
