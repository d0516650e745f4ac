"""Connectors: their parts are kept as Elasticsearch keeps them; none runs here, and there are no sync jobs."""

from __future__ import annotations

from typing import Any

from .dates import iso, now_ms
from .errors import ElasticsearchError, illegal, unknown_field, unsupported, validation
from .http import Handler, Request, Response, Route, route
from .mapping import Body
from .names import check_index_name
from .node import Node

_KIND = "search_connector"
_MADE_WITH = {
    "name": str, "description": str, "index_name": str, "service_type": str, "language": str, "is_native": bool
}  # fmt: skip
_MIDNIGHT = {"enabled": False, "interval": "0 0 0 * * ?"}
_DISPLAYS = ("dropdown", "numeric", "text", "textarea", "textbox", "toggle")
_TYPES = ("bool", "int", "list", "str")
_CONSTRAINTS = ("included_in", "greater_than", "less_than", "list_type", "regex")
_POLICIES = ("include", "exclude")
_RULES = ("contains", "ends_with", "equals", "regex", "starts_with", ">", "<")
_SYNCS = (
    "last_access_control_sync_error last_access_control_sync_scheduled_at last_access_control_sync_status"
    " last_incremental_sync_scheduled_at last_seen last_sync_error last_sync_scheduled_at last_sync_status last_synced"
).split()


def _parsing(parser: str, field: str, cause: ElasticsearchError) -> ElasticsearchError:
    return ElasticsearchError(
        "x_content_parse_exception", f"[1:1] [{parser}] failed to parse field [{field}]", cause=cause
    )


def _filtering() -> list[Body]:
    now = iso(now_ms())
    rule = {
        "created_at": now,
        "field": "_",
        "id": "DEFAULT",
        "order": 0,
        "policy": "include",
        "rule": "regex",
        "updated_at": now,
        "value": ".*",
    }
    half = {
        "advanced_snippet": {"created_at": now, "updated_at": now, "value": {}},
        "rules": [rule],
        "validation": {"errors": [], "state": "valid"},
    }
    return [{"active": half, "domain": "DEFAULT", "draft": half}]


def put_connector(node: Node, request: Request) -> Response:
    name, body = request.values["id"], request.json()
    for key, value in body.items():
        if key not in _MADE_WITH:
            raise unknown_field("connector_put_request", key)
        if value is not None and not isinstance(value, _MADE_WITH[key]):
            raise ElasticsearchError(
                "x_content_parse_exception", f"[1:1] [connector_put_request] {key} doesn't support this value"
            )
    _check_index(node, name, body.get("index_name"), native=bool(body.get("is_native")))
    created = name not in node.collection(_KIND)
    connector: Body = {
        "api_key_id": None,
        "api_key_secret_id": None,
        "configuration": {},
        "custom_scheduling": {},
        "description": None,
        "error": None,
        "features": None,
        "filtering": _filtering(),
        "index_name": None,
        "is_native": False,
        "language": None,
        **dict.fromkeys(_SYNCS),
        "last_deleted_document_count": None,
        "last_indexed_document_count": None,
        "name": "",
        "pipeline": None,
        "scheduling": {"access_control": _MIDNIGHT, "full": _MIDNIGHT, "incremental": _MIDNIGHT},
        "service_type": None,
        "status": "needs_configuration" if body.get("is_native") else "created",
        "sync_cursor": None,
        "sync_now": False,
    }
    connector |= {key: value for key, value in body.items() if value is not None}
    node.put(_KIND, name, connector)
    return Response({"result": "created" if created else "updated", "id": name}, 201 if created else 200)


def _check_index(node: Node, name: str, index: Any, *, native: bool) -> None:
    if index is None:
        return
    check_index_name(index)
    if native and not index.startswith("content-"):
        raise validation(
            f"Index name [{index}] is invalid. Index attached to an Elastic-managed connector must start with the"
            " prefix: [content-]"
        )
    for other, connector in node.collection(_KIND).items():
        if other != name and connector["index_name"] == index:
            raise ElasticsearchError("status_exception", f"Index name [{index}] is used by another connector.")


def _connector(node: Node, request: Request) -> Body:
    name = request.values["id"]
    if name not in node.collection(_KIND):
        raise ElasticsearchError("resource_not_found_exception", f"connector [{name}] not found", status=404)
    return dict(node.collection(_KIND)[name])


def get_connector(node: Node, request: Request) -> Response:
    return Response({"id": request.values["id"], **_connector(node, request)})


def list_connectors(node: Node, request: Request) -> Response:
    kept = node.collection(_KIND)
    named = [{"id": name, **kept[name]} for name in kept]
    for param, key in (("index_name", "index_name"), ("connector_name", "name"), ("service_type", "service_type")):
        if wanted := request.listed(param):
            named = [connector for connector in named if connector[key] in wanted]
    named.sort(key=lambda connector: (connector["index_name"] is None, connector["index_name"] or "", connector["id"]))
    start, size = request.number("from") or 0, request.number("size")
    return Response({"count": len(named), "results": named[start : start + (20 if size is None else size)]})


def delete_connector(node: Node, request: Request) -> Response:
    _connector(node, request)
    node.remove(_KIND, request.values["id"])
    return Response({"acknowledged": True})


def _part(parser: str, *required: str, optional: tuple[str, ...] = ()) -> Any:
    """A handler for one part: `change` takes the connector and the body, and gives what becomes of it."""

    def made(change: Any) -> Handler:
        def handler(node: Node, request: Request) -> Response:
            body = request.json(required=True)
            for key in body:
                if key not in (*required, *optional):
                    raise unknown_field(parser, key)
            missing = [key for key in required if key not in body]
            if missing:
                raise illegal(f"Required [{', '.join(missing)}]")
            connector = _connector(node, request)
            changed = {**connector, **change(node, request.values["id"], connector, body)}
            node.put(_KIND, request.values["id"], changed)
            return Response({"result": "noop" if changed == connector else "updated"})

        return handler

    return made


def _name(node: Node, name: str, connector: Body, body: Body) -> Body:
    if not body:
        raise validation("[name] and [description] cannot both be missing in the update request.")
    return body


def _index_name(node: Node, name: str, connector: Body, body: Body) -> Body:
    _check_index(node, name, body["index_name"], native=connector["is_native"])
    return body


def _native(node: Node, name: str, connector: Body, body: Body) -> Body:
    index = connector["index_name"]
    if body["is_native"] and index is not None and not index.startswith("content-"):
        raise ElasticsearchError(
            "status_exception",
            f"The index name [{index}] attached to the connector [{name}] must start with the required prefix:"
            " [content-] to be Elastic-managed. Please update the attached index first to comply with this"
            " requirement.",
        )
    return body


def _configuration(node: Node, name: str, connector: Body, body: Body) -> Body:
    if body.get("configuration") is not None:
        return {"configuration": _settings(body["configuration"]), "status": "configured"}
    if body.get("values") is None:
        raise ElasticsearchError("status_exception", "[configuration] and [values] cannot both be null.")
    known = connector["configuration"]
    if unknown := [key for key in body["values"] if key not in known]:
        raise ElasticsearchError(
            "status_exception",
            f"Unknown [configuration] fields in the request payload: [{', '.join(unknown)}]. Remove them from request"
            " or register their schema first.",
        )
    merged = {key: {**setting, "value": body["values"].get(key, setting["value"])} for key, setting in known.items()}
    return {"configuration": merged, "status": "configured"}


def _settings(settings: Body) -> Body:
    kept = {}
    for name, setting in settings.items():
        missing = [key for key in ("label",) if key not in setting]
        if missing:
            raise _parsing("connector_update_configuration", "configuration", illegal("Required [label]"))
        for key, known in (("display", _DISPLAYS), ("type", _TYPES)):
            if setting.get(key) is not None and setting[key] not in known:
                what = "DisplayType" if key == "display" else "ConfigurationFieldType"
                wrong = illegal(f"Unknown {what} [{setting[key]}].")
                raise _parsing("connector_update_configuration", "configuration", wrong)
        for one in setting.get("validations") or ():
            if one.get("type") not in _CONSTRAINTS:
                wrong = illegal(f"Unknown ConfigurationValidationType [{one.get('type')}].")
                raise _parsing("connector_update_configuration", "configuration", wrong)
        defaults: Body = {"default_value": None, "required": False, "sensitive": False, "value": None}
        kept[name] = {**defaults, **{key: value for key, value in setting.items() if value is not None}}
    return kept


def _scheduling(node: Node, name: str, connector: Body, body: Body) -> Body:
    scheduling = body["scheduling"]
    for kind, schedule in scheduling.items():
        if kind not in _KINDS_OF_SYNC:
            continue
        missing = [key for key in ("enabled", "interval") if key not in schedule]
        if missing:
            raise _parsing("connector_scheduling", kind, illegal(f"Required [{', '.join(missing)}]"))
        if not 6 <= len(str(schedule["interval"]).split()) <= 7:
            raise _parsing("connector_scheduling", kind, illegal(f"invalid cron expression [{schedule['interval']}]"))
    return {"scheduling": {**connector["scheduling"], **{k: scheduling[k] for k in _KINDS_OF_SYNC if k in scheduling}}}


_KINDS_OF_SYNC = ("access_control", "full", "incremental")


def _pipeline(node: Node, name: str, connector: Body, body: Body) -> Body:
    keys = ("extract_binary_content", "name", "reduce_whitespace", "run_ml_inference")
    missing = [key for key in keys if key not in body["pipeline"]]
    if missing:
        raise _parsing("connector_update_pipeline_request", "pipeline", illegal(f"Required [{', '.join(missing)}]"))
    return {"pipeline": {key: body["pipeline"][key] for key in keys}}


def _features(node: Node, name: str, connector: Body, body: Body) -> Body:
    keys = ("document_level_security", "incremental_sync", "native_connector_api_keys", "sync_rules")
    kept = {key: body["features"][key] for key in keys if body["features"].get(key) is not None}
    return {"features": {**(connector["features"] or {}), **kept}}


def _filtered(node: Node, name: str, connector: Body, body: Body) -> Body:
    if "filtering" not in body:
        raise unsupported("drafts of filtering, which a connector's service has to validate: write [filtering]")
    for domain in body["filtering"]:
        missing = [key for key in ("active", "domain", "draft") if key not in domain]
        if missing:
            wrong = illegal(f"Required [{', '.join(missing)}]")
            raise _parsing("connector_update_filtering_request", "filtering", wrong)
        for half in ("active", "draft"):
            _check_rules(domain[half])
    return {"filtering": body["filtering"]}


def _check_rules(half: Body) -> None:
    missing = [key for key in ("advanced_snippet", "rules", "validation") if key not in half]
    if not missing and not isinstance(half["advanced_snippet"].get("value"), dict | list):
        missing = ["value"]
    for rule in half.get("rules", ()):
        missing += [key for key in ("field", "id", "order", "policy", "rule", "value") if key not in rule]
        for key, known in (("policy", _POLICIES), ("rule", _RULES)):
            if key in rule and rule[key] not in known:
                wrong = illegal(f"Unknown FilteringRule {key} [{rule[key]}].")
                raise _parsing("connector_update_filtering_request", "filtering", wrong)
    if missing:
        wrong = illegal(f"Required [{', '.join(missing)}]")
        raise _parsing("connector_update_filtering_request", "filtering", wrong)


def _whole(node: Node, name: str, connector: Body, body: Body) -> Body:
    return body


def _refused(what: str) -> Handler:
    def handler(node: Node, request: Request) -> Response:
        raise unsupported(what)

    return handler


ROUTES: list[Route] = [
    route("GET", "/_connector", list_connectors, "from size index_name connector_name service_type"),
    route("GET", "/_connector/{id}", get_connector),
    route("PUT", "/_connector/{id}", put_connector),
    route("DELETE", "/_connector/{id}", delete_connector),
    *(
        route("PUT", f"/_connector/{{id}}/{path}", _part(parser, *required, optional=optional)(change))
        for path, parser, required, optional, change in (
            ("_name", "connector_update_name_request", (), ("name", "description"), _name),
            ("_index_name", "connector_update_index_name_request", ("index_name",), (), _index_name),
            ("_service_type", "connector_update_service_type_request", ("service_type",), (), _whole),
            ("_native", "connector_update_native_request", ("is_native",), (), _native),
            ("_configuration", "connector_update_configuration", (), ("configuration", "values"), _configuration),
            ("_scheduling", "connector_update_scheduling_request", ("scheduling",), (), _scheduling),
            ("_pipeline", "connector_update_pipeline_request", ("pipeline",), (), _pipeline),
            ("_features", "connector_update_features", ("features",), (), _features),
            (
                "_filtering",
                "connector_update_filtering_request",
                (),
                ("filtering", "rules", "advanced_snippet"),
                _filtered,
            ),
        )
    ),
    *(
        route("PUT", f"/_connector/{{id}}/{path}", _refused("what a connector's own service writes while it runs"))
        for path in ("_check_in", "_error", "_last_sync", "_status", "_api_key_id")
    ),
    route("GET POST", "/_connector/_sync_job", _refused("the sync jobs of connectors: none runs here")),
]
