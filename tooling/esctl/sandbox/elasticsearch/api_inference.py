"""Inference endpoints: kept and changed as Elasticsearch does it; no service is asked, and none is called.

A real server calls the service before it stores an endpoint, and notes the dimensions that it found out. Here an
endpoint is only what was written, and what the service adds without asking: rate limits, how text is cut.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from .errors import ElasticsearchError, unknown_field, unsupported
from .http import Request, Response, Route, route
from .mapping import Body
from .node import Node

_KIND = "inference_endpoint"
_TASKS = ("text_embedding", "sparse_embedding", "rerank", "completion", "chat_completion", "embedding")
_EMBEDDINGS = ("text_embedding", "sparse_embedding", "embedding")
_CHUNKING: Body = {"strategy": "sentence", "max_chunk_size": 250, "sentence_overlap": 1}
_MODELS = {
    ".elser_model_2": "sparse_embedding",
    ".elser_model_2_linux-x86_64": "sparse_embedding",
    ".multilingual-e5-small": "text_embedding",
    ".multilingual-e5-small_linux-x86_64": "text_embedding",
    ".rerank-v1": "rerank",
}


@dataclass(frozen=True)
class _Service:
    """`secrets` are required and kept to itself; `rate` is how many requests a minute it allows where nobody says."""

    tasks: frozenset[str]
    required: frozenset[str]
    optional: frozenset[str]
    secrets: frozenset[str] = frozenset()
    task_settings: frozenset[str] = frozenset()
    rate: int = 0


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SERVICES = {
    "elasticsearch": _Service(
        _words("text_embedding sparse_embedding rerank"),
        _words("num_threads"),
        _words("model_id num_allocations adaptive_allocations deployment_id"),
        task_settings=_words("return_documents"),
    ),
    "openai": _Service(
        _words("text_embedding completion chat_completion"),
        _words("model_id"),
        _words("url organization_id dimensions similarity max_input_tokens rate_limit"),
        _words("api_key"),
        _words("user headers"),
        3000,
    ),
    "cohere": _Service(
        _words("text_embedding completion rerank"),
        _words(""),
        _words("model_id embedding_type similarity dimensions max_input_tokens url rate_limit"),
        _words("api_key"),
        _words("input_type truncate return_documents top_n"),
        10_000,
    ),
    "hugging_face": _Service(
        _words("text_embedding completion chat_completion rerank"),
        _words("url"),
        _words("model_id similarity dimensions max_input_tokens rate_limit"),
        _words("api_key"),
        _words("return_documents top_n"),
        3000,
    ),
    "jinaai": _Service(
        _words("text_embedding rerank"),
        _words("model_id"),
        _words("similarity dimensions embedding_type max_input_tokens rate_limit"),
        _words("api_key"),
        _words("task input_type return_documents top_n late_chunking"),
        2000,
    ),
}
_OTHERS = _words(
    "ai21 alibabacloud-ai-search amazon_sagemaker amazonbedrock anthropic azureaistudio azureopenai contextualai custom"
    " deepseek elastic fireworksai googleaistudio googlevertexai groq llama mistral nvidia openshift_ai voyageai"
    " watsonxai"
)


def _default(model: str, name: str) -> Body:
    allocations = {"enabled": True, "min_number_of_allocations": 0, "max_number_of_allocations": 32}
    task = _MODELS[model]
    return {
        "inference_id": name,
        "task_type": task,
        "service": "elasticsearch",
        "service_settings": {"num_threads": 1, "model_id": model, "adaptive_allocations": allocations},
        **({"chunking_settings": _CHUNKING} if task in _EMBEDDINGS else {"task_settings": {"return_documents": True}}),
    }


_DEFAULTS = {
    name: _default(model, name)
    for name, model in (
        (".elser-2-elasticsearch", ".elser_model_2"),
        (".multilingual-e5-small-elasticsearch", ".multilingual-e5-small"),
        (".rerank-v1-elasticsearch", ".rerank-v1"),
    )
}
"""What every cluster has without being asked."""


def _refused(reason: str, status: int = 400) -> ElasticsearchError:
    return ElasticsearchError("status_exception", reason, status=status)


def _invalid(*reasons: str) -> ElasticsearchError:
    text = "".join(f"{number}: {reason};" for number, reason in enumerate(reasons, 1))
    return ElasticsearchError("validation_exception", f"Validation Failed: {text}")


def _task(request: Request, body: Body) -> str:
    named = request.values.get("task"), body.pop("task_type", None)
    if named[0] and named[1] and named[0] != named[1]:
        reason = f"Cannot resolve conflicting task_type parameter in the request URL [{named[0]}] and the request body"
        raise _refused(f"{reason} [{named[1]}]")
    task = named[0] or named[1]
    if task is None:
        raise _refused("model is missing required setting [task_type]")
    if task not in _TASKS:
        raise _refused(f"Unknown task_type [{task}]")
    return str(task)


def _unknown(settings: Body, service: str) -> ElasticsearchError:
    shown = ", ".join(f"{key}={json.dumps(value).strip(chr(34))}" for key, value in settings.items())
    return _refused(f"Configuration contains settings [{{{shown}}}] unknown to the [{service}] service")


def put_endpoint(node: Node, request: Request) -> Response:
    name, body = request.values["id"], request.json(required=True)
    if name in _DEFAULTS:
        reason = f"[{name}] is a reserved inference ID. Cannot create a new inference endpoint with a reserved ID."
        raise _refused(reason)
    task = _task(request, body)
    service = body.pop("service", None)
    if service is None:
        raise _refused("Inference endpoint configuration is missing the [service] setting")
    old_elser, service = service == "elser", "elasticsearch" if service == "elser" else str(service)
    if service not in _SERVICES:
        if service in _OTHERS:
            raise unsupported(f"the inference service [{service}]")
        raise _refused(f"Unknown service [{service}]")
    known = _SERVICES[service]
    settings, tasks = dict(body.pop("service_settings", None) or {}), dict(body.pop("task_settings", None) or {})
    chunking = body.pop("chunking_settings", None)
    if body:
        raise _unknown(body, service)
    if task not in known.tasks:
        raise _refused(f"The [{service}] service does not support task type [{task}]")
    if old_elser:
        settings.setdefault("model_id", ".elser_model_2")
    _check(known, service, task, settings, tasks)
    if name in node.collection(_KIND):
        raise ElasticsearchError(
            "resource_already_exists_exception", f"Inference endpoint [{name}] already exists", status=400
        )
    kept = {
        "task_type": task,
        "service": service,
        "secrets": {key: settings.pop(key) for key in known.secrets},
        "service_settings": settings,
        "task_settings": tasks,
        "chunking_settings": chunking or (_CHUNKING if task in _EMBEDDINGS else None),
    }
    if known.rate:
        settings.setdefault("rate_limit", {"requests_per_minute": known.rate})
    if task == "rerank" and service == "elasticsearch":
        tasks.setdefault("return_documents", True)
    node.put(_KIND, name, kept)
    return Response(_shown(node, name))


def _check(known: _Service, service: str, task: str, settings: Body, tasks: Body) -> None:
    wanted = sorted(known.required | known.secrets)
    missing = [key for key in wanted if settings.get(key) in (None, "")]
    if missing:
        raise _invalid(*(f"[service_settings] does not contain the required setting [{key}]" for key in missing))
    if strange := {k: v for k, v in settings.items() if k not in known.required | known.optional | known.secrets}:
        raise _unknown(strange, service)
    if strange := {key: value for key, value in tasks.items() if key not in known.task_settings}:
        raise _unknown(strange, service)
    if service != "elasticsearch":
        return
    model = settings.get("model_id")
    if model is None:
        raise _invalid("[service_settings] does not contain the required setting [model_id]")
    if model not in _MODELS:
        raise unsupported(f"the model [{model}], only Elastic's own: {', '.join(_MODELS)}")
    if "num_allocations" not in settings and "adaptive_allocations" not in settings:
        raise _invalid("[service_settings] does not contain one of the required settings [num_allocations]")
    if _MODELS[model] != task:
        raise _refused(f"The [{service}] service does not support task type [{task}]")


def _shown(node: Node, name: str) -> Body:
    if name in _DEFAULTS:
        return _DEFAULTS[name]
    kept = node.collection(_KIND)[name]
    shown = {"inference_id": name, **{key: kept[key] for key in ("task_type", "service", "service_settings")}}
    if kept["task_settings"] or node.version.major < 9:
        shown["task_settings"] = kept["task_settings"]
    return shown | ({"chunking_settings": kept["chunking_settings"]} if kept["chunking_settings"] else {})


def _found(node: Node, request: Request) -> str:
    name, task = request.values["id"], request.values.get("task")
    if name not in node.collection(_KIND) and name not in _DEFAULTS:
        raise ElasticsearchError("resource_not_found_exception", f"Inference endpoint not found [{name}]", status=404)
    has = _shown(node, name)["task_type"]
    if task not in (None, "_any", has):
        reason = f"Requested task type [{task}] does not match the inference endpoint's task type [{has}]"
        raise _refused(reason)
    return name


def get_endpoints(node: Node, request: Request) -> Response:
    if request.values.get("id", "_all") != "_all":
        return Response({"endpoints": [_shown(node, _found(node, request))]})
    task = request.values.get("task")
    every = [_shown(node, name) for name in sorted({*node.collection(_KIND), *_DEFAULTS})]
    return Response({"endpoints": [one for one in every if task in (None, "_any", one["task_type"])]})


def update_endpoint(node: Node, request: Request) -> Response:
    name, body = request.values["id"], request.json(required=True)
    _found(node, request)
    if name in _DEFAULTS:
        raise unsupported("changes of the endpoints that every cluster has")
    kept = json.loads(json.dumps(node.collection(_KIND)[name]))
    if body.pop("task_type", kept["task_type"]) != kept["task_type"]:
        raise _refused("Task type must match the task type of the existing endpoint")
    known, recent = _SERVICES[kept["service"]], node.version.major >= 9
    for key, value in (body.pop("service_settings", None) or {}).items():
        in_cluster = kept["service"] == "elasticsearch"
        if key in known.secrets:
            kept["secrets"][key] = value
        elif key == "num_allocations" and in_cluster:
            kept["service_settings"][key] = value
        elif recent and key in ("rate_limit", "max_input_tokens", *(("adaptive_allocations",) if in_cluster else ())):
            kept["service_settings"][key] = value
        elif recent and kept["service_settings"].get(key) != value:
            raise unknown_field(f"{kept['service']}_service_settings", key)
    for key, value in (body.pop("task_settings", None) or {}).items():
        if key not in known.task_settings:
            raise _unknown({key: value}, kept["service"])
        kept["task_settings"][key] = value
    if recent and body.get("chunking_settings"):
        kept["chunking_settings"] = body.pop("chunking_settings")
    if body:
        raise _unknown(body, kept["service"])
    node.put(_KIND, name, kept)
    return Response(_shown(node, name))


def _models(value: Any) -> set[str]:
    """The model ids of inference processors, wherever they stand in a pipeline."""
    if isinstance(value, list):
        return {model for item in value for model in _models(item)}
    if not isinstance(value, dict):
        return set()
    own = {str(value["inference"]["model_id"])} if isinstance(value.get("inference"), dict) else set()
    return own | {model for item in value.values() for model in _models(item)}


def _endpoints(properties: Any) -> set[str]:
    """The endpoints that the semantic_text fields of a mapping name."""
    found: set[str] = set()
    for field in (properties or {}).values():
        if field.get("type") == "semantic_text":
            found |= {str(field[key]) for key in ("inference_id", "search_inference_id") if key in field}
        found |= _endpoints(field.get("properties")) | _endpoints(field.get("fields"))
    return found


def delete_endpoint(node: Node, request: Request) -> Response:
    name = _found(node, request)
    pipelines = sorted(id for id, pipeline in node.pipelines.items() if name in _models(pipeline))
    indices = sorted(
        index.name for index in node.indices.values() if name in _endpoints(index.mapping.body.get("properties"))
    )
    said = ""
    for users, how, who in ((pipelines, "referenced by pipelines", "pipelines"), (indices, "", "index mappings")):
        how = how or "being used in the mapping for indexes"
        if users:
            said += (
                f"{' ' if users is indices else ''}Inference endpoint {name} is {how}: [{', '.join(users)}]. Ensure"
                f" that no {who} are using this inference endpoint, or use force to ignore this warning and delete the"
                " inference endpoint."
            )
    if request.flag("dry_run"):
        return Response({"acknowledged": False, "pipelines": pipelines, "indexes": indices, "error_message": said})
    if said and not request.flag("force"):
        raise _refused(said, 409)
    if name in _DEFAULTS:
        raise unsupported("deleting the endpoints that every cluster has")
    node.remove(_KIND, name)
    return Response({"acknowledged": True, "pipelines": [], "indexes": []})


def call_endpoint(node: Node, request: Request) -> Response:
    _found(node, request)
    raise unsupported("calling an inference endpoint")


ROUTES: list[Route] = [
    route("GET", "/_inference", get_endpoints),
    route("GET", "/_inference/{id}", get_endpoints),
    route("GET", "/_inference/{task}/{id}", get_endpoints),
    route("PUT", "/_inference/{id}", put_endpoint, "timeout"),
    route("PUT", "/_inference/{task}/{id}", put_endpoint, "timeout"),
    route("PUT", "/_inference/{id}/_update", update_endpoint, "timeout"),
    route("PUT", "/_inference/{task}/{id}/_update", update_endpoint, "timeout"),
    route("DELETE", "/_inference/{id}", delete_endpoint, "dry_run force"),
    route("DELETE", "/_inference/{task}/{id}", delete_endpoint, "dry_run force"),
    route("POST", "/_inference/{id}", call_endpoint, "timeout"),
    route("POST", "/_inference/{task}/{id}", call_endpoint, "timeout"),
    route("POST", "/_inference/{task}/{id}/_stream", call_endpoint, "timeout"),
]
