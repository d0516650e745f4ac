"""What esctl wrote as a saved object comes back as code that becomes the same saved object, in both forms of Kibana."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "dashboards"))

from as_code_samples import sample

from esctl.cli.invocation import Invocation
from esctl.dashboards import (
    NotAsCode,
    as_code_of,
    check_dashboard,
    check_visualization,
    decode,
    normal_form,
    to_saved_objects,
    visualization_object,
)
from esctl.kinds.saved_objects import envelope

ROOT = Path(__file__).parents[2]
VERSIONS = {"8.19": (8, 19, 0), "9.5": (9, 5, 0)}
versions = pytest.mark.parametrize("version", VERSIONS)


def form(saved: dict[str, Any]) -> str:
    return json.dumps(normal_form(envelope(decode(saved))), sort_keys=True)


def there_and_back(spec: dict[str, Any], version: str) -> None:
    (saved,) = to_saved_objects(spec, id="d", version=VERSIONS[version])
    back = as_code_of(decode(saved), VERSIONS[version])
    assert list(check_dashboard(back)) == []
    (again,) = to_saved_objects(back, id="d", version=VERSIONS[version])
    assert form(again) == form(saved)


@versions
@pytest.mark.parametrize("kind", ["metric", "pie", "data_table", "xy"])
@pytest.mark.parametrize("seed", range(25))
def test_a_random_chart_comes_back(kind: str, seed: int, version: str) -> None:
    chance = random.Random(f"{kind}{seed}")
    while True:  # some samples break a rule that the schema does not hold
        config = sample({"$ref": f"#/$defs/chart_{kind}_dsl"}, chance)
        spec = {"title": "t", "panels": [{"type": "vis", "id": "p", "grid": {"x": 0, "y": 0}, "config": config}]}
        if not list(check_dashboard(spec)):
            break
    there_and_back(spec, version)


@versions
@pytest.mark.parametrize("seed", range(10))
def test_a_random_dashboard_comes_back(seed: int, version: str) -> None:
    chance = random.Random(seed)
    spec = {key: sample({"$ref": f"#/$defs/{key}"}, chance) for key in ("options", "query", "time_range")}
    note = {"type": "markdown", "config": {"content": "a", "title": "b"}}
    spec |= {
        "title": "t",
        "description": "what it is",
        "refresh_interval": {"pause": False, "value": 60000},
        "tags": ["one", "two"],
        "filters": [sample({"$ref": "#/$defs/filter"}, chance) for _ in range(3)],
        "pinned_panels": [sample({"$ref": "#/$defs/pinned_options_list_control"}, chance)],
        "panels": [note, {"title": "s", "id": "s", "grid": {"y": 20}, "collapsed": True, "panels": [note]}],
    }
    there_and_back(spec, version)


@versions
def test_the_repositorys_own_dashboard_comes_back(version: str) -> None:
    invocation = Invocation(project=ROOT, environ={})
    charted = [r for r in invocation.loaded.resources if r.address.kind == "dashboard"]
    assert charted
    for resource in charted:
        there_and_back(resource.spec, version)


def test_a_library_chart_and_vega_come_back() -> None:
    for spec in (
        {"type": "metric", "title": "N", "data_source": {"type": "data_view_reference", "ref_id": "v"}, "metrics": [{"type": "primary", "operation": "count"}]},
        {"type": "vega", "title": "V", "spec": {"$schema": "https://vega.github.io/schema/vega-lite/v5.json", "mark": "bar"}},
        {"type": "vega", "title": "V", "spec": "{\n  // by hand\n  $schema: https://vega.github.io/schema/vega/v5.json\n}"},
    ):  # fmt: skip
        assert list(check_visualization(spec)) == []
        saved = visualization_object(spec, id="v")
        assert as_code_of(decode(saved)) == spec


def test_what_has_no_form_is_named() -> None:
    classic = {"type": "visualization", "id": "x", "attributes": {"title": "x", "visState": {"type": "heatmap"}}}
    with pytest.raises(NotAsCode, match="heatmap"):
        as_code_of(classic)
    panel = {"type": "map", "panelIndex": "m", "gridData": {"x": 0, "y": 0, "w": 1, "h": 1}, "embeddableConfig": {}}
    board = {"type": "dashboard", "id": "d", "attributes": {"title": "d", "panelsJSON": [panel]}, "references": []}
    (back,) = as_code_of(board)["panels"]
    assert back["type"] == "raw"
    assert back["config"] == {"panel": {"type": "map", "embeddableConfig": {}}}
