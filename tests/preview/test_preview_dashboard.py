"""Dashboards as Kibana stores them, in both forms: the same panels, controls and data views come out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from dashboard_objects import GRIDS, MARKDOWN, SCATTER, TITLES, dashboard

from esctl.errors import EsctlError
from esctl.preview import Dashboard, DataView, TimeRange, read_dashboard, read_lens

BOTH = pytest.mark.parametrize("new", [True, False], ids=["9.5", "8.19"])


def stored(new: bool = True, **attributes: Any) -> list[dict[str, Any]]:
    objects = dashboard(new)
    objects[-1]["attributes"] |= attributes
    return objects


def read(objects: list[dict[str, Any]]) -> Dashboard:
    return read_dashboard(objects, "image-recognition")


@BOTH
def test_eleven_panels_and_a_control(new: bool) -> None:
    found = read(stored(new))
    assert {p.id: (p.grid.x, p.grid.y, p.grid.w, p.grid.h) for p in found.panels} == GRIDS
    assert {p.id: p.title for p in found.panels if p.title} == TITLES
    kinds = [p.kind for p in found.panels]
    assert (kinds.count("lens"), kinds.count("vega"), kinds.count("markdown"), len(kinds)) == (8, 2, 1, 11)
    panels = {p.id: p for p in found.panels}
    assert panels["scatter"].definition == {"spec": SCATTER}
    assert panels["help"].definition["content"] == MARKDOWN
    (control,) = found.controls
    assert (control.kind, control.title, control.data_view) == ("options_list_control", "Cluster", "image-data")
    assert control.settings["field_name"] == "cluster"
    assert control.settings["sort"] == {"by": "_key", "direction": "asc"}
    assert found.data_views["image-clusters"] == DataView("image-clusters", "image_clusters", "image_clusters")


@BOTH
def test_the_dashboards_reference_wins_over_the_panels(new: bool) -> None:
    objects = stored(new)
    for reference in objects[-1]["references"]:
        if reference["name"].startswith("pie:"):
            reference["id"] = "image-clusters"
    pie = next(p for p in read(objects).panels if p.id == "pie")
    assert read_lens(pie.definition).layers["layer_0"].data_view == "image-clusters"


@pytest.mark.parametrize("name", ["savedObjectRef", "panel_p1"])
def test_library_panels(name: str) -> None:
    attributes = {
        "title": "From the library",
        "visualizationType": "lnsMetric",
        "state": {
            "datasourceStates": {"formBased": {"layers": {"layer_0": {"columnOrder": [], "columns": {}}}}},
            "visualization": {"layerId": "layer_0"},
        },
    }
    link = {"type": "index-pattern", "id": "image-data", "name": "indexpattern-datasource-layer-layer_0"}
    library = {"type": "lens", "id": "shared", "attributes": attributes, "references": [link]}
    by_name = {} if name == "savedObjectRef" else {"panelRefName": name}
    panel = {"type": "lens", "panelIndex": "p1", "gridData": {"x": 0, "y": 0}, "embeddableConfig": {}, **by_name}
    objects = [library, *stored(panelsJSON=json.dumps([panel]))]
    objects[-1]["references"].append({"type": "lens", "id": "shared", "name": f"p1:{name}"})
    (found,) = read(objects).panels
    assert found.title == "From the library"
    assert read_lens(found.definition).layers["layer_0"].data_view == "image-data"
    (missing,) = read(objects[1:]).panels
    assert missing.problem == 'lens "shared" does not exist'


def test_vega_from_the_library_and_kinds_that_are_not_drawn() -> None:
    vis = {"title": "", "type": "vega", "params": {"spec": "{}"}}
    library = {"type": "visualization", "id": "v", "attributes": {"title": "V", "visState": json.dumps(vis)}}
    grid = {"x": 0, "y": 0, "w": 9, "h": 9}
    panels = [
        {"type": "visualization", "panelIndex": "v", "gridData": grid, "panelRefName": "panel_v"},
        {"type": "map", "panelIndex": "m", "gridData": grid, "embeddableConfig": {"attributes": {"title": "M"}}},
    ]
    objects = [library, *stored(panelsJSON=json.dumps(panels))]
    objects[-1]["references"].append({"type": "visualization", "id": "v", "name": "v:panel_v"})
    found = read(objects)
    assert [(p.kind, p.title) for p in found.panels] == [("vega", "V"), ("map", "M")]


def test_filters_time_options_and_sections() -> None:
    name = "kibanaSavedObjectMeta.searchSourceJSON.filter[0].meta.index"
    source = {
        "query": {"query": "a: 1", "language": "kuery"},
        "filter": [{"meta": {"indexRefName": name, "key": "a"}, "query": {"match_phrase": {"a": 1}}}],
    }
    objects = stored(
        timeRestore=True,
        timeFrom="now-7d",
        timeTo="now",
        sections=[{"title": "Details", "collapsed": True, "gridData": {"y": 6, "i": "s1"}}],
        kibanaSavedObjectMeta={"searchSourceJSON": json.dumps(source)},
    )
    objects[-1]["references"].append({"type": "index-pattern", "id": "image-data", "name": name})
    found = read(objects)
    assert found.filters[0]["meta"] == {"index": "image-data", "key": "a"}
    assert found.query == {"query": "a: 1", "language": "kuery"}
    assert found.time_range == TimeRange("now-7d", "now")
    assert [(s.id, s.title, s.y, s.collapsed) for s in found.sections] == [("s1", "Details", 6, True)]
    assert found.options["useMargins"] is True


def test_missing_and_broken_dashboards_are_one_line() -> None:
    with pytest.raises(EsctlError, match='dashboard "x" does not exist'):
        read_dashboard(stored(), "x")
    with pytest.raises(EsctlError, match="panelsJSON of the dashboard is not JSON"):
        read(stored(panelsJSON="[{"))
