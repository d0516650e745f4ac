"""Why no answer came, in one line for a person: a table of what the HTTP libraries' exceptions mean."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from ..errors import ServerError
from .connection import SERVICES, Connection, without_credentials
from .refusals import shortened


@dataclass(frozen=True)
class Sign:
    """One cause: one of `words` is in the exceptions' types or texts, and the address begins with `scheme`.

    `message` and `hint` may name `{name}`, `{host}`, `{timeout}`, `{times}` (how often it was asked, if not once),
    `{proxy}`, `{other}` (the address, other scheme), `{why}` (what OpenSSL says of a certificate), `{last}` (the
    innermost exception's text) and `{sandbox}` (where it is for this machine, how to start one).
    """

    words: tuple[str, ...]
    kind: str
    message: str
    hint: str = ""
    scheme: str = ""


SIGNS = (
    Sign(
        ("Fingerprints did not match",),
        "tls",
        "shows a certificate with another fingerprint than ca_fingerprint",
        "compare it with that of the server's CA; if that was renewed, write the new one",
    ),
    Sign(
        ("ProxyError", "Unable to connect to proxy"),
        "unreachable",
        "cannot be reached through the proxy at {proxy}: {last}",
        "check the proxy setting",
    ),
    Sign(
        ("Hostname mismatch", "IP address mismatch", "doesn't match"),
        "tls",
        'shows a certificate that is not for "{host}"',
        "use the name that the certificate has",
    ),
    Sign(
        ("CERTIFICATE_VERIFY_FAILED",),
        "tls",
        "shows a certificate that is not trusted{why}",
        "set ca_certs to the PEM file of the CA that signed it",
    ),
    Sign(
        ("WRONG_VERSION_NUMBER", "record layer failure", "HTTP_REQUEST"),
        "tls",
        "does not speak TLS",
        'try "{other}"',
        scheme="https",
    ),
    Sign(("SSLError", "TlsError", "[SSL"), "tls", "fails to agree on a TLS connection: {last}"),
    Sign(
        ("ConnectTimeout", "ReadTimeout", "ConnectionTimeout", "timed out"),
        "timeout",
        "did not answer within {timeout:g} s{times}",
        "check the address and the network, or raise timeout",
    ),
    Sign(
        ("NameResolutionError", "Name or service not known", "getaddrinfo failed", "nodename nor servname"),
        "unreachable",
        'cannot be reached: the name "{host}" is not known',
    ),
    Sign(("refused",), "unreachable", "cannot be reached: connection refused", "is {name} running there?{sandbox}"),
    Sign(
        ("RemoteDisconnected", "reset by peer", "BadStatusLine", "without response"),
        "broken",
        "broke the connection: {last}",
        'if it speaks TLS, try "{other}"',
        scheme="http",
    ),
    Sign(("",), "broken", "broke the connection: {last}"),
)


def unreachable(
    connection: Connection,
    service: str,
    cause: BaseException,
    *,
    reached: bool = False,
    timeout: float | None = None,
    tries: int = 1,
) -> ServerError:
    """The error for a request without an answer; `cause` is the HTTP library's exception.

    `reached`: the server has answered before, so that its address is right. It was asked `tries` times, each with
    `timeout` seconds for the answer (None: what the connection says).
    """
    place = connection.place(service)
    parts = urlsplit(place)
    text = _causes(cause)
    sign = next(s for s in SIGNS if s.scheme in ("", parts.scheme) and any(word in text for word in s.words))
    why = re.search(r"certificate verify failed: ([^(\"']+)", text)
    facts = {
        "name": SERVICES[service],
        "host": parts.hostname,
        "timeout": timeout or connection.patience(service),
        "times": ", asked twice" if tries == 2 else f", asked {tries} times" if tries > 2 else "",
        "other": ("http" if parts.scheme == "https" else "https") + place[len(parts.scheme) :],
        "why": f": {why[1].strip()}" if why else "",
        "last": _innermost(cause),
        "proxy": without_credentials(connection.own(service, "proxy") or "from the environment"),
        "sandbox": " `esctl sandbox up` starts one for development" if connection.loopback(service) else "",
    }
    message = f"{SERVICES[service]} at {place} " + sign.message.format(**facts)
    if reached and sign.kind == "broken":
        return ServerError(message, kind=sign.kind)
    return ServerError(message, kind=sign.kind, hint=sign.hint.format(**facts) or None)


def _causes(cause: BaseException) -> str:
    """Types and texts of an exception and of all that it wraps."""
    seen: list[BaseException] = []
    waiting: list[object] = [cause]
    while waiting and len(seen) < 20:
        error = waiting.pop()
        if isinstance(error, BaseException) and error not in seen:
            seen.append(error)
            waiting += [error.__cause__, error.__context__, *getattr(error, "errors", ()), *error.args]
    return "\n".join(f"{type(error).__name__}: {error}" for error in seen)


def _innermost(cause: BaseException) -> str:
    inner = [error for error in getattr(cause, "errors", ()) if isinstance(error, BaseException)]
    text = str(inner[0] if inner else cause)
    # ('Connection aborted.', RemoteDisconnected('Remote end closed connection without response'))
    if wrapped := re.search(r"^\('[^']*', \w+\((?:\d+, )?['\"](.*?)['\"].*\)\)$", text):
        text = wrapped[1]
    # urllib3 begins with the representation of its connection object.
    text = re.sub(r"^.*?(?:object at 0x[0-9a-f]+>|Connection\([^)]*\)): ?", "", text)
    return shortened(text) or type(cause).__name__
