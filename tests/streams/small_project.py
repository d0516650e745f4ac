"""A project in a folder of its own, planned and applied as the command line does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from esctl.apply import run
from esctl.apply.run import Done
from esctl.cli.change import make_plan
from esctl.cli.invocation import Invocation
from esctl.cluster import WRITING
from esctl.model import Change, Plan


class SmallProject:
    """`write` replaces its only file; `plan` and `apply` read it anew each time."""

    def __init__(self, root: Path, url: str, name: str = "small", **connection: Any) -> None:
        self.root, self.url, self.name, self.connection = root, url, name, connection
        (root / "mappings").mkdir(parents=True, exist_ok=True)
        (root / "esctl.yaml").write_text(f"name: {name}\nresources: [mappings]\n", encoding="utf-8")

    def write(self, text: str) -> None:
        (self.root / "mappings" / "all.yaml").write_text(text, encoding="utf-8")

    def invocation(self) -> Invocation:
        return Invocation(project=self.root, environ={}, elasticsearch_url=self.url, **self.connection)

    def plan(self, **choices: Any) -> Plan:
        invocation = self.invocation()
        with invocation.cluster() as cluster:
            return make_plan(invocation, cluster, **choices)

    def apply(self, *, allow: tuple[str, ...] = (), **choices: Any) -> Done:
        invocation = self.invocation()
        with invocation.cluster(WRITING) as cluster:
            plan = make_plan(invocation, cluster, **choices)
            return run(plan, cluster, invocation.kinds, allow=allow)

    def change(self, address: str, **choices: Any) -> Change:
        return next(change for change in self.plan(**choices).changes if str(change.address) == address)

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """A request of somebody else: the parsed answer, whatever its status."""
        import requests

        auth = (self.connection["username"], self.connection["password"]) if self.connection else None
        answer = requests.request(method, self.url + path, json=body, auth=auth, timeout=30)
        return answer.json() if answer.content else None
