"""update-matrix.yaml: every setting of every kind says whether it changes in place, with a stop, or by a new one."""

from __future__ import annotations

import copy
import json
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml

from esctl.kinds import registry
from esctl.kinds.base import Context
from esctl.model import Address, Capabilities, Live

MATRIX = yaml.safe_load((Path(__file__).parent / "update-matrix.yaml").read_text(encoding="utf-8"))
SCHEMA = json.loads((resources.files("esctl.kinds") / "data" / "schema" / "ml.json").read_text(encoding="utf-8"))
CASES = [
    pytest.param(name, setting, id=f"{name}: {setting['path']} {n}")
    for name, entry in MATRIX.items()
    for n, setting in enumerate(entry["settings"])
]
NOW = Capabilities()


def changed(body: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    body = copy.deepcopy(body)
    *parents, last = path.split(".")
    target: Any = body
    for key in parents:
        target = target[int(key)] if isinstance(target, list) else target.setdefault(key, {})
    if value is None:
        del target[last]
    else:
        target[last] = value
    return body


@pytest.mark.parametrize(("name", "setting"), CASES)
def test_a_setting(name: str, setting: dict[str, Any]) -> None:
    kind = registry()["ml-anomaly-job" if name == "datafeed" else name]
    base = MATRIX["ml-anomaly-job" if name == "datafeed" else name]["base"]
    path = f"datafeed.{setting['path']}" if name == "datafeed" else setting["path"]
    before, after = base, changed(base, path, setting["to"])
    cost = kind.cost(kind.normalise(before, NOW), kind.normalise(after, NOW), NOW)
    assert str(cost.consequence) == setting["cost"], cost.words
    if setting["cost"] == "irreversible":
        return
    key = setting.get("update")
    there, rendered = copy.deepcopy(before), after
    if kind.name == "ml-anomaly-job":  # open, and its datafeed runs
        there |= {"job_id": "x", "state": "opened", "datafeed": {**there["datafeed"], "state": "started"}}
        rendered = {**after, "job_id": "x"}
    if kind.name == "ml-data-frame-analytics":
        there["observed"] = {"runs": True}
    address = Address(kind.name, "x")
    requests = kind.write(address, rendered, Live(address, there), Context("p", NOW))
    told = [request.body or {} for request in requests if request.path.endswith("/_update")]
    assert requests
    if key is not None:
        assert any(key in body for body in told), [str(request) for request in requests]


@pytest.mark.parametrize("name", MATRIX)
def test_what_an_update_body_takes_is_not_made_anew(name: str) -> None:
    entry = MATRIX[name]
    costs = {setting.get("update"): setting["cost"] for setting in entry["settings"]}
    for key in entry["update"]:
        expected = {"irreversible"} if key in entry.get("refused", {}) else {"instant", "restart"}
        if key == "job_id":
            assert key not in costs  # the document's own id: it cannot be written
        else:
            assert costs[key] in expected, key


@pytest.mark.parametrize("name", MATRIX)
def test_no_setting_of_the_specification_is_left_out(name: str) -> None:
    schema = SCHEMA["$defs"]["ml._types.DatafeedConfig"] if name == "datafeed" else SCHEMA["kinds"][name]
    written = {setting["path"].split(".")[0] for setting in MATRIX[name]["settings"]}
    beside = {"job_id", "filter_id", "calendar_id", "aggs", "state", "start", "end"}
    assert set(schema["properties"]) - beside <= written | {"analysis_config", "analysis_limits", "data_description"}
    below = {
        "analysis_config": "AnalysisConfig",
        "analysis_limits": "AnalysisLimits",
        "data_description": "DataDescription",
    }
    for key, definition in below.items() if name == "ml-anomaly-job" else ():
        paths = {setting["path"] for setting in MATRIX[name]["settings"]}
        for part in SCHEMA["$defs"][f"ml._types.{definition}"]["properties"]:
            assert any(path.startswith(f"{key}.{part}") for path in paths), f"{key}.{part}"
    detectors = {
        setting["path"].rpartition(".")[2] for setting in MATRIX[name]["settings"] if ".detectors." in setting["path"]
    }
    if name == "ml-anomaly-job":
        assert set(SCHEMA["$defs"]["ml._types.Detector"]["properties"]) - detectors == {"detector_index"}
