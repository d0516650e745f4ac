"""What Kibana checks beyond its schema: each rule with a chart that keeps it and one that breaks it."""

from pathlib import Path

import pytest
import yaml
from charts_as_code import DEFINITIONS

from esctl.dashboards import check_dashboard

RULES = yaml.safe_load((Path(__file__).parent / "rules.yaml").read_text(encoding="utf-8"))
OF_DASHBOARDS = "Panels, panels within sections, the sections themselves and pinned panels together: at most 1000."


def mistakes(config):
    return list(check_dashboard({"title": "t", "panels": [{"type": "vis", "config": config}]}))


@pytest.mark.parametrize("case", RULES, ids=[(one.get("rule") or one["also"])[:50] for one in RULES])
def test_a_rule(case):
    assert mistakes(case["valid"]) == []
    (found,) = mistakes(case["invalid"])
    assert found.message == f"panel 1: {case['mistake']}"


def test_every_rule_of_the_schema_has_a_case():
    rules = {rule for definition in DEFINITIONS.values() for rule in definition.get("x-rules", ())}
    assert rules - {case.get("rule") for case in RULES} == {OF_DASHBOARDS}
    note = {"type": "markdown", "config": {"content": "a"}}
    sections = [{"title": f"S{n}", "grid": {"y": 1000 * n}, "panels": [note] * 100} for n in range(10)]
    (found,) = [one for one in check_dashboard({"title": "t", "panels": sections}) if one.path == ("panels",)]
    assert found.message == "1010 panels, sections and controls; Kibana takes 1000"
    assert not [one for one in check_dashboard({"title": "t", "panels": sections[:9]}) if one.path == ("panels",)]
