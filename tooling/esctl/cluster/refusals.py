"""From what went wrong on the wire to one line for a person, with a remedy where one is known."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from ..errors import ServerError
from .connection import SERVICES, Connection

_LONGEST = 400  # characters of a server's own words that are shown


def unreachable(connection: Connection, service: str, cause: BaseException) -> ServerError:
    """No answer at all: refused, name unknown, TLS, time-out. `cause` is the client library's exception."""
    place, name = connection.place(service), SERVICES[service]
    text = _causes(cause)
    if "CERTIFICATE_VERIFY_FAILED" in text or "CertificateError" in text:
        found = re.search(r"certificate verify failed: ([^(\"']+)", text) or re.search(r"(hostname [^(\")]+)", text)
        why = f": {found[1].strip()}" if found else ""
        hint = (
            "set ca_certs to the PEM file of the CA that signed it"
            if "doesn't match" not in text
            else "use the certificate's host name"
        )
        return ServerError(f"{name} at {place} shows a certificate that is not trusted{why}", kind="tls", hint=hint)
    if place.startswith("https:") and any(
        word in text for word in ("WRONG_VERSION_NUMBER", "record layer failure", "HTTP_REQUEST")
    ):
        return ServerError(f"{name} at {place} does not speak TLS", kind="tls", hint=f'try "http{place[5:]}"')
    if "SSLError" in text or "TlsError" in text or "[SSL" in text:
        return ServerError(f"the TLS connection to {name} at {place} failed: {_last(cause)}", kind="tls")
    if any(word in text for word in ("ConnectTimeout", "ReadTimeout", "ConnectionTimeout", "timed out")):
        hint = "check the address and the network, or raise timeout"
        return ServerError(
            f"{name} at {place} did not answer within {connection.patience(service):g} s", kind="timeout", hint=hint
        )
    if any(
        word in text
        for word in ("NameResolutionError", "Name or service not known", "getaddrinfo failed", "nodename nor servname")
    ):
        host = urlsplit(place).hostname
        return ServerError(f'{name} at {place} cannot be reached: the name "{host}" is not known', kind="unreachable")
    if "refused" in text:
        hint = (
            f"is {name} running there? `esctl sandbox up` starts one for development"
            if connection.loopback(service)
            else "is it running?"
        )
        return ServerError(f"{name} at {place} cannot be reached: connection refused", kind="unreachable", hint=hint)
    remedy = None
    if place.startswith("http:") and any(
        word in text for word in ("RemoteDisconnected", "reset by peer", "BadStatusLine", "without response")
    ):
        remedy = f'if it speaks TLS, try "https{place[4:]}"'
    return ServerError(f"{name} at {place} broke the connection: {_last(cause)}", kind="broken", hint=remedy)


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
    words = ": ".join(part for part in (kind, _short(reason)) if part)
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
    return _short(reason) or None


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _causes(cause: BaseException) -> str:
    """Types and texts of an exception and of all that it wraps."""
    seen: list[str] = []
    waiting: list[BaseException | None] = [cause]
    while waiting and len(seen) < 20:
        error = waiting.pop()
        if error is None:
            continue
        seen.append(f"{type(error).__name__}: {error}")
        waiting += [
            error.__cause__,
            error.__context__,
            *(e for e in getattr(error, "errors", ()) if isinstance(e, BaseException)),
        ]
        waiting += [a for a in error.args if isinstance(a, BaseException)]
    return "\n".join(seen)


def _last(cause: BaseException) -> str:
    inner = [e for e in getattr(cause, "errors", ()) if isinstance(e, BaseException)]
    text = str(inner[0] if inner else cause)
    return _short(re.sub(r"^.*?(?:object at 0x[0-9a-f]+>|Connection\([^)]*\)): ?", "", text)) or type(cause).__name__
