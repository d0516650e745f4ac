"""When a request is sent again: what may be repeated, which answers ask for it, and how long to wait."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from .routes import READ_ONLY

BUSY = frozenset({429, 502, 503, 504})
"""Statuses that say "not now": too many requests, and a proxy or node that is starting or gone."""

# A write that is only taken once, so that its repetition would be refused although the first try went through.
_ONCE = frozenset({"if_seq_no", "if_primary_term", "if_version", "op_type", "version", "create"})

# esctl's own indices: every write there has an id, and its writer recognises its own document behind a 409.
_OWN = ("/esctl-ledger/", "/esctl-history/")

# POSTs that leave the same, however often they are sent; with the value that a parameter must have.
_SAME: tuple[tuple[re.Pattern[str], Mapping[str, str]], ...] = (
    (re.compile(r"/_refresh$"), {}),
    (re.compile(r"/api/saved_objects/_import$"), {"overwrite": "true"}),
)

_LONGEST_WAIT = 10.0  # s


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

    def run(self, send: Callable[[], T], *, broken: tuple[type[BaseException], ...]) -> T:
        """Send until an answer that is not busy; `broken` are the exceptions that say the connection broke."""
        for attempt in range(self.most + 1):
            wait = self.first * 2**attempt
            try:
                answer = send()
            except broken:
                if attempt == self.most:
                    raise
            else:
                if answer.status not in BUSY or attempt == self.most:
                    return answer
                asked = answer.headers.get("retry-after") or ""
                wait = float(asked) if asked.isdigit() else wait
            self.sleep(min(wait, _LONGEST_WAIT))
        raise AssertionError("unreachable")


NEVER = Retries(most=0)
