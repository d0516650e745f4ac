"""Every way in which a server does not answer as wished is one clear line with a remedy."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import threading
from http.server import HTTPServer

import pytest
from scripted import KIBANA, PRODUCT, root

from esctl.cluster import WRITING, Cluster, Connection
from esctl.cluster.retries import Retries
from esctl.errors import EsctlError, ServerError
from esctl.model import Request

FAST = Retries(sleep=lambda seconds: None)
PAGE = (200, b"<!DOCTYPE html><html>hello</html>", {"content-type": "text/html"})
SECURITY = "action [cluster:admin/ingest/pipeline/put] is unauthorized for user [reader] with effective roles [r], this action is granted by the cluster privileges [manage_ingest_pipelines,manage_pipeline,manage,all]"  # noqa: E501
ON_INDEX = "action [indices:admin/create] is unauthorized for user [reader] with effective roles [r] on indices [foo], this action is granted by the index privileges [create_index,manage,all]"  # noqa: E501


def said(connection: Connection, request: Request | None = None) -> str:
    """The one line for a request that fails."""
    with (
        Cluster(connection, guard=WRITING, retries=FAST) as cluster,
        pytest.raises(ServerError) as refused,
    ):
        cluster.send(request or Request("elasticsearch", "GET", "/_index_template"))
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_nothing_listens():
    assert said(Connection("http://127.0.0.1:9")) == (
        "Elasticsearch at http://127.0.0.1:9 cannot be reached: connection refused; "
        "is Elasticsearch running there? `esctl sandbox up` starts one for development"
    )


def test_the_name_is_not_known():
    line = said(Connection("http://no-such-host.invalid:9200"))
    assert line.endswith('cannot be reached: the name "no-such-host.invalid" is not known')


def test_nobody_answers_in_time(fake):
    fake.answers["GET /"] = 5
    assert said(Connection(fake.url, timeout=0.2)) == (
        f"Elasticsearch at {fake.url} did not answer within 0.2 s; check the address and the network, or raise timeout"
    )
    fake.answers["GET /api/spaces/space"] = 5
    line = said(Connection(fake.url, fake.url, timeout=0.2), Request("kibana", "GET", "/api/spaces/space"))
    assert line.startswith(f"Kibana at {fake.url} did not answer within 0.2 s")


def test_the_connection_breaks(fake):
    fake.answers["GET /"] = "drop"
    assert said(Connection(fake.url)).startswith(f"Elasticsearch at {fake.url} broke the connection: ")


@pytest.mark.parametrize("number", ["7.10.2", "8.18.4", "8.0.0-rc1"])
def test_an_old_server_is_named(fake, number):
    fake.answer("GET /", body=root(number))
    line = said(Connection(fake.url))
    assert line == f"Elasticsearch at {fake.url} is {number}, and esctl needs 8.19 or newer; upgrade the server"
    assert len(fake.seen) == 1


def test_what_is_not_elasticsearch_is_named(fake):
    fake.answers["GET /"] = PAGE
    start = f"what answers at {fake.url} is not Elasticsearch: "
    assert said(Connection(fake.url)).startswith(start + "it answers with a web page; check the address")
    fake.answers["GET /"] = (200, root(), {"content-type": "application/json"})
    assert said(Connection(fake.url)).startswith(start + "the X-Elastic-Product header is missing")
    fake.answers["GET /"] = (200, {"version": {"number": "3.8.0", "distribution": "opensearch"}}, PRODUCT)
    assert said(Connection(fake.url)).startswith(start + "it is opensearch 3.8.0")
    fake.answers["GET /"] = (200, b"{not json", PRODUCT)
    assert said(Connection(fake.url)).startswith(start)
    fake.answers["GET /"] = (404, b"nothing here", {"content-type": "text/plain"})
    assert said(Connection(fake.url)).startswith(start)
    fake.answers["GET /"] = (200, {"tagline": "?"}, PRODUCT)
    assert said(Connection(fake.url)).startswith(start + "its answer names no version")


@pytest.mark.parametrize(
    "credentials, expected",
    [
        ({}, "asks for credentials and none were given; set ESCTL_API_KEY, or ESCTL_USERNAME and ESCTL_PASSWORD"),
        ({"username": "u", "password": "no"}, 'does not accept user "u"; check name and password'),
        ({"api_key": "x"}, "does not accept the API key; check name and password, or whether the key has expired"),
    ],
)
def test_credentials_that_are_not_accepted(fake, credentials, expected):
    fake.answer("GET /", 401, {"error": {"type": "security_exception", "reason": "no"}, "status": 401})
    assert f"Elasticsearch at {fake.url} {expected}" in said(Connection(fake.url, **credentials))


def test_a_missing_privilege_is_named(fake):
    path = "/_ingest/pipeline/p"
    for reason, remedy in (
        (SECURITY, 'the cluster privilege one of "manage_ingest_pipelines", "manage_pipeline", "manage", "all"'),
        (ON_INDEX, 'the index privilege one of "create_index", "manage", "all" on "foo"'),
    ):
        fake.answer(f"PUT {path}", 403, {"error": {"type": "security_exception", "reason": reason}, "status": 403})
        line = said(Connection(fake.url, username="reader"), Request("elasticsearch", "PUT", path, body={}))
        assert line == f'Elasticsearch does not let user "reader" do PUT {path}; grant {remedy}'


def test_the_deepest_cause_is_told(fake):
    error = {
        "type": "mapper_parsing_exception",
        "reason": "Failed to parse mapping",
        "caused_by": {"type": "x", "reason": "outer", "caused_by": {"type": "y", "reason": "no [k] in [v]"}},
    }
    fake.answer("PUT /i", 400, {"error": error, "status": 400})
    with Cluster(Connection(fake.url), guard=WRITING) as cluster, pytest.raises(ServerError) as refused:
        cluster.send(Request("elasticsearch", "PUT", "/i", body={}))
    error = refused.value
    assert (error.status, error.kind) == (400, "mapper_parsing_exception")
    assert str(error) == (
        "PUT /i: Elasticsearch answered 400, mapper_parsing_exception: Failed to parse mapping: no [k] in [v]"
    )


def test_a_status_that_is_accepted_is_no_error(fake):
    fake.answer("HEAD /i", 404)
    with Cluster(Connection(fake.url)) as cluster:
        assert cluster.send(Request("elasticsearch", "HEAD", "/i"), accept=(404,)).status == 404


STATUS = Request("kibana", "GET", "/api/spaces/space")


def kibana_says(fake, answer) -> str:
    fake.answers["GET /api/spaces/space"] = answer
    return said(Connection(fake.url, fake.url, username="u", password="p"), STATUS)


def test_kibanas_refusals(fake):
    line = kibana_says(fake, (401, {"statusCode": 401, "error": "Unauthorized", "message": "no"}, KIBANA))
    assert line.startswith(f'Kibana at {fake.url} does not accept user "u"; check name and password')
    line = kibana_says(fake, (403, {"statusCode": 403, "error": "Forbidden", "message": "Missing rights"}, KIBANA))
    assert line == 'Kibana does not let user "u" do GET /api/spaces/space; Missing rights'
    line = kibana_says(fake, (503, b"Kibana server is not ready yet", {"content-type": "text/plain"}))
    assert line == f'Kibana at {fake.url} is not ready yet; wait until GET /api/status answers "available"'
    line = kibana_says(fake, (400, {"statusCode": 400, "error": "Bad Request", "message": "[request body]: x"}, KIBANA))
    assert line == "GET /api/spaces/space: Kibana answered 400, [request body]: x"


def test_what_is_not_kibana_is_named(fake):
    start = f"what answers at {fake.url} is not Kibana: "
    assert kibana_says(fake, PAGE).startswith(start + "it answers with a web page")
    assert kibana_says(fake, (404, b"<html>", {"content-type": "text/html"})).startswith(start)
    assert kibana_says(fake, (302, b"", {"location": "/login"})).startswith(start + "it redirects to /login")
    assert kibana_says(fake, (400, {"error": {}}, PRODUCT)).startswith(start + "it is Elasticsearch")


def test_kibana_without_an_address():
    line = said(Connection("http://127.0.0.1:9"), STATUS)
    assert line.endswith("needs Kibana, and no address is known; set kibana.url in esctl.yaml, or ESCTL_KIBANA_URL")


@pytest.mark.parametrize(
    "url, expected",
    [
        ("localhost:9200", 'lacks its scheme; did you mean "http://localhost:9200"?'),
        ("ftp://localhost", "must begin with http:// or https://"),
        ("http://", "names no host"),
        ("http://h:99999", "has a port that is no number from 0 to 65535"),
        ("http://h:x", "has a port that is no number from 0 to 65535"),
        ("http://h/?a=b", "must end with the path"),
    ],
)
def test_addresses_that_cannot_be_used(url, expected):
    with pytest.raises(EsctlError) as refused:
        Connection(url)
    assert expected in str(refused.value)


def test_a_ca_file_that_is_not_there():
    with pytest.raises(EsctlError, match='the CA file "/nowhere/ca.pem" does not exist'):
        Connection("https://localhost:9200", ca_certs="/nowhere/ca.pem")


@pytest.fixture
def tls(tmp_path, request):
    """(address, CA file) of a server with a certificate of its own making, for the names in `request.param`."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    key, certificate = tmp_path / "key.pem", tmp_path / "ca.pem"
    subject = [
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=" + getattr(request, "param", "DNS:localhost,IP:127.0.0.1"),
    ]
    making = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-keyout",
        key,
        "-out",
        certificate,
    ]
    subprocess.run([*map(str, making), *subject], check=True, capture_output=True)

    from http.server import BaseHTTPRequestHandler

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = b'{"version": {"number": "9.5.3"}, "cluster_name": "c"}' if self.path == "/" else b"{}"
            self.send_response(200)
            for name, value in (*PRODUCT.items(), ("content-length", str(len(body)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    class Quiet(HTTPServer):
        def handle_error(self, *_):
            pass

    server = Quiet(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"https://127.0.0.1:{server.server_port}", str(certificate)
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("service", ["elasticsearch", "kibana"])
def test_certificates(tls, service):
    url, ca = tls
    path = "/_index_template" if service == "elasticsearch" else "/api/spaces/space"
    line = said(Connection(url, url), Request(service, "GET", path))
    name = {"elasticsearch": "Elasticsearch", "kibana": "Kibana"}[service]
    assert line.startswith(f"{name} at {url} shows a certificate that is not trusted: self")
    assert line.endswith("; set ca_certs to the PEM file of the CA that signed it")
    for connection in (Connection(url, url, ca_certs=ca), Connection(url, url, verify=False)):
        cluster = Cluster(connection)
        if service == "elasticsearch":
            assert cluster.get(path) == {}
        else:
            with pytest.raises(ServerError, match="it is Elasticsearch"):
                cluster.get(path, service="kibana")


@pytest.mark.parametrize("tls", ["DNS:search.example"], indirect=True)
def test_a_certificate_for_another_name(tls):
    url, ca = tls
    line = said(Connection(url, ca_certs=ca))
    assert line == (
        f'Elasticsearch at {url} shows a certificate that is not for "127.0.0.1"; use the name that the certificate has'
    )


def test_tls_where_there_is_none(fake):
    url = fake.url.replace("http:", "https:")
    assert said(Connection(url)) == f'Elasticsearch at {url} does not speak TLS; try "{fake.url}"'


def test_no_tls_where_there_is_one(tls):
    url = tls[0].replace("https:", "http:")
    assert said(Connection(url)).startswith(f"Elasticsearch at {url} broke the connection")
