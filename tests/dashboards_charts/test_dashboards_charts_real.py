"""Charts as older Kibanas stored them, other ids and old names: read as code, the rest in `raw`, nothing changes."""

import copy
import importlib.util
import json
from pathlib import Path

import pytest
import yaml

from esctl.dashboards import check_dashboard
from esctl.dashboards.charts import chart_attributes, chart_of
from esctl.dashboards.form import Form
from esctl.dashboards.lens_normal import normal_attributes

STORED = yaml.safe_load((Path(__file__).parent / "stored.yaml").read_text(encoding="utf-8"))
FORMS = {"8.19": Form((8, 19, 0)), "9.5": Form((9, 5, 0))}
TOOL = Path(__file__).parents[2] / "tooling" / "dashboards" / "real.py"


@pytest.mark.parametrize("case", STORED, ids=[case["name"] for case in STORED])
def test_a_stored_chart(case):
    attributes, references = case["stored"], case.get("references", [])
    before = copy.deepcopy(attributes)
    config, left = chart_of(attributes, references)
    assert attributes == before
    assert left == case.get("left", {})
    if "config" in case:
        assert config == case["config"]
    whole = config | ({"raw": left} if left else {})
    panel = {"type": "vis", "config": whole}
    assert list(check_dashboard({"title": "t", "panels": [panel]})) == []
    for form in FORMS.values():
        assert normal_attributes(chart_attributes(whole, form)) == normal_attributes(attributes, references)


def test_the_count(tmp_path):
    spec = importlib.util.spec_from_file_location("real", TOOL)
    real = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(real)
    panels, references = [], []
    for n, case in enumerate(STORED):
        panels.append({"type": "lens", "panelIndex": str(n), "embeddableConfig": {"attributes": case["stored"]}})
        references += [{**one, "name": f"{n}:{one['name']}"} for one in case.get("references", [])]
    saved = {"type": "dashboard", "attributes": {"panelsJSON": json.dumps(panels)}, "references": references}
    (tmp_path / "one.json").write_text(json.dumps(saved), encoding="utf-8")
    kinds, left = real.count(tmp_path)
    assert sum(kind["all"] for kind in kinds.values()) == len(STORED)
    assert sum(kind["whole"] for kind in kinds.values()) == len([one for one in STORED if one.get("whole")])
    assert left
