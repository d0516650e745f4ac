"""One project's folder beside a sandbox: written, planned, applied, and the sandbox asked what became of it."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from esctl.apply import run
from esctl.cli.change import make_plan
from esctl.cli.invocation import Invocation
from esctl.cluster import WRITING
from esctl.model import Change, Plan
from esctl.sandbox.server import Sandbox


@dataclass(frozen=True)
class Place:
    root: Path
    sandbox: Sandbox

    def write(self, text: str) -> None:
        (self.root / "mappings").mkdir(parents=True, exist_ok=True)
        (self.root / "esctl.yaml").write_text("name: stack\nresources: [mappings]\n", encoding="utf-8")
        (self.root / "mappings" / "all.yaml").write_text(text, encoding="utf-8")

    @property
    def invocation(self) -> Invocation:
        urls = {"elasticsearch_url": self.sandbox.elasticsearch_url, "kibana_url": self.sandbox.kibana_url}
        return Invocation(project=self.root, environ={}, **urls)

    def plan(self) -> Plan:
        with self.invocation.cluster() as cluster:
            return make_plan(self.invocation, cluster)

    def change(self, address: str) -> Change:
        (found,) = [change for change in self.plan().changes if str(change.address) == address]
        return found

    def apply(self, *allow: str) -> None:
        invocation = self.invocation
        with invocation.cluster(WRITING) as cluster:
            done = run(make_plan(invocation, cluster), cluster, invocation.kinds, allow=allow)
        assert [outcome.reason for outcome in done.failed] == []

    def clean(self) -> bool:
        return all(change.action == "none" for change in self.plan().changes)

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.sandbox.elasticsearch_url + path, method=method, data=data)
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                status, raw = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, raw = error.code, error.read()
        return status, json.loads(raw) if raw.strip() else None

    def requests(self) -> list[str]:
        """What the sandbox was asked since the last time: `PUT /path`."""
        log = self.sandbox.folder / "access.log"
        lines = log.read_text(encoding="utf-8").splitlines()
        log.write_text("", encoding="utf-8")
        return lines
