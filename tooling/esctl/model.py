"""The words of the code: Address, Resource, Live, Remembered, Change, Plan, Outcome; and Request, what is sent.

Frozen data that flows between the rooms. A `body` is plain JSON data (dict, list, str, int, float, bool, None);
in what is desired, a Secret may stand for text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, Protocol

from .errors import EsctlError, Source
from .secret import Secret

Body = dict[str, Any]
Path = tuple[str | int, ...]
"""Keys and list positions from the top of a document: `("spec", "processors", 0, "k-means", "k")`."""


@dataclass(frozen=True, order=True)
class Address:
    """`kind/id`, or `space:kind/id` for what lives in a Kibana space other than `default`."""

    kind: str
    id: str
    space: str = ""

    def __str__(self) -> str:
        return f"{self.space}:{self.kind}/{self.id}" if self.space else f"{self.kind}/{self.id}"

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read `kind/id` or `space:kind/id`; raises EsctlError."""
        match = re.fullmatch(r"(?:([a-z0-9_-]+):)?([a-z][a-z-]*)/(.+)", text)
        if not match:
            raise EsctlError(f'"{text}" is not an address', hint='write "kind/id", for example "index/logs"')
        return cls(match[2], match[3], match[1] or "")


@dataclass(frozen=True)
class Resource:
    """Desired: one document of the project's files, values already substituted.

    `lines` gives the line of every key and list item of the document, by its path (the document itself is `()`).
    """

    address: Address
    spec: Body
    source: Source
    lines: Mapping[Path, int] = field(default_factory=dict, compare=False, repr=False)
    depends_on: tuple[Address, ...] = ()
    protect: bool = False
    adopt: bool = False
    moved_from: Address | None = None
    secrets: tuple[Path, ...] = ()
    """Where in `spec` secrets stand."""
    rendered: bool = False
    """True where `spec` is already the body that is sent: a state of an earlier run."""

    def at(self, *path: str | int) -> Source:
        """Where `path` (below the document) was written; falls back to the nearest parent that has a line."""
        for length in range(len(path), -1, -1):
            line = self.lines.get(tuple(path[:length]))
            if line:
                return Source(self.source.path, line)
        return self.source


@dataclass(frozen=True)
class Live:
    """What a server has: its body as read, and what is needed to write against it (`version`: seq_no, version, …)."""

    address: Address
    body: Body
    version: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Remembered:
    """What was last applied: the ledger's document.

    `body` is the normalised body that was written, with seals for secrets; `defaults` what the server had added to it,
    by JSON pointer.
    """

    address: Address
    body: Body
    defaults: Body = field(default_factory=dict)
    digest: str = ""
    who: str = ""
    when: str = ""
    commit: str = ""
    project: str = ""
    protect: bool = False
    version: Mapping[str, Any] = field(default_factory=dict, compare=False)


class Action(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    ADOPT = "adopt"
    FORGET = "forget"
    REFRESH = "refresh"
    NONE = "none"
    UNDECIDED = "undecided"


class Cause(StrEnum):
    """Why: a row of the table of three-way truth."""

    CLEAN = "clean"
    PENDING = "pending"
    DRIFTED = "drifted"
    DELETED = "drifted: deleted"
    BOTH = "both"
    NEW = "new"
    ADOPT = "adopt"
    FOREIGN = "adopt?"
    ORPHAN = "orphan"
    ORPHAN_DRIFTED = "orphan, drifted"
    GONE = "gone"
    WAITING = "waiting"


class Consequence(StrEnum):
    INSTANT = "instant"
    NEXT_ROLLOVER = "next rollover"
    RESTART = "restart"
    REINDEX = "reindex"
    IRREVERSIBLE = "irreversible"


@dataclass(frozen=True)
class Difference:
    """One place where two bodies differ. `before`/`after` are None where the key is missing."""

    path: Path
    before: Any
    after: Any

    @property
    def dotted(self) -> str:
        return ".".join(str(p) for p in self.path)


@dataclass(frozen=True)
class Request:
    """One HTTP request, as data: what a plan shows and `apply` sends.

    `body` is JSON data in which a Secret may stand for text (it is revealed when it is sent); a list of JSON objects
    when `form` is `ndjson` (`_bulk`) or `file` (the upload of `_import`).
    """

    service: Literal["elasticsearch", "kibana"]
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    form: Literal["json", "ndjson", "file"] = "json"

    def __str__(self) -> str:
        query = "&".join(f"{k}={v}" for k, v in self.params.items())
        return f"{self.method} {self.path}" + (f"?{query}" if query else "")


@dataclass(frozen=True)
class Response:
    """What came back: `body` is parsed JSON, a list of objects for NDJSON, or text."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


class Sender(Protocol):
    """Sends one request: `cluster.Cluster` is one. Raises ServerError for a status of 400 and above not in `accept`."""

    def send(self, request: Request, *, accept: Iterable[int] = ()) -> Response: ...


@dataclass(frozen=True)
class Capabilities:
    """What the servers are: decided once per run by `cluster`."""

    version: tuple[int, int, int] = (9, 5, 0)
    flavor: str = "default"
    licence: str = "basic"
    kibana_version: tuple[int, int, int] = (9, 5, 0)
    sandbox: bool = False

    @property
    def serverless(self) -> bool:
        return self.flavor == "serverless"


@dataclass(frozen=True)
class Produced:
    """Something that a server tells once, when it makes it: an API key. `write_to` is where a person wants it."""

    address: Address
    secret: Secret
    what: str
    write_to: str | None = None


@dataclass(frozen=True)
class Waiting:
    """A resource that cannot be decided yet, and the command that makes what it waits for."""

    reason: str
    command: str = ""


@dataclass(frozen=True)
class Reindex:
    """Documents move from the index `source` into a new one, `target`; then the name `alias` stands for that.

    `body` creates the target. `plain`: `alias` is itself the source, which becomes an alias in the same step; `kept` is
    where the old documents are found afterwards: the source, or a clone of it. `renamed`: the target has the
    resource's new name itself. `undo`: nothing moves any more, what an earlier run left half done is taken back.
    `documents` and `size` (bytes) are the source's, None before they were asked for; `throttle` is how many documents
    are copied in a second at most.
    """

    alias: str
    source: str
    target: str
    body: Body = field(repr=False)
    plain: bool = False
    documents: int | None = None
    size: int | None = None
    kept: str = ""
    renamed: bool = False
    undo: bool = False
    throttle: float | None = None


@dataclass(frozen=True)
class Change:
    """One line of a plan: what would happen to one resource, why, and the requests that do it.

    `moved_from` is what was remembered of its earlier address, `moved_live` what still stands there; `afterwards` are
    requests that wait until everything else was done: nothing refers to the old one any more, which they delete.
    """

    address: Address
    action: Action
    cause: Cause
    consequence: Consequence = Consequence.INSTANT
    words: str = ""
    differences: tuple[Difference, ...] = ()
    requests: tuple[Request, ...] = ()
    reindex: Reindex | None = None
    source: Source | None = None
    desired: Body | None = field(default=None, repr=False)
    live: Live | None = field(default=None, repr=False)
    remembered: Remembered | None = field(default=None, repr=False)
    protect: bool = False
    moved_from: Remembered | None = field(default=None, repr=False)
    moved_live: Live | None = field(default=None, repr=False)
    afterwards: tuple[Request, ...] = ()


@dataclass(frozen=True)
class Plan:
    """Everything that would happen, in the order in which it would."""

    project: str
    changes: tuple[Change, ...]
    capabilities: Capabilities = Capabilities()
    requests: int = 0
    seal: Callable[[Secret], str] | None = field(default=None, repr=False, compare=False)
    """What may be kept of a secret (`plan.sealing.Seal`)."""


@dataclass(frozen=True)
class Outcome:
    """What became of one change: `done`, `failed` (with the reason) or `skipped` (something before it failed)."""

    change: Change
    state: Literal["done", "failed", "skipped"]
    reason: str = ""
