"""Data frame analytics: outlier detection, regression, classification; run once, into an index of results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ..errors import Problem, ServerError
from ..model import Address, Body, Capabilities, Consequence, Live, Request, Resource, Sender
from .base import Context, Cost, Reference
from .chart_references import index_names
from .differences import differences, same
from .ml_datafeed import query
from .ml_filter import LICENCE, paged
from .ml_job_form import FAILED, STARTED, STOPPED, megabytes
from .normalise import as_list, copy, drop, drop_if, get
from .rest import RestKind

ANALYSES = ("outlier_detection", "regression", "classification")
UPDATED: Body = {
    "description": "",
    "model_memory_limit": "1gb",
    "allow_lazy_start": False,
    "max_num_threads": 1,
}
"""What `_update` takes (ml.update_data_frame_analytics), and what it is told for what is no longer written."""

STOPPED_FIRST = ("model_memory_limit", "max_num_threads")
"""`_update` refuses them while the analysis runs."""

DEFAULTS: dict[str, Body] = {
    "outlier_detection": {
        "compute_feature_influence": True,
        "feature_influence_threshold": 0.1,
        "method": "ensemble",
        "outlier_fraction": 0.05,
        "standardization_enabled": True,
    },
    "regression": {"training_percent": 100.0, "loss_function": "mse"},
    "classification": {
        "training_percent": 100.0,
        "num_top_classes": 2,
        "class_assignment_objective": "maximize_minimum_recall",
    },
}
_TREES: Body = {"num_top_feature_importance_values": 0, "early_stopping_enabled": True, "feature_processors": []}

RULES = (
    drop(("id",), ("create_time",), ("create_time_string",), ("version",), ("authorization",), ("headers",)),
    drop(("observed",)),
    as_list(("source", "index")),
    drop_if(("source", "query"), {"match_all": {}}, {"match_all": {"boost": 1}}, None),
    drop_if(("source", "runtime_mappings"), {}, None),
    drop_if(("description",), "", None),
    drop_if(("allow_lazy_start",), False, None),
    drop_if(("max_num_threads",), 1, None),
    drop_if(("dest", "results_field"), "ml", None),
)


@dataclass(frozen=True)
class AnalyticsKind(RestKind):
    """`state: started | stopped`: an analysis runs once and stops by itself; one that has run counts as started."""

    def check(self, resource: Resource) -> Iterable[Problem]:
        yield from super().check(resource)
        analysis = resource.spec.get("analysis")
        if isinstance(analysis, dict) and sum(name in ANALYSES for name in analysis) != 1:
            message = f"an analysis is one of {', '.join(ANALYSES)}"
            yield Problem(message, resource.at("spec", "analysis"))

    def references(self, resource: Resource) -> Iterator[Reference]:
        index = get(resource.spec, ("source", "index"))
        for pattern in index if isinstance(index, list) else [index]:
            for name in index_names(pattern):
                for kind in ("index", "data-stream", "alias", "documents", "transform"):
                    yield Reference(Address(kind, name), ("spec", "source", "index"), soft=True)
        for name in index_names(get(resource.spec, ("dest", "index"))):
            yield Reference(Address("index", name), ("spec", "dest", "index"), soft=True)

    def everything(self, sender: Sender, capabilities: Capabilities) -> dict[Address, Live]:
        bodies = list(paged(sender, self.listing, "data_frame_analytics"))
        stats = (
            {one["id"]: one for one in paged(sender, f"{self.listing}/_stats", "data_frame_analytics")}
            if bodies
            else {}
        )
        found = {}
        for body in bodies:
            address = Address(self.name, body["id"])
            found[address] = Live(address, _live(body, stats.get(body["id"], {})))
        return found

    def normalise(self, body: Body, capabilities: Capabilities) -> Body:
        body = super().normalise(body, capabilities)
        body.setdefault("state", STARTED)
        if "model_memory_limit" in body:
            body["model_memory_limit"] = megabytes(body["model_memory_limit"])
            if body["model_memory_limit"] == "1024mb":
                del body["model_memory_limit"]
        source, analysis = body.get("source"), body.get("analysis")
        if isinstance(source, dict) and "query" in source:
            source["query"] = query(source["query"])
        for holder, key in ((body, "analyzed_fields"), (source, "_source")):
            if isinstance(holder, dict) and key in holder:
                holder[key] = _fields(holder[key])
                if not holder[key]:
                    del holder[key]
        if isinstance(analysis, dict):
            body["analysis"] = {name: _analysis(name, options) for name, options in analysis.items()}
        return body

    def written(self, live: Live, capabilities: Capabilities) -> Body:
        body = self.normalise(live.body, capabilities)
        return drop_if(("state",), STARTED, FAILED)(body, capabilities)

    def write(self, address: Address, body: Body, live: Live | None, context: Context) -> tuple[Request, ...]:
        return tuple(self._requests(address, body, live, context))

    def _requests(self, address: Address, body: Body, live: Live | None, context: Context) -> Iterator[Request]:
        path, wanted = self._path(address), body.get("state", STARTED)
        start = Request("elasticsearch", "POST", f"{path}/_start")
        if live is None:
            yield Request("elasticsearch", "PUT", path, body={k: v for k, v in body.items() if k != "state"})
            if wanted == STARTED:
                yield start
            return
        before, after = (self.normalise(side, context.capabilities) for side in (live.body, body))
        runs = bool(get(live.body, ("observed", "runs")))
        update = {
            key: copy(body[key]) if key in after else default
            for key, default in UPDATED.items()
            if not same(before.get(key), after.get(key))
        }
        stop = runs and (wanted == STOPPED or any(key in update for key in STOPPED_FIRST))
        if before["state"] == FAILED:
            yield Request("elasticsearch", "POST", f"{path}/_stop", {"force": "true"})
        elif stop:
            yield Request("elasticsearch", "POST", f"{path}/_stop")
        if update:
            yield Request("elasticsearch", "POST", f"{path}/_update", body=update)
        if wanted == STARTED and (stop or before["state"] != STARTED):
            yield start

    def ours(self, live: Body, wanted: Body, last: Body | None) -> bool:
        """A run that was cut off between stop, update and start."""
        if last is None:
            return False
        keys = {*live, *wanted, *last} - {"state"}
        return all(any(same(live.get(key), side.get(key)) for side in (wanted, last)) for key in keys)

    def replace(self, address: Address, body: Body, live: Live, context: Context) -> tuple[Request, ...]:
        """Its old results are deleted from the destination: a new analysis starts only into an empty one."""
        path, dest = self._path(address), get(live.body, ("dest", "index"))
        requests = [*self.delete(address, context)]
        if isinstance(dest, str) and get(live.body, ("observed", "begun")):
            emptied = f"/{quote(dest, safe='')}/_delete_by_query"
            params = {"refresh": "true", "ignore_unavailable": "true", "conflicts": "proceed"}
            requests.append(Request("elasticsearch", "POST", emptied, params, {"query": {"match_all": {}}}))
        requests.append(Request("elasticsearch", "PUT", path, body={k: v for k, v in body.items() if k != "state"}))
        if body.get("state", STARTED) == STARTED:
            requests.append(Request("elasticsearch", "POST", f"{path}/_start"))
        return tuple(requests)

    def delete(self, address: Address, context: Context) -> tuple[Request, ...]:
        return (Request("elasticsearch", "DELETE", self._path(address), {"force": "true"}),)

    def cost(self, before: Body | None, after: Body | None, capabilities: Capabilities) -> Cost:
        if before is None or after is None:
            return super().cost(before, after, capabilities)
        old, new = ({k: v for k, v in side.items() if k not in UPDATED and k != "state"} for side in (before, after))
        if fixed := [difference.dotted for difference in differences(old, new)]:
            dest = get(before, ("dest", "index"))
            return Cost(
                Consequence.IRREVERSIBLE,
                f"{', '.join(fixed[:3])} cannot change in place: it is deleted and made anew, its results in {dest} are"
                " deleted first",
            )
        if before["state"] == FAILED and after["state"] == STARTED:
            return Cost(Consequence.RESTART, "it has failed: it is stopped and started")
        if before["state"] != after["state"]:
            said = "it is started, from where it was" if after["state"] == STARTED else "it is stopped"
            return Cost(Consequence.INSTANT, said)
        if any(before.get(key) != after.get(key) for key in STOPPED_FIRST):
            return Cost(Consequence.RESTART, "where it still runs it is stopped, and goes on from where it was")
        return Cost(Consequence.INSTANT)

    def verify(self, address: Address, body: Body, sender: Sender, capabilities: Capabilities) -> Iterable[str]:
        """It has not failed, and has not left out a field that is asked for by name."""
        path = self._path(address)
        try:
            stats = sender.send(Request("elasticsearch", "GET", f"{path}/_stats")).body
            for one in stats["data_frame_analytics"]:
                if one["state"] == FAILED:
                    yield f"it has failed: {one.get('assignment_explanation') or 'its messages say why'}"
            told = sender.send(Request("elasticsearch", "GET", f"{path}/_explain")).body
        except ServerError as error:
            yield str(error)
            return
        named = get(_fields(body.get("analyzed_fields")), ("includes",)) or ()
        for field in told["field_selection"]:
            if field["name" if "name" in field else "field"] in named and not field["is_included"]:
                yield f"{field.get('name', field.get('field'))} is left out: {field.get('reason', 'no reason')}"


def _live(body: Body, stats: Body) -> Body:
    """`started` is what runs, and what has run to its end."""
    state = stats.get("state", STOPPED)
    progress = [phase.get("progress_percent", 0) for phase in stats.get("progress", ())]
    finished = bool(progress) and min(progress) == 100
    runs = state not in (STOPPED, "stopping", FAILED)
    shown = state if state == FAILED else STARTED if runs or finished else STOPPED
    return {**body, "state": shown, "observed": {"runs": runs, "begun": runs or any(progress), "finished": finished}}


def _analysis(name: str, options: Any) -> Any:
    if not isinstance(options, dict):
        return options
    defaults = {**DEFAULTS.get(name, {}), **({} if name == "outlier_detection" else _TREES)}
    if name != "outlier_detection":
        defaults["prediction_field_name"] = f"{options.get('dependent_variable')}_prediction"
    return {
        key: value
        for key, value in options.items()
        if value is not None and not (key in defaults and same(value, defaults[key]))
    }


def _fields(value: Any) -> Any:
    """`[a, b]` and `{includes: a}` → `{includes: [a, b]}`."""
    if isinstance(value, str):
        return {"includes": [value]}
    if isinstance(value, list):
        return {"includes": value} if value else {}
    if not isinstance(value, dict):
        return value
    listed = {key: [part] if isinstance(part, str) else part for key, part in value.items()}
    return {key: part for key, part in listed.items() if part}


ML_DATA_FRAME_ANALYTICS = AnalyticsKind(
    name="ml-data-frame-analytics",
    stage=66,
    path="/_ml/data_frame/analytics/{id}",
    listing="/_ml/data_frame/analytics",
    items=lambda answer: (),
    about="Outlier detection, regression or classification of the documents of an index, with its results in another."
    " It runs once when it is made; `state: stopped` makes it without running it.",
    api="PUT /_ml/data_frame/analytics/{id}",
    rules=RULES,
    meta=("_meta",),
    deletion=Cost(Consequence.INSTANT, "the index of its results stays"),
    needs=LICENCE,
)
