"""Elasticsearch's error body, as exceptions: `type`, `reason`, extra keys, `caused_by`, and the HTTP status."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class ElasticsearchError(Exception):
    """An answer of Elasticsearch that is an error.

    `extra` are keys beside `type` and `reason` (`index`, `resource.id`, `line`, …); `cause` becomes `caused_by`;
    `root` is what stands in `root_cause` when it is not this error itself.
    """

    def __init__(
        self,
        type: str,
        reason: str,
        *,
        status: int = 400,
        cause: dict[str, Any] | ElasticsearchError | None = None,
        root: list[dict[str, Any]] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(reason)
        self.type, self.reason, self.status, self.extra, self.root = type, reason, status, extra, root
        self.index: str | None = None
        """Where a document did not fit: the index that its name led to."""
        self.phase = "query"
        """In which part of a search it comes up."""
        self.cause = cause.item() if isinstance(cause, ElasticsearchError) else cause

    @property
    def unsupported(self) -> bool:
        """Whether it is the sandbox's own: see `unsupported`."""
        return self.reason.startswith(_UNSUPPORTED)

    def head(self) -> dict[str, Any]:
        return {"type": self.type, "reason": self.reason, **{k.replace("__", "."): v for k, v in self.extra.items()}}

    def item(self) -> dict[str, Any]:
        """The error inside a bulk item or another error's `caused_by`."""
        return self.head() | ({"caused_by": self.cause} if self.cause else {})

    def body(self) -> dict[str, Any]:
        """The whole answer."""
        return {"error": {"root_cause": self.root or [self.head()], **self.item()}, "status": self.status}


_UNSUPPORTED = "the esctl sandbox does not implement"


def illegal(reason: str, **extra: Any) -> ElasticsearchError:
    return ElasticsearchError("illegal_argument_exception", reason, **extra)


def unsupported(what: str, *, type: str = "illegal_argument_exception", **extra: Any) -> ElasticsearchError:
    """What Elasticsearch has and the sandbox has not: always refused by name, never answered with a guess."""
    return ElasticsearchError(type, f"{_UNSUPPORTED} {what}", **extra)


def parsing(reason: str, **extra: Any) -> ElasticsearchError:
    return ElasticsearchError("parsing_exception", reason, line=1, col=1, **extra)


def unknown_field(parser: str, name: str, known: Iterable[str] = ()) -> ElasticsearchError:
    """A key that the parser does not know; with those that it knows, what was probably meant is told."""
    near = sorted((one for one in known if _likeness(name, one) > 0.5), key=lambda one: -_likeness(name, one))
    meant = (
        f" did you mean [{near[0]}]?"
        if len(near) == 1
        else f" did you mean any of [{', '.join(near)}]?"
        if near
        else ""
    )
    return ElasticsearchError("x_content_parse_exception", f"[1:1] [{parser}] unknown field [{name}]{meant}")


def _likeness(one: str, other: str) -> float:
    """1 less the edits (Levenshtein) by length, as Elasticsearch compares names."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return 1 - row[-1] / max(len(one), len(other), 1)


# Errors that are told instead of the parser's own, which only says where they came up.
_TOLD = ("x_content_parse_exception", "parsing_exception", "parse_exception", "query_shard_exception")


def unparsed(parser: str, name: str, cause: ElasticsearchError | None = None) -> ElasticsearchError:
    """A field of a body whose value is refused, with why."""
    root = (cause.root or [cause.head()]) if cause is not None and cause.type in _TOLD else None
    reason = f"[1:1] [{parser}] failed to parse field [{name}]"
    return ElasticsearchError("x_content_parse_exception", reason, cause=cause, root=root)


def wrong_type(parser: str, name: str, value: Any) -> ElasticsearchError:
    reason = f"[1:1] [{parser}] {name} doesn't support values of type: {token(value)}"
    return ElasticsearchError("x_content_parse_exception", reason)


def not_a_number(value: Any) -> ElasticsearchError:
    return ElasticsearchError("number_format_exception", f'For input string: "{value}"')


def token(value: Any) -> str:
    """What Elasticsearch's parser calls the beginning of a JSON value."""
    if value is None:
        return "VALUE_NULL"
    kinds = ((bool, "VALUE_BOOLEAN"), (str, "VALUE_STRING"), (dict, "START_OBJECT"), (list, "START_ARRAY"))
    return next((name for kind, name in kinds if isinstance(value, kind)), "VALUE_NUMBER")


def validation(*reasons: str) -> ElasticsearchError:
    text = "".join(f"{n}: {reason};" for n, reason in enumerate(reasons, 1))
    return ElasticsearchError("action_request_validation_exception", f"Validation Failed: {text}")


def no_such_index(name: str) -> ElasticsearchError:
    return ElasticsearchError(
        "index_not_found_exception",
        f"no such index [{name}]",
        status=404,
        resource__type="index_or_alias",
        resource__id=name,
        index_uuid="_na_",
        index=name,
    )


def search_failure(error: ElasticsearchError, index: str, *, caused: bool = True) -> ElasticsearchError:
    """A failure on the shard of `index`, wrapped as a search answers it ("all shards failed")."""
    cause = error.item() | {"caused_by": error.item()} if caused and error.type != "query_shard_exception" else None
    return ElasticsearchError(
        "search_phase_execution_exception",
        "all shards failed",
        status=error.status,
        root=[error.head()],
        cause=cause,
        phase=error.phase,
        grouped=True,
        failed_shards=[{"shard": 0, "index": index, "node": "sandbox", "reason": error.item()}],
    )
