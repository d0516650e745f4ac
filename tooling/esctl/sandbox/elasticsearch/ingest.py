"""Ingest pipelines: compiled once from their definition, run over a document before it is indexed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from .dates import iso, now_ms
from .errors import ElasticsearchError, illegal
from .mapping import Body
from .node import Node
from .painless import SCRIPTS, ScriptFailure, digest, failed, find_script
from .painless_expressions import Expression
from .processors import ELSEWHERE, PROCESSORS, Action, IngestDocument, ProcessorFailure
from .processors.times import resolved_index

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
    return tuple(compile_step(*next(iter(one.items()))) for one in processors)


def compile_step(type: str, body: Any) -> Step:
    """One processor; raises ElasticsearchError as PUT does."""
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
    condition = _condition(common["if"], extra) if "if" in common else None
    maker = PROCESSORS[type]
    maker.check(type, own, extra)
    return Step(
        type,
        maker.make(own, extra),
        common.get("tag"),
        common.get("description"),
        condition,
        bool(common.get("ignore_failure", False)),
        _steps(common.get("on_failure", [])),
    )


def _condition(source: Any, extra: Body) -> Callable[[Body], bool]:
    """A script that is known by its text, or an expression that can be read; any other is refused."""
    if isinstance(source, str) and digest(source) not in SCRIPTS:
        return Expression(source, extra).holds
    script, params = find_script(source, extra=extra)
    return lambda ctx: bool(script.run(ctx, params))


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
                if document.rerouted:
                    return True
            except ProcessorFailure as failure:
                if not handlers:
                    raise
                return self.handle(handlers, failure.step or step, failure, document)
        return True

    def step(self, step: Step, document: IngestDocument) -> bool:
        """A condition that fails is no failure of its processor: only the pipeline's `on_failure` meets it."""
        try:
            if step.condition is not None and not step.condition(document.ctx):
                return True
        except ElasticsearchError as error:
            raise _told(ProcessorFailure.of(error), replace(step, type="conditional")) from None
        except ScriptFailure as failure:
            raise _told(ProcessorFailure.of(failed(step.type, failure)), step) from None
        try:
            return step.action(document, self) is not False
        except ElasticsearchError as error:
            failure_ = ProcessorFailure.of(error)
        except ScriptFailure as failure:
            failure_ = ProcessorFailure.of(failed(step.type, failure))
        except ProcessorFailure as failure:
            failure_ = failure
        if step.ignore_failure:
            return True
        if step.on_failure:
            return self.handle(step.on_failure, step, failure_, document)
        raise _told(failure_, step)

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


def _told(failure: ProcessorFailure, step: Step) -> ProcessorFailure:
    failure.step = failure.step or step
    return failure


_COMPILED: dict[str, tuple[Body, Pipeline]] = {}


def run_pipelines(node: Node, index: str, id: str | None, source: Body, pipelines: list[str]) -> Moved | None:
    """The document after its pipelines, or None where one dropped it; raises ElasticsearchError."""
    runner = Runner(node)
    document = IngestDocument(dict(source), index, id, {"timestamp": iso(now_ms())})
    been = [index]
    waiting = list(pipelines)
    try:
        while waiting:
            if not runner.run(runner.pipeline(waiting.pop(0)), document):
                return None
            if document.rerouted:
                document.rerouted = False
                target = document.ctx["_index"]
                if target in been:
                    path = " -> ".join([*been, target])
                    raise illegal(f"index cycle detected while processing pipeline: [{path}]")
                been.append(target)
                waiting = _pipelines_of(node, target)
    except ProcessorFailure as failure:
        raise failure.error from None
    return Moved(resolved_index(document.ctx["_index"]), document.ctx["_id"], document.source())


def _pipelines_of(node: Node, target: str) -> list[str]:
    """The pipelines of the index, or of the template that would make it, that reroute sends a document to."""
    from .data_streams import streams, write_index
    from .names import writable
    from .templates import compose, matching

    index = write_index(node, target) if target in streams(node) else writable(node, target)
    if index is not None:
        settings = index.settings
    else:
        found = matching(node, target)
        settings = compose(node, found[1])[0] if found else {}
    names = [settings.get(f"index.{kind}_pipeline", "_none") for kind in ("default", "final")]
    return [name for name in names if name != "_none"]
