"""Pictures of dashboards: saved objects → searches → charts. Pure: no HTTP, no files.

dashboard = read_dashboard(exported, "sales")
lens = read_lens(panel.definition, data_views=dashboard.data_views)
searches = lens_requests(lens, scope)          # send them
chart = lens_chart(lens, lens_rows(lens, searches, answers))
"""

from .charts import Chart, LegendItem, lens_chart, undrawn
from .dashboard import Control, Dashboard, Grid, Panel, Section, data_view_of, read_dashboard
from .filters import Scope, TimeRange, phrase_filter, phrases_filter, scope_query
from .kql import kql_query
from .lens import DataView, Lens, read_lens
from .rows import Table, lens_rows
from .search import Search, bounds_requests, lens_requests, read_bounds
from .theme import vega_config
from .vega import VegaReady, VegaSearch, parse_vega, vega_filled, vega_ready

__all__ = [
    "Chart",
    "Control",
    "Dashboard",
    "DataView",
    "Grid",
    "LegendItem",
    "Lens",
    "Panel",
    "Scope",
    "Search",
    "Section",
    "Table",
    "TimeRange",
    "VegaReady",
    "VegaSearch",
    "bounds_requests",
    "data_view_of",
    "kql_query",
    "lens_chart",
    "lens_requests",
    "lens_rows",
    "parse_vega",
    "phrase_filter",
    "phrases_filter",
    "read_bounds",
    "read_dashboard",
    "read_lens",
    "scope_query",
    "undrawn",
    "vega_config",
    "vega_filled",
    "vega_ready",
]
