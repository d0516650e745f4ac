"""The lease: one document of the ledger that lets one run at a time write to a cluster.

One per cluster, not per project: projects may share ground (templates, aliases, settings). It expires by the server's
clock, because the clocks of two people's machines need not agree. A run that is killed holds it until then, no longer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from ..errors import Refused, ServerError
from ..model import Request, Sender
from .identity import Holder
from .ledger import INDEX, compared, prepare_index

LONGEST_WRITE = 60.0
"""Seconds that a write takes at most with the default time-out of 30 s, which may pass twice (`retries.LONGEST`)."""

TIME_TO_LIVE = 75.0
"""Seconds, where no write takes longer than `LONGEST_WRITE`. `check` leaves as much of it as a write takes at most."""

_DOCUMENT = f"/{INDEX}/_doc/lease"
_CREATE = f"/{INDEX}/_create/lease"
_CONFLICT = 409
_ROUNDS = 5  # of reading and comparing, when several runs want an expired lease at once
_NO_NODE_STATS = (400, 403, 404, 405, 410)


class Lease:
    """Held between `acquire` and `release`; a context manager.

    >>> with Lease(cluster, holder("shop"), longest=cluster.longest) as lease:
    ...     lease.check()      # before each write: costs a request only every 15 s
    """

    def __init__(
        self,
        sender: Sender,
        holder: Holder,
        *,
        longest: float = LONGEST_WRITE,
        time_to_live: float | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`longest`: seconds that one write takes at most. It ends under the lease, however it goes."""
        self._sender = sender
        self._holder = holder
        self._time_to_live = max(1.0, longest / LONGEST_WRITE) * TIME_TO_LIVE if time_to_live is None else time_to_live
        self._left = max(longest, LONGEST_WRITE) if time_to_live is None else time_to_live / 2
        self._monotonic = monotonic
        self._version: Mapping[str, Any] | None = None
        self._renewed = 0.0
        self._since = 0.0
        self._told = 0.0  # the server's clock when `_renewed` was the local one

    def __enter__(self) -> Lease:
        self.acquire()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            self.release()
        except ServerError as error:
            # It expires by itself; what ended the work is what the person must read.
            if kind is None:
                message = f"the work is done, but the lease could not be given back: {error}"
                hint = f"it ends by itself within {self._time_to_live:.0f} s"
                raise ServerError(message, status=error.status, kind=error.kind, hint=hint) from error

    @property
    def held(self) -> bool:
        return self._version is not None

    def now(self) -> float:
        """The server's clock in ms since 1970, by what it said last and what has passed since; no request."""
        return self._told + (self._monotonic() - self._renewed) * 1000

    def acquire(self) -> None:
        """Take the lease. Raises Refused, naming the holder, since when and how long still."""
        prepare_index(self._sender)
        for _ in range(_ROUNDS):
            asked = self._monotonic()
            now = server_time(self._sender)
            self._since = now
            if self._write(_CREATE, {}, now, asked):
                return
            current = self._read()
            if current is None:
                continue  # released between the two requests
            lease, version = current
            if lease["run"] == self._holder.run:  # the answer to our own write was lost
                self._version, self._renewed, self._told = version, asked, now
                return
            if lease["expires"] > now:
                raise _held(lease, now)
            if self._write(_DOCUMENT, version, now, asked):
                return
        raise Refused("several runs want to write to this cluster at once", hint="try again")

    def check(self) -> None:
        """Before each write: raises Refused where the lease is lost; renews it when too little of its time is left."""
        if self._version is None:
            raise Refused("the lease is not held")
        for _ in range(_ROUNDS):
            # Renewing takes time, too: what counts is when it was begun.
            if self._monotonic() - self._renewed <= self._time_to_live - self._left:
                return
            self.renew()
        raise Refused("the servers answer too slowly to hold the lease", hint="try again when they are less busy")

    def renew(self) -> None:
        """Start the time to live again. Raises Refused where another run has taken the lease over."""
        if self._version is None:
            raise Refused("the lease is not held")
        asked = self._monotonic()
        now = server_time(self._sender)
        try:
            renewed = self._write(_DOCUMENT, self._version, now, asked)
        except ServerError as error:
            if error.status:
                raise
            renewed = False  # no answer: it may have been written all the same
        if renewed:
            return
        current = self._read()
        if current is not None and current[0]["run"] == self._holder.run:
            self._version = current[1]
            if self._write(_DOCUMENT, self._version, now, asked):
                return
        self._version = None
        by = f"{_named(current[0])} took it over" if current is not None else "it was removed"
        raise Refused(f"the lease was lost: {by}", hint="run plan again to see what was written")

    def release(self) -> None:
        """Give it back, if it is still ours. Refreshes the ledger, so that the next run sees what this one wrote."""
        if self._version is None:
            return
        version, self._version = self._version, None
        for _ in range(2):
            params = _conditions(version) | {"refresh": "true"}
            answer = self._sender.send(Request("elasticsearch", "DELETE", _DOCUMENT, params), accept=(404, _CONFLICT))
            current = self._read() if answer.status == _CONFLICT else None
            if current is None or current[0]["run"] != self._holder.run:
                return
            version = current[1]

    def _write(self, path: str, version: Mapping[str, Any], now: float, asked: float) -> bool:
        """Whether the document was written; False where another write came first. `now` is the server's, in ms."""
        lease = asdict(self._holder) | {"since": self._since, "expires": now + self._time_to_live * 1000}
        request = Request("elasticsearch", "PUT", path, _conditions(version), {"lease": lease})
        answer = self._sender.send(request, accept=(_CONFLICT,))
        if answer.status == _CONFLICT:
            return False
        self._version = {"seq_no": answer.body["_seq_no"], "primary_term": answer.body["_primary_term"]}
        self._renewed, self._told = asked, now
        return True

    def _read(self) -> tuple[Mapping[str, Any], Mapping[str, Any]] | None:
        """(lease, version) as they are now, or None. A GET by id is never stale."""
        answer = self._sender.send(Request("elasticsearch", "GET", _DOCUMENT), accept=(404,))
        if answer.status == 404:
            return None
        body = answer.body
        return body["_source"]["lease"], {"seq_no": body["_seq_no"], "primary_term": body["_primary_term"]}


def server_time(sender: Sender) -> float:
    """The server's clock, in ms since 1970.

    From the node's own statistics; where they cannot be had (serverless, or without the `monitor` privilege), from the
    upper end of a range that ends "now" over the ledger, which must exist then.
    """
    stats = Request("elasticsearch", "GET", "/_nodes/_local/stats/os", {"filter_path": "nodes.*.timestamp"})
    answer = sender.send(stats, accept=_NO_NODE_STATS)
    nodes = answer.body.get("nodes") if answer.status == 200 and isinstance(answer.body, dict) else None
    if nodes:
        return float(next(iter(nodes.values()))["timestamp"])
    ranges = {"now": {"date_range": {"field": "when", "ranges": [{"to": "now"}]}}}
    search = Request("elasticsearch", "POST", f"/{INDEX}/_search", body={"size": 0, "aggs": ranges})
    return float(sender.send(search).body["aggregations"]["now"]["buckets"][0]["to"])


def _held(lease: Mapping[str, Any], now: float) -> Refused:
    since = datetime.fromtimestamp(lease["since"] / 1000, UTC).strftime("%H:%M:%S")
    left = max(1, round((lease["expires"] - now) / 1000))
    hint = f"wait for it; if that run is dead, the lease is free in {left} s"
    return Refused(f"{_named(lease)} is writing to this cluster since {since} UTC", hint=hint)


def _named(lease: Mapping[str, Any]) -> str:
    return str(Holder(lease["project"], lease["who"], lease["host"], lease["pid"], lease["run"]))


def _conditions(version: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in compared(version, "if_").items()}
