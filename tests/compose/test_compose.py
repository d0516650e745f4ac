"""docker-compose.yml, Dockerfile and .env.example: against the Compose Specification and against each other."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
SECRETS = {"ELASTIC_PASSWORD": "one", "KIBANA_PASSWORD": "two", "ENCRYPTION_KEY": "k" * 32}


def example() -> dict[str, str]:
    """The variables of .env.example."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def substituted(value, variables):
    """Compose's own rule: `${NAME:-default}`, `${NAME:?message}`, `$$`."""
    if isinstance(value, dict):
        return {key: substituted(inner, variables) for key, inner in value.items()}
    if isinstance(value, list):
        return [substituted(inner, variables) for inner in value]
    if not isinstance(value, str):
        return value

    def one(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        name, form, rest = match["name"], match["form"], match["rest"]
        if variables.get(name):
            return variables[name]
        if form == ":-":
            return rest
        raise KeyError(f"{name}: {rest}")

    return re.sub(r"\$\$|\$\{(?P<name>\w+)(?P<form>:[-?])(?P<rest>[^}]*)\}", one, value)


@pytest.fixture(scope="module")
def written():
    return YAML(typ="safe").load((ROOT / "docker-compose.yml").read_text())


@pytest.fixture(scope="module")
def compose(written):
    return substituted(written, example() | SECRETS)


@pytest.fixture(scope="module")
def services(compose):
    return compose["services"]


def test_it_keeps_to_the_compose_specification(written, compose):
    import jsonschema_rs

    validator = jsonschema_rs.validator_for(json.loads((HERE / "compose-spec.json").read_text()))
    for document in (written, compose):
        assert [f"{error.instance_path}: {error.message}" for error in validator.iter_errors(document)] == []
    broken = json.loads(json.dumps(compose))
    broken["services"]["kibana"]["depend_on"] = {}
    assert not validator.is_valid(broken)


def test_docker_compose_itself_takes_it(tmp_path):
    docker = shutil.which("docker")
    if not docker or subprocess.run([docker, "compose", "version"], capture_output=True).returncode:
        pytest.skip("docker compose is not installed: docker-compose.yml is checked by its schema only")
    env = tmp_path / "env"
    env.write_text("\n".join(f"{key}={value}" for key, value in (example() | SECRETS).items()))
    command = [
        docker,
        "compose",
        "--file",
        str(ROOT / "docker-compose.yml"),
        "--env-file",
        str(env),
        "config",
        "--quiet",
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_one_variable_holds_the_version(services):
    images = [services[name]["image"] for name in ("elasticsearch", "kibana-password", "kibana")]
    assert images == [
        "docker.elastic.co/elasticsearch/elasticsearch:9.5.3",
        "docker.elastic.co/elasticsearch/elasticsearch:9.5.3",
        "docker.elastic.co/kibana/kibana:9.5.3",
    ]


@pytest.mark.parametrize("missing", SECRETS)
def test_without_a_secret_it_says_which(written, missing):
    with pytest.raises(KeyError, match=f"set {missing} in .env"):
        substituted(written, example() | {key: value for key, value in SECRETS.items() if key != missing})


def test_every_variable_is_in_the_example(written):
    named = set(re.findall(r"\$\{(\w+)", json.dumps(written)))
    assert named == set(example())
    assert all(not example()[name] for name in SECRETS)


def test_the_example_has_the_defaults_of_the_file(written):
    defaults = dict(re.findall(r"\$\{(\w+):-([^}]*)\}", json.dumps(written)))
    assert defaults == {name: value for name, value in example().items() if name not in SECRETS}


def test_security_is_on_and_a_trial_only_when_asked_for(written, services):
    environment = services["elasticsearch"]["environment"]
    assert environment["xpack.security.enabled"] == "true"
    assert environment["xpack.license.self_generated.type"] == "basic"
    asked = substituted(written, example() | SECRETS | {"LICENSE": "trial"})["services"]["elasticsearch"]
    assert asked["environment"]["xpack.license.self_generated.type"] == "trial"
    for service in services.values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_everything_is_waited_for_until_it_is_ready(services):
    for name, service in services.items():
        assert "mem_limit" in service, name
        for other, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert "healthcheck" in services[other]
            else:
                assert how["condition"] == "service_completed_successfully"
                assert services[other]["restart"] == "no"
    assert services["esctl"]["restart"] == "no"
    assert services["kibana"]["depends_on"].keys() == {"elasticsearch", "kibana-password"}


def run(command: str, tmp_path: Path, answer: str, **environment: str) -> tuple[int, list[str]]:
    """Run a shell command with a `curl` of ours, which notes its arguments and prints `answer`."""
    (tmp_path / "answer").write_text(answer)
    curl = tmp_path / "curl"
    curl.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/arguments\ncat {tmp_path}/answer\n')
    curl.chmod(0o755)
    done = subprocess.run(["/bin/sh", "-c", command], env={"PATH": f"{tmp_path}:/usr/bin:/bin"} | environment)
    return done.returncode, (tmp_path / "arguments").read_text().splitlines()


def test_kibanas_health_is_more_than_an_answer(services, tmp_path):
    _, command = services["kibana"]["healthcheck"]["test"]
    body = '{"status":{"overall":{"level":"%s"}}}'  # what Kibana tells those who are not logged in
    assert run(command, tmp_path, body % "available")[0] == 0
    assert run(command, tmp_path, body % "degraded")[0] != 0
    assert run(command, tmp_path, "Kibana server is not ready yet")[0] != 0


def test_kibanas_health_as_the_sandbox_tells_it(services, sandbox):
    if not shutil.which("curl"):
        pytest.skip("no curl on this machine")
    _, command = services["kibana"]["healthcheck"]["test"]
    command = command.replace("http://localhost:5601", sandbox.kibana_url)
    assert subprocess.run(["/bin/sh", "-c", command]).returncode == 0


def test_elasticsearchs_health_needs_the_password(services, tmp_path):
    _, command = services["elasticsearch"]["healthcheck"]["test"]
    code, arguments = run(command, tmp_path, '{"status":"green","timed_out":false}', ELASTIC_PASSWORD="a b$c")
    assert code == 0 and "elastic:a b$c" in arguments
    assert run(command, tmp_path, '{"status":"red","timed_out":true}', ELASTIC_PASSWORD="x")[0] != 0


def test_kibanas_user_gets_its_password_once(services, tmp_path):
    service = services["kibana-password"]
    code, arguments = run(service["command"][0], tmp_path, "{}", **service["environment"])
    assert code == 0
    assert json.loads(arguments[arguments.index("--data") + 1]) == {"password": "two"}
    assert arguments[-1] == "http://elasticsearch:9200/_security/user/kibana_system/_password"
    assert services["kibana"]["environment"]["ELASTICSEARCH_PASSWORD"] == "two"


def test_kibana_may_show_the_image_files_and_no_others(compose, services):
    environment = services["kibana"]["environment"]
    assert environment["VIS_TYPE_VEGA_ENABLEEXTERNALURLS"] == "true"
    assert " " not in environment["EXTERNALURL_POLICY"]
    (rule,) = json.loads(environment["EXTERNALURL_POLICY"])
    (url,) = (arg.split("=", 2)[2] for arg in services["esctl"]["command"] if arg.startswith("--var=image_url="))
    assert url == f"http://{rule['host']}:8000/" and rule["allow"] is True
    assert services["images"]["ports"] == ["127.0.0.1:8000:80"]
    configuration = compose["configs"]["images"]["content"]
    assert "add_header Access-Control-Allow-Origin *;" in configuration  # else Vega's request is refused by the browser
    assert configuration.count("{") == configuration.count("}")


def test_esctl_finds_the_servers_by_the_projects_own_settings(services):
    """The environment `compose` of esctl.yaml names the services and the variables of this file."""
    from esctl.project.settings import load_settings

    command = services["esctl"]["command"]
    assert command[0] == "apply" and "--env=compose" in command
    settings = load_settings(ROOT, environment="compose", environ=services["esctl"]["environment"])
    assert settings.elasticsearch.url == "http://elasticsearch:9200"
    assert settings.kibana.url == "http://kibana:5601"
    assert settings.variables["gallery"] == "http"
    assert settings.elasticsearch.password.reveal() == "one"


def test_the_command_lines_options_exist(services):
    options = [option.split("=")[0] for option in services["esctl"]["command"][1:]]
    text = subprocess.run([sys.executable, "-m", "esctl", "apply", "--help"], capture_output=True, text=True).stdout
    assert set(options) <= set(re.findall(r"--[a-z-]+", text))


def test_the_image_is_built_from_what_the_dockerfile_copies(tmp_path):
    """The wheel, built from those files alone, holds the package and the example project."""
    instructions = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if line and line[0] not in "# "]
    assert instructions[0] == "FROM python:3.12-slim"
    assert instructions.index("USER esctl") < instructions.index('ENTRYPOINT ["esctl"]')
    assert any("--constraint constraints.txt ." in line for line in instructions)
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    for line in instructions:
        if line.startswith("COPY "):
            *sources, _ = line.split()[1:]
            for source in sources:
                assert f"!{source}" in ignored
                skip = shutil.ignore_patterns("__pycache__")
                if (ROOT / source).is_dir():
                    shutil.copytree(ROOT / source, tmp_path / source, ignore=skip)
                else:
                    shutil.copy(ROOT / source, tmp_path / source)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    if "No module named" in done.stderr:
        pytest.skip("hatchling is not installed")
    assert done.returncode == 0, done.stderr
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {"esctl/model.py", "esctl/example/esctl.yaml", "esctl/example/kibana/image-recognition.yaml.j2"} <= set(
        names
    )
