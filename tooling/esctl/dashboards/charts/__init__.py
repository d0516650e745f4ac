"""Charts as code ↔ Lens: one module for each of its visualizations, holding what the schema cannot say about it.

A chart module has `VISUALIZATION` (Lens' name), `CHART` or `CHARTS` (as code), `build(config, document)`, which adds
layers to the document and returns Lens' `visualization`; `tidy(visualization, attributes)`, which makes one form of the
many in which Kibanas have kept it; and `read(state)`, the way back, which reads what is tidy.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from ..form import Form
from ..left_over import Raw, patched
from ..lens import LensDocument
from . import data_table, gauge, heatmap, legacy_metric, metric, partition, region_map, tag_cloud, xy

CHARTS: dict[str, ModuleType] = {
    **{
        module.CHART: module
        for module in (xy, metric, legacy_metric, gauge, heatmap, tag_cloud, region_map, data_table)
    },
    **{name: partition for name in partition.CHARTS},
}
"""Modules by the names of charts as code."""
VISUALIZATIONS: dict[str, ModuleType] = {module.VISUALIZATION: module for module in CHARTS.values()}
"""Modules by Lens' names."""
WHOLE = "raw"
"""The type of a chart of which nothing can be said as code: its `raw` holds Lens' attributes."""


def chart_attributes(config: dict[str, Any], form: Form) -> dict[str, Any]:
    """The attributes of the Lens visualization that a chart's `config` stands for; its `raw` is applied last."""
    raw = config.get("raw")
    if config["type"] == WHOLE:
        attributes: dict[str, Any] = {"references": [], **(raw or {})}
    else:
        module = CHARTS[config["type"]]
        document = LensDocument(form)
        visualization = module.build(config, document)
        attributes = document.attributes(config, module.VISUALIZATION, visualization)
    extra = config.get("references")
    if extra:
        names = {one["name"] for one in attributes["references"]}
        more = [one for one in extra if one["name"] not in names]
        attributes = {**attributes, "references": attributes["references"] + more}
    return patched(attributes, raw) if raw and config["type"] != WHOLE else attributes


def chart_of(attributes: dict[str, Any], references: list[dict[str, str]]) -> tuple[dict[str, Any], Raw]:
    """The config of a chart, and what is left over: what the config cannot say, to be kept as its `raw`.

    Where nothing can be said, the config is of type `raw`, and what is left over is all there is.

    `references` are those of the chart (without a panel's prefix); those that `attributes` has come first. With the
    second in `raw`, `chart_attributes` gives attributes whose normal form is that of what was given, whatever it was.
    """
    from ..lens_read import read_chart

    return read_chart(attributes, references)
