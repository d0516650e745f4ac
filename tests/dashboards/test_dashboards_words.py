"""Opening and closing saved objects, and telling their changes in words."""

import copy

from hypothesis import given, settings
from hypothesis import strategies as st

from esctl.dashboards import decode, describe_panel, differences_in_words, encode, normal_form, to_saved_objects

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)
KEYS = st.sampled_from(["panelsJSON", "optionsJSON", "kibanaSavedObjectMeta", "visState", "fieldAttrs", "other"])
ATTRIBUTES = st.dictionaries(KEYS, JSON | st.builds(lambda value: {"searchSourceJSON": value}, JSON), max_size=4)
TYPES = st.sampled_from(["dashboard", "visualization", "index-pattern", "lens", "tag"])


@settings(max_examples=150, deadline=None)
@given(TYPES, ATTRIBUTES)
def test_opened_closed_and_opened_is_the_same(kind, attributes):
    saved = {"type": kind, "id": "x", "attributes": attributes}
    before = copy.deepcopy(saved)
    opened = decode(saved)
    assert decode(encode(opened)) == opened
    assert saved == before


def test_text_that_is_no_json_stays():
    saved = {"type": "dashboard", "attributes": {"panelsJSON": "not json", "optionsJSON": "7"}}
    assert decode(saved) == saved == encode(saved)


def dashboard(**keys):
    source = {"type": "data_view_reference", "ref_id": keys.pop("view", "orders")}
    pie = {"type": "pie", "title": "Status", "data_source": source, "metrics": [{"operation": "count"}]}
    control = {"type": "options_list_control", "config": {"data_view_id": "orders", "field_name": "shop"}}
    panels = [
        {"type": "vis", "id": "p", "grid": {"x": 0, "y": 0, "w": 24, "h": 10}, "config": pie},
        {"type": "vega", "id": "g", "config": {"ref_id": keys.pop("g", "a")}},
    ]
    control["config"]["data_view_id"] = keys.pop("control", "orders")
    spec = {"title": "T", "panels": panels, "pinned_panels": [control]} | keys
    return decode(to_saved_objects(spec, id="d", version=(9, 5, 0))[0])


def told(**keys):
    return differences_in_words(normal_form(dashboard()), normal_form(dashboard(**keys)))


def test_changes_in_words():
    assert told() == []
    assert told(title="U") == ['~ title: "T" → "U"']
    assert told(tags=["x"]) == ['+ tag "x"']
    assert told(control="other") == ['~ control "shop": data view "orders" → "other"']
    assert told(g="b") == ['~ vega g: ref_id: "a" → "b"']
    assert told(view="v2") == ['~ pie "Status": data view "orders" → data view "v2"']
    assert told(pinned_panels=[]) == ['- control "shop"']
    assert told(time_range={"from": "now-1d", "to": "now"}) == ["~ time range: as the viewer has it → now-1d to now"]
    section = {"title": "S", "grid": {"y": 10}, "panels": []}
    assert told(panels=[section]) == ["- vega g", '- pie "Status"', '+ section "S"']


def test_a_long_text_is_told_by_its_lines():
    def note(text):
        spec = {"title": "T", "panels": [{"type": "markdown", "config": {"content": text}}]}
        return decode(to_saved_objects(spec, id="d", version=(9, 5, 0))[0])

    before = "# Help\n" + "\n".join(f"line {n}" for n in range(20))
    after = before.replace("line 7\n", "line seven\nand more\n")
    assert differences_in_words(note(before), note(after)) == [
        '~ markdown "Help": content: "line 7" → "line seven" (lines: 1 removed, 2 added)'
    ]


def test_panels_have_names():
    config = {"type": "metric", "data_source": {"type": "data_view_reference", "ref_id": "v"}}
    config["metrics"] = [{"type": "primary", "operation": "count", "label": "Images"}]
    for version in ((8, 19, 0), (9, 5, 0)):
        spec = {"title": "T", "panels": [{"type": "vis", "config": config}]}
        (panel,) = decode(to_saved_objects(spec, id="d", version=version)[0])["attributes"]["panelsJSON"]
        assert describe_panel(panel) == 'metric "Images": count, left quarter'
    assert describe_panel({"type": "map", "panelIndex": "m"}) == "map m"
