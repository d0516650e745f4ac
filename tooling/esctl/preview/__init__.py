"""Pictures of dashboards: saved objects → searches → charts → SVG, PNG, HTML. Pure: no HTTP, no files.

dashboard = read_dashboard(exported, "sales")
chart = answered(panel_chart(panel, dashboard, dashboard_scope(dashboard)), ask)      # `ask` sends the questions
content = dashboard_picture(dashboard, drawn_panels(dashboard, ask), "png", Options())
"""

from .asking import Ask, Asking, Question, answered, side_by_side
from .charts import Chart, LegendItem, lens_chart, undrawn
from .controls import control_filter, control_filters, dashboard_scope, variables_of
from .dashboard import Control, Dashboard, Grid, Panel, Section, data_view_of, read_dashboard
from .drawing import dashboard_picture, drawn_panel, drawn_panels, panel_picture, warm_up
from .filters import Scope, TimeRange, phrase_filter, phrases_filter, scope_query
from .kql import kql_query
from .lens import DataView, Lens, read_lens
from .panel import lens_tables, panel_chart
from .picture.dashboard import Options
from .picture.panel import Drawn
from .rows import Table, lens_rows
from .sample import Wishes, documents, wishes
from .search import Search, bounds_requests, lens_requests, read_bounds
from .theme import vega_config
from .vega import VegaReady, VegaSearch, parse_vega, vega_filled, vega_ready

__all__ = [
    "Ask",
    "Asking",
    "Chart",
    "Control",
    "Dashboard",
    "DataView",
    "Drawn",
    "Grid",
    "LegendItem",
    "Lens",
    "Options",
    "Panel",
    "Question",
    "Scope",
    "Search",
    "Section",
    "Table",
    "TimeRange",
    "Wishes",
    "VegaReady",
    "VegaSearch",
    "answered",
    "bounds_requests",
    "control_filter",
    "control_filters",
    "dashboard_picture",
    "dashboard_scope",
    "data_view_of",
    "documents",
    "drawn_panel",
    "drawn_panels",
    "kql_query",
    "lens_chart",
    "lens_requests",
    "lens_rows",
    "lens_tables",
    "panel_chart",
    "panel_picture",
    "parse_vega",
    "phrase_filter",
    "phrases_filter",
    "read_bounds",
    "read_dashboard",
    "read_lens",
    "scope_query",
    "side_by_side",
    "warm_up",
    "wishes",
    "undrawn",
    "variables_of",
    "vega_config",
    "vega_filled",
    "vega_ready",
]
