"""The embedded Kibana as an ASGI app: routes, spaces, and the checks that Kibana makes before any of them."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from . import (
    api_connectors,
    api_dashboards,
    api_maintenance,
    api_rules,
    api_settings,
    api_slos,
    data_views,
    roles,
    saved_objects,
    spaces,
)
from .call import Call, Handler
from .errors import KibanaError, bad_request, not_found
from .exports import export_objects
from .imports import import_objects
from .registry import NUMBERS, release
from .store import Store

MAX_IMPORT_BYTES = 26_214_400
API_VERSION = "2023-10-31"
_VERSIONED = ("/api/data_views", "/api/dashboards", "/api/visualizations")
_SPACE = re.compile(r"^/s/([a-z0-9_-]+)(/.*)?$")


def kibana_app(data: Path, *, version: str = "9.5", elasticsearch: roles.Elasticsearch | None = None) -> Starlette:
    """The app over `data/kibana.sqlite`. `version` is `9.5` or `8.19`; raises ValueError for another.

    `elasticsearch` is where roles are kept.
    """
    spoken = release(version)
    store = Store(data / "kibana.sqlite")

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        store.close()

    app = Starlette(
        routes=[_route(store, spoken, elasticsearch, *entry) for entry in routes(spoken)],
        exception_handlers={
            404: lambda _, __: _refusal(not_found()),
            405: lambda _, __: _refusal(not_found()),  # Kibana knows no other method of a path: the route is not there
            500: lambda _, __: _refusal(KibanaError(500, _INTERNAL)),
            KibanaError: lambda _, error: _refusal(error),
        },
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.add_middleware(_Spaces, store=store)
    return app


def routes(version: str) -> tuple[tuple[str, str, Handler], ...]:
    """What a release answers; everything else is its 404."""
    own = api_maintenance.LISTED_BEFORE if version == "8.19" else (*api_maintenance.LISTED, *api_dashboards.ROUTES)
    return (*own, *ROUTES, *(route for module in _MODULES for route in module.ROUTES))


_MODULES = (api_connectors, api_rules, api_slos, api_maintenance, api_settings)


_INTERNAL = "An internal server error occurred. Check Kibana server logs for details."


class _Spaces:
    """Takes `/s/{space}` off the path; the space must exist."""

    def __init__(self, app: ASGIApp, store: Store) -> None:
        self._app, self._store = app, store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = _SPACE.match(scope["path"]) if scope["type"] == "http" else None
        if found:
            if not self._store.space(found[1]):
                await _refusal(not_found())(scope, receive, send)
                return
            path = found[2] or "/"
            scope = {**scope, "path": path, "raw_path": path.encode(), "space": found[1]}
        await self._app(scope, receive, send)


def _route(
    store: Store, version: str, beside: roles.Elasticsearch | None, method: str, path: str, handler: Handler
) -> Route:
    async def endpoint(request: Request) -> Response:
        if method != "GET":
            _check_origin(request)
        _check_headers(request, path, version)
        call = Call(
            store=store,
            version=version,
            space=request.scope.get("space", "default"),
            params=dict(request.path_params),
            query=parse_qs(request.url.query, keep_blank_values=True),
            body=await _json(request) if method in ("POST", "PUT", "PATCH") and not path.endswith("_import") else None,
            files=await _files(request) if path.endswith("_import") else {},
            beside=beside,
        )
        answer = handler(call)
        if isinstance(answer, Response):
            return _named(answer)
        return _named(JSONResponse(answer))

    return Route(path, endpoint, methods=[method])


def _check_origin(request: Request) -> None:
    if "kbn-xsrf" not in request.headers and "kbn-version" not in request.headers:
        raise bad_request("Request must contain a kbn-xsrf header.")


def _check_headers(request: Request, path: str, version: str) -> None:
    wanted, number = request.headers.get("kbn-version"), NUMBERS[version]
    if wanted and wanted != number:
        raise bad_request(
            "Browser client is out of date, please refresh the page"
            f' ("kbn-version" header was "{wanted}" but should be "{number}")',
            {"expected": number, "got": wanted},
        )
    asked = request.headers.get("elastic-api-version")
    if asked and asked != API_VERSION and path.startswith(_VERSIONED):
        method = request.method.lower()
        raise bad_request(
            f'No version "{asked}" available for [{method}] [{path}]. Available versions are: [{API_VERSION}]'
        )


async def _json(request: Request) -> Any:
    text = await request.body()
    if not text.strip():
        return None
    kind = request.headers.get("content-type", "application/json").split(";")[0]
    if kind != "application/json":
        raise KibanaError(415, "Unsupported Media Type")
    try:
        return json.loads(text)
    except ValueError:
        raise bad_request("Invalid request payload JSON format") from None


async def _files(request: Request) -> dict[str, tuple[str, bytes]]:
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise KibanaError(415, "Unsupported Media Type")
    if int(request.headers.get("content-length") or 0) > MAX_IMPORT_BYTES:
        raise KibanaError(413, f"Payload content length greater than maximum allowed: {MAX_IMPORT_BYTES}")
    files = {}
    async with request.form(max_part_size=MAX_IMPORT_BYTES) as form:
        for name, value in form.items():
            if not isinstance(value, str):
                files[name] = (value.filename or "", await value.read())
    return files


def _named(response: Response) -> Response:
    response.headers["kbn-name"] = "sandbox"
    return response


def _refusal(error: Exception) -> Response:
    assert isinstance(error, KibanaError)
    return _named(JSONResponse(error.body, status_code=error.status))


def _object(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise bad_request("[request body]: expected a plain object value, but found [null] instead.")
    return body


def _references(items: Any, where: str) -> list[dict[str, str]]:
    """A list of `{type, id}`; raises KibanaError in the words of Kibana's schema."""
    if not isinstance(items, list):
        raise bad_request(f"[request {where}]: expected value of type [array] but got [{type(items).__name__}]")
    for position, item in enumerate(items):
        for key in ("type", "id"):
            if not isinstance(item, dict) or not isinstance(item.get(key), str):
                raise bad_request(
                    f"[request {where}.{position}.{key}]: expected value of type [string] but got [undefined]"
                )
    return items


def _status(call: Call) -> dict[str, Any]:
    available = {"level": "available", "summary": "All services and plugins are available"}
    return {
        "name": "sandbox",
        "uuid": str(uuid.uuid5(uuid.NAMESPACE_URL, "esctl-sandbox-kibana")),
        "version": {"number": NUMBERS[call.version], "build_flavor": "traditional", "build_snapshot": False},
        "status": {"overall": available, "core": {"savedObjects": available}, "plugins": {}},
        "sandbox": True,
    }


def _import(call: Call) -> dict[str, Any]:
    for key in call.query:
        if key not in ("overwrite", "createNewCopies", "compatibilityMode"):
            raise bad_request(f"[request query.{key}]: definition for this key is missing")
    overwrite, copies = call.flag("overwrite"), call.flag("createNewCopies")
    if overwrite and copies:
        raise bad_request("[request query]: cannot use [overwrite] with [createNewCopies]")
    if call.flag("compatibilityMode"):
        if copies:
            raise bad_request("[request query]: cannot use [createNewCopies] with [compatibilityMode]")
        raise bad_request("the sandbox does not import in [compatibilityMode]")
    if "file" not in call.files:
        raise bad_request("[request body.file]: expected value of type [Stream] but got [undefined]")
    name, content = call.files["file"]
    extension = Path(name).suffix.lower()
    if extension != ".ndjson":
        raise bad_request(f"Invalid file extension {extension}")
    return import_objects(
        call.store, content, space=call.space, version=call.version, overwrite=overwrite, copies=copies
    )


def _export(call: Call) -> Response:
    body = _object(call.body)
    known = {"type", "objects", "hasReference", "search", "includeReferencesDeep", "excludeExportDetails"}
    for key in body:
        if key not in known:
            raise bad_request(f"[request body.{key}]: definition for this key is missing")
    _references(body.get("objects") or [], "body.objects")
    content = export_objects(call.store, body, space=call.space, version=call.version)
    headers = {"content-disposition": 'attachment; filename="export.ndjson"'}
    return Response(content, media_type="application/ndjson", headers=headers)


def _delete_data_view(call: Call) -> Response:
    data_views.delete_view(call.store, call.id, space=call.space)
    return Response(status_code=200)


def _delete_space(call: Call) -> Response:
    spaces.delete_space(call.store, call.id)
    return Response(status_code=204)


def _put_role(call: Call) -> Response:
    roles.put_role(call.elasticsearch, call.params["name"], call.body)
    return Response(status_code=204)


def _delete_role(call: Call) -> Response:
    roles.delete_role(call.elasticsearch, call.params["name"])
    return Response(status_code=204)


_VIEWS, _OBJECTS, _SPACES = "/api/data_views", "/api/saved_objects", "/api/spaces/space"

ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/api/status", _status),
    ("GET", _VIEWS, lambda c: data_views.list_views(c.store, space=c.space)),
    (
        "POST",
        _VIEWS + "/data_view",
        lambda c: data_views.create_view(c.store, c.body, space=c.space, version=c.version),
    ),
    ("GET", _VIEWS + "/data_view/{id}", lambda c: data_views.get_view(c.store, c.id, space=c.space)),
    ("POST", _VIEWS + "/data_view/{id}", lambda c: data_views.update_view(c.store, c.id, c.body, space=c.space)),
    ("DELETE", _VIEWS + "/data_view/{id}", _delete_data_view),
    ("POST", _OBJECTS + "/_import", _import),
    ("POST", _OBJECTS + "/_export", _export),
    ("GET", _OBJECTS + "/_find", lambda c: saved_objects.find(c.store, c.query, space=c.space, version=c.version)),
    (
        "POST",
        _OBJECTS + "/_bulk_get",
        lambda c: saved_objects.bulk_get(c.store, _references(c.body, "body"), space=c.space),
    ),
    (
        "POST",
        _OBJECTS + "/_bulk_delete",
        lambda c: saved_objects.bulk_delete(c.store, _references(c.body, "body"), space=c.space),
    ),
    (
        "GET",
        _OBJECTS + "/{type}/{id}",
        lambda c: saved_objects.get(c.store, c.params["type"], c.id, space=c.space),
    ),
    (
        "DELETE",
        _OBJECTS + "/{type}/{id}",
        lambda c: saved_objects.delete(c.store, c.params["type"], c.id, space=c.space),
    ),
    ("GET", "/api/security/role", lambda c: roles.list_roles(c.elasticsearch)),
    ("GET", "/api/security/role/{name}", lambda c: roles.get_role(c.elasticsearch, c.params["name"])),
    ("PUT", "/api/security/role/{name}", _put_role),
    ("DELETE", "/api/security/role/{name}", _delete_role),
    ("GET", _SPACES, lambda c: c.store.spaces()),
    ("POST", _SPACES, lambda c: spaces.create_space(c.store, c.body)),
    ("GET", _SPACES + "/{id}", lambda c: spaces.get_space(c.store, c.id)),
    ("PUT", _SPACES + "/{id}", lambda c: spaces.update_space(c.store, c.id, c.body)),
    ("DELETE", _SPACES + "/{id}", _delete_space),
)
