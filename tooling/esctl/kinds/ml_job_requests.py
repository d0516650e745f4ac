"""The requests that bring an anomaly job from what it is to what is written: stop, close, change, open, start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import quote

from ..model import Body, Request
from . import ml_datafeed
from .base import OWNER
from .ml_job_changes import asked, reopens, update
from .ml_job_form import CLOSED, FAILED, OPENED, STARTED, STOPPED
from .ml_times import moment, told
from .normalise import copy

FORCE = {"force": "true"}


def feed_path(feed: Body) -> str:
    return f"/_ml/datafeeds/{quote(str(feed['datafeed_id']), safe='')}"


def _post(path: str, params: Mapping[str, str] | None = None, *, body: Body | None = None) -> Request:
    return Request("elasticsearch", "POST", path, params or {}, body)


def made(path: str, body: Body, after: Body) -> Iterator[Request]:
    """A job that is not there: with its datafeed in one request. `after` is the normal form of `body`."""
    sent = {key: value for key, value in body.items() if key not in ("state", "datafeed", "job_id")}
    feed = after.get("datafeed")
    if feed is not None:
        sent["datafeed_config"] = _config(body["datafeed"])
    yield Request("elasticsearch", "PUT", path, body=sent)
    if after["state"] == OPENED:
        yield _post(f"{path}/_open")
    if feed is not None and feed["state"] == STARTED:
        yield _start(feed, None)
        if asked(feed):
            yield _marking(path, body, feed)


def changed(path: str, body: Body, before: Body, after: Body, seen: Body) -> Iterator[Request]:
    """From one normal form to another; `seen` is what was observed beside (`ml_anomaly_job.observed`)."""
    job, old, new = str(body["job_id"]), before.get("datafeed"), after.get("datafeed")
    runs, opened, done = seen["feed"] == STARTED, seen["state"] == OPENED, seen["done"]
    feed = ml_datafeed.update(old, new, body["datafeed"], job) if old and new else None
    again = bool(old and new and _again(old, new, seen))
    wanted = new is not None and new["state"] == STARTED
    stop = runs and (reopens(before, after) or feed != {} or again or not wanted)
    close = opened and (reopens(before, after) or after["state"] == CLOSED)
    if old and (stop or seen["stuck"]):
        yield _post(f"{feed_path(old)}/_stop", FORCE if seen["stuck"] else None)
    if close or before["state"] == FAILED:
        yield _post(f"{path}/_close", FORCE if before["state"] == FAILED else None)
    if said := update(before, after, body):
        yield _post(f"{path}/_update", body=said)
    if old and feed is None:
        yield Request("elasticsearch", "DELETE", feed_path(old), FORCE)
    if new and feed is None:
        yield Request("elasticsearch", "PUT", feed_path(new), body={**_config(body["datafeed"]), "job_id": job})
    elif new and feed:
        yield _post(f"{feed_path(new)}/_update", body=feed)
    starts = wanted and (stop or not runs) and (again or not done)
    if after["state"] == OPENED and (close or not opened) and (starts or not done):
        yield _post(f"{path}/_open")
    if new and starts:
        yield _start(new, seen["latest"])
    if new and wanted and asked(old or {}) != asked(new):
        yield _marking(path, body, new)


def _config(feed: Body) -> Body:
    return {key: value for key, value in feed.items() if key not in ml_datafeed.OWN and value is not None}


def _marking(path: str, body: Body, feed: Body) -> Request:
    """Remembers in the job's mark what its datafeed was started with."""
    settings = copy(body.get("custom_settings") or {})
    if run := asked(feed):
        settings[OWNER] = {**settings.get(OWNER, {}), "datafeed": run}
    return _post(f"{path}/_update", body={"custom_settings": settings})


def _start(feed: Body, latest: int | None) -> Request:
    """From the written start, or behind the last record that was analyzed: never from zero again."""
    params = {key: str(value) for key, value in asked(feed).items()}
    if latest is not None:
        begun = moment(feed.get("start"))
        if begun is None or begun <= latest:
            params["start"] = str(told(latest + 1))
    return _post(f"{feed_path(feed)}/_start", params)


def _again(old: Body, new: Body, seen: Body) -> bool:
    """Whether the datafeed has to be started anew for what it is started with."""
    if old["state"] != new["state"] == STOPPED:
        return False
    end, latest = moment(new.get("end")), seen["latest"]
    if old.get("end") != new.get("end"):
        return end is None or latest is None or end > latest
    return old.get("start") != new.get("start") and latest is None
