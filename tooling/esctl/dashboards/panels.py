"""Panels as code → panels of a dashboard saved object, and their references.

Charts keep the stored type `lens` and Vega the type `visualization` in every version: each Kibana from 8 on reads them,
while their newer names are known to the newest only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import vega
from .charts import chart_attributes, unsupported_in_chart
from .form import Form, given
from .placement import Placed, panel_title

SUPPORTED = ("vis", "markdown", "vega")
OWN_KEYS = ("title", "description", "hide_title", "hide_border", "time_range", "drilldowns")
"""Keys of a chart's config that belong to the panel, not to the chart."""

Reference = dict[str, str]


def unsupported_in_panel(panel: dict[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Path (below the panel) and name of each part of a valid panel that is not converted yet."""
    kind, config = panel["type"], panel.get("config", {})
    if kind not in SUPPORTED:
        yield ("type",), f'panel type "{kind}"'
    elif kind == "markdown":
        if "ref_id" in config:
            yield ("config", "ref_id"), "a markdown panel from the library"
    elif kind == "vis" and "ref_id" not in config:
        yield from ((("config", *path), name) for path, name in unsupported_in_chart(config))
    else:
        for key in ("drilldowns", "references"):
            if key in config:
                yield ("config", key), f'"{key}" of a panel'


def stored_panel(placed: Placed, form: Form) -> tuple[dict[str, Any], list[Reference]]:
    """The panel as an entry of `panelsJSON`, and the dashboard's references for it (prefixed with the panel's id)."""
    kind, config = placed.panel["type"], placed.panel["config"]
    panel: dict[str, Any] = {"type": kind, "gridData": {**placed.grid, "i": placed.id}, "panelIndex": placed.id}
    if placed.section is not None:
        panel["gridData"]["sectionId"] = placed.section
    own = _own_options(config, form)
    references: list[Reference] = []
    if "ref_id" in config:
        panel["type"] = "visualization" if kind == "vega" else "lens"
        name = "savedObjectRef" if form.settled else f"panel_{placed.id}"
        references = [{"type": panel["type"], "id": config["ref_id"], "name": name}]
        panel["embeddableConfig"] = own
        if not form.settled:
            panel["panelRefName"] = name
    elif kind == "vis":
        panel["type"] = "lens"
        attributes = chart_attributes(config, form)
        references = attributes["references"]
        panel["embeddableConfig"] = own | {"attributes": attributes}
    elif kind == "vega":
        panel["type"] = "visualization"
        saved = vega.saved_vis(panel_title(placed.panel), config["spec"], config.get("description"))
        panel["embeddableConfig"] = own | {"savedVis": saved}
    else:
        panel |= _markdown(placed.panel, own, form)
    return panel, [reference | {"name": f"{placed.id}:{reference['name']}"} for reference in references]


def _markdown(panel: dict[str, Any], own: dict[str, Any], form: Form) -> dict[str, Any]:
    config = panel["config"]
    new_tab = config.get("settings", {}).get("open_links_in_new_tab", True)
    if form.settled:
        settings = {"open_links_in_new_tab": new_tab}
        return {"type": "markdown", "embeddableConfig": own | {"content": config["content"], "settings": settings}}
    params = {"fontSize": 12, "openLinksInNewTab": new_tab, "markdown": config["content"]}
    saved = {"title": panel_title(panel), "type": "markdown", "params": params, "uiState": {}}
    return {"type": "visualization", "embeddableConfig": own | {"savedVis": vega.by_value(saved)}}


def _own_options(config: dict[str, Any], form: Form) -> dict[str, Any]:
    if form.settled:
        options = {key: config[key] for key in OWN_KEYS if key in config}
    else:
        options = given(
            config,
            title="title",
            description="description",
            hide_title="hidePanelTitles",
            hide_border="hideBorder",
            time_range="timeRange",
        )
    for key in ("time_range", "timeRange"):
        if key in options:
            # Kibana does not keep `mode`: what the bounds say decides.
            options[key] = {"from": options[key]["from"], "to": options[key]["to"]}
    return options
