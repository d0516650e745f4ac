"""Stored scripts and search templates: kept, rendered, searched with; the cluster's state that lists them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson

from .api_search import ROUTES as SEARCHES
from .api_search import run_search
from .errors import ElasticsearchError, illegal, parsing, unsupported, validation
from .filter_path import filter_path
from .http import Request, Response, Route, load_json, route
from .mapping import Body
from .mustache import compiled, render
from .node import Node
from .painless import find_script

_KIND = "stored_script"
_LANGUAGES = ("painless", "expression", "mustache")
_CONTEXTS = frozenset(
    "aggregation_selector aggs aggs_combine aggs_init aggs_map aggs_reduce analysis boolean_field bucket_aggregation"
    " date_field double_field field filter geo_point_field ingest interval ip_field keyword_field long_field"
    " moving-function number_sort painless_test processor_conditional reindex score script_heuristic similarity"
    " similarity_weight string_sort template terms_set update update_by_query watcher_condition"
    " watcher_transform".split()
)


def _id(request: Request) -> str:
    id = request.values["id"]
    if "#" in id:
        raise validation("id cannot contain '#' for stored script")
    return id


def put_script(node: Node, request: Request) -> Response:
    id = _id(request)
    if not request.body.strip():
        raise ElasticsearchError("parse_exception", "request body is required")
    script = _parsed(load_json(request.body))
    context = request.values.get("context") or request.params.get("context")
    if script["lang"] not in _LANGUAGES:
        raise illegal(f"unable to put stored script with unsupported lang [{script['lang']}]")
    if context is not None:
        if context not in _CONTEXTS:
            cause = illegal(f"Unknown context [{context}]")
            raise illegal(f"failed to parse/compile stored script [{id}]", cause=cause)
        if script["lang"] == "mustache":
            compiled(script["source"])
        elif script["lang"] == "painless":
            find_script(script["source"])
        else:
            raise unsupported("the script language [expression]")
    node.put(_KIND, id, script)
    return Response({"acknowledged": True})


def _parsed(body: Any) -> Body:
    if not isinstance(body, dict):
        raise parsing("unexpected token [START_ARRAY], expected [{]")
    if not body:
        return {"lang": "mustache", "source": ""}
    name = next(iter(body))
    if name != "script":
        raise parsing(f"unexpected field [{name}], expected [script]")
    given = body["script"]
    if not isinstance(given, dict):
        raise parsing("unexpected token [VALUE_STRING], expected [{, <source>]")
    lang, source = given.get("lang"), given.get("source")
    options = dict(given.get("options") or {})
    if isinstance(source, dict):
        source = orjson.dumps(source).decode()
        options["content_type"] = "application/json;charset=utf-8"
    if lang is None:
        raise illegal("must specify lang for stored script")
    if lang == "":
        raise illegal("lang cannot be empty")
    if source is None:
        raise illegal("must specify source for stored script")
    if source == "" and lang != "mustache":
        raise illegal("source cannot be empty")
    if set(options) - {"content_type"}:
        shown = ", ".join(f"{key}={value}" for key, value in options.items())
        raise illegal(f"illegal compiler options [{{{shown}}}] specified")
    return {"lang": lang, "source": source, **({"options": options} if options else {})}


def get_script(node: Node, request: Request) -> Response:
    id = _id(request)
    script = node.collection(_KIND).get(id)
    if script is None:
        return Response({"_id": id, "found": False}, 404)
    return Response({"_id": id, "found": True, "script": script})


def delete_script(node: Node, request: Request) -> Response:
    id = _id(request)
    if id not in node.collection(_KIND):
        reason = f"stored script [{id}] does not exist and cannot be deleted"
        raise ElasticsearchError("resource_not_found_exception", reason, status=404)
    node.remove(_KIND, id)
    return Response({"acknowledged": True})


# search templates

_KEYS = ("id", "source", "params", "explain", "profile")


def _filled(node: Node, request: Request) -> str:
    body = request.json()
    for key in body:
        if key not in _KEYS:
            near = " did you mean [source]?" if key.startswith("s") else ""
            reason = f"[1:1] [search_template] unknown field [{key}]{near}"
            raise ElasticsearchError("x_content_parse_exception", reason)
    id, source = request.values.get("id") or body.get("id"), body.get("source")
    if id is None and source is None:
        raise validation("template is missing", "template's script type is missing")
    if id is not None:
        script = node.collection(_KIND).get(id)
        if script is None:
            reason = f"unable to find script [{id}] in cluster state"
            raise ElasticsearchError("resource_not_found_exception", reason, status=404)
        if script["lang"] != "mustache":
            raise unsupported(f"rendering the stored script [{id}], which is no template")
        source = script["source"]
    elif isinstance(source, dict):
        source = orjson.dumps(source).decode()
    return render(str(source), body.get("params") or {})


def render_template(node: Node, request: Request) -> Response:
    text = _filled(node, request)
    # As the server does, the text goes into the answer as it is, JSON or not.
    return Response(f'{{"template_output":{text}}}', headers={"content-type": "application/json"})


def search_template(node: Node, request: Request) -> Response:
    text = _filled(node, request)
    return run_search(node, replace(request, body=text.encode()))


# the state of the cluster


def cluster_state(node: Node, request: Request) -> Response:
    """Only what is asked for by filter_path, and of that only stored scripts and the aliases of indices."""
    wanted = request.listed("filter_path")
    known = ("metadata.stored_scripts", "metadata.indices.*.aliases")
    if not wanted or any(not path.startswith(known) for path in wanted):
        raise unsupported(f"the cluster state beyond filter_path={','.join(known)}")
    from fnmatch import fnmatchcase

    patterns = request.names("index") or ["*"]
    chosen = [i for i in node.indices.values() if any(fnmatchcase(i.name, pattern) for pattern in patterns)]
    indices = {index.name: {"aliases": sorted(index.aliases)} for index in chosen}
    state = {"metadata": {"stored_scripts": node.collection(_KIND), "indices": indices}}
    return Response(filter_path(state, wanted))


_PARAMS = "master_timeout timeout context"
_STATE = "local master_timeout flat_settings expand_wildcards ignore_unavailable allow_no_indices wait_for_timeout"
_SEARCH = " ".join(sorted(next(r for r in SEARCHES if r.segments == ("_search",)).params))

ROUTES: list[Route] = [
    route("GET", "/_scripts/{id}", get_script, _PARAMS),
    route("PUT POST", "/_scripts/{id}", put_script, _PARAMS),
    route("PUT POST", "/_scripts/{id}/{context}", put_script, _PARAMS),
    route("DELETE", "/_scripts/{id}", delete_script, _PARAMS),
    route("GET POST", "/_render/template", render_template),
    route("GET POST", "/_render/template/{id}", render_template),
    route("GET POST", "/_search/template", search_template, _SEARCH),
    route("GET POST", "/{index}/_search/template", search_template, _SEARCH),
    route("GET", "/_cluster/state/metadata", cluster_state, _STATE),
    route("GET", "/_cluster/state/metadata/{index}", cluster_state, _STATE),
]
