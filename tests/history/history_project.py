"""A project on a sandbox of its own, and `esctl` typed at it."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import dataclass
from pathlib import Path

from esctl import cli
from esctl.cluster import WRITING, Cluster, Connection
from esctl.model import Request

POLICY = "kind: ilm-policy\nid: h-policy\nspec: {policy: {phases: {hot: {actions: {}}}}}\n"
PIPELINE = "kind: ingest-pipeline\nid: h-pipeline\nspec: {processors: [{set: {field: a, value: %s}}]}\n"
TEMPLATE = "kind: component-template\nid: h-base\nspec: {template: {settings: {index.lifecycle.name: h-policy}}}\n"
INDEX = "kind: index\nid: h-index\nspec: {mappings: {properties: {a: {type: keyword}}}}\n"


@dataclass
class Said:
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


class Project:
    """Files in a folder, and the servers that `esctl` talks to."""

    def __init__(self, root: Path, sandbox, name: str = "h") -> None:
        self.root, self.sandbox = root, sandbox
        (root / "mappings").mkdir(parents=True, exist_ok=True)
        (root / "esctl.yaml").write_text(f"name: {name}\nresources: [mappings]\n", encoding="utf-8")

    def write(self, *documents: str) -> None:
        (self.root / "mappings/all.yaml").write_text("---\n".join(documents), encoding="utf-8")

    def __call__(self, *words: str) -> Said:
        out, err = io.StringIO(), io.StringIO()
        places = {
            "--project": str(self.root),
            "--elasticsearch-url": self.sandbox.elasticsearch_url,
            "--kibana-url": self.sandbox.kibana_url,
        }
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = cli.run([*words, *(part for pair in places.items() for part in pair)])
        return Said(code, out.getvalue(), err.getvalue())

    def done(self, *words: str) -> Said:
        said = self(*words)
        assert said.code == 0, said
        return said

    def cluster(self) -> Cluster:
        return Cluster(Connection(self.sandbox.elasticsearch_url, self.sandbox.kibana_url), guard=WRITING)

    def send(self, method: str, path: str, body=None, accept=()):
        with self.cluster() as cluster:
            return cluster.send(Request("elasticsearch", method, path, body=body), accept=accept).body

    def archives(self) -> list[Path]:
        return sorted((self.root / ".esctl/archive").glob("*"))

    def writes(self) -> list[str]:
        """Lines of the access log that are no reads and not about esctl's own indices."""
        log = (self.sandbox.data / "access.log").read_text(encoding="utf-8").splitlines()
        reads = (
            " GET ",
            " HEAD ",
            "_search",
            "_mget",
            "_export",
            "_bulk_get",
            "/_query/",
            "_query/",
            "_find",
            "/esctl-",
        )
        return [line for line in log if not any(part in line for part in reads)]

    def requests(self) -> int:
        return len((self.sandbox.data / "access.log").read_text(encoding="utf-8").splitlines())
