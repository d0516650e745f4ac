"""TLS, client certificates, fingerprints and proxies, with certificates made by openssl for the test."""

from __future__ import annotations

import base64
import http.client
import select
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from scripted import PRODUCT, Fake, root, scripted

from esctl.cluster import Cluster, Connection
from esctl.cluster.connection import KibanaAccess, cloud_addresses
from esctl.cluster.retries import NEVER
from esctl.errors import EsctlError, ServerError
from esctl.model import Request

STATUS = Request("kibana", "GET", "/api/status")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ca.pem, other.pem (another CA), server.pem + server.key (127.0.0.1), client.pem + client.key."""
    folder = tmp_path_factory.mktemp("certificates")

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    for ca in ("ca", "other"):
        openssl("req", "-x509", *key, "-keyout", f"{ca}.key", "-out", f"{ca}.pem", "-subj", f"/CN={ca}")
    signed = ("-CA", "ca.pem", "-CAkey", "ca.key")
    for name in ("server", "client"):
        more = ("-addext", "subjectAltName=IP:127.0.0.1") if name == "server" else ()
        openssl(
            "req",
            "-x509",
            *key,
            "-keyout",
            f"{name}.key",
            "-out",
            f"{name}.pem",
            "-subj",
            f"/CN={name}",
            *signed,
            *more,
        )
    (folder / "chain.pem").write_text((folder / "server.pem").read_text() + (folder / "ca.pem").read_text())
    return folder


def fingerprint(certificate: Path) -> str:
    said = subprocess.run(
        ["openssl", "x509", "-fingerprint", "-sha256", "-noout", "-in", str(certificate)],
        check=True,
        capture_output=True,
        text=True,
    )
    return said.stdout.strip().partition("=")[2]


def served(certificates: Path, *, client: bool = False) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "chain.pem", certificates / "server.key")
    if client:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(certificates / "ca.pem")
    return context


@pytest.fixture
def secure(certificates: Path) -> Iterator[Fake]:
    with scripted(served(certificates)) as fake:
        yield answering(fake)


@pytest.fixture
def mutual(certificates: Path) -> Iterator[Fake]:
    with scripted(served(certificates, client=True)) as fake:
        yield answering(fake)


def answering(fake: Fake) -> Fake:
    fake.answer("GET /", body=root())
    fake.answers["GET /_license"] = (200, {"license": {"type": "basic"}}, PRODUCT)
    fake.answers["GET /api/status"] = (200, {"version": {"number": "9.5.0"}}, {"content-type": "application/json"})
    return fake


def asked(fake: Fake, **more: object) -> tuple[str, int]:
    """Licence and Kibana's status, asked over one connection."""
    with Cluster(Connection(fake.url, fake.url, **more), retries=NEVER) as cluster:
        return cluster.get("/_license")["license"]["type"], cluster.send(STATUS).status


def test_a_certificate_of_the_given_authority_is_trusted(secure, certificates):
    assert asked(secure, ca_certs=str(certificates / "ca.pem")) == ("basic", 200)


@pytest.mark.parametrize("authority", [None, "other.pem"])
def test_a_certificate_of_another_authority_is_not(secure, certificates, authority):
    given = {"ca_certs": str(certificates / authority)} if authority else {}
    with Cluster(Connection(secure.url, secure.url, **given)) as cluster:
        for ask in (lambda: cluster.get("/_license"), lambda: cluster.send(STATUS)):
            with pytest.raises(ServerError, match="shows a certificate that is not trusted"):
                ask()
    assert secure.seen == []


@pytest.mark.parametrize("certificate", ["ca.pem", "server.pem"])
def test_a_fingerprint_of_the_chain_stands_for_the_authority(secure, certificates, certificate):
    given = fingerprint(certificates / certificate)
    assert asked(secure, ca_fingerprint=given) == ("basic", 200)
    assert asked(secure, ca_fingerprint=given.replace(":", "").lower()) == ("basic", 200)


def test_a_fingerprint_that_does_not_fit_sends_nothing(secure, certificates):
    wrong = fingerprint(certificates / "other.pem")
    with Cluster(Connection(secure.url, secure.url, ca_fingerprint=wrong)) as cluster:
        for ask in (lambda: cluster.get("/_license"), lambda: cluster.send(STATUS)):
            with pytest.raises(ServerError, match="shows a certificate with another fingerprint than ca_fingerprint"):
                ask()
    assert secure.seen == []


def test_kibana_may_have_a_fingerprint_of_its_own(secure, certificates):
    connection = Connection(
        secure.url,
        secure.url,
        ca_certs=str(certificates / "ca.pem"),
        kibana=KibanaAccess(ca_fingerprint=fingerprint(certificates / "other.pem")),
    )
    with Cluster(connection) as cluster:
        assert cluster.get("/_license")["license"]["type"] == "basic"
        with pytest.raises(ServerError, match="another fingerprint"):
            cluster.send(STATUS)


def test_a_client_certificate_is_shown(mutual, certificates):
    given = {key: str(certificates / f"client.{end}") for key, end in (("client_cert", "pem"), ("client_key", "key"))}
    assert asked(mutual, ca_certs=str(certificates / "ca.pem"), **given) == ("basic", 200)
    with pytest.raises(ServerError):
        asked(mutual, ca_certs=str(certificates / "ca.pem"))


def test_switched_off_means_switched_off(secure):
    assert asked(secure, verify=False) == ("basic", 200)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"ca_fingerprint": "ab:cd"}, 'ca_fingerprint "ab:cd" is no SHA-256; 64 hexadecimal digits'),
        ({"client_cert": "/nowhere.pem"}, 'the client certificate "/nowhere.pem" does not exist; set client_cert'),
        ({"proxy": "127.0.0.1:3128"}, 'the proxy\'s address "127.0.0.1:3128" lacks its scheme; did you mean'),
    ],
)
def test_what_cannot_be_used_is_told_before_anything_is_sent(given, message):
    with pytest.raises(EsctlError) as refused:
        Connection("https://127.0.0.1:1", **given)
    assert message in str(refused.value)


class Proxy:
    """A proxy for HTTP (whole addresses) and TLS (CONNECT) that notes what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.credentials: set[str] = set()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(client,), daemon=True).start()

    def _one(self, client: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(65536)
        lines = head.decode("latin-1").split("\r\n")
        method, target, _ = lines[0].split()
        headers = http.client.parse_headers(_Lines(head.partition(b"\r\n")[2]))
        self.asked.append(f"{method} {target}")
        self.credentials.add(headers.get("proxy-authorization", ""))
        place = target if method == "CONNECT" else target.split("/")[2]
        host, _, port = place.partition(":")
        with client, socket.create_connection((host, int(port))) as server:
            if method == "CONNECT":
                client.sendall(b"HTTP/1.1 200 made\r\n\r\n")
            else:
                server.sendall(head.replace(f"http://{place}".encode(), b"", 1))
            while True:
                for one in select.select([client, server], [], [])[0]:
                    data = one.recv(65536)
                    if not data:
                        return
                    if one is client and method != "CONNECT":  # the next request over a kept connection
                        self.asked.append(data.partition(b" HTTP/")[0].decode())
                        data = data.replace(f"http://{place}".encode(), b"", 1)
                    (server if one is client else client).sendall(data)


class _Lines:
    def __init__(self, text: bytes) -> None:
        self._lines = iter(text.splitlines(keepends=True))

    def readline(self, _: int = -1) -> bytes:
        return next(self._lines, b"")


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    running = Proxy()
    yield running
    running.close()


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_everything_goes_through_the_proxy(proxy, certificates, scheme, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    context = served(certificates) if scheme == "https" else None
    with scripted(context) as fake:
        answering(fake)
        given = {"ca_certs": str(certificates / "ca.pem")} if context else {}
        assert asked(fake, proxy=f"http://ada:pass%21@127.0.0.1:{proxy.port}", **given) == ("basic", 200)
    place = fake.url.partition("://")[2]
    assert len(proxy.asked) >= 2
    wanted = f"CONNECT {place}" if context else f"GET {fake.url}"
    assert all(one.startswith(wanted) for one in proxy.asked)
    assert proxy.credentials == {"Basic " + base64.b64encode(b"ada:pass!").decode()}


def test_a_proxy_that_is_away_is_named(certificates):
    with Cluster(Connection("http://127.0.0.1:1", proxy="http://ada:hush@127.0.0.1:9"), retries=NEVER) as cluster:
        with pytest.raises(ServerError) as refused:
            cluster.get("/_license")
    assert "the proxy at http://127.0.0.1:9" in str(refused.value)
    assert "hush" not in str(refused.value)


def test_a_cloud_id_says_where_both_are():
    def cloud_id(text: str) -> str:
        return "deployment:" + base64.b64encode(text.encode()).decode()

    assert cloud_addresses(cloud_id("eu.example.com$abc$def")) == (
        "https://abc.eu.example.com:443",
        "https://def.eu.example.com:443",
    )
    assert cloud_addresses(cloud_id("eu.example.com:9243$abc$")) == ("https://abc.eu.example.com:9243", None)
    for broken in ("nonsense", "a:!!", cloud_id("eu.example.com")):
        with pytest.raises(EsctlError, match="cloud id"):
            cloud_addresses(broken)
