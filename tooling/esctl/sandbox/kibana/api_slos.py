"""`/api/observability/slos`: definitions of service level objectives. Nothing is rolled up: there are no values."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from starlette.responses import JSONResponse

from .bodies import Body, Key, checked, one_of
from .call import Call, Handler
from .errors import KibanaError, bad_request
from .kept import deleting, enabling, page_of
from .store import SavedObject, Store

TYPE = "slo"
SETTINGS = {"syncDelay": "1m", "frequency": "1m", "preventInitialBackfill": False}
REVISED_BY = ("indicator", "groupBy", "timeWindow", "objective", "budgetingMethod", "settings")
"""A change of one of these rolls everything up again."""

_TEXT = Key(required=True)


def _fraction(value: float) -> str | None:
    return None if 0 < value < 1 else "Invalid value: the target must be between 0 and 1, excluded"


INDICATORS: dict[str, tuple[str, ...]] = {
    "sli.kql.custom": ("index", "good", "total", "timestampField"),
    "sli.metric.custom": ("index", "good", "total", "timestampField"),
    "sli.metric.timeslice": ("index", "metric", "timestampField"),
    "sli.histogram.custom": ("index", "good", "total", "timestampField"),
    "sli.apm.transactionDuration": (
        "environment",
        "service",
        "transactionType",
        "transactionName",
        "threshold",
        "index",
    ),
    "sli.apm.transactionErrorRate": ("environment", "service", "transactionType", "transactionName", "index"),
    "sli.synthetics.availability": ("monitorIds", "index"),
}
"""What `params` of each indicator must hold."""
_OBJECTIVE = {
    "target": Key(float, required=True, test=_fraction),
    "timesliceTarget": Key(float, test=_fraction),
    "timesliceWindow": Key(),
}
_INDICATOR = {"type": Key(required=True, test=one_of(*INDICATORS)), "params": Key(dict, required=True)}
_TIME_WINDOW = {"duration": _TEXT, "type": Key(required=True, test=one_of("rolling", "calendarAligned"))}
_SETTINGS = {
    "syncDelay": Key(),
    "frequency": Key(),
    "preventInitialBackfill": Key(bool),
    "syncField": Key(nullable=True),
}
_BODY = {
    "name": _TEXT,
    "description": _TEXT,
    "indicator": Key(_INDICATOR, required=True),
    "timeWindow": Key(_TIME_WINDOW, required=True),
    "budgetingMethod": Key(required=True, test=one_of("occurrences", "timeslices")),
    "objective": Key(_OBJECTIVE, required=True),
    "settings": Key(_SETTINGS),
    "tags": Key(list, each=Key()),
    "artifacts": Key(dict),
}


def create(store: Store, body: Any, *, space: str) -> Body:
    """`POST /api/observability/slos`: the answer is its id."""
    given = _checked(body, {**_BODY, "id": Key()})
    id_ = given.pop("id", None) or str(uuid.uuid4())
    if not 8 <= len(id_) <= 48:
        raise bad_request(f"Invalid value '{id_}' supplied to: id: it has between 8 and 48 characters")
    with store.writing():
        if store.get(TYPE, id_):
            raise KibanaError(409, f"SLO [{id_}] already exists")
        made = {"groupBy": "*", "tags": [], **given, "settings": {**SETTINGS, **given.get("settings", {})}}
        attributes = {**made, "enabled": True, "revision": 1, "version": 2}
        store.put(SavedObject(type=TYPE, id=id_, attributes=attributes, space=space))
    return {"id": id_}


def update(store: Store, id_: str, body: Any, *, space: str) -> Body:
    """`PUT /api/observability/slos/{id}`: what is given replaces, what is left out stays."""
    given = _checked(body, {key: replace(value, required=False) for key, value in _BODY.items()})
    with store.writing():
        there = existing(store, id_, space)
        before = there.attributes
        after = {**before, **given, "settings": {**before["settings"], **given.get("settings", {})}}
        if any(before.get(key) != after.get(key) for key in REVISED_BY):
            after["revision"] = before["revision"] + 1
        return _shown(store.put(replace(there, attributes=after)))


def _checked(body: Any, keys: dict[str, Key]) -> Body:
    grouped = body.get("groupBy") if isinstance(body, dict) else None
    rest = {key: value for key, value in body.items() if key != "groupBy"} if isinstance(body, dict) else body
    given = checked(rest, keys)
    if isinstance(grouped, str | list):
        given["groupBy"] = grouped
    elif grouped is not None:
        raise bad_request("[request body.groupBy]: expected value of type [string]")
    indicator = given.get("indicator")
    if indicator:
        for key in INDICATORS[indicator["type"]]:
            if key not in indicator["params"]:
                raise bad_request(f"[request body.indicator.params.{key}]: expected value but got [undefined]")
    objective = given.get("objective", {})
    if given.get("budgetingMethod") == "timeslices" and "timesliceTarget" not in objective:
        raise bad_request("Invalid objective.timesliceTarget")
    return given


def existing(store: Store, id_: str, space: str) -> SavedObject:
    """Raises KibanaError (404) where the space has no such SLO."""
    saved = store.get(TYPE, id_, space=space)
    if not saved:
        raise KibanaError(404, f"SLO [{id_}] not found")
    return saved


def _shown(saved: SavedObject) -> Body:
    dates = {"createdAt": saved.created_at, "updatedAt": saved.updated_at}
    return {"id": saved.id, **saved.attributes, **dates, "createdBy": "sandbox", "updatedBy": "sandbox"}


def _definitions(call: Call) -> Body:
    refusal = "perPage limit set to 1000"
    return page_of(
        call, TYPE, _shown, noun="SLOs", listed="results", most=1000, refusal=refusal, size="perPage", default=100
    )


_PATH = "/api/observability/slos"

ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", _PATH + "/_definitions", _definitions),
    ("POST", _PATH, lambda c: JSONResponse(create(c.store, c.body, space=c.space))),
    ("GET", _PATH + "/{id}", lambda c: _shown(existing(c.store, c.id, c.space))),
    ("PUT", _PATH + "/{id}", lambda c: update(c.store, c.id, c.body, space=c.space)),
    ("POST", _PATH + "/{id}/enable", enabling(True, existing)),
    ("POST", _PATH + "/{id}/disable", enabling(False, existing)),
    ("DELETE", _PATH + "/{id}", deleting(TYPE, existing)),
)
