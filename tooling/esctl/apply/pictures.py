"""Whether the charts of a dashboard or of the library find anything: their own searches, sent as Kibana would."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from ..dashboards import compiled
from ..errors import EsctlError
from ..kinds.saved_objects import EXPORT, in_space
from ..model import Address, Body, Request, Sender
from ..preview import (
    Dashboard,
    Panel,
    Question,
    Scope,
    answered,
    lens_tables,
    read_dashboard,
    read_lens,
    vega_ready,
)

KINDS = ("dashboard", "visualization")
TYPES = {"dashboard": ("dashboard",), "visualization": ("visualization", "lens")}
AS_CODE = {"dashboard": "/api/dashboards", "lens": "/api/visualizations"}
"""Where Kibana shows as code what it does not export."""
DRAWN = ("lens", "visualization", "index-pattern", "search")
ALONE = "-"
"""Id of the dashboard that stands around a single chart of the library."""


def without_rows(sender: Sender, address: Address) -> Iterator[str]:
    """A line for each chart that finds nothing, or whose search is refused. What cannot be drawn is passed over."""
    objects = _exported(sender, address)
    if address.kind == "dashboard":
        dashboard = read_dashboard(objects, address.id)
    else:
        chart = next(one for one in objects if one["id"] == address.id and one["type"] in TYPES[address.kind])
        dashboard = read_dashboard([*objects, _around(chart)], ALONE)
    scope = Scope(dashboard.filters, (dashboard.query,), dashboard.time_range)
    for panel in dashboard.panels:
        name = f'"{panel.title or panel.id}"' if address.kind == "dashboard" else "it"
        own = Scope(scope.filters, scope.queries, panel.time_range) if panel.time_range else scope
        try:
            if not _finds(sender, panel, dashboard, own):
                yield f"{name} finds no rows"
        except EsctlError as error:
            if "drawn yet" not in str(error):
                yield f"{name}: {error.problems[0].message}"


def _around(chart: Body) -> Body:
    panel = {
        "type": chart["type"],
        "panelIndex": "1",
        "panelRefName": "panel_1",
        "gridData": {"i": "1"},
        "embeddableConfig": {},
    }
    reference = {"type": chart["type"], "id": chart["id"], "name": "panel_1"}
    return {
        "type": "dashboard",
        "id": ALONE,
        "attributes": {"title": "", "panelsJSON": [panel]},
        "references": [reference],
    }


def _exported(sender: Sender, address: Address) -> list[Body]:
    """The object and all that it refers to."""
    for type_ in TYPES[address.kind]:
        found = _with_code(sender, address.space, (type_, address.id), set())
        if found:
            return found
    raise EsctlError("Kibana does not export it")


def _with_code(sender: Sender, space: str, key: tuple[str, str], seen: set[tuple[str, str]]) -> list[Body]:
    """What is exported; and what Kibana has as code only, compiled, with what that refers to."""
    body = {"objects": [{"type": key[0], "id": key[1]}], "includeReferencesDeep": True}
    answer = sender.send(Request("kibana", "POST", in_space(space, EXPORT), body=body), accept=(400,))
    if answer.status != 200:
        return []
    lines = answer.body if isinstance(answer.body, list) else [answer.body]
    found = [one for one in lines if "id" in one]
    seen |= {(one["type"], one["id"]) for one in found}
    excluded = [one for line in lines if "id" not in line for one in line.get("excludedObjects") or ()]
    for one in excluded:
        own = (one["type"], one["id"])
        if own in seen or own[0] not in AS_CODE:
            continue
        path = f"{AS_CODE[own[0]]}/{quote(own[1], safe='')}"
        shown = sender.send(Request("kibana", "GET", in_space(space, path))).body
        made = compiled(*own, shown["data"])
        found.append(made)
        seen.add(own)
        for reference in made["references"]:
            target = (reference["type"], reference["id"])
            if target not in seen and target[0] in DRAWN:
                found += _with_code(sender, space, target, seen)
    return found


def _finds(sender: Sender, panel: Panel, dashboard: Dashboard, scope: Scope) -> bool:
    """Whether the panel's searches find anything; True for what searches nothing."""

    def search(index: str, body: Body) -> Any:
        params = {"ignore_unavailable": "true", "allow_no_indices": "true"}
        return sender.send(Request("elasticsearch", "POST", f"/{quote(index, safe=',*')}/_search", params, body)).body

    if panel.kind == "vega":
        ready = vega_ready(panel.definition["spec"], scope)
        return not ready.searches or any(_hits(search(one.index, one.body)) for one in ready.searches)
    if panel.kind != "lens":
        return True
    lens = read_lens(panel.definition, data_views=dashboard.data_views)

    def answer(question: Question) -> Body:
        if question.kind == "esql":
            found: Body = sender.send(Request("elasticsearch", "POST", "/_query", body=question.body)).body
        else:
            found = search(question.index, question.body)
        return found

    tables = answered(lens_tables(lens, scope), lambda questions: [answer(question) for question in questions])
    return not tables or any(table.total and table.rows for table in tables.values())


def _hits(answer: Body) -> int:
    total = (answer.get("hits") or {}).get("total")
    return int(total["value"] if isinstance(total, dict) else total or 0)
