"""The guard before the wire: what a row of a table (see `routes`) allows is sent, everything else is denied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import unquote

from ..errors import ServerError

# Parameters that only change how the answer is written down.
_ANSWER_FORM: Mapping[str, frozenset[str]] = {
    "elasticsearch": frozenset({"pretty", "human", "filter_path", "error_trace", "format", "typed_keys"}),
    "kibana": frozenset(),
}


class GuardError(ServerError):
    """The request is not on the list; nothing was sent."""


@dataclass(frozen=True)
class Row:
    """One kind of request that may be sent.

    In `route`, `{name}` stands for one name (no wildcard, no `_all`), `{names}` for one or more of them with commas
    between, `{pattern}` for names that may hold wildcards, `{id}` for any one segment. `required` are parameters that
    must have that value.
    """

    service: str
    methods: tuple[str, ...]
    route: str
    reason: str
    parameters: frozenset[str] = frozenset()
    required: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def segments(self) -> tuple[str, ...]:
        return tuple(self.route.split("/"))

    def matches(self, service: str, method: str, segments: tuple[str, ...]) -> bool:
        return (
            service == self.service
            and method in self.methods
            and len(segments) == len(self.segments)
            and all(_fits(pattern, segment) for pattern, segment in zip(self.segments, segments, strict=True))
        )

    def refusal(self, params: Mapping[str, object]) -> str | None:
        """What is wrong with the parameters, in words, or None."""
        for name, value in self.required.items():
            if str(params.get(name, "")).lower() != value:
                return f"it must carry {name}={value}"
        known = self.parameters | self.required.keys() | _ANSWER_FORM[self.service]
        unknown = sorted(params.keys() - known)
        return f'its parameter "{unknown[0]}" is not on the list' if unknown else None


@dataclass(frozen=True)
class Guard:
    """An allow-list. `denial` says in words why what has no row is not sent."""

    denial: str
    rows: tuple[Row, ...]

    def check(
        self, method: str, path: str, params: Mapping[str, object] | None = None, *, service: str = "elasticsearch"
    ) -> Row:
        """Return the row that allows the request; raises GuardError, before anything is sent, where there is none.

        `path` is without query, percent-encoded as it is sent; `service` is `elasticsearch` or `kibana`.
        """
        segments = _segments(path, service)
        why = self.denial
        for row in self.rows:
            if row.matches(service, method, segments):
                refusal = row.refusal(params or {})
                if refusal is None:
                    return row
                why = refusal
        raise GuardError(f"{method} {path} was not sent: {why}", kind="guard")

    def allows(
        self, method: str, path: str, params: Mapping[str, object] | None = None, *, service: str = "elasticsearch"
    ) -> bool:
        """Whether `check` would let the request pass."""
        try:
            self.check(method, path, params, service=service)
        except GuardError:
            return False
        return True


def _segments(path: str, service: str) -> tuple[str, ...]:
    # Decoded after splitting: an encoded slash inside a name must not make a new segment.
    segments = tuple(unquote(segment) for segment in path.split("/"))
    if service == "kibana" and len(segments) > 3 and segments[:2] == ("", "s") and _fits("{name}", segments[2]):
        return ("", *segments[3:])
    return segments


def _fits(pattern: str, segment: str) -> bool:
    if not pattern.startswith("{"):
        return pattern == segment
    if segment in ("", ".", ".."):
        return False
    if pattern == "{id}":
        return True
    if pattern == "{pattern}":
        return not segment.startswith("_")
    names = segment.split(",")
    if pattern == "{name}" and len(names) > 1:
        return False
    return all(name and name[0] not in "_-" and "*" not in name for name in names)
