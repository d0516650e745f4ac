"""Anomaly jobs: job, datafeed and running state in one document; changed in place, with a stop, or made anew."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ..errors import Problem, ServerError
from ..model import Address, Body, Capabilities, Consequence, Live, Request, Resource, Sender
from .base import OWNER, Context, Cost, Reference
from .chart_references import index_names
from .ml_filter import LICENCE
from .ml_job_changes import LASTING, fixed, left_by_a_cut, restarts, told
from .ml_job_form import CLOSED, FAILED, OPENED, STARTED, STOPPED, normalised
from .ml_job_requests import changed, feed_path, made
from .ml_times import moment
from .normalise import copy, get
from .rest import RestKind, managed

SOURCES = ("index", "data-stream", "alias", "documents")
ANEW = "it is deleted and made anew; its results, its model and its model snapshots go"
NAMED = 3  # places of one change


@dataclass(frozen=True)
class AnomalyJobKind(RestKind):
    """`state: opened | closed` and `datafeed.state: started | stopped` are compared with what the server says.

    What the datafeed was started with stands in the job's own mark (`custom_settings.esctl.datafeed`): no server tells
    it once the datafeed has stopped, and while it runs servers show moments of their own. A datafeed that has run to
    its `end` counts as started.
    """

    def check(self, resource: Resource) -> Iterable[Problem]:
        if "datafeed_config" in resource.spec:
            hint = 'write it as "datafeed", with its state beside it'
            yield Problem("datafeed_config is written otherwise here", resource.at("spec", "datafeed_config"), hint)
        yield from super().check(resource)
        yield from _running(resource)

    def render(self, resource: Resource, context: Context) -> Body:
        """With its own id, the datafeed's that Kibana would choose, and the owner's mark."""
        body = self.marked(copy(resource.spec), context.project)
        body["job_id"] = resource.address.id
        if isinstance(body.get("datafeed"), dict):
            body["datafeed"].setdefault("datafeed_id", f"datafeed-{resource.address.id}")
        return body

    def references(self, resource: Resource) -> Iterator[Reference]:
        indices = get(resource.spec, ("datafeed", "indices"))
        for pattern in indices if isinstance(indices, list) else [indices]:
            for name in index_names(pattern):
                for kind in SOURCES:
                    yield Reference(Address(kind, name), ("spec", "datafeed", "indices"), soft=True)
        for path, name in _filters(get(resource.spec, ("analysis_config", "detectors"))):
            yield Reference(Address("ml-filter", name), ("spec", "analysis_config", "detectors", *path))

    def everything(self, sender: Sender, capabilities: Capabilities) -> dict[Address, Live]:
        """Three lists: the jobs with their datafeeds, how the jobs stand, how the datafeeds stand."""

        def listed(path: str, key: str) -> list[Body]:
            answer: list[Body] = sender.send(Request("elasticsearch", "GET", path)).body[key]
            return answer

        jobs = listed(self.listing, "jobs")
        if not jobs:
            return {}
        stats = {entry["job_id"]: entry for entry in listed(f"{self.listing}/_stats", "jobs")}
        feeds = {entry["datafeed_id"]: entry["state"] for entry in listed("/_ml/datafeeds/_stats", "datafeeds")}
        found = {}
        for job in jobs:
            address = Address(self.name, job["job_id"])
            found[address] = Live(address, _live(job, stats.get(job["job_id"], {}), feeds))
        return found

    def normalise(self, body: Body, capabilities: Capabilities) -> Body:
        return normalised(copy(body))

    def written(self, live: Live, capabilities: Capabilities) -> Body:
        body = self.normalise(live.body, capabilities)
        feed = body.get("datafeed")
        if body["state"] != CLOSED:
            del body["state"]
        if feed is not None:
            if feed.get("datafeed_id") == f"datafeed-{live.address.id}":
                del feed["datafeed_id"]
            if feed["state"] == (STOPPED if "state" in body else STARTED):
                del feed["state"]
        return body

    def write(self, address: Address, body: Body, live: Live | None, context: Context) -> tuple[Request, ...]:
        after = self.normalise(body, context.capabilities)
        if live is None:
            return tuple(made(self._path(address), body, after))
        before = self.normalise(live.body, context.capabilities)
        return tuple(changed(self._path(address), body, before, after, observed(live)))

    def ours(self, live: Body, wanted: Body, last: Body | None) -> bool:
        """A run that was cut off between stop, update and start leaves each part as it was or as it shall be."""
        return last is not None and left_by_a_cut(live, wanted, last)

    def refuses(self, address: Address, body: Body, live: Live, context: Context) -> str | None:
        """What no request takes away, and a job that the server is busy with."""
        reason = get(live.body, ("blocked", "reason"))
        if reason not in (None, "none"):
            return f"the server is busy with it ({reason}): plan again when that is done"
        before, after = (self.normalise(side, context.capabilities) for side in (live.body, body))
        if fixed(before, after):
            return None
        for path in LASTING:
            if (now := get(before, path)) is not None and get(after, path) is None:
                name = ".".join(map(str, path))
                return f"no request takes {name} away again: write a value (it is {now} on the server)"
        return None

    def loses(self, live: Live) -> str:
        """How far the results reach that go with the job."""
        seen = observed(live)
        if not seen["records"]:
            return "it has seen no data yet"
        days = max(1, round(((seen["latest"] or 0) - (seen["earliest"] or 0)) / 86_400_000))
        return f"results of {days:,} day{'s' * (days != 1)}, from {seen['records']:,} records"

    def replace(self, address: Address, body: Body, live: Live, context: Context) -> tuple[Request, ...]:
        return (*self.delete(address, context), *self.write(address, body, None, context))

    def delete(self, address: Address, context: Context) -> tuple[Request, ...]:
        """Forced: whatever runs is stopped; its datafeed goes with it."""
        return (Request("elasticsearch", "DELETE", self._path(address), {"force": "true"}),)

    def cost(self, before: Body | None, after: Body | None, capabilities: Capabilities) -> Cost:
        if before is None or after is None:
            return super().cost(before, after, capabilities)
        if places := fixed(before, after):
            more = f" and {len(places) - NAMED} more" if len(places) > NAMED else ""
            return Cost(Consequence.IRREVERSIBLE, f"{', '.join(places[:NAMED])}{more} cannot change in place: {ANEW}")
        consequence = Consequence.RESTART if restarts(before, after) else Consequence.INSTANT
        return Cost(consequence, "; ".join(told(before, after)))

    def verify(self, address: Address, body: Body, sender: Sender, capabilities: Capabilities) -> Iterable[str]:
        """It has not failed, has memory enough, and its datafeed finds documents."""
        feed = body.get("datafeed")
        try:
            answer = sender.send(Request("elasticsearch", "GET", f"{self._path(address)}/_stats")).body
            for stats in answer["jobs"]:
                if stats["state"] == FAILED:
                    yield "it has failed: its messages say why"
                if get(stats, ("model_size_stats", "memory_status")) == "hard_limit":
                    yield "its model has reached model_memory_limit: not all data is analyzed"
            if feed and not sender.send(Request("elasticsearch", "GET", f"{feed_path(feed)}/_preview")).body:
                yield "its datafeed finds no document"
        except ServerError as error:
            yield str(error)


def observed(live: Live) -> Body:
    """How the job stands in fact, beside what is compared: `state`, `feed`, `done` (it has run to its end), `stuck`
    (it stops and does not end), `records`, `earliest`, `latest` (milliseconds)."""
    seen: Body = {"done": False, "stuck": False, "records": 0, "earliest": None, "latest": None}
    seen |= {"state": live.body.get("state", CLOSED), "feed": get(live.body, ("datafeed", "state")) or STOPPED}
    return seen | (live.body.get("observed") or {})


def _live(job: Body, stats: Body, feeds: dict[str, str]) -> Body:
    """One body: the job, its datafeed, both states, how far it is."""
    state = stats.get("state", CLOSED)
    state = {"opening": OPENED, "closing": CLOSED}.get(state, state)
    counts = stats.get("data_counts") or {}
    body = {key: value for key, value in job.items() if key != "datafeed_config"}
    seen: Body = {
        "state": state,
        "records": counts.get("processed_record_count", 0),
        "earliest": counts.get("earliest_record_timestamp"),
        "latest": counts.get("latest_record_timestamp"),
    }
    body |= {"state": state, "observed": seen}
    config = job.get("datafeed_config")
    if config is None:
        return body
    shown = feeds.get(config["datafeed_id"], STOPPED)
    runs = shown in (STARTED, "starting")
    until = moment(get(job, ("custom_settings", OWNER, "datafeed", "end")))
    done = not runs and state == CLOSED and until is not None and until <= time.time() * 1000
    seen |= {"feed": STARTED if runs else STOPPED, "done": done, "stuck": shown == "stopping"}
    if done:
        body["state"] = OPENED  # it has closed itself at its end
    body["datafeed"] = {**config, "state": STARTED if runs or done else STOPPED}
    return body


def _running(resource: Resource) -> Iterator[Problem]:
    feed = resource.spec.get("datafeed")
    if not isinstance(feed, dict):
        return
    if resource.spec.get("state") == CLOSED and feed.get("state") == STARTED:
        place, hint = resource.at("spec", "datafeed", "state"), "state: stopped, or the job's state: opened"
        yield Problem("a datafeed runs only while its job is opened", place, hint)
    moments = {key: moment(feed[key]) for key in ("start", "end") if key in feed}
    for key, found in moments.items():
        if found is None and feed[key] != "now":
            place, hint = resource.at("spec", "datafeed", key), "for example 2026-01-01T00:00:00Z"
            yield Problem(f'{key} "{feed[key]}" is no moment', place, hint, rule="wrong-type")
    start, end = moments.get("start"), moments.get("end")
    if start is not None and end is not None and start >= end:
        yield Problem("the datafeed would end before it starts", resource.at("spec", "datafeed", "end"))


def _filters(detectors: Any) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """The filters that custom rules name, and where."""
    for n, detector in enumerate(detectors if isinstance(detectors, list) else ()):
        rules = get(detector, ("custom_rules",))
        for m, rule in enumerate(rules if isinstance(rules, list) else ()):
            scopes = get(rule, ("scope",))
            for field, scope in scopes.items() if isinstance(scopes, dict) else ():
                name = get(scope, ("filter_id",))
                if isinstance(name, str):
                    yield (n, "custom_rules", m, "scope", field, "filter_id"), name


def _system(name: str, body: Body) -> str | None:
    settings = body.get("custom_settings")
    if isinstance(settings, dict) and settings.get("managed") is True:
        return f"managed by {settings.get('created_by') or 'Elastic'}"
    return managed(name, body)


ML_ANOMALY_JOB = AnomalyJobKind(
    name="ml-anomaly-job",
    stage=62,
    path="/_ml/anomaly_detectors/{id}",
    listing="/_ml/anomaly_detectors",
    items=lambda answer: (),
    about="An anomaly detection job with its `datafeed` and its running state. `state: opened | closed` and"
    " `datafeed.state: started | stopped` say whether it runs (it does where nothing is said), `datafeed.start` and"
    " `.end` what it is started with. A changed job goes on from where it was.",
    api="PUT /_ml/anomaly_detectors/{job_id}",
    meta=("custom_settings",),
    deletion=Cost(Consequence.IRREVERSIBLE, "its results, its model and its model snapshots go"),
    needs=LICENCE,
    system=_system,
)
