"""Service level objectives: what counts as good, over which time, and how much of it is promised."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from ..errors import Problem
from ..model import Address, Body, Capabilities, Consequence, Live, Request, Resource, Sender
from .base import Context, Cost, Needs, Reference
from .chart_references import index_names
from .kibana_api import ANYTHING, FLAG, NAME, NUMBER, TEXT, TEXTS, ApiKind, Found, closed, lacking
from .normalise import copy, get
from .saved_objects import in_space

PATH = "/api/observability/slos"
PAGE = 1000
KEYS = (
    "name", "description", "indicator", "timeWindow", "budgetingMethod", "objective", "settings", "groupBy", "tags",
    "artifacts",
)  # fmt: skip
REVISED_BY = ("indicator", "groupBy", "timeWindow", "objective", "budgetingMethod", "settings")
"""Kibana rolls everything up again where one of these changes (`update_slo.ts`)."""
SETTINGS = {"syncDelay": "1m", "frequency": "1m", "preventInitialBackfill": False}
UNGROUPED = "*"
_COUNTED = ("index", "timestampField", "good", "total")
_TRANSACTION = ("index", "environment", "service", "transactionType", "transactionName")
INDICATORS = {
    "sli.kql.custom": _COUNTED,
    "sli.metric.custom": _COUNTED,
    "sli.metric.timeslice": ("index", "timestampField", "metric"),
    "sli.histogram.custom": _COUNTED,
    "sli.apm.transactionDuration": (*_TRANSACTION, "threshold"),
    "sli.apm.transactionErrorRate": _TRANSACTION,
    "sli.synthetics.availability": ("index", "monitorIds"),
}
"""What the params of each must hold (`kbn-slo-schema`, `indicators.ts`)."""

_FRACTION = NUMBER
_LENGTH = {"type": "string", "pattern": "^[1-9][0-9]*[smhdwM]$"}
_FORM = {
    "body": closed(
        ("name", "indicator", "timeWindow", "budgetingMethod", "objective"),
        name=NAME,
        description=TEXT,
        indicator=closed(("type", "params"), type={"enum": list(INDICATORS)}, params=ANYTHING),
        timeWindow=closed(("duration", "type"), duration=_LENGTH, type={"enum": ["rolling", "calendarAligned"]}),
        budgetingMethod={"enum": ["occurrences", "timeslices"]},
        objective=closed(("target",), target=_FRACTION, timesliceTarget=_FRACTION, timesliceWindow=_LENGTH),
        settings=closed(syncDelay=_LENGTH, frequency=_LENGTH, preventInitialBackfill=FLAG, syncField=TEXT),
        groupBy={"anyOf": [TEXT, TEXTS]},
        tags=TEXTS,
        artifacts=ANYTHING,
        enabled=FLAG,
    )
}


@dataclass(frozen=True)
class SloKind(ApiKind):
    """Made by POST, changed by PUT, switched on and off by requests of their own."""

    def check(self, resource: Resource) -> Iterator[Problem]:
        yield from super().check(resource)
        spec, id_ = resource.spec, resource.address.id
        if not 8 <= len(id_) <= 36:
            message = f'"{id_}" has {len(id_)} characters: the id of an SLO has 8 to 36'
            yield Problem(message, resource.at("id"), rule="bad-name")
        indicator = spec.get("indicator")
        if isinstance(indicator, dict) and indicator.get("type") in INDICATORS:
            yield from lacking(resource, ("indicator", "params"), INDICATORS[indicator["type"]], indicator["type"])
        objective = spec.get("objective")
        for key in ("target", "timesliceTarget"):
            share = get(objective, (key,))
            if isinstance(share, int | float) and not isinstance(share, bool) and not 0 < share < 1:
                hint = f"write {key}: {share / 100:g}" if 1 < share < 100 else "for example 0.99"
                message = f"{key} {share:g} is not a share between 0 and 1"
                yield Problem(message, resource.at("spec", "objective", key), hint, rule="out-of-range")
        if spec.get("budgetingMethod") == "timeslices" and isinstance(objective, dict):
            for key in ("timesliceTarget", "timesliceWindow"):
                if key not in objective:
                    message = f'an objective of timeslices needs "{key}"'
                    yield Problem(message, resource.at("spec", "objective"), rule="missing-key")

    def references(self, resource: Resource) -> Iterator[Reference]:
        params = get(resource.spec, ("indicator", "params")) or {}
        for name in index_names(params.get("index")) if isinstance(params, dict) else ():
            yield Reference(Address("index", name), ("spec", "indicator", "params", "index"), soft=True)
        view = params.get("dataViewId") if isinstance(params, dict) else None
        if isinstance(view, str):
            path = ("spec", "indicator", "params", "dataViewId")
            yield Reference(Address("data-view", view, resource.address.space), path)

    def listed(self, sender: Sender, space: str, wanted: Collection[str] | None, capabilities: Capabilities) -> Found:
        found = self.pages(sender, f"{PATH}/_definitions", space, "results", ("perPage", PAGE))
        return ((one["id"], one) for one in found)

    def normalise(self, body: Body, capabilities: Capabilities) -> Body:
        found: Body = {key: copy(body[key]) for key in KEYS if body.get(key) is not None}
        found["enabled"] = body.get("enabled", True) is not False
        settings = found.get("settings") if isinstance(found.get("settings"), dict) else {}
        kept = {key: value for key, value in (settings or {}).items() if value is not None}
        found["settings"] = {key: value for key, value in kept.items() if SETTINGS.get(key) != value}
        grouped = found.get("groupBy", UNGROUPED)
        if isinstance(grouped, list) and len(grouped) == 1:
            grouped = found["groupBy"] = grouped[0]
        for key, nothing in (
            ("groupBy", UNGROUPED),
            ("groupBy", []),
            ("tags", []),
            ("settings", {}),
            ("description", ""),
        ):
            if found.get(key) == nothing:
                del found[key]
        artifacts = found.get("artifacts")
        if isinstance(artifacts, dict) and not any(artifacts.values()):
            del found["artifacts"]
        return found

    def written(self, live: Live, capabilities: Capabilities) -> Body:
        body = self.normalise(live.body, capabilities)
        if body["enabled"]:
            del body["enabled"]
        return body

    def write(self, address: Address, body: Body, live: Live | None, context: Context) -> tuple[Request, ...]:
        # What an update leaves out stays as it was: everything is said.
        whole = {"description": "", "tags": [], "groupBy": UNGROUPED, **{key: body[key] for key in KEYS if key in body}}
        whole["settings"] = {**SETTINGS, **(body.get("settings") or {})}
        after = self.normalise(body, context.capabilities)
        if live is None:
            made = Request("kibana", "POST", in_space(address.space, PATH), body={"id": address.id, **whole})
            return (made,) if after["enabled"] else (made, self.request("POST", address, "/disable"))
        before = self.normalise(live.body, context.capabilities)
        requests = []
        if any(before.get(key) != after.get(key) for key in KEYS):
            if "artifacts" in before and "artifacts" not in whole:
                whole["artifacts"] = {"dashboards": []}
            requests.append(self.request("PUT", address, body=whole))
        if before["enabled"] != after["enabled"]:
            requests.append(self.request("POST", address, "/enable" if after["enabled"] else "/disable"))
        return tuple(requests)

    def cost(self, before: Body | None, after: Body | None, capabilities: Capabilities) -> Cost:
        if after is None:
            return Cost(Consequence.IRREVERSIBLE, "what was rolled up of it goes with it")
        if before is not None and any(before.get(key) != after.get(key) for key in REVISED_BY):
            return Cost(Consequence.RESTART, "its transforms are made anew, and everything is rolled up again")
        return Cost(Consequence.INSTANT)

    def in_words(self, before: Body, after: Body) -> Sequence[str]:
        if before.get("enabled") == after.get("enabled"):
            return []
        return ["switched on" if after.get("enabled") else "switched off: nothing is rolled up any more"]


SLO = SloKind(
    name="slo",
    stage=64,
    about="A service level objective of Kibana: what counts as good, over which time, and the share that is promised.",
    api="POST /api/observability/slos",
    path=PATH,
    form=_FORM,
    needs=Needs(licence="platinum"),
)
