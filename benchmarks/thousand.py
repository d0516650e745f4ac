"""A project of 1,000 resources: what a plan, an apply and a small change cost: `python benchmarks/thousand.py`.

Equal parts component templates, lifecycles, ingest pipelines, index templates and indices, one file each, on the
sandbox in a process of its own. Requests are counted there, from its access log. The CPU time of an unchanged plan
stands beside that of a pinned script, in alternating runs: it parses the same files with libyaml and sends 25 plain
requests.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

PAIRS = 5
EACH = 200

SCRIPT = """
import sys, urllib.request, yaml
from pathlib import Path
for path in sorted(Path(sys.argv[1]).rglob("*.yaml")):
    yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
for _ in range(25):
    urllib.request.urlopen(sys.argv[2] + "/_license").read()
"""
"""The pinned script: what nobody can do without."""

FILES = {
    "component-template": """
kind: component-template
id: part-{n}
spec:
  template:
    settings: {{index.number_of_replicas: 1, index.refresh_interval: {s}s}}
    mappings:
      properties:
        "@timestamp": {{type: date}}
        message: {{type: text, fields: {{raw: {{type: keyword, ignore_above: 256}}}}}}
        service: {{properties: {{name: {{type: keyword}}, version: {{type: keyword}}, environment: {{type: keyword}}}}}}
        host:
          properties:
            name: {{type: keyword, ignore_above: 1024}}
            ip: {{type: ip}}
            os: {{properties: {{name: {{type: keyword}}, family: {{type: keyword}}}}}}
        http:
          properties:
            method: {{type: keyword}}
            status: {{type: short}}
            bytes: {{type: long}}
        trace: {{properties: {{id: {{type: keyword, ignore_above: 1024}}}}}}
        value_{n}: {{type: double}}
""",
    "ilm-policy": """
kind: ilm-policy
id: life-{n}
spec:
  policy:
    phases:
      hot: {{actions: {{rollover: {{max_age: 7d, max_primary_shard_size: 50gb}}, set_priority: {{priority: 100}}}}}}
      warm: {{min_age: 7d, actions: {{forcemerge: {{max_num_segments: 1}}}}}}
      delete: {{min_age: {s}d, actions: {{delete: {{}}}}}}
""",
    "ingest-pipeline": """
kind: ingest-pipeline
id: pipe-{n}
spec:
  description: The {n}th of many
  processors:
    - set: {{field: stage, value: "{s}"}}
    - rename: {{field: a, target_field: b, ignore_missing: true}}
    - lowercase: {{field: b, ignore_missing: true}}
    - date: {{field: time, formats: [ISO8601, UNIX_MS], target_field: "@timestamp", ignore_failure: true}}
    - convert: {{field: http.status, type: integer, ignore_missing: true}}
    - trim: {{field: message, ignore_missing: true}}
    - append: {{field: tags, value: ["seen", "{s}"], allow_duplicates: false}}
    - remove: {{field: [time, tmp], ignore_missing: true}}
  on_failure:
    - set: {{field: error.message, value: "failed"}}
""",
    "index-template": """
kind: index-template
id: logs-{n}
spec:
  index_patterns: ["logs-{n}-*"]
  priority: 200
  composed_of: [part-{n}]
  template:
    settings: {{index.lifecycle.name: life-{n}, index.default_pipeline: pipe-{n}}}
""",
    "index": """
kind: index
id: data-{n}
spec:
  settings: {{number_of_shards: 1, number_of_replicas: 0, default_pipeline: pipe-{n}}}
  mappings:
    properties:
      name: {{type: keyword}}
      when: {{type: date}}
      amount: {{type: scaled_or_long}}
      note: {{type: text, fields: {{raw: {{type: keyword, ignore_above: 256}}}}}}
      tags: {{type: keyword}}
      active: {{type: boolean}}
      address: {{type: ip}}
      customer: {{properties: {{id: {{type: keyword}}, name: {{type: text}}, country: {{type: keyword}}}}}}
      items: {{properties: {{sku: {{type: keyword}}, count: {{type: integer}}, price: {{type: double}}}}}}
  aliases: {{}}
""".replace("scaled_or_long", "long"),
}


@dataclass(frozen=True)
class Cost:
    """CPU seconds, the most memory (MB) and requests of one run."""

    cpu: float
    memory: float
    requests: int = 0
    exit_code: int = 0


def write_project(root: Path, changed: int = 0) -> None:
    """1,000 files; the first `changed` pipelines differ from what a project without changes says."""
    (root / "mappings").mkdir(parents=True, exist_ok=True)
    (root / "esctl.yaml").write_text("name: thousand\nresources: [mappings]\n", encoding="utf-8")
    for kind, text in FILES.items():
        for n in range(EACH):
            stage = 1000 + n if kind == "ingest-pipeline" and n < changed else 30 + n
            (root / "mappings" / f"{kind}-{n:03}.yaml").write_text(text.format(n=n, s=stage).lstrip(), encoding="utf-8")


class Server:
    """The sandbox as a process, and what it was asked."""

    def __init__(self, url: str, kibana: str, log: Path) -> None:
        self.url, self.kibana, self._log = url, kibana, log

    def lines(self) -> list[str]:
        return self._log.read_text(encoding="utf-8").splitlines() if self._log.exists() else []


@contextmanager
def server(folder: Path) -> Iterator[Server]:
    log = folder / "access.log"
    command = [sys.executable, "-m", "esctl", "sandbox", "up", "--json", "--port", "0", "--kibana-port", "0"]
    command += ["--data", str(folder / "data"), "--access-log", str(log)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            ready = json.loads(process.stdout.readline())
            yield Server(ready["elasticsearch"], ready["kibana"], log)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


WATCH = """
import json, os, subprocess, sys
with open(sys.argv[2], "wb") as said:
    process = subprocess.Popen(sys.argv[3:], stdout=said, stderr=subprocess.STDOUT)
    _, status, usage = os.wait4(process.pid, 0)
with open(sys.argv[1], "w") as out:
    json.dump([usage.ru_utime + usage.ru_stime, usage.ru_maxrss, os.waitstatus_to_exitcode(status)], out)
"""
"""A small process between: a child's most memory begins with that of its parent, which may be large (a test's)."""


def cost(command: list[str], environ: dict[str, str]) -> Cost:
    """Run it; what its process took."""
    # As installed: with its bytecode on the disk.
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as folder:
        usage, said = Path(folder, "usage"), Path(folder, "said")
        watch = [sys.executable, "-c", WATCH, str(usage), str(said), *command]
        subprocess.run(watch, check=True, env=inherited | environ)
        cpu, memory, exit_code = json.loads(usage.read_text())
        if exit_code == 1:
            raise SystemExit(said.read_text(encoding="utf-8")[-2000:])
    scale = 1024 if sys.platform != "darwin" else 1024 * 1024
    return Cost(cpu, memory / scale, exit_code=exit_code)


def esctl(at: Server, root: Path, *words: str) -> Cost:
    """One command of esctl on the project, with the requests that the server saw."""
    before = len(at.lines())
    environ = {"ESCTL_ELASTICSEARCH_URL": at.url, "ESCTL_KIBANA_URL": at.kibana}
    found = cost([sys.executable, "-m", "esctl", *words, "--project", str(root)], environ)
    return Cost(found.cpu, found.memory, len(at.lines()) - before, found.exit_code)


def measure(folder: Path, pairs: int) -> dict[str, object]:
    root = folder / "project"
    write_project(root)
    script = folder / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with server(folder) as at:
        created = esctl(at, root, "apply", "--yes")
        esctl(at, root, "plan")  # writes the bytecode, warms the disk
        plans, scripts = [], []
        for _ in range(pairs):
            plans.append(esctl(at, root, "plan"))
            scripts.append(cost([sys.executable, str(script), str(root), at.url], {}))
        write_project(root, changed=5)
        changed = esctl(at, root, "apply", "--yes")
    return {
        "create": {"cpu": created.cpu, "requests": created.requests, "memory": created.memory},
        "plan": {
            "cpu": median(one.cpu for one in plans),
            "ratio": median(one.cpu for one in plans) / median(one.cpu for one in scripts),
            "requests": max(one.requests for one in plans),
            "memory": max(one.memory for one in plans),
            "exit_codes": sorted({one.exit_code for one in plans}),
        },
        "script": {"cpu": median(one.cpu for one in scripts)},
        "five changed": {"cpu": changed.cpu, "requests": changed.requests, "memory": changed.memory},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=PAIRS)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), given.pairs)
    if given.json:
        print(json.dumps(found))
        return
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    print(f"Python {platform.python_version()}, {machine}, medians of {given.pairs} alternating runs")
    for name, figures in found.items():
        assert isinstance(figures, dict)
        words = (f"{key} {f'{value:.2f}' if isinstance(value, float) else value}" for key, value in figures.items())
        print(f"{name:13} " + ", ".join(words))


if __name__ == "__main__":
    main()
