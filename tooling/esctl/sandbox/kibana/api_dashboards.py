"""`/api/dashboards` and `/api/visualizations`: kept and shown as code, checked by the schema, defaults added on read.

The sandbox cannot turn saved objects into code: what was imported is shown here as far as that is plain (title, time,
options, and a warning for each panel that no Kibana can show as code), and refused by name where it is not.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

from starlette.responses import JSONResponse, Response

from . import as_code
from .call import Call, Handler
from .errors import KibanaError, bad_request
from .registry import CORE_MIGRATION_VERSION, latest
from .saved_objects import matches
from .store import SavedObject, Store

Body = dict[str, Any]

_NEVER_AS_CODE = frozenset({"visualization", "legacy_vis", "map"})
"""Panels that the Dashboards API has no form for: it drops them on read, and says so."""
_SEARCH = frozenset({"page", "per_page", "query", "tags", "excluded_tags"})
_SUMMARY = ("title", "description", "tags", "time_range", "access_control")
_OPTIONS = {
    "hidePanelTitles": "hide_panel_titles",
    "syncColors": "sync_colors",
    "syncCursor": "sync_cursor",
    "syncTooltips": "sync_tooltips",
    "useMargins": "use_margins",
}


def write_dashboard(store: Store, id_: str | None, body: Any, *, space: str, version: str) -> tuple[Body, bool]:
    """`POST /api/dashboards` and `PUT …/{id}`: the answer, and whether it was made new."""
    as_code.checked("dashboard", body)
    panels = [part for item in body.get("panels", ()) for part in (item, *item.get("panels", ()))]
    if len(panels) + len(body.get("pinned_panels", ())) > 1000:
        raise bad_request("[request body.panels]: array size is greater than 1000")
    spec = _in_order(_named({"description": "", **body}))
    tags = list(dict.fromkeys(spec.get("tags", ())))
    references = [{"type": "tag", "id": tag, "name": f"tag-ref-{tag}"} for tag in tags]
    spec |= {"tags": tags} if tags else {}
    if "time_range" in spec:  # its mode is not kept
        spec["time_range"] = {key: spec["time_range"][key] for key in ("from", "to")}
    return _written(store, "dashboard", id_, spec, references, space=space, version=version)


def write_visualization(store: Store, id_: str | None, body: Any, *, space: str, version: str) -> tuple[Body, bool]:
    """`POST /api/visualizations` and `PUT …/{id}`."""
    as_code.checked("visualization_request", body)
    return _written(store, "lens", id_, dict(body), [], space=space, version=version)


def _named(spec: Body) -> Body:
    """Every panel and section with an id."""
    for key in ("panels", "pinned_panels"):
        if key in spec:
            spec[key] = [_named(item | {"id": item.get("id") or str(uuid.uuid4())}) for item in spec[key]]
    return spec


def _in_order(spec: Body) -> Body:
    """Panels first, then the sections: a section is told by its lack of a type."""
    spec["panels"] = sorted(spec.get("panels", ()), key=lambda item: "type" not in item)
    return spec


def _written(
    store: Store, type_: str, id_: str | None, spec: Body, references: list[dict[str, str]], *, space: str, version: str
) -> tuple[Body, bool]:
    with store.writing():
        there = store.get(type_, id_) if id_ else None
        if there and there.space != space:
            raise KibanaError(409, f"Saved object [{type_}/{id_}] conflict")
        attributes = {"title": ""} | {key: spec[key] for key in ("title", "description") if key in spec}
        saved = SavedObject(
            type=type_,
            id=id_ or str(uuid.uuid4()),
            attributes=attributes,
            references=references,
            space=space,
            created_at=there.created_at if there else "",
            core_version=CORE_MIGRATION_VERSION,
            type_version=latest(type_, version) or "",
            managed=there.managed if there else False,
            as_code=spec,
        )
        return _shown(store.put(saved)), there is None


def read(store: Store, type_: str, id_: str, *, space: str) -> Body:
    """`GET /api/dashboards/{id}` and `GET /api/visualizations/{id}`."""
    return _shown(_existing(store, type_, id_, space))


def delete(store: Store, type_: str, id_: str, *, space: str) -> None:
    with store.writing():
        _existing(store, type_, id_, space)
        store.delete(type_, id_)


def _existing(store: Store, type_: str, id_: str, space: str) -> SavedObject:
    saved = store.get(type_, id_, space=space)
    if saved:
        return saved
    if type_ == "dashboard":
        raise KibanaError(404, f"A dashboard with ID [{id_}] was not found.")
    raise KibanaError(404, f"A Lens visualization with id [{id_}] was not found.")


def _shown(saved: SavedObject) -> Body:
    if saved.as_code is not None:
        name = "dashboard" if saved.type == "dashboard" else "visualization_request"
        return {"id": saved.id, "data": as_code.with_defaults(name, saved.as_code), "meta": _meta(saved)}
    if saved.type != "dashboard":
        raise KibanaError(501, f"the sandbox cannot show [{saved.type}/{saved.id}] as code: it was imported")
    data, warnings = _imported(saved)
    shown = {"id": saved.id, "data": as_code.with_defaults("dashboard", data), "meta": _meta(saved)}
    return shown | ({"warnings": warnings} if warnings else {})


def _meta(saved: SavedObject) -> Body:
    return {
        "created_at": saved.created_at,
        "updated_at": saved.updated_at,
        "managed": saved.managed,
        "version": saved.version,
    }


def _imported(saved: SavedObject) -> tuple[Body, list[Body]]:
    """What is plain of an imported dashboard, as code, and what Kibana says of the panels it drops."""
    attributes = saved.attributes
    data: Body = {"title": attributes.get("title", ""), "description": attributes.get("description", "")}
    panels = json.loads(attributes.get("panelsJSON") or "[]")
    search = json.loads((attributes.get("kibanaSavedObjectMeta") or {}).get("searchSourceJSON") or "{}")
    beyond = [f"a panel of type {one.get('type')}" for one in panels if one.get("type") not in _NEVER_AS_CODE]
    beyond += ["filters"] if search.get("filter") else []
    beyond += [key for key in ("controlGroupInput", "pinned_panels", "sections") if attributes.get(key)]
    if beyond:
        raise KibanaError(501, f"the sandbox cannot show [dashboard/{saved.id}] as code: it has {beyond[0]}")
    query = search.get("query") or {}
    if query.get("query"):
        data["query"] = {"expression": query["query"], "language": query["language"].replace("kuery", "kql")}
    if attributes.get("timeRestore"):
        data["time_range"] = {"from": attributes["timeFrom"], "to": attributes["timeTo"]}
        refresh = attributes.get("refreshInterval")
        data |= {"refresh_interval": {key: refresh[key] for key in ("pause", "value")}} if refresh else {}
    options = json.loads(attributes.get("optionsJSON") or "{}")
    data["options"] = {name: options[key] for key, name in _OPTIONS.items() if key in options}
    tags = [reference["id"] for reference in saved.references if reference["type"] == "tag"]
    return data | ({"tags": tags} if tags else {}), [_dropped(one) for one in panels]


def _dropped(panel: Body) -> Body:
    return {
        "type": "dropped_panel",
        "message": f"Unable to transform panel config. Panel type [{panel.get('type')}] is not supported.",
        "panel_type": panel.get("type", ""),
        "panel_config": panel.get("embeddableConfig") or {},
    }


def search_dashboards(store: Store, query: dict[str, list[str]], *, space: str) -> Body:
    """`GET /api/dashboards`: titles and times, never panels."""
    found, page, _ = _found(store, "dashboard", query, space)
    shown = [{"id": one.id, "data": _summary(one), "meta": _meta(one)} for one in found[1]]
    return {"dashboards": shown, "page": page, "total": found[0]}


def search_visualizations(store: Store, query: dict[str, list[str]], *, space: str) -> Body:
    """`GET /api/visualizations`: each with its whole chart."""
    found, page, per_page = _found(store, "lens", query, space)
    return {"data": [_shown(one) for one in found[1]], "meta": {"page": page, "per_page": per_page, "total": found[0]}}


def _summary(saved: SavedObject) -> Body:
    whole = saved.as_code or {key: saved.attributes.get(key) for key in ("title", "description")}
    if saved.as_code is None and saved.attributes.get("timeRestore"):
        whole["time_range"] = {"from": saved.attributes["timeFrom"], "to": saved.attributes["timeTo"]}
    tags = [reference["id"] for reference in saved.references if reference["type"] == "tag"]
    whole = whole | ({"tags": tags} if tags else {})
    return {
        key: whole[key] for key in ("title", "description", "tags", "time_range", "access_control") if whole.get(key)
    }


def _found(
    store: Store, type_: str, query: dict[str, list[str]], space: str
) -> tuple[tuple[int, list[SavedObject]], int, int]:
    for key in query:
        if key not in _SEARCH:
            raise bad_request(f"[request query.{key}]: definition for this key is missing")
    page, per_page = _number(query, "page", 1), _number(query, "per_page", 20)
    wanted, unwanted = set(query.get("tags", ())), set(query.get("excluded_tags", ()))
    found = []
    for one in store.of_types([type_], space):
        tags = {reference["id"] for reference in one.references if reference["type"] == "tag"}
        if wanted and not wanted & tags or unwanted & tags:
            continue
        if matches(one, query.get("query", [None])[0], ["title", "description"], "AND"):
            found.append(one)
    return (len(found), found[(page - 1) * per_page : page * per_page]), page, per_page


def _number(query: dict[str, list[str]], key: str, default: int) -> int:
    text = query.get(key, [str(default)])[0]
    if not text.isdigit() or not 1 <= int(text) <= 1000:
        raise bad_request(f"[request query.{key}]: expected value of type [number] but got [string]")
    return int(text)


def _writing(write: Callable[..., tuple[Body, bool]]) -> Handler:

    def handler(call: Call) -> Response:
        body, new = write(call.store, call.params.get("id"), call.body, space=call.space, version=call.version)
        return JSONResponse(body, status_code=201 if new else 200)

    return handler


def _deleting(type_: str) -> Handler:
    def handler(call: Call) -> Response:
        delete(call.store, type_, call.id, space=call.space)
        return Response(status_code=204)

    return handler


def _reading(type_: str) -> Handler:
    return lambda call: read(call.store, type_, call.id, space=call.space)


_BOARDS, _CHARTS = "/api/dashboards", "/api/visualizations"

ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", _BOARDS, lambda c: search_dashboards(c.store, c.query, space=c.space)),
    ("POST", _BOARDS, _writing(write_dashboard)),
    ("GET", _BOARDS + "/{id}", _reading("dashboard")),
    ("PUT", _BOARDS + "/{id}", _writing(write_dashboard)),
    ("DELETE", _BOARDS + "/{id}", _deleting("dashboard")),
    ("GET", _CHARTS, lambda c: search_visualizations(c.store, c.query, space=c.space)),
    ("POST", _CHARTS, _writing(write_visualization)),
    ("GET", _CHARTS + "/{id}", _reading("lens")),
    ("PUT", _CHARTS + "/{id}", _writing(write_visualization)),
    ("DELETE", _CHARTS + "/{id}", _deleting("lens")),
)
"""From Kibana 9.4 on."""
