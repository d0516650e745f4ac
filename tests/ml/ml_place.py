"""One project's folder beside a sandbox: written, planned, applied; documents put in, the sandbox asked."""

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

HOUR = 3_600_000
BEGIN = 1_767_225_600_000  # 2026-01-01T00:00:00Z


@dataclass(frozen=True)
class Place:
    root: Path
    sandbox: Sandbox

    def write(self, text: str) -> None:
        (self.root / "mappings").mkdir(parents=True, exist_ok=True)
        (self.root / "esctl.yaml").write_text("name: learning\nresources: [mappings]\n", encoding="utf-8")
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

    def requests(self, address: str) -> list[str]:
        return [str(request) for request in self.change(address).requests]

    def apply(self, *allow: str) -> None:
        invocation = self.invocation
        with invocation.cluster(WRITING) as cluster:
            done = run(make_plan(invocation, cluster), cluster, invocation.kinds, allow=allow)
        assert [outcome.reason for outcome in done.failed] == []
        left = [
            (str(c.address), c.words, [d.dotted for d in c.differences])
            for c in self.plan().changes
            if c.action != "none"
        ]
        assert left == []

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        data = None
        if body is not None:
            data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        request = urllib.request.Request(self.sandbox.elasticsearch_url + path, method=method, data=data)
        request.add_header("Content-Type", "application/x-ndjson" if path.endswith("_bulk") else "application/json")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                status, raw = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, raw = error.code, error.read()
        return status, json.loads(raw) if raw.strip() else None

    def load(self, index: str, documents: list[dict[str, Any]]) -> None:
        lines = "".join('{"index":{}}\n' + json.dumps(one) + "\n" for one in documents)
        status, answer = self.ask("POST", f"/{index}/_bulk", lines)
        assert status == 200 and not answer["errors"]

    def requests_per_hour(self, index: str = "requests", hours: int = 48, loud: int = 40, first: int = 0) -> None:
        """Ten requests of each of two services an hour; `web` has a hundred, and slow ones, in hour `loud`."""
        documents = []
        for hour in range(first, first + hours):
            for service in ("web", "shop"):
                count = 100 if hour == loud and service == "web" else 10
                for n in range(count):
                    slow = 900.0 if hour == loud and service == "web" else 20.0
                    at = BEGIN + hour * HOUR + n * 30_000
                    documents.append({"@timestamp": at, "service": service, "duration": slow + n % 3})
        self.load(index, documents)

    def job(self, id: str) -> dict[str, Any]:
        status, answer = self.ask("GET", f"/_ml/anomaly_detectors/{id}/_stats")
        assert status == 200
        (stats,) = answer["jobs"]
        return stats

    def feed(self, id: str) -> dict[str, Any]:
        _, answer = self.ask("GET", f"/_ml/datafeeds/{id}/_stats")
        (stats,) = answer["datafeeds"]
        return stats
