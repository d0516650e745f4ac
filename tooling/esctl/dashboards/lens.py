"""A chart as code → the attributes of a Lens visualization: envelope, data source, references, filters, query."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .columns import Column
from .filters import chart_filters
from .form import Form, query_state

LAYER = "layer_0"
"""Id of the only layer of every chart but xy."""


class LensDocument:
    """Collects the layers of one chart while a chart module builds it, and their references."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.layers: dict[str, dict[str, Any]] = {}
        self.references: list[dict[str, str]] = []
        self.internal_references: list[dict[str, str]] = []
        self.ad_hoc: dict[str, dict[str, Any]] = {}

    def add_layer(
        self,
        layer_id: str,
        data_source: dict[str, Any],
        columns: Mapping[str, Column],
        settings: Mapping[str, Any],
    ) -> None:
        """Add a layer whose columns nest in the order given; `settings` carries `sampling` and global filters."""
        self.layers[layer_id] = {
            "sampling": settings.get("sampling", 1),
            "ignoreGlobalFilters": settings.get("ignore_global_filters", False),
            "columnOrder": list(columns),
            "columns": dict(columns),
        }
        self._refer(data_source, f"indexpattern-datasource-layer-{layer_id}")

    def _refer(self, data_source: dict[str, Any], name: str) -> None:
        if data_source["type"] == "data_view_reference":
            self.references.append({"type": "index-pattern", "id": data_source["ref_id"], "name": name})
            return
        view = ad_hoc_view(data_source)
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
        return attributes | {
            "references": self.references + filter_references,
            "state": {
                "datasourceStates": {"formBased": {"layers": self.layers}},
                "visualization": visualization,
                "filters": filters,
                "query": query_state(config.get("query")),
                "internalReferences": self.internal_references,
                "adHocDataViews": self.ad_hoc,
            },
        }


def ad_hoc_view(data_source: dict[str, Any]) -> dict[str, Any]:
    """The data view that a `data_view_spec` stands for; its time field is `@timestamp` where none is given."""
    pattern, time_field = data_source["index_pattern"], data_source.get("time_field", "@timestamp")
    return {
        "id": f"{pattern}-{time_field}",
        "title": pattern,
        "name": pattern,
        "timeFieldName": time_field,
        "sourceFilters": [],
        "fieldFormats": {},
        "runtimeFieldMap": {},
        "fieldAttrs": {},
        "allowNoIndex": False,
        "allowHidden": False,
    }
