"""Links panels, both ways."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .form import Form

Body = dict[str, Any]
Reference = dict[str, str]

OPTIONS = {
    "dashboardLink": {
        "open_in_new_tab": ("openInNewTab", False),
        "use_filters": ("useCurrentFilters", True),
        "use_time_range": ("useCurrentDateRange", True),
    },
    "externalLink": {"encode_url": ("encodeUrl", True), "open_in_new_tab": ("openInNewTab", True)},
}
"""Options of each type of link: the name before 9.5, and the default."""
NEWER_TYPES = {"dashboard_link": "dashboardLink", "external_link": "externalLink"}


def stored_links(config: Body, form: Form) -> tuple[Body, list[Reference]]:
    """The part of `embeddableConfig` that holds the links, and their references to dashboards."""
    links, references = [], []
    for position, link in enumerate(config["links"]):
        kind = link["type"]
        one: Body = {"type": kind} | ({"label": link["label"]} if "label" in link else {})
        if kind == "dashboardLink":
            name = f"link_{position}_dashboard"
            one["destinationRefName"] = name
            references.append({"type": "dashboard", "id": link["destination"], "name": name})
        else:
            one["destination"] = link["destination"]
        given = link.get("options", {})
        named = form.version >= (9, 5, 0)
        one["options"] = {
            key if named else old: given.get(key, default) for key, (old, default) in OPTIONS[kind].items()
        }
        if form.version < (9, 2, 0):  # they were needed then, and mean nothing later
            one |= {"id": str(position), "order": position}
        links.append(one)
    state = ({"layout": config["layout"]} if "layout" in config else {}) | {"links": links}
    # Up to 9.1 a list by value stood under `attributes`.
    return {"attributes": state} if form.version < (9, 2, 0) else state, references


def links_of(stored: Body, ids: Callable[[str], str | None]) -> Body | None:
    """`{layout, links}` as code from any stored form; None where a link has none. Default options are left out."""
    state = stored["attributes"] if isinstance(stored.get("attributes"), dict) else stored
    links = []
    listed = state.get("links")
    if not isinstance(listed, list):
        return None
    for link in sorted(listed, key=lambda one: one.get("order", 0)):
        kind = NEWER_TYPES.get(link.get("type"), link.get("type"))
        target = ids(link["destinationRefName"]) if "destinationRefName" in link else link.get("destination")
        if kind not in OPTIONS or not isinstance(target, str):
            return None
        one: Body = {"type": kind, "destination": target} | ({"label": link["label"]} if link.get("label") else {})
        given = link.get("options") or {}
        options = {key: given.get(key, given.get(old, default)) for key, (old, default) in OPTIONS[kind].items()}
        changed = {key: value for key, value in options.items() if value != OPTIONS[kind][key][1]}
        links.append(one | ({"options": changed} if changed else {}))
    return ({"layout": state["layout"]} if state.get("layout") else {}) | {"links": links}
