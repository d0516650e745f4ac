"""Mistakes are told one by one: against published examples, and against a full JSON schema validator as witness."""

import json
import random

import jsonschema_rs
import pytest
from as_code_samples import EXAMPLES, at, leaves, removed, replaced

from esctl.dashboards import check_dashboard, check_visualization
from esctl.dashboards.as_code import as_code_schema
from esctl.dashboards.mistakes import Checker

CHECKER = Checker(as_code_schema())
# Two examples have a form that esctl widens: any text or object may be a Vega spec here, a grid may be missing.
VALID = [(one["name"], one["validates"].removeprefix("#/$defs/"), one["value"]) for one in EXAMPLES["examples"]]
INVALID = [(one["name"], one["refused_by"].removeprefix("#/$defs/"), one["value"]) for one in EXAMPLES["invalid"]]


def dashboard(*panels, **keys):
    return {"title": "t", "panels": list(panels), **keys}


def chart(kind="pie", **keys):
    config = {"type": kind, "data_source": {"type": "data_view_reference", "ref_id": "v"}}
    config["metrics"] = [{"operation": "count"}]
    return {"type": "vis", "config": config | keys}


@pytest.mark.parametrize(("name", "definition", "value"), VALID, ids=[one[0] for one in VALID])
def test_a_valid_example_has_no_mistake(name, definition, value):
    assert CHECKER.mistakes(value, definition) == []


@pytest.mark.parametrize(("name", "definition", "value"), INVALID, ids=[one[0] for one in INVALID])
def test_an_invalid_example_gets_exactly_one_line(name, definition, value):
    assert len(CHECKER.mistakes(value, definition)) == 1


def test_the_verdict_is_that_of_a_full_validator():
    """Values of every valid example are removed, replaced and added at random."""
    schema = as_code_schema()
    validators, disagreed, refused = {}, [], 0
    chance = random.Random(7)
    for name, definition, value in VALID:
        document = {"$schema": schema["$schema"], "$ref": f"#/$defs/{definition}", "$defs": schema["$defs"]}
        validator = validators.setdefault(definition, jsonschema_rs.validator_for(document))
        paths = list(leaves(value))
        for path in chance.sample(paths, min(len(paths), 8)):
            mutants = [removed(value, path)] if isinstance(path[-1], str) else []
            mutants += [replaced(value, path, other) for other in (None, True, 17, -1, "nonsense", {}, ["a"])]
            holder = at(value, path[:-1])
            if isinstance(holder, dict):
                mutants.append(replaced(value, (*path[:-1], "surplus"), 1))
            for mutant in mutants:
                expected = validator.is_valid(mutant)
                refused += not expected
                if expected is not (CHECKER.mistakes(mutant, definition) == []):
                    disagreed.append((name, path, json.dumps(mutant)[:300], expected))
    assert disagreed == []
    assert refused > 1000


def test_one_mistake_at_one_place_is_one_line():
    """A surplus key or a wrong type anywhere in a supported chart is told once."""
    for name, definition, value in VALID:
        if definition not in ("chart_metric_dsl", "chart_pie_dsl", "chart_data_table_dsl", "chart_xy_dsl"):
            continue
        for path in leaves(value):
            if not isinstance(path[-1], str) or path[-1] in ("type", "operation"):
                continue
            mutant = replaced(value, (*path[:-1], "surplus"), 1)
            assert len(CHECKER.mistakes(mutant, definition)) == 1, (name, path)


@pytest.mark.parametrize(
    ("spec", "path", "line"),
    [
        (
            dashboard(chart(colour=1, title="Clusters")),
            ("panels", 0, "config", "colour"),
            'panel "Clusters": unknown key "colour" in a pie',
        ),
        (
            dashboard(chart(group_by=[{"operation": "termz", "fields": ["a"]}])),
            ("panels", 0, "config", "group_by", 0, "operation"),
            'panel 1: unknown operation "termz"; did you mean "terms"?',
        ),
        (
            dashboard(chart(group_by=[{"operation": "terms", "field": "a", "size": 3}])),
            ("panels", 0, "config", "group_by", 0, "field"),
            'panel 1: unknown keys "field", "size" in "terms"; did you mean "fields", "limit"?',
        ),
        (
            dashboard(chart(group_by=[{"operation": "terms", "fields": ["a"], "limit": "five"}])),
            ("panels", 0, "config", "group_by", 0, "limit"),
            'panel 1: "limit" must be a number, not "five"',
        ),
        (dashboard(chart("gauge", metric={"operation": "count"}) | {"id": "g"}), None, None),
        (
            dashboard(chart(group_by=[{"operation": "terms", "fields": ["a"],
                                       "rank_by": {"type": "metric", "metric_index": 2, "direction": "asc"}}])),
            ("panels", 0, "config", "group_by", 0, "rank_by", "metric_index"),
            'panel 1: "metric_index" is 2, but there is 1 metric, counted from 0',
        ),
        (
            dashboard(chart() | {"id": "a"}, chart() | {"id": "a"}),
            ("panels", 1, "id"),
            'the id "a" is used twice; give each panel its own, or none',
        ),
        (
            dashboard(chart(title="A") | {"grid": {"x": 0, "y": 0, "w": 24, "h": 10}},
                      chart(title="B") | {"grid": {"x": 23, "y": 9, "w": 10, "h": 10}}),
            ("panels", 1, "grid"),
            'panel "B": overlaps panel "A"',
        ),
        (
            dashboard(chart(title="A") | {"grid": {"x": 40, "y": 0, "w": 10, "h": 10}}),
            ("panels", 0, "grid"),
            'panel "A": its grid ends at column 50 (x + w); a dashboard has 48',
        ),
        (
            dashboard({"type": "vega", "config": {"title": "V", "spec": {"mark": "bar"}}}),
            ("panels", 0, "config", "spec"),
            'panel "V": the Vega spec has no "$schema"; begin it with "$schema": '
            '"https://vega.github.io/schema/vega/v5.json"',
        ),
        (
            dashboard({"type": "vega", "config": {"title": "V", "spec": "{mark: [bar}"}}),
            ("panels", 0, "config", "spec"),
            None,
        ),
        (
            dashboard({"title": "S", "grid": {"y": 0}, "panels": [chart(title="In", legend={"size": "huge"})]}),
            ("panels", 0, "panels", 0, "config", "legend", "size"),
            'panel "In": unknown size "huge"; one of auto, s, m, l, xl',
        ),
    ],
)  # fmt: skip
def test_a_mistake_in_words(spec, path, line):
    found = list(check_dashboard(spec))
    assert len(found) == 1
    if path is not None:
        assert found[0].path == path
    if line is not None:
        said = found[0].message + (f"; {found[0].hint}" if found[0].hint else "")
        assert said == line or (line in said and line.endswith("in a pie"))


def test_whatever_is_no_dashboard_gets_one_line():
    for nonsense in ({}, {"title": 3}, {"title": "t", "panels": {}}, {"title": "t", "panels": [None]}, []):
        assert len(list(check_dashboard(nonsense))) == 1


def test_a_number_that_json_cannot_say_is_a_mistake():
    (mistake,) = check_dashboard(dashboard(chart(sampling=float("inf"))))
    assert mistake.message == 'panel 1: "sampling" must be a number, not Infinity'


def test_a_visualization():
    vega = {"type": "vega", "title": "V", "spec": {"$schema": "https://vega.github.io/schema/vega/v5.json"}}
    assert list(check_visualization(vega)) == []
    assert [m.message for m in check_visualization(vega | {"speck": 1})] == ['unknown key "speck" in a vega']
    pie = chart(title="P")["config"]
    assert list(check_visualization(pie)) == []
    assert len(list(check_visualization(pie | {"time_range": {"from": "a", "to": "b"}}))) == 1
    assert len(list(check_visualization({key: pie[key] for key in pie if key != "title"}))) == 1
