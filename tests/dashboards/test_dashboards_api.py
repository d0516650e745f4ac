"""Two ways in: what goes through Kibana's API, what cannot and why, and that what it shows is compared as it is."""

from pathlib import Path

import pytest
import yaml
from as_code_samples import EXAMPLES

from esctl.dashboards import as_code_of, beyond_api, check_dashboard, dashboard_object, lacking, normal_form
from esctl.errors import Source
from esctl.kinds import registry
from esctl.kinds.base import Context, Refusing, Routed
from esctl.kinds.saved_objects import MOST_BYTES, MOST_OBJECTS, imports, refusal
from esctl.model import Address, Capabilities, Live, Resource, Response, Waiting

CASES = Path(__file__).parents[1] / "cases" / "dashboard" / "api"
NEW = Context(capabilities=Capabilities(kibana_version=(9, 5, 0)))
OLD = Context(capabilities=Capabilities(kibana_version=(9, 3, 0)))
BOARD = Address("dashboard", "d")
BEYOND = yaml.safe_load((CASES / "beyond.yaml").read_text(encoding="utf-8"))
NOTE = {"title": "t", "panels": [{"type": "markdown", "config": {"content": "a"}}]}
COLUMNS = {
    "m": {"operationType": "count", "sourceField": "___records___", "isBucketed": False, "dataType": "number"},
    "f": {"operationType": "sum", "sourceField": "n", "isBucketed": False, "dataType": "number",
          "params": {"format": {"id": "url", "params": {}}}},
    "t": {"operationType": "date_histogram", "sourceField": "at", "isBucketed": True, "dataType": "date",
          "params": {"interval": "auto", "includeEmptyRows": True}},
    "h": {"operationType": "range", "sourceField": "n", "isBucketed": True, "dataType": "number",
          "params": {"type": "histogram", "maxBars": 100, "ranges": [], "includeEmptyRows": True}},
    **{name: {"operationType": "terms", "sourceField": "a", "isBucketed": True, "dataType": "string",
              "params": {"size": 3, "orderBy": {"type": "column", "columnId": "m"}, "orderDirection": "desc"}}
       for name in ("s", "u")},
}  # fmt: skip


def board(**keys):
    return Resource(BOARD, NOTE | keys, Source("kibana/d.yaml", 1))


def stored(case):
    made = dashboard_object(NOTE, id="d", version=(9, 5, 0))
    made["attributes"] |= case.get("attributes", {})
    panel = case.get("panel")
    if "chart" in case:
        used = [name for name in COLUMNS if f"'{name}'" in str(case["chart"])]
        used += [] if {"m", "f"} & set(used) == {"f"} or "m" in used else ["m"]
        order = sorted(used, key=lambda name: not COLUMNS[name]["isBucketed"])
        layer = {"columnOrder": order, "columns": {name: {"label": name} | COLUMNS[name] for name in order}}
        state = {"datasourceStates": {"formBased": {"layers": {"l": layer}}}, "visualization": case["chart"],
                 "filters": [], "query": {"query": "", "language": "kuery"}}  # fmt: skip
        references = [{"type": "index-pattern", "id": "v", "name": "indexpattern-datasource-layer-l"}]
        attributes = {"title": "", "visualizationType": "lnsXY", "state": state, "references": references}
        panel = {"type": "lens", "embeddableConfig": {"title": "Chart", "attributes": attributes}}
    if panel:
        grid = {"x": 0, "y": 20, "w": 9, "h": 9, "i": "x"}
        made["attributes"]["panelsJSON"].append(panel | {"panelIndex": "x", "gridData": grid})
    return made | ({"managed": True} if case.get("managed") else {})


@pytest.mark.parametrize("case", BEYOND, ids=[case["name"] for case in BEYOND])
def test_what_the_api_would_lose_is_named(case):
    kind = registry()["dashboard"]
    live = stored(case)
    why = beyond_api(kind.normalise(live, NEW.capabilities), (9, 5, 0))
    assert why is not None
    assert case["why"] in why
    body = kind.render(board(), NEW)
    (request,) = kind.write(BOARD, body, Live(BOARD, live), NEW)
    assert request.path == "/api/saved_objects/_import"
    assert why in kind.route(body, live, NEW.capabilities)
    assert beyond_api(kind.normalise(live, NEW.capabilities), (9, 5, 0)) == why
    back = as_code_of(live, (9, 5, 0))
    assert list(check_dashboard(back)) == []
    again = dashboard_object(back, id="d", version=(9, 5, 0))
    assert kind.normalise(again, NEW.capabilities) == kind.normalise(live, NEW.capabilities)


def test_what_the_api_holds_goes_through_it():
    kind = registry()["dashboard"]
    body = kind.render(board(), NEW)
    (request,) = kind.write(BOARD, body, None, NEW)
    assert (request.method, request.path) == ("PUT", "/api/dashboards/d")
    panel = {
        "type": "markdown",
        "id": "markdown",
        "grid": {"x": 0, "y": 0, "w": 24, "h": 8},
        "config": {"content": "a"},
    }
    assert request.body == {"title": "t", "panels": [panel]}
    assert isinstance(kind, Routed)
    assert kind.route(body, None, NEW.capabilities) == "through the API, as code"
    (request,) = kind.write(BOARD, kind.render(board(), OLD), None, OLD)
    assert request.path == "/api/saved_objects/_import"
    assert kind.route(body, None, OLD.capabilities) == ""


def test_the_api_takes_what_it_is_sent():
    """Every example, as it is sent, fits Kibana's own schema."""
    import jsonschema_rs

    from esctl.dashboards.as_code import official_schema

    schema = official_schema()
    validator = jsonschema_rs.validator_for(schema | {"$ref": "#/$defs/dashboard"})
    sent = 0
    for one in EXAMPLES["examples"]:
        name, value = one["validates"].removeprefix("#/$defs/"), one["value"]
        if name.startswith("chart_"):
            spec = {"title": "t", "panels": [{"type": "vis", "config": value}]}
        elif name.startswith("panel_"):
            spec = {"title": "t", "panels": [value]}
        elif name.startswith("pinned_"):
            spec = {"title": "t", "pinned_panels": [value]}
        else:
            continue
        made = dashboard_object(spec, id="d", version=(9, 5, 0))
        if beyond_api(normal_form(made), (9, 5, 0)) or list(lacking(spec, (9, 5, 0))):
            continue
        body = as_code_of(made, (9, 5, 0))
        assert validator.is_valid(body), (one["name"], [error.message for error in validator.iter_errors(body)])
        sent += 1
    assert sent >= 65


@pytest.mark.parametrize("path", sorted(CASES.glob("*-*.yaml")), ids=lambda path: path.stem)
def test_what_the_api_adds_is_no_difference(path):
    case = yaml.safe_load(path.read_text(encoding="utf-8"))
    written, read = (
        normal_form(dashboard_object(case[side], id="d", version=(9, 5, 0))) for side in ("written", "read")
    )
    assert case["expect"] == "equal"
    assert written == read


def test_what_kibana_does_not_show_is_not_overwritten():
    kind = registry()["dashboard"]
    warning = {"type": "dropped_panel", "panel_type": "map", "panel_config": {"title": "Where"}, "message": "no schema"}
    live = kind.render(board(), NEW) | {"warnings": [warning]}
    assert isinstance(kind, Refusing)
    why = kind.refuses(BOARD, kind.render(board(title="u"), NEW), Live(BOARD, live), NEW)
    assert why.endswith('a panel "Where" of type map: no schema')
    assert "did not keep all of it" in refusal(Response(200, {"id": "d", "data": {}, "warnings": [warning]}))


def test_a_kibana_that_lacks_something_is_told():
    kind = registry()["dashboard"]
    one = board(panels=[{"type": "apm_service_map", "config": {}}])
    body = kind.render(one, OLD)
    assert isinstance(body, Waiting)
    assert body.reason.startswith("a panel of type apm_service_map exists from Kibana 9.5 on, this is 9.3")


def test_large_imports_go_in_parts_references_first():
    def saved(id, *to, size=0):
        references = [{"type": "lens", "id": one, "name": one} for one in to]
        return {"type": "lens", "id": id, "attributes": {"x": "y" * size}, "references": references}

    (request,) = imports("", [saved("b", "a"), saved("a")])
    assert [one["id"] for one in request.body] == ["a", "b"]
    assert len(imports("", [saved(str(n)) for n in range(MOST_OBJECTS + 1)])) == 2
    assert len(imports("", [saved(str(n), size=MOST_BYTES // 2) for n in range(3)])) == 3
    with pytest.raises(Exception, match=r"lens/a has \d+ bytes"):
        imports("", [saved("a", size=MOST_BYTES)])
