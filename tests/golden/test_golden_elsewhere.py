"""`esctl test --on URL`: another address than the project's gets no credentials but those that were typed for it."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from esctl import cli

CASE = "docs: [{a: 1}]\nexpected: [{a: 1}]\n"


@pytest.fixture
def elsewhere():
    """(its address, the Authorization headers it got)"""
    got = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            got.append(self.headers.get("authorization"))
            self.send_response(401)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", got
    server.shutdown()
    server.server_close()


@pytest.fixture
def project(tmp_path, elsewhere):
    def made(url):
        access = f"{{url: '{url}', api_key: '${{secret.env.KEY}}'}}"
        (tmp_path / "esctl.yaml").write_text(f"name: p\nresources: [mappings]\nelasticsearch: {access}\n")
        (tmp_path / "mappings").mkdir()
        (tmp_path / "mappings/all.yaml").write_text("kind: ingest-pipeline\nid: one\nspec: {processors: []}\n")
        (tmp_path / "tests/pipelines/one").mkdir(parents=True)
        (tmp_path / "tests/pipelines/one/all.yaml").write_text(CASE)
        return str(tmp_path)

    return made


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), None),
        (("--api-key", "dHlwZWQ6a2V5"), "ApiKey dHlwZWQ6a2V5"),
        (("--username", "u", "--password", "p"), "Basic dTpw"),
    ],
)
def test_only_what_was_typed_goes_to_another_address(words, expected, project, elsewhere, monkeypatch, capsys):
    monkeypatch.setenv("KEY", "cHJvamVjdDprZXk=")
    url, got = elsewhere
    assert cli.run(["test", "--on", url, "--project", project("http://127.0.0.1:1"), *words]) == 1
    assert got and set(got) == {expected}
    said = "".join(capsys.readouterr())
    assert (f"{url} is not the project's address: it gets none of its credentials" in said) is (expected is None)


def test_the_project_s_own_address_typed_out_gets_the_project_s_credentials(project, elsewhere, monkeypatch):
    monkeypatch.setenv("KEY", "cHJvamVjdDprZXk=")
    url, got = elsewhere
    assert cli.run(["test", "--on", f"{url}/", "--project", project(url)]) == 1
    assert got and set(got) == {"ApiKey cHJvamVjdDprZXk="}
