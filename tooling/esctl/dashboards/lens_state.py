"""The attributes of a Lens visualization, opened to be read chart by chart: layers, columns, data sources.

While a chart is read, each of its layers and columns is given the id that it would have if it were written from code:
`names` says which; `lens_normal` renames by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .ad_hoc import view_source
from .columns import REFERRING
from .columns_of import Body, Inexpressible, bucket_of, metric_of
from .esql import text_column_of

LAYER_REFERENCE = "indexpattern-datasource-layer-"
ANNOTATION_REFERENCE = "xy-visualization-layer-"


class LayerState:
    """One layer, opened."""

    def __init__(self, chart: LensState, id_: str, name: str) -> None:
        self.id, self.name, self.chart = id_, name, chart
        self.esql: str | None = None
        form, text = chart.form_layers.get(id_), chart.text_layers.get(id_)
        if form is not None:
            self.state: Body = form
            self.columns: dict[str, Body] = form.get("columns") or {}
        elif text is not None:
            self.state = text
            self.columns = {one["columnId"]: one for one in text.get("columns") or ()}
            self.esql = str((text.get("query") or {}).get("esql", ""))
        else:
            raise Inexpressible("one of its layers is missing")
        chart.layer_names[id_] = name

    def claim(self, id_: str, name: str) -> Body:
        """The column, which is called `name` from now on."""
        if id_ not in self.columns:
            raise Inexpressible(f'the column "{id_}" is missing')
        self.chart.column_names.setdefault(self.id, {})[id_] = name
        return self.columns[id_]

    def metric(self, id_: str, name: str) -> Body:
        """The operation of a metric column."""
        column = self.claim(id_, name)
        if self.esql is not None:
            return text_column_of(column)
        if column.get("isBucketed"):
            raise Inexpressible("a bucket stands where a metric is expected")
        behind = None
        if column.get("operationType") in REFERRING and column.get("references"):
            behind = self.claim(column["references"][0], f"{name}_reference")
        return metric_of(column, behind)

    def bucket(self, id_: str, name: str, metrics: Sequence[str]) -> Body:
        """The operation of a bucket column, which may be ranked by one of `metrics` (ids as they are stored)."""
        column = self.claim(id_, name)
        if self.esql is not None:
            return text_column_of(column)
        if not column.get("isBucketed"):
            raise Inexpressible("a metric stands where a bucket is expected")
        return bucket_of(column, metrics)

    def bucketed(self, id_: str) -> bool:
        """True for a bucket of a layer over a data view."""
        return bool(self.columns.get(id_, {}).get("isBucketed"))

    def order(self) -> list[str]:
        """Ids of the columns in the order in which they nest."""
        if self.esql is not None:
            return list(self.columns)
        order = [id_ for id_ in self.state.get("columnOrder") or () if id_ in self.columns]
        return order + [id_ for id_ in self.columns if id_ not in order]

    def sorted(self, ids: Sequence[str]) -> list[str]:
        """Ids in the order of the columns: it is the layer that decides how a chart lists them."""
        places = {id_: place for place, id_ in enumerate(self.order())}
        return sorted(ids, key=lambda id_: places.get(id_, len(places)))

    def settings(self) -> Body:
        """The data source, sampling and whether global filters are ignored."""
        if self.esql is not None:
            found: Body = {"data_source": {"type": "esql", "query": self.esql}}
        else:
            found = {"data_source": self.chart.source(f"{LAYER_REFERENCE}{self.id}", self.state)}
            found |= {"sampling": self.state["sampling"]} if self.state.get("sampling", 1) != 1 else {}
        return found | ({"ignore_global_filters": True} if self.state.get("ignoreGlobalFilters") else {})


class LensState:
    """The attributes of a chart, opened. `references` are those of the chart, without a panel's prefix."""

    def __init__(self, attributes: Body) -> None:
        self.attributes = attributes
        state = attributes["state"]
        datasources = state.get("datasourceStates") or {}
        self.form_layers: dict[str, Body] = (datasources.get("formBased") or {}).get("layers") or {}
        self.text_layers: dict[str, Body] = (datasources.get("textBased") or {}).get("layers") or {}
        self.visualization: Body = state.get("visualization") or {}
        self.ids = {one["name"]: one["id"] for one in attributes.get("references") or ()}
        self.internal = {one["name"]: one["id"] for one in state.get("internalReferences") or ()}
        self.views: dict[str, Body] = state.get("adHocDataViews") or {}
        self.layer_names: dict[str, str] = {}
        self.column_names: dict[str, dict[str, str]] = {}

    def layer(self, id_: Any, name: str) -> LayerState:
        """The layer of this id, which is called `name` from now on. Raises Inexpressible where it is missing."""
        return LayerState(self, str(id_), name)

    def source(self, reference: str, layer: Body) -> Body:
        """The data source behind the name of a reference."""
        if reference in self.internal:
            view = self.views.get(self.internal[reference])
            if view is None:
                raise Inexpressible("the data view of one of its layers is missing")
            return view_source(view)
        if reference in self.ids:
            return {"type": "data_view_reference", "ref_id": self.ids[reference]}
        if isinstance(layer.get("indexPatternId"), str) and layer["indexPatternId"] not in self.views:
            return {"type": "data_view_reference", "ref_id": layer["indexPatternId"]}
        if isinstance(layer.get("indexPatternId"), str):
            return view_source(self.views[layer["indexPatternId"]])
        raise Inexpressible("one of its layers has no data view")
