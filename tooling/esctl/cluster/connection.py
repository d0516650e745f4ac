"""Where the two servers are and who asks: one `Connection`, checked before anything is sent."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from ..errors import EsctlError

SERVICES = {"elasticsearch": "Elasticsearch", "kibana": "Kibana"}
_DEFAULT_PORTS = {"http": 80, "https": 443}
_PEM = {"ca_certs": "CA file", "client_cert": "client certificate", "client_key": "key of the client certificate"}


@dataclass(frozen=True)
class KibanaAccess:
    """What is other for Kibana than for Elasticsearch; None means the same. Credentials count as one thing."""

    username: str | None = None
    password: str | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)
    bearer: str | None = field(default=None, repr=False)
    ca_certs: str | None = None
    ca_fingerprint: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    proxy: str | None = None
    verify: bool | None = None
    timeout: float | None = None


@dataclass(frozen=True)
class Connection:
    """Addresses, credentials and TLS of one environment.

    Of several credentials the first given is used: `api_key` (encoded, or `id:key`), `bearer`, `username` and
    `password`, else those inside the address itself. `ca_fingerprint` (SHA-256, hexadecimal, with or without colons) is
    that of any certificate of the server's chain and stands for `ca_certs`. `proxy` is a URL, which may hold
    credentials. `timeout` is in seconds, for one request. Raises EsctlError where an address or a file cannot be used.
    """

    elasticsearch_url: str
    kibana_url: str | None = None
    username: str | None = None
    password: str | None = None
    api_key: str | None = None
    bearer: str | None = None
    ca_certs: str | None = None
    ca_fingerprint: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    proxy: str | None = field(default=None, repr=False)
    verify: bool = True
    timeout: float = 30.0
    kibana: KibanaAccess = KibanaAccess()

    def __post_init__(self) -> None:
        for service in ("elasticsearch", "kibana"):
            if self._given(service) is not None:
                _check_address(self.place(service), SERVICES[service])
            for key, what in _PEM.items():
                path = self.own(service, key)
                if path and not Path(path).is_file():
                    raise EsctlError(f'the {what} "{path}" does not exist', hint=f"set {key} to a PEM file")
            fingerprint = (self.own(service, "ca_fingerprint") or "").replace(":", "")
            if fingerprint and not re.fullmatch(r"[0-9a-fA-F]{64}", fingerprint):
                raise EsctlError(
                    f'ca_fingerprint "{self.own(service, "ca_fingerprint")}" is no SHA-256',
                    hint="64 hexadecimal digits: openssl x509 -fingerprint -sha256 -noout -in http_ca.crt",
                )
            if proxy := self.own(service, "proxy"):
                _check_address(without_credentials(proxy), "the proxy")

    def __repr__(self) -> str:
        # The generated one would show a password that stands in an address.
        kibana = f", {self.place('kibana')!r}" if self.kibana_url is not None else ""
        return f"Connection({self.place('elasticsearch')!r}{kibana}, {self.identity('elasticsearch')})"

    def place(self, service: str) -> str:
        """The address without credentials and without a last `/`: for people, and for building addresses."""
        return without_credentials(self._given(service) or "")

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
        verify = self.kibana.verify if service == "kibana" and self.kibana.verify is not None else self.verify
        return (self.own(service, "ca_certs") or True) if verify else False

    def own(self, service: str, key: str) -> str | None:
        """A service's own `ca_certs`, `ca_fingerprint`, `client_cert`, `client_key` or `proxy`, else the common one."""
        value: str | None = getattr(self.kibana, key) if service == "kibana" else None
        return value or getattr(self, key)

    def node_options(self, service: str) -> dict[str, Any]:
        """TLS in the words of `elastic_transport.NodeConfig`, for both servers; {} for an address without TLS."""
        if not self.place(service).startswith("https:"):
            return {}
        trusted, fingerprint = self.trusted(service), self.own(service, "ca_fingerprint")
        options: dict[str, Any] = {"verify_certs": trusted is not False, "ssl_show_warn": False}
        if fingerprint and trusted is not False:
            options["ssl_assert_fingerprint"] = fingerprint.replace(":", "").lower()
        elif isinstance(trusted, str):
            options["ca_certs"] = trusted
        for key in ("client_cert", "client_key"):
            if self.own(service, key):
                options[key] = self.own(service, key)
        return options

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


def without_credentials(url: str) -> str:
    """An address for people: no user, no password, no last `/`."""
    scheme, separator, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return scheme + separator + host.rpartition("@")[2] + (slash + path).rstrip("/")


def cloud_addresses(cloud_id: str) -> tuple[str, str | None]:
    """Elasticsearch's and Kibana's address in a cloud id, `name:base64(host$elasticsearch$kibana)`.

    Raises EsctlError.
    """
    from elastic_transport.client_utils import parse_cloud_id

    hint = "copy it whole: name:letters and digits"
    try:
        found = parse_cloud_id(cloud_id)
    except ValueError:
        raise EsctlError("the cloud id cannot be read", hint=hint) from None
    if found.es_address is None:
        raise EsctlError("the cloud id names no Elasticsearch", hint=hint)
    urls = [f"https://{address[0]}:{address[1]}" for address in (found.es_address, found.kibana_address) if address]
    return urls[0], urls[1] if len(urls) > 1 else None


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
