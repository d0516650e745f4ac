"""Ingest pipelines: compiled once from their definition, run over a document before it is indexed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .dates import iso, now_ms
from .errors import ElasticsearchError, illegal
from .mapping import Body
from .node import Node
from .painless import ScriptFailure, failed, find_script
from .processors import ELSEWHERE, PROCESSORS, Action, IngestDocument, ProcessorFailure

_COMMON = ("if", "on_failure", "ignore_failure", "tag", "description")


@dataclass(frozen=True)
class Step:
    """One processor, ready to run. `condition` is None or a function of (ctx)."""

    type: str
    action: Action
    tag: str | None
    description: str | None
    condition: Any
    ignore_failure: bool
    on_failure: tuple[Step, ...]


@dataclass(frozen=True)
class Pipeline:
    id: str
    steps: tuple[Step, ...]
    on_failure: tuple[Step, ...] = ()


@dataclass
class Moved:
    """A document after its pipelines."""

    index: str
    id: str | None
    source: Body
    ran: list[str] = field(default_factory=list)


def _parse_error(reason: str, **extra: Any) -> ElasticsearchError:
    return ElasticsearchError("parse_exception", reason, **extra)


def compile_pipeline(id: str, body: Body) -> Pipeline:
    """Raises ElasticsearchError as PUT does."""
    if "processors" not in body:
        raise _parse_error("[processors] required property is missing", property_name="processors")
    unknown = sorted(
        set(body)
        - {"processors", "on_failure", "description", "version", "_meta", "deprecated", "field_access_pattern"}
        - {"created_date", "created_date_millis", "modified_date", "modified_date_millis"}
    )
    if unknown:
        raise _parse_error(
            f"pipeline [{id}] doesn't support one or more provided configuration parameters [{', '.join(unknown)}]"
        )
    if body.get("field_access_pattern", "classic") != "classic":
        raise illegal("the esctl sandbox does not implement [field_access_pattern] of pipelines")
    if "on_failure" in body and not body["on_failure"]:
        raise _parse_error(f"pipeline [{id}] cannot have an empty on_failure option defined")
    return Pipeline(id, _steps(body["processors"]), _steps(body.get("on_failure", [])))


def _steps(processors: Any) -> tuple[Step, ...]:
    if not isinstance(processors, list):
        raise _parse_error(
            "[processors] property isn't a list, but of type [java.lang.String]", property_name="processors"
        )
    return tuple(_step(*next(iter(one.items()))) for one in processors)


def _step(type: str, body: Any) -> Step:
    if isinstance(body, str) and type == "script":
        body = {"source": body}
    if type not in PROCESSORS:
        if type in ELSEWHERE:
            raise _parse_error(f"the esctl sandbox does not implement the processor type [{type}]", processor_type=type)
        raise _parse_error(f"No processor type exists with name [{type}]", processor_type=type)
    common = {k: body[k] for k in _COMMON if k in body}
    own = {k: v for k, v in body.items() if k not in _COMMON}
    extra = {"processor_type": type} | ({"processor_tag": common["tag"]} if "tag" in common else {})
    if "on_failure" in common and not common["on_failure"]:
        raise _parse_error("[on_failure] processors list cannot be empty", property_name="on_failure", **extra)
    condition = None
    if "if" in common:
        script, params = find_script(common["if"], extra=extra)

        def condition(ctx: Body) -> bool:
            return bool(script.run(ctx, params))

    maker = PROCESSORS[type]
    required, optional = maker.required, maker.optional
    for name in required:
        if name not in own:
            raise _parse_error(f"[{name}] required property is missing", property_name=name, **extra)
    unknown = [k for k in own if k not in (*required, *optional)]
    if unknown:
        raise _parse_error(
            f"processor [{type}] doesn't support one or more provided configuration parameters [{', '.join(unknown)}]",
            **extra,
        )
    return Step(
        type,
        maker.make(own, extra),
        common.get("tag"),
        common.get("description"),
        condition,
        bool(common.get("ignore_failure", False)),
        _steps(common.get("on_failure", [])),
    )


class Runner:
    """Runs the pipelines of one node; compiled ones are kept as long as their definition stays."""

    def __init__(self, node: Node) -> None:
        self.node = node

    def pipeline(self, id: str) -> Pipeline:
        body = self.node.pipelines.get(id)
        if body is None:
            raise illegal(f"pipeline with id [{id}] does not exist")
        known = _COMPILED.get(id)
        if known is None or known[0] is not body:
            known = (body, compile_pipeline(id, body))
            _COMPILED[id] = known
        return known[1]

    def run(self, pipeline: Pipeline, document: IngestDocument) -> bool:
        """False where the document was dropped; raises ProcessorFailure."""
        if pipeline.id in document.running:
            raise ProcessorFailure("illegal_state_exception", f"Cycle detected for pipeline: {pipeline.id}")
        document.running.append(pipeline.id)
        document.ingest["pipeline"] = pipeline.id
        try:
            return self.steps(pipeline.steps, pipeline.on_failure, document)
        finally:
            document.running.pop()

    def steps(self, steps: tuple[Step, ...], handlers: tuple[Step, ...], document: IngestDocument) -> bool:
        for step in steps:
            try:
                if not self.step(step, document):
                    return False
            except ProcessorFailure as failure:
                if not handlers:
                    raise
                return self.handle(handlers, step, failure, document)
        return True

    def step(self, step: Step, document: IngestDocument) -> bool:
        try:
            if step.condition is not None and not step.condition(document.ctx):
                return True
            return step.action(document, self) is not False
        except ScriptFailure as failure:
            failure_ = ProcessorFailure.of(failed(step.type, failure))
        except ProcessorFailure as failure:
            failure_ = failure
        if step.ignore_failure:
            return True
        if step.on_failure:
            return self.handle(step.on_failure, step, failure_, document)
        failure_.step = failure_.step or step
        raise failure_

    def handle(
        self, handlers: tuple[Step, ...], step: Step, failure: ProcessorFailure, document: IngestDocument
    ) -> bool:
        document.ingest |= {
            "on_failure_message": failure.message,
            "on_failure_processor_type": step.type,
            "on_failure_processor_tag": step.tag,
            "on_failure_pipeline": document.running[-1] if document.running else None,
        }
        try:
            return self.steps(handlers, (), document)
        finally:
            for name in ("message", "processor_type", "processor_tag", "pipeline"):
                document.ingest.pop(f"on_failure_{name}", None)


_COMPILED: dict[str, tuple[Body, Pipeline]] = {}


def run_pipelines(node: Node, index: str, id: str | None, source: Body, pipelines: list[str]) -> Moved | None:
    """The document after its pipelines, or None where one dropped it; raises ElasticsearchError."""
    runner = Runner(node)
    document = IngestDocument(dict(source), index, id, {"timestamp": iso(now_ms())})
    try:
        for name in pipelines:
            if not runner.run(runner.pipeline(name), document):
                return None
    except ProcessorFailure as failure:
        raise failure.error from None
    return Moved(document.ctx["_index"], document.ctx["_id"], document.source())
