"""Ingest pipelines over HTTP: put (with compare-and-swap by version), read, delete, simulate."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from .dates import iso, now_ms
from .enrich import check_processors
from .errors import ElasticsearchError, illegal
from .http import Request, Response, Route, route
from .ingest import Pipeline, Runner, compile_pipeline
from .mapping import Body
from .node import Node
from .processors import IngestDocument, ProcessorFailure

_DATES = ("created_date_millis", "modified_date_millis")


def shown(node: Node, body: Body) -> Body:
    return {k: v for k, v in body.items() if node.version.template_dates or k not in _DATES}


def get_pipelines(node: Node, request: Request) -> Response:
    wanted = request.names("id") or ["*"]
    found = {
        id: shown(node, body) for id, body in sorted(node.pipelines.items()) if any(fnmatchcase(id, w) for w in wanted)
    }
    if request.flag("summary"):
        found = {id: {k: v for k, v in body.items() if k in _DATES} for id, body in found.items()}
    if not found and "id" in request.values and not any("*" in w for w in wanted):
        return Response({}, 404)
    return Response(found)


def put_pipeline(node: Node, request: Request) -> Response:
    id = request.values["id"]
    body = request.json(required=True)
    before = node.pipelines.get(id)
    expected = request.number("if_version")
    if expected is not None:
        if before is None:
            raise illegal(
                f"version conflict, required version [{expected}] for pipeline [{id}] but no pipeline was found"
            )
        current = before.get("version")
        if current != expected:
            now = "null" if current is None else current
            raise illegal(
                f"version conflict, required version [{expected}] for pipeline [{id}] but current version is [{now}]"
            )
        if "version" not in body:
            body["version"] = expected + 1
        elif body["version"] == expected:
            raise illegal(f"cannot update pipeline [{id}] with the same version [{expected}]")
    for name in _DATES + ("created_date", "modified_date"):
        if name in body:
            prefix = "created" if name.startswith("created") else "modified"
            raise illegal(f"Provided a pipeline property which is managed by the system: {prefix}_date.")
    compile_pipeline(id, body)
    check_processors(node, body)
    if before and {k: v for k, v in before.items() if k not in _DATES} == body:
        return Response({"acknowledged": True})
    now_ = now_ms()
    kept = {
        **body,
        "created_date_millis": before["created_date_millis"] if before else now_,
        "modified_date_millis": now_,
    }
    node.put("pipeline", id, kept)
    return Response({"acknowledged": True})


def delete_pipeline(node: Node, request: Request) -> Response:
    pattern = request.values["id"]
    hits = [id for id in node.pipelines if fnmatchcase(id, pattern)]
    if not hits and pattern != "*":
        raise ElasticsearchError("resource_not_found_exception", f"pipeline [{pattern}] is missing", status=404)
    for id in hits:
        for key in ("default", "final"):
            users = sorted(i.name for i in node.indices.values() if i.settings.get(f"index.{key}_pipeline") == id)
            if users:
                raise illegal(
                    f"pipeline [{id}] cannot be deleted because it is the {key} pipeline for {len(users)} "
                    f"index(es) including [{','.join(users[:3])}]"
                )
    for id in hits:
        node.remove("pipeline", id)
    return Response({"acknowledged": True})


def simulate(node: Node, request: Request) -> Response:
    body = request.json(required=True)
    runner = Runner(node)
    if "id" in request.values:
        if request.values["id"] not in node.pipelines:
            raise illegal(f"pipeline [{request.values['id']}] does not exist")
        pipeline = runner.pipeline(request.values["id"])
    elif "pipeline" in body:
        pipeline = compile_pipeline("_simulate_pipeline", body["pipeline"])
    else:
        raise ElasticsearchError("parse_exception", "[pipeline] required property is missing", property_name="pipeline")
    if "docs" not in body:
        raise ElasticsearchError("parse_exception", "[docs] required property is missing", property_name="docs")
    if not body["docs"]:
        raise illegal("must specify at least one document in [docs]")
    return Response({"docs": [_simulated(runner, pipeline, doc, request.flag("verbose")) for doc in body["docs"]]})


def _simulated(runner: Runner, pipeline: Pipeline, doc: Body, verbose: bool) -> Body | None:
    """What stands in `docs` for one document; None where it was dropped."""
    if "_source" not in doc:
        raise ElasticsearchError("parse_exception", "[_source] required property is missing", property_name="_source")
    document = IngestDocument(
        dict(doc["_source"]), doc.get("_index", "_index"), doc.get("_id", "_id"), {"timestamp": iso(now_ms())}
    )
    if verbose:
        return {"processor_results": _verbose(runner, pipeline, document)}
    try:
        if not runner.run(pipeline, document):
            return None
    except ProcessorFailure as failure:
        return {"error": failure.error.body()["error"]}
    return {"doc": _as_read(document)}


def _as_read(document: IngestDocument) -> Body:
    return {
        "_index": document.ctx["_index"],
        "_version": "-3",
        "_id": document.ctx["_id"],
        "_source": document.source(),
        "_ingest": {k: v for k, v in document.ingest.items() if k != "pipeline"},
    }


def _verbose(runner: Runner, pipeline: Pipeline, document: IngestDocument) -> list[Body]:
    results: list[Body] = []
    document.running.append(pipeline.id)
    for step in pipeline.steps:
        head: dict[str, Any] = {"processor_type": step.type}
        if step.tag:
            head["tag"] = step.tag
        try:
            skipped = step.condition is not None and not step.condition(document.ctx)
        except ElasticsearchError as error:
            results.append({**head, "status": "error", "error": error.body()["error"]})
            break
        if skipped:
            results.append({**head, "status": "skipped"})
            continue
        try:
            kept = runner.step(step, document)
        except ProcessorFailure as failure:
            results.append({**head, "status": "error", "error": failure.error.body()["error"]})
            break
        if not kept:
            results.append({**head, "status": "dropped"})
            break
        results.append(
            {**head, "status": "success", "doc": {**_as_read(document), "_source": _copy(document.source())}}
        )
    return results


def _copy(source: Body) -> Body:
    import copy

    return copy.deepcopy(source)


_PARAMS = "master_timeout timeout if_version verbose summary"

ROUTES: list[Route] = [
    route("GET", "/_ingest/pipeline", get_pipelines, _PARAMS),
    route("GET POST", "/_ingest/pipeline/_simulate", simulate, _PARAMS),
    route("GET", "/_ingest/pipeline/{id}", get_pipelines, _PARAMS),
    route("PUT", "/_ingest/pipeline/{id}", put_pipeline, _PARAMS),
    route("DELETE", "/_ingest/pipeline/{id}", delete_pipeline, _PARAMS),
    route("GET POST", "/_ingest/pipeline/{id}/_simulate", simulate, _PARAMS),
]
