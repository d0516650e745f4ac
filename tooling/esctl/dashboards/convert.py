"""A dashboard or visualization as code → the saved objects that Kibana imports."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from . import vega
from .charts import chart_attributes
from .controls import controls
from .filters import dashboard_filters
from .form import Form, Version, given, query_state
from .left_over import patched
from .panels import lacking as lacking_in_panel
from .panels import stored_panel
from .placement import Path, flattened, place
from .saved_object import encode

SavedObject = dict[str, Any]
CORE_VERSION = "8.8.0"
TYPE_VERSIONS = {"dashboard": "8.9.0", "visualization": "8.5.0", "lens": "8.9.0", "index-pattern": "8.0.0"}
"""Old on purpose: every later Kibana migrates an object forward, none takes one from its future."""
SECTIONS_VERSION = "10.3.0"
"""The first model version of dashboards that holds sections."""
ROUTING_VERSION = "10.4.0"
"""The first that holds `projectRouting`."""
SINCE: dict[str, tuple[str, Version]] = {
    "access_control": ("access control", (9, 4, 0)),
    "project_routing": ("project routing", (9, 4, 0)),
    "esql_approximation": ("approximation of ES|QL", (9, 6, 0)),
}
OPTIONS = {
    "hide_panel_titles": ("hidePanelTitles", False),
    "use_margins": ("useMargins", True),
    "sync_colors": ("syncColors", False),
    "sync_cursor": ("syncCursor", True),
    "sync_tooltips": ("syncTooltips", False),
    "hide_panel_borders": ("hidePanelBorders", False),
    "auto_apply_filters": ("autoApplyFilters", True),
    "show_hint_bar": ("showHintBar", True),
}


def to_saved_objects(
    spec: dict[str, Any], *, id: str, version: Version, context: object | None = None
) -> list[SavedObject]:
    """The saved objects of a dashboard as Kibana imports them: JSON that it keeps as text is text."""
    return [encode(dashboard_object(spec, id=id, version=version))]


def dashboard_object(spec: dict[str, Any], *, id: str, version: Version) -> SavedObject:
    """The decoded saved object of a dashboard.

    `spec` is the body of Kibana's Dashboards API (with `vega` and `raw` panels) and has passed `check_dashboard`;
    `version` is the Kibana that will read it, which is known to have all that is written (`lacking`).
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
        "panelsJSON": panels,
        "optionsJSON": _options(spec.get("options", {}), form),
        "kibanaSavedObjectMeta": {"searchSourceJSON": {"query": query_state(spec.get("query")), "filter": filters}},
        **_time(spec),
        **given(spec, project_routing="projectRouting", esql_approximation="isApproximate"),
        **control_attributes,
    }
    stamp = TYPE_VERSIONS["dashboard"]
    if placement.sections and form.sections:
        stamp = SECTIONS_VERSION
        attributes["sections"] = [
            {"title": section.title, "collapsed": section.collapsed, "gridData": {"y": section.y, "i": section.id}}
            for section in placement.sections
        ]
    if "project_routing" in spec:
        stamp = ROUTING_VERSION
    if "raw" in spec:
        attributes = patched({"attributes": attributes}, spec["raw"])["attributes"]
    made = _object("dashboard", id, attributes, references, stamp)
    if spec.get("access_control", {}).get("access_mode", "default") != "default":
        made["accessControl"] = {"accessMode": spec["access_control"]["access_mode"]}
    return made | ({"managed": True} if spec.get("managed") else {})


def compiled(type: str, id: str, spec: dict[str, Any], version: Version = (9, 5, 0)) -> SavedObject:
    """The saved object, as Kibana exports one, that a dashboard or chart shown by Kibana's API as code stands for."""
    if type == "dashboard":
        return encode(dashboard_object(spec, id=id, version=version))
    return visualization_object(spec, id=id)


def lacking(spec: dict[str, Any], version: Version) -> Iterator[tuple[Path, str, Version]]:
    """Path, name, and first Kibana of each thing in a dashboard that a Kibana of this version does not have."""
    for key, (name, since) in SINCE.items():
        if key in spec and version < since:
            yield (key,), name, since
    if "show_hint_bar" in spec.get("options", {}) and version < (9, 6, 0):
        yield ("options", "show_hint_bar"), "the option show_hint_bar", (9, 6, 0)
    for placed in place(spec).all():
        for path, name, since in lacking_in_panel(placed.panel, version):
            yield (*placed.path, *path), name, since
    for n, control in enumerate(spec.get("pinned_panels", ())):
        if control["config"].get("values_source") == "esql" and version < (9, 5, 0):
            yield ("pinned_panels", n, "config", "values_source"), "a control over ES|QL values", (9, 5, 0)


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
        made = _object("visualization", id, attributes, [], TYPE_VERSIONS["visualization"])
        return made | ({"managed": True} if spec.get("managed") else {})
    chart = chart_attributes({key: value for key, value in spec.items() if key != "managed"}, Form((8, 19, 0)))
    references = chart.pop("references")
    chart.pop("type", None)
    made = _object("lens", id, {"description": ""} | chart, references, TYPE_VERSIONS["lens"])
    return made | ({"managed": True} if spec.get("managed") else {})


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
    if "show_hint_bar" not in options:
        del state["showHintBar"]
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
