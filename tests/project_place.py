"""One project's folder beside a sandbox: written, planned, applied, and the sandbox asked what became of it."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass, field
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
    """`environ` holds the texts of the project's secrets."""

    root: Path
    sandbox: Sandbox
    environ: dict[str, str] = field(default_factory=dict)

    def write(self, text: str) -> None:
        (self.root / "mappings").mkdir(parents=True, exist_ok=True)
        (self.root / "esctl.yaml").write_text("name: placed\nresources: [mappings]\n", encoding="utf-8")
        (self.root / "mappings" / "all.yaml").write_text(text, encoding="utf-8")

    @property
    def invocation(self) -> Invocation:
        urls = {"elasticsearch_url": self.sandbox.elasticsearch_url, "kibana_url": self.sandbox.kibana_url}
        return Invocation(project=self.root, environ=self.environ, **urls)

    def plan(self) -> Plan:
        with self.invocation.cluster() as cluster:
            return make_plan(self.invocation, cluster)

    def change(self, address: str) -> Change:
        (found,) = [change for change in self.plan().changes if str(change.address) == address]
        return found

    def apply(self, *allow: str) -> None:
        failed = self.failures(*allow)
        assert not failed, failed

    def failures(self, *allow: str) -> list[str]:
        """Apply; why changes failed, nothing where all went well."""
        invocation = self.invocation
        with invocation.cluster(WRITING) as cluster:
            done = run(make_plan(invocation, cluster), cluster, invocation.kinds, allow=allow)
        return [outcome.reason for outcome in done.failed]

    def applied(self, text: str, *allow: str) -> None:
        """Write it, apply it, and find nothing left to do."""
        self.write(text)
        self.apply(*allow)
        assert self.clean()

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

    def refused(self, method: str, path: str, body: Any = None) -> tuple[int, str, str]:
        """Status, type and reason of a refusal, with the reasons of its causes."""
        status, answer = self.ask(method, path, body)
        error, reasons = answer["error"], []
        told = error
        while told:
            reasons.append(told["reason"])
            told = told.get("caused_by")
        return status, error["type"], " / ".join(reasons)

    def requests(self) -> list[str]:
        """What the sandbox was asked since the last time: `PUT /path`."""
        log = self.sandbox.folder / "access.log"
        lines = log.read_text(encoding="utf-8").splitlines()
        log.write_text("", encoding="utf-8")
        return lines
