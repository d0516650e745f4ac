"""Panels that are no charts: images, links, Discover's tables, controls that stand in the grid."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import EsctlError
from ..model import Body
from .asking import Asking, Question
from .charts import Chart, undrawn
from .dashboard import Control, Dashboard, Panel, read_json, snake
from .filters import Scope, scope_query
from .formats import date_text, number_text
from .lens import Column, DataView

_ROWS = 100
_DEFAULT_COLUMNS = 6


def image_panel(panel: Panel, dashboard: Dashboard, scope: Scope) -> Asking[Chart]:
    """A picture by address, or of Kibana's files, which only Kibana hands out."""
    yield from ()
    config = panel.definition.get("image_config") or panel.definition.get("imageConfig") or {}
    source = config.get("src") or {}
    address = str(source.get("url") or "")
    if source.get("type") != "url" or not address:
        return undrawn("the image is a file that Kibana keeps", config)
    fit = str(config.get("object_fit") or (config.get("sizing") or {}).get("objectFit") or "contain")
    alt = str(config.get("alt_text") or config.get("altText") or "")
    background = config.get("background_color") or config.get("backgroundColor") or None
    model = {"src": address, "fit": fit, "alt": alt, "background": background}
    return Chart("image", model, summary=alt or address, scoped=False)


def links_panel(panel: Panel, dashboard: Dashboard, scope: Scope) -> Asking[Chart]:
    """Links to dashboards and pages, in a row or below each other."""
    yield from ()
    config = panel.definition
    named = config.get("references") or {}
    links: list[Body] = []
    for link in config.get("links") or ():
        inside = str(link.get("type", "")).startswith("dashboard")
        target = str(link.get("destination") or named.get(str(link.get("destinationRefName"))) or "")
        links.append({"label": str(link.get("label") or target), "destination": target, "inside": inside})
    layout = str(config.get("layout") or "horizontal")
    summary = ", ".join(str(link["label"]) for link in links)
    return Chart("links", {"layout": layout, "links": links}, summary=summary, scoped=False)


def discover_panel(panel: Panel, dashboard: Dashboard, scope: Scope) -> Asking[Chart]:
    """The documents of a Discover session, as a table of its columns."""
    attributes = _session(panel.definition)
    source = read_json((attributes.get("kibanaSavedObjectMeta") or {}).get("searchSourceJSON"), {}, "searchSourceJSON")
    if attributes.get("isTextBasedQuery") or "esql" in (source.get("query") or {}):
        return undrawn("a Discover session in ES|QL is not drawn", attributes)
    view = _view(source, panel, dashboard)
    own = (source["query"],) if (source.get("query") or {}).get("query") else ()
    filters = tuple(source.get("filter") or ())
    whole = Scope(scope.filters + filters, scope.queries + own, scope.time_range, scope.variables)
    sort = [{str(name): {"order": str(order), "unmapped_type": "keyword"}} for name, order in _sorting(attributes)]
    if not sort and view.time_field:
        sort = [{view.time_field: {"order": "desc"}}]
    query = scope_query(whole, time_field=view.time_field)
    body: Body = {"size": _ROWS, "track_total_hits": True, "query": query, "fields": ["*"], "_source": True}
    if sort:
        body["sort"] = sort
    (answer,) = yield (Question("search", view.title, body),)
    hits = (answer.get("hits") or {}).get("hits") or []
    if not hits:
        return Chart("empty")
    columns = [c for c in attributes.get("columns") or () if c != "_source"] or _usual_columns(hits, view)
    if view.time_field and view.time_field not in columns:
        columns = [view.time_field, *columns]
    widths = (attributes.get("grid") or {}).get("columns") or {}
    heads = [_head(name, hits, (widths.get(name) or {}).get("width")) for name in columns]
    rows = [[_cell(_of_hit(hit, name), name == view.time_field) for name in columns] for hit in hits]
    model = {
        "columns": heads,
        "rows": rows,
        "page_size": int(attributes.get("rowsPerPage") or _ROWS),
        "sorting": None,
        "row_numbers": False,
        "density": attributes.get("density") or "normal",
    }
    total = ((answer.get("hits") or {}).get("total") or {}).get("value", len(hits))
    return Chart("table", model, summary=f"{total} documents: {', '.join(columns)}")


def control_panel(panel: Panel, dashboard: Dashboard, scope: Scope) -> Asking[Chart]:
    """A control in the grid says what it has chosen."""
    yield from ()
    settings = {snake(key): value for key, value in panel.definition.items() if isinstance(key, str)}
    title = str(settings.get("title") or settings.get("field_name") or settings.get("variable_name") or panel.kind)
    control = Control(panel.id, panel.kind, title, "", settings)
    return Chart("control", {"control": control}, summary=title, scoped=False)


OTHERS: Mapping[str, Callable[[Panel, Dashboard, Scope], Asking[Chart]]] = {
    "image": image_panel,
    "links": links_panel,
    "search": discover_panel,
    "discover_session": discover_panel,
    "options_list_control": control_panel,
    "range_slider_control": control_panel,
    "time_slider_control": control_panel,
    "esql_control": control_panel,
}


def _session(definition: Body) -> Body:
    """Since 9.2 the first tab's attributes, before that the object's own."""
    tabs = definition.get("tabs")
    if isinstance(tabs, list) and tabs:
        return {**definition, **(tabs[0].get("attributes") or {}), "references": definition.get("references") or {}}
    return definition


def _view(source: Body, panel: Panel, dashboard: Dashboard) -> DataView:
    named: Mapping[str, str] = panel.definition.get("references") or {}
    index = source.get("index")
    if isinstance(index, dict):
        title = str(index.get("title") or "")
        return DataView(str(index.get("id") or title), title, title, index.get("timeFieldName"))
    name = str(index or named.get(str(source.get("indexRefName"))) or "")
    if name not in dashboard.data_views:
        raise EsctlError(f'data view "{name}" does not exist')
    return dashboard.data_views[name]


def _sorting(attributes: Body) -> list[Any]:
    return [pair for pair in attributes.get("sort") or () if isinstance(pair, list) and len(pair) == 2]


def _usual_columns(hits: list[Body], view: DataView) -> list[str]:
    names: list[str] = []
    for hit in hits[:20]:
        names += [n for n in hit.get("fields") or {} if n not in names and n != view.time_field]
    plain = [n for n in names if n.rpartition(".")[0] not in names]
    return sorted(plain)[:_DEFAULT_COLUMNS]


def _of_hit(hit: Body, name: str) -> Any:
    if name.startswith("_"):
        return hit.get(name)
    values = (hit.get("fields") or {}).get(name)
    if values is None:
        found: Any = hit.get("_source") or {}
        for part in name.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        return found
    return values[0] if isinstance(values, list) and len(values) == 1 else values


def _head(name: str, hits: list[Body], width: Any) -> Body:
    values = [_of_hit(hit, name) for hit in hits]
    known = [v for v in values if v is not None]
    numeric = bool(known) and all(isinstance(v, int | float) and not isinstance(v, bool) for v in known)
    return {
        "id": name,
        "label": name,
        "numeric": numeric,
        "alignment": "right" if numeric else "left",
        "width": width if isinstance(width, int | float) else None,
        "badge": False,
        "summary": "",
    }


def _cell(value: Any, is_time: bool) -> Body:
    if is_time and isinstance(value, str):
        text = value.replace("T", " ").removesuffix("Z").removesuffix(".000")
    elif is_time and isinstance(value, int | float):
        text = date_text(value)
    else:
        text = number_text(value, Column("", {})) if value is not None else "-"
    return {"text": text, "value": value if isinstance(value, int | float | str) or value is None else text}
