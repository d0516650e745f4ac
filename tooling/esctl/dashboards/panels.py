"""Panels as code → panels of a dashboard saved object, and their references.

Stored types keep their older names (`lens`, `search`, `SLO_EMBEDDABLE`, …): each Kibana from 8 on reads them, while
their newer names are known to the newest only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import vega
from .charts import chart_attributes
from .controls import DEFAULTS as CONTROLS
from .controls import stored_control
from .discover import stored_overrides, stored_tab
from .drilldowns import stored_drilldowns
from .form import Form, Version, given
from .left_over import patched
from .links import stored_links
from .placement import Placed, panel_title
from .plain_panels import PLAIN, stored_plain

RAW = "raw"
"""Type of a panel that has no form as code: its config is what Kibana stores."""
OWN_KEYS = ("title", "description", "hide_title", "hide_border", "time_range", "drilldowns")
"""Keys of a config that belong to the panel, not to what it shows."""
LIBRARY = {"vis": "lens", "vega": "visualization", "markdown": "markdown", "discover_session": "search",
           "links": "links"}  # fmt: skip
"""Type of the saved object that a `ref_id` leads to, by the type of the panel."""

Body = dict[str, Any]
Reference = dict[str, str]


def lacking(panel: Body, version: Version) -> Iterator[tuple[tuple[str | int, ...], str, Version]]:
    """Path (below the panel), name, and first Kibana of each thing that a Kibana of this version does not have."""
    kind, config = panel["type"], panel.get("config", {})
    needs: list[tuple[tuple[str | int, ...], str, Version]] = []
    if kind in PLAIN:
        needs.append((("type",), f"a panel of type {kind}", PLAIN[kind].since))
    if kind in CONTROLS:
        needs.append((("type",), "a control among the panels", (9, 4, 0)))
    if kind == "markdown" and "ref_id" in config:
        needs.append((("config", "ref_id"), "Markdown from the library", (9, 4, 0)))
    if config.get("values_source") == "esql":
        needs.append((("config", "values_source"), "a control over ES|QL values", (9, 5, 0)))
    if "selected_tab_id" in config:
        needs.append((("config", "selected_tab_id"), "a chosen tab of a Discover session", (9, 4, 0)))
    yield from (need for need in needs if version < need[2])


def stored_panel(placed: Placed, form: Form) -> tuple[Body, list[Reference]]:
    """The panel as an entry of `panelsJSON`, and the dashboard's references for it (prefixed with the panel's id)."""
    frame: Body = {"gridData": {**placed.grid, "i": placed.id}, "panelIndex": placed.id}
    if placed.section is not None:
        frame["gridData"]["sectionId"] = placed.section
    panel, references = shown(placed.panel, placed.id, form)
    if RAW in placed.panel:
        whole = patched({"panel": panel, "references": references}, placed.panel[RAW])
        panel, references = whole["panel"], whole["references"]
    panel = {"type": panel["type"], **frame, **panel}
    return panel, [reference | {"name": f"{placed.id}:{reference['name']}"} for reference in references]


def shown(panel: Body, id: str, form: Form) -> tuple[Body, list[Reference]]:
    """`{type, embeddableConfig, …}` of a panel without its place, and its references without the panel's id."""
    kind, config = panel["type"], panel["config"]
    if kind == RAW:
        return dict(config["panel"]), list(config.get("references", ()))
    own, drilldowns = _own_options(config, form)
    stored, body, references = _content(kind, panel, form)
    made: Body = {"type": stored, "embeddableConfig": own | body}
    if "ref_id" in config:
        name = "savedObjectRef" if form.settled or kind == "markdown" else f"panel_{id}"
        references = [{"type": LIBRARY[kind], "id": config["ref_id"], "name": name}]
        if name != "savedObjectRef":
            made["panelRefName"] = name
    return made, references + drilldowns


def _content(kind: str, panel: Body, form: Form) -> tuple[str, Body, list[Reference]]:
    """The stored type, the part of `embeddableConfig` beside the panel's own options, and its references."""
    config = panel["config"]
    rest = {key: value for key, value in config.items() if key not in OWN_KEYS}
    if kind in PLAIN:
        return stored_plain(kind, rest, form)
    if kind in CONTROLS:
        # A control's title is its own.
        return kind, *stored_control(kind, config)
    if kind == "image":
        return kind, {"image_config": _image(config)} if form.settled else {"imageConfig": _old_image(config)}, []
    if "ref_id" in config:
        extra = {key: config[key] for key in ("selected_tab_id",) if key in config}
        overrides = stored_overrides(config["overrides"]) if config.get("overrides") else {}
        return LIBRARY[kind], extra | overrides, []
    if kind == "vis":
        attributes = chart_attributes({key: value for key, value in config.items() if key != "drilldowns"}, form)
        return "lens", {"attributes": attributes}, attributes["references"]
    if kind == "vega":
        saved = vega.saved_vis(panel_title(panel), config["spec"], config.get("description"))
        return "visualization", {"savedVis": saved}, []
    if kind == "links":
        return "links", *stored_links(config, form)
    if kind == "discover_session":
        return "search", *stored_tab(config, form)
    return _markdown(panel, form)


def _markdown(panel: Body, form: Form) -> tuple[str, Body, list[Reference]]:
    config = panel["config"]
    new_tab = config.get("settings", {}).get("open_links_in_new_tab", True)
    if form.settled:
        return "markdown", {"content": config["content"], "settings": {"open_links_in_new_tab": new_tab}}, []
    params = {"fontSize": 12, "openLinksInNewTab": new_tab, "markdown": config["content"]}
    saved = {"title": panel_title(panel), "type": "markdown", "params": params, "uiState": {}}
    return "visualization", {"savedVis": vega.by_value(saved)}, []


def _image(config: Body) -> Body:
    return {"object_fit": "contain"} | config["image_config"]


def _old_image(config: Body) -> Body:
    image = _image(config)
    source = dict(image["src"])
    if "file_id" in source:
        source["fileId"] = source.pop("file_id")
    old = {"src": source, "sizing": {"objectFit": image["object_fit"]}}
    return old | given(image, alt_text="altText", background_color="backgroundColor")


def _own_options(config: Body, form: Form) -> tuple[Body, list[Reference]]:
    if form.settled:
        options = {key: config[key] for key in OWN_KEYS if key in config and key != "drilldowns"}
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
    if not config.get("drilldowns"):
        return options, []
    stored, references = stored_drilldowns(config["drilldowns"], form)
    return options | stored, references
