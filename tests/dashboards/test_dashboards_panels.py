"""Every panel and control of the format, in the form of each Kibana that has it, and back again without loss."""

import copy

import pytest
from as_code_samples import EXAMPLES

from esctl.dashboards import as_code_of, check_dashboard, dashboard_object, decode, encode, lacking, normal_form
from esctl.dashboards.controls import DEFAULTS

VERSIONS = ((8, 19, 0), (9, 0, 0), (9, 2, 0), (9, 4, 0), (9, 5, 0), (9, 6, 0))
NAMED = [(one["name"], one["validates"].removeprefix("#/$defs/"), one["value"]) for one in EXAMPLES["examples"]]
PANELS = [(name, value) for name, kind, value in NAMED if kind.startswith("panel_") and value["type"] != "vis"]
PINNED = [(name, value) for name, kind, value in NAMED if kind.startswith("pinned_")]
URL = {"type": "url_drilldown", "url": "https://x/{{event.value}}", "label": "Look", "trigger": "on_open_panel_menu"}
JUMP = {"type": "dashboard_drilldown", "dashboard_id": "other", "label": "Go", "trigger": "on_click_image",
        "use_filters": False}  # fmt: skip
MORE = [
    ("drilldowns of an image", {"type": "image", "config": {
        "drilldowns": [JUMP, URL | {"encode_url": False}],
        "image_config": {"src": {"type": "file", "file_id": "f"}, "alt_text": "a", "background_color": "#fff",
                         "object_fit": "cover"}}}),
    ("links with options", {"type": "links", "config": {"layout": "vertical", "links": [
        {"type": "dashboardLink", "destination": "d2", "label": "D", "options": {"use_filters": False}},
        {"type": "externalLink", "destination": "https://x", "options": {"encode_url": False}}]}}),
    ("vega drilldown", {"type": "vega", "config": {
        "drilldowns": [{"type": "discover_drilldown", "label": "Look", "trigger": "on_apply_filter"}],
        "spec": {"$schema": "https://vega.github.io/schema/vega/v5.json"}}}),
    ("discover, ad hoc", {"type": "discover_session", "config": {"tabs": [{
        "data_source": {"type": "data_view_spec", "index_pattern": "logs-*"}, "row_height": 3,
        "column_order": ["a", "b"], "column_settings": {"a": {"width": 90}}, "view_mode": "patterns",
        "filters": [{"type": "condition", "data_view_id": "v", "condition": {"field": "a", "operator": "exists"}}],
        "query": {"expression": "a : 1", "language": "kql"}}]}}),
    ("discover from the library", {"type": "discover_session", "config": {"ref_id": "s", "overrides": {
        "column_order": ["a"], "sort": [{"name": "a", "direction": "asc"}], "sample_size": 100}}}),
    ("links from the library", {"type": "links", "config": {"ref_id": "l", "title": "L", "hide_title": True}}),
    ("markdown from the library", {"type": "markdown", "config": {"ref_id": "m", "hide_border": True}}),
]  # fmt: skip
DEFAULTS_OF = {
    "slo_overview": {"slo_instance_id": "*"},
    "slo_burn_rate": {"slo_instance_id": "*"},
    "field_stats_table": {"show_distributions": False},
    **DEFAULTS,
}


def whole(panel):
    return {"title": "t", "panels": [{"id": "p", "grid": {"x": 0, "y": 0, "w": 24, "h": 15}} | panel]}


def plainly(spec, kind):
    """The same without what is a default anyway."""
    defaults = DEFAULTS_OF.get(kind, {})
    return {
        key: value
        for key, value in spec.items()
        if (key not in defaults or defaults[key] != value) and value not in ([], {}) and key != "values_source" or
        value == "esql"
    }  # fmt: skip


@pytest.mark.parametrize("version", VERSIONS, ids=str)
@pytest.mark.parametrize(("name", "panel"), PANELS + MORE, ids=[name for name, _ in PANELS + MORE])
def test_a_panel_comes_back(name, panel, version):
    spec = whole(copy.deepcopy(panel))
    if panel["type"] == "vega" and isinstance(panel["config"].get("spec"), dict):
        panel = copy.deepcopy(panel)
        if "format" in panel["config"]["spec"]:
            panel["config"]["spec"] = panel["config"]["spec"]["value"]
    assert [m for m in check_dashboard(spec) if "no HJSON" not in m.message] == []
    missing = list(lacking(spec, version))
    if missing:
        assert all(version < since for _, _, since in missing)
        return
    saved = dashboard_object(spec, id="d", version=version)
    assert decode(encode(saved)) == saved
    back = as_code_of(saved, version)["panels"][0]
    assert back["type"] == panel["type"]
    assert "raw" not in back
    assert plainly(back["config"], back["type"]) == plainly(panel["config"], back["type"])
    assert normal_form(normal_form(saved)) == normal_form(saved)
    again = dashboard_object({"title": "t", "panels": [back]}, id="d", version=version)
    assert normal_form(again) == normal_form(saved)


@pytest.mark.parametrize("version", VERSIONS, ids=str)
@pytest.mark.parametrize(("name", "control"), PINNED, ids=[name for name, _ in PINNED])
def test_a_pinned_control_comes_back(name, control, version):
    spec = {"title": "t", "pinned_panels": [copy.deepcopy(control) | {"id": "c"}]}
    assert list(check_dashboard(spec)) == []
    if list(lacking(spec, version)):
        return
    saved = dashboard_object(spec, id="d", version=version)
    (back,) = as_code_of(saved, version)["pinned_panels"]
    assert {key: back.get(key) for key in ("type", "width", "grow")} == {
        key: control.get(key) for key in ("type", "width", "grow")
    }
    assert plainly(back["config"], back["type"]) == plainly(control["config"], control["type"])


@pytest.mark.parametrize("old", [version for version in VERSIONS if version < (9, 4, 0)], ids=str)
@pytest.mark.parametrize(("name", "panel"), PANELS + MORE, ids=[name for name, _ in PANELS + MORE])
def test_the_old_form_of_a_panel_is_clean_on_a_newer_kibana(name, panel, old):
    """Kibana migrates panels when it reads them, not when it stores them: an old form is found on newer versions."""
    spec = whole(copy.deepcopy(panel))
    if list(lacking(spec, old)) or list(lacking(spec, (9, 5, 0))):
        return
    older, newer = (normal_form(dashboard_object(spec, id="d", version=version)) for version in (old, (9, 5, 0)))
    assert older["attributes"]["panelsJSON"] == newer["attributes"]["panelsJSON"]
