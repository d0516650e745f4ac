"""Discover sessions among the panels, both ways: from the library, or one tab by value.

Source: Kibana's `discover/common/embeddable/transform_utils.ts`: what it writes, how it reads what older versions did.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from .filters import stored_filter
from .filters_of import filter_of, query_of
from .form import Form, query_state
from .lens import ad_hoc_view

Body = dict[str, Any]
Reference = dict[str, str]
Lookup = Callable[[str], str | None]

INDEX = "kibanaSavedObjectMeta.searchSourceJSON.index"
PLAIN = {"density": "density", "rows_per_page": "rowsPerPage", "sample_size": "sampleSize", "view_mode": "viewMode"}
HEIGHTS = {"row_height": "rowHeight", "header_row_height": "headerRowHeight"}
AUTO = -1
MOST = {"row_height": (1, 20), "header_row_height": (1, 5), "rows_per_page": (1, 10_000), "sample_size": (10, 10_000)}
"""What the format takes; Kibana has kept other numbers."""


def stored_tab(config: Body, form: Form) -> tuple[Body, list[Reference]]:
    """`{attributes}` of a session by value, and its references; from Kibana 9.2 on the tab stands there again."""
    tab = config["tabs"][0]
    source = tab["data_source"]
    search: Body = {}
    references: list[Reference] = []
    if source["type"] == "esql":
        search["query"] = {"esql": source["query"]}
        search["filter"] = []
    else:
        if source["type"] == "data_view_reference":
            references.append({"type": "index-pattern", "id": source["ref_id"], "name": INDEX})
            search["indexRefName"] = INDEX
        else:
            search["index"] = _ad_hoc(source)
        search["query"] = query_state(tab.get("query"))
        search["filter"], found = _filters(tab.get("filters", []))
        references += found
    attributes: Body = {
        **_shown(tab),
        "hideChart": False,
        "isTextBasedQuery": source["type"] == "esql",
        "kibanaSavedObjectMeta": {"searchSourceJSON": json.dumps(search, separators=(",", ":"), ensure_ascii=False)},
    }
    stored = {"title": config.get("title", ""), "description": config.get("description", ""), **attributes}
    if form.version >= (9, 2, 0):
        stored["tabs"] = [{"id": "", "label": "", "attributes": attributes}]
    return {"attributes": stored | {"references": references}}, references


def tab_of(stored: Body, ids: Lookup) -> Body | None:
    """`{tabs: [one]}` as code; None where something has no form as code."""
    attributes = stored.get("attributes") or {}
    tabs = attributes.get("tabs") or []
    if len(tabs) > 1:
        return None
    shown = tabs[0].get("attributes") or attributes if tabs else attributes
    own = {one["name"]: one["id"] for one in attributes.get("references") or ()}
    numbers = {**HEIGHTS, **PLAIN}
    if any(shown.get(numbers[key]) not in (None, AUTO) and not _within(key, shown[numbers[key]]) for key in MOST):
        return None

    def look_up(name: str) -> str | None:
        return ids(name) or own.get(name)

    text = (shown.get("kibanaSavedObjectMeta") or {}).get("searchSourceJSON") or "{}"
    try:
        search = json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return None
    query = search.get("query") or {}
    if "esql" in query:
        tab: Body = {"data_source": {"type": "esql", "query": query["esql"]}}
    else:
        source = _source(search, look_up)
        if source is None:
            return None
        tab = {"data_source": source}
        found = query_of(query)
        if found and found["expression"]:
            tab["query"] = {"language": "kql", **found}
        try:
            filters = [filter_of(one, look_up, ValueError) for one in search.get("filter") or ()]
        except ValueError:
            return None
        if filters:
            tab["filters"] = filters
    return {"tabs": [tab | _shown_of(shown, over_esql="esql" in query)]}


def stored_overrides(overrides: Body) -> Body:
    """What a session from the library shows otherwise, as Kibana stores it beside the panel's options."""
    return _shown(overrides, complete=False)


def overrides_of(stored: Body) -> Body:
    """The way back of `stored_overrides`."""
    return _shown_of(stored, complete=False)


def _shown(tab: Body, *, complete: bool = True) -> Body:
    shown: Body = {}
    if complete or "column_order" in tab:
        shown["columns"] = tab.get("column_order", [])
    if complete or "column_settings" in tab:
        shown["grid"] = {"columns": tab["column_settings"]} if tab.get("column_settings") else {}
    if complete or "sort" in tab:
        shown["sort"] = [[one["name"], one["direction"]] for one in tab.get("sort", [])]
    for key, name in HEIGHTS.items():
        if complete or key in tab:
            shown[name] = AUTO if tab.get(key, "auto") == "auto" else tab[key]
    for key, name in PLAIN.items():
        if key in tab:
            shown[name] = tab[key]
    return shown


def _shown_of(stored: Body, *, complete: bool = True, over_esql: bool = False) -> Body:
    tab: Body = {}
    if stored.get("columns") and stored["columns"] != ["_source"]:
        tab["column_order"] = list(stored["columns"])
    widths = (stored.get("grid") or {}).get("columns") or {}
    if widths:
        tab["column_settings"] = {
            name: {"width": one["width"]} if "width" in one else {} for name, one in widths.items()
        }
    sort = stored.get("sort") or []
    if sort and isinstance(sort[0], str):
        sort = [sort]
    if sort:
        tab["sort"] = [{"name": one[0], "direction": one[1] if len(one) > 1 else "desc"} for one in sort]
    for key, name in HEIGHTS.items():
        value = stored.get(name)
        if value not in (None, AUTO) and _within(key, value):
            tab[key] = value
        elif value == AUTO and not complete:
            tab[key] = "auto"
    for key, name in PLAIN.items():
        value = stored.get(name)
        left = over_esql and key in ("rows_per_page", "sample_size", "view_mode")
        if (
            value is not None
            and _within(key, value)
            and not left
            and not (complete and (key, value) == ("view_mode", "documents"))
        ):
            tab[key] = value
    return tab


def _within(key: str, value: Any) -> bool:
    if key not in MOST:
        return True
    low, high = MOST[key]
    return isinstance(value, int | float) and low <= value <= high


def _ad_hoc(source: Body) -> Body:
    view = ad_hoc_view(source)
    kept: Body = {"title": view["title"]} | ({"timeFieldName": source["time_field"]} if "time_field" in source else {})
    return kept | {key: view[key] for key in ("runtimeFieldMap", "fieldFormats", "fieldAttrs") if view.get(key)}


def _source(search: Body, ids: Lookup) -> Body | None:
    if "indexRefName" in search:
        view = ids(search["indexRefName"])
        return {"type": "data_view_reference", "ref_id": view} if view else None
    index = search.get("index")
    if isinstance(index, str):
        return {"type": "data_view_reference", "ref_id": index}
    if isinstance(index, dict) and index.get("title"):
        if any(index.get(key) for key in ("runtimeFieldMap", "fieldFormats", "fieldAttrs")):
            return None
        time = {"time_field": index["timeFieldName"]} if index.get("timeFieldName") else {}
        return {"type": "data_view_spec", "index_pattern": index["title"], **time}
    return None


def _filters(filters: list[Body]) -> tuple[list[Body], list[Reference]]:
    stored, references = [], []
    for position, one in enumerate(filters):
        made = stored_filter(one)
        if "index" in made["meta"]:
            name = f"kibanaSavedObjectMeta.searchSourceJSON.filter[{position}].meta.index"
            references.append({"type": "index-pattern", "name": name, "id": made["meta"].pop("index")})
            made["meta"]["indexRefName"] = name
        stored.append(made)
    return stored, references
