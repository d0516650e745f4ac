"""One form for the attributes of a Lens chart, whichever Kibana kept them: before 8.6, before 9.4, from 9.4 on, ours.

What only repeats a default or a text that Kibana computes is left out, old names become new ones, layers and columns
are called as they would be if the chart were written from code. Two charts that draw the same compare equal.
"""

from __future__ import annotations

from typing import Any

from .ad_hoc import ad_hoc_view, view_source
from .charts import VISUALIZATIONS
from .colors_tidy import tidy_colors
from .columns_of import Inexpressible
from .columns_tidy import tidy_column
from .esql import esql_view
from .filters_tidy import tidy_filters
from .formula import hidden_behind
from .lens_state import ANNOTATION_REFERENCE, LAYER_REFERENCE, LensState

Body = dict[str, Any]

HEAD = (
    "type",
    "version",
    "sharingSavedObjectProps",
    "savedObjectId",
    "references",
    "state",
    "uiStateJSON",
    "expression",
)
"""Keys of attributes that say nothing about the chart, or that are looked at one by one."""
FIRST_METRIC = "lnsMetric"
LEGACY_METRIC = "lnsLegacyMetric"
_VIEW_DEFAULTS: Body = {
    "sourceFilters": [], "fieldFormats": {}, "runtimeFieldMap": {}, "fieldAttrs": {}, "allowNoIndex": False,
    "allowHidden": False, "typeMeta": None, "managed": False,
}  # fmt: skip
_IDS = ("columnId", "layerId", "forAccessor", "trendlineLayerId", "annotationGroupRef", "metrics", "primaryGroups",
        "secondaryGroups")  # fmt: skip
_KEYED = ("collapseFns", "colorsByDimension")


class Normal:
    """The normal form of attributes, and what was read on the way: the config as code (None where there is none)."""

    def __init__(self, attributes: Body, references: list[dict[str, str]] | None = None) -> None:
        whole: dict[str, str] = {"name": "", "id": ""}  # what a reference always has
        given = [whole | one for one in attributes.get("references") or ()]
        names = {one["name"] for one in given}
        given += [whole | one for one in references or () if one.get("name") not in names]
        self.config: Body | None = None
        self.extra: list[dict[str, str]] = []
        # A chart that cannot be read is compared as it stands.
        self.attributes = {key: value for key, value in attributes.items() if key != "type"} | {"references": given}
        state = attributes.get("state")
        if not isinstance(state, dict):
            return
        kind = attributes.get("visualizationType")
        seen = {key: value for key, value in (state.get("visualization") or {}).items() if key != "title"}
        if kind == FIRST_METRIC and "accessor" in seen and "metricAccessor" not in seen:
            # Before 8.3 this name was the older chart's.
            kind = LEGACY_METRIC
            seen = {"textAlign": "center", "titlePosition": "bottom", "size": "xl"} | seen
        head = {key: value for key, value in attributes.items() if key not in HEAD and value not in ("", None)}
        filters, used = tidy_filters(state.get("filters") or [], {one["name"]: one["id"] for one in given})
        old = "indexpattern" in (state.get("datasourceStates") or {})
        layers = _layers(state.get("datasourceStates") or {}, before_8_6=old)
        self._opened: Body = {
            **head,
            "visualizationType": kind,
            "version": attributes.get("version"),
            "references": given,
            "state": {
                "datasourceStates": layers,
                "visualization": tidy_colors(seen, layers, settled=attributes.get("version") is not None),
                "filters": filters,
                "query": _query(state.get("query")),
                "internalReferences": state.get("internalReferences") or [],
                "adHocDataViews": state.get("adHocDataViews") or {},
            },
        }
        module = VISUALIZATIONS.get(str(kind))
        lens = LensState(self._opened)
        if module is not None:
            try:
                seen = module.tidy(self._opened["state"]["visualization"], self._opened)
                self._opened["state"]["visualization"] = lens.visualization = seen
                self.config = module.read(lens)
            except (Inexpressible, KeyError, IndexError, TypeError, AttributeError, ValueError):
                self.config = None
        if self.config is not None:
            self.attributes = self._renamed(lens, used)

    def _renamed(self, lens: LensState, used: set[str]) -> Body:
        state, names = self._opened["state"], lens.layer_names
        forms, texts = lens.form_layers, lens.text_layers
        views: Body = {}
        view_ids: dict[str, str] = {}
        by_name: dict[str, dict[str, str]] = {one["name"]: one for one in self._opened["references"]}
        references: list[dict[str, str]] = []
        internal: list[dict[str, str]] = []
        for id_, name in names.items():
            for prefix in (LAYER_REFERENCE, ANNOTATION_REFERENCE):
                old = f"{prefix}{id_}"
                if old in lens.internal:
                    view = lens.views.get(lens.internal[old]) or {}
                    query = ((texts.get(id_) or {}).get("query") or {}).get("esql")
                    new = _view_id(view, query)
                    view_ids[lens.internal[old]] = new
                    views[new] = _view(view)
                    internal.append({"type": "index-pattern", "id": new, "name": f"{prefix}{name}"})
                elif old in by_name:
                    references.append(by_name[old] | {"name": f"{prefix}{name}"})
            group = f"ref-{id_}"
            if group in by_name:
                references.append(by_name[group] | {"name": f"ref-{name}"})
            elif id_ in forms and f"{LAYER_REFERENCE}{id_}" not in lens.internal | by_name.keys():
                pattern = forms[id_].get("indexPatternId")
                if isinstance(pattern, str) and pattern not in lens.views:
                    references.append({"type": "index-pattern", "id": pattern, "name": f"{LAYER_REFERENCE}{name}"})
        taken = {
            f"{prefix}{id_}" for id_ in (*forms, *texts, *names) for prefix in (LAYER_REFERENCE, ANNOTATION_REFERENCE)
        }
        taken |= {f"ref-{id_}" for id_ in names} | used
        self.extra = [
            one
            for one in self._opened["references"]
            if one["name"] not in taken
            and not one["name"].startswith(("indexpattern-datasource-", "xy-visualization-"))
        ]
        columns = lens.column_names
        layers: Body = {}
        for id_, name in names.items():
            if id_ in forms:
                layers.setdefault("formBased", {"layers": {}})["layers"][name] = _form_layer(
                    forms[id_], columns.get(id_, {}), names
                )
            elif id_ in texts:
                layers.setdefault("textBased", {"layers": {}})["layers"][name] = _text_layer(
                    texts[id_], columns.get(id_, {})
                )
        mapped = {old: new for renames in columns.values() for old, new in renames.items()}
        found = {key: value for key, value in self._opened.items() if key != "version"}
        kept = {key: value for key, value in state.items() if value}
        kept |= {"datasourceStates": layers, "visualization": _ids(state["visualization"], names, mapped)}
        kept |= {"internalReferences": internal, "adHocDataViews": views}
        if texts:
            kept.pop("query", None)
        return found | {
            "version": 2,
            "references": references + _filter_references(state["filters"]) + self.extra,
            "state": {key: value for key, value in kept.items() if value},
        }


def normal_attributes(attributes: Body, references: list[dict[str, str]] | None = None) -> Body:
    """The comparable form of a chart's attributes; idempotent. `references`: of a chart that stands on its own."""
    return Normal(attributes, references).attributes


def _layers(states: Body, *, before_8_6: bool) -> Body:
    forms: Body = {}
    texts: Body = {}
    for key in ("indexpattern", "formBased"):
        for id_, layer in ((states.get(key) or {}).get("layers") or {}).items():
            forms[id_] = _opened_form(layer, before_8_6=before_8_6)
    for id_, layer in ((states.get("textBased") or {}).get("layers") or {}).items():
        if id_ not in forms or layer.get("columns"):
            texts[id_] = dict(layer)
            if not (forms.get(id_) or {}).get("columns"):
                forms.pop(id_, None)
    texts = {id_: layer for id_, layer in texts.items() if layer.get("columns") or layer.get("query")}
    return {"formBased": {"layers": forms}, "textBased": {"layers": texts}}


def _opened_form(layer: Body, *, before_8_6: bool) -> Body:
    columns = layer.get("columns") or {}
    hidden = hidden_behind(columns)
    kept = {id_: tidy_column(column, old=before_8_6) for id_, column in columns.items() if id_ not in hidden}
    order = [id_ for id_ in layer.get("columnOrder") or () if id_ in kept]
    order += [id_ for id_ in kept if id_ not in order]
    return {**layer, "columns": kept, "columnOrder": order}


def _form_layer(layer: Body, names: dict[str, str], layers: dict[str, str]) -> Body:
    columns: Body = layer["columns"]
    # A metric that nothing shows and nothing refers to draws nothing.
    meant = set(names) | {id_ for column in columns.values() for id_ in _meant(column)}
    columns = {id_: column for id_, column in columns.items() if id_ in meant or column.get("isBucketed")}
    buckets = [id_ for id_ in layer["columnOrder"] if id_ in columns and columns[id_].get("isBucketed")]
    places = {id_: place for place, id_ in enumerate(names)}
    metrics = sorted(
        (id_ for id_ in columns if id_ not in buckets),
        key=lambda id_: (str(names.get(id_, id_)).endswith("_reference"), places.get(id_, len(places))),
    )
    found = {key: value for key, value in layer.items() if key not in ("incompleteColumns", "indexPatternId")}
    if found.get("sampling", 1) == 1:
        found.pop("sampling", None)
    if not found.get("ignoreGlobalFilters"):
        found.pop("ignoreGlobalFilters", None)
    if "linkToLayers" in found:
        found["linkToLayers"] = [layers.get(one, one) for one in found["linkToLayers"] or ()]
        if not found["linkToLayers"]:
            del found["linkToLayers"]
    found["columnOrder"] = [names.get(id_, id_) for id_ in buckets + metrics]
    found["columns"] = {names.get(id_, id_): _column(columns[id_], names) for id_ in buckets + metrics}
    return found


def _meant(column: Body) -> list[str]:
    order = (column.get("params") or {}).get("orderBy") or {}
    return [*(column.get("references") or ()), *([order["columnId"]] if "columnId" in order else [])]


def _column(column: Body, names: dict[str, str]) -> Body:
    column = {key: value for key, value in column.items() if key != "dataType"}
    if column.get("references"):
        column["references"] = [names.get(id_, id_) for id_ in column["references"]]
    order = (column.get("params") or {}).get("orderBy") or {}
    if order.get("columnId") in names:
        column["params"] = column["params"] | {"orderBy": order | {"columnId": names[order["columnId"]]}}
    return column


def _text_layer(layer: Body, names: dict[str, str]) -> Body:
    columns = []
    for state in layer.get("columns") or ():
        if state["columnId"] not in names:
            continue
        column = {key: value for key, value in state.items() if key not in ("columnId", "meta", "inMetricDimension")}
        name = names.get(state["columnId"], state["columnId"])
        if not column.get("customLabel"):
            column.pop("label", None)
            column.pop("customLabel", None)
        if not column.get("params"):
            column.pop("params", None)
        kind = (state.get("meta") or {}).get("type")
        if name.endswith("_x") and kind in ("date", "number"):
            column["meta"] = {"type": kind}
        columns.append({"columnId": name} | column)
    query = str((layer.get("query") or {}).get("esql", ""))
    view = esql_view(query)
    found = {key: value for key, value in layer.items() if key not in ("index", "allColumns", "errors", "table")}
    if found.get("timeField") in (None, "@timestamp", view.get("timeFieldName")):
        found.pop("timeField", None)
    if not found.get("ignoreGlobalFilters"):
        found.pop("ignoreGlobalFilters", None)
    places = {name: place for place, name in enumerate(names.values())}
    return found | {"columns": sorted(columns, key=lambda one: places[one["columnId"]])}


def _view_id(view: Body, query: str | None) -> str:
    if query is not None:
        return str(esql_view(query)["id"])
    return str(ad_hoc_view(view_source(view))["id"])


def _view(view: Body) -> Body:
    found = {key: value for key, value in view.items() if key not in ("id", "version", "namespaces", "fields")}
    if found.get("name") in (found.get("title"), "", None):
        found.pop("name", None)
    attributes = {
        name: {key: value for key, value in words.items() if key != "count"}
        for name, words in (found.get("fieldAttrs") or {}).items()
    }
    found["fieldAttrs"] = {name: words for name, words in attributes.items() if words}
    if found.get("type") == "esql":
        found.pop("timeFieldName", None)  # follows from the query
    return {
        key: value
        for key, value in found.items()
        if value not in (None, "") and not (key in _VIEW_DEFAULTS and value == _VIEW_DEFAULTS[key])
    }


def _query(query: Any) -> Any:
    if isinstance(query, dict) and not query.get("query") and "esql" not in query:
        return None if query.get("language", "kuery") == "kuery" or not query.get("query") else query
    return query


def _filter_references(filters: list[Body]) -> list[dict[str, str]]:
    views = dict.fromkeys(one["meta"]["index"] for one in filters if "index" in one.get("meta", {}))
    ids = [str(view).removeprefix("filter-ref-") for view in views]
    return [{"type": "index-pattern", "name": f"filter-ref-{id_}", "id": id_} for id_ in ids]


def _ids(value: Any, layers: dict[str, str], columns: dict[str, str]) -> Any:
    """The visualization with its layers and columns renamed, wherever Lens keeps their ids."""
    if isinstance(value, list):
        return [_ids(one, layers, columns) for one in value]
    if not isinstance(value, dict):
        return value
    found: Body = {}
    for key, item in value.items():
        if key in _KEYED and isinstance(item, dict):
            found[key] = {columns.get(id_, id_): one for id_, one in item.items()}
        elif key in _IDS or key.lower().endswith(("accessor", "accessors")):
            found[key] = _id(item, layers, columns)
        else:
            found[key] = _ids(item, layers, columns)
    return found


def _id(item: Any, layers: dict[str, str], columns: dict[str, str]) -> Any:
    if isinstance(item, list):
        return [_id(one, layers, columns) for one in item]
    if not isinstance(item, str):
        return item
    if "---" in item:
        *values, id_ = item.split("---")
        return "---".join([*values, columns.get(id_, id_)])
    if item.startswith("ref-") and item[4:] in layers:
        return f"ref-{layers[item[4:]]}"
    return columns.get(item) or layers.get(item, item)
