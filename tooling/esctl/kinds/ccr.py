"""Cross-cluster replication: which indices of another cluster are followed, one by one or by pattern."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ..model import Address, Body, Capabilities, Consequence, Live, Path, Request
from .base import Context, Cost, Needs, Part
from .differences import same
from .normalise import as_list, drop_if, flat_settings
from .rest import RestKind

ACTIVE, PAUSED = "active", "paused"

DEFAULTS: Body = {
    "max_read_request_operation_count": 5120,
    "max_write_request_operation_count": 5120,
    "max_outstanding_read_requests": 12,
    "max_outstanding_write_requests": 9,
    "max_read_request_size": "32mb",
    "max_write_request_size": "9223372036854775807b",
    "max_write_buffer_count": 2147483647,
    "max_write_buffer_size": "512mb",
    "max_retry_delay": "500ms",
    "read_poll_timeout": "1m",
}
"""What a follower that runs shows for parameters that nobody wrote (GET _ccr/info; TransportResumeFollowAction)."""


@dataclass(frozen=True)
class AutoFollowKind(RestKind):
    """`state: active | paused` stands beside Elastic's body; a PUT always makes the pattern active."""

    def normalise(self, body: Body, capabilities: Capabilities) -> Body:
        body = super().normalise(body, capabilities)
        state = ACTIVE if body.pop("active", True) else PAUSED
        body.setdefault("state", state)
        if isinstance(body.get("settings"), dict):
            body["settings"] = flat_settings(body["settings"])
        return drop_if(("settings",), {}, None)(body, capabilities)

    def written(self, live: Live, capabilities: Capabilities) -> Body:
        return drop_if(("state",), ACTIVE)(self.normalise(live.body, capabilities), capabilities)

    def write(self, address: Address, body: Body, live: Live | None, context: Context) -> tuple[Request, ...]:
        path, paused = self._path(address), body.get("state") == PAUSED
        sent = {key: value for key, value in body.items() if key != "state"}
        turned = Request("elasticsearch", "POST", f"{path}/{'pause' if paused else 'resume'}")
        if live is not None:
            before, after = (self.normalise(side, context.capabilities) for side in (live.body, body))
            if same({**before, "state": ""}, {**after, "state": ""}):
                return (turned,)
        put = Request("elasticsearch", "PUT", path, body=sent)
        return (put, turned) if paused else (put,)


@dataclass(frozen=True)
class FollowerKind(RestKind):
    """Its parameters change by pausing and resuming it, and are shown only while it runs."""

    def normalise(self, body: Body, capabilities: Capabilities) -> Body:
        body = super().normalise(body, capabilities)
        state = body.pop("status", body.get("state", ACTIVE))
        shown = {key: body[key] for key in ("remote_cluster", "leader_index") if key in body}
        parameters = {**DEFAULTS, **(body.get("parameters") or {}), **{k: body[k] for k in DEFAULTS if k in body}}
        return {**shown, "state": state, **(parameters if state == ACTIVE else {})}

    def written(self, live: Live, capabilities: Capabilities) -> Body:
        body = self.normalise(live.body, capabilities)
        kept = {key: value for key, value in body.items() if key not in DEFAULTS or DEFAULTS[key] != value}
        return drop_if(("state",), ACTIVE)(kept, capabilities)

    def write(self, address: Address, body: Body, live: Live | None, context: Context) -> tuple[Request, ...]:
        path, paused = self._path(address), body.get("state") == PAUSED
        pause = Request("elasticsearch", "POST", f"{path}/_ccr/pause_follow")
        if live is None:
            sent = {key: value for key, value in body.items() if key != "state"}
            follow = Request("elasticsearch", "PUT", f"{path}/_ccr/follow", {"wait_for_active_shards": "1"}, sent)
            return (follow, pause) if paused else (follow,)
        if paused:
            return (pause,)
        parameters = {key: body[key] for key in DEFAULTS if key in body}
        resume = Request("elasticsearch", "POST", f"{path}/_ccr/resume_follow", body=parameters)
        runs = self.normalise(live.body, context.capabilities)["state"] == ACTIVE
        return (pause, resume) if runs else (resume,)

    def parts(self, address: Address, body: Body) -> Iterator[tuple[Part, Path]]:
        yield ("name", address.id), ()

    def without(self, address: Address, body: Body, taken: Callable[[Part], bool]) -> Body | None:
        return body

    def replace(self, address: Address, body: Body, live: Live, context: Context) -> tuple[Request, ...]:
        return (*self.delete(address, context), *self.write(address, body, None, context))

    def cost(self, before: Body | None, after: Body | None, capabilities: Capabilities) -> Cost:
        if before is None or after is None:
            return super().cost(before, after, capabilities)
        moved = [key for key in ("remote_cluster", "leader_index") if before.get(key) != after.get(key)]
        if moved:
            words = f"another {' and '.join(moved)}: the follower index is deleted and copied anew; the leader stays"
            return Cost(Consequence.IRREVERSIBLE, words)
        if after["state"] == PAUSED:
            return Cost(Consequence.INSTANT, "it stops following")
        if before["state"] == PAUSED:
            return Cost(Consequence.INSTANT, "it follows again")
        return Cost(Consequence.RESTART, "it is paused and resumed")


def _patterns(answer: Any) -> Iterable[tuple[str, Body]]:
    return ((item["name"], item["pattern"]) for item in (answer or {}).get("patterns", ()))


def _followers(answer: Any) -> Iterable[tuple[str, Body]]:
    return ((item["follower_index"], item) for item in (answer or {}).get("follower_indices", ()))


CCR_AUTO_FOLLOW = AutoFollowKind(
    name="ccr-auto-follow",
    stage=56,
    path="/_ccr/auto_follow/{id}",
    listing="/_ccr/auto_follow",
    items=_patterns,
    about="New indices of another cluster whose names match are followed from then on. `state: paused` halts that.",
    api="PUT /_ccr/auto_follow/{name}",
    rules=(
        as_list(("leader_index_patterns",)),
        as_list(("leader_index_exclusion_patterns",)),
        drop_if(("leader_index_exclusion_patterns",), []),
    ),
    takes_effect=Cost(Consequence.INSTANT, "for indices made from now on; followers that exist stay as they are"),
    deletion=Cost(Consequence.INSTANT, "followers that exist go on following"),
    needs=Needs(licence="platinum", serverless=False),
)

CCR_FOLLOWER = FollowerKind(
    name="ccr-follower",
    stage=57,
    path="/{id}",
    listing="/_all/_ccr/info",
    items=_followers,
    about="An index that follows one of another cluster. `state: paused` halts it; `settings` count when it is made.",
    api="PUT /{index}/_ccr/follow",
    deletion=Cost(Consequence.IRREVERSIBLE, "the index goes with its copy of the documents; the leader keeps them"),
    needs=Needs(licence="platinum", serverless=False),
)
