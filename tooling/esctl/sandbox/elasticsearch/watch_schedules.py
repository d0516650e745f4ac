"""When watches run: schedules as Watcher parses and prints them."""

from __future__ import annotations

import re
from typing import Any

from .errors import illegal
from .mapping import Body
from .role_bodies import parse_failure

DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
MONTHS = ("january february march april may june july august september october november december").split()
_UNITS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def parse_trigger(id: str, trigger: Body) -> Body:
    """The trigger as it is printed; raises ElasticsearchError."""
    kind, body = next(iter(trigger.items()), ("", {}))
    if kind != "schedule" or not isinstance(body, dict):
        raise parse_failure(f"could not parse trigger [{kind}] for [{id}]. unknown trigger type [{kind}]")
    zone = {"timezone": body["timezone"]} if "timezone" in body else {}
    types = {name: value for name, value in body.items() if name != "timezone"}
    if not types:
        raise parse_failure("could not parse schedule. expected a schedule type field, but no fields were found")
    name, value = next(iter(types.items()))
    if name == "interval":
        printed: Any = _interval(value)
    elif name == "cron":
        printed = value[0] if isinstance(value, list) and len(value) == 1 else value
        for cron in as_list(value):
            if not 6 <= len(str(cron).split()) <= 7:
                raise parse_failure(
                    "could not parse [cron] schedule",
                    cause=illegal(f"invalid cron expression [{cron}]"),
                )
    elif name == "hourly":
        printed = {"minute": [_number(minute, "minute", 59) for minute in as_list(value.get("minute", 0))]}
    elif name == "daily":
        printed = {"at": [_time(time) for time in as_list(value.get("at", "midnight"))]}
    elif name in ("weekly", "monthly", "yearly"):
        printed = [_times(name, item) for item in as_list(value)]
    else:
        raise parse_failure(f"could not parse schedule for [{id}]. unknown schedule type [{name}]")
    return {"schedule": {**zone, name: printed}}


def _interval(value: Any) -> str:
    text = f"{value}s" if isinstance(value, int) else str(value)
    match = re.fullmatch(r"(-?\d+)([smhdw])", text)
    if not match:
        reason = f"could not parse [interval] schedule. unrecognized interval format [{value}]"
        raise parse_failure(f"could not parse schedule: {reason}", cause=illegal(reason))
    if int(match[1]) * _UNITS[match[2]] < 1000:
        reason = f"interval can't be lower than 1000 ms, but [{text}] was specified"
        raise parse_failure(f"could not parse schedule: {reason}", cause=illegal(reason))
    return text


def _number(value: Any, what: str, most: int) -> int:
    if not str(value).isdigit() or int(value) > most:
        possible = f" (possible values may be between 0 and {most} incl.)" if str(value).lstrip("-").isdigit() else ""
        raise parse_failure(f"invalid time {what} value [{value}]{possible}")
    return int(value)


def _time(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            "hour": [_number(hour, "hour", 23) for hour in as_list(value.get("hour", 0))],
            "minute": [_number(minute, "minute", 59) for minute in as_list(value.get("minute", 0))],
        }
    if value not in ("noon", "midnight") and not re.fullmatch(r"\d{1,2}:\d\d", str(value)):
        raise parse_failure(f"could not parse time [{value}]. time format must be in the form of hh:mm")
    return value


def _times(kind: str, item: Body) -> Body:
    found: Body = {}
    if kind == "yearly":
        months = [str(month).lower() for month in as_list(item.get("in", item.get("month", "january")))]
        found["in"] = [next((m for m in MONTHS if m.startswith(month[:3])), month) for month in months]
    days = item.get("on", item.get("day", "monday" if kind == "weekly" else 1))
    found["on"] = [_weekday(day) if kind == "weekly" else _monthday(day) for day in as_list(days)]
    # A set of times: no order is promised, and this is one that differs from what was written.
    times = [_time(time) for time in as_list(item.get("at", item.get("time", {"hour": 0, "minute": 0})))]
    found["at"] = sorted(times, key=str, reverse=True)
    return found


def _weekday(day: Any) -> str:
    text = str(day).lower()
    if text.isdigit() and 1 <= int(text) <= 7:
        return DAYS[int(text) - 1]
    found = [name for name in DAYS if name == text or name[:3] == text]
    if not found:
        raise parse_failure(f"unknown day of week value [{day}]")
    return found[0]


def _monthday(day: Any) -> int:
    named = {"first_day": 1, "last_day": 32}.get(str(day).lower())
    if named:
        return named
    if not str(day).isdigit():
        raise parse_failure(f"invalid month day value [{day}]")
    return int(day)
