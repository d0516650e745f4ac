"""Ingest pipelines; a `k-means` processor among theirs becomes real processors once its model has been fitted."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ..errors import Problem
from ..model import Address, Body, Capabilities, Live, Path, Request, Resource, Sender, Waiting
from .base import Context, Reference
from .index_references import is_an_endpoint
from .normalise import copy
from .rest import DATES, RestKind, mapped

K_MEANS = "k-means"
OF_A_MODEL = ("params.model_hash", "params.centroids", "params.components", "params.mean")


def processors(spec: Any, path: Path = ()) -> Iterator[tuple[Path, str, Body]]:
    """Every processor of a pipeline with its path and type, those below `on_failure` and `foreach` included."""
    for key in ("processors", "on_failure"):
        entries = spec.get(key) if isinstance(spec, dict) else None
        for position, entry in enumerate(entries if isinstance(entries, list) else ()):
            if not isinstance(entry, dict):
                continue
            for kind, options in entry.items():
                if isinstance(options, dict):
                    place = (*path, key, position, kind)
                    yield place, kind, options
                    yield from processors({"on_failure": options.get("on_failure")}, place)
                    if kind == "foreach":
                        yield from processors({"processors": [options.get("processor")]}, place)


def _calls(spec: Body) -> Iterator[tuple[str, str, Path]]:
    for path, kind, options in processors(spec):
        name = options.get("name")
        if (
            kind == "pipeline"
            and isinstance(name, str)
            and "{{" not in name
            and not options.get("ignore_missing_pipeline")
        ):
            yield "ingest-pipeline", name, (*path, "name")
        policy = options.get("policy_name")
        if kind == "enrich" and isinstance(policy, str):
            yield "enrich-policy", policy, (*path, "policy_name")


def _models(spec: Body) -> Iterator[tuple[str, Path]]:
    """What `inference` processors call: an inference endpoint or a trained model, nobody can tell which."""
    for path, kind, options in processors(spec):
        if kind == "inference" and is_an_endpoint(options.get("model_id")):
            yield options["model_id"], (*path, "model_id")


@dataclass(frozen=True)
class IngestPipelineKind(RestKind):
    """One PUT for the whole pipeline; `k-means` is compiled at render."""

    def check(self, resource: Resource) -> Iterable[Problem]:
        yield from super().check(resource)
        found = 0
        for path, kind, options in processors(resource.spec):
            if kind != K_MEANS:
                continue
            from ..images.processor import ProcessorError, parse_processor

            found += 1
            place = ("spec", *path)
            if len(path) != 3 or path[0] != "processors":
                yield Problem("k-means stands only in the pipeline's own list of processors", resource.at(*place))
            try:
                parse_processor(options)
            except ProcessorError as error:
                yield Problem(error.message, resource.at(*place, *error.path), error.hint)
        if found > 1:
            yield Problem(
                "a pipeline holds one k-means processor; this one has more", resource.at("spec", "processors")
            )

    def references(self, resource: Resource) -> Iterator[Reference]:
        yield from super().references(resource)
        for name, path in _models(resource.spec):
            yield Reference(Address("inference-endpoint", name), ("spec", *path), soft=True)

    def render(self, resource: Resource, context: Context) -> Body | Waiting:
        body = copy(resource.spec)
        compiled: list[Any] = []
        for entry in body.get("processors") or ():
            if not isinstance(entry, dict) or K_MEANS not in entry:
                compiled.append(entry)
                continue
            from ..images.processor import compile_processor, parse_processor

            parameters = parse_processor(entry[K_MEANS])
            model = context.model(resource.address.id)
            if model is None:
                return Waiting("its k-means processor has no model yet", "esctl images fit")
            if model.parameters.of_the_fit != parameters.of_the_fit:
                return Waiting("its k-means processor changed since the model was fitted", "esctl images fit")
            if model.identity and context.embedding.get("identity") not in (None, "", model.identity):
                return Waiting("its k-means model was fitted on vectors of another embedding", "esctl images fit")
            compiled.extend(compile_processor(parameters, model))
        body["processors"] = compiled
        return self.marked(body, context.project)

    def normalise(self, body: Body, capabilities: Capabilities) -> Body:
        body = super().normalise(body, capabilities)
        for _, kind, options in processors(body):
            script = options.get("script") if kind == "script" else None
            if isinstance(script, str):
                options["source"] = options.pop("script")
        return body

    def write(self, address: Address, body: Body, live: Live | None, context: Context) -> tuple[Request, ...]:
        (request,) = super().write(address, body, live, context)
        if live is not None and "version" in live.version:
            return (Request("elasticsearch", "PUT", request.path, {"if_version": str(live.version["version"])}, body),)
        return (request,)

    def verify(self, address: Address, body: Body, sender: Sender, capabilities: Capabilities) -> Iterator[str]:
        """Whether the stored pipeline runs: an empty document may lack fields, but nothing that it calls is missing."""
        sample: Body = {"docs": [{"_source": {}}]}
        request = Request("elasticsearch", "POST", f"{self._path(address)}/_simulate", body=sample)
        answer = sender.send(request, accept=range(400, 600))
        if answer.status >= 400:
            error = answer.body.get("error") if isinstance(answer.body, dict) else None
            reason = error.get("reason") if isinstance(error, dict) else error
            yield f"it does not run: the server answers {answer.status}: {reason}"
            return
        for document in answer.body.get("docs") or ():
            error = (document or {}).get("error") or {}
            if any(
                word in str(error.get("reason"))
                for word in ("non-existent pipeline", "does not exist", "compile error", "no enrich index")
            ):
                yield f"it does not run: {error['reason']}"

    def in_words(self, before: Body, after: Body) -> list[str]:
        """Processor by processor, so that a new set of centroids is one short line."""
        words = []
        old, new = ([_told(entry) for entry in side.get("processors") or ()] for side in (before, after))
        for position in range(max(len(old), len(new))):
            was = old[position] if position < len(old) else None
            now = new[position] if position < len(new) else None
            if was == now:
                continue
            if was is None or now is None or was[0] != now[0]:
                words.extend([f"- processor {position}: {was[0]}"] if was else [])
                words.extend([f"+ processor {position}: {now[0]}"] if now else [])
            else:
                keys = sorted(k for k in {**was[1], **now[1]} if was[1].get(k) != now[1].get(k))
                if "params.model_hash" in keys:
                    # Its numbers change with it: nobody reads centroids in base64.
                    words.append("~ k-means model " + _change("params.model_hash", was[1], now[1], named=False))
                    keys = [key for key in keys if key not in OF_A_MODEL]
                if not keys:
                    continue
                words.append(
                    f"~ processor {position}: {now[0]}: " + ", ".join(_change(k, was[1], now[1]) for k in keys)
                )
        for key in sorted({*before, *after} - {"processors"}):
            if before.get(key) != after.get(key):
                words.append("~ " + _change(key, before, after))
        return words


def _told(entry: Any) -> tuple[str, Body]:
    kind, options = next(iter(entry.items())) if isinstance(entry, dict) and entry else ("?", {})
    flat = dict(options) if isinstance(options, dict) else {"": options}
    flat.update({f"params.{k}": v for k, v in (flat.pop("params", None) or {}).items()})
    return kind, flat


def _change(key: str, before: Body, after: Body, *, named: bool = True) -> str:
    old, new = (_short(side[key]) if key in side else None for side in (before, after))
    if not named:
        return f"{old} → {new}"
    return f"{key} {new}" if old is None else f"{key} gone" if new is None else f"{key} {old} → {new}"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:24]}… ({len(text)} characters)"


INGEST_PIPELINE = IngestPipelineKind(
    name="ingest-pipeline",
    stage=30,
    path="/_ingest/pipeline/{id}",
    listing="/_ingest/pipeline",
    items=mapped,
    about="Processors that documents pass on their way into an index; `k-means` is compiled from a fitted model.",
    api="PUT /_ingest/pipeline/{id}",
    rules=(DATES,),
    meta=("_meta",),
    refers_to=(_calls,),
)
