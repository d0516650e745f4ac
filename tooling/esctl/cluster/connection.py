"""Where the two servers are and who asks: one `Connection`, checked before anything is sent."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ..errors import EsctlError

SERVICES = {"elasticsearch": "Elasticsearch", "kibana": "Kibana"}
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Connection:
    """Addresses, credentials and TLS of one environment.

    Of several credentials the first given is used: `api_key` (encoded, or `id:key`), `bearer`, `username` and
    `password`, else those inside the address itself. `timeout` is in seconds, for one request. Raises EsctlError where
    an address or the CA file cannot be used.
    """

    elasticsearch_url: str
    kibana_url: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)
    bearer: str | None = field(default=None, repr=False)
    ca_certs: str | None = None
    verify: bool = True
    timeout: float = 30.0

    def __post_init__(self) -> None:
        for service in ("elasticsearch", "kibana"):
            if self._given(service) is not None:
                _check_address(self.place(service), SERVICES[service])
        if self.ca_certs and not Path(self.ca_certs).is_file():
            raise EsctlError(
                f'the CA file "{self.ca_certs}" does not exist', hint="set ca_certs to the PEM file of the CA"
            )

    def place(self, service: str) -> str:
        """The address without credentials and without a last `/`: for people, and for building addresses."""
        url = self._given(service) or ""
        scheme, separator, rest = url.partition("://")
        host, slash, path = rest.partition("/")
        return (scheme + separator + host.rpartition("@")[2] + slash + path).rstrip("/")

    def authorization(self, service: str) -> str | None:
        """The value of the Authorization header, or None where no credentials were given."""
        if self.api_key:
            return f"ApiKey {_base64(self.api_key) if ':' in self.api_key else self.api_key}"
        if self.bearer:
            return f"Bearer {self.bearer}"
        username, password = self.username, self.password or ""
        if not username:
            inside = urlsplit(self._given(service) or "")
            username, password = unquote(inside.username or ""), unquote(inside.password or "")
        return f"Basic {_base64(f'{username}:{password}')}" if username else None

    def identity(self) -> str:
        """With whose credentials esctl asks, in words: `user "elastic"`."""
        if self.api_key:
            return "the API key"
        if self.bearer:
            return "the bearer token"
        username = self.username or urlsplit(self.elasticsearch_url).username
        return f'user "{username}"' if username else "no credentials"

    def loopback(self, service: str) -> bool:
        """Whether the service runs on this machine: then no proxy is asked."""
        host = urlsplit(self.place(service)).hostname or ""
        return host in ("localhost", "::1") or host.startswith("127.")

    def _given(self, service: str) -> str | None:
        return self.elasticsearch_url if service == "elasticsearch" else self.kibana_url


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _check_address(url: str, name: str) -> None:
    if "://" not in url:
        raise EsctlError(f'{name}\'s address "{url}" lacks its scheme', hint=f'did you mean "http://{url}"?')
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        raise EsctlError(f'{name}\'s address "{url}" has a port that is no number from 0 to 65535') from None
    if parts.scheme not in _DEFAULT_PORTS:
        raise EsctlError(f'{name}\'s address "{url}" must begin with http:// or https://')
    if not parts.hostname:
        raise EsctlError(f'{name}\'s address "{url}" names no host', hint='write for example "http://127.0.0.1:9200"')
    if parts.query or parts.fragment:
        raise EsctlError(f'{name}\'s address "{url}" must end with the path', hint="leave out what stands after ? or #")
    if port == 0:
        raise EsctlError(f'{name}\'s address "{url}" has port 0')
