"""Panels of a dashboard saved object → as code: the way back of `panels`, from whichever form a Kibana stored.

`content_of` is exact: it gives None where something in a panel has no form as code.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from . import vega
from .controls import DATA_VIEW, OLD_TYPES, control_config
from .controls import DEFAULTS as CONTROLS
from .discover import overrides_of, stored_overrides, tab_of
from .drilldowns import drilldowns_of
from .links import links_of
from .panels import LIBRARY
from .plain_panels import PLAIN, plain_of

Body = dict[str, Any]
Lookup = Callable[[str], str | None]

TYPES = {
    "lens": "vis", "legacy_vis": "visualization", "legacy_visualization": "visualization", "search": "discover_session",
    "DASHBOARD_MARKDOWN": "markdown",
    **{old: new for new, old in OLD_TYPES.items()},
    **{plain.stored: kind for kind, plain in PLAIN.items()},
    "slo": "slo_overview",
}  # fmt: skip
"""Names of a panel's type, by the name it has as code; a classic visualization is `visualization`."""
PANEL_OPTIONS = {"hidePanelTitles": "hide_title", "hideBorder": "hide_border", "timeRange": "time_range"}
OWN = ("title", "description", "hide_title", "hide_border", "time_range")
FLAGS = ("hide_title", "hide_border")
EMPTY_ENHANCEMENTS: tuple[Body, ...] = ({}, {"dynamicActions": {"events": []}})
VIS_KEYS = {"title", "description", "type", "params", "uiState", "data", "id"}
MARKDOWN_PARAMS = {"fontSize", "openLinksInNewTab", "markdown"}


def lookup(references: list[Body]) -> Lookup:
    """Gives the id that a reference of this name leads to."""
    ids = {str(one.get("name")): str(one.get("id")) for one in references}
    return ids.get


def references_of(panel: Body, saved: Body) -> list[Body]:
    """The references of one panel, without its id. Before 7.13 they had no id before them: those that it names."""
    prefix, named = f"{panel.get('panelIndex')}:", panel.get("panelRefName")
    references = saved.get("references") or ()
    own = [
        {**one, "name": str(one["name"]).removeprefix(prefix)}
        for one in references
        if str(one.get("name", "")).startswith(prefix) or (named and one.get("name") == named)
    ]
    if own or not references or not panel.get("embeddableConfig"):
        return own
    said = set(_texts(panel["embeddableConfig"]))
    found = {str(one.get("name")): one for one in references if one.get("name") in said}
    return list(found.values())


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def typed(panel: Body, saved: Body) -> Body:
    """The panel with its type: that of what it shows from the library where it says none itself, as older ones do."""
    if panel.get("type"):
        return panel
    name = panel.get("panelRefName")
    shown = [one.get("type") for one in references_of(panel, saved) if name and one.get("name") == name]
    return {**panel, "type": shown[0] if shown else "visualization"}


def kind_of(panel: Body) -> str:
    """The type of a stored panel, as it is called as code."""
    stored = str(panel.get("type"))
    return TYPES.get(stored, stored)


def options_of(panel: Body, references: list[Body]) -> tuple[Body, Body]:
    """A panel's own options as code, drilldowns among them; and what else its `embeddableConfig` holds."""
    stored = dict(panel.get("embeddableConfig") or {})
    config = {key: value for key, value in stored.items() if key not in PANEL_OPTIONS}
    for old, new in PANEL_OPTIONS.items():
        if old in stored:
            config.setdefault(new, stored[old])
    if "title" in panel:
        config.setdefault("title", panel["title"])
    if config.get("enhancements") in EMPTY_ENHANCEMENTS:
        del config["enhancements"]
    own = {key: config.pop(key) for key in OWN if key in config}
    for flag in FLAGS:
        if own.get(flag) is False:
            del own[flag]
    if isinstance(own.get("time_range"), dict):
        own["time_range"] = {key: own["time_range"].get(key) for key in ("from", "to")}
    drilldowns = drilldowns_of(config, lookup(references))
    if drilldowns is not None:
        config.pop("enhancements", None)
        config.pop("drilldowns", None)
        if drilldowns:
            own["drilldowns"] = drilldowns
    return own, config


def library_id(panel: Body, references: list[Body]) -> str | None:
    """The id of the saved object that a panel from the library shows."""
    ids = lookup(references)
    if panel.get("panelRefName"):
        return ids(str(panel["panelRefName"]))
    return ids("savedObjectRef")


def content_of(panel: Body, rest: Body, references: list[Body]) -> tuple[str, Body, Body] | None:
    """`(type, config, left)`: what a panel shows, as code, apart from its own options and from charts.

    `rest` is what `options_of` left of its `embeddableConfig`; `left` what even then has no place in `config`. None
    where the panel has no form as code, or is a chart by value.
    """
    kind, ids = kind_of(panel), lookup(references)
    target = library_id(panel, references)
    if target is not None and kind in (*LIBRARY, "visualization"):
        kind = "vega" if kind == "visualization" else kind
        overrides: Body = {}
        left = {key: value for key, value in rest.items() if key not in ("savedVis", "attributes", "savedObjectId")}
        if kind == "discover_session":
            found = overrides_of(left)
            overrides = {key: left.pop(key) for key in ("selected_tab_id",) if key in left}
            overrides |= {"overrides": found} if found else {}
            said = stored_overrides(found)
            left = {key: value for key, value in left.items() if said.get(key) != value}
        return kind, {"ref_id": target} | overrides, left
    if kind in PLAIN:
        return kind, plain_of(kind, rest, ids), {}
    if kind in CONTROLS:
        config = control_config(kind, rest, ids(DATA_VIEW.get(kind, "")))
        return None if config is None else (kind, config, {})
    if kind == "image":
        image = _image(rest)
        return None if image is None else (kind, image, {})
    if kind == "links":
        links = links_of(rest, ids)
        left = {key: value for key, value in rest.items() if key not in ("attributes", "layout", "links")}
        return None if links is None else (kind, links, left)
    if kind == "discover_session":
        tab = tab_of(rest, ids)
        left = {key: value for key, value in rest.items() if key != "attributes"}
        return None if tab is None else (kind, tab, left)
    if kind == "markdown" and isinstance(rest.get("content"), str):
        left = {key: value for key, value in rest.items() if key not in ("content", "settings")}
        return kind, _markdown(rest["content"], rest.get("settings") or {}), left
    if kind == "visualization" and isinstance(rest.get("savedVis"), dict):
        classic = _classic(rest["savedVis"])
        left = {key: value for key, value in rest.items() if key != "savedVis"}
        return None if classic is None else (classic[0], classic[1], left)
    return None


def _classic(vis: Body) -> tuple[str, Body] | None:
    """Vega and old Markdown by value; None for every other classic visualization, and for what they cannot say."""
    params = vis.get("params") or {}
    search = (vis.get("data") or {}).get("searchSource") or {}
    plain = not (vis.get("uiState") or (vis.get("data") or {}).get("aggs"))
    plain = plain and not search.get("filter") and not (search.get("query") or {}).get("query")
    plain = plain and not search.keys() - {"filter", "query"} and not vis.keys() - VIS_KEYS
    if not plain:
        return None
    called = {key: vis[key] for key in ("title", "description") if vis.get(key)}
    if vis.get("type") == "vega" and set(params) <= {"spec"}:
        return "vega", called | {"spec": vega_spec(params.get("spec", ""))}
    if vis.get("type") == "markdown" and set(params) <= MARKDOWN_PARAMS and params.get("fontSize", 12) == 12:
        links = {"open_links_in_new_tab": params.get("openLinksInNewTab", False)}
        return "markdown", called | _markdown(params.get("markdown", ""), links)
    return None


def inheriting(options: Body, config: Body) -> tuple[Body, Body]:
    """Options and config apart: a panel without a title or description shows those of what is in it.

    A title of no text is one: it shows nothing.
    """
    found = {key: config[key] for key in ("title", "description") if config.get(key)} | options
    if found.get("title") == "":
        del found["title"]
    return found, {key: value for key, value in config.items() if key not in ("title", "description")}


def vega_spec(text: str) -> Any:
    """Data where the text is what data would become; else the text, with its comments and its layout."""
    try:
        data = json.loads(text)
    except ValueError:
        return text
    return data if isinstance(data, dict) and vega.spec_text(data) == text else text


def _markdown(text: str, settings: Body) -> Body:
    config: Body = {"content": text}
    if settings.get("open_links_in_new_tab") is False:
        config["settings"] = {"open_links_in_new_tab": False}
    return config


def _image(rest: Body) -> Body | None:
    if isinstance(rest.get("image_config"), dict) and set(rest) == {"image_config"}:
        image = dict(rest["image_config"])
    elif isinstance(rest.get("imageConfig"), dict) and set(rest) == {"imageConfig"}:
        old = rest["imageConfig"]
        names = {"altText": "alt_text", "backgroundColor": "background_color"}
        source = {
            "file_id" if key == "fileId" else key: value
            for key, value in (old.get("src") or {}).items()
            if key != "fileImageMeta"
        }
        image = {"src": source, "object_fit": (old.get("sizing") or {}).get("objectFit", "contain")}
        image |= {new: old[name] for name, new in names.items() if name in old}
        if set(old) - {"src", "sizing", *names}:
            return None
    else:
        return None
    if image.get("object_fit") == "contain":
        del image["object_fit"]
    return {"image_config": image}
