"""A project in a folder, and the sandbox it is applied to."""

import contextlib
import io
import os
from unittest import mock

from esctl import cli
from esctl.apply import run
from esctl.cli.change import make_plan
from esctl.cli.invocation import Invocation
from esctl.cluster import WRITING

PROJECT = """
name: {name}
resources: [mappings]
"""

RESOURCES = """
kind: ilm-policy
id: p-policy
spec: {policy: {phases: {hot: {actions: {}}}}}
---
kind: ingest-pipeline
id: p-pipeline
spec: {processors: [{set: {field: a, value: 1}}]}
---
kind: index-template
id: p-template
spec: {index_patterns: ["p-logs-*"], template: {settings: {index.lifecycle.name: p-policy}}}
---
kind: index
id: p-index
spec:
  settings: {default_pipeline: p-pipeline}
  mappings: {properties: {a: {type: keyword}}}
"""


class Place:
    """A project in a folder and the sandbox it is applied to."""

    def __init__(self, root, sandbox, name="p", text=RESOURCES, environ=None):
        self.root, self.sandbox, self.environ = root, sandbox, environ or {}
        (root / "mappings").mkdir(parents=True, exist_ok=True)
        (root / "esctl.yaml").write_text(PROJECT.format(name=name), encoding="utf-8")
        self.write(text)

    def write(self, text):
        (self.root / "mappings/all.yaml").write_text(text, encoding="utf-8")

    def invocation(self):
        urls = {"elasticsearch_url": self.sandbox.elasticsearch_url, "kibana_url": self.sandbox.kibana_url}
        return Invocation(project=self.root, environ=self.environ, **urls)

    def plan(self, **choices):
        invocation = self.invocation()
        with invocation.cluster() as cluster:
            return make_plan(invocation, cluster, **choices)

    def apply(self, plan=None, allow=(), **choices):
        invocation = self.invocation()
        with invocation.cluster(WRITING) as cluster:
            made = plan or make_plan(invocation, cluster, **choices)
            return run(made, cluster, invocation.kinds, allow=allow)

    def send(self, method, path, body=None, accept=()):
        from esctl.model import Request

        with self.invocation().cluster(WRITING) as cluster:
            return cluster.send(Request("elasticsearch", method, path, body=body), accept=accept).body

    def writes(self):
        """Lines of the access log that are no reads."""
        log = (self.sandbox.data / "access.log").read_text(encoding="utf-8").splitlines()
        reads = ("_search", "_mget", "_export", "_bulk_get", "_query")
        return [
            line
            for line in log
            if not any(f" {m} " in line for m in ("GET", "HEAD")) and not any(r in line for r in reads)
        ]

    def type(self, *words):
        """(exit code, stdout + stderr) of a command, typed in this project."""
        urls = ("--elasticsearch-url", self.sandbox.elasticsearch_url, "--kibana-url", self.sandbox.kibana_url)
        offline = any(word in ("--against", "validate", "render") for word in words)
        out = io.StringIO()
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(out),
            mock.patch.dict(os.environ, self.environ),
        ):
            code = cli.run([*words, "--project", str(self.root), *(() if offline else urls)])
        return code, out.getvalue()
