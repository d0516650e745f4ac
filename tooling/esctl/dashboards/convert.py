"""A dashboard or visualization as code → the saved objects that Kibana imports."""

from __future__ import annotations

import json
from typing import Any

from . import vega
from .charts import chart_attributes
from .controls import controls
from .filters import dashboard_filters
from .form import Form, Version, query_state
from .panels import stored_panel
from .placement import flattened, place

SavedObject = dict[str, Any]
CORE_VERSION = "8.8.0"
TYPE_VERSIONS = {"dashboard": "8.9.0", "visualization": "8.5.0", "lens": "8.9.0", "index-pattern": "8.0.0"}
"""Old on purpose: every later Kibana migrates an object forward, none takes one from its future."""
SECTIONS_VERSION = "10.3.0"
"""The first model version of dashboards that holds sections."""
OPTIONS = {
    "hide_panel_titles": ("hidePanelTitles", False),
    "use_margins": ("useMargins", True),
    "sync_colors": ("syncColors", False),
    "sync_cursor": ("syncCursor", True),
    "sync_tooltips": ("syncTooltips", False),
    "hide_panel_borders": ("hidePanelBorders", False),
    "auto_apply_filters": ("autoApplyFilters", True),
}


def to_saved_objects(
    spec: dict[str, Any], *, id: str, version: Version, context: object | None = None
) -> list[SavedObject]:
    """The saved objects of a dashboard, the dashboard itself first.

    `spec` is the body of Kibana's Dashboards API (with `vega` panels) and has passed `check_dashboard`; `version` is
    the Kibana that will read it. JSON that Kibana keeps as text is text here: `saved_object.decode` opens it.
    """
    form = Form(version)
    placement = place(spec)
    references = [{"type": "tag", "id": tag, "name": f"tag-ref-{tag}"} for tag in dict.fromkeys(spec.get("tags", []))]
    panels = []
    for placed in placement.all() if form.sections else flattened(placement):
        panel, found = stored_panel(placed, form)
        panels.append(panel)
        references += found
    control_attributes, found = controls(spec, form)
    references += found
    filters, found = dashboard_filters(spec.get("filters", []))
    references += found

    attributes: dict[str, Any] = {
        "title": spec["title"],
        "description": spec.get("description", ""),
        "panelsJSON": _text(panels),
        "optionsJSON": _text(_options(spec.get("options", {}), form)),
        "kibanaSavedObjectMeta": {
            "searchSourceJSON": _text({"query": query_state(spec.get("query")), "filter": filters})
        },
        **_time(spec),
        **control_attributes,
    }
    stamp = TYPE_VERSIONS["dashboard"]
    if placement.sections and form.sections:
        stamp = SECTIONS_VERSION
        attributes["sections"] = [
            {"title": section.title, "collapsed": section.collapsed, "gridData": {"y": section.y, "i": section.id}}
            for section in placement.sections
        ]
    return [_object("dashboard", id, attributes, references, stamp)]


def visualization_object(spec: dict[str, Any], *, id: str) -> SavedObject:
    """The saved object of one library visualization: type `visualization` for Vega, `lens` for every other chart.

    A library chart is always written in the form of before 9.4: its stamp makes Kibana migrate it, and no stamp is
    known under which every later version takes the newer form.
    """
    if spec["type"] == "vega":
        state = {
            "title": spec["title"],
            "type": "vega",
            "aggs": [],
            "params": {"spec": vega.spec_text(spec["spec"])},
        }
        attributes = {
            "title": spec["title"],
            "description": spec.get("description", ""),
            "visState": _text(state),
            "uiStateJSON": "{}",
            "kibanaSavedObjectMeta": {"searchSourceJSON": _text({"query": query_state(None), "filter": []})},
        }
        return _object("visualization", id, attributes, [], TYPE_VERSIONS["visualization"])
    chart = chart_attributes(spec, Form((8, 19, 0)))
    references = chart.pop("references")
    del chart["type"]
    return _object("lens", id, {"description": ""} | chart, references, TYPE_VERSIONS["lens"])


def _object(
    kind: str, id: str, attributes: dict[str, Any], references: list[dict[str, str]], stamp: str
) -> SavedObject:
    return {
        "type": kind,
        "id": id,
        "attributes": attributes,
        "references": references,
        "coreMigrationVersion": CORE_VERSION,
        "typeMigrationVersion": stamp,
    }


def _options(options: dict[str, Any], form: Form) -> dict[str, Any]:
    state = {name: options.get(key, default) for key, (name, default) in OPTIONS.items()}
    if not form.settled:
        # Before 9.4 the choice stands in the control group, and borders cannot be hidden for a whole dashboard.
        del state["autoApplyFilters"]
        if not state["hidePanelBorders"]:
            del state["hidePanelBorders"]
    return state


def _time(spec: dict[str, Any]) -> dict[str, Any]:
    state: dict[str, Any] = {"timeRestore": "time_range" in spec}
    if "time_range" in spec:
        state |= {"timeFrom": spec["time_range"]["from"], "timeTo": spec["time_range"]["to"]}
    if "refresh_interval" in spec:
        state["refreshInterval"] = {key: spec["refresh_interval"][key] for key in ("pause", "value")}
    return state


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
