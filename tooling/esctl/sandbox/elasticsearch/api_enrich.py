"""Enrich policies over HTTP: written once, read, executed, deleted as long as no pipeline uses them."""

from __future__ import annotations

from contextlib import suppress
from fnmatch import fnmatchcase

from .enrich import PREFIX, check_mappings, execute, policies_of
from .errors import ElasticsearchError, illegal, unknown_field
from .http import Request, Response, Route, route
from .mapping import Body
from .names import check_index_name, resolve
from .node import Node

_KIND = "enrich_policy"
_TYPES = ("match", "geo_match", "range")
_KEYS = ("name", "query", "indices", "match_field", "enrich_fields", "elasticsearch_version")


def put_policy(node: Node, request: Request) -> Response:
    name, body = request.values["name"], request.json(required=True)
    config = _parsed(body)
    try:
        check_index_name(name)
    except ElasticsearchError as error:
        reason = error.reason.split("], ", 1)[-1]
        raise illegal(f"Invalid policy name [{name}], {reason}") from None
    ((_, policy),) = config.items()
    check_mappings(name, policy, resolve(node, policy["indices"]))
    if name in node.collection(_KIND):
        raise ElasticsearchError("resource_already_exists_exception", f"policy [{name}] already exists")
    node.put(_KIND, name, config)
    return Response({"acknowledged": True})


def _parsed(body: Body) -> Body:
    if len(body) != 1:
        raise ElasticsearchError("parsing_exception", "unexpected token", line=1, col=1)
    ((type, policy),) = body.items()
    if type not in _TYPES:
        listed = ", ".join(_TYPES)
        raise illegal(f"unsupported policy type [{type}], supported types are [{listed}]")
    for key in policy:
        if key not in _KEYS:
            raise unknown_field("policy", key)
    missing = [key for key in ("indices", "match_field", "enrich_fields") if key not in policy]
    if missing:
        raise illegal(f"Required [{', '.join(missing)}]")
    kept = {key: value for key, value in policy.items() if key in _KEYS and value is not None}
    kept.pop("name", None)
    kept.pop("elasticsearch_version", None)
    for key in ("indices", "enrich_fields"):
        if not isinstance(kept[key], list):
            kept[key] = [kept[key]]
    return {type: kept}


def get_policies(node: Node, request: Request) -> Response:
    kept, wanted = node.collection(_KIND), request.names("name")
    hits = [n for n in sorted(kept) if not wanted or any(fnmatchcase(n, w) for w in wanted)]
    policies = []
    for name in hits:
        ((type, policy),) = kept[name].items()
        policies.append({"config": {type: {"name": name, **policy}}})
    return Response({"policies": policies})


def delete_policy(node: Node, request: Request) -> Response:
    name = request.values["name"]
    if name not in node.collection(_KIND):
        raise ElasticsearchError("resource_not_found_exception", f"policy [{name}] not found", status=404)
    users = sorted(id for id, pipeline in node.pipelines.items() if name in policies_of(pipeline))
    if users:
        reason = f"Could not delete policy [{name}] because a pipeline is referencing it [{', '.join(users)}]"
        raise ElasticsearchError("status_exception", reason, status=409)
    for index in [i for i in node.indices.values() if PREFIX + name in i.aliases]:
        node.remove_index(index)
    node.remove(_KIND, name)
    return Response({"acknowledged": True})


def execute_policy(node: Node, request: Request) -> Response:
    name = request.values["name"]
    config = node.collection(_KIND).get(name)
    if config is None:
        raise ElasticsearchError("resource_not_found_exception", f"policy [{name}] does not exist", status=404)
    if request.flag("wait_for_completion", True):
        execute(node, name, config)
        return Response({"status": {"phase": "COMPLETE"}})
    # Nobody waits: the task is over at once, and neither its result nor its failure is kept, as in Elasticsearch.
    tasks = node.tasks
    task = tasks.new("cluster:admin/xpack/enrich/execute", name, -1)
    with suppress(ElasticsearchError):
        execute(node, name, config)
    del tasks.running[task.id]
    return Response({"task": task.id})


_PARAMS = "master_timeout wait_for_completion"

ROUTES: list[Route] = [
    route("GET", "/_enrich/policy", get_policies, _PARAMS),
    route("GET", "/_enrich/policy/{name}", get_policies, _PARAMS),
    route("PUT", "/_enrich/policy/{name}", put_policy, _PARAMS),
    route("DELETE", "/_enrich/policy/{name}", delete_policy, _PARAMS),
    route("PUT POST", "/_enrich/policy/{name}/_execute", execute_policy, _PARAMS),
]
