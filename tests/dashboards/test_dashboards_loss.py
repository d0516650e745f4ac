"""Nothing that is written is lost: any value of a specification that changes, changes the saved object."""

import random

import pytest
from as_code_samples import EXAMPLES, at, leaves, others, replaced, sample

from esctl.dashboards import check_dashboard, decode, encode, lacking, to_saved_objects

VERSIONS = ((8, 19, 0), (9, 6, 0))
WITHOUT_EFFECT = {
    "time_range.mode": "Kibana does not keep it: the bounds say what it is",
    "axis.x.scale": "over a data view the bucket decides; Kibana drops it as well",
    "condition.negate": "the filter's own `negate` wins over the condition's",
    "labels.position": "of labels that are hidden",
    "values.mode": "of values that are hidden",
    "values.percent_decimals": "of values that are hidden",
}
OLD_RULES_LACK = "color.mapping.values.ranges"
"""Colour rules before 9.4 name a range by its bounds alone."""

PANELS = [
    {"type": "markdown", "config": {"title": "M", "content": "# a", "settings": {"open_links_in_new_tab": True}}},
    {"type": "vega", "config": {"title": "V", "spec": {"$schema": "https://vega.github.io/schema/vega/v5.json"}}},
    {"type": "vis", "config": {"ref_id": "saved", "title": "L", "hide_border": True, "hide_title": True}},
    {"type": "vega", "grid": {"x": 0, "y": 90, "w": 12, "h": 9}, "config": {"ref_id": "r", "title": "R"}},
]


NO_SECTIONS = ("panels.title", "panels.collapsed", "panels.id")
"""Before 9.1 a section's panels stand among the others."""


def written(spec):
    """By version, for those that have everything in it."""
    return {v: to_saved_objects(spec, id="d", version=v) for v in VERSIONS if not list(lacking(spec, v))}


def told(path):
    return ".".join(str(part) for part in path if not isinstance(part, int))


def lost_values(spec):
    before = written(spec)
    for path in leaves(spec):
        name = told(path)
        if any(name.endswith(known) for known in WITHOUT_EFFECT):
            continue
        for other in others(at(spec, path)):
            changed = replaced(spec, path, other)
            if list(check_dashboard(changed)):
                continue
            after = written(changed)
            kept = [before[version] != after[version] for version in before if version in after]
            if not all(kept) and not (kept[-1] and (OLD_RULES_LACK in name or name in NO_SECTIONS)):
                yield name, at(spec, path), other
            break


@pytest.mark.parametrize("kind", ["metric", "pie", "data_table", "xy"])
def test_no_value_of_a_chart_is_lost(kind):
    checked, tried = 0, 0
    while checked < 4:
        tried += 1
        chance = random.Random(f"{kind}{tried}")
        config = sample({"$ref": f"#/$defs/chart_{kind}_dsl"}, chance)
        spec = {"title": "t", "panels": [{"type": "vis", "config": config}]}
        if list(check_dashboard(spec)):
            assert tried < 200
            continue
        checked += 1
        assert list(lost_values(spec)) == []


def test_no_value_of_a_dashboard_is_lost():
    definitions = {"options": "options", "query": "query", "time_range": "time_range"}
    for seed in range(3):
        chance = random.Random(seed)
        spec = {key: sample({"$ref": f"#/$defs/{name}"}, chance) for key, name in definitions.items()}
        spec |= {
            "title": "t",
            "description": "what it is",
            "refresh_interval": {"pause": False, "value": 60000},
            "tags": ["one", "two"],
            "filters": [sample({"$ref": "#/$defs/filter"}, chance) for _ in range(3)],
            "pinned_panels": [sample({"$ref": "#/$defs/pinned_options_list_control"}, chance)],
            "panels": PANELS,
        }
        assert list(check_dashboard(spec)) == []
        assert list(lost_values(spec)) == []


def test_every_supported_example_converts():
    converted = 0
    for example in EXAMPLES["examples"]:
        name, value = example["validates"].removeprefix("#/$defs/"), example["value"]
        if name == "dashboard":
            spec = value
        elif name.startswith("chart_"):
            spec = {"title": "t", "panels": [{"type": "vis", "config": value}]}
        elif name.startswith("panel_"):
            spec = {"title": "t", "panels": [value]}
        elif name.startswith("pinned_"):
            spec = {"title": "t", "pinned_panels": [value]}
        else:
            continue
        mistakes = [mistake.message for mistake in check_dashboard(spec)]
        if mistakes:
            assert all("not supported yet" in line or "no HJSON" in line for line in mistakes), (name, mistakes)
            continue
        converted += 1
        assert list(lost_values(spec)) == []
        for saved in written(spec).values():
            assert encode(decode(saved[0])) == saved[0]
    assert converted >= 46
