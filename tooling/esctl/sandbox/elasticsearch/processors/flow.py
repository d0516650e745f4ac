"""Processors that decide what runs and where a document goes: drop, fail, pipeline, foreach, reroute, script."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..errors import ElasticsearchError
from ..mapping import Body
from ..painless import find_script
from .document import IngestDocument, ProcessorFailure, illegal, java_class
from .processor import Action, Processor, refused

if TYPE_CHECKING:
    from ..ingest import Runner


def _drop(body: Body, extra: Body) -> Action:
    return lambda document, runner: False


def _fail(body: Body, extra: Body) -> Action:
    def act(document: IngestDocument, runner: Runner) -> None:
        raise ProcessorFailure("fail_processor_exception", document.render(body["message"]))

    return act


def _pipeline(body: Body, extra: Body) -> Action:
    def act(document: IngestDocument, runner: Runner) -> bool:
        name = document.render(body["name"])
        if name not in runner.node.pipelines:
            if body.get("ignore_missing_pipeline"):
                return True
            raise ProcessorFailure(
                "illegal_state_exception", f"Pipeline processor configured for non-existent pipeline [{name}]"
            )
        return runner.run(runner.pipeline(name), document)

    return act


def _script(body: Body, extra: Body) -> Action:
    script, params = find_script(body, extra=extra)

    def act(document: IngestDocument, runner: Runner) -> None:
        script.run(document.ctx, params)

    return act


def _enrich(body: Body, extra: Body) -> Action:
    from ..enrich import make

    return make(body)


def _foreach(body: Body, extra: Body) -> Action:
    from ..ingest import compile_step

    if len(body["processor"]) != 1:
        raise refused("processor", "Must specify exactly one processor type", extra)
    try:
        step = compile_step(*next(iter(body["processor"].items())))
    except ElasticsearchError as error:
        error.extra |= extra
        raise

    def act(document: IngestDocument, runner: Runner) -> bool:
        path = body["field"]
        if body.get("ignore_missing") and document.found(path) is None:
            return True
        value = document.get(path)
        if value is None:
            raise illegal(f"field [{path}] is null, cannot loop over its elements.")
        if isinstance(value, list):
            return _each_item(document, runner, path, value)
        if isinstance(value, dict):
            return _each_entry(document, runner, path, value)
        raise illegal(f"field [{path}] of type [{java_class(value)}] cannot be cast to a list or map")

    def _each_item(document: IngestDocument, runner: Runner, path: str, items: list[Any]) -> bool:
        done = []
        for item in items:
            before = document.ingest.get("_value")
            document.ingest["_value"] = item
            try:
                kept = runner.step(step, document)
            finally:
                new, document.ingest["_value"] = document.ingest.get("_value"), before
            if not kept:
                return False
            done.append(new)
        document.set(path, done)
        return True

    def _each_entry(document: IngestDocument, runner: Runner, path: str, entries: Body) -> bool:
        done: Body = {}
        for key, item in list(entries.items()):
            before = document.ingest.get("_key"), document.ingest.get("_value")
            document.ingest |= {"_key": key, "_value": item}
            try:
                kept = runner.step(step, document)
            finally:
                new = document.ingest.get("_key"), document.ingest.get("_value")
                document.ingest |= {"_key": before[0], "_value": before[1]}
            if not kept:
                return False
            if new[0]:
                done[new[0]] = new[1]
        document.set(path, done)
        return True

    return act


_DISALLOWED = {"dataset": re.compile(r'[\\/*?"<>| ,#:-]'), "namespace": re.compile(r'[\\/*?"<>| ,#:]')}
_REFERENCE = re.compile(r"\{\{\{?([^{}]+)\}?\}\}")


def _clean(part: str, text: str) -> str:
    return _DISALLOWED[part].sub("_", text.lower()[:100])


def _reroute(body: Body, extra: Body) -> Action:
    sources: dict[str, list[str]] = {}
    for part in ("dataset", "namespace"):
        given = body.get(part)
        sources[part] = [given] if isinstance(given, str) else list(given or [])
        for text in sources[part]:
            if "{{" in text or "}}" in text:
                if not _REFERENCE.fullmatch(text):
                    raise refused(part, f"'{text}' is not a valid field reference", extra)
            elif _clean(part, text) != text:
                raise refused(part, f"'{text}' contains disallowed characters", extra)
    if "destination" in body and any(sources.values()):
        raise refused("destination", "can only be set if dataset and namespace are not set", extra)

    def part_of(document: IngestDocument, part: str, current: str) -> str:
        for text in sources[part] or [f"{{{{data_stream.{part}}}}}"]:
            reference = _REFERENCE.fullmatch(text)
            if reference is None:
                return text
            value = document.found(reference[1])
            if isinstance(value, str):
                return _clean(part, value)
        return current

    def act(document: IngestDocument, runner: Runner) -> None:
        document.rerouted = True
        if "destination" in body:
            document.ctx["_index"] = body["destination"]
            return
        index = document.ctx["_index"]
        parts = str(index).split("-", 2)
        if len(parts) < 3:
            document.rerouted = False
            raise illegal(
                f"invalid data stream name: [{index}]; must follow naming scheme <type>-<dataset>-<namespace>"
            )
        dataset, namespace = part_of(document, "dataset", parts[1]), part_of(document, "namespace", parts[2])
        document.ctx["_index"] = f"{parts[0]}-{dataset}-{namespace}"
        for name, value in (("type", parts[0]), ("dataset", dataset), ("namespace", namespace)):
            document.set(f"data_stream.{name}", value)
        if document.has("event.dataset"):
            document.set("event.dataset", dataset)

    return act


FLOW: dict[str, Processor] = {
    "drop": Processor(_drop),
    "fail": Processor(_fail, ("message",)),
    "pipeline": Processor(_pipeline, ("name",), ("ignore_missing_pipeline",)),
    "script": Processor(_script, (), ("source", "id", "lang", "params")),
    "foreach": Processor(_foreach, ("field", "processor"), ("ignore_missing",)),
    "reroute": Processor(_reroute, (), ("destination", "dataset", "namespace")),
    "enrich": Processor(
        _enrich,
        ("policy_name", "field", "target_field"),
        ("ignore_missing", "override", "max_matches", "shape_relation"),
    ),
}
