"""As code → saved → as code is the same document, for every chart of the schema, in both forms."""

import copy

import pytest
from charts_as_code import CHARTS, EXAMPLES, charts
from hypothesis import HealthCheck, given, settings

from esctl.dashboards.chart_rules import rule_mistakes
from esctl.dashboards.charts import chart_attributes, chart_of
from esctl.dashboards.defaults import without_defaults
from esctl.dashboards.form import Form
from esctl.dashboards.lens_normal import normal_attributes

FORMS = {"8.19": Form((8, 19, 0)), "9.5": Form((9, 5, 0))}


def expected(config, form):
    """The config without defaults, and without what no Kibana keeps."""
    config = copy.deepcopy(config)
    for filter_ in config.get("filters", []):
        if "condition" in filter_ and filter_["condition"].pop("negate", False):
            filter_.setdefault("negate", True)  # said in two places, kept in one
    return without_unkept(without_defaults(config), form)


def without_unkept(config, form):
    config = copy.deepcopy(config)
    esql = config.get("data_source", {}).get("type") == "esql"
    layers = config.get("layers", [config])
    for layer in layers:
        over_esql = esql or layer.get("data_source", {}).get("type") == "esql"
        if over_esql:
            layer.pop("sampling", None)  # a layer over ES|QL has none
        if "x" not in layer:
            layer.get("breakdown_by", {}).pop("aggregate_first", None)
    labels = config.get("styling", {}).get("labels", {})
    if labels.get("visible") is False:
        labels.pop("position", None)  # hidden labels stand nowhere
    values = config.get("styling", {}).get("values", {})
    if values.get("visible") is False:
        values.pop("mode", None)  # hidden values are kept as such
    if not form.settled:
        for entry in walk(config):
            if "mode" in entry:
                for assignment in entry.get("mapping", []):
                    # The old rules hold text, and of a range its bounds only.
                    assignment["values"] = [as_text(value) for value in assignment["values"]]
    axis = config.get("axis", {})
    has_x = any(layer.get("x") and layer.get("data_source", {}).get("type") == "esql" for layer in layers)
    if not has_x or axis.get("x", {}).get("scale") == "ordinal":
        axis.get("x", {}).pop("scale", None)  # over a data view the bucket decides
        if not axis.get("x", True):
            del axis["x"]
        if not axis:
            config.pop("axis", None)
    if config["type"] == "gauge" and config["metric"].get("ticks", {}).get("visible") is False:
        config["metric"]["ticks"] = {"visible": False}  # hidden ticks have no mode
    return config


def as_text(value):
    if isinstance(value, dict) and value["type"] == "range_key":
        return f"from:{value['from']},to:{value['to']}"
    return str(value)


def walk(value):
    if isinstance(value, dict):
        yield value
        for item in value.values():
            yield from walk(item)
    elif isinstance(value, list):
        for item in value:
            yield from walk(item)


def round_trip(config, form):
    attributes = chart_attributes(copy.deepcopy(config), form)
    back, left = chart_of(attributes, [])
    assert left == {}
    assert expected(back, form) == expected(config, form)
    assert normal_attributes(normal_attributes(attributes)) == normal_attributes(attributes)
    again = chart_attributes(back, form)
    assert normal_attributes(again) == normal_attributes(attributes)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", CHARTS)
def test_a_drawn_chart_comes_back(name, form):
    @settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(charts(name))
    def check(config):
        assert list(rule_mistakes(config)) == []
        round_trip(config, FORMS[form])

    check()


def examples():
    for number, example in enumerate(EXAMPLES["examples"]):
        for config in walk(example["value"]):
            if config.get("type") in ("xy", "metric", "legacy_metric", "gauge", "heatmap", "tag_cloud", "region_map",
                                      "data_table", "pie", "mosaic", "treemap", "waffle") and {"data_source", "layers"} & config.keys():  # fmt: skip
                yield pytest.param(config, id=f"{number}-{config['type']}")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("config", list(examples()))
def test_an_example_comes_back(config, form):
    panel = ("hide_title", "hide_border", "time_range", "drilldowns")
    round_trip({key: value for key, value in config.items() if key not in panel}, FORMS[form])
