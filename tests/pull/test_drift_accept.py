"""`drift --accept`: the file says what the server has, and nothing else in it moves."""

from __future__ import annotations

import copy
import difflib
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from pulling import Project

from esctl.cluster import WRITING
from esctl.model import Address

FILE = """\
# All of the shop.
kind: index-template     # by kind
id: shop
spec:
  index_patterns: ["shop-*"]
  priority: 500          # above the defaults
  template:
    settings:
      index:
        number_of_shards: "3"      # one for each node
        refresh_interval: 5s
    mappings: &mapping
      dynamic: strict
      properties:
        name: {type: keyword,   ignore_above: 256}
---
kind: component-template
id: shop-extra
spec:
  template:
    mappings: &other
      properties: {sku: {type: keyword}}
  _meta: {copy: *other}
---
kind: ingest-pipeline
id: shop
spec:
  description: ${var.words}
  processors:
    # first
    - set: {field: a, value: 1}
    - set:
        field: b
        value: {$file: mappings/long.txt}
    # last
    - set: {field: "z", value: 'y'}
---
kind: index
id: shop-1
spec:
  settings: {number_of_replicas: 0}
  mappings:
    dynamic: false
    properties:
      name: {type: keyword}    # for people
"""


@pytest.fixture
def place(tmp_path: Path, fresh_sandbox) -> Project:
    project = Project(tmp_path / "project", fresh_sandbox.elasticsearch_url, fresh_sandbox.kibana_url)
    head = "name: shop\nresources: [mappings]\nvariables: {words: by hand}\n"
    (project.root / "esctl.yaml").write_text(head, encoding="utf-8")
    (project.root / "mappings/long.txt").write_text("ctx.b = 1;", encoding="utf-8")
    project.write(FILE)
    applied = project.esctl("apply", "--yes")
    assert applied[0] == 0, applied
    assert project.esctl("drift")[0] == 0
    return project


def changed(place: Project) -> list[str]:
    after = (place.root / "mappings/all.yaml").read_text(encoding="utf-8")
    lines = difflib.unified_diff(FILE.splitlines(), after.splitlines(), lineterm="", n=0)
    return [line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---")]


def change_pipeline(place: Project, **keys: object) -> None:
    body = place.send("GET", "/_ingest/pipeline/shop")["shop"]
    for name in ("created_date_millis", "modified_date_millis"):
        body.pop(name, None)
    place.send("PUT", "/_ingest/pipeline/shop", body | keys)


def test_a_setting_a_field_and_a_priority_changed_by_hand(place: Project) -> None:
    body = place.send("GET", "/_index_template/shop")["index_templates"][0]["index_template"]
    for name in ("created_date_millis", "modified_date_millis"):
        body.pop(name, None)
    body["template"]["settings"]["index"] |= {"refresh_interval": "30s", "codec": "best_compression"}
    body["template"]["mappings"]["properties"]["price"] = {"type": "long"}
    body |= {"priority": 501}
    place.send("PUT", "/_index_template/shop", body)
    code, out, _ = place.esctl("drift")
    assert code == 3 and "index-template/shop" in out and "component-template" not in out
    code, out, err = place.esctl("drift", "--accept", "index-template/shop")
    assert code == 0, out + err
    assert sorted(changed(place)) == sorted(
        [
            "-  priority: 500          # above the defaults",
            "+  priority: 501          # above the defaults",
            "-        refresh_interval: 5s",
            "+        refresh_interval: 30s",
            "+        codec: best_compression",
            "+        price: {type: long}",
        ]
    )
    assert place.json("plan")[1]["summary"]["clean"] == 4
    assert place.esctl("drift")[0] == 0


def test_of_an_index_only_what_the_project_writes_is_taken_over(place: Project) -> None:
    place.send("PUT", "/shop-1/_settings", {"number_of_replicas": 2, "refresh_interval": "9s"})
    place.send("PUT", "/shop-1/_mapping", {"properties": {"foreign": {"type": "ip"}}})
    assert place.esctl("drift", "--accept", "index/shop-1")[0] == 0
    assert changed(place) == ["-  settings: {number_of_replicas: 0}", "+  settings: {number_of_replicas: 2}"]
    assert place.esctl("plan")[0] == 0


def test_values_from_elsewhere_are_named_with_their_line(place: Project) -> None:
    body = place.send("GET", "/_ingest/pipeline/shop")["shop"]
    processors = [*body["processors"], {"drop": {}}]
    change_pipeline(place, description="somebody else's", processors=processors)
    before = (place.root / "mappings/all.yaml").read_text(encoding="utf-8")
    line = before.splitlines().index("  description: ${var.words}") + 1
    code, out, _ = place.esctl("drift", "--accept", "ingest-pipeline/shop")
    assert code == 1
    assert f'mappings/all.yaml:{line}: description is "somebody else\'s" on the server' in out
    assert "it comes from ${var.words}: change it by hand" in out
    assert "long.txt" in out  # the list of processors cannot grow beside a file


def test_a_processor_changed_in_place_keeps_its_neighbours(place: Project) -> None:
    body = place.send("GET", "/_ingest/pipeline/shop")["shop"]
    body["processors"][2]["set"]["value"] = "it's"
    change_pipeline(place, processors=body["processors"])
    assert place.esctl("drift", "--accept", "ingest-pipeline/*")[0] == 0
    assert changed(place) == ["-    - set: {field: \"z\", value: 'y'}", "+    - set: {field: \"z\", value: 'it''s'}"]
    assert place.esctl("plan")[0] == 0


def test_what_aliases_repeat_is_left_to_a_person(place: Project) -> None:
    body = {"template": {"mappings": {"properties": {"sku": {"type": "text"}}}}, "_meta": {"copy": {"properties": {"sku": {"type": "keyword"}}}, "esctl": {"project": "shop"}}}  # fmt: skip
    place.send("PUT", "/_component_template/shop-extra", body)
    code, out, _ = place.esctl("drift", "--accept", "component-template/shop-extra")
    assert code == 1 and "&other" in out and changed(place) == []


def test_a_template_tells_its_own_line(place: Project) -> None:
    (place.root / "mappings/more.yaml.j2").write_text(
        "{% for n in [1] %}\nkind: ilm-policy\nid: p{{ n }}\nspec:\n  policy:\n    phases:\n      hot: {min_age: 0ms, actions: {set_priority: {priority: 1}}}\n{% endfor %}\n",
        encoding="utf-8",
    )
    assert place.esctl("apply", "--yes")[0] == 0
    policy = {"phases": {"hot": {"min_age": "0ms", "actions": {"set_priority": {"priority": 2}}}}, "_meta": {"esctl": {"project": "shop"}}}  # fmt: skip
    place.send("PUT", "/_ilm/policy/p1", {"policy": policy})
    code, out, _ = place.esctl("drift", "--accept", "ilm-policy/p1")
    assert code == 1 and "mappings/more.yaml.j2:7: policy.phases.hot.actions.set_priority.priority is 2" in out


def test_a_document_of_several_resources_is_left_to_a_person(place: Project) -> None:
    text = "kind: ilm-policy\nfor_each: [a, b]\nid: each-${each.key}\nspec:\n  policy:\n    phases:\n      hot: {min_age: 0ms, actions: {set_priority: {priority: 1}}}\n"
    (place.root / "mappings/more.yaml").write_text(text, encoding="utf-8")
    assert place.esctl("apply", "--yes")[0] == 0
    policy = {"phases": {"hot": {"min_age": "0ms", "actions": {"set_priority": {"priority": 2}}}}, "_meta": {"esctl": {"project": "shop"}}}  # fmt: skip
    place.send("PUT", "/_ilm/policy/each-b", {"policy": policy})
    code, out, _ = place.esctl("drift", "--accept", "ilm-policy/each-*")
    assert code == 1 and "mappings/more.yaml:7: policy.phases.hot.actions.set_priority.priority is 2" in out
    assert "its document writes other resources too" in out
    assert (place.root / "mappings/more.yaml").read_text(encoding="utf-8") == text


def test_what_was_deleted_is_a_persons_to_take_out(place: Project) -> None:
    place.send("DELETE", "/_index_template/shop")
    code, out, _ = place.esctl("drift", "--accept", "index-template/shop")
    assert code == 1 and "mappings/all.yaml:2: it was deleted on the server: take the document out" in out


CHARTS = """\
# What the shop looks at.
kind: data-view
id: v
spec: {title: "shop-1", name: V}
---
kind: dashboard
id: board
spec:
  title: Board      # short
  panels:
    - {type: markdown, id: note, config: {content: hello}}
    # the pie
    - type: vis
      id: pie
      config:
        type: pie
        title: Names      # of people
        data_source: {type: data_view_reference, ref_id: v}
        metrics: [{operation: count}]
        group_by: [{operation: terms, fields: [name]}]
"""


@pytest.mark.parametrize("sandbox_version", ["9.5", "8.19"], indirect=True)
def test_a_dashboard_changed_in_kibana(tmp_path: Path, fresh_sandbox) -> None:
    place = Project(tmp_path / "project", fresh_sandbox.elasticsearch_url, fresh_sandbox.kibana_url)
    place.write(CHARTS)
    applied = place.esctl("apply", "--yes")
    assert applied[0] == 0, applied
    invocation = place.invocation()
    kind, address = invocation.kinds["dashboard"], Address("dashboard", "board")
    with invocation.cluster(WRITING) as cluster:
        live = kind.read(cluster, [address], cluster.capabilities)[address]
        body = copy.deepcopy(live.body)
        body["attributes"]["title"] = "The board"
        pie = next(panel for panel in body["attributes"]["panelsJSON"] if panel["panelIndex"] == "pie")
        pie["gridData"] |= {"w": 48, "x": 0, "y": 20}
        (column,) = [c for c in pie["embeddableConfig"]["attributes"]["state"]["datasourceStates"]["formBased"]["layers"]["layer_0"]["columns"].values() if c["operationType"] == "terms"]  # fmt: skip
        column["params"]["size"] = 7
        column["label"] = column["label"].replace("Top 5", "Top 7")
        for request in kind.write(address, body, live, invocation.context(cluster.capabilities)):
            cluster.send(request)
    code, out, err = place.esctl("drift", "--accept", "dashboard/board")
    assert code == 0, out + err
    after = (place.root / "mappings/all.yaml").read_text(encoding="utf-8")
    lines = list(difflib.unified_diff(CHARTS.splitlines(), after.splitlines(), lineterm="", n=0))
    changed = [line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    assert "+  title: The board      # short" in changed
    assert "+        group_by: [{operation: terms, fields: [name], limit: 7}]" in changed
    # Panels without a place flow around those that have one: now both have.
    assert sum(line.startswith("-") for line in changed) == 3 and "# the pie" in after and "# of people" in after
    assert "w: 48" in "".join(changed)
    assert place.esctl("plan")[0] == 0
