"""What is pulled from a cluster validates, and a plan does nothing but adopt it."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from unittest.mock import patch

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from pulling import SECRETS, Project

from esctl.apply import run
from esctl.cli.change import make_plan
from esctl.cluster import WRITING
from esctl.project import read_yaml

EXAMPLES = sorted((Path(__file__).parents[2] / "docs" / "kinds").glob("*.yaml"))
both = pytest.mark.parametrize("sandbox_version", ["9.5", "8.19"], indirect=True)

ODD = """
kind: ingest-pipeline
id: "größe/mit leer zeichen ☃"
spec:
  description: "on"
  processors:
    - set: {field: a, value: "no"}
    - set: {field: b, value: "12:30"}
    - set: {field: c, value: "1e-5"}
    - set: {field: d, value: "0o17"}
    - set: {field: e, value: 1e-5}
    - set: {field: f, value: "$${var.x} ${event.x} 2020-01-01"}
    - set: {field: g, value: " # no: comment"}
    - set: {field: h, value: ["yes", null, true, 1.5, {"~": "null"}]}
    - set: {field: i, value: "tail \\nof \\ttabs\\r\\n"}
    - set: {field: j, value: 4611686018427387905}
    - remove: {field: "off", ignore_missing: true}
---
kind: index
id: größe
spec:
  settings: {number_of_shards: 1, refresh_interval: 5s}
  mappings:
    dynamic: false
    properties:
      "no": {type: keyword, copy_to: all}
      "on": {type: text, fields: {raw: {type: keyword, ignore_above: 256}}}
      all: {type: text}
      vector: {type: dense_vector, dims: 4, index: true, similarity: cosine, index_options: {type: int8_hnsw}}
  aliases: {alle: {filter: {term: {"no": "on"}}, routing: "1"}}
---
kind: index-template
id: über
spec: {index_patterns: ["größe-*"], priority: 7, template: {settings: {number_of_shards: 3}}, _meta: {"on": "off"}}
"""


def long_parts() -> str:
    """A pipeline with a long script, a long text with windows' line ends, and a list of many numbers."""
    script = "\n".join(f"          // {n}: $${{var.x}}" for n in range(90))
    numbers = ", ".join(map(str, range(1000)))
    return f"""
kind: ingest-pipeline
id: long
spec:
  processors:
    - set: {{field: numbers, value: [{numbers}]}}
    - set:
        field: script
        value: |
{script}
    - set: {{field: ends, value: "{"x" * 3}{chr(92)}r{chr(92)}n"}}
"""


def pulled(place: Project, text: str, tmp_path: Path, *words: str) -> Project:
    """An empty project of the same name, after a pull of what `text` makes on the server, whose ledger was lost."""
    place.write(text)
    place.environ = {name: f"hush-{name.lower()}-4711" for name in SECRETS.findall(text)}
    invocation = place.invocation()
    with invocation.cluster(WRITING) as cluster:
        done = run(make_plan(invocation, cluster), cluster, invocation.kinds)
        assert [outcome.reason for outcome in done.failed] == []
    for index in ("esctl-ledger", "esctl-history"):
        place.send("DELETE", f"/{index}", ignore_unavailable="true")
    new = Project(tmp_path / "pulled", place.elasticsearch_url, place.kibana_url, place.name)
    code, out, err = new.esctl("pull", *words)
    assert code == 0, out + err
    return new


def planned(new: Project) -> dict[str, int]:
    """The counts of a plan of what was pulled, after a validation without a mistake. No secret is set."""
    assert new.esctl("validate", files_only=True)[0] == 0, new.esctl("validate", files_only=True)
    code, plan = new.json("plan")
    bad = [c for c in plan["changes"] if c["action"] not in ("adopt", "none")]
    assert bad == [], bad
    return {key: number for key, number in plan["summary"].items() if number}


@pytest.fixture(autouse=True)
def _own_environment():
    """Secrets that a test sets are no other test's."""
    with patch.dict(os.environ):
        yield


@pytest.fixture
def place(tmp_path: Path, fresh_sandbox) -> Project:
    return Project(tmp_path / "project", fresh_sandbox.elasticsearch_url, fresh_sandbox.kibana_url)


@both
def test_odd_names_and_values_come_back_as_they_are(place: Project, tmp_path: Path) -> None:
    new = pulled(place, ODD, tmp_path)
    assert planned(new) == {"adopt": 3}
    written = {r.address: r.spec for r in place.invocation().loaded.resources}
    read = {r.address: r.spec for r in new.invocation().loaded.resources}
    assert read.keys() == written.keys()
    pipeline = next(a for a in written if a.kind == "ingest-pipeline")
    assert read[pipeline] == written[pipeline]


def test_long_parts_go_to_files_of_their_own(place: Project, tmp_path: Path) -> None:
    new = pulled(place, long_parts(), tmp_path)
    assert planned(new) == {"adopt": 1}
    assert sorted(name.rpartition(".")[2] for name in new.files()) == ["json", "txt", "yaml"]
    written, read = (p.invocation().loaded.resources[0].spec["processors"] for p in (place, new))
    script = "".join(f"// {n}: ${{var.x}}\n" for n in range(90))
    assert read[1]["set"]["value"] == script
    assert read[0] == written[0] and read[2] == written[2]


@pytest.mark.parametrize("group, files", [("file", 3), ("kind", 3), ("one", 1)])
def test_groups(place: Project, tmp_path: Path, group: str, files: int) -> None:
    new = pulled(place, ODD, tmp_path, "--group", group)
    assert planned(new) == {"adopt": 3}
    assert len(new.files()) == files
    assert sum(len(read_yaml(text, name)) for name, text in new.files().items()) == 3


def test_what_is_in_the_project_is_not_written_again(place: Project, tmp_path: Path) -> None:
    new = pulled(place, ODD, tmp_path)
    before = new.files()
    code, answer = new.json("pull")
    assert (code, answer["written"], len(answer["in_project"])) == (0, [], 3)
    assert new.files() == before
    path = new.root / "mappings/index/größe.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("5s", "9s"), encoding="utf-8")
    code, answer = new.json("pull", "index", "--force")
    assert [one["file"] for one in answer["written"]] == ["mappings/index/größe.yaml"]
    assert new.files() == before


def test_kinds_addresses_and_globs_choose(place: Project, tmp_path: Path) -> None:
    new = pulled(place, ODD, tmp_path, "index", "index-template/ü*")
    assert {str(r.address) for r in new.invocation().loaded.resources} == {"index/größe", "index-template/über"}
    code, _, err = new.esctl("pull", "indx")
    assert code == 1 and 'there is no kind "indx"; did you mean "index"?' in err
    code, _, err = new.esctl("pull", "index/nothing-*")
    assert code == 1 and "index/nothing-*" in err


def test_what_is_the_systems_is_counted_and_named_with_v(place: Project) -> None:
    place.send("PUT", "/.kept")
    place.send("PUT", "/_component_template/logs@mappings", {"template": {}, "_meta": {"managed": True}})
    place.send("PUT", "/hidden", {"settings": {"index.hidden": True}})
    place.send("PUT", "/mine", {})
    code, out, _ = place.esctl("pull")
    assert code == 0 and "index/mine" in out and ".kept" not in out
    assert "1 managed by Elastic" in out and "1 a hidden index" in out
    _, out, _ = place.esctl("pull", "-v")
    assert "index/.kept  left out: its name begins with a dot: the system's" in out


def test_another_projects_things_are_left_out_by_name(place: Project, tmp_path: Path) -> None:
    place.write(ODD)
    assert place.esctl("apply", "--yes")[0] == 0
    other = Project(tmp_path / "other", place.elasticsearch_url, place.kibana_url, "other")
    code, answer = other.json("pull")
    assert code == 1 and answer["written"] == []
    assert all('"shop"' in one["reason"] for one in answer["left_out"] if "größe" in one["address"])


def test_another_projects_things_are_left_out_although_they_hold_a_secret(place: Project, tmp_path: Path) -> None:
    place.write((Path(__file__).parents[2] / "docs" / "kinds" / "watch.yaml").read_text(encoding="utf-8"))
    place.environ = {"ALERTS_PASSWORD": "hush-4711"}
    invocation = place.invocation()
    with invocation.cluster(WRITING) as cluster:
        assert not run(make_plan(invocation, cluster), cluster, invocation.kinds).failed
    other = Project(tmp_path / "other", place.elasticsearch_url, place.kibana_url, "other")
    code, answer = other.json("pull", "watch")
    assert code == 1 and answer["written"] == []
    assert [one["address"] for one in answer["left_out"]] == ["watch/web-errors", "watch/weekly-summary"]


def test_what_refers_to_something_that_is_gone_is_pulled_and_planned(place: Project, tmp_path: Path) -> None:
    """A cluster's index may name a pipeline that nobody made: none of our business until we write that index."""
    place.send("PUT", "/lost", {"settings": {"index": {"default_pipeline": "nowhere"}}})
    new = Project(tmp_path / "new", place.elasticsearch_url, place.kibana_url, name="new")
    assert new.esctl("pull", "index/lost")[0] == 0
    code, out, err = new.esctl("plan")
    assert code == 2 and "= index/lost  adopt" in out and not err, (out, err)
    assert new.esctl("apply", "--yes")[0] == 0 and new.esctl("plan")[0] == 0
    file = next(new.root.rglob("lost.yaml"))
    file.write_text(file.read_text(encoding="utf-8").replace("nowhere", "nothing"), encoding="utf-8")
    code, _, err = new.esctl("plan")
    assert code == 1 and "ingest-pipeline/nothing is neither written in this project nor on the server" in err


def test_no_write_is_sent(place: Project, tmp_path: Path, fresh_sandbox) -> None:
    place.send("PUT", "/mine", {})
    log = fresh_sandbox.data / "access.log"
    before = len(log.read_text(encoding="utf-8").splitlines())
    assert place.esctl("pull")[0] == 0
    sent = [line for line in log.read_text(encoding="utf-8").splitlines()[before:]]
    assert sent and not [line for line in sent if "PUT" in line or "DELETE" in line]


@both
def test_the_repositorys_own_dashboard_is_pulled(place: Project, tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    for folder in ("kibana", "templates"):
        shutil.copytree(root / folder, place.root / folder)
    shutil.copy(root / "esctl.yaml", place.root)
    text = (place.root / "esctl.yaml").read_text(encoding="utf-8").replace("image-recognition", "shop")
    (place.root / "esctl.yaml").write_text(text.replace("[mappings, kibana]", "[kibana]"), encoding="utf-8")
    invocation = place.invocation()
    with invocation.cluster(WRITING) as cluster:
        done = run(make_plan(invocation, cluster), cluster, invocation.kinds)
        assert [outcome.reason for outcome in done.failed] == []
    place.send("DELETE", "/esctl-ledger")
    new = Project(tmp_path / "pulled", place.elasticsearch_url, place.kibana_url, place.name)
    code, out, err = new.esctl("pull")
    assert code == 0, out + err
    assert planned(new) == {"adopt": len(invocation.loaded.resources)}
    written = {r.address: r.spec for r in invocation.loaded.resources if r.address.kind == "dashboard"}
    read = {r.address: r.spec for r in new.invocation().loaded.resources}
    assert all(len(read[address]["panels"]) == len(spec["panels"]) for address, spec in written.items())


@both
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_of_a_kind_is_pulled_and_adopted(example: Path, place: Project, tmp_path: Path) -> None:
    text = example.read_text(encoding="utf-8")
    kinds = sorted({document.data["kind"] for document in read_yaml(text, example.name)})
    new = pulled(place, text, tmp_path, *kinds)
    new.environ = place.environ
    found = {r.address for r in new.invocation().loaded.resources}
    missing = {r.address for r in place.invocation().loaded.resources} - found
    # Names of groups of settings and of seed data stand in the project alone.
    assert {address for address in missing if address.kind not in ("cluster-settings", "documents")} == set()
    counted = planned(new)
    assert sum(counted.values()) == len(found) and counted.get("adopt")
