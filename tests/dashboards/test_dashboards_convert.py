"""Dashboards as code against the saved objects they should become, case by case, in both forms."""

import copy
import json
from pathlib import Path

import pytest
import yaml

from esctl.dashboards import check_dashboard, decode, encode, to_saved_objects, visualization_object
from esctl.dashboards.placement import place

CASES = sorted((Path(__file__).parents[1] / "cases" / "dashboard" / "converted").glob("*.yaml"))
VERSIONS = {"8.19": (8, 19, 0), "9.5": (9, 5, 0)}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("path", CASES, ids=[path.stem for path in CASES])
def test_a_dashboard_becomes(path, version):
    case = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert list(check_dashboard(case["written"])) == []
    before = copy.deepcopy(case["written"])
    (saved,) = to_saved_objects(case["written"], id="d", version=VERSIONS[version])
    assert case["written"] == before, "the specification was changed"
    decoded = decode(saved)
    if "panel" in case[version]:
        assert decoded["attributes"]["panelsJSON"] == [case[version]["panel"]]
        assert decoded["references"] == case["references"]
    else:
        expected = {"type": "dashboard", "id": "d"} | case[version]
        assert decoded == expected
    assert encode(decoded) == saved
    for key in ("panelsJSON", "optionsJSON"):
        assert isinstance(saved["attributes"][key], str)


def test_panels_keep_their_ids_when_they_move():
    panels = [{"type": "vis", "config": {"type": "pie", "title": title}} for title in ("A", "B", "A", "Ü")]
    ids = {id(one.panel): one.id for one in place({"panels": panels}).all()}
    moved = {id(one.panel): one.id for one in place({"panels": [panels[3], panels[1], panels[0], panels[2]]}).all()}
    assert ids == moved
    assert list(ids.values())[:3] == ["vis-a", "vis-b", "vis-a-2"]


def test_panels_without_a_grid_flow_below_the_rest():
    panels = [
        {"type": "markdown", "grid": {"x": 0, "y": 0, "w": 48, "h": 5}, "config": {"content": "a"}},
        *({"type": "vis", "config": {"type": "metric"}} for _ in range(5)),
    ]
    grids = [one.grid for one in place({"panels": panels}).all()]
    assert grids[1:5] == [{"x": x, "y": 5, "w": 12, "h": 8} for x in (0, 12, 24, 36)]
    assert grids[5] == {"x": 0, "y": 13, "w": 12, "h": 8}


def test_sections_are_flattened_for_a_kibana_without_them():
    note = {"type": "markdown", "config": {"content": "a"}}
    spec = {
        "title": "t",
        "panels": [
            note | {"id": "top", "grid": {"x": 0, "y": 0, "w": 48, "h": 5}},
            {
                "title": "S",
                "grid": {"y": 5},
                "panels": [note | {"id": "in", "grid": {"x": 0, "y": 0, "w": 48, "h": 7}}],
            },
            note | {"id": "below", "grid": {"x": 0, "y": 6, "w": 48, "h": 5}},
        ],
    }
    panels = decode(to_saved_objects(spec, id="d", version=(8, 19, 0))[0])["attributes"]["panelsJSON"]
    assert {panel["panelIndex"]: panel["gridData"]["y"] for panel in panels} == {"top": 0, "in": 5, "below": 13}


def test_every_reference_of_a_chart_is_repeated_by_the_dashboard():
    for path in CASES:
        case = yaml.safe_load(path.read_text(encoding="utf-8"))
        for version in VERSIONS.values():
            decoded = decode(to_saved_objects(case["written"], id="d", version=version)[0])
            names = {(one["name"], one["id"]) for one in decoded["references"]}
            for panel in decoded["attributes"]["panelsJSON"]:
                for one in panel["embeddableConfig"].get("attributes", {}).get("references", []):
                    assert (f"{panel['panelIndex']}:{one['name']}", one["id"]) in names


def test_column_ids_hold_together():
    """Every accessor names a column, every column stands in the order once, buckets come first."""
    for path in CASES:
        case = yaml.safe_load(path.read_text(encoding="utf-8"))
        for version in VERSIONS.values():
            for panel in decode(to_saved_objects(case["written"], id="d", version=version)[0])["attributes"][
                "panelsJSON"
            ]:
                state = panel["embeddableConfig"].get("attributes", {}).get("state")
                if not state:
                    continue
                columns = {}
                for layer in state["datasourceStates"]["formBased"]["layers"].values():
                    assert layer["columnOrder"] == list(layer["columns"])
                    bucketed = [layer["columns"][name]["isBucketed"] for name in layer["columnOrder"]]
                    assert bucketed == sorted(bucketed, reverse=True)
                    columns |= layer["columns"]
                text = json.dumps(state["visualization"])
                assert all(json.dumps(name) in text for name in columns)


def test_a_library_visualization():
    spec = {"$schema": "https://vega.github.io/schema/vega/v5.json", "marks": []}
    saved = visualization_object({"type": "vega", "title": "V", "spec": spec}, id="v")
    state = json.loads(saved["attributes"]["visState"])
    assert (saved["type"], state["type"], json.loads(state["params"]["spec"])) == ("visualization", "vega", spec)
    text = "{ // a comment\n  $schema: https://vega.github.io/schema/vega/v5.json\n}"
    saved = visualization_object({"type": "vega", "title": "V", "spec": text}, id="v")
    assert json.loads(saved["attributes"]["visState"])["params"]["spec"] == text
    chart = yaml.safe_load(CASES[0].read_text(encoding="utf-8"))["written"]["panels"][0]["config"]
    saved = visualization_object(chart | {"title": "T"}, id="l")
    assert saved["type"] == "lens"
    assert saved["references"][0]["name"] == "indexpattern-datasource-layer-layer_0"
    assert {"title", "visualizationType", "state"} <= saved["attributes"].keys()
    assert "references" not in saved["attributes"]
