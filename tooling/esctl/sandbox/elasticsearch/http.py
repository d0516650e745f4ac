"""One HTTP request and answer as the handlers see them, and the route table: method, path pattern, parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from .errors import ElasticsearchError, illegal, parsing, token

if TYPE_CHECKING:
    from .node import Node

EVERYWHERE = frozenset({"pretty", "human", "error_trace", "filter_path", "format"})
MULTI_INDEX = "ignore_unavailable allow_no_indices expand_wildcards master_timeout timeout local"


@dataclass(frozen=True)
class Request:
    """`values` are the placeholders of the path, decoded; `params` the query string."""

    method: str
    path: str
    values: Mapping[str, str]
    params: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def flag(self, name: str, default: bool = False) -> bool:
        """A boolean parameter; present without a value is true."""
        value = self.params.get(name)
        if value is None:
            return default
        if value not in ("", "true", "false"):
            raise illegal(f"Failed to parse value [{value}] as only [true] or [false] are allowed.")
        return value != "false"

    def number(self, name: str) -> int | None:
        value = self.params.get(name)
        if value is None:
            return None
        try:
            return int(value)
        except ValueError:
            raise illegal(
                f"Failed to parse int parameter [{name}] with value [{value}]",
                cause={"type": "number_format_exception", "reason": f'For input string: "{value}"'},
            ) from None

    def names(self, name: str = "index") -> list[str]:
        """A comma list of the path; empty where the path has none."""
        return [part for part in self.values.get(name, "").split(",") if part]

    def listed(self, name: str) -> list[str]:
        return [part for part in self.params.get(name, "").split(",") if part]

    def json(self, *, required: bool = False) -> dict[str, Any]:
        """The body as an object; an empty body is `{}` unless it is required."""
        if not self.body.strip():
            if required:
                raise ElasticsearchError("parse_exception", "request body is required")
            return {}
        parsed = load_json(self.body)
        if not isinstance(parsed, dict):
            raise parsing(f"Expected [START_OBJECT] but found [{token(parsed)}]")
        return parsed


def load_json(raw: bytes | str) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        place = f"[{error.lineno}:{error.colno}]"
        raise ElasticsearchError("x_content_parse_exception", f"{place} {error.msg}") from None


@dataclass(frozen=True)
class Response:
    """`body` is JSON data, text (answered as text/plain) or None (no body)."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[["Node", Request], Response]


@dataclass(frozen=True)
class Route:
    methods: tuple[str, ...]
    segments: tuple[str, ...]
    handler: Handler
    params: frozenset[str]


def route(methods: str, pattern: str, handler: Handler, params: str = "") -> Route:
    """`route("GET POST", "/{index}/_count", count, "routing q")`."""
    return Route(tuple(methods.split()), tuple(pattern.strip("/").split("/")), handler, frozenset(params.split()))


class Router:
    """Finds the route of a request; a literal segment wins over a placeholder."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._by_length: dict[int, list[Route]] = {}
        for one in routes:
            self._by_length.setdefault(len(one.segments), []).append(one)
        for group in self._by_length.values():
            group.sort(key=lambda r: [s.startswith("{") for s in r.segments])

    def find(self, method: str, path: str, segments: list[str]) -> tuple[Route | None, dict[str, str], list[str]]:
        """The route and its placeholders' values, or None and the methods that the path would allow."""
        allowed: list[str] = []
        for one in self._by_length.get(len(segments), ()):
            values = _match(one.segments, segments, named=method == "PUT" and len(segments) == 1)
            if values is None:
                continue
            if method in one.methods or (method == "HEAD" and "GET" in one.methods):
                return one, values, []
            allowed += [m for m in one.methods if m not in allowed]
        return None, {}, allowed


def _match(pattern: tuple[str, ...], segments: list[str], *, named: bool) -> dict[str, str] | None:
    values: dict[str, str] = {}
    for want, have in zip(pattern, segments, strict=True):
        if want.startswith("{"):
            # An endpoint that the sandbox lacks must not read as the name of an index.
            if want == "{index}" and have.startswith("_") and have != "_all" and not named:
                return None
            values[want[1:-1]] = have
        elif want != have:
            return None
    return values


def check_params(one: Route, path: str, params: Mapping[str, str]) -> None:
    """Elasticsearch refuses parameters that nothing reads."""
    unknown = sorted(set(params) - one.params - EVERYWHERE)
    if unknown:
        plural = "s" if len(unknown) > 1 else ""
        listed = ", ".join(f"[{name}]" for name in unknown)
        raise illegal(f"request [{path}] contains unrecognized parameter{plural}: {listed}")
