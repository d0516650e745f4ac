"""When a request is sent again: what may be repeated, which answers ask for it, how long to wait, and when to give up.

A request that broke, timed out or met a busy server may be sent again where that does what sending it once does. All
tries and the pauses between them end within `LONGEST` times the time-out: whoever set one knows how long he may wait.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from .own import OWN_INDICES
from .routes import READ_ONLY

BUSY = frozenset({429, 502, 503, 504})
"""Statuses that say "not now": too many requests, and a proxy or node that is starting or gone."""

# A write that is only taken once, so that its repetition would be refused although the first try went through.
_ONCE = frozenset({"if_seq_no", "if_primary_term", "if_version", "op_type", "version", "create"})

# esctl's own indices: every write there has an id, and its writer recognises its own document behind a 409.
_OWN = tuple(f"/{index}/" for index in OWN_INDICES)

# POSTs that leave the same, however often they are sent; with the value that a parameter must have.
_SAME: tuple[tuple[re.Pattern[str], Mapping[str, str]], ...] = (
    (re.compile(r"/_refresh$"), {}),
    (re.compile(r"/api/saved_objects/_import$"), {"overwrite": "true"}),
)

LONGEST = 2.0
"""How many times the time-out a request may take, with all that is sent again: one that timed out is sent twice."""

_LONGEST_PAUSE = 10.0  # s
_LEAST_PATIENCE = 0.25  # of the time-out: a try that may wait less is not begun


class Answer(Protocol):
    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...


T = TypeVar("T", bound=Answer)


def repeatable(service: str, method: str, path: str, params: Mapping[str, Any]) -> bool:
    """Whether sending the request twice does what sending it once does."""
    if method in ("GET", "HEAD"):
        return True
    if service == "elasticsearch" and path.startswith(_OWN):
        return True
    if method in ("PUT", "DELETE"):
        return not (_ONCE & params.keys()) and not path.rstrip("/").endswith("_bulk") and "/_create/" not in path
    if any(form.search(path) and needed.items() <= params.items() for form, needed in _SAME):
        return True
    return READ_ONLY.allows(method, path, params, service=service) and not path.endswith("/_pit")


@dataclass(frozen=True)
class Retries:
    """Up to `most` more tries; the pauses double from `first` seconds, and a Retry-After header goes before them."""

    most: int = 3
    first: float = 0.25
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def run(self, send: Callable[[float], T], *, timeout: float, broken: tuple[type[BaseException], ...]) -> T:
        """Send until an answer that is not busy; what the last try brought, where there is no time or try left.

        `send` is told how many seconds to wait for its answer: `timeout`, or what is left of `LONGEST` times that.
        `broken` are the exceptions that say the connection broke or no answer came in time.
        """
        until = self.clock() + LONGEST * timeout
        left = timeout
        for attempt in range(self.most + 1):
            pause = min(self.first * 2**attempt, _LONGEST_PAUSE)
            try:
                answer = send(min(timeout, left))
            except broken:
                left = until - self.clock() - pause
                if attempt == self.most or left < _LEAST_PATIENCE * timeout:
                    raise
            else:
                if answer.status not in BUSY:
                    return answer
                asked = answer.headers.get("retry-after") or ""
                pause = min(float(asked), _LONGEST_PAUSE) if asked.isdigit() else pause
                left = until - self.clock() - pause
                if attempt == self.most or left < _LEAST_PATIENCE * timeout:
                    return answer
            self.sleep(pause)
        raise AssertionError("unreachable")


NEVER = Retries(most=0)
