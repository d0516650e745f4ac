"""What the official client raises, as one line for a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ..errors import EsctlError, ServerError


@contextmanager
def told(index: str) -> Iterator[None]:
    """Turn the client's exceptions into ServerError; a missing index names the command that makes it."""
    from elastic_transport import TransportError
    from elasticsearch import ApiError

    try:
        yield
    except EsctlError:
        raise
    except ApiError as error:
        kind = _kind(error.body)
        hint = "run: esctl apply" if kind == "index_not_found_exception" else None
        message = f'there is no index "{index}"' if hint else f"Elasticsearch refused: {reason(error.body)}"
        raise ServerError(message, status=error.status_code, kind=kind, hint=hint) from None
    except TransportError as error:
        raise ServerError(f"Elasticsearch could not be reached: {error.message}", hint="esctl doctor") from None


def reason(answer: Any) -> str:
    """The innermost cause of an error answer, or of one item of a bulk: a script's own message lies there."""
    error = answer.get("error", answer) if isinstance(answer, Mapping) else answer
    if not isinstance(error, Mapping):
        return str(error)
    said = ""
    while isinstance(error, Mapping):
        said = str(error.get("reason") or error.get("type") or said)
        error = error.get("caused_by")
    return said or "no reason given"


def _kind(body: Any) -> str:
    error = body.get("error") if isinstance(body, Mapping) else None
    return str(error.get("type", "")) if isinstance(error, Mapping) else ""
