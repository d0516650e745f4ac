"""`/api/maintenance_window`: windows in which rules send nothing. Their status is told by the clock."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from .bodies import Body, Key, checked
from .call import Call, Handler
from .errors import object_not_found
from .kept import deleting, page_of, put_with
from .store import SavedObject, Store

TYPE = "maintenance-window"
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def _duration(value: str) -> str | None:
    return None if re.fullmatch(r"-1|[1-9]\d*[smhd]", value) else f"Invalid schedule duration format: {value}"


def _every(value: str) -> str | None:
    return None if re.fullmatch(r"[1-9]\d*[dwMy]", value) else f"Invalid schedule frequency format: {value}"


def _date(value: str) -> str | None:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return f"Invalid schedule start date: {value}"
    return None if value.endswith("Z") else f"Invalid schedule start date: {value}"


_RECURRING = {
    "every": Key(test=_every),
    "end": Key(test=_date),
    "occurrences": Key(int),
    "onWeekDay": Key(list, each=Key()),
    "onMonthDay": Key(list, each=Key(int)),
    "onMonth": Key(list, each=Key(int)),
}
_SCHEDULE = {
    "start": Key(required=True, test=_date),
    "duration": Key(required=True, test=_duration),
    "timezone": Key(),
    "recurring": Key(_RECURRING),
}
_QUERY = {"query": Key({"kql": Key(required=True)}, required=True)}
_BODY = {
    "title": Key(required=True),
    "schedule": Key({"custom": Key(_SCHEDULE, required=True)}, required=True),
    "enabled": Key(bool),
    "scope": Key({"alerting": Key(_QUERY, required=True)}),
}


def create(store: Store, body: Any, *, space: str) -> Body:
    """`POST /api/maintenance_window`: the id is Kibana's choice."""
    given = {"enabled": True, **checked(body, _BODY)}
    return _shown(store.put(SavedObject(type=TYPE, id=str(uuid.uuid4()), attributes=given, space=space)))


def update(store: Store, id_: str, body: Any, *, space: str) -> Body:
    """`PATCH /api/maintenance_window/{id}`: what is left out stays."""
    given = checked(body, {key: replace(value, required=False) for key, value in _BODY.items()})
    with store.writing():
        there = existing(store, id_, space)
        return _shown(store.put(replace(there, attributes={**there.attributes, **given})))


def existing(store: Store, id_: str, space: str) -> SavedObject:
    """Raises KibanaError (404) where the space has no such window."""
    saved = store.get(TYPE, id_, space=space)
    if not saved:
        raise object_not_found(TYPE, id_)
    return saved


def _shown(saved: SavedObject) -> Body:
    dates = {"created_at": saved.created_at, "updated_at": saved.updated_at}
    people = {"created_by": "sandbox", "updated_by": "sandbox"}
    return {"id": saved.id, **saved.attributes, **dates, **people, "status": _status(saved.attributes)}


def _status(attributes: Body) -> str:
    if attributes.get("archived"):
        return "archived"
    if not attributes["enabled"]:
        return "disabled"
    schedule = attributes["schedule"]["custom"]
    start, now = datetime.fromisoformat(schedule["start"]), datetime.now(UTC)
    if now < start:
        return "upcoming"
    length = schedule["duration"]
    seconds = int(length[:-1]) * _UNITS[length[-1]] if length != "-1" else 10**9
    if now < start + timedelta(seconds=seconds):
        return "running"
    return "upcoming" if "recurring" in schedule else "finished"


def _find(call: Call) -> Body:
    refusal = "[request query.per_page]: Value must be equal to or lower than [100]."
    noun = "maintenance windows"
    return page_of(call, TYPE, _shown, noun=noun, listed="maintenanceWindows", most=100, refusal=refusal)


def _find_before(call: Call) -> Body:
    """The list that 8.x has, of another form: only id and title are the same."""
    found = call.store.of_types([TYPE], call.space)
    shown = [{"id": one.id, "title": one.attributes["title"], "enabled": one.attributes["enabled"]} for one in found]
    return {"page": 1, "per_page": 1000, "total": len(found), "data": shown}


def _archiving(archived: bool) -> Handler:
    return lambda call: _shown(put_with(call, existing, archived=archived))


_PATH = "/api/maintenance_window"

ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("POST", _PATH, lambda c: create(c.store, c.body, space=c.space)),
    ("GET", _PATH + "/{id}", lambda c: _shown(existing(c.store, c.id, c.space))),
    ("PATCH", _PATH + "/{id}", lambda c: update(c.store, c.id, c.body, space=c.space)),
    ("POST", _PATH + "/{id}/_archive", _archiving(True)),
    ("POST", _PATH + "/{id}/_unarchive", _archiving(False)),
    ("DELETE", _PATH + "/{id}", deleting(TYPE, existing)),
)
LISTED = (("GET", _PATH + "/_find", _find),)
"""From 9.2 on."""
LISTED_BEFORE = (("GET", "/internal/alerting/rules/maintenance_window/_find", _find_before),)
"""In 8.x, where what is internal is open to all."""
