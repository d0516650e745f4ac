"""From an answer that is not the one wished for to one line for a person, with a remedy where one is known."""

from __future__ import annotations

import re
from typing import Any

from ..errors import ServerError
from .connection import SERVICES, Connection

_LONGEST = 400  # characters of a server's own words that are shown


def not_the_product(connection: Connection, service: str, found: str) -> ServerError:
    """Something answers there, but not what is expected; `found` says what was seen."""
    other = "Kibana" if service == "elasticsearch" else "Elasticsearch"
    return ServerError(
        f"what answers at {connection.place(service)} is not {SERVICES[service]}: {found}",
        kind="not_the_product",
        hint=f"check the address (is it {other}'s, or a proxy's?)",
    )


def refused(connection: Connection, service: str, method: str, path: str, status: int, body: Any) -> ServerError:
    """A status of 400 and above, in the server's own words; 401, 403, 429 and 503 with what to do about them."""
    name, place = SERVICES[service], connection.place(service)
    kind, reason = reason_of(body)
    if status == 401:
        who = connection.identity(service)
        if who == "no credentials":
            message, hint = (
                f"{name} at {place} asks for credentials and none were given",
                "set ESCTL_API_KEY, or ESCTL_USERNAME and ESCTL_PASSWORD",
            )
        else:
            message, hint = (
                f"{name} at {place} does not accept {who}",
                "check name and password, or whether the key has expired or was revoked",
            )
        return ServerError(message, status=status, kind=kind, hint=hint)
    if status == 403:
        return ServerError(
            f"{name} does not let {connection.identity(service)} do {method} {path}",
            status=status,
            kind=kind,
            hint=_missing(reason),
        )
    if status == 503 and service == "kibana":
        hint = 'wait until GET /api/status answers "available"'
        return ServerError(f"Kibana at {place} is not ready yet", status=status, kind=kind, hint=hint)
    if status == 413:
        return ServerError(f"{method} {path}: the request is larger than {name} takes (413)", status=status, kind=kind)
    words = ": ".join(part for part in (kind, shortened(reason)) if part)
    return ServerError(
        f"{method} {path}: {name} answered {status}" + (f", {words}" if words else ""), status=status, kind=kind
    )


def reason_of(body: Any) -> tuple[str, str]:
    """(type, reason) of an error body of Elasticsearch or Kibana; empty strings where it has none."""
    if not isinstance(body, dict):
        return "", "" if body is None else " ".join(str(body).split())
    error = body.get("error", body)
    if isinstance(error, str):  # Kibana: {"statusCode", "error", "message"}; Elasticsearch: {"error": "…"}
        return "", str(body.get("message") or error)
    if not isinstance(error, dict):
        return "", ""
    reasons = [str(error.get("reason") or "")]
    cause = error.get("caused_by")
    while isinstance(cause, dict) and len(reasons) < 5:
        reasons.append(str(cause.get("reason") or ""))
        cause = cause.get("caused_by")
    # The deepest cause says what is wrong; what stands above often only says that something is.
    parts = [reasons[0]] + [reason for reason in reasons[-1:] if reason and reason not in reasons[0]]
    return str(error.get("type") or ""), ": ".join(part for part in parts if part)


def _missing(reason: str) -> str | None:
    granted = re.search(r"granted by the (\w+) privileges? \[([^\]]+)\]", reason)
    if granted:
        where = re.search(r"on (?:indices|restricted indices) \[([^\]]+)\]", reason)
        names = granted[2].split(",")
        one_of = f'"{names[0]}"' if len(names) == 1 else "one of " + ", ".join(f'"{n}"' for n in names)
        return f"grant the {granted[1]} privilege {one_of}" + (f' on "{where[1]}"' if where else "")
    return shortened(reason) or None


def shortened(text: str) -> str:
    """On one line, and not longer than a person reads."""
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
