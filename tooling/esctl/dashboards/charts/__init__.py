"""Charts: one module each, holding what the schema cannot say about it.

A chart module has `CHART` (the as-code type), `VISUALIZATION` (Lens' name for it), `build(config, document)`, which
adds layers to the document and returns Lens' `visualization`, and `unsupported(config)`, which yields the path and name
of whatever the schema allows but `build` does not write yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..form import Form
from ..lens import LensDocument
from . import data_table, metric, pie, xy

CHARTS = {module.CHART: module for module in (metric, data_table, pie, xy)}


def chart_attributes(config: dict[str, Any], form: Form) -> dict[str, Any]:
    """The attributes of the Lens visualization that a chart's `config` stands for."""
    module = CHARTS[config["type"]]
    document = LensDocument(form)
    visualization = module.build(config, document)
    return document.attributes(config, module.VISUALIZATION, visualization)


def unsupported_in_chart(config: dict[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Path and name of each part of a valid chart that is not converted yet."""
    module = CHARTS.get(config["type"])
    if module is None:
        yield ("type",), f'chart "{config["type"]}"'
        return
    for key in ("drilldowns", "references"):
        if key in config:
            yield (key,), f'"{key}" of a chart'
    yield from module.unsupported(config)
