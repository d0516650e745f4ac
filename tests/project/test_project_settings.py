"""Settings: which layer wins, what they give, and that secrets stay secret."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from esctl.errors import EsctlError, ProjectError
from esctl.project import Secret, Settings, load_settings, secret_for

ROOT = Path(__file__).parents[2]
FILE = """
name: shop
elasticsearch: {url: "http://file:9200/", username: file, password: "${env.PASSWORD}", ca_certs: ca.pem, timeout: 5}
variables: {zone: a, size: 1}
environments:
  keys: {elasticsearch: {api_key: "${secret.env.KEY}"}, variables: {zone: b}, images: {folder: elsewhere}}
  kibana: {kibana: {url: "https://kibana", username: k, password: p, verify: false}}
"""


def project(root: Path, text: str = FILE, **given: object) -> Settings:
    (root / "esctl.yaml").write_text(text, encoding="utf-8")
    given.setdefault("environ", {"PASSWORD": "from-env"})
    return load_settings(root, **given)  # type: ignore[arg-type]


def revealed(settings: Settings) -> dict:
    server = settings.elasticsearch
    values = {"url": server.url, "username": server.username}
    for name in ("password", "api_key", "bearer"):
        secret = getattr(server, name)
        values[name] = secret.reveal() if secret else None
    return {name: value for name, value in values.items() if value is not None}


def test_defaults(tmp_path: Path) -> None:
    settings = project(tmp_path, "name: p\n", environ={})
    assert settings.elasticsearch.url == "http://127.0.0.1:9200" and settings.kibana.url == "http://127.0.0.1:5601"
    assert revealed(settings) == {"url": "http://127.0.0.1:9200"}
    assert settings.images.lock == tmp_path / "embedding.lock.json"
    assert settings.images.folder == tmp_path / ".esctl/images" and settings.images.models == tmp_path / "mappings"
    assert (settings.elasticsearch.verify, settings.elasticsearch.timeout) == (True, 30.0)


def test_the_file(tmp_path: Path) -> None:
    settings = project(tmp_path)
    assert revealed(settings) == {"url": "http://file:9200", "username": "file", "password": "from-env"}
    assert settings.elasticsearch.ca_certs == str(tmp_path / "ca.pem") and settings.elasticsearch.timeout == 5.0
    assert settings.environments == ("keys", "kibana")


def test_kibana_borrows_what_it_does_not_say(tmp_path: Path) -> None:
    settings = project(tmp_path)
    assert settings.kibana.username == "file" and settings.kibana.password == settings.elasticsearch.password
    assert settings.kibana.ca_certs == settings.elasticsearch.ca_certs
    own = project(tmp_path, environment="kibana").kibana
    assert (own.url, own.username, own.password, own.verify) == ("https://kibana", "k", Secret("p"), False)


def test_an_environment_replaces_the_login_as_one(tmp_path: Path) -> None:
    settings = project(tmp_path, environment="keys", environ={"KEY": "k"})  # PASSWORD is not needed any more
    assert revealed(settings) == {"url": "http://file:9200", "api_key": "k"}
    assert settings.variables == {"zone": "b", "size": 1} and settings.images.folder == tmp_path / "elsewhere"


@pytest.mark.parametrize(
    ("environ", "overrides", "expected"),
    [
        ({"ESCTL_API_KEY": "e"}, {}, {"api_key": "e"}),
        ({"ESCTL_USERNAME": "e", "ESCTL_PASSWORD": "s"}, {}, {"username": "e", "password": "s"}),
        ({"ESCTL_PASSWORD": "s"}, {}, {"username": "file", "password": "s"}),
        ({"ESCTL_API_KEY": "e"}, {"username": "o", "password": "q"}, {"username": "o", "password": "q"}),
        ({"ESCTL_USERNAME": "e", "ESCTL_PASSWORD": "s"}, {"api_key": "o"}, {"api_key": "o"}),
        ({"PASSWORD": "p", "ESCTL_API_KEY": ""}, {}, {"username": "file", "password": "p"}),
    ],
)
def test_outside_wins(tmp_path: Path, environ: dict, overrides: dict, expected: dict) -> None:
    settings = project(tmp_path, environ=environ, overrides=overrides)
    assert revealed(settings) == {"url": "http://file:9200", **expected}
    assert settings.kibana.api_key == settings.elasticsearch.api_key
    assert settings.kibana.username == settings.elasticsearch.username


def test_outside_addresses_and_certificates(tmp_path: Path) -> None:
    environ = {"PASSWORD": "p", "ESCTL_ELASTICSEARCH_URL": "https://e:1/", "ESCTL_KIBANA_URL": "https://e:2"}
    environ["ESCTL_CA_CERTS"] = "/etc/ca.pem"
    settings = project(tmp_path, environ=environ, overrides={"kibana_url": "https://o:2"})
    assert (settings.elasticsearch.url, settings.kibana.url) == ("https://e:1", "https://o:2")
    assert settings.elasticsearch.ca_certs == settings.kibana.ca_certs == "/etc/ca.pem"


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"elasticsearch_url": "nowhere"}, 'the address of elasticsearch, "nowhere", is not a URL; write for example '),
        ({"api_key": "a", "username": "b", "password": "c"}, "username and api_key are both given; "),
    ],
)
def test_mistakes_from_outside(tmp_path: Path, overrides: dict, message: str) -> None:
    with pytest.raises(ProjectError) as error:
        project(tmp_path, overrides=overrides)
    assert str(error.value).startswith(message)


def test_without_a_file_one_line_says_init(tmp_path: Path) -> None:
    with pytest.raises(ProjectError) as error:
        load_settings(tmp_path)
    assert str(error.value) == (
        f"there is no esctl.yaml in {tmp_path}; run `esctl init` to make a project, or name one with --project"
    )


def test_the_repositorys_own_file() -> None:
    settings = load_settings(ROOT, environment="compose", environ={"ELASTIC_PASSWORD": "changeme"})
    assert settings.name == "image-recognition" and settings.variables["gallery"] == "http"
    assert settings.elasticsearch.username == "elastic" and settings.kibana.url == "http://kibana:5601"


def test_a_secret_does_not_show(tmp_path: Path) -> None:
    settings = project(tmp_path, environ={"PASSWORD": "hunter2"})
    assert "hunter2" not in repr(settings) + str(settings) + f"{settings.elasticsearch.password}"
    assert repr(settings.elasticsearch.password) == "***"
    with pytest.raises(TypeError):
        pickle.dumps(settings.elasticsearch.password)


def test_a_secret_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "key.txt").write_text("s3cret\n", encoding="utf-8")
    text = "name: p\nelasticsearch: {api_key: '${secret.file.key.txt}'}\n"
    assert revealed(project(tmp_path, text))["api_key"] == "s3cret"


def test_how_many_runs_are_kept(tmp_path: Path) -> None:
    assert project(tmp_path, "name: p\n").kept_runs == 100
    assert project(tmp_path, "name: p\nhistory: {keep: 3}\n").kept_runs == 3
    for text, message in (
        ("history: {keep: 0}", "history.keep must be 1 or more, not 0"),
        ("history: {keep: many}", "history.keep must be a number, not text"),
        ("history: {kept: 3}", 'unknown key "kept" in history'),
        ("history: 3", "history must be a mapping, not a number"),
    ):
        with pytest.raises(ProjectError, match=message):
            project(tmp_path, f"name: p\n{text}\n")


def test_the_secret_of_a_reference_that_a_file_keeps(tmp_path: Path) -> None:
    found = secret_for("Bearer ${secret.env.TOKEN}", {"TOKEN": "abc"}, tmp_path)
    assert (found.reveal(), found.reference) == ("Bearer abc", "Bearer ${secret.env.TOKEN}")
    absent = secret_for("${secret.env.TOKEN}", {}, tmp_path)
    assert "TOKEN is not set" in absent.absent and absent.reference == "${secret.env.TOKEN}"
    for reference in ("hunter2", "${secret.vault.x}"):
        with pytest.raises(EsctlError):
            secret_for(reference, {}, tmp_path)
