"""Calendars of planned events, during which anomaly jobs neither learn nor report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from orjson import OPT_SORT_KEYS, dumps

from ..errors import Problem
from ..model import Address, Body, Capabilities, Live, Request, Resource, Sender
from .base import Context, Reference
from .ml_filter import LICENCE, paged
from .ml_times import moment, told
from .normalise import drop, drop_if
from .rest import RestKind

_GIVEN = ("event_id", "calendar_id", "start_time_string", "end_time_string")
"""What servers add to an event."""
_DEFAULTS = {"skip_result": True, "skip_model_update": True, "force_time_shift": None}


@dataclass(frozen=True)
class CalendarKind(RestKind):
    """One document with its events and its jobs; each of them is added and taken away by itself.

    There is no request that changes a description: for that the calendar, which holds nothing else, is made anew.
    """

    def check(self, resource: Resource) -> Iterable[Problem]:
        yield from super().check(resource)
        events = resource.spec.get("events")
        for position, event in enumerate(events if isinstance(events, list) else ()):
            if not isinstance(event, dict):
                continue
            start, end = (moment(event.get(key)) for key in ("start_time", "end_time"))
            for key, found in (("start_time", start), ("end_time", end)):
                if key in event and found is None:
                    place = resource.at("spec", "events", position, key)
                    hint = "for example 2026-12-24T00:00:00Z"
                    yield Problem(f'{key} "{event[key]}" is no moment', place, hint, rule="wrong-type")
            if start is not None and end is not None and start >= end:
                place = resource.at("spec", "events", position, "end_time")
                yield Problem("the event ends before it begins", place, rule="wrong-type")

    def references(self, resource: Resource) -> Iterator[Reference]:
        """Jobs; softly, for a name may be a group's."""
        names = resource.spec.get("job_ids")
        for position, name in enumerate(names if isinstance(names, list) else [names]):
            if isinstance(name, str):
                path = ("spec", "job_ids", position)
                yield Reference(Address("ml-anomaly-job", name), path, soft=True)

    def everything(self, sender: Sender, capabilities: Capabilities) -> dict[Address, Live]:
        found: dict[Address, Live] = {}
        for body in paged(sender, self.listing, "calendars"):
            address = Address(self.name, body["calendar_id"])
            found[address] = Live(address, {**body, "events": []})
        for event in paged(sender, "/_ml/calendars/_all/events", "events") if found else ():
            live = found.get(Address(self.name, event["calendar_id"]))
            if live is not None:
                live.body["events"].append(event)
        return found

    def normalise(self, body: Body, capabilities: Capabilities) -> Body:
        body = super().normalise(body, capabilities)
        jobs = body.get("job_ids")
        if isinstance(jobs, str):
            body["job_ids"] = jobs = [jobs]
        if isinstance(jobs, list):
            body["job_ids"] = sorted({str(job) for job in jobs})
        if isinstance(body.get("events"), list):
            body["events"] = sorted((_event(event) for event in body["events"]), key=_order)
        for key in ("job_ids", "events"):
            body = drop_if((key,), [], None)(body, capabilities)
        return body

    def write(self, address: Address, body: Body, live: Live | None, context: Context) -> tuple[Request, ...]:
        after = self.normalise(body, context.capabilities)
        if live is None:
            return tuple(self._made(address, after))
        before = self.normalise(live.body, context.capabilities)
        old, new = set(before.get("job_ids", ())), set(after.get("job_ids", ()))
        if before.get("description") != after.get("description") or "_all" in old ^ new:
            return (*self.delete(address, context), *self._made(address, after))
        return tuple(self._changed(address, after, live.body, old, new))

    def _made(self, address: Address, body: Body) -> Iterator[Request]:
        head = {key: value for key, value in body.items() if key != "events"}
        yield Request("elasticsearch", "PUT", self._path(address), body=head)
        if body.get("events"):
            yield self._events(address, body["events"])

    def _changed(self, address: Address, body: Body, live: Body, old: set[str], new: set[str]) -> Iterator[Request]:
        path = self._path(address)
        left = [_identity(event) for event in body.get("events", ())]
        going = []
        for event in live.get("events", ()):
            if (identity := _identity(event)) in left:
                left.remove(identity)
            else:
                going.append(event["event_id"])
        if new - old:
            yield Request("elasticsearch", "PUT", f"{path}/jobs/{_names(new - old)}")
        if left:
            coming = []
            for event in body["events"]:
                if _identity(event) in left:
                    left.remove(_identity(event))
                    coming.append(event)
            yield self._events(address, coming)
        for event_id in going:
            yield Request("elasticsearch", "DELETE", f"{path}/events/{quote(event_id, safe='')}")
        if old - new:
            yield Request("elasticsearch", "DELETE", f"{path}/jobs/{_names(old - new)}")

    def _events(self, address: Address, events: list[Body]) -> Request:
        return Request("elasticsearch", "POST", f"{self._path(address)}/events", body={"events": events})

    def ours(self, live: Body, wanted: Body, last: Body | None) -> bool:
        """What a run that was cut off leaves: nothing that neither side has, and all that both have."""
        if last is None or live.get("description") not in (wanted.get("description"), last.get("description")):
            return False
        for key in ("job_ids", "events"):
            here, there, before = (_set(side.get(key)) for side in (live, wanted, last))
            if not (there & before <= here <= there | before):
                return False
        return True

    def written(self, live: Live, capabilities: Capabilities) -> Body:
        return self.normalise(live.body, capabilities)


def _event(event: Any) -> Any:
    if not isinstance(event, dict):
        return event
    kept = {key: value for key, value in event.items() if key not in _GIVEN}
    for key in ("start_time", "end_time"):
        if key in kept:
            kept[key] = told(kept[key])
    return {key: value for key, value in kept.items() if key not in _DEFAULTS or value is not _DEFAULTS[key]}


def _identity(event: Any) -> bytes:
    return dumps(_event(event), option=OPT_SORT_KEYS)


def _order(event: Any) -> tuple[str, bytes]:
    start = event.get("start_time") if isinstance(event, dict) else None
    return str(start), _identity(event)


def _set(value: Any) -> set[bytes]:
    return {dumps(item, option=OPT_SORT_KEYS) for item in value or ()}


def _names(names: Iterable[str]) -> str:
    return quote(",".join(sorted(names)), safe=",")


ML_CALENDAR = CalendarKind(
    name="ml-calendar",
    stage=64,
    path="/_ml/calendars/{id}",
    listing="/_ml/calendars",
    items=lambda answer: (),
    about="Planned events (a release, a holiday) during which the anomaly jobs in `job_ids` neither learn nor report;"
    " its `events` and its jobs belong to the document.",
    api="PUT /_ml/calendars/{calendar_id}",
    rules=(drop(("calendar_id",), ("type",)), drop_if(("description",), "", None)),
    needs=LICENCE,
)
