"""Charts as code against the Lens attributes that they should become, case by case, in both forms, and back."""

import copy
from pathlib import Path

import pytest
import yaml

from esctl.dashboards import check_dashboard
from esctl.dashboards.charts import CHARTS, chart_attributes
from esctl.dashboards.form import Form

CASES = {path.stem: path for path in sorted((Path(__file__).parent / "converted").glob("*.yaml"))}
FORMS = {"8.19": Form((8, 19, 0)), "9.5": Form((9, 5, 0))}
ELSEWHERE = {"pie"}
"""Charts whose cases are whole panels: tests/cases/dashboard/converted."""


def case_of(name):
    return yaml.safe_load(CASES[name].read_text(encoding="utf-8"))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", CASES)
def test_a_chart_becomes(name, form):
    case = case_of(name)
    config = copy.deepcopy(case["config"])
    assert list(check_dashboard({"title": "t", "panels": [{"type": "vis", "config": config}]})) == []
    assert chart_attributes(config, FORMS[form]) == case[form]
    assert config == case["config"], "the chart was changed"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", CASES)
def test_its_ids_hold_together(name, form):
    """Columns stand in their order once, buckets first; what is referred to is there."""
    state = case_of(name)[form]["state"]
    references = {one["name"] for one in case_of(name)[form]["references"] + state["internalReferences"]}
    for id_, layer in state["datasourceStates"].get("formBased", {"layers": {}})["layers"].items():
        assert f"indexpattern-datasource-layer-{id_}" in references
        assert layer["columnOrder"] == list(layer["columns"])
        bucketed = [layer["columns"][column]["isBucketed"] for column in layer["columnOrder"]]
        assert bucketed == sorted(bucketed, reverse=True)
        for column in layer["columns"].values():
            assert set(column.get("references", ())) <= layer["columns"].keys()
    for layer in state["datasourceStates"].get("textBased", {"layers": {}})["layers"].values():
        assert layer["index"] in state["adHocDataViews"]
    assert {one["id"] for one in state["internalReferences"]} == state["adHocDataViews"].keys()


def test_every_chart_has_a_case():
    assert {case_of(name)["config"]["type"] for name in CASES} == CHARTS.keys() - ELSEWHERE
