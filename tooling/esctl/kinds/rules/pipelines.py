"""Rules about ingest pipelines and scripts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ...model import Path, Resource
from ...secret import referred
from ..ingest_pipeline import K_MEANS, processors
from ..normalise import get
from .rule import Found, rule
from .written import Written

SCRIPT_BYTES = 65_535
"""`script.max_size_in_bytes`: the source alone, in UTF-8."""
PIPELINE_BYTES = 1024 * 1024
"""`ingest.pipeline.max_pipeline_size` of Serverless and of Elasticsearch to come."""


@rule(
    "unreachable-processor",
    "pipelines",
    "warning",
    kinds=("ingest-pipeline",),
    bad="""
kind: ingest-pipeline
id: orders
spec:
  processors:
    - drop: {}
    - set: {field: seen, value: true}
""",
    good="""
kind: ingest-pipeline
id: orders
spec:
  processors:
    - drop: {if: ctx.test == true}
    - set: {field: seen, value: true}
""",
)
def unreachable_processor(written: Written) -> Iterator[Found]:
    """A processor stands after one that always ends the pipeline, so it never runs.

    `drop`, `fail`, `terminate` and `reroute` end it, unless they have an `if`; `fail` does not where its failure is
    ignored or handled. A warning: Elasticsearch takes it, and it may be a stop put in for a while.
    """
    for resource in written.of("ingest-pipeline"):
        yield from _after_the_end(resource, resource.spec.get("processors"), ("processors",))
        yield from _after_the_end(resource, resource.spec.get("on_failure"), ("on_failure",))
        for path, _, options in processors(resource.spec):
            if "on_failure" in options:
                yield from _after_the_end(resource, options["on_failure"], (*path, "on_failure"))


def _after_the_end(resource: Resource, entries: Any, path: Path) -> Iterator[Found]:
    ended = None
    for position, entry in enumerate(entries if isinstance(entries, list) else ()):
        if not isinstance(entry, dict):
            continue
        if ended:
            name = next(iter(entry), "processor")
            yield Found(resource, (*path, position), f"{name} never runs: it stands after an unconditional {ended}")
            return
        for kind in ("drop", "fail", "terminate", "reroute"):
            options = entry.get(kind, False)
            if options is False:
                continue
            options = options if isinstance(options, dict) else {}
            handled = kind == "fail" and (options.get("ignore_failure") is True or options.get("on_failure"))
            if not options.get("if") and not handled:
                ended = kind


@rule(
    "script-too-large",
    "pipelines",
    "error",
    kinds=("ingest-pipeline", "stored-script", "search-template", "watch", "transform"),
    bad=f"""
kind: stored-script
id: total
spec: {{script: {{lang: painless, source: "{"return doc['price'].value + 1.5; " * 2200}"}}}}
""",
    good="""
kind: stored-script
id: total
spec: {script: {lang: painless, source: "return doc['price'].value * params.tax"}}
""",
)
def script_too_large(written: Written) -> Iterator[Found]:
    """A script's source is longer than Elasticsearch takes: 65,535 bytes.

    Data belongs in `params`, which is not counted. An error: the server refuses it, unless the cluster setting
    `script.max_size_in_bytes` was raised; where this project writes that setting, its value is the limit.
    """
    limit = SCRIPT_BYTES
    for settings in written.of("cluster-settings"):
        raised = get(settings.spec, ("persistent", "script.max_size_in_bytes"))
        raised = raised or get(settings.spec, ("persistent", "script", "max_size_in_bytes"))
        if isinstance(raised, int) or (isinstance(raised, str) and raised.isdigit()):
            limit = int(raised)
    for resource in written.of("stored-script", "search-template", "ingest-pipeline", "watch", "transform"):
        for path, source in _sources(resource.spec, ()):
            size = len(source.encode())
            if size > limit:
                message = f"the script is {size:,} bytes long; {limit:,} are the most"
                yield Found(resource, path, message, "data belongs in params")


def _sources(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Long text below `source` or `script`."""
    if isinstance(value, dict):
        for key, part in value.items():
            if isinstance(part, str):
                if key in ("source", "script", "inline") and len(part) > 8192:
                    yield (*path, key), part
            elif key != K_MEANS:
                yield from _sources(part, (*path, key))
    elif isinstance(value, list):
        for position, part in enumerate(value):
            yield from _sources(part, (*path, position))


@rule(
    "pipeline-too-large",
    "pipelines",
    "warning",
    kinds=("ingest-pipeline",),
    bad=f"""
kind: ingest-pipeline
id: labels
spec: {{processors: [{{script: {{source: "ctx.n = params.n", params: {{n: "{"x" * (PIPELINE_BYTES + 10)}"}}}}}}]}}
""",
    good="""
kind: ingest-pipeline
id: labels
spec: {processors: [{enrich: {policy_name: labels, field: code, target_field: label}}]}
""",
)
def pipeline_too_large(written: Written) -> Iterator[Found]:
    """A pipeline of more than 1 MiB is refused by Serverless and by versions of Elasticsearch to come.

    It lies in the cluster state and goes to every node. A warning: 8.19 to 9.5 take it.
    """
    for resource in written.of("ingest-pipeline"):
        if _weight(resource.spec, PIPELINE_BYTES) <= 0:
            size = len(json.dumps(referred(resource.spec), ensure_ascii=False, separators=(",", ":")).encode())
            if size > PIPELINE_BYTES:
                message = f"the pipeline is {size / 2**20:.1f} MiB large"
                yield Found(resource, (), message, "an enrich policy holds large tables")


def _weight(value: Any, left: int) -> int:
    """`left` less what a body may at most weigh in bytes: dumping thousands of small pipelines would cost more."""
    if isinstance(value, str):
        return left - len(value) * 4
    if isinstance(value, dict):
        for key, part in value.items():
            left = _weight(part, left - len(key) - 4)
    elif isinstance(value, list):
        for part in value:
            left = _weight(part, left)
    return left - 24
