"""Dates as Elasticsearch reads and prints them: formats, date math, rounding. Inside: milliseconds since 1970, UTC."""

from __future__ import annotations

import re
import time
from calendar import monthrange
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .errors import ElasticsearchError, illegal

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ISO = re.compile(
    r"(?P<y>[+-]?\d{4,9})(?:-(?P<M>\d\d)(?:-(?P<d>\d\d))?)?"
    r"(?:T(?:(?P<H>\d\d)(?::(?P<m>\d\d)(?::(?P<s>\d\d)(?:[.,](?P<S>\d{1,9}))?)?)?)?(?P<z>Z|[+-]\d\d(?::?\d\d)?)?)?"
)
_NAMED = {
    "strict_date": "yyyy-MM-dd",
    "date": "yyyy-MM-dd",
    "basic_date": "yyyyMMdd",
    "year_month_day": "yyyy-MM-dd",
    "strict_year_month_day": "yyyy-MM-dd",
    "year_month": "yyyy-MM",
    "strict_year_month": "yyyy-MM",
    "year": "yyyy",
    "strict_year": "yyyy",
    "hour": "HH",
    "hour_minute": "HH:mm",
    "hour_minute_second": "HH:mm:ss",
    "date_hour_minute_second": "yyyy-MM-dd'T'HH:mm:ss",
    "strict_date_hour_minute_second": "yyyy-MM-dd'T'HH:mm:ss",
    "date_time_no_millis": "yyyy-MM-dd'T'HH:mm:ssXXX",
    "strict_date_time_no_millis": "yyyy-MM-dd'T'HH:mm:ssXXX",
    "basic_date_time": "yyyyMMdd'T'HHmmss.SSSX",
    "basic_date_time_no_millis": "yyyyMMdd'T'HHmmssX",
    "date_time": "yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
    "strict_date_time": "yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
}
_OPTIONAL = {"strict_date_optional_time", "date_optional_time", "strict_date_optional_time_nanos", "iso8601"}
_LETTERS = {
    "y": "y",
    "u": "y",
    "M": "M",
    "d": "d",
    "H": "H",
    "m": "m",
    "s": "s",
    "S": "S",
    "X": "z",
    "Z": "z",
    "x": "z",
    "z": "z",
    "h": "h",
    "a": "a",
}
_MONTHS = "January February March April May June July August September October November December".split()
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_UNITS_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "H": 3_600_000, "d": 86_400_000, "w": 604_800_000}


def now_ms() -> int:
    return int(time.time() * 1000)


def iso(ms: int, zone: tzinfo = UTC) -> str:
    """`2024-01-31T12:00:00.000Z`, as a date's `key_as_string` and every timestamp of an answer."""
    moment = _moment(ms, zone)
    text = moment.strftime(f"{moment.year:04d}-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}"
    return text + (_offset(moment) if zone is not UTC else "Z")


def _moment(ms: int, zone: tzinfo = UTC) -> datetime:
    return (_EPOCH + timedelta(milliseconds=ms)).astimezone(zone)


def _offset(moment: datetime) -> str:
    seconds = int((moment.utcoffset() or timedelta()).total_seconds())
    if not seconds:
        return "Z"
    sign = "+" if seconds > 0 else "-"
    return f"{sign}{abs(seconds) // 3600:02d}:{abs(seconds) % 3600 // 60:02d}"


def zone(name: str | None) -> tzinfo:
    """`UTC`, `+01:00`, `Europe/Berlin`."""
    if name in (None, "UTC", "Z", "utc", "GMT"):
        return UTC
    match = re.fullmatch(r"([+-])(\d\d?):?(\d\d)?", str(name))
    if match:
        minutes = int(match[2]) * 60 + int(match[3] or 0)
        return timezone(timedelta(minutes=minutes if match[1] == "+" else -minutes))
    try:
        return ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise illegal(f"Unknown time-zone ID: {name}") from None


@lru_cache(maxsize=128)
def _pattern(java: str) -> tuple[re.Pattern[str], tuple[tuple[str, int | str], ...]]:
    """A java.time pattern as a regular expression and as parts for printing; raises ElasticsearchError."""
    source, i = "", 0
    parts: list[tuple[str, int | str]] = []
    while i < len(java):
        letter = java[i]
        if letter == "'":
            end = java.index("'", i + 1) if "'" in java[i + 1 :] else len(java)
            text = java[i + 1 : end] or "'"
            source += re.escape(text)
            parts.append(("", text))
            i = end + 1
            continue
        run = len(java[i:]) - len(java[i:].lstrip(letter))
        if letter in _LETTERS:
            group = _LETTERS[letter]
            if group == "z":
                source += r"(?P<z>Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)" if letter == "z" else r"(?P<z>Z|[+-]\d\d(?::?\d\d)?)"
            elif group == "M" and run in (3, 4):
                source += f"(?P<M>{'|'.join(m[:3] if run == 3 else m for m in _MONTHS)})"
            elif group == "a":
                source += "(?P<a>AM|PM)"
            elif f"(?P<{group}>" in source or (group == "M" and run > 4):
                raise illegal(f"the esctl sandbox does not implement the date format [{java}]")
            elif group == "S":
                source += rf"(?P<S>\d{{1,{max(run, 1)}}})"
            else:
                source += rf"(?P<{group}>\d{{{run}}})" if run > 1 else rf"(?P<{group}>\d+)"
            parts.append((letter, run))
        elif letter == "E" and run <= 4:
            source += f"(?:{'|'.join(d[:3] if run < 4 else d for d in _DAYS)})"
            parts.append((letter, run))
        elif letter.isalpha():
            raise illegal(f"the esctl sandbox does not implement the date format [{java}]")
        else:
            source += re.escape(letter * run)
            parts.append(("", letter * run))
        i += run
    return re.compile(source), tuple(parts)


def check_format(names: str, field: str) -> None:
    """Refuses a format that cannot be read."""
    for name in names.split("||"):
        if name in _OPTIONAL or name in _NAMED or name in ("epoch_millis", "epoch_second"):
            continue
        _pattern(name)


def parse_date(text: object, names: str, *, round_up: bool = False, tz: tzinfo = UTC) -> int:
    """Milliseconds; `round_up` fills missing parts with their last value. Raises ElasticsearchError."""
    for name in names.split("||"):
        found = _parse_one(str(text), name, round_up, tz)
        if found is not None:
            return found
    cause: dict[str, object] = {
        "type": "date_time_parse_exception",
        "reason": "Failed to parse with all enclosed parsers",
    }
    if "||" not in names:
        cause["reason"] = f"Text '{text}' could not be parsed at index 0"
    raise illegal(f"failed to parse date field [{text}] with format [{names}]", cause=cause)


def _parse_one(text: str, name: str, round_up: bool, tz: tzinfo) -> int | None:
    if name in ("epoch_millis", "epoch_second"):
        if not re.fullmatch(r"-?\d{1,19}(\.\d+)?", text):
            return None
        if name == "epoch_second":
            return int(float(text) * 1000) if "." in text else int(text) * 1000
        return int(text.split(".")[0])
    expression = _ISO if name in _OPTIONAL else _pattern(_NAMED.get(name, name))[0]
    match = expression.fullmatch(text)
    if not match:
        return None
    parts: dict[str, Any] = match.groupdict()
    year = int(parts.get("y") or 1970)
    default = (12, 0, 23, 59, 59, 999) if round_up else (1, 1, 0, 0, 0, 0)
    if (parts.get("M") or "").isalpha():
        parts["M"] = str(next(n for n, name in enumerate(_MONTHS, 1) if name.startswith(parts["M"])))
    if parts.get("h"):
        parts["H"] = str(int(parts["h"]) % 12 + (12 if parts.get("a") == "PM" else 0))
    month = int(parts.get("M") or default[0])
    if not 1 <= month <= 12 or not 1 <= year <= 9999:
        return None
    day = int(parts.get("d") or (monthrange(year, month)[1] if round_up else 1))
    fraction = parts.get("S")
    millis = int(fraction[:3].ljust(3, "0")) if fraction else default[5]
    hour, minute, second = (int(parts[k]) if parts.get(k) else default[i] for i, k in ((2, "H"), (3, "m"), (4, "s")))
    extra = timedelta(days=1) if hour == 24 else timedelta()
    try:
        moment = datetime(year, month, day, 0 if hour == 24 else hour, minute, second, millis * 1000, tzinfo=tz)
    except ValueError:
        return None
    if parts.get("z"):
        moment = moment.replace(tzinfo=zone(parts["z"]))
    return (moment + extra - _EPOCH) // timedelta(milliseconds=1)


def format_date(ms: int, names: str, tz: tzinfo = UTC) -> str:
    """Printed in the first of the formats."""
    name = names.split("||")[0]
    if name == "epoch_millis":
        return str(ms)
    if name == "epoch_second":
        return str(ms // 1000)
    if name in _OPTIONAL:
        return iso(ms, tz)
    moment, out = _moment(ms, tz), ""
    for letter, run in _pattern(_NAMED.get(name, name))[1]:
        if not letter:
            out += str(run)
        elif letter in "yu":
            out += f"{moment.year:0{run}d}" if run != 2 else f"{moment.year % 100:02d}"
        elif letter == "S":
            out += f"{moment.microsecond:06d}".ljust(9, "0")[: int(run)]
        elif letter == "M" and int(run) > 2:
            out += _MONTHS[moment.month - 1][: 3 if run == 3 else None]
        elif letter == "E":
            out += _DAYS[moment.weekday()][: 3 if int(run) < 4 else None]
        elif letter == "a":
            out += "AM" if moment.hour < 12 else "PM"
        elif letter == "h":
            out += f"{(moment.hour - 1) % 12 + 1:0{run}d}"
        elif letter in "XZxz":
            out += _offset(moment)
        else:
            value = {"M": moment.month, "d": moment.day, "H": moment.hour, "m": moment.minute, "s": moment.second}[
                letter
            ]
            out += f"{value:0{run}d}"
    return out


_STEP = re.compile(r"([+\-/])(\d*)([yMwdhHms])")


def date_math(text: object, names: str, *, now: int, round_up: bool = False, tz: tzinfo = UTC) -> int:
    """`now-1d/d`, `2024-01-01||+1M`, or a plain date; raises ElasticsearchError."""
    expression = str(text)
    if expression.startswith("now"):
        value, rest = now, expression[3:]
    elif "||" in expression:
        start, _, rest = expression.partition("||")
        value = parse_date(start, names, tz=tz)
    else:
        return parse_date(expression, names, round_up=round_up, tz=tz)
    position = 0
    while position < len(rest):
        step = _STEP.match(rest, position)
        if not step:
            raise ElasticsearchError("parse_exception", f"failed to parse date field [{text}] with format [{names}]")
        position = step.end()
        if step[1] == "/":
            value = round_date(value, step[3], tz, up=round_up)
        else:
            amount = int(step[2] or 1) * (1 if step[1] == "+" else -1)
            value = add(value, amount, step[3], tz)
    return value


def add(ms: int, amount: int, unit: str, tz: tzinfo = UTC) -> int:
    if unit in _UNITS_MS:
        return ms + amount * _UNITS_MS[unit]
    moment = _moment(ms, tz)
    months = moment.year * 12 + moment.month - 1 + amount * (12 if unit == "y" else 3 if unit == "q" else 1)
    year, month = divmod(months, 12)
    day = min(moment.day, monthrange(year, month + 1)[1])
    return (moment.replace(year=year, month=month + 1, day=day) - _EPOCH) // timedelta(milliseconds=1)


def round_date(ms: int, unit: str, tz: tzinfo = UTC, *, up: bool = False) -> int:
    """The start of the unit that holds `ms`; `up`: its last millisecond."""
    moment = _moment(ms, tz).replace(microsecond=0)
    if unit in "ymdwqMhH":
        moment = moment.replace(second=0)
    if unit in "yMwdqhH":
        moment = moment.replace(minute=0)
    if unit in "yMwdq":
        moment = moment.replace(hour=0)
    if unit in "yMq":
        moment = moment.replace(day=1)
    if unit == "w":
        moment -= timedelta(days=moment.weekday())
    if unit == "y":
        moment = moment.replace(month=1)
    if unit == "q":
        moment = moment.replace(month=(moment.month - 1) // 3 * 3 + 1)
    start = (moment - _EPOCH) // timedelta(milliseconds=1)
    return add(start, 1, unit, tz) - 1 if up else start


def duration_ms(text: object, name: str) -> int:
    """`30s`, `90m`, `1d` in milliseconds; raises ElasticsearchError."""
    match = re.fullmatch(r"(-?\d+)(nanos|micros|ms|s|m|h|d)", str(text))
    if not match:
        raise illegal(
            f"failed to parse setting [{name}] with value [{text}] as a time value: unit is missing or unrecognized"
        )
    return 0 if match[2] in ("nanos", "micros") else int(match[1]) * _UNITS_MS[match[2]]
