"""Lens charts, one module per type: rows in, a `Chart` out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ...errors import EsctlError
from ...model import Body
from ..lens import Lens
from ..rows import Table
from .gauge import gauge_chart
from .heatmap import heatmap_chart
from .metric import legacy_metric_chart, metric_chart
from .model import Chart, LegendItem
from .partition import partition_chart
from .region import region_chart
from .table import table_chart
from .tag_cloud import tag_cloud_chart
from .xy import xy_chart

__all__ = ["CHARTS", "Chart", "LegendItem", "lens_chart", "undrawn"]

CHARTS: Mapping[str, Callable[[Lens, Mapping[str, Table]], Chart]] = {
    "lnsMetric": metric_chart,
    "lnsDatatable": table_chart,
    "lnsPie": partition_chart,
    "lnsXY": xy_chart,
    "lnsHeatmap": heatmap_chart,
    "lnsGauge": gauge_chart,
    "lnsTagcloud": tag_cloud_chart,
    "lnsLegacyMetric": legacy_metric_chart,
    "lnsChoropleth": region_chart,
}


def lens_chart(lens: Lens, tables: Mapping[str, Table]) -> Chart:
    """Draw the rows; what cannot be drawn yet comes back as `undrawn`, with its definition."""
    draw = CHARTS.get(lens.chart)
    if draw is None:
        return undrawn(f"cannot draw {lens.chart or 'this chart'} yet", lens.visualization)
    try:
        return draw(lens, tables)
    except EsctlError as error:
        return undrawn(str(error), lens.visualization)
    except KeyError as missing:
        return undrawn(f"the chart refers to column {missing}, which its layers lack", lens.visualization)


def undrawn(reason: str, definition: Body) -> Chart:
    """A panel that says why it is not drawn, and what it would be."""
    return Chart("undrawn", {"reason": reason, "definition": definition})
