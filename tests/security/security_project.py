"""A project of security's kinds, planned and applied on a sandbox of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from esctl.apply import Done, run
from esctl.cli.change import make_plan
from esctl.cli.invocation import Invocation
from esctl.cluster import WRITING
from esctl.model import Plan

if TYPE_CHECKING:
    from esctl.sandbox.server import Sandbox


class Project:
    """A project of one file. `apply` sends; `plan` only looks; `sent` lists the writes since it was last asked."""

    def __init__(self, root: Path, sandbox: Sandbox) -> None:
        self.root, self.sandbox = root, sandbox
        self.environ: dict[str, str] = {}
        (root / "mappings").mkdir(parents=True)
        (root / "esctl.yaml").write_text("name: guarded\nresources: [mappings]\n", encoding="utf-8")
        self._log = sandbox.data / "access.log"
        self._read = 0

    def write(self, text: str) -> None:
        (self.root / "mappings" / "security.yaml").write_text(text, encoding="utf-8")

    def invocation(self) -> Invocation:
        urls = {"elasticsearch_url": self.sandbox.elasticsearch_url, "kibana_url": self.sandbox.kibana_url}
        return Invocation(project=self.root, environ=dict(self.environ), **urls)

    def plan(self) -> Plan:
        invocation = self.invocation()
        with invocation.cluster() as cluster:
            return make_plan(invocation, cluster)

    def apply(self, *allow: str) -> Done:
        invocation = self.invocation()
        with invocation.cluster(WRITING) as cluster:
            return run(make_plan(invocation, cluster), cluster, invocation.kinds, allow=allow)

    def sent(self) -> list[str]:
        """The writes to the APIs of security and Watcher, as `METHOD /path`."""
        lines = self._log.read_text(encoding="utf-8").splitlines()
        new, self._read = lines[self._read :], len(lines)
        words = [line.split() for line in new]
        found = [(method, path) for parts in words for method, path in zip(parts, parts[1:], strict=False)]
        writes = [f"{method} {path}" for method, path in found if method in ("PUT", "POST", "DELETE")]
        return [line for line in writes if "_security" in line or "/security/" in line or "_watcher" in line]
