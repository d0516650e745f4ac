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
class KibanaAccess:
    """What is other for Kibana than for Elasticsearch; None means the same. Credentials count as one thing."""

    username: str | None = None
    password: str | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)
    bearer: str | None = field(default=None, repr=False)
    ca_certs: str | None = None
    verify: bool | None = None
    timeout: float | None = None


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
    password: str | None = None
    api_key: str | None = None
    bearer: str | None = None
    ca_certs: str | None = None
    verify: bool = True
    timeout: float = 30.0
    kibana: KibanaAccess = KibanaAccess()

    def __post_init__(self) -> None:
        for service in ("elasticsearch", "kibana"):
            if self._given(service) is not None:
                _check_address(self.place(service), SERVICES[service])
            ca_certs = self.trusted(service)
            if isinstance(ca_certs, str) and not Path(ca_certs).is_file():
                hint = "set ca_certs to the PEM file of the CA"
                raise EsctlError(f'the CA file "{ca_certs}" does not exist', hint=hint)

    def __repr__(self) -> str:
        # The generated one would show a password that stands in an address.
        kibana = f", {self.place('kibana')!r}" if self.kibana_url is not None else ""
        return f"Connection({self.place('elasticsearch')!r}{kibana}, {self.identity('elasticsearch')})"

    def place(self, service: str) -> str:
        """The address without credentials and without a last `/`: for people, and for building addresses."""
        url = self._given(service) or ""
        scheme, separator, rest = url.partition("://")
        host, slash, path = rest.partition("/")
        return scheme + separator + host.rpartition("@")[2] + (slash + path).rstrip("/")

    def authorization(self, service: str) -> str | None:
        """The value of the Authorization header, or None where no credentials were given."""
        given = self._credentials(service)
        if given.api_key:
            return f"ApiKey {_base64(given.api_key) if ':' in given.api_key else given.api_key}"
        if given.bearer:
            return f"Bearer {given.bearer}"
        username, password = given.username, given.password or ""
        if not username:
            inside = urlsplit(self._given(service) or "")
            username, password = unquote(inside.username or ""), unquote(inside.password or "")
        return f"Basic {_base64(f'{username}:{password}')}" if username else None

    def identity(self, service: str) -> str:
        """With whose credentials esctl asks, in words: `user "elastic"`."""
        given = self._credentials(service)
        if given.api_key:
            return "the API key"
        if given.bearer:
            return "the bearer token"
        username = given.username or unquote(urlsplit(self._given(service) or "").username or "")
        return f'user "{username}"' if username else "no credentials"

    def trusted(self, service: str) -> str | bool:
        """The CA file, True for the system's CAs, False where certificates are not checked."""
        other = self.kibana if service == "kibana" else KibanaAccess()
        verify = self.verify if other.verify is None else other.verify
        return (other.ca_certs or self.ca_certs or True) if verify else False

    def patience(self, service: str) -> float:
        """Seconds that one request may take."""
        return (self.kibana.timeout if service == "kibana" else None) or self.timeout

    def _credentials(self, service: str) -> Connection | KibanaAccess:
        own = self.kibana.api_key or self.kibana.bearer or self.kibana.username
        return self.kibana if service == "kibana" and own else self

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
