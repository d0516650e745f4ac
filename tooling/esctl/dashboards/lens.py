"""A chart as code → the attributes of a Lens visualization: envelope, layers, data sources, references, filters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .ad_hoc import ad_hoc_view
from .buckets import bucket_column
from .colors import numeric_mapping
from .columns import Column, metric_columns
from .esql import esql_view, text_column
from .filters import chart_filters
from .form import Form, query_state

__all__ = ["LAYER", "Layer", "LensDocument", "ad_hoc_view"]

LAYER = "layer_0"
"""Id of the only layer of every chart but xy."""


class Layer:
    """One layer of a chart while it is built: columns nest in the order in which they are added."""

    def __init__(self, form: Form, settings: dict[str, Any]) -> None:
        self.form, self.settings = form, settings
        source = settings.get("data_source") or {}
        self.esql: str | None = source["query"] if source.get("type") == "esql" else None
        self.columns: dict[str, Column] = {}
        self.hidden: dict[str, Column] = {}
        self.time_field = source.get("time_field", "@timestamp")

    def metric(self, id_: str, metric: dict[str, Any]) -> None:
        """Add a metric; what it refers to stands, hidden, behind all columns that are seen."""
        if self.esql is not None:
            self.columns[id_] = text_column(id_, metric, "number")
        else:
            self.columns[id_], hidden = metric_columns(id_, metric, self.form, self.time_field)
            self.hidden |= hidden

    def bucket(self, id_: str, bucket: dict[str, Any], metrics: Sequence[str], kind: str = "string") -> None:
        """Add a bucket, which may be ranked by one of `metrics`; `kind` is what a column of ES|QL holds."""
        if self.esql is not None:
            if not self.form.settled and numeric_mapping(bucket.get("color")):
                kind = "number"  # the old colour rules hold text: what the column holds says what is meant
            self.columns[id_] = text_column(id_, bucket, kind)
        else:
            self.columns[id_] = bucket_column(bucket, metrics, self.form)

    def state(self) -> dict[str, Any]:
        """The layer as a `formBased` or `textBased` datasource keeps it."""
        ignore = self.settings.get("ignore_global_filters", False)
        if self.esql is None:
            columns = self.columns | self.hidden
            sampling = self.settings.get("sampling", 1)
            order = list(columns)
            return {"sampling": sampling, "ignoreGlobalFilters": ignore, "columnOrder": order, "columns": columns}
        view = esql_view(self.esql)
        layer: dict[str, Any] = {"index": view["id"], "query": {"esql": self.esql}}
        if "timeFieldName" in view:
            layer["timeField"] = view["timeFieldName"]
        listed = list(self.columns.values())
        if not self.form.settled:
            layer["allColumns"] = listed  # Kibana 8 takes the names of columns from here
        return layer | {"columns": listed, "ignoreGlobalFilters": ignore}


class LensDocument:
    """Collects the layers of one chart while a chart module builds it, and their references."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.layers: dict[str, Layer] = {}
        self.links: dict[str, list[str]] = {}
        self.references: list[dict[str, str]] = []
        self.internal_references: list[dict[str, str]] = []
        self.ad_hoc: dict[str, dict[str, Any]] = {}

    def layer(self, id_: str, settings: dict[str, Any], *, linked_to: str | None = None) -> Layer:
        """A layer over the data source in `settings`, which carries `sampling` and `ignore_global_filters`, too."""
        layer = self.layers[id_] = Layer(self.form, settings)
        if linked_to:
            self.links[id_] = [linked_to]
        self.refer(settings["data_source"], f"indexpattern-datasource-layer-{id_}")
        return layer

    def refer(self, data_source: dict[str, Any], name: str) -> None:
        """A reference of this name to the data view, or to the one written in place."""
        if data_source["type"] == "data_view_reference":
            self.references.append({"type": "index-pattern", "id": data_source["ref_id"], "name": name})
            return
        view = esql_view(data_source["query"]) if data_source["type"] == "esql" else ad_hoc_view(data_source)
        self.ad_hoc[view["id"]] = view
        self.internal_references.append({"type": "index-pattern", "id": view["id"], "name": name})

    def attributes(self, config: dict[str, Any], chart: str, visualization: dict[str, Any]) -> dict[str, Any]:
        """`{title, visualizationType, references, state, …}` of the whole chart."""
        filters, filter_references = chart_filters(config.get("filters", []))
        attributes: dict[str, Any] = {"title": config.get("title", "")}
        if "description" in config:
            attributes["description"] = config["description"]
        attributes |= {"type": "lens", "visualizationType": chart}
        if self.form.settled:
            attributes["version"] = 2
        query = next((layer.esql for layer in self.layers.values() if layer.esql is not None), None)
        return attributes | {
            "references": self.references + filter_references,
            "state": {
                "datasourceStates": self._datasources(),
                "visualization": visualization,
                "filters": filters,
                "query": {"esql": query} if query is not None else query_state(config.get("query")),
                "internalReferences": self.internal_references,
                "adHocDataViews": self.ad_hoc,
            },
        }

    def _datasources(self) -> dict[str, Any]:
        states: dict[str, dict[str, Any]] = {}
        for id_, layer in self.layers.items():
            state = layer.state()
            if id_ in self.links:
                state["linkToLayers"] = self.links[id_]
            states.setdefault("formBased" if layer.esql is None else "textBased", {})[id_] = state
        return {key: {"layers": layers} for key, layers in (states or {"formBased": {}}).items()}
