"""Every example of docs/kinds: it validates, and after an apply its plan is empty, in 9.5 and in 8.19 form."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from esctl.apply import run
from esctl.cli.change import make_plan
from esctl.cli.invocation import Invocation
from esctl.cluster import WRITING
from esctl.plan import counts, exit_code
from esctl.plan.summary import to_do

if TYPE_CHECKING:
    from esctl.sandbox.server import Sandbox

EXAMPLES = sorted((Path(__file__).parents[2] / "docs" / "kinds").glob("*.yaml"))
SECRETS = re.compile(r"\$\{secret\.env\.(\w+)\}")


def project_of(example: Path, root: Path, sandbox: Sandbox) -> Invocation:
    """A project of its own that holds the example; each secret has a text of its own."""
    text = example.read_text(encoding="utf-8")
    (root / "mappings").mkdir(parents=True, exist_ok=True)
    (root / "esctl.yaml").write_text(f"name: example-{example.stem}\nresources: [mappings]\n", encoding="utf-8")
    (root / "mappings" / example.name).write_text(text, encoding="utf-8")
    environ = {name: f"hush-{name.lower()}-4711" for name in SECRETS.findall(text)}
    urls = {"elasticsearch_url": sandbox.elasticsearch_url, "kibana_url": sandbox.kibana_url}
    return Invocation(project=root, environ=environ, **urls)


@pytest.mark.parametrize("sandbox_version", ["9.5", "8.19"], indirect=True)
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_after_an_apply_the_plan_is_empty(example: Path, tmp_path: Path, fresh_sandbox: Sandbox) -> None:
    invocation = project_of(example, tmp_path / "project", fresh_sandbox)
    assert any(resource.address.kind == example.stem for resource in invocation.loaded.resources)
    with invocation.cluster(WRITING) as cluster:
        first = make_plan(invocation, cluster)
        assert to_do(first), "the example makes nothing"
        done = run(first, cluster, invocation.kinds)
        assert [outcome.reason for outcome in done.failed] == []
    again = project_of(example, tmp_path / "project", fresh_sandbox)
    with again.cluster() as cluster:
        second = make_plan(again, cluster)
    assert exit_code(second) == 0, [(str(c.address), c.words, c.differences) for c in second.changes]
    assert counts(second)["clean"] == len(again.loaded.resources)
