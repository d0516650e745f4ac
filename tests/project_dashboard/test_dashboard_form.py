"""The dashboard against the published format: its schema, its panels, and both forms of saved object."""

from __future__ import annotations

import io
import json
from pathlib import Path

import jinja2
import pytest
import requests
from ruamel.yaml import YAML

from esctl.dashboards.convert import to_saved_objects

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "tooling/esctl/dashboards/as_code.schema.json"
VARIANTS = [{}, {"gallery": "http"}, {"pie_ring": "file_name"}]


@pytest.mark.parametrize("variables", VARIANTS, ids=str)
def test_it_is_the_official_format(render, variables):
    import jsonschema_rs

    spec = render(**variables)["dashboard/image-recognition"]
    validator = jsonschema_rs.Draft202012Validator(json.loads(SCHEMA.read_text()))
    assert [f"{error.instance_path}: {error.message}" for error in validator.iter_errors(spec)] == []


def test_eleven_panels_and_a_pinned_control(dashboard):
    kinds = [panel["config"].get("type", panel["type"]) for panel in dashboard["panels"]]
    assert kinds == ["metric"] * 4 + ["markdown", "vega", "pie", "xy", "xy", "vega", "data_table"]
    (control,) = dashboard["pinned_panels"]
    assert control["type"] == "options_list_control" and control["config"]["field_name"] == "cluster"
    assert "time_range" not in dashboard


@pytest.mark.parametrize(
    ("version", "sandbox_version"), [((9, 5, 3), "9.5"), ((8, 19, 21), "8.19")], indirect=["sandbox_version"]
)
def test_a_kibana_of_either_form_takes_it(render, sandbox, version):
    resources = render()
    (board,) = to_saved_objects(resources["dashboard/image-recognition"], id="image-recognition", version=version)
    assert len(json.loads(board["attributes"]["panelsJSON"])) == 11
    if version[0] == 9:
        controls = board["attributes"]["pinned_panels"]["panels"]
    else:
        controls = json.loads(board["attributes"]["controlGroupInput"]["panelsJSON"])
    assert len(controls) == 1

    headers = {"kbn-xsrf": "true"}
    for id_ in ("image-data", "image-clusters"):
        view = {"data_view": resources[f"data-view/{id_}"] | {"id": id_}, "override": True}
        url = sandbox.kibana_url + "/api/data_views/data_view"
        assert requests.post(url, json=view, headers=headers, timeout=10).ok
    answer = requests.post(
        sandbox.kibana_url + "/api/saved_objects/_import?overwrite=true",
        files={"file": ("board.ndjson", json.dumps(board))},
        headers=headers,
        timeout=10,
    ).json()
    assert answer["success"], answer  # the references to both data views are found


def test_panels_neither_overlap_nor_leave_holes(dashboard):
    taken: dict[tuple[int, int], str] = {}
    for panel in dashboard["panels"]:
        grid = panel["grid"]
        assert grid["x"] + grid["w"] <= 48
        for x in range(grid["x"], grid["x"] + grid["w"]):
            for y in range(grid["y"], grid["y"] + grid["h"]):
                assert (x, y) not in taken, (panel["id"], taken[x, y])
                taken[x, y] = panel["id"]
    assert len(taken) == 48 * (1 + max(y for _, y in taken))


def test_metric_panels_read_the_newest_run_whatever_is_filtered(dashboard):
    fields = []
    for panel in dashboard["panels"][:4]:
        config = panel["config"]
        (metric,) = config["metrics"]
        assert config["ignore_global_filters"] is True
        assert (metric["operation"], metric["time_field"]) == ("last_value", "@timestamp")
        assert metric["filter"]["expression"] == "type : run"
        fields.append(metric["field"])
    assert fields == ["images", "k", "silhouette_simplified", "davies_bouldin_centroids"]


def test_every_field_is_mapped(render, dashboard):
    """A field that is written in a panel stands in the mapping of the index that the panel reads."""
    resources = render()
    images = resources["index/image_data"]["mappings"]["properties"]
    runs = resources["index/image_clusters"]["mappings"]["properties"]
    for panel in dashboard["panels"]:
        text = json.dumps(panel)
        mapped = runs if "image-clusters" in text else images
        for field in _fields(panel):
            assert field in mapped, (panel["id"], field)
    assert render()["data-view/image-data"]["title"] == "image_data"


def _fields(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("field", "time_field") and isinstance(inner, str) and "operation" in value:
                yield inner
            elif key == "fields" and "operation" in value:
                yield from inner
            elif key == "_source" and isinstance(inner, list):
                yield from inner
            else:
                yield from _fields(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _fields(inner)


def test_the_ring_of_files_is_an_option(render):
    pies = [
        next(p for p in render(**variables)["dashboard/image-recognition"]["panels"] if p["id"] == "pie")["config"]
        for variables in ({}, {"pie_ring": "file_name"})
    ]
    assert [[group["fields"] for group in pie["group_by"]] for pie in pies] == [
        [["cluster"]],
        [["cluster"], ["file_name"]],
    ]


def test_the_help_says_which_model_made_the_vectors(panels):
    assert "**efficientnet-lite0 (imagenet)**" in panels["help"]["config"]["content"]


def test_other_readers_of_jinja_and_yaml_see_the_same(dashboard):
    """Stock Jinja2 and ruamel.yaml in place of esctl's own loader."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([ROOT / "templates", ROOT / "kibana"]), trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["tojson"] = json.dumps  # Jinja2's own writes for HTML
    variables = {"gallery": "pixels", "image_url": "http://127.0.0.1:8000/", "pie_ring": ""}
    text = environment.get_template("image-recognition.yaml.j2").render(var=variables)
    document = YAML(typ="safe").load(io.StringIO(text.replace("${embedding.name}", "efficientnet-lite0 (imagenet)")))
    assert (document["kind"], document["id"]) == ("dashboard", "image-recognition")
    assert document["spec"] == dashboard
