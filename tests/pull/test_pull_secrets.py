"""Kinds with secrets: what is pulled validates and plans nothing at once, set or not; then it is sent when it has to be."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from pulling import SECRETS, Project

from esctl.kinds import NAMES, registry

EXAMPLES = Path(__file__).parents[2] / "docs" / "kinds"
WITH_SECRETS = sorted(name for name in NAMES if registry()[name].secrets)
ASKED = ("api-key", "snapshot-repository", *WITH_SECRETS)
HOLDS_MORE_THAN_ONE = {"inference-endpoint"}
both = pytest.mark.parametrize("sandbox_version", ["9.5", "8.19"], indirect=True)


def pulled(name: str, tmp_path: Path, sandbox) -> Project:
    """What the example of a kind makes, pulled by a project that knows no secret and whose ledger was lost."""
    text = (EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8")
    first = Project(tmp_path / "first", sandbox.elasticsearch_url, sandbox.kibana_url)
    first.environ = {name: f"hush-{name.lower()}-4711" for name in SECRETS.findall(text)}
    first.write(text)
    apply(first)
    for index in ("esctl-ledger", "esctl-history"):
        first.send("DELETE", f"/{index}", ignore_unavailable="true")
    new = Project(tmp_path / "pulled", sandbox.elasticsearch_url, sandbox.kibana_url)
    code, out, err = new.esctl("pull", name)
    assert code == 0, out + err
    assert new.files()
    return new


def apply(project: Project, *allow: str, adopt: tuple[str, ...] = ()) -> list[str]:
    """What is written to resources, as `METHOD /path`."""
    from esctl.apply import run
    from esctl.cli.planning import planned, surveyed
    from esctl.cluster import WRITING

    invocation = project.invocation()
    with invocation.cluster(WRITING) as cluster:
        plan = planned(invocation, cluster.capabilities, surveyed(invocation, cluster), adopt=adopt)
        done = run(plan, cluster, invocation.kinds, allow=allow)
    assert [outcome.reason for outcome in done.failed] == []
    return [str(request) for change in plan.changes for request in change.requests]


def actions(project: Project) -> set[str]:
    from esctl.cli.change import make_plan

    invocation = project.invocation()
    with invocation.cluster() as cluster:
        return {str(change.action) for change in make_plan(invocation, cluster).changes}


def told(project: Project) -> Project:
    """With a text for every secret that the files name."""
    names = SECRETS.findall("".join(project.files().values()))
    return replace(project, environ={name: f"hush-{name.lower()}-0815" for name in names})


@both
@pytest.mark.parametrize("name", ASKED)
def test_nothing_is_planned_where_no_secret_is_set(name: str, tmp_path: Path, fresh_sandbox) -> None:
    new = pulled(name, tmp_path, fresh_sandbox)
    assert new.esctl("validate", files_only=True)[0] == 0
    assert actions(new) == {"adopt"}
    assert apply(new) == []
    assert actions(new) == {"none"}
    assert "hush" not in str(new.send("GET", "/esctl-ledger/_search", size="100"))


@pytest.mark.parametrize("name", WITH_SECRETS)
def test_a_secret_that_is_set_is_believed(name: str, tmp_path: Path, fresh_sandbox) -> None:
    new = told(pulled(name, tmp_path, fresh_sandbox))
    if name == "search-connector":
        return  # its server shows what it has: nothing is to be believed
    assert actions(new) == {"adopt"}
    assert apply(new) == []
    assert actions(new) == {"none"}
    other = replace(new, environ={key: f"{text}-other" for key, text in (new.environ or {}).items()})
    assert "update" in actions(other), "a secret that changes is sent"


@pytest.mark.parametrize("name", WITH_SECRETS)
def test_what_is_set_later_is_sent_once(name: str, tmp_path: Path, fresh_sandbox) -> None:
    new = pulled(name, tmp_path, fresh_sandbox)
    assert apply(new) == []
    late = told(new)
    assert "update" in actions(late)
    assert apply(late, "irreversible")
    assert actions(late) == {"none"}
    assert actions(replace(late, environ={})) == {"none"}, "who does not know it sees no change"


def test_what_is_adopted_by_name_is_sent(tmp_path: Path, fresh_sandbox) -> None:
    new = told(pulled("user", tmp_path, fresh_sandbox))
    sent = apply(new, adopt=("user/*",))
    assert sent and all(line.startswith("PUT /_security/user/") for line in sent)
    assert actions(new) == {"none"}


def test_a_change_that_needs_the_secret_asks_for_it(tmp_path: Path, fresh_sandbox) -> None:
    new = pulled("watch", tmp_path, fresh_sandbox)
    apply(new)
    (path,) = (new.root / "mappings").rglob("web-errors.yaml")
    path.write_text(
        path.read_text(encoding="utf-8").replace("trigger:", "metadata: {other: 1}\n  trigger:"), encoding="utf-8"
    )
    assert "undecided" in actions(new)


def test_a_line_that_asks_for_a_secret_says_so(tmp_path: Path, fresh_sandbox) -> None:
    new = pulled("user", tmp_path, fresh_sandbox)
    lines = [line for text in new.files().values() for line in text.splitlines() if "${secret" in line]
    assert lines and all("# no server tells it: set USER_" in line for line in lines)
