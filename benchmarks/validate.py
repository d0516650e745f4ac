"""How long `esctl validate` takes for 1,000 files, beside libyaml alone: `python benchmarks/validate.py [FILES]`.

Equal parts component templates, lifecycle policies, pipelines, index templates and indices, of usual size. Wall and CPU
seconds of whole processes, start included; the ratio is to a process that parses the same files with libyaml and does
no more. Medians of pairs that run one after the other.
"""

import argparse
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

PAIRS = 5
PARSE = """
import sys, pathlib, yaml
for path in pathlib.Path(sys.argv[1]).rglob("*.yaml"):
    for node in yaml.compose_all(path.read_text(), Loader=yaml.CSafeLoader):
        pass
"""

COMPONENT = """\
kind: component-template
id: base-{n}
spec:
  template:
    settings:
      index: {{number_of_shards: 1, number_of_replicas: 1, refresh_interval: 10s}}
    mappings:
      dynamic: false
      properties:
        "@timestamp": {{type: date}}
        message: {{type: text, fields: {{raw: {{type: keyword, ignore_above: 1024}}}}}}
        host: {{properties: {{name: {{type: keyword}}, ip: {{type: ip}}}}}}
        service: {{properties: {{name: {{type: keyword}}, version: {{type: keyword}}}}}}
        duration_{n}: {{type: long}}
        status: {{type: keyword}}
        labels: {{type: flattened}}
"""
POLICY = """\
kind: ilm-policy
id: policy-{n}
spec:
  policy:
    phases:
      hot: {{actions: {{rollover: {{max_age: 7d, max_primary_shard_size: 50gb}}, set_priority: {{priority: 100}}}}}}
      warm: {{min_age: 7d, actions: {{forcemerge: {{max_num_segments: 1}}, set_priority: {{priority: 50}}}}}}
      cold: {{min_age: 30d, actions: {{set_priority: {{priority: 0}}}}}}
      delete: {{min_age: 90d, actions: {{delete: {{}}}}}}
"""
PIPELINE = """\
kind: ingest-pipeline
id: pipeline-{n}
spec:
  description: Tidy what comes in
  processors:
    - set: {{field: event.ingested, value: "{{{{{{_ingest.timestamp}}}}}}"}}
    - lowercase: {{field: status, ignore_missing: true}}
    - rename: {{field: hostname, target_field: host.name, ignore_missing: true}}
    - convert: {{field: duration_{n}, type: long, ignore_missing: true}}
    - drop: {{if: ctx.status == 'debug'}}
    - script: {{source: "ctx.slow = ctx.duration_{n} > params.limit", params: {{limit: 1000}}}}
  on_failure:
    - set: {{field: error.message, value: "{{{{{{_ingest.on_failure_message}}}}}}"}}
"""
TEMPLATE = """\
kind: index-template
id: template-{n}
spec:
  index_patterns: ["app-{n}-*"]
  priority: 200
  composed_of: [base-{n}]
  template:
    settings:
      index:
        default_pipeline: pipeline-{n}
        lifecycle: {{name: policy-{n}, rollover_alias: app-{n}}}
    mappings:
      properties:
        trace: {{properties: {{id: {{type: keyword}}}}}}
"""
INDEX = """\
kind: index
id: app-{n}-000001
spec:
  settings:
    index: {{number_of_shards: 1, number_of_replicas: 1, default_pipeline: pipeline-{n}}}
  aliases:
    app-{n}: {{is_write_index: true}}
  mappings:
    dynamic: strict
    properties:
      "@timestamp": {{type: date}}
      customer: {{type: keyword}}
      total: {{type: scaled_float, scaling_factor: 100}}
      items: {{type: nested, properties: {{sku: {{type: keyword}}, count: {{type: integer}}}}}}
      note: {{type: text}}
"""


def write_project(folder: Path, files: int) -> None:
    """A project of so many files, a fifth of each kind."""
    (folder / "esctl.yaml").write_text("name: many\nresources: [mappings]\n")
    for name, text in {"c": COMPONENT, "l": POLICY, "p": PIPELINE, "t": TEMPLATE, "i": INDEX}.items():
        below = folder / "mappings" / name
        below.mkdir(parents=True)
        for n in range(files // 5):
            (below / f"{n:04}.yaml").write_text(text.format(n=n))


def run(*arguments: str) -> tuple[float, float]:
    """Wall and CPU seconds of a process and its end."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, *arguments], stdout=subprocess.PIPE, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - began, cpu


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="?", type=int, default=1000)
    files = parser.parse_args().files
    with tempfile.TemporaryDirectory() as name:
        write_project(Path(name), files)
        validate, parse = ("-m", "esctl", "validate", "--project", name), ("-c", PARSE, name)
        run(*validate)
        pairs = [(run(*validate), run(*parse)) for _ in range(PAIRS)]
    wall, cpu, alone = (median(p[0][0] for p in pairs), median(p[0][1] for p in pairs), median(p[1][1] for p in pairs))
    machine = f"{os.cpu_count()} cores of {platform.machine()}"
    print(f"Python {platform.python_version()}, {machine}, medians of {PAIRS} pairs")
    print(f"esctl validate, {files:,} files: {wall:.2f} s wall, {cpu:.2f} s CPU")
    print(f"libyaml alone: {alone:.2f} s CPU; {cpu / alone:.2f} x that")


if __name__ == "__main__":
    main()
