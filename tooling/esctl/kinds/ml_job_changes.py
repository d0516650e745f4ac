"""What differs between two normal forms of an anomaly job: in place, with a stop, or only by a new job."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..model import Body
from .base import OWNER
from .differences import differences, same
from .ml_job_form import FAILED, OPENED, STARTED, default_description
from .normalise import copy, get

UPDATED = (
    "description groups allow_lazy_open background_persist_interval custom_settings model_plot_config"
    " daily_model_snapshot_retention_after_days model_snapshot_retention_days renormalization_window_days"
    " results_retention_days"
).split()
"""Keys of a job that `_update` takes whole (ml.update_job of the OpenAPI document); of others it takes parts.

It lists `categorization_filters` too, and refuses them: servers keep a job's filters inside its analyzer (since 6.2).
"""

REOPENED = (
    ("analysis_limits", "model_memory_limit"),
    ("background_persist_interval",),
    ("renormalization_window_days",),
)
"""The first is refused while the job is open; the others count only when it is opened the next time."""

CLEARED: Body = {
    "description": "",
    "groups": [],
    "allow_lazy_open": False,
    "custom_settings": {},
    "model_plot_config": {"enabled": False},
    "daily_model_snapshot_retention_after_days": 1,
    "model_snapshot_retention_days": 10,
}
"""What `_update` is told for a part that is no longer written."""

LASTING = (
    ("results_retention_days",),
    ("renormalization_window_days",),
    ("background_persist_interval",),
    ("analysis_config", "model_prune_window"),
)
"""What no `_update` takes away again."""


def fixed(before: Body, after: Body) -> list[str]:
    """What no `_update` takes, as dotted paths: it needs a new job."""
    return [difference.dotted for difference in differences(_unchangeable(before), _unchangeable(after))]


def _unchangeable(body: Body) -> Body:
    config = dict(body.get("analysis_config") or {})
    config.pop("model_prune_window", None)
    if isinstance(config.get("detectors"), list):
        config["detectors"] = [_analyzing(one) for one in config["detectors"]]
    partition = config.pop("per_partition_categorization", None)
    if isinstance(partition, dict) and partition.get("enabled"):
        config["per_partition_categorization"] = {"enabled": True}
    limits = {key: value for key, value in (body.get("analysis_limits") or {}).items() if key != "model_memory_limit"}
    kept = {
        "analysis_config": config,
        "analysis_limits": limits,
        "data_description": body.get("data_description"),
        "results_index_name": body.get("results_index_name"),
    }
    return {key: value for key, value in kept.items() if value}


def _analyzing(detector: Any) -> Any:
    """A detector without what may change: its description and its custom rules."""
    if not isinstance(detector, dict):
        return detector
    return {key: value for key, value in detector.items() if key not in ("detector_description", "custom_rules")}


def reopens(before: Body, after: Body) -> bool:
    """Whether something changes for which the job has to be closed."""
    return any(get(before, path) != get(after, path) for path in REOPENED)


def restarts(before: Body, after: Body) -> bool:
    """Whether what runs is stopped and goes on."""
    if before["state"] == FAILED:
        return True
    if before["state"] == after["state"] == OPENED and reopens(before, after):
        return True
    old, new = before.get("datafeed"), after.get("datafeed")
    if not old or not new or not old["state"] == new["state"] == STARTED:
        return False
    kept = [{key: value for key, value in side.items() if key != "start"} for side in (old, new)]
    return not same(*kept)


def update(before: Body, after: Body, body: Body) -> Body:
    """The parts of the job that differ, whole; what was taken out is told its default. `body` is as rendered."""
    told: Body = {}
    for key in UPDATED:
        if not same(before.get(key), after.get(key)):
            told[key] = copy(body[key]) if key in after else copy(CLEARED[key])
    if "custom_settings" in told and (mark := get(body, ("custom_settings", OWNER))) is not None:
        run = asked(before.get("datafeed") or {})
        told["custom_settings"][OWNER] = {**mark, **({"datafeed": run} if run else {})}
    limit = ("analysis_limits", "model_memory_limit")
    if get(before, limit) != get(after, limit):
        told["analysis_limits"] = {"model_memory_limit": get(after, limit) or "1024mb"}
    old, new = (side.get("analysis_config") or {} for side in (before, after))
    if old.get("model_prune_window") != new.get("model_prune_window"):
        told["model_prune_window"] = new["model_prune_window"]
    if not same(old.get("per_partition_categorization"), new.get("per_partition_categorization")):
        warned = bool(get(new, ("per_partition_categorization", "stop_on_warn")))
        told["per_partition_categorization"] = {"enabled": True, "stop_on_warn": warned}
    if detectors := list(_detectors(old.get("detectors") or [], new.get("detectors") or [])):
        told["detectors"] = detectors
    return told


def _detectors(old: list[Any], new: list[Any]) -> Iterator[Body]:
    for position, (before, after) in enumerate(zip(old, new, strict=False)):
        changed: Body = {}
        if before.get("detector_description") != after.get("detector_description"):
            changed["description"] = after.get("detector_description", default_description(after))
        if not same(before.get("custom_rules"), after.get("custom_rules")):
            changed["custom_rules"] = copy(after.get("custom_rules", []))
        if changed:
            yield {"detector_index": position, **changed}


def asked(feed: Body) -> Body:
    """What a datafeed is started with."""
    return {key: feed[key] for key in ("start", "end") if key in feed}


def told(before: Body, after: Body) -> Iterator[str]:
    """What the change means, in words."""
    old, new = before.get("datafeed") or {}, after.get("datafeed") or {}
    if before["state"] == FAILED:
        yield "it has failed: it is closed and opened again"
    elif before["state"] != after["state"]:
        yield "the job is opened" if after["state"] == OPENED else "the job is closed"
    elif reopens(before, after) and after["state"] == OPENED:
        yield "the job is closed, changed and opened again"
    if old and not new:
        yield "its datafeed goes; the job keeps its results"
    elif new and not old:
        yield "it gets a datafeed"
    elif old.get("state") != new.get("state"):
        yield "the datafeed is started, from where it was" if new["state"] == STARTED else "the datafeed is stopped"
    elif old.get("state") == STARTED and restarts(before, after):
        yield "the datafeed is stopped, and goes on from where it was"
    if old and new and old.get("state") == new.get("state") and old.get("start") != new.get("start"):
        yield "start counts only as long as the job has seen no data"
    if not same(*([get(one, ("custom_rules",)) for one in _all(side)] for side in (before, after))):
        yield "custom rules count for results from now on"


def _all(body: Body) -> list[Any]:
    return get(body, ("analysis_config", "detectors")) or []


def left_by_a_cut(live: Body, wanted: Body, last: Body) -> bool:
    """Whether each part is as it was or as it shall be, whatever the states: a run ended between stop and start."""
    for key in {*live, *wanted, *last} - {"datafeed", "state"}:
        if not _either(live.get(key), wanted.get(key), last.get(key)):
            return False
    feed, new, old = (side.get("datafeed") or {} for side in (live, wanted, last))
    if not feed:
        return True  # deleted, and not yet made anew
    ignored = {"state", "start", "end"} if feed["state"] != STARTED else {"state"}
    return all(_either(feed.get(key), new.get(key), old.get(key)) for key in {*feed, *new, *old} - ignored)


def _either(here: Any, new: Any, old: Any) -> bool:
    return same(here, new) or same(here, old)
