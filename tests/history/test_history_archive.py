"""What is deleted is in a local archive first, and `esctl restore` brings it back."""

import json
import zipfile

import pytest
from history_project import INDEX, PIPELINE, POLICY, TEMPLATE, Project

from esctl.apply import archive
from esctl.errors import EsctlError
from esctl.model import Address


@pytest.fixture
def pruned(project):
    """A policy, a template and an index, orphaned and pruned; what was there before, by the plan's JSON."""
    project.write(POLICY, PIPELINE % 1, TEMPLATE, INDEX)
    project.done("apply", "--yes")
    project.write(POLICY)
    before = project.done("plan", "--json").json
    project.before = {change["address"]: change["cause"] for change in before["changes"]}
    project.done("apply", "--yes", "--prune", "--allow", "irreversible")
    return project


def causes(project):
    return {change["address"]: change["cause"] for change in project("plan", "--json").json["changes"]}


def test_prune_then_restore_then_plan_is_as_before(pruned):
    assert causes(pruned) == {"ilm-policy/h-policy": "clean"}
    (file,) = pruned.archives()
    said = pruned.done("restore", str(file), "--yes").out
    assert "+ component-template/h-base  create" in said and "+ ingest-pipeline/h-pipeline  create" in said
    assert "! index/h-index: the archive does not hold its documents" in said
    assert causes(pruned) == pruned.before
    assert pruned.done("plan").out.count("o ") >= 3
    assert pruned.send("GET", "/_ingest/pipeline/h-pipeline")["h-pipeline"]["_meta"] == {"esctl": {"project": "h"}}
    assert pruned.send("GET", "/h-index")["h-index"]["mappings"]["properties"] == {"a": {"type": "keyword"}}
    assert "Nothing to do" in pruned.done("restore", str(file), "--yes").out
    assert pruned.done("history", "--json").json["runs"][0]["command"] == f"restore {file.name}"


def test_what_the_plan_says_before_it_deletes(project):
    project.write(POLICY, INDEX)
    project.done("apply", "--yes")
    said = project("destroy", "--allow", "irreversible")
    assert said.code == 5 and project.archives() == []
    assert "! 2 resources are kept in .esctl/archive/ before being deleted" in said.out
    assert "! index/h-index: the archive does not hold its documents" in said.out


def test_the_file_is_for_its_owner_and_whole(pruned):
    (file,) = pruned.archives()
    assert file.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(file) as packed:
        assert packed.testzip() is None
        manifest = json.loads(packed.read("manifest.json"))
        assert [one["address"] for one in manifest["resources"]] == [
            "index/h-index",
            "ingest-pipeline/h-pipeline",
            "component-template/h-base",
        ]
        assert manifest["not_in_here"] == {"index/h-index": "its documents"}
        assert (manifest["project"], manifest["format"], manifest["elasticsearch"]) == ("h", 1, "9.5.3")
        body = json.loads(packed.read(manifest["resources"][1]["file"]))
    assert body["live"]["processors"] == body["written"]["processors"] == [{"set": {"field": "a", "value": 1}}]
    assert body["remembered"]["body"]["processors"] == [{"set": {"field": "a", "value": 1}}]


def test_only_some_and_only_to_see(pruned):
    (file,) = pruned.archives()
    before = pruned.writes()
    assert pruned("restore", str(file), "--plan").code == 2
    assert pruned.writes() == before
    pruned.done("restore", str(file), "component-template/*", "--yes")
    assert set(causes(pruned)) == {"ilm-policy/h-policy", "component-template/h-base"}
    assert 'error: "role/x" names nothing in' in pruned("restore", str(file), "role/x").err


def test_what_is_there_with_another_body_is_left_until_told(pruned):
    (file,) = pruned.archives()
    pruned.send("PUT", "/_ingest/pipeline/h-pipeline", {"processors": [], "description": "theirs"})
    said = pruned("restore", str(file), "--yes")
    assert said.code == 5 and "`--adopt ingest-pipeline/h-pipeline` takes it over" in said.out + said.err
    assert pruned.send("GET", "/_ingest/pipeline/h-pipeline")["h-pipeline"]["description"] == "theirs"
    pruned.done("restore", str(file), "--yes", "--adopt", "ingest-pipeline/h-pipeline")
    assert causes(pruned) == pruned.before


def test_what_was_changed_on_the_server_comes_back_as_it_was_there(project):
    project.write(POLICY, PIPELINE % 1)
    project.done("apply", "--yes")
    project.send("PUT", "/_ingest/pipeline/h-pipeline", {"processors": [], "description": "by hand"})
    project.write(POLICY)
    assert "changed on the server since: `--force` deletes it" in project("apply", "--yes", "--prune").out
    project.done("apply", "--yes", "--prune", "--force")
    (file,) = project.archives()
    project.done("restore", str(file), "--yes")
    assert project.send("GET", "/_ingest/pipeline/h-pipeline")["h-pipeline"]["description"] == "by hand"


def test_without_a_history_the_live_bodies_come_back(project):
    project.write(POLICY, PIPELINE % 1, TEMPLATE, INDEX)
    project.done("apply", "--yes")
    project.send("DELETE", "/esctl-history")
    project.done("destroy", "--yes", "--allow", "irreversible")
    (file,) = project.archives()
    assert all(one.written is None for one in archive.read(file).kept)
    project.done("restore", str(file), "--yes")
    assert project.done("plan").out == "Nothing to do: 4 clean.\n"


def test_another_project_is_refused(pruned, tmp_path):
    other = Project(tmp_path / "other", pruned.sandbox, name="other")
    other.write(POLICY.replace("h-policy", "o-policy"))
    said = other("restore", str(pruned.archives()[0]), "--yes")
    assert said.code == 1 and 'is of the project "h", not of "other"' in said.err


def test_when_it_cannot_be_written_nothing_is_deleted(project):
    project.write(POLICY, PIPELINE % 1)
    project.done("apply", "--yes")
    (project.root / ".esctl").write_text("a file where the folder should be", encoding="utf-8")
    before = project.writes()
    said = project("destroy", "--yes")
    assert said.code == 1 and "cannot be written" in said.err and "nothing was deleted" in said.err
    assert project.writes() == before


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"PK\x03\x04 cut off", "is no archive of esctl"),
        ({"format": 9}, "is no archive of esctl: its format is 9; this esctl reads format 1"),
        ({"format": 1, "project": "h"}, "is no archive of esctl"),
        ([], "is no archive of esctl"),
    ],
)
def test_files_that_are_none(tmp_path, content, message):
    file = tmp_path / "a.zip"
    if isinstance(content, bytes):
        file.write_bytes(content)
    elif content is not None:
        with zipfile.ZipFile(file, "w") as packed:
            packed.writestr("manifest.json", json.dumps(content))
    with pytest.raises(EsctlError, match=message):
        archive.read(file)


def test_secrets_are_not_kept_and_come_back_by_what_they_refer_to(project, monkeypatch):
    monkeypatch.setenv("USER_PASSWORD", "hunter2-hunter2")
    project.write("kind: user\nid: h-user\nspec: {password: '${secret.env.USER_PASSWORD}', roles: [viewer]}\n")
    project.done("apply", "--yes")
    project.write(POLICY)
    # A user is not deleted without being told by name.
    project.done("apply", "--yes", "--prune", "--allow", "irreversible")
    (file,) = project.archives()
    with zipfile.ZipFile(file) as packed:
        text = b"".join(packed.read(name) for name in packed.namelist()).decode()
    assert "hunter2" not in text and "${secret.env.USER_PASSWORD}" in text
    history = json.dumps(project.send("GET", "/esctl-history/_search"))
    assert "hunter2" not in history and "${secret.env.USER_PASSWORD}" in history
    project.done("restore", str(file), "--yes")
    assert causes(project)["user/h-user"] == "orphan"
    project.done("apply", "--yes", "--prune", "--allow", "irreversible")
    monkeypatch.delenv("USER_PASSWORD")
    assert "USER_PASSWORD is not set" in project("restore", str(file), "--yes").err


def test_addresses_of_any_form(tmp_path):
    one = archive.Kept(Address("dashboard", "a/ü b" * 60, "sales"), {"x": 1}, {"y": 2})
    archive._pack(
        tmp_path / "a.zip",
        {
            "manifest.json": {
                "format": 1,
                "project": "h",
                "when": "",
                "resources": [{"address": "", "file": "1.json"}],
                "not_in_here": {},
            },
            "1.json": archive._document(one),
        },
    )
    assert archive.read(tmp_path / "a.zip").kept == (one,)
